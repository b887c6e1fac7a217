"""A course folder for nbgrader: the same exercises, with its metadata.

    python3 run.py class FOLDER [--only 11_projection ...] [--seed 7]

writes FOLDER/nbgrader_config.py and FOLDER/source/NN_name/NN_name.ipynb. Each call of a check is a
graded cell, whose hidden end is a number, so that partial credit counts. The seed chooses the
instances that marks are given on: take another one every year. FOLDER/kit-class.json remembers it,
and what was written: a second call brings up to date what nobody has edited. From there on all is
nbgrader's own; INSTRUCTORS.md has the way.
"""

import argparse
import json
import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from kit.course.exercises import SECRET, STUB
from kit.course.launch import renewed
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
RECORD = "kit-class.json"
CALL = re.compile(r"(check\w*)\((\w+)\)")


def source(path: Path, seed: int) -> NotebookNode:
    """A solution as nbgrader wants to have it."""
    nb = plain(c for c in read(path).cells if SECRET.isdisjoint(tags(c)))
    points = {}
    for cell in nb.cells:
        name = "".join(re.findall(r"^def (\w+)\(", cell.source, re.MULTILINE)[:1])
        if "check" in tags(cell):
            found = re.search(r"points=(\d+)", cell.source)
            points[name] = int(found[1]) if found else 1
            mark(cell, f"define-{name}", locked=True)
        elif "### BEGIN SOLUTION" in cell.source:
            mark(cell, f"answer-{name}", solution=True)
        elif call := CALL.fullmatch(cell.source.strip()):
            check, function = call.groups()
            cell.source = (
                f"display({check}({function}))\n### BEGIN HIDDEN TESTS\n"
                f"{check}.marks({function}, seed={seed})\n### END HIDDEN TESTS"
            )
            mark(cell, f"marks-{check}", grade=True, locked=True, points=points[check])
    return nb


def mark(cell: NotebookNode, name: str, **own: object) -> None:
    """Give a cell nbgrader's metadata."""
    data = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    cell.metadata["nbgrader"] = {**data, "grade_id": name, "cell_type": cell.cell_type, **own}


def build(folder: Path, stems: list[str], seed: int | None = None, seconds: int = 60) -> list[str]:
    """Write the course folder; return the files that were kept because somebody has edited them.

    seed  None for that of the last call in this folder, and 1 at first
    """
    record = folder / RECORD
    known = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    seed = known.get("seed", 1) if seed is None else seed
    written = known.get("written", {})
    files = {"nbgrader_config.py": CONFIG.format(stub=STUB, seconds=seconds).encode()}
    for stem in stems:
        nb = source(ROOT / "solutions" / f"{stem}.py", seed)
        nbformat.validate(nb)
        files[f"source/{stem}/{stem}.ipynb"] = rendered(nb, ".ipynb").encode()
    told = renewed(folder, files, written)
    record.write_text(json.dumps({"seed": seed, "written": written}, indent=1), encoding="utf-8")
    return [name for name in files if name in told["kept"] + told["kept, as before"]]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    everything = [path.stem for path in sorted((ROOT / "solutions").glob("*.py"))]
    parser = argparse.ArgumentParser(prog="python3 run.py class")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=everything, default=everything)
    parser.add_argument("--seed", type=int, help="of the instances marked on (last time's, or 1)")
    options = parser.parse_args(arguments)
    kept = build(options.folder.resolve(), options.only, options.seed)
    print(f"{len(options.only)} assignments in {options.folder}; INSTRUCTORS.md says how to go on.")
    if kept:
        print(f"Kept as you edited them (delete one for a new copy): {', '.join(kept)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
