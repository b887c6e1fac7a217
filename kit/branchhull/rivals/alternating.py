"""Alternating least squares: for fixed m the problem is linear in h, and the other way round.

    minimise  |y - (B h) o (C m)|_2^2

    h <- argmin |y - diag(C m) B h|_2
    m <- argmin |y - diag(B h) C m|_2

Each half step is a least squares problem, so the misfit never rises; where it stops falling need
not be the global minimum. The scaling is free, and is set to |h| = |m| after each step. Source:
the method is folklore; for blind deconvolution Ayers and Dainty, Optics Letters 13 (1988) 547.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.linalg import lstsq

from kit.branchhull.problem import Bilinear
from kit.branchhull.rivals.local import State, race, walk
from kit.results import Array, Recovered


def alternating(data: Bilinear, h: Array, m: Array, *, stall: float = 1e-5) -> Iterator[State]:
    """Yield one state per pair of half steps, until the residual falls by less than its `stall`th.

    h (K,), m (N,)  the start; only m is used
    """

    def half_steps(h: Array, m: Array) -> tuple[Array, Array]:
        h = _fit((data.C @ m)[:, None] * data.B, data.y)
        return h, _fit((data.B @ h)[:, None] * data.C, data.y)

    return walk(data, h, m, half_steps, stall)


def alternate(
    data: Bilinear, rng: np.random.Generator, *, starts: int = 20, **options: Any
) -> Recovered:
    """Alternating least squares from several starts; the best one, with nothing proved.

    starts   at most so many: the first is `start`, the others are random
    options  start, tol, max_iter and callback, as in local.race

    The signs only turn the answer round as a whole, unless start="signs". The dual is None, lower
    is -inf and the status never SOLVED (see local.py). Raises ValueError for bad arguments.
    """
    return race(data, rng, alternating, "alternate", starts=starts, **options)


def _fit(A: Array, y: Array) -> Array:
    return lstsq(A, y, cond=1e-12, lapack_driver="gelsy", check_finite=False)[0]
