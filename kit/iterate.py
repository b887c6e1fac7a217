"""The one loop: it counts, times, records, certifies and stops. A method only yields states.

A method is a generator of states, for ever; `itertools.islice(method(problem), 30)` is the
algorithm, and `drive` decides when it is done.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import numpy as np

from kit.results import Certificate, Run, Status


def drive(
    states: Iterator[Any],
    certify: Callable[[Any], Certificate],
    *,
    tol: float,
    max_iter: int,
    every: int = 10,
    near: Callable[[Any], bool] = lambda _: False,
    callback: Callable[[Any], object] | None = None,
) -> tuple[Any, Run]:
    """Run a generator of states until the certified gap is <= tol; return the last state and a Run.

    states    each state is a dataclass; its float fields become curves in Run.history
    certify   state -> Certificate; called at every `every`-th iteration, at the last one, and
              where `near` says so
    near      state -> whether it may be the last
    callback  state -> anything; a true value stops the run (status STOPPED)

    history["gap"] is the last certified gap, inf before the first; history["seconds"] is the clock.
    A state with a number that is not finite ends the run as FAILED, on the last finite state; so
    does a method that ends by itself.
    """
    if not (isinstance(max_iter, int | np.integer) and max_iter >= 1):
        raise ValueError(f"max_iter must be a whole number of at least 1, got {max_iter!r}")
    if not (tol >= 0):
        raise ValueError(f"tol must be a number >= 0, got {tol!r}")
    start = time.perf_counter()
    curves: dict[str, list[float]] = {}
    status, gap, last, k = Status.MAX_ITER, math.inf, None, 0
    names: list[str] = []
    for state in states:
        names = names or _scalars(state)
        values = [getattr(state, name) for name in names]
        if last is not None and not all(map(math.isfinite, values)):
            status = Status.FAILED
            break
        last, k = state, k + 1
        stop = callback is not None and bool(callback(state))
        if k % every == 0 or k == max_iter or stop or near(state):
            gap = certify(state).gap
        now = time.perf_counter() - start
        for name, value in zip((*names, "gap", "seconds"), (*values, gap, now), strict=True):
            curves.setdefault(name, []).append(value)
        if gap <= tol:
            status = Status.SOLVED
        elif stop:
            status = Status.STOPPED
        if status is not Status.MAX_ITER or k == max_iter:
            break
    if status is Status.MAX_ITER and k < max_iter:
        status = Status.FAILED  # the method itself could not go on
    history = {name: np.array(curve) for name, curve in curves.items()}
    return last, Run(status, k, time.perf_counter() - start, history)


def _scalars(state: Any) -> list[str]:
    return [f.name for f in fields(state) if isinstance(getattr(state, f.name), float)]
