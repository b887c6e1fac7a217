"""Descent on the misfit from a start: gradient steps, or Gauss-Newton steps.

    minimise  f(h, m) = |r|_2^2,    r = y - w o x,    w = B h,    x = C m

A step t along (dh, dm), with dw = B dh and dx = C dm, leaves

    r - t a - t^2 b,    a = x o dw + w o dx,    b = dw o dx,

so f along the line is a polynomial of degree 4 in t. Its smallest value is at a root of a cubic:
the line search is exact, and there is no step size to choose. The two directions:

    gradient      dh = B'(x o r),  dm = C'(w o r)      (with |h| = |m|, restored at each step)
    Gauss-Newton  (dh, dm) = the smallest solution of  min |r - a|_2,
                  a least squares problem in K + N unknowns; (h, -m) is a null direction of it

Gauss-Newton from the "signs" start often finds the truth with fewer measurements than the convex
program needs: measured on Gaussian data with K = N = 20, 38 of 40 times at L = 1.25 (K + N), and
always at 1.5, where the convex program has a chance of 2 %. Nothing is proved. From the spectral
start, without signs, it is 14 and 28 of 40. Sources: descent from a
spectral start as in Li, Ling, Strohmer and Wei, arXiv 1606.04933 (without their regulariser); the
exact line search is derived.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy.linalg import lstsq

from kit.arguments import choice
from kit.branchhull.problem import Bilinear
from kit.branchhull.rivals.local import State, race, walk
from kit.results import Array, Recovered

Direction = Callable[[Bilinear, Array, Array, Array], tuple[Array, Array]]  # data, w, x, r


def gradient(data: Bilinear, w: Array, x: Array, r: Array) -> tuple[Array, Array]:
    """Minus half the gradient of |r|^2."""
    return (x * r) @ data.B, (w * r) @ data.C


def gauss_newton(data: Bilinear, w: Array, x: Array, r: Array) -> tuple[Array, Array]:
    """The smallest (dh, dm) that minimises |r - x o (B dh) - w o (C dm)|."""
    J = np.hstack([x[:, None] * data.B, w[:, None] * data.C])
    # cond: the null direction must be seen as one, or the step along it is noise of any size
    step = lstsq(J, r, cond=1e-10, lapack_driver="gelsy", check_finite=False)[0]
    return np.split(step, [data.B.shape[1]])


DIRECTIONS: dict[str, tuple[Direction, float, int]] = {  # direction, stall, iteration limit
    "gradient": (gradient, 1e-6, 20_000),
    "gauss-newton": (gauss_newton, 1e-3, 200),
}


def descent(
    data: Bilinear, h: Array, m: Array, *, direction: Direction, stall: float
) -> Iterator[State]:
    """Yield one state per step, until the residual falls by less than its `stall`th."""

    def along(h: Array, m: Array) -> tuple[Array, Array]:
        w, x = data.B @ h, data.C @ m
        r = data.y - w * x
        dh, dm = direction(data, w, x, r)
        dw, dx = data.B @ dh, data.C @ dm
        t = best_step(r, x * dw + w * dx, dw * dx)
        return h + t * dh, m + t * dm

    return walk(data, h, m, along, stall)


def best_step(r: Array, a: Array, b: Array) -> float:
    """argmin over t of |r - t a - t^2 b|_2^2: the best real root of its derivative, a cubic."""
    derivative = np.array([2 * (b @ b), 3 * (a @ b), a @ a - 2 * (r @ b), -(r @ a)])
    roots = np.roots(derivative)
    steps = np.r_[0.0, roots.real]  # a complex root's real part is tried too, and does no harm
    values = [np.sum((r - t * a - t * t * b) ** 2) for t in steps]
    return float(steps[np.argmin(values)])


def descend(
    data: Bilinear,
    rng: np.random.Generator,
    method: str = "gradient",
    *,
    max_iter: int | None = None,
    **options: Any,
) -> Recovered:
    """Descent from one or several starts; the best one, with nothing proved.

    method    "gradient": steepest descent with exact line search, many cheap steps;
              "gauss-newton": a least squares problem at each step, few of them
    max_iter  limit for each start; None for the method's own: 20,000 and 200
    options   starts, start, tol and callback, as in local.race

    The signs only turn the answer round as a whole, unless start="signs". The dual is None, lower
    is -inf and the status never SOLVED (see local.py). Raises ValueError for bad arguments.
    """
    direction, stall, limit = DIRECTIONS[choice("method", method, DIRECTIONS)]
    states = partial(descent, direction=direction, stall=stall)
    limit = limit if max_iter is None else max_iter
    return race(data, rng, states, f"descend, {method}", max_iter=limit, **options)
