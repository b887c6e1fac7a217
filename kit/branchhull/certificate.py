"""Proofs about BranchHull that need no solver: a value anyone can reach, a bound nobody can beat.

Canonical form: p = Bt h, q = Ct m, d = |y|, and p q >= d, p >= 0 (problem.canonical).

Upper bound (derived). Let p >= 0, and p, q > 0 on the rows with d > 0. The point (a h, b m) is
feasible as soon as a b >= r = max d / (p q); the cheapest such scaling has a |h| = b |m| and costs

    2 |h| |m| r.

Lower bound (derived). Let al, be >= 0 and S = sum sqrt(al be d). For any feasible (h, m), since
al p + be q >= 2 sqrt(al be p q) >= 2 sqrt(al be d),

    2 S <= sum (al p + be q) = (Bt'al)'h + (Ct'be)'m <= |Bt'al| |h| + |Ct'be| |m|.

This holds for (c al, be / c) too; the best c gives S <= sqrt(|Bt'al| |Ct'be| |h| |m|), and with
|h|^2 + |m|^2 >= 2 |h| |m|

    |h|^2 + |m|^2 >= 2 S^2 / (|Bt'al| |Ct'be|)      for ANY al, be >= 0.

Equality holds at the optimum with 2 h = Bt'al, 2 m = Ct'be.

Infeasible data (Motzkin's theorem of the alternative). There is no feasible point exactly when
there is a ray: al >= 0 with Bt'al = 0 and sum al d > 0, or be >= 0 with Ct'be = 0 and sum be d > 0.
"""

import math

import numpy as np
from scipy.linalg import lstsq
from scipy.optimize import linprog

from kit.arguments import instance, real_array
from kit.branchhull.problem import BranchHull, canonical
from kit.results import Array, Certificate

ROUND = 8 * np.finfo(float).eps  # what counts as rounding, relative
RAY = 1e-12  # |Bt'al| below this share of sum al |b| counts as 0 in the proof of infeasibility


def certify(
    problem: BranchHull, h: Array, m: Array, dual: Array | None, xi: Array | None = None
) -> Certificate:
    """Bounds lower <= optimum <= upper from any (h, m) and any dual; needs no solver.

    h (K,), m (N,)  the answer; upper is the value of the feasible point that `repair` makes of it,
                    inf if it can make none
    dual (2, L)     the pair (al, be) in canonical form; negative entries count as 0; None for -inf
    xi              None: the l2 program has no slack

    violation is that of (h, m) itself: the largest of 1 - sqrt(p+ q+ / d) over the rows with d > 0
    and of -p / max|p| over those with d = 0, between 0 and 1. lower = upper = inf for a dual ray.
    Raises ValueError for shapes that do not match. Source: derived (module docstring).
    """
    instance("problem", problem, BranchHull)
    if xi is not None:
        raise ValueError("xi must be None: the l2 program has no slack")
    L, K, N = problem.data.shape
    h, m = _vector("h", h, K), _vector("m", m, N)
    Bt, Ct, d = canonical(problem.data)
    lower = -math.inf if dual is None else _lower(Bt, Ct, d, _pair(dual, L))
    if lower == math.inf:
        return Certificate(math.inf, math.inf, _violation(Bt @ h, Ct @ m, d))
    h_feasible, m_feasible, feasible = _repair(Bt, Ct, d, h, m)
    upper = problem.value(h_feasible, m_feasible) if feasible else math.inf
    return Certificate(upper, lower, _violation(Bt @ h, Ct @ m, d))


def repair(problem: BranchHull, h: Array, m: Array) -> tuple[Array, Array, bool]:
    """The cheapest feasible multiple (a h, b m), and True; (h, m, False) if there is none.

    Rows with d = 0 where p is slightly negative are first lifted to 0 by the smallest change of h.
    """
    return _repair(*canonical(problem.data), np.asarray(h, float), np.asarray(m, float))


def infeasible_ray(problem: BranchHull) -> tuple[Array, str] | None:
    """A proof that no point is feasible, and the same in words; None if the data are feasible.

    Returns (dual (2, L), sentence), where one row of dual is the ray and the other is 0. Solves two
    linear programs: the largest t <= 1 with Bt h >= t where d > 0 and Bt h >= 0 where d = 0.
    """
    Bt, Ct, d = canonical(instance("problem", problem, BranchHull).data)
    on = d > 0
    for side, (A, rows, what) in enumerate(
        (
            (Bt, np.ones_like(on), "h gives B h the given signs"),
            (Ct, on, "m gives C m the signs of y signs"),
        )
    ):
        ray = _ray(A[rows], on[rows])
        if ray is not None:
            dual = np.zeros((2, d.size))
            dual[side, rows] = ray
            culprits = np.flatnonzero(dual[side])
            listed = ", ".join(map(str, culprits[:10])) + (", ..." if culprits.size > 10 else "")
            return dual, f"no {what} at the measurements {listed} (counted from 0)"
    return None


