"""The cheapest feasible point that scaling makes of any (h, m), and what it costs.

In canonical form p = Bt h, q = Ct m + sig xi; F, G are the two halves of the objective. Let p >= 0,
and p, q > 0 on the rows with d > 0. The point (a h, b m) is feasible as soon as a b >= r, where r
is the largest d / (p q); the cheapest such scaling balances the halves, a F = b G, and costs

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


@dataclass(frozen=True, eq=False)
class Side:
    """p' = A x in scaled units, A = Bt', x = h' = 2^-i h / column_h about 1; or q' of Ct' and m."""

    A: Matrix
    x: Array
    v: Array  # p' or q'
    error: Array  # bounds of its errors
    terms: Array  # at least |A| |x|
    unit: float  # 2^i: p is p' 2^i / row_h

    def loss(self, low: Array, on: Array) -> Array:
        """What rounding the entries of x may cost of v, which is `low` on the rows `on`."""
        own = up(0) * U * self.terms[on]
        close = np.flatnonzero(own > WIDE * np.abs(low))
        if close.size and close.size * self.x.size <= AT_ONCE and not is_operator(self.A):
            rows = abs(self.A[np.flatnonzero(on)[close]])
            own[close] = up(self.x.size) * U * (rows @ np.abs(self.x))
        return own


def products(data: Bilinear, h: Array, m: Array, wide: float) -> tuple[Side, Side, Array]:
    """The sides of p' and q', and d'' with p'q' >= d'' where p q >= d: zoom^2 d' / 2^(i + j)."""
    made, sides = data.scaled, []
    factors = zip((made.Bt, made.Ct), (h, m), made.columns, made.sizes, strict=True)
    for A, x, column, size in factors:
        x = x / column
        largest = np.abs(x).max()
        unit = float(2.0 ** np.frexp(largest)[1]) if 0 < largest < math.inf else 1.0
        x = x / unit
        v, error = times(A, x, size, wide)
        terms = error / U if size is None else size * np.linalg.norm(x)
        sides.append(Side(A, x, v, error, terms, unit))
    P, Q = sides
    return P, Q, made.d * (made.zoom / P.unit) * (made.zoom / Q.unit)


def violation(problem: BranchHull, P: Side, Q: Side, d: Array, xi: Array | None) -> float:
    """See certify: what rounding may have done counts as 0. P, Q, d as of `products`."""
    data, p, q = problem.data, P.v + P.error, Q.v + Q.error
    if xi is not None:
        q = q + data.sig * xi * data.scaled.rows[1] / Q.unit
    elif problem.slack:
        q = np.where(p > 0, np.inf, q)
    on = d > 0
    reached = np.sqrt(np.maximum(p[on], 0)) * np.sqrt(np.maximum(q[on], 0)) / np.sqrt(d[on])
    short = max(0.0, 1 - reached.min()) if on.any() else 0.0
    below = -p[~on].min() / max(np.abs(p).max(), np.finfo(float).tiny) if not on.all() else 0.0
    worst = max(short, below)
    return float(worst) if worst > ROUND else 0.0


