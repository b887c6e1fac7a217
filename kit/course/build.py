"""The commands that build notebooks: `python -m kit.course.build --help` has a list of them."""

import argparse
import re
import sys
import time
from pathlib import Path

from nbformat.v4 import new_code_cell

from kit.course.exercises import build_exercises
from kit.course.notebooks import ROOT, code, differences, execute, lesson, plain, read, write

LIMITS = {"words": 1800, "cells": 25, "seconds": 40}  # of a lesson that is read in half an hour


def build_lessons(files: list[Path]) -> int:
    """Build every file given, showing what happens; return how many were not right."""
    wrong = 0
    for k, path in enumerate(files, 1):
        start = time.perf_counter()
        try:
            found = lesson(path)
        except Exception as problem:  # a cell raised: the old notebook stays, the others go on
            found = [f"not built: {problem}"]
        print(f"[{k}/{len(files)}] {path.name}: {time.perf_counter() - start:.1f} s", flush=True)
        print(*(f"  {fault}\n" for fault in found), sep="", end="", flush=True)
        wrong += bool(found)
    return wrong


def exercises_command(check: bool) -> int:
    """Bring solutions/*.ipynb and exercises/ up to date, or with `check` say what is not."""
    try:
        import nbgrader  # noqa: F401
    except ImportError:
        print("Building exercises needs nbgrader, which `python3 run.py exercises` installs.")
        return 1
    stale = [
        path
        for path in sorted((ROOT / "solutions").glob("*.py"))
        if not path.with_suffix(".ipynb").exists()
        or differences(read(path), read(path.with_suffix(".ipynb")))
    ]
    if check:
        changed = build_exercises(ROOT, check=True) + [path.stem + ".ipynb" for path in stale]
        if changed:
            print(f"Not up to date (run `python3 run.py exercises`): {', '.join(changed)}.")
        return int(bool(changed))
    wrong = build_lessons(stale)
    changed = build_exercises(ROOT)
    print(f"Changed: {', '.join(changed) or 'nothing'}.")
    return int(wrong > 0)


def budget(path: Path, run: bool = True) -> dict[str, int | float]:
    """Words of the text (a formula on a line of its own is none), code cells, seconds of computing.

    The seconds are those of the processor, imports included: they do not grow on a busy machine.
    """
    nb = read(path)
    text = "\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    text = re.sub(r"\$\$.*?\$\$|\]\(.*?\)", " ", text, flags=re.DOTALL)
    words = [word for word in text.split() if re.search(r"\w", word)]
    spent = {"words": len(words), "cells": len(code(nb))}
    if run:
        clock = new_code_cell("import os\nprint(sum(os.times()[:4]))")
        ran = execute(plain([*nb.cells, clock]), path.parent)
        spent["seconds"] = round(float(ran.cells[-1].outputs[0].text), 1)
    return spent


def budget_command(files: list[Path], run: bool) -> int:
    """Print a line for each lesson, with a mark at what is over its limit."""
    print("over is marked *;", ", ".join(f"{name} at most {most}" for name, most in LIMITS.items()))
    for path in files:
        spent = budget(path, run)
        parts = [f"{v:6} {name}{'*' if v > LIMITS[name] else ' '}" for name, v in spent.items()]
        print(f"{path.stem:24}", *parts, flush=True)
    return 0


def colab(folder: Path, address: str) -> int:
    """Copies of the lessons whose first code cell fetches the kit where it is not there."""
    cell = f"""\
# On a machine without the kit, such as Colab's: fetch it. Elsewhere this cell does nothing.
import importlib.util

if importlib.util.find_spec("kit") is None:
    import os
    import subprocess
    import sys

    subprocess.run(["git", "clone", "-q", "--depth", "1", {address!r}, "branch-kit"], check=True)
    pip = [sys.executable, "-m", "pip", "install", "-q", "./branch-kit[pictures]"]
    subprocess.run(pip, check=True)
    importlib.invalidate_caches()
    os.chdir("branch-kit/notebooks")  # stored rows are looked for in results/"""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        nb = read(path)
        for first in code(nb)[:1]:
            nb.cells.insert(nb.cells.index(first), plain([new_code_cell(cell)]).cells[0])
        write(nb, folder / path.name)
    print(f"Lessons for Colab are in {folder}; publish them on a branch, and link to that.")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 means that all is well."""
    parser = argparse.ArgumentParser(prog="python -m kit.course.build")
    commands = parser.add_subparsers(dest="command", required=True)
    lessons = commands.add_parser("lessons", help="execute .py sources, store the .ipynb")
    lessons.add_argument("files", nargs="*", type=Path, help="default: notebooks/*.py")
    exercises = commands.add_parser("exercises", help="build exercises/ from solutions/")
    exercises.add_argument("--check", action="store_true", help="change nothing, say what differs")
    spend = commands.add_parser("budget", help="words, code cells and seconds of each lesson")
    spend.add_argument("files", nargs="*", type=Path, help="default: notebooks/*.py")
    spend.add_argument("--unrun", action="store_true", help="run nothing, so without seconds")
    cloud = commands.add_parser("colab", help="lessons whose first cell fetches the kit")
    cloud.add_argument("folder", type=Path)
    cloud.add_argument("address", help="of a repository that git can clone")
    options = parser.parse_args(arguments)
    if options.command == "colab":
        return colab(options.folder, options.address)
    if options.command in ("lessons", "budget"):
        chosen = [path.with_suffix(".py").resolve() for path in options.files]
        chosen = chosen or sorted((ROOT / "notebooks").glob("*.py"))
        if options.command == "budget":
            return budget_command(chosen, not options.unrun)
        return int(build_lessons(chosen) > 0)
    return exercises_command(options.check)


if __name__ == "__main__":
    sys.exit(main())
