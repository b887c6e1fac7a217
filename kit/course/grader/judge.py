"""Marks for one file, in a process of its own, so that nothing in it can stop the others.

The checks, hidden ones included, run here, on the course's side; only the functions handed in run
in the sandbox, and from there come values, never marks.
"""

import itertools
import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass

from kit.course.checks import LEADS
from kit.course.grader.exam import Exam, shapes
from kit.course.grader.folder import Handed, Mark
from kit.course.grader.sandbox import PATIENCE, Ended, Limits, Sandbox
from kit.course.guard import OWN
from kit.course.practice import Exercise

LARGEST = 200 << 20  # bytes


@dataclass(frozen=True)
class Marker:
    """All that marking needs to know."""

    exams: dict[str, Exam]
    kit: dict[str, str]  # shapes of its functions
    seed: int
    limits: Limits

    def mark(self, one: Handed) -> Handed:
        """Mark a file, whatever is in it."""
        try:
            with one.path.open("rb") as file:
                data = file.read(LARGEST)  # what is longer is no notebook then
            with Sandbox(self.limits, data=data) as box:
                one.notes, one.notebook = self._which(*box.hear(), one.notebook)
        except OSError as problem:
            one.notes = [f"It cannot be read: {problem.strerror}."]
        except (Ended, TypeError, ValueError):
            one.notes = ["Reading this file takes more time or memory than it may."]
        else:
            if exam := self.exams.get(one.notebook):
                one.marks = [self._check(exam, check, data) for check in exam.checks()]
        return one

    def _which(self, notes: list, bound: list, named: list, hint: str) -> tuple[list[str], str]:
        """Notes, and the exercise: most of its functions are there, whatever the file is called."""
        notes, share = [str(note) for note in notes], {}
        for stem, exam in self.exams.items():
            asked = exam.task["checks"].values()
            share[stem] = sum(function in bound for function in asked) / len(asked)
        best = max(share, key=lambda stem: (share[stem], stem in named, stem == hint))
        best = best if share[best] else hint
        if not best:
            notes.append("Which exercise is unclear: it defines nothing that one asks for.")
        elif hint not in ("", best):
            notes.append(f"Its name says {hint}, and it holds {best}: marked as that.")
        return notes, best

    def _check(self, exam: Exam, check: Exercise, data: bytes) -> Mark:
        """The best mark of all versions of a function; the last is likely to be meant."""
        start, best, name = time.monotonic(), None, check.judge.__name__
        for k in itertools.count(1):
            one = Mark(name, check.function, check.points, part=exam.parts[name])
            job = {**exam.task, "check": name, "number": -k}
            with Sandbox(self.limits, data=data, **job) as box:
                try:
                    there, programs, source = box.hear()
                except (Ended, ValueError):
                    one.verdict = "Reading this function takes more time or memory than it may."
                    return best or one
                if not programs:
                    missing = f"No function `{check.function}`."
                    one.verdict = LEADS["nothing yet"] if there else missing
                    return one
                self._judge(one, exam, check, str(source), box)
            best = one if best is None or one.points > best.points else best
            late = time.monotonic() - start > PATIENCE * self.limits.seconds
            if best.points == best.most or k >= programs or late:
                return best

    def _judge(self, one: Mark, exam: Exam, check: Exercise, source: str, answer: Sandbox) -> None:
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


def judged(found: list[Handed], marker: Marker, jobs: int, say: Callable) -> Iterator[Handed]:
    """Each file with its marks, in their order, as they come."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["kit.course.grader.judge", "kit.branchhull", "kit.nettrim"])
    count = itertools.count(1)

    def run(one: Handed) -> Handed:
        start = time.monotonic()
        if not one.notes:
            with ProcessPoolExecutor(1, context) as alone:
                try:
                    one = alone.submit(marker.mark, one).result()
                except Exception:
                    one.notes = ["The marking of this file broke off; it earns nothing."]
        one.seconds = round(time.monotonic() - start, 1)
        say(f"[{next(count)}/{len(found)}] {one.student}, {one.path.name}: {one.seconds:.1f} s")
        return one

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(run, found)
