"""Alternating least squares: for fixed m the problem is linear in h, and the other way round.

    minimise  |y - (B h) o (C m)|_2^2

    h <- argmin |y - diag(C m) B h|_2
    m <- argmin |y - diag(B h) C m|_2

Each half step is a least squares problem, so the misfit never rises; where it stops falling need
not be the global minimum. The scaling is free, and is set to |h| = |m| after each step. Source:
the method is folklore; for blind deconvolution Ayers and Dainty, Optics Letters 13 (1988) 547.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.linalg import lstsq

from kit.branchhull.data.signals import balance
from kit.branchhull.problem import Bilinear
from kit.branchhull.rivals.local import State, race, residual, stalled
from kit.results import Array, Recovered


def alternating(data: Bilinear, h: Array, m: Array, *, stall: float = 1e-5) -> Iterator[State]:
    """Yield one state per pair of half steps, until the residual falls by less than its `stall`th.

    h (K,), m (N,)  the start; only m is used
    """
    before = np.inf
    while True:
        h = _fit((data.C @ m)[:, None] * data.B, data.y)
        m = _fit((data.B @ h)[:, None] * data.C, data.y)
        h, m = balance(h, m)
        now = residual(data, h, m)
        yield State(h, m, now)
        if stalled(before, now, stall):
            return
        before = now


def alternate(
    data: Bilinear,
    rng: np.random.Generator,
    *,
    starts: int = 20,
    start: str = "spectral",
    tol: float = 1e-10,
    max_iter: int = 2000,
    callback: Callable[[Any], object] | None = None,
) -> Recovered:
    """Alternating least squares from several starts; the best one, with nothing proved.

    starts    at most so many: the first is `start` ("spectral", "signs" or "random"), the others
              are random
    tol       the relative residual |y - w o x| / |y| at which a start has won
    max_iter  limit for each start
    callback  state -> anything, called at every iteration; a true value ends the race

    The signs only turn the answer round as a whole, unless start="signs". The dual is None, lower
    is -inf and the status never SOLVED (see local.py). Raises ValueError for bad arguments.
    """
    return race(
        data,
        rng,
        alternating,
        "alternate",
        start=start,
        starts=starts,
        tol=tol,
        max_iter=max_iter,
        callback=callback,
    )


def _fit(A: Array, y: Array) -> Array:
    return lstsq(A, y, cond=1e-12, lapack_driver="gelsy", check_finite=False)[0]
