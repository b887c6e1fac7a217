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

A property may return `Seen(ok, text)` to show a number that the reader computed.

A function is called through a guard, on copies of its arguments: what it raises, a forgotten
`return` and an argument that it overwrites are told as such, with the line in the reader's cell.
A property that cannot even read the answer (too few values, wrong types) does not hold.
"""

import copy
import functools
import inspect
import re
import textwrap
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace

import numpy as np

LEADS = {
    "nothing yet": "Nothing here yet.",
    "type": "Not yet.",
    "shape": "Not yet.",
    "mistake": "Not yet.",
    "nearly": "Nearly.",
    "right": "Right.",
}
EMPTY = "Fill in the cell above, run it, then run this one again."
UNSEEN = "All that this check shows holds; the marking looks at more, and there it does not."


@dataclass(frozen=True)
class Feedback:
    """The verdict on an answer: its kind (a key of LEADS), ok for "right" alone, and a hint.

    share  of the properties that count, how many hold before the first that does not: 0 to 1
    """

    kind: str
    ok: bool
    message: str
    share: float = 0.0

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
    subject = _guarded(answer) if callable(answer) else answer
    listed = [test if isinstance(test, Property) else Property(*test) for test in (*tests, *hidden)]
    total = max(1, sum(test.kind == "mistake" and test.counts for test in listed))
    held = 0
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # what a half-right answer divides by is told in words
        try:
            for k, test in enumerate(listed):
                seen = _unless_unreadable(test.holds, subject)
                if not seen and k >= len(tests):
                    return Feedback("mistake", False, UNSEEN, held / total)
                if not seen:
                    verdict = _verdict(test, getattr(seen, "text", ""), subject, mistakes)
                    return replace(verdict, share=held / total)
                held += test.kind == "mistake" and test.counts
        except _Stop as stop:
            return replace(stop.feedback, share=held / total)
    return Feedback("right", True, f"All {len(tests)} properties hold.", 1.0)


def takes(*names: str) -> Property:
    """The property of being a function that can be called with these arguments."""

    def fits(answer: object) -> bool:
        if not callable(answer):
            return False
        try:
            inspect.signature(answer).bind(*names)
        except ValueError:  # some built-in functions have no signature to look at
            return True
        except TypeError:
            return False
        return True

    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    sentence = f"be a function of {listed}, handed in by its name, without calling it"
    return Property(sentence, fits, kind="type")


def returns(words: str, result: Callable, *shapes: tuple[int, ...]) -> tuple[Property, ...]:
    """Properties for a function: result(f) is one array per shape, of finite real numbers."""
    return _numbers(f"return {words}", "It returned", result, shapes)


def being(words: str, *shapes: tuple[int, ...]) -> tuple[Property, ...]:
    """Properties for a value: one array per shape, of finite real numbers; a number is ()."""
    return _numbers(f"be {words}", "It is", lambda value: value, shapes)


def _numbers(sentence: str, verb: str, result: Callable, shapes: tuple) -> tuple[Property, ...]:
    def parts(answer: object) -> list:
        value = result(answer)
        return [value] if len(shapes) == 1 else list(value)

    def right_type(answer: object) -> Seen:
        value = result(answer)
        found = Seen(False, f"{verb} {_described(value)}.")
        if len(shapes) > 1 and not (
            isinstance(value, tuple | list | np.ndarray) and len(value) == len(shapes)
        ):
            return found
        return Seen(all(_real(part) for part in parts(answer)), found.text)

    def right_shape(answer: object) -> Seen:
        found = [np.shape(part) for part in parts(answer)]
        return Seen(found == [tuple(s) for s in shapes], f"Found shape {_and(found)}.")

    def finite(answer: object) -> Seen:
        bad = sum(np.count_nonzero(~np.isfinite(part)) for part in parts(answer))
        return Seen(bad == 0, f"{bad} of yours are not.")

    return (
        Property(sentence, right_type, kind="type"),
        Property(sentence, right_shape, kind="shape"),
        Property("give finite numbers, no nan and no inf", finite, counts=False),
    )


class _Stop(Exception):
    """Ends the judging with a feedback that no property has to give."""

    def __init__(self, kind: str, message: str) -> None:
        self.feedback = Feedback(kind, False, message)


def _guarded(function: Callable) -> Callable:
    """The reader's function, called on copies; anything odd about the call is a _Stop."""

    @functools.wraps(function, updated=())
    def call(*args: object, **kwargs: object) -> object:
        handed = copy.deepcopy((args, kwargs))
        try:
            result = function(*handed[0], **handed[1])
        except NotImplementedError:
            raise _Stop("nothing yet", EMPTY) from None
        except (Exception, SystemExit) as problem:
            raise _Stop("mistake", _told(problem, function)) from None
        if result is None:
            raise _Stop("type", "Your function gives nothing back: end it with `return ...`.")
        for before, after, name in _with_names(function, args, kwargs, handed):
            if not _same(before, after):
                raise _Stop("mistake", overwritten(name))
        return result

    return call


