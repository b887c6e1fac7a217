"""Exercises from solutions: holes for what readers write, and nothing else of the solution.

solutions/NN_name.py marks what readers write by ### BEGIN SOLUTION and ### END SOLUTION, and what
only the marking sees by ### BEGIN HIDDEN TESTS and ### END HIDDEN TESTS. Cells tagged `answer` and
`wrong` stay behind; the wrong ones become the tables of INSTRUCTORS.md, with the hint of each.
"""

import re
import subprocess
import sys
from pathlib import Path

import jupytext
from nbformat import NotebookNode

from kit.course.notebooks import FORMAT, ROOT, SKIPPED, UNCOMPARED, plain, read, rendered, tags

SECRET = {"answer", "wrong"}  # cells of a solution that do not travel
TRAVELLING = ("check", "hint", *sorted(SKIPPED | UNCOMPARED))  # tags that do
STUB = 'raise NotImplementedError("your turn")'
REGION = re.compile(r"### (BEGIN|END) (SOLUTION|HIDDEN TESTS)")
BEGIN, END = "<!-- tables: made by python3 run.py exercises -->", "<!-- end of tables -->"
HEAD = "| check | wrong answer | its hint says |\n|---|---|---|"
LIKE = re.compile(r"\b(?:BEGIN|END) (?:SOLUTION|HIDDEN TESTS)")


def unpaired(nb: NotebookNode) -> list[str]:
    """Marks without partner, nested, crossed or misspelt: one sentence for each cell."""
    found = []
    for k, cell in enumerate(nb.cells):
        marks = REGION.findall(cell.source)
        pairs = [(edge, kind) for _, kind in marks[::2] for edge in ("BEGIN", "END")]
        if marks != pairs or len(marks) != len(LIKE.findall(cell.source)):
            read = ", ".join(map(" ".join, marks)) or "none that is spelt so"
            found.append(f"cell {k}: marks are pairs, ### BEGIN X and ### END X; here: {read}")
    return found


def exercise(nb: NotebookNode) -> NotebookNode:
    """Exercise of a solution notebook: holes for solutions, no answers, no outputs, no metadata."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

    if found := unpaired(nb):
        raise ValueError("; ".join(found))
    nb = plain(cell for cell in nb.cells if SECRET.isdisjoint(tags(cell)))  # a copy, no outputs
    for step in (
        ClearSolutions(code_stub={"python": STUB}, enforce_metadata=False),
        ClearHiddenTests(enforce_metadata=False),
    ):
        nb, _ = step.preprocess(nb, {})
    for cell in nb.cells:
        kept = [tag for tag in tags(cell) if tag in TRAVELLING]
        cell.metadata = NotebookNode({"tags": kept} if kept else {})
    return nb


def mistakes(nb: NotebookNode) -> list[str]:
    """A row for each wrong answer: the check on its last line, the mistake, the hint."""
    found = []
    for source in [cell.source for cell in nb.cells if "wrong" in tags(cell)]:
        mistake, hint = (re.search(rf"{word}: (.+)", source) for word in ("Mistake", "Hint"))
        checks = re.findall(r"^(check\w*)\(", source, re.MULTILINE)
        if not (mistake and hint and checks):
            raise ValueError("a wrong answer names no mistake, or no hint")
        parts = (checks[-1], mistake[1].strip(), hint[1].strip())
        found.append("| " + " | ".join(text.replace("|", "\\|") for text in parts) + " |")
    return found


def tidy(text: str) -> str:
    """The text of a .py with the blank lines that ruff wants around what is left."""
    for command in (["check", "--select", "I", "--fix-only"], ["format"]):
        ruff = [sys.executable, "-m", "ruff", *command, "-q", "--stdin-filename", "x.py", "-"]
        done = subprocess.run(ruff, cwd=ROOT, input=text.encode(), capture_output=True, check=True)
        text = done.stdout.decode()
    return text


def build_exercises(root: Path = ROOT, check: bool = False) -> list[str]:
    """Build exercises/, and the tables of INSTRUCTORS.md, from solutions/; return what changed, or
    with `check` would change.
    """
    wanted: dict[Path, str] = {}
    tables: list[str] = []
    for source in sorted((root / "solutions").glob("*.py")):
        solution = read(source)
        try:
            nb = exercise(solution)
            tables += [f"### {source.stem}\n", HEAD, *mistakes(solution), ""]
        except ValueError as problem:
            raise SystemExit(f"{source.name}: {problem}") from None
        built = root / "exercises" / source.name
        wanted[built] = tidy(rendered(nb, ".py"))
        nb = plain(jupytext.reads(wanted[built], fmt=FORMAT).cells)
        for cell in nb.cells:
            if "check" in tags(cell):  # folded: a reader calls it, and may open it
                cell.metadata["jupyter"] = {"source_hidden": True}
        wanted[built.with_suffix(".ipynb")] = rendered(nb, ".ipynb")
    guide, between = root / "INSTRUCTORS.md", "\n".join([f"{BEGIN}\n", *tables, END])
    if guide.exists():
        text = guide.read_text(encoding="utf-8")
        wanted[guide] = re.sub(f"{BEGIN}.*{END}", lambda _: between, text, flags=re.DOTALL)
    changed = []
    for path, text in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            changed.append(path.name)
            if not check:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
    found = (root / "exercises").glob("*.*")
    orphans = {path for path in found if path.suffix in (".py", ".ipynb")} - set(wanted)
    return changed + [f"{path.name} (has no solution: delete it)" for path in sorted(orphans)]
