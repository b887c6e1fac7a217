"""Marks for one exercise notebook, as many people handed it in. Started by kit.course.grade.

    python -m kit.course.judge NOTEBOOK SEED SECONDS MEMORY_MB FILE...

The checks, hidden ones included, run here, on the course's side; only the functions handed in run
in the sandbox, and from there come values, never marks. Nothing that a submission prints, raises,
overwrites or returns can be a mark: it can only be an answer that is right or not.

Every submission is marked in a process of its own, forked here. One JSON line for each goes to
standard output.
"""

import contextlib
import json
import os
import resource
import select
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from kit.course import submission, wire
from kit.course.checks import LEADS, Feedback
from kit.course.practice import Exercise
from kit.course.sandbox import ROOT, Limits, Sandbox

DRAWS = 2  # instances that each function meets


@dataclass
class Mark:
    """What one check gives: points out of most, and what to say; private is for the instructor."""

    check: str
    function: str
    most: float
    points: float = 0.0
    verdict: str = ""
    private: str = ""


@dataclass
class Result:
    """All marks of a file."""

    path: str
    notebook: str
    marks: list[Mark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class Exam:
    """An exercise notebook as its marker sees it."""

    notebook: str
    checks: dict[str, Exercise]  # name of the check -> check
    public: list  # statements of the exercise that everybody gets
    kit: dict[str, str]  # shape -> where in the kit
    published: dict[str, str]  # shape -> name in the solutions


def load(stem: str, root: Path = ROOT) -> Exam:
    """Run the definitions of a solution for its checks; keep those that the exercise shows."""
    solution = _code(root / "solutions" / f"{stem}.ipynb")
    names: dict = {}
    for k, (source, tags) in enumerate(solution, 1):
        if not {"wrong", "answer"}.intersection(tags):
            for s in submission._statements(source, f"solution cell {k}"):
                exec(compile(s.source, s.title, "exec"), names)
    public = [
        s.sent()
        for k, (source, _) in enumerate(_code(root / "exercises" / f"{stem}.ipynb"), 1)
        for s in submission._statements(source, f"given cell {k}")
    ]
    checks = {name: value for name, value in names.items() if isinstance(value, Exercise)}
    kit: dict[str, str] = {}
    for path in sorted((root / "kit").rglob("*.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        kit |= {s: f"{module}.{f}" for s, f in submission.shapes(path.read_text()).items()}
    text = "\n".join(source for source, _ in solution)
    text = "\n".join(line for line in text.split("\n") if not line.startswith("%"))
    shared = "\n".join(source for source, *_ in public)
    published = submission.shapes(text)
    for given in submission.shapes(shared):
        published.pop(given, None)
    return Exam(stem, checks, public, kit, published)


def _code(path: Path) -> list[tuple[str, list[str]]]:
    """Source and tags of the code cells of a notebook of the course."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    return [("".join(cell["source"]), cell["metadata"].get("tags", [])) for cell in code]


def mark(exam: Exam, path: Path, box: Sandbox, seed: int, limits: Limits) -> Result:
    """All marks of one file. It cannot raise for anything that is in the file."""
    found = submission.read(path)
    result = Result(str(path), exam.notebook, notes=list(found.notes))
    for name, check in exam.checks.items():
        one = Mark(name, check.function, check.points)
        result.marks.append(one)
        versions = found.versions(check.function)
        if not versions:
            there = found.mentions(check.function)
            one.verdict = "Nothing here yet." if there else f"No function `{check.function}`."
        for version in versions:
            tried = _tried(exam, check, found, version, box, seed, limits)
            better = tried.points > one.points or not one.verdict
            one.points = max(one.points, tried.points)
            if better:
                one.verdict, one.private = tried.verdict, tried.private
    return result


def _tried(
    exam: Exam,
    check: Exercise,
    found: submission.Submission,
    version: submission.Statement,
    box: Sandbox,
    seed: int,
    limits: Limits,
) -> Mark:
    """The mark of one version of one function."""
    one = Mark("", check.function, check.points)
    form = submission.shape(version.source)
    if form in exam.kit:
        one.verdict = f"This is the kit's own `{exam.kit[form]}`; write your own."
        one.private = f"copied from {exam.kit[form]}"
        return one
    try:
        with box.job(found.around(version), version.sent(), check.function, limits) as remote:
            if remote.missing or remote.ended:
                one.verdict = remote.ended or f"The cell that defines it stops: {remote.missing}."
                return one
            worst = Feedback("right", True, "", 1.0)
            for k in range(DRAWS):
                said = check(remote, seed=seed + k)
                worst = said if said.share < worst.share or not said.ok else worst
                if not said.ok:
                    break
            used = sorted(remote.used)
    except wire.Broken:
        one.verdict = "Your code ends the process it runs in."
        return one
    one.points = round(check.points * worst.share, 2)
    one.verdict = f"{LEADS[worst.kind]} {worst.message}".strip()
    if used:
        one.points = 0.0
        one.verdict = f"This calls the kit's own `{used[0]}`; write your own."
        one.private = "calls " + ", ".join(used)
    elif form and form in exam.published:
        one.private = f"is the published {exam.published[form]}, but for names"
    return one


def apart(exam: Exam, path: Path, box: Sandbox, seed: int, limits: Limits) -> Result:
    """Mark one file in a forked process, so that nothing in it can stop the others."""
    start = time.monotonic()
    most = limits.seconds * (len(exam.checks) * submission.MOST_VERSIONS + 1) + 60
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            resource.setrlimit(resource.RLIMIT_AS, (6 << 30,) * 2)
            inherited = box.process
            said = json.dumps(asdict(mark(exam, path, box, seed, limits)))
            if box.process is not inherited:
                box.close()
            with os.fdopen(writer, "w") as out:
                out.write(said)
        except BaseException as problem:  # a fault of the grader: say so to whoever runs it
            print(f"{path}: {type(problem).__name__}: {problem}", file=sys.stderr, flush=True)
        finally:
            os._exit(0)
    os.close(writer)
    parts = bytearray()
    while select.select([reader], [], [], max(0.0, start + most - time.monotonic()))[0]:
        part = os.read(reader, 1 << 16)
        if not part:
            break
        parts += part
    os.close(reader)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, 9)
    os.waitpid(child, 0)
    try:
        data = json.loads(parts)
        result = Result(**{**data, "marks": [Mark(**one) for one in data["marks"]]})
    except ValueError:
        nothing = "Your file stops the marking, so it earns nothing."
        marks = [Mark(n, c.function, c.points, verdict=nothing) for n, c in exam.checks.items()]
        result = Result(str(path), exam.notebook, marks, ["The marking of this file broke off."])
        box.close()
    result.seconds = round(time.monotonic() - start, 1)
    return result


def main(arguments: list[str]) -> int:
    """Mark the files, one JSON line each."""
    stem, seed, seconds, memory, *files = arguments
    exam = load(stem)
    limits = Limits(float(seconds), int(memory) << 20)
    with Sandbox(exam.public) as box:
        for file in files:
            if box.process is None or box.process.poll() is not None:
                box.close()
                box.start()
            print(json.dumps(asdict(apart(exam, Path(file), box, int(seed), limits))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
