"""Marks for one file, in a process of its own, so that nothing in it can stop the others.

The checks, hidden ones included, run here, on the course's side; only the functions handed in run
in the sandbox, and from there come values, never marks.
"""

import itertools
import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from kit.course.checks import LEADS
from kit.course.grader.exam import Asked, Exam, exams, kit_shapes, shapes
from kit.course.grader.folder import Found
from kit.course.grader.sandbox import PATIENCE, Ended, Limits, Remote, Sandbox
from kit.course.guard import OWN
from kit.course.practice import Exercise

MOST_BYTES = 200 << 20


@dataclass
class Mark:
    """What one check gives: points out of most, and what to say; private is for the instructor."""

    check: str
    function: str
    most: float
    points: float = 0.0
    verdict: str = ""
    private: str = ""
    part: str = ""
    failed: str = ""  # the property


@dataclass
class Result:
    """All marks of a file."""

    path: str
    notebook: str
    marks: list[Mark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def points(self) -> float:
        """Their sum."""
        return round(sum(mark.points for mark in self.marks), 2)

    @property
    def most(self) -> float:
        """The most that there is."""
        return sum(mark.most for mark in self.marks)


@dataclass(frozen=True)
class Marker:
    """All that marking needs to know."""

    exams: dict[str, Exam]
    kit: dict[str, str]
    seed: int
    limits: Limits

    def mark(self, path: Path, hint: str = "") -> Result:
        """All marks of one file, whatever is in it."""
        result = Result(str(path), hint)
        try:
            if path.stat().st_size > MOST_BYTES:
                result.notes = [f"Larger than {MOST_BYTES >> 20} MB."]
                return result
            data = path.read_bytes()
            with Sandbox(self.limits, data=data) as box:
                result.notes, result.notebook = which(*box.hear(), hint, self.exams)
        except OSError as problem:
            result.notes = [f"It cannot be read: {problem.strerror}."]
        except (Ended, TypeError, ValueError):
            result.notes = ["Reading this file takes more time or memory than it may."]
        else:
            if exam := self.exams.get(result.notebook):
                checks = exam.checks()
                result.marks = [self._check(exam, a, checks[a.check], data) for a in exam.asked]
        return result

    def _check(self, exam: Exam, asked: Asked, check: Exercise, data: bytes) -> Mark:
        """The best mark of all versions of a function; the last is likely to be meant."""
        start, best = time.monotonic(), None
        for k in itertools.count(1):
            one = Mark(asked.check, asked.function, check.points, part=asked.part)
            job = {**exam.task, "check": asked.check, "number": -k}
            with Sandbox(self.limits, data=data, **job) as box:
                try:
                    there, programs, source = box.hear()
                except (Ended, ValueError):
                    one.verdict = "Reading this function takes more time or memory than it may."
                    return best or one
                if not programs:
                    missing = f"No function `{asked.function}`."
                    one.verdict = LEADS["nothing yet"] if there else missing
                    return one
                self._judge(one, exam, check, str(source), Remote(box))
            best = one if best is None or one.points > best.points else best
            late = time.monotonic() - start > PATIENCE * self.limits.seconds
            if best.points == best.most or k >= programs or late:
                return best

    def _judge(self, one: Mark, exam: Exam, check: Exercise, source: str, answer: Remote) -> None:
        """Write into a mark what a check says, and whose code it is."""
        forms = shapes(source)
        if copied := [self.kit[form] for form in forms if form in self.kit]:
            one.verdict, one.private = OWN.format(copied[0]), f"copied from {copied[0]}"
            return
        said = check.worst(answer, self.seed)
        one.points = round(check.points * said.share, 2)
        one.verdict, one.failed = f"{LEADS[said.kind]} {said.message}".strip(), said.failed
        if exam.published.intersection(forms):
            one.private = "is the published solution, but for names"


def which(
    notes: list[str], bound: list[str], named: list[str], hint: str, exams: dict[str, Exam]
) -> tuple[list[str], str]:
    """Notes, and the exercise: most of its functions are there, whatever the file is called."""
    notes, found = [str(note) for note in notes], {stem: 0.0 for stem in exams}
    for stem, exam in exams.items():
        found[stem] = sum(one.function in bound for one in exam.asked) / len(exam.asked)
    best = max(found, key=lambda stem: (found[stem], stem in named, stem == hint))
    if not found[best]:
        best = hint
    if not best:
        notes.append("Which exercise this is, is unclear: it defines nothing that one asks for.")
    elif hint not in ("", best):
        notes.append(f"Its name says {hint}, and it holds {best}: marked as that.")
    return notes, best


def judged(found: list[Found], marker: Marker, jobs: int, say: Callable) -> Iterator[Result]:
    """The result of each file, in their order, as they come."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["kit.course.grader.judge", "kit.branchhull", "kit.nettrim"])
    count = itertools.count(1)

    def run(one: Found) -> Result:
        start = time.monotonic()
        result = Result(str(one.path), one.notebook, notes=[one.note])
        if not one.note:
            with ProcessPoolExecutor(1, context) as alone:
                try:
                    result = alone.submit(marker.mark, one.path, one.notebook).result()
                except Exception:
                    result.notes = ["The marking of this file broke off; it earns nothing."]
        result.seconds = round(time.monotonic() - start, 1)
        done = f"[{next(count)}/{len(found)}]"
        say(f"{done} {one.student}, {one.path.name}: {result.seconds:.1f} s")
        return result

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(run, found)


def marker(seed: int, limits: Limits) -> Marker:
    """A marker for all exercises there are."""
    found = exams()
    for one in found.values():
        _ = one.task  # once for all files
    return Marker(found, kit_shapes(), seed, limits)
