"""The guess of newton.py for dense B and C: l2, data without noise.

Rows are scaled to norm 1 (see `normalise`), and at most 3 (K + N) of them are used: L does not
matter, the signs are checked on all rows by the certificate.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from kit.branchhull.guess.newton import Equations, State
from kit.branchhull.problem import BranchHull, canonical, normalise
from kit.results import Array

SHARE = 3  # rows a unknown


def guess(problem: BranchHull) -> Iterator[State]:
    """Yield one state per Newton step and a last one with a dual, if any is found."""
    Bt, Ct, d = canonical(problem.data)
    rows = _choose(d, SHARE * (Bt.shape[1] + Ct.shape[1]))
    if not rows.size:
        return
    B, C, d_unit, (zoom, *units) = normalise(Bt[rows], Ct[rows], d[rows])
    short = B.astype(np.float32), C.astype(np.float32)
    squares = tuple(np.einsum("lk,lk->k", A, A) / len(A) for A in short)
    for state in Equations(B, C, d_unit, short, squares).search():
        dual = None
        if state.dual is not None:
            dual = np.zeros((2, d.size))
            dual[:, rows] = state.dual * np.stack(units)
        h, m = zoom * state.h, zoom * state.m
        yield replace(state, h=h, m=m, dual=dual, objective=zoom**2 * state.objective)


def _choose(d: Array, most: int) -> Array:
    """At most so many rows with d > 0, at random, so that no period of the data is met."""
    on = np.flatnonzero(d > 0)
    if on.size > most:
        return np.sort(np.random.default_rng(0).choice(on, most, replace=False))
    return on
