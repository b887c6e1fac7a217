"""Feedback on what a reader hands in: which kind of mistake, in a sentence, and never the answer.

A check lists properties, coarse to fine, and the mistakes that its author has met:

    judge(
        answer,                                              # a function, an array, a number
        takes("p", "q", "d"),                                # is it the right kind of thing?
        *returns("two arrays as long as p", lambda f: f(p, q, d), p.shape, p.shape),
        ("land in the hull", lambda f: ...),                 # "it should land in the hull"
        ("be exact", lambda f: ..., "Good to three digits."),    # all but this: nearly right
        mistakes=((lambda f: ..., "You mirror the point."),),    # tried when a property fails
        hidden=(("be right for d = 0", lambda f: ...),),         # only the marking looks at these
    )

A property may return `Seen(ok, text)` to show a number that the reader computed. One that cannot
even read the answer (too few values, wrong types) does not hold. A function is called through a
guard (guard.py), and what it gives back is read as plain values (values.py).
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from kit.course.guard import EMPTY, OWN, Guarded, Stop, owner
from kit.course.values import described, listed, real, same, values, zeros_like

__all__ = ["Feedback", "Property", "Seen", "judge", "returns", "same", "takes"]

LEADS = {
    "nothing yet": "Nothing here yet.",
    "type": "Not yet.",
    "shape": "Not yet.",
    "mistake": "Not yet.",
    "nearly": "Nearly.",
    "right": "Right.",
}
UNSEEN = "All that this check shows holds; the marking looks at more, and there it does not."


@dataclass(frozen=True)
class Feedback:
    """The verdict on an answer: its kind (a key of LEADS), ok for "right" alone, and a hint.

    share   of the properties that count, how many hold before the first that does not: 0 to 1
    failed  that first property, as a sentence that completes "it should ..."
    """

    kind: str
    ok: bool
    message: str
    share: float = 0.0
    failed: str = ""

    def __repr__(self) -> str:
        return f"{LEADS[self.kind]} {self.message}"

    def _repr_markdown_(self) -> str:
        return f"**{LEADS[self.kind]}** {self.message}"


@dataclass(frozen=True)
class Property:
    """One test; judge also takes the tuple (sentence, holds) or (sentence, holds, nearly).

    sentence  completes "it should ..."
    holds     called with the answer: true, false, or Seen
    nearly    what to say when all before held and this does not; "" for a plain property
    kind      "type" and "shape" come first, and no mistakes are looked for when they fail
    counts    whether partial credit counts it; types, shapes and finite numbers earn nothing
    """

    sentence: str
    holds: Callable[[object], object]
    nearly: str = ""
    kind: str = "mistake"
    counts: bool = True


@dataclass(frozen=True)
class Seen:
    """Whether a property holds, and what was seen: a sentence with a number of the reader's own."""

    ok: bool
    text: str

    def __bool__(self) -> bool:
        return bool(self.ok)


def judge(
    answer: object,
    *tests: Property | tuple,
    mistakes: tuple[tuple[Callable[[object], object], str], ...] = (),
    hidden: tuple[Property | tuple, ...] = (),
) -> Feedback:
    """The first property that fails decides; the first mistake that matches gives the hint.

    mistakes  pairs (detect, hint): detect is called with the answer, after a property has failed
    hidden    properties looked at last, whose failure is told without saying what they are
    An answer still missing is None or `...`, or a function that raises NotImplementedError.
    """
    if answer is None or answer is ...:
        return Feedback("nothing yet", False, EMPTY)
    if own := owner(answer):
        return Feedback("mistake", False, OWN.format(own))
    subject = answer if isinstance(answer, Guarded) else values(answer)
    if callable(answer) and subject is not answer:
        subject = Guarded(answer)
    every = [test if isinstance(test, Property) else Property(*test) for test in (*tests, *hidden)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # what a half-right answer divides by is told in words
        try:
            for k, test in enumerate(every):
                if seen := _unless_unreadable(test.holds, subject):
                    continue
                verdict = Feedback("mistake", False, UNSEEN, failed="what is hidden")
                if k < len(tests):
                    verdict = _verdict(test, getattr(seen, "text", ""), subject, mistakes)
                return replace(verdict, share=_share(every, k, subject))
        except Stop as stop:
            share = _share(every, k, subject)
            return Feedback(stop.kind, False, stop.message, share, failed=test.sentence)
    return Feedback("right", True, f"All {len(tests)} properties hold.", 1.0)


def _share(every: list[Property], k: int, subject: object) -> float:
    """The share of an answer whose property number k is the first that fails.

    A property that zeros of the right shape have as well is free, and earns nothing.
    """

    def zero(*args: object, **kwargs: object) -> object:
        return zeros_like(subject(*args, **kwargs))

    trivial = zero if callable(subject) else zeros_like(subject)
    counted = [test.kind == "mistake" and test.counts for test in every]
    if not any(counted[:k]):
        return 0.0
    for i in np.flatnonzero(counted):
        if i != k:  # that one fails, so it is not free
            counted[i] = not _unless_unreadable(every[i].holds, trivial, passing=())
    return sum(counted[:k]) / max(1, sum(counted))


def takes(*names: str) -> Property:
    """The property of being a function that can be called with these arguments."""

    def fits(answer: object) -> bool:
        return callable(answer) and answer.fits(*names)

    words = listed(filter(None, [", ".join(names[:-1]), names[-1]]))
    sentence = f"be a function of {words}, handed in by its name, without calling it"
    return Property(sentence, fits, kind="type")


def returns(words: str, result: Callable, *shapes: tuple[int, ...]) -> tuple[Property, ...]:
    """Properties for a function: result(f) is one array per shape, of finite real numbers."""

    def parts(answer: object) -> list:
        value = values(result(answer))
        return [value] if len(shapes) == 1 else list(value)

    def right_type(answer: object) -> Seen:
        value = values(result(answer))
        several = isinstance(value, list) or getattr(value, "ndim", 0) > 0
        right = len(shapes) == 1 or (several and len(value) == len(shapes))
        return Seen(right and all(map(real, parts(answer))), f"It returned {described(value)}.")

    def right_shape(answer: object) -> Seen:
        found = [np.shape(part) for part in parts(answer)]
        return Seen(found == [tuple(s) for s in shapes], f"Found shape {listed(found)}.")

    def finite(answer: object) -> Seen:
        bad = sum(np.count_nonzero(~np.isfinite(part)) for part in parts(answer))
        return Seen(bad == 0, f"{bad} of yours are not.")

    return (
        Property(f"return {words}", right_type, kind="type"),
        Property(f"return {words}", right_shape, kind="shape"),
        Property("give finite numbers, no nan and no inf", finite, counts=False),
    )


def _verdict(test: Property, seen: str, subject: object, mistakes: tuple) -> Feedback:
    said = test.nearly or f"It should {test.sentence}."
    kind = test.kind if test.kind != "mistake" or not test.nearly else "nearly"
    if test.kind == "mistake":
        for detect, hint in mistakes:
            if _unless_unreadable(detect, subject, passing=()):
                kind, said = "mistake", hint
                break
    return Feedback(kind, False, " ".join(filter(None, [said, seen])), failed=test.sentence)


def _unless_unreadable(question: Callable, subject: object, passing: tuple = (Stop,)) -> object:
    """question(subject), or False if the answer is such that the question cannot be asked."""
    try:
        return question(subject)
    except passing:
        raise
    except Exception:
        return False