def overwritten(name: str) -> str:
    """What to say of a function that changes one of its arguments."""
    return (
        f"Your function overwrites its argument {name}, and the caller still needs it: "
        "work on a copy."
    )


def _verdict(test: Property, seen: str, subject: object, mistakes: tuple) -> Feedback:
    if test.kind != "mistake":
        return Feedback(test.kind, False, _joined(f"It should {test.sentence}.", seen))
    for detect, hint in mistakes:
        try:
            found = _unless_unreadable(detect, subject)
        except _Stop:
            continue
        if found:
            return Feedback("mistake", False, _joined(hint, seen))
    if test.nearly:
        return Feedback("nearly", False, _joined(test.nearly, seen))
    return Feedback("mistake", False, _joined(f"It should {test.sentence}.", seen))


def _unless_unreadable(question: Callable, subject: object) -> object:
    """question(subject), or False if the answer is such that the question cannot be asked."""
    try:
        return question(subject)
    except _Stop:
        raise
    except Exception:
        return False


class Told(Exception):
    """What a function did elsewhere, in another process, as one sentence for its author."""


def _told(problem: BaseException, function: Callable) -> str:
    """One sentence on an exception: its type, its message, the line in the cell of `function`."""
    if isinstance(problem, Told):
        return str(problem)
    code = getattr(inspect.unwrap(function), "__code__", None)
    lines = [
        line
        for frame, line in traceback.walk_tb(problem.__traceback__)
        if code is not None and frame.f_code.co_filename == code.co_filename
    ]
    where = f" in line {lines[-1]} of its cell" if lines else ""
    return f"Your function stops{where} with `{named(problem)}`."


def named(problem: BaseException) -> str:
    """Type and message of an exception, short; numpy's on matrix products in plain words."""
    says = str(problem) if problem.args and problem.args[0] is not None else ""
    if "matmul" in says and (sizes := re.search(r"size (\d+) is different from (\d+)", says)):
        says = f"a matrix product of sizes that do not fit, {sizes[2]} and {sizes[1]}"
    text = ": ".join(filter(None, [type(problem).__name__, says]))
    return textwrap.shorten(text.replace("`", "'"), 160)


def _with_names(function: Callable, args: tuple, kwargs: dict, handed: tuple) -> list[tuple]:
    """(as it was, as it is after the call, name) for each argument."""
    try:
        names = list(inspect.signature(function).parameters)
    except ValueError:
        names = []
    names = names[: len(args)] + [f"number {i + 1}" for i in range(len(names), len(args))]
    by_position = list(zip(args, handed[0], names, strict=True))
    return by_position + [(kwargs[name], handed[1][name], name) for name in kwargs]


def same(a: object, b: object, tol: float = 1e-6) -> bool:
    """Whether two arrays agree: |a - b| <= tol max(1, |b|) in the largest entry, shapes equal."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    size = max(1.0, np.abs(b).max(initial=0.0))
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= tol * size))


def _same(a: object, b: object) -> bool:
    """Whether two copies of a thing still hold the same numbers; looks into containers."""
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if is_dataclass(a):
        return all(_same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return True


def _real(value: object) -> bool:
    try:
        return np.asarray(value).dtype.kind in "fiu"
    except ValueError:  # rows of unequal length
        return False


def _described(value: object) -> str:
    """What a value is, in words: never its numbers."""
    if isinstance(value, np.ndarray):
        complex_ = "complex " if value.dtype.kind == "c" else ""
        return f"one {complex_}array of shape {value.shape}"
    if isinstance(value, tuple | list):
        kinds = sorted({type(item).__name__ for item in value})
        return f"a {type(value).__name__} of {len(value)} ({', '.join(kinds)})"
    return "a function" if callable(value) else f"a {type(value).__name__}"


def _and(shapes: list[tuple]) -> str:
    return " and ".join(map(str, shapes))


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
