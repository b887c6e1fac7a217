"""What of the kit an exercise gives, as the modules of a kit that holds nothing else.

The names that an exercise imports from kit, and what they need, statement by statement, as
`notebook.needed` finds it. Solvers and certificates are withheld: they answer exercises. So in a
sandbox the answers of the kit are not there to be imported, whatever a submission tries.
"""

import ast
from collections import defaultdict
from pathlib import Path

from kit.course.grader.notebook import Notebook, Statement, needed

WITHHELD = {"solve", "certify"}


def modules(given: Notebook, root: Path) -> dict[str, str]:
    """Path below kit/ -> source, for all that the cells of an exercise import from kit."""
    chosen: dict[Path, dict[tuple, Statement]] = defaultdict(dict)
    waiting = [pair for s in given.statements for pair in _imported(s)]
    waiting = [pair for pair in waiting if not pair[0].startswith("kit.course")]
    done = set()
    while waiting:
        module, name = waiting.pop()
        if name in WITHHELD or (module, name) in done:
            continue
        done.add((module, name))
        path = root.joinpath(*module.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        source = path.read_text(encoding="utf-8")
        every = Notebook([source]).parse().statements
        for version in [s for s in every if name in s.binds]:
            for s in needed(version, every):
                chosen[path][s.place, tuple(sorted(s.binds))] = s
                waiting += _imported(s)
    found = {}
    for path, statements in chosen.items():
        for folder in path.relative_to(root / "kit").parents:
            found.setdefault(str(folder / "__init__.py"), "")
        lines = [ast.unparse(statements[key].node) for key in sorted(statements)]
        found[str(path.relative_to(root / "kit"))] = "\n".join(lines)
    return found


def _imported(s: Statement) -> list[tuple[str, str]]:
    """(module of the kit, name) of what a statement imports, be it inside a function."""
    return [
        (node.module, alias.name)
        for node in ast.walk(s.node)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kit.")
        for alias in node.names
    ]
