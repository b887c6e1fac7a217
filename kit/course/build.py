"""The commands that build notebooks.

python -m kit.course.build lessons [files]       notebooks/*.py -> .ipynb, executed and cleaned
python -m kit.course.build exercises [--check]   solutions/*.py -> exercises/*.py and .ipynb
"""

import argparse
import sys
import time
from pathlib import Path

from kit.course.exercises import build_exercises
from kit.course.notebooks import ROOT, differences, lesson, read


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
    print(f"Changed in exercises/: {', '.join(changed) or 'nothing'}.")
    return int(wrong > 0)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 means that all is well."""
    parser = argparse.ArgumentParser(prog="python -m kit.course.build")
    commands = parser.add_subparsers(dest="command", required=True)
    lessons = commands.add_parser("lessons", help="execute .py sources, store the .ipynb")
    lessons.add_argument("files", nargs="*", type=Path, help="default: notebooks/*.py")
    exercises = commands.add_parser("exercises", help="build exercises/ from solutions/")
    exercises.add_argument("--check", action="store_true", help="change nothing, say what differs")
    options = parser.parse_args(arguments)
    if options.command == "lessons":
        chosen = [path.with_suffix(".py").resolve() for path in options.files]
        return int(build_lessons(chosen or sorted((ROOT / "notebooks").glob("*.py"))) > 0)
    return exercises_command(options.check)


if __name__ == "__main__":
    sys.exit(main())
