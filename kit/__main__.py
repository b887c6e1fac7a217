"""What `python -m kit` says: the version, what is here, and where the lessons are."""

import argparse
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import kit

LIBRARIES = ("cvxpy", "clarabel", "scs", "numpy", "scipy", "scikit-learn")


def lessons() -> str:
    """Where the lessons are, or how to get them."""
    folder = Path(kit.__file__).resolve().parents[1]
    if (folder / "notebooks" / "00_start_here.ipynb").exists():
        return f"Lessons: {folder / 'notebooks'} (python3 run.py lab, in {folder})."
    return (
        "Lessons: not in this installation. They, and the stored rows that they draw, are in the "
        "kit's repository: clone it, and there `python3 run.py lab`."
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m kit", description=kit.__doc__.split("\n")[0])
    parser.add_argument("--version", action="version", version=f"branch-kit {kit.__version__}")
    parser.add_argument("--lessons", action="store_true", help="say where the lessons are")
    if parser.parse_args(arguments).lessons:
        print(lessons())
        return 0
    print(f"branch-kit {kit.__version__}. {kit.__doc__}")
    print(lessons())
    found = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} MISSING")
    print(f"Libraries: {', '.join(found)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
