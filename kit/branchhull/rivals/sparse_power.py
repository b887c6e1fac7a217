"""Sparse power factorisation: alternating least squares for sparse h and m of known sparsity.

    minimise  |y - (B h) o (C m)|_2^2    s.t.  |h|_0 <= S1,  |m|_0 <= S2

It knows how many entries are nonzero, and no signs. With M = A*(y) = B' diag(y) C it starts from

    rows     the S1 rows of M whose S2 largest entries have the largest norm
    columns  the S2 columns of M, on these rows, with the largest norm
    m        leading right singular vector of M on these rows and columns

and then alternates, each half step a sparse least squares problem:

    h <- HTP(diag(C m) B, y, S1),    m <- HTP(diag(B h) C, y, S2)      with |h| = |m| restored

Hard thresholding pursuit, HTP(A, y, S), for the columns of A scaled to norm 1:

    T <- the S largest entries of |u + mu A'(y - A u)|
    u <- argmin |y - A u| over u supported on T             until T repeats

with mu = 1 / |A_T|_2^2 for the last T, a safe step on it. Sources: Lee, Wu and Bresler,
arXiv 1312.0525 (the method and its start); Foucart, SIAM J. Numer. Anal. 49 (2011) 2543 (HTP). The
choice of mu and the scaling of columns are this file's own.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.linalg import lstsq

from kit.arguments import whole
from kit.branchhull.data.signals import balance
from kit.branchhull.problem import Bilinear, with_entries
from kit.branchhull.rivals.local import State, race, residual, stalled
from kit.results import Array, Recovered


def thresholded_start(data: Bilinear, S1: int, S2: int) -> tuple[Array, Array]:
    """(h, m) from the leading singular pair of the S1 x S2 part of B' diag(y) C chosen above."""
    M = (data.B * data.y[:, None]).T @ data.C
    best = np.sort(M**2, axis=1)[:, -S2:].sum(axis=1)
    rows = largest(best, S1)
    columns = largest(np.sum(M[rows] ** 2, axis=0), S2)
    U, s, Vt = np.linalg.svd(M[np.ix_(rows, columns)], full_matrices=False)
    h, m = np.zeros(len(M)), np.zeros(len(M[0]))
    h[rows], m[columns] = np.sqrt(s[0]) * U[:, 0], np.sqrt(s[0]) * Vt[0]
    return h, m


def largest(v: Array, count: int) -> Array:
    """The places of the `count` largest entries of |v|, in order."""
    return np.sort(np.argsort(-np.abs(v), kind="stable")[:count])


def pursue(A: Array, y: Array, S: int, *, steps: int = 50) -> Array:
    """HTP: a vector u with at most S nonzero entries and small |y - A u|_2."""
    size = np.linalg.norm(A, axis=0)
    A = A / np.where(size > 0, size, 1.0)
    u, mu, places = np.zeros(len(size)), 1.0, None
    for _ in range(steps):
        last, places = places, largest(u + mu * ((y - A @ u) @ A), S)
        if last is not None and np.array_equal(places, last):
            break
        part = A[:, places]
        u = np.zeros(len(size))
        u[places] = lstsq(part, y, cond=1e-12, lapack_driver="gelsy", check_finite=False)[0]
        mu = 1 / max(np.linalg.norm(part, 2) ** 2, np.finfo(float).tiny)
    return u / np.where(size > 0, size, 1.0)


def sparse_power(data: Bilinear, S1: int, S2: int, *, stall: float = 1e-5) -> Iterator[State]:
    """Yield one state per pair of half steps, until the residual falls by less than its `stall`th.

    The best residual counts: a half step may raise it, since HTP is no exact minimisation.
    """
    h, m = thresholded_start(data, S1, S2)
    best, waited = np.inf, 0
    while waited < 3:
        h = pursue((data.C @ m)[:, None] * data.B, data.y, S1)
        m = pursue((data.B @ h)[:, None] * data.C, data.y, S2)
        h, m = balance(h, m)
        now = residual(data, h, m)
        yield State(h, m, now)
        waited = waited + 1 if stalled(best, now, stall) else 0
        best = min(best, now)


def spf(
    data: Bilinear,
    S1: int,
    S2: int,
    *,
    tol: float = 1e-10,
    max_iter: int = 200,
    callback: Callable[[Any], object] | None = None,
) -> Recovered:
    """Sparse power factorisation from its own start: no random numbers, nothing proved.

    S1, S2    how many entries of h and of m may be nonzero: knowledge the l1 program does without
    tol       the relative residual |y - w o x| / |y| that ends the run
    callback  state -> anything, called at every iteration; a true value stops the run

    The signs only turn the answer round as a whole. The dual is None, lower is -inf and the status
    never SOLVED (see local.py). Raises ValueError for bad arguments.
    """
    with_entries(data)
    _, K, N = data.shape
    for name, S, size in (("S1", S1, K), ("S2", S2, N)):
        if whole(name, S, least=1) > size:
            raise ValueError(f"{name} must be at most {size}, got {S}")
    return race(
        data,
        np.random.default_rng(0),  # not used: one start, and it is not random
        lambda data, _h, _m: sparse_power(data, S1, S2),
        "spf",
        start="spectral",
        starts=1,
        tol=tol,
        max_iter=max_iter,
        callback=callback,
    )
