"""Marks for one file, in a process of its own, so that nothing in it can stop the others.

The checks, hidden ones included, run here, on the course's side; only the functions handed in run
in the sandbox, and from there come values, never marks.
"""

import contextlib
import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from kit.course.checks import LEADS, Feedback
from kit.course.grader import wire
from kit.course.grader.exam import Exam, exams, kit_shapes, shapes
from kit.course.grader.folder import Found
from kit.course.grader.sandbox import PATIENCE, Limits, Sandbox
from kit.course.guard import OWN
from kit.course.practice import Exercise

DRAWS = 2  # instances that each function meets
MOST_BYTES = 200 << 20
SPACE = 8 << 30  # bytes that a marking process may map


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


@dataclass(frozen=True)
class Marker:
    """All that marking needs to know."""

    exams: dict[str, Exam]
    kit: dict[str, str]
    seed: int
    limits: Limits
    contained: bool = True

    def mark(self, path: Path, hint: str = "") -> Result:
        """All marks of one file; it cannot raise for anything that is in the file."""
        try:
            if path.stat().st_size > MOST_BYTES:
                return Result(str(path), hint, notes=[f"Larger than {MOST_BYTES >> 20} MB."])
            data = path.read_bytes()
        except OSError as problem:
            return Result(str(path), hint, notes=[f"It cannot be read: {problem.strerror}."])
        with Sandbox(self.limits, self.contained) as box:
            try:
                read = box.read(data)
                notes, stem = _which(read, hint, self.exams)
                if not stem:
                    return Result(str(path), "", notes=notes)
                exam = self.exams[stem]
                plan = box.plan(exam.task())
            except wire.Broken:
                said = "Reading this file takes more time or memory than it may."
                return Result(str(path), hint, notes=[said])
            checks = exam.checks()
            marks = [
                self._check(exam, checks[one.check], one.check, plan, box) for one in exam.asked
            ]
            for mark, one in zip(marks, exam.asked, strict=True):
                mark.part = one.part
        return Result(str(path), stem, marks, notes)

    def _check(self, exam: Exam, check: Exercise, name: str, plan: dict, box: Sandbox) -> Mark:
        best = Mark(name, check.function, check.points)
        best.verdict = f"{LEADS['nothing yet']}"
        if name not in plan["there"]:
            best.verdict = f"No function `{check.function}`."
        start = time.monotonic()
        programs = list(enumerate(plan["programs"][name]))
        for k, source in reversed(programs):  # the last is likely to be meant
            tried = self._tried(exam, check, name, k, source, box)
            if tried.points > best.points or k == len(programs) - 1:
                best = tried
            late = time.monotonic() - start > PATIENCE * self.limits.seconds
            if best.points == best.most or late:
                break
        return best

    def _tried(
        self, exam: Exam, check: Exercise, name: str, k: int, source: str, box: Sandbox
    ) -> Mark:
        """The mark of one version of one function."""
        one = Mark(name, check.function, check.points)
        forms = shapes(source)
        if copied := [self.kit[form] for form in forms if form in self.kit]:
            one.verdict, one.private = OWN.format(copied[0]), f"copied from {copied[0]}"
            return one
        worst = Feedback("right", True, "", 1.0)
        try:
            with box.job(name, k) as remote:
                if remote.missing or remote.ended:
                    one.verdict = remote.missing or remote.ended
                    return one
                for draw in range(DRAWS):
                    said = check(remote, seed=self.seed + draw)
                    worst = said if said.share < worst.share or not said.ok else worst
                    if not said.ok:
                        break
        except wire.Broken:
            one.verdict = "Your code ends the process it runs in."
            return one
        one.points = round(check.points * worst.share, 2)
        one.verdict = f"{LEADS[worst.kind]} {worst.message}".strip()
        one.failed = worst.failed
        if exam.published.intersection(forms):
            one.private = "is the published solution, but for names"
        return one


def _which(read: dict, hint: str, exams: dict[str, Exam]) -> tuple[list[str], str]:
    """Notes, and the exercise: most of its functions are there, whatever the file is called."""
    notes, bound = [str(note) for note in read["notes"]], set(read["bound"])
    share = {
        stem: sum(one.function in bound for one in exam.asked) / len(exam.asked)
        for stem, exam in exams.items()
    }
    best = max(share, key=lambda stem: (share[stem], stem in read["named"], stem == hint))
    if not share[best]:
        best = hint
    if not best:
        notes.append("Which exercise this is, is unclear: it defines nothing that one asks for.")
    elif hint not in ("", best):
        notes.append(f"Its name says {hint}, and it holds {best}: marked as that.")
    return notes, best


# Many files --------------------------------------------------------------------------------------


def _work(answer: object, marker: Marker, path: Path, hint: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (SPACE, SPACE))
    answer.send(marker.mark(path, hint))


def judged(found: list[Found], marker: Marker, jobs: int, say: Callable) -> Iterator[Result]:
    """The result of each file, in their order, as they come."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["kit.course.grader.judge", "kit.branchhull", "kit.nettrim"])
    done = 0

    def run(one: Found) -> Result:
        nonlocal done
        start = time.monotonic()
        result = Result(str(one.path), one.notebook, notes=[one.note])
        if not one.note:
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(theirs, marker, one.path, one.notebook))
            process.start()
            theirs.close()
            result.notes = ["The marking of this file broke off; it earns nothing."]
            with contextlib.suppress(EOFError, OSError):
                if ours.poll(marker.limits.seconds * PATIENCE * 10 + 120):
                    result = ours.recv()
            process.kill()
            process.join()
            ours.close()
        result.seconds = round(time.monotonic() - start, 1)
        done += 1
        say(f"[{done}/{len(found)}] {one.student}, {one.path.name}: {result.seconds:.1f} s")
        return result

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(run, found)


def marker(seed: int, limits: Limits, contained: bool = True) -> Marker:
    """A marker for all exercises there are."""
    return Marker(exams(), kit_shapes(), seed, limits, contained)
