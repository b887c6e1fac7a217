"""The command `python3 run.py grade FOLDER`; INSTRUCTORS.md says what it reads and writes."""

import argparse
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # jobs run side by side

from kit.course.grader import folder as folders
from kit.course.grader import report
from kit.course.grader.exam import exams, kit_shapes
from kit.course.grader.judge import Marker, judged
from kit.course.grader.sandbox import Ended, Limits, measure


def contained(limits: Limits) -> list[str]:
    """What a submission can do here, in sentences. SystemExit where it cannot be contained."""
    try:
        found = measure(limits)
    except (Ended, OSError):
        raise SystemExit(
            "No submission can be contained here: this system allows no namespaces (unshare, "
            "setpriv). INSTRUCTORS.md says what to do; --uncontained marks all the same."
        ) from None
    how = "in namespaces of their own" if limits.contained else "WITHOUT containment"
    said = [f"Submissions run {how}, as user {found.pop('user')}."]
    return said + [f"A submission {'CAN' if found[do] else 'cannot'} {do}." for do in found]


def grade(
    folder: Path, out: Path, *, seed: int, limits: Limits, jobs: int, say: Callable = print
) -> report.Students:
    """Mark a folder and write everything; returns student -> results."""
    about = {"seed": seed, "seconds": limits.seconds, "memory_mb": limits.memory >> 20}
    about["contained"] = contained(limits)
    say("\n".join(about["contained"]))
    one = Marker(exams(), kit_shapes(), seed, limits)
    found = folders.collect(folder, list(one.exams))
    if not found:
        raise SystemExit(f"Nothing to mark in {folder}; {folders.EXPECTED}.")
    students = report.best(judged(found, one, jobs, say))
    report.write(out, students, about)
    return students


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python3 run.py grade")
    parser.add_argument("folder", type=Path, help="or the zip that a platform gives")
    parser.add_argument("--out", type=Path, help="default: FOLDER_marks, beside FOLDER")
    parser.add_argument("--seconds", type=float, default=20, help="of computing, a function (20)")
    parser.add_argument("--memory", type=int, default=3072, help="megabytes (3072)")
    parser.add_argument("--jobs", type=int, default=2, help="at the same time (2)")
    parser.add_argument("--seed", type=int, help="of the instances; default: drawn, see run.json")
    parser.add_argument("--uncontained", action="store_true", help="run submissions as you: unsafe")
    options = parser.parse_args(arguments)
    folder = options.folder.resolve()
    zipped = folder.is_file() and folder.suffix.lower() == ".zip"
    if not (folder.is_dir() or zipped):
        parser.error(f"{options.folder} is no folder; {folders.EXPECTED}")
    out = (options.out or folder.parent / f"{folder.stem}_marks").resolve()
    if out.is_relative_to(folder):
        parser.error("--out must not be inside the folder that is marked")
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    limits = Limits(options.seconds, options.memory << 20, contained=not options.uncontained)
    with tempfile.TemporaryDirectory() as scratch:
        if zipped:
            shutil.unpack_archive(folder, scratch)  # it leaves out names with ..
            folder = Path(scratch)
        students = grade(folder, out, seed=seed, limits=limits, jobs=options.jobs)
    print(f"{len(students)} students; marks and feedback are in {out}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
