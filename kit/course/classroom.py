"""A course folder for nbgrader: the same exercises, with its metadata.

    python3 run.py class FOLDER [--only 11_projection ...] [--seed 7]

writes FOLDER/nbgrader_config.py and FOLDER/source/NN_name/NN_name.ipynb. Cells that readers fill
in are solution cells; the checks are locked; each call of a check is a graded cell, whose hidden
end is a number, so that partial credit counts. The seed chooses the instances that marks are given
on: take another one every year. From there on all is nbgrader's own; INSTRUCTORS.md has the way.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from kit.course.exercises import SECRET, STUB
from kit.course.notebooks import ROOT, plain, read, rendered, tags

CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "kit"
# the sources of the kit must never travel with a release
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "*.py"]
c.ClearSolutions.code_stub = {{"python": {stub!r}}}
c.ClearHiddenTests.enforce_metadata = False  # checks hold hidden tests, and are no graded cells
c.OverwriteCells.add_missing_cells = True
c.Execute.timeout = {seconds}
c.Execute.error_on_timeout = {{
    "ename": "Timeout", "evalue": "a cell took longer than {seconds} s", "traceback": ["Timeout"]
}}
"""
CALL = re.compile(r"(check\w*)\((\w+)\)")


def source(path: Path, seed: int) -> NotebookNode:
    """A solution as nbgrader wants to have it."""
    nb = plain(c for c in read(path).cells if not set(SECRET).intersection(tags(c)))
    points = {}
    for cell in nb.cells:
        if "check" in tags(cell):
            name = re.search(r"^def (\w+)\(", cell.source, re.MULTILINE)[1]
            found = re.search(r"points=(\d+)", cell.source)
            points[name] = int(found[1]) if found else 1
            mark(cell, f"define-{name}", locked=True)
        elif "### BEGIN SOLUTION" in cell.source:
            name = re.search(r"^def (\w+)\(", cell.source, re.MULTILINE)[1]
            mark(cell, f"answer-{name}", solution=True)
        elif call := CALL.fullmatch(cell.source.strip()):
            check, function = call.groups()
            lines = [
                f"display({check}({function}))",
                "### BEGIN HIDDEN TESTS",
                f"{check}.marks({function}, seed={seed})",
                "### END HIDDEN TESTS",
            ]
            cell.source = "\n".join(lines)
            mark(cell, f"marks-{check}", grade=True, locked=True, points=points[check])
    return nb


def mark(cell: NotebookNode, name: str, *, points: float | None = None, **kinds: bool) -> None:
    """Give a cell nbgrader's metadata."""
    kind = {"grade": False, "solution": False, "locked": False, "task": False, **kinds}
    data = {**kind, "grade_id": name, "schema_version": 3, "cell_type": cell.cell_type}
    cell.metadata["nbgrader"] = data if points is None else {**data, "points": points}


def build(folder: Path, stems: list[str], seed: int, seconds: int = 60, root: Path = ROOT) -> None:
    """Write the course folder."""
    for stem in stems:
        nb = source(root / "solutions" / f"{stem}.py", seed)
        nbformat.validate(nb)
        path = folder / "source" / stem / f"{stem}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rendered(nb, ".ipynb"), encoding="utf-8")
    config = folder / "nbgrader_config.py"
    config.write_text(CONFIG.format(stub=STUB, seconds=seconds), encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    everything = [path.stem for path in sorted((ROOT / "solutions").glob("*.py"))]
    parser = argparse.ArgumentParser(prog="python3 run.py class")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=everything, default=everything)
    parser.add_argument("--seed", type=int, default=1, help="of the instances marked on")
    options = parser.parse_args(arguments)
    build(options.folder.resolve(), options.only, options.seed)
    print(f"{len(options.only)} assignments in {options.folder}; INSTRUCTORS.md says how to go on.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
