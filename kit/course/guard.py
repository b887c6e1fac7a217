"""A reader's function, called so that whatever is odd about the call is told in a sentence.

The same guard stands before a function in the notebook and in the grader's sandbox.
"""

import copy
import functools
import inspect
import re
import sys
import textwrap
import traceback
import tracemalloc
from collections.abc import Callable

from kit.course.values import unchanged, values

EMPTY = "Fill in the cell above, run it, then run this one again."
OVERWRITES = (
    "Your function overwrites its argument {}, and the caller still needs it: work on a copy."
)
OWN = "This is the kit's own `{}`; write your own."


class Stop(Exception):
    """Ends the judging with a verdict that no property has to give: its kind and a message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(kind, message)
        self.kind, self.message = kind, message


class Guarded:
    """The function, called on copies of its arguments; its result as plain values.

    Raises Stop for what it raises, for a forgotten `return`, for an argument that it overwrites.
    """

    def __init__(self, function: Callable) -> None:
        self.function = function
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: object, **kwargs: object) -> object:
        handed = copy.deepcopy((args, kwargs))
        try:
            result = self.function(*handed[0], **handed[1])
        except NotImplementedError:
            raise Stop("nothing yet", EMPTY) from None
        except (Exception, SystemExit) as problem:
            raise Stop("mistake", told(problem, self.function)) from None
        if result is None:
            raise Stop("type", "Your function gives nothing back: end it with `return ...`.")
        after = _arguments(self.function, *handed)
        for name, before in _arguments(self.function, args, kwargs).items():
            if not unchanged(before, after[name]):
                raise Stop("mistake", OVERWRITES.format(name))
        return values(result)

    def fits(self, *names: str) -> bool:
        """Whether it can be called with these arguments, as far as Python can tell."""
        try:
            inspect.signature(self.function).bind(*names)
        except ValueError:  # some built-in functions have no signature to look at
            return True
        except TypeError:
            return False
        return True

    def cost(self, *args: object) -> tuple[int, int]:
        """What a call takes: bytes of memory at its peak, and steps of Python's interpreter."""
        tracemalloc.start()
        try:
            self(*args)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        steps, before = 0, sys.gettrace()

        def trace(frame: object, *_: object) -> Callable:
            nonlocal steps
            steps += 1
            frame.f_trace_opcodes = True
            return trace

        copies = copy.deepcopy(args)
        sys.settrace(trace)
        try:
            self.function(*copies)
        finally:
            sys.settrace(before)
        return peak, steps


def owner(function: object) -> str:
    """Where in the kit a function comes from; "" if it is the reader's own."""
    while isinstance(function, functools.partial):
        function = function.func
    module, name = (getattr(function, key, None) for key in ("__module__", "__qualname__"))
    return f"{module}.{name}" if name and str(module).startswith("kit.") else ""


def told(problem: BaseException, function: Callable) -> str:
    """One sentence on an exception: its type, its message, the line in the cell of `function`."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    frames = traceback.walk_tb(problem.__traceback__) if code else ()
    lines = [line for frame, line in frames if frame.f_code.co_filename == code.co_filename]
    where = f" in line {lines[-1]} of its cell" if lines else ""
    return f"Your function stops{where} with `{named(problem)}`."


def named(problem: BaseException) -> str:
    """Type and message of an exception, short; those on shapes and lists explained."""
    try:
        says = str(problem) if problem.args and problem.args[0] is not None else ""
    except Exception:  # a message that cannot be shown
        says = ""
    if "matmul" in says and (sizes := re.search(r"size (\d+) is different from (\d+)", says)):
        says = f"a matrix product of sizes that do not fit, {sizes[2]} and {sizes[1]}"
    if isinstance(problem, TypeError) and re.search(r"'(list|tuple)'|multiply sequence", says):
        says += " (np.asarray makes an array of a list)"
    text = ": ".join(filter(None, [type(problem).__name__, says]))
    return textwrap.shorten(text.replace("`", "'"), 160)


def _arguments(function: Callable, args: tuple, kwargs: dict) -> dict[str, object]:
    """The arguments of a call by name; by number for a function that does not tell its names."""
    try:
        return inspect.signature(function).bind(*args, **kwargs).arguments
    except (ValueError, TypeError):
        return {f"number {k}": argument for k, argument in enumerate(args, 1)} | kwargs
