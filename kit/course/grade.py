"""Marks for a folder of notebooks, in whatever state: `python3 run.py grade FOLDER`.

FOLDER/student/.../NN_name.ipynb, as nbgrader collects them, or FOLDER/student_NN_name.ipynb. Which
exercise a file is, its name says, or else the functions that it defines.

Written, beside FOLDER unless --out says where:
  marks.csv            a row for each student and check: points, what was said, notes for you alone
  totals.csv           a row for each student: points for each notebook, and their sum
  feedback/NAME.html   for the student: the points and what was said, no hidden check
  run.json             the seed (the same one gives the same marks), limits, what was contained
"""

import argparse
import csv
import html
import json
import os
import re
import secrets
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kit.course import submission
from kit.course.judge import Mark, Result
from kit.course.practice import CELL
from kit.course.sandbox import ROOT, Limits, best_way, measure, tidy

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
td, th {{ border-bottom: 1px solid #ccc; padding: .4rem .6rem; text-align: left; }}
td.number {{ white-space: nowrap; }}
</style>
<h1>{title}</h1>
{body}
</html>
"""


@dataclass(frozen=True)
class Found:
    """A file, who handed it in, and which exercise it is; "" where that cannot be told."""

    path: Path
    student: str
    notebook: str


def exercises(root: Path = ROOT) -> dict[str, set[str]]:
    """Exercise -> names of the functions that it asks for."""
    asked = {}
    for path in sorted((root / "solutions").glob("*.py")):
        cells = CELL.split(path.read_text(encoding="utf-8"))
        holes = [cell for cell in cells if "### BEGIN SOLUTION" in cell]
        names = {name for cell in holes for name in re.findall(r"^def (\w+)\(", cell, re.MULTILINE)}
        asked[path.stem] = names
    return asked


def collect(folder: Path, asked: dict[str, set[str]]) -> list[Found]:
    """All notebooks below a folder, with student and exercise."""
    found = []
    for path in sorted(folder.rglob("*.ipynb")):
        inside = path.relative_to(folder)
        if ".ipynb_checkpoints" in inside.parts or not (path.is_file() or path.is_symlink()):
            continue
        named = [stem for stem in asked if stem in path.stem or stem in inside.parts]
        notebook = max(named, key=len) if named else _by_content(path, asked)
        student = inside.parts[0] if len(inside.parts) > 1 else path.stem.replace(notebook, "")
        student = student.strip("_- ") or path.stem
        found.append(Found(path, student, notebook))
    return found


def _by_content(path: Path, asked: dict[str, set[str]]) -> str:
    there = {name for s in submission.read(path).statements for name in s.names}
    overlap = {stem: len(names & there) for stem, names in asked.items()}
    best = max(overlap, key=lambda stem: overlap[stem], default="")
    return best if overlap.get(best) else ""


def judged(found: list[Found], seed: int, limits: Limits, jobs: int, say=print) -> list[Result]:
    """Run the judges, one process for each exercise and share of the files."""
    work = []
    for notebook in sorted({one.notebook for one in found} - {""}):
        files = [str(one.path) for one in found if one.notebook == notebook]
        shares = max(1, min(jobs, len(files) // 4))
        work += [(notebook, files[k::shares]) for k in range(shares)]
    done = 0

    def run(share: tuple[str, list[str]]) -> list[Result]:
        nonlocal done
        notebook, files = share
        numbers = [str(seed), str(limits.seconds), str(limits.memory >> 20)]
        command = [sys.executable, "-m", "kit.course.judge", notebook, *numbers, *files]
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
        results = []
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                data = json.loads(line)
                marks = [Mark(**one) for one in data.pop("marks")]
                results.append(Result(**data, marks=marks))
                done += 1
                say(f"[{done}] {files[len(results) - 1]}: {results[-1].seconds:.1f} s")
        for file in files[len(results) :]:
            results.append(Result(file, notebook, notes=["The marking broke off; run it again."]))
        return results

    with ThreadPoolExecutor(jobs) as pool:
        return [result for results in pool.map(run, work) for result in results]


def best(found: list[Found], results: list[Result]) -> dict[str, dict[str, Result]]:
    """Student -> notebook -> result; of several files of one exercise the best."""
    by_path = {result.path: result for result in results}
    sorted_out: dict[str, dict[str, Result]] = defaultdict(dict)
    for one in found:
        unknown = Result(
            str(one.path), one.path.name, notes=["Which exercise this is, is unclear."]
        )
        result = by_path.get(str(one.path), unknown)
        before = sorted_out[one.student].get(result.notebook)
        if before is None or points(result) > points(before):
            sorted_out[one.student][result.notebook] = result
    return dict(sorted_out)


def points(result: Result) -> float:
    """Sum of the points of a result."""
    return round(sum(mark.points for mark in result.marks), 2)


# What is written ---------------------------------------------------------------------------------


def write(out: Path, students: dict[str, dict[str, Result]], about: dict) -> None:
    """marks.csv, totals.csv, feedback/*.html, run.json."""
    (out / "feedback").mkdir(parents=True, exist_ok=True)
    rows = []
    for student, results in sorted(students.items()):
        for notebook, result in sorted(results.items()):
            notes = " ".join(result.notes)
            for one in result.marks or [Mark("", "", 0)]:
                row = [student, notebook, one.function, one.check, one.points, one.most]
                rows.append([*row, one.verdict, one.private, notes, result.path, result.seconds])
    head = "student notebook function check points most verdict for_you notes file seconds"
    _csv(out / "marks.csv", head.split(), rows)
    notebooks = sorted({notebook for results in students.values() for notebook in results})
    totals = []
    for student, results in sorted(students.items()):
        each = [points(results[n]) if n in results else "" for n in notebooks]
        totals.append([student, *each, round(sum(filter(None, each)), 2)])
    _csv(out / "totals.csv", ["student", *notebooks, "total"], totals)
    used: set[str] = set()
    for student, results in sorted(students.items()):
        name = re.sub(r"[^\w.-]", "_", student)[:80].lstrip(".") or "student"
        while name.lower() in used:
            name += "_"
        used.add(name.lower())
        (out / "feedback" / f"{name}.html").write_text(page(student, results), encoding="utf-8")
    (out / "run.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def _csv(path: Path, head: list[str], rows: list[list]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows([[_harmless(cell) for cell in row] for row in rows])


def _harmless(cell: object) -> object:
    """A text that no spreadsheet takes for a formula."""
    risky = isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{cell}" if risky else cell


def page(student: str, results: dict[str, Result]) -> str:
    """The feedback of one student: nothing that is for the instructor, no hidden check."""
    parts = []
    for notebook, result in sorted(results.items()):
        most = sum(mark.most for mark in result.marks)
        parts.append(f"<h2>{html.escape(notebook)}: {points(result):g} of {most:g} points</h2>")
        parts += [f"<p>{html.escape(note)}</p>" for note in result.notes]
        lines = [
            f"<tr><td><code>{html.escape(one.function)}</code></td>"
            f'<td class="number">{one.points:g} of {one.most:g}</td>'
            f"<td>{html.escape(one.verdict)}</td></tr>"
            for one in result.marks
        ]
        head = "<tr><th>function</th><th>points</th><th>what was found</th></tr>"
        parts += ["<table>", head, *lines, "</table>"] if lines else []
    return PAGE.format(title=html.escape(student), body="\n".join(parts))


def contained(found: dict, way: str) -> list[str]:
    """What the probe saw, in sentences."""
    said = [f"Jobs run by way of {way}, as user {found['user']}."]
    for key in ("reads solutions", "reads history", "writes the kit", "writes home"):
        said.append(f"A submission {'CAN' if found[key] else 'cannot'} do this: {key}.")
    said.append(f"A submission {'CAN' if found['network'] else 'cannot'} reach the network.")
    return said


def grade(folder: Path, out: Path, *, seed: int, limits: Limits, jobs: int, say=print) -> dict:
    """Mark a folder and write everything; returns student -> notebook -> Result."""
    found = collect(folder, exercises())
    tidy()
    way = best_way()
    about = {
        "seed": seed,
        "seconds": limits.seconds,
        "memory_mb": limits.memory >> 20,
        "contained": contained(measure(way), way),
    }
    for sentence in about["contained"]:
        say(sentence)
    students = best(found, judged(found, seed, limits, jobs, say))
    write(out, students, about)
    return students


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python3 run.py grade")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, help="default: FOLDER_marks, beside FOLDER")
    parser.add_argument("--seconds", type=float, default=20, help="for one function (20)")
    parser.add_argument("--memory", type=int, default=3072, help="megabytes (3072)")
    parser.add_argument("--jobs", type=int, default=2, help="at the same time (2)")
    parser.add_argument("--seed", type=int, help="of the instances; default: drawn, see run.json")
    options = parser.parse_args(arguments)
    folder = options.folder.resolve()
    if not folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    out = (options.out or folder.parent / f"{folder.name}_marks").resolve()
    if out.is_relative_to(folder):
        parser.error("--out must not be inside the folder that is marked")
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    limits = Limits(options.seconds, options.memory << 20)
    students = grade(folder, out, seed=seed, limits=limits, jobs=options.jobs)
    print(f"{len(students)} students; marks and feedback are in {out}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