def repair(
    problem: BranchHull, h: Array, m: Array, wide: float, at: tuple[Side, Side, Array] | None = None
) -> tuple[Array, Array, Array | None, float]:
    """The cheapest feasible (a h, b m, xi), and its value, rounded up; (h, m, xi, inf) if none is.

    xi is the cheapest slack that makes it so, None where the program has none. Rows with d = 0
    where p is negative are first lifted to 0 by the smallest change of h. at are the products of
    (h, m), if they are known. The numbers that come back are rounded, and so p and q are taken a
    little smaller and a b a little larger: they are feasible as they stand.
    """
    P, Q, d = at or products(problem.data, h, m, wide)
    made, on = problem.data.scaled, d > 0
    xi = np.zeros(on.size) if problem.slack else None
    if not on.any():  # then 0 is feasible, and nothing is smaller
        return np.zeros_like(h), np.zeros_like(m), xi, 0.0
    if not on.all() and (P.v - P.error)[~on].min() < 0:
        lifted = _lifted(P, on)
        if lifted is None:
            return h, m, xi, math.inf
        h = lifted * made.columns[0] * P.unit
        P, Q, d = products(problem.data, h, m, wide)
    p, q, d = (P.v - P.error)[on], (Q.v - Q.error)[on], d[on]
    if p.min() <= 0 or not (problem.slack or q.min() > 0):
        return h, m, xi, math.inf
    # the rounding of each entry of a h and of b c m may cost so much of p and q
    low_p, low_q = p - P.loss(p, on), q - (2 if problem.slack else 1) * Q.loss(q, on)
    if low_p.min() > 0 and (problem.slack or low_q.min() > 0):
        p, q = low_p, low_q
    r, moved = 1.0, m
    if problem.slack:
        price = made.rows[1][on] / Q.unit  # of q, in its units of each row
        need, grow = d / p / price, q / price
        c = _best_scale(problem.gamma * np.abs(m).sum() / problem.lam, grow, need)
        moved = c * m
        xi[on] = problem.data.sig[on] * up(0) * np.maximum(0.0, need - c * grow)
    else:
        r = np.max(d / p / q)  # divide before multiplying: p q may underflow
    F, G = problem.halves(h, moved, xi)
    F += _blur(problem, h)
    root = math.sqrt(up(0) * r)
    a, b = (root * math.sqrt(x) / math.sqrt(y) if y > 0 else math.inf for x, y in ((G, F), (F, G)))
    point = h * a, moved * b, None if xi is None else up(0) * xi * b
    if not all(np.isfinite(v).all() for v in point if v is not None):
        return h, m, xi, math.inf
    value = 2 * math.sqrt(F) * math.sqrt(G) * math.sqrt(r)
    value = value**2 / 2 if problem.objective == "l2" else value
    return *point, up(4 * (on.size + h.size + m.size)) * value


def _best_scale(price: float, q: Array, need: Array) -> float:
    """The c >= 0 with the smallest c price + sum max(0, need - c q), need > 0: a corner of it."""
    corners = np.append(np.divide(need, q, out=np.full_like(need, np.inf), where=q > 0), 0.0)
    order = np.argsort(corners)
    # beyond a corner its row costs nothing more; a row with q <= 0 has none, and costs for ever
    slope = price - q.sum() + np.cumsum(np.maximum(np.append(q, 0.0), 0.0)[order])
    best = corners[order[min(int(np.argmax(slope >= 0)), order.size - 1)]]
    return float(best) if np.isfinite(best) and (slope >= 0).any() else 0.0


def _lifted(P: Side, on: Array) -> Array | None:
    """h' moved as little as possible until p >= 0 on the rows with d = 0, where not `on`; or None.

    First to a little more than 0, which holds as it stands. Where that is not to be had, p = 0 up
    to rounding will do. Without a look at the rows there is no such move: p >= 0 holds or not.
    """
    if is_operator(P.A):
        return P.x if P.v[~on].min() >= 0 else None
    rows = dense(P.A[np.flatnonzero(~on)])
    sizes = np.linalg.norm(rows, axis=1)
    for margin in (1e-13, 0.0):
        moved, low = P.x, np.zeros(len(rows), bool)
        for _ in range(5):
            p, error = times(rows, moved, sizes)
            own = 8 * U * (np.abs(rows) @ np.abs(moved))  # the rounding of p's own terms
            if (p >= (error if margin else -own)).all():
                return moved
            wanted = margin * sizes * np.linalg.norm(moved)
            low |= p < wanted + error
            moved = moved + lstsq(rows[low], (wanted - p)[low])[0]
            if not margin:  # an entry that is to be 0 is noise beside the others
                moved[np.abs(moved) < 64 * U * np.abs(moved).max()] = 0.0
    return None


def _blur(problem: BranchHull, h: Array) -> float:
    """What rounding of B h may hide of TV(B h) + mu |B h|_1; 0 for the other objectives."""
    B = problem.data.B
    if problem.objective != "tv" or is_identity(B):
        return 0.0
    return float((4 + problem.mu) * times(B, h, norms(B))[1].sum())
