"""The cheapest feasible point that scaling makes of any (h, m), and what it costs.

In canonical form p = Bt h, q = Ct m + xi; F, G are the two halves of the objective. Let p >= 0, and
p, q > 0 on the rows with d > 0. The point (a h, b m) is feasible as soon as a b >= r, where r is
the largest d / (p q); the cheapest such scaling balances the halves, a F = b G, and costs

    2 F G r  (l2),    2 sqrt(F G r)  (l1).

With slack, p > 0 is enough: c m and xi = max(0, d / p - c Ct m) are feasible for every c >= 0, the
cost G(c) = gamma c |m|_1 + lam |xi|_1 is convex and piecewise linear in c with its corners at the
ratios d / (p Ct m), so the best c is found by sorting them; the balanced point costs
2 sqrt(F G(c)). A xi that is handed over is never needed: this one is at least as cheap.

Everything is computed in the units of scaled.py, with bounds e_p, e_q of the rounding errors of p
and q from kit/rounding.py. r is taken at the lower ends, so (a h, b m) is feasible as rational
numbers. The one exception: on a row with d = 0 p >= 0 is asked up to the rounding of p's own terms,
since p = 0 is often all that is feasible. Source: derived.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lstsq

from kit.branchhull.problem import Bilinear, BranchHull
from kit.branchhull.rows import Matrix, dense, is_operator, norms
from kit.branchhull.tv import is_identity
from kit.results import Array
from kit.rounding import AT_ONCE, WIDE, U, times, up

ROUND = 8 * np.finfo(float).eps  # what counts as rounding, relative


def repair(
    problem: BranchHull, h: Array, m: Array, wide: float = WIDE
) -> tuple[Array, Array, Array | None, bool]:
    """The cheapest feasible (a h, b m, xi), and True; (h, m, xi, False) if there is none.

    xi is the cheapest slack that makes it so, None where the program has none. Rows with d = 0
    where p is slightly negative are first lifted to 0 by the smallest change of h.
    """
    h, m = np.asarray(h, float), np.asarray(m, float)
    *point, value = repaired(problem, h, m, products(problem.data, h, m, wide), wide)
    return *point, value < math.inf


@dataclass(frozen=True, eq=False)
class Products:
    """p' = Bt'h' and q' = Ct'm' in scaled units, with bounds of their errors, and what they reach.

    h' = 2^-i h / column_h and m' = 2^-j m / column_m, with i, j that make h' and m' about 1; then
    p q >= d means p'q' 2^(i + j) >= zoom^2 d'.
    """

    p: Array
    q: Array
    e_p: Array
    e_q: Array
    terms_p: Array  # at least |Bt'| |h'|
    terms_q: Array
    d: Array  # zoom^2 d' / 2^(i + j)
    unit_h: float  # 2^i: p is p' 2^i / row_h
    unit_m: float


def products(data: Bilinear, h: Array, m: Array, wide: float) -> Products:
    made = data.scaled
    (h, unit_h), (m, unit_m) = (_moderate(v / c) for v, c in zip((h, m), made.columns, strict=True))
    sides = zip((made.Bt, made.Ct), (h, m), made.sizes, strict=True)
    (p, e_p), (q, e_q) = (times(A, x, size, wide) for A, x, size in sides)
    d = made.d * (made.zoom / unit_h) * (made.zoom / unit_m)
    terms_p, terms_q = (
        e / U if size is None else size * np.linalg.norm(x)
        for e, size, x in ((e_p, made.sizes[0], h), (e_q, made.sizes[1], m))
    )
    return Products(p, q, e_p, e_q, terms_p, terms_q, d, unit_h, unit_m)


def _moderate(v: Array) -> tuple[Array, float]:
    """v / 2^i and 2^i, with the largest entry of v / 2^i between 1/2 and 1."""
    largest = np.abs(v).max()
    unit = 2.0 ** np.frexp(largest)[1] if 0 < largest < math.inf else 1.0
    return v / unit, float(unit)


def violation(problem: BranchHull, at: Products, xi: Array | None) -> float:
    """See certify: what rounding may have done counts as 0."""
    data, d, p, q = problem.data, at.d, at.p + at.e_p, at.q + at.e_q
    if xi is not None:
        q = q + _towards(data) * xi * data.scaled.rows[1] / at.unit_m
    elif problem.slack:
        q = np.where(p > 0, np.inf, q)
    on = d > 0
    reached = np.sqrt(np.maximum(p[on], 0)) * np.sqrt(np.maximum(q[on], 0)) / np.sqrt(d[on])
    short = max(0.0, 1 - reached.min()) if on.any() else 0.0
    below = -p[~on].min() / max(np.abs(p).max(), np.finfo(float).tiny) if not on.all() else 0.0
    worst = max(short, below)
    return float(worst) if worst > ROUND else 0.0


def repaired(
    problem: BranchHull, h: Array, m: Array, at: Products, wide: float
) -> tuple[Array, Array, Array | None, float]:
    """(a h, b m, xi) as `repair`, and the value that the docstring promises, rounded up, or inf.

    at are the products of (h, m). The value is that of real a and b. The numbers that come back are
    rounded, and so a b is taken a little larger: they are feasible as they stand.
    """
    made, on = problem.data.scaled, at.d > 0
    xi = np.zeros(on.size) if problem.slack else None
    if not on.any():  # then 0 is feasible, and nothing is smaller
        return np.zeros_like(h), np.zeros_like(m), xi, 0.0
    if not on.all() and (at.p - at.e_p)[~on].min() < 0:
        lifted, ok = _lift(made.Bt, on, h / made.columns[0] / at.unit_h)
        if not ok:
            return h, m, xi, math.inf
        h = lifted * made.columns[0] * at.unit_h
        at = products(problem.data, h, m, wide)
    p, q, d = (at.p - at.e_p)[on], (at.q - at.e_q)[on], at.d[on]
    if p.min() <= 0 or not (problem.slack or q.min() > 0):
        return h, m, xi, math.inf
    # the rounding of each entry of a h and of b c m may cost so much of p and q
    low_p = p - _own(made.Bt, h / made.columns[0] / at.unit_h, p, at.terms_p, on)
    low_q = q - (2 if problem.slack else 1) * _own(
        made.Ct, m / made.columns[1] / at.unit_m, q, at.terms_q, on
    )
    if low_p.min() <= 0 or not (problem.slack or low_q.min() > 0):
        low_p, low_q = p, q
    cost, reaches = [], ((p, q), (low_p, low_q))
    for reach_p, reach_q in reaches:  # for the value, then for the point that comes back
        r, moved = 1.0, m
        if problem.slack:
            price = made.rows[1][on] / at.unit_m  # of q, in its units of each row
            need, grow = d / reach_p / price, reach_q / price
            c = _best_scale(problem.gamma * np.abs(m).sum() / problem.lam, grow, need)
            moved = c * m
            xi[on] = _towards(problem.data)[on] * up(0) * np.maximum(0.0, need - c * grow)
        else:
            r = np.max(d / reach_p / reach_q)  # divide before multiplying: p q may underflow
        F, G = problem.halves(h, moved, xi)
        F += _blur(problem, h)
        cost.append(2 * math.sqrt(F) * math.sqrt(G) * math.sqrt(r))
    root = math.sqrt(up(0) * r)
    a, b = (root * math.sqrt(x) / math.sqrt(y) if y > 0 else math.inf for x, y in ((G, F), (F, G)))
    point = h * a, moved * b, None if xi is None else up(0) * xi * b
    if not all(np.isfinite(v).all() for v in point if v is not None):
        return h, m, xi, math.inf
    value = cost[0] ** 2 / 2 if problem.objective == "l2" else cost[0]
    return *point, up(4 * (on.size + h.size + m.size)) * value


def _own(A: Matrix, x: Array, v: Array, terms: Array, on: Array) -> Array:
    """How far A x, v on the rows `on`, moves at most when the entries of x are rounded."""
    own = up(0) * U * terms[on]
    close = np.flatnonzero(own > WIDE * np.abs(v))
    if close.size and close.size * x.size <= AT_ONCE and not is_operator(A):
        own[close] = up(x.size) * U * (abs(A[np.flatnonzero(on)[close]]) @ np.abs(x))
    return own


def _best_scale(price: float, q: Array, need: Array) -> float:
    """The c >= 0 with the smallest c price + sum max(0, need - c q), need > 0: a corner of it."""
    corners = np.append(np.divide(need, q, out=np.full_like(need, np.inf), where=q > 0), 0.0)
    order = np.argsort(corners)
    # beyond a corner its row costs nothing more; a row with q <= 0 has none, and costs for ever
    slope = price - q.sum() + np.cumsum(np.maximum(np.append(q, 0.0), 0.0)[order])
    best = corners[order[min(int(np.argmax(slope >= 0)), order.size - 1)]]
    return float(best) if np.isfinite(best) and (slope >= 0).any() else 0.0


def _towards(data: Bilinear) -> Array:
    """sign(y) signs (L,): a slack xi of this sign moves q up; 0 where y = 0."""
    return np.sign(data.y) * data.signs


def _lift(Bt: Matrix, on: Array, h: Array) -> tuple[Array, bool]:
    """Move h as little as possible until p >= 0 on the rows with d = 0.

    First to a little more than 0, which holds as it stands. Where that is not to be had, p = 0 up
    to rounding will do. Without a look at the rows there is no such move: p >= 0 holds or not.
    """
    if is_operator(Bt):
        return h, bool((Bt @ h)[~on].min() >= 0)
    rows = dense(Bt[np.flatnonzero(~on)])
    sizes = np.linalg.norm(rows, axis=1)
    for margin in (1e-13, 0.0):
        moved, low = h, np.zeros(len(rows), bool)
        for _ in range(5):
            p, error = times(rows, moved, sizes)
            own = 8 * U * (np.abs(rows) @ np.abs(moved))  # the rounding of p's own terms
            if (p >= (error if margin else -own)).all():
                return moved, True
            wanted = margin * sizes * np.linalg.norm(moved)
            low |= p < wanted + error
            moved = moved + lstsq(rows[low], (wanted - p)[low])[0]
            if not margin:  # an entry that is to be 0 is noise beside the others
                moved[np.abs(moved) < 64 * U * np.abs(moved).max()] = 0.0
    return h, False


def _blur(problem: BranchHull, h: Array) -> float:
    """What rounding of B h may hide of TV(B h) + mu |B h|_1; 0 for the other objectives."""
    B = problem.data.B
    if problem.objective != "tv" or is_identity(B):
        return 0.0
    return float((4 + problem.mu) * times(B, h, norms(B))[1].sum())