def _violation(p: Array, q: Array, d: Array) -> float:
    on = d > 0
    reached = np.sqrt(np.maximum(p[on], 0)) * np.sqrt(np.maximum(q[on], 0)) / np.sqrt(d[on])
    short = max(0.0, 1 - reached.min()) if on.any() else 0.0
    below = -p[~on].min() / max(np.abs(p).max(), np.finfo(float).tiny) if not on.all() else 0.0
    worst = max(short, below)
    return float(worst) if worst > ROUND else 0.0


def _repair(Bt: Array, Ct: Array, d: Array, h: Array, m: Array) -> tuple[Array, Array, bool]:
    on = d > 0
    if not on.any():  # then 0 is feasible, and nothing is smaller
        return np.zeros_like(h), np.zeros_like(m), True
    lifted, ok = (h, True) if on.all() else _lift(Bt, on, h)
    p, q = Bt[on] @ lifted, Ct[on] @ m
    if not ok or p.min() <= 0 or q.min() <= 0:
        return h, m, False
    # divide before multiplying: p q may underflow
    r, size_h, size_m = np.max(d[on] / p / q), np.linalg.norm(lifted), np.linalg.norm(m)
    return lifted * np.sqrt(r * size_m / size_h), m * np.sqrt(r * size_h / size_m), True


def _lift(Bt: Array, on: Array, h: Array) -> tuple[Array, bool]:
    """Move h as little as possible until p >= 0 on the rows with d = 0 (up to rounding)."""
    margin = 1e-14 * np.linalg.norm(Bt[~on], axis=1) * np.linalg.norm(h)
    rows = np.zeros(margin.size, bool)
    for _ in range(5):
        p = Bt[~on] @ h
        if (p >= -ROUND * margin / 1e-14).all():
            return h, True
        rows |= p < margin
        h = h + lstsq(Bt[~on][rows], (margin - p)[rows])[0]
    return h, False


def _lower(Bt: Array, Ct: Array, d: Array, dual: Array) -> float:
    al, be = np.maximum(dual, 0.0)
    # only the ratio of rows matters: scale away overflow
    al, be = (v / max(v.max(), np.finfo(float).tiny) for v in (al, be))
    a, b = np.linalg.norm(al @ Bt), np.linalg.norm(be @ Ct)
    for v, A, size in ((al, Bt, a), (be, Ct, b)):
        if v @ d > 0 and size <= RAY * (v @ np.linalg.norm(A, axis=1)):
            return math.inf
    S = np.sum(np.sqrt(al) * np.sqrt(be) * np.sqrt(d))
    return float(2 * (S / a) * (S / b)) if S > 0 else 0.0


def _ray(A: Array, on: Array) -> Array | None:
    """v >= 0 with A'v = 0 and v > 0 somewhere on the rows `on`; None if there is none."""
    if not on.any():
        return None
    size = np.linalg.norm(A, axis=1)
    empty = on & (size == 0)
    if empty.any():
        return empty.astype(float)
    unit = A / np.where(size == 0, 1, size)[:, None]
    n = A.shape[1]
    answer = linprog(
        np.r_[np.zeros(n), -1.0],
        A_ub=np.c_[-unit, on.astype(float)],
        b_ub=np.zeros(len(A)),
        bounds=[(None, None)] * n + [(0, 1)],
        method="highs",
    )
    if answer.status != 0 or -answer.fun > 1e-9:
        return None
    v = np.maximum(-answer.ineqlin.marginals, 0)
    support = v > 1e-9 * v.max()
    # put the ray on the null space to the last bit, on its own support
    basis = unit[support]
    v = v[support] - basis @ lstsq(basis, v[support])[0]
    if v.min() <= 0:
        return None
    ray = np.zeros(len(A))
    ray[support] = v / np.where(size == 0, 1, size)[support]
    return ray


def _vector(name: str, value: Array, length: int) -> Array:
    vector = real_array(name, value, 1)
    if vector.size != length:
        raise ValueError(f"{name} must have {length} entries, got {vector.size}")
    return vector


def _pair(dual: Array, L: int) -> Array:
    pair = real_array("dual", dual, 2)
    if pair.shape != (2, L):
        raise ValueError(f"dual must be the pair (al, be) of shape (2, {L}), got {pair.shape}")
    return pair
