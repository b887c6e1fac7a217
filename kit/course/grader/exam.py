"""An exercise as its marker sees it: checks with hidden ends, what everybody was given, whose code.

Of the kit an exercise gives the names that it imports and what they need, statement by statement,
as `program.gathered` finds it. Solvers and certificates are withheld: they answer exercises. So in
a sandbox the answers of the kit are not there to be imported, whatever a submission tries.
"""

import ast
import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from kit.course.cells import parsed
from kit.course.exercises import SECRET
from kit.course.notebooks import ROOT, code, read, tags
from kit.course.practice import Exercise
from kit.course.program import Notebook, Statement, executed, gathered, statements

SHORTEST = 40  # nodes of a syntax tree: a shorter function belongs to nobody
WITHHELD = {"solve", "certify"}


@dataclass(frozen=True)
class Exam:
    """What is asked, as it can be read without running anything; `checks` runs it."""

    cells: list[str]  # code of the solution, without wrong and further answers
    parts: dict[str, str]  # check -> the heading it stands under
    task: dict  # what a sandbox is told: check -> function, and what everybody was given
    published: frozenset[str]  # shapes of the solution's functions

    def checks(self) -> list[Exercise]:
        """The checks themselves, hidden ends included."""
        every = Notebook(self.cells).statements
        names = executed(gathered([s for s in every if _exercise(s.node)], every))
        return [names[check] for check in self.parts]


def exam(path: Path) -> Exam:
    """The exam of a solution's notebook, with the exercise's beside it."""
    part, cells, checks, parts, further = "", [], {}, {}, []
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            part = ([part, *re.findall(r"^## (.+)", cell.source, re.MULTILINE)])[-1]
        elif SECRET.intersection(tags(cell)):
            further.append(cell.source)
        elif cell.cell_type == "code":
            cells.append(cell.source)
            for node in parsed(cell.source):
                if decorator := _exercise(node):
                    parts[node.name], checks[node.name] = part, decorator.args[1].value
    exercise = read(path.parents[1] / "exercises" / path.name)
    given = [cell.source for cell in code(exercise)]
    published = {form for source in cells + further for form in shapes(source)}
    published -= {form for source in given for form in shapes(source)}
    task = {"given": given, "kit": modules(given), "checks": checks}
    return Exam(cells, parts, task, frozenset(published))


def exams() -> dict[str, Exam]:
    """Exercise -> exam, from the notebooks of solutions/ and exercises/."""
    return {path.stem: exam(path) for path in sorted((ROOT / "solutions").glob("*.ipynb"))}


def _exercise(node: ast.stmt) -> ast.Call | None:
    """The decorator that makes a function a check."""
    decorators = getattr(node, "decorator_list", [])
    return next((call for call in decorators if ast.unparse(call).startswith("exercise(")), None)


def modules(given: list[str]) -> dict[str, str]:
    """Path below kit/ -> source, for all that the cells of an exercise import from kit."""
    chosen: dict[Path, set[Statement]] = defaultdict(set)
    imports = [pair for s in Notebook(given).statements for pair in _imported(s)]
    waiting, done = [pair for pair in imports if not pair[0].startswith("kit.course")], set()
    while waiting:
        module, name = waiting.pop()
        if name in WITHHELD or (module, name) in done:
            continue
        done.add((module, name))
        path = ROOT.joinpath(*module.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        every = statements(path)
        for s in gathered([v for v in every if name in v.binds], every):
            chosen[path.relative_to(ROOT / "kit")].add(s)
            waiting += _imported(s)
    found = {str(up / "__init__.py"): "" for path in chosen for up in path.parents}
    for path, parts in chosen.items():
        lines = [ast.unparse(s.node) for s in sorted(parts, key=lambda s: s.place)]
        found[str(path)] = "\n".join(lines)
    return found


def _imported(s: Statement) -> list[tuple[str, str]]:
    """(module of the kit, name) of what a statement imports, be it inside a function."""
    nodes = [node for node in ast.walk(s.node) if isinstance(node, ast.ImportFrom)]
    ours = [node for node in nodes if (node.module or "").startswith("kit.")]
    return [(node.module, alias.name) for node in ours for alias in node.names]


def kit_shapes() -> dict[str, str]:
    """Shape -> name of each function of the kit that is long enough to be recognised."""
    return {
        form: f"{'.'.join(path.relative_to(ROOT).with_suffix('').parts)}.{name}"
        for path in sorted((ROOT / "kit").rglob("*.py"))
        for form, name in shapes(path.read_text(encoding="utf-8")).items()
    }


def shapes(source: str) -> dict[str, str]:
    """Shape -> name of the long functions in a source. Of one shape: equal but for names, texts."""
    try:
        nodes = [node for part in parsed(source) for node in ast.walk(part)]
    except (SyntaxError, ValueError, RecursionError):
        return {}
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    return {form: f.name for f in functions if (form := _shape(f))}


def _shape(function: ast.FunctionDef) -> str:
    """The digest of a function's tree, with its names numbered and without texts."""
    body = [s for s in function.body if not isinstance(getattr(s, "value", None), ast.Constant)]
    for node in [node for part in body for node in ast.walk(part)]:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    tree, order = ast.dump(ast.Module(body, [])), {}
    tree = re.sub(r"(?<=id='|rg=')\w+", lambda m: order.setdefault(m[0], str(len(order))), tree)
    return hashlib.sha256(tree.encode()).hexdigest() if tree.count("(") >= SHORTEST else ""
