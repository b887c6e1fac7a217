"""Proofs about BranchHull that need no solver: a value anyone can reach, a bound nobody can beat.

Canonical form: p = Bt h, q = Ct m + xi, d = |y|, and p q >= d, p >= 0 (problem.canonical). Write
F, G for the two halves of the objective, |h| and |m| for l2, |h|_1 and gamma |m|_1 + lam |xi|_1 for
l1: the program is the minimum of F^2 + G^2 (l2) or F + G (l1), and both halves scale.

Upper bound (derived). Let p >= 0, and p, q > 0 on the rows with d > 0. The point (a h, b m) is
feasible as soon as a b >= r = max d / (p q); the cheapest such scaling balances the halves,
a F = b G, and costs

    2 F G r  (l2),    2 sqrt(F G r)  (l1).

With slack, p > 0 is enough: c m and xi = max(0, d / p - c Ct m) are feasible for every c >= 0, the
cost G(c) = gamma c |m|_1 + lam |xi|_1 is convex and piecewise linear in c with its corners at the
ratios d / (p Ct m), so the best c is found by sorting them; the balanced point costs
2 sqrt(F G(c)). A xi that is handed over is never needed: this one is at least as cheap.

Lower bound (derived). Let al, be >= 0 and S = sum sqrt(al be d). For any feasible (h, m, xi), since
al p + be q >= 2 sqrt(al be p q) >= 2 sqrt(al be d),

    2 S <= sum (al p + be q) = (Bt'al)'h + (Ct'be)'m + be'xi <= a F + b G,

where  a = |Bt'al|_2,    b = |Ct'be|_2                                                (l2)
       a = |Bt'al|_inf,  b = |Ct'be|_inf / gamma                                      (l1)
                         b = max(|Ct'be|_inf / gamma, |be|_inf / lam)                 (with slack).

This holds for (c al, be / c) too; the best c gives S <= sqrt(a b F G), and so for ANY al, be >= 0

    F^2 + G^2 >= 2 F G >= 2 S^2 / (a b)  (l2),    F + G >= 2 sqrt(F G) >= 2 S / sqrt(a b)  (l1).

Equality holds at the optimum with 2 h = Bt'al, 2 m = Ct'be (l2); for l1 with Bt'al and
Ct'be / gamma at most 1 in size, and equal to the signs of h and m where these are not 0.

Rounding. Everything is computed in the scaled units of problem.Scaled, powers of two, with bounds
 of its rounding errors from kit/rounding.py, p -+ e_p, q -+ e_q and |Bt'al| + e: r is taken
at the lower ends of p and q, so (a h, b m) is feasible as rational numbers; a and b at their
upper ends, S at its lower. So lower <= optimum <= upper holds in exact arithmetic for the numbers
that were handed over (an operator's products are believed). The one exception: on a row with d = 0
p >= 0 is asked up to the rounding of p's own terms, since p = 0 is often all that is feasible.

Infeasible data (Motzkin's theorem of the alternative). There is no feasible point exactly when
there is a ray: al >= 0 with Bt'al = 0 and sum al d > 0, or, without slack, be >= 0 with Ct'be = 0
and sum be d > 0. (With slack q can be anything, and only h can be in trouble.) Floating-point
numbers solve Bt'al = 0 only up to rounding: a ray is accepted when every entry of Bt'al is below
RAY of the sum of its own terms, computed without error. So it proves that data which differ from
the given ones by so little in each entry of B, relatively, are infeasible.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lstsq
from scipy.optimize import linprog
from scipy.sparse import csr_array, hstack

from kit.arguments import instance, real_array
from kit.branchhull.problem import Bilinear, BranchHull
from kit.branchhull.rows import Matrix, dense, is_operator, row_norms
from kit.branchhull.tv import Dual, check_dual, is_identity, steepness
from kit.branchhull.variation import differences
from kit.results import Array, Certificate
from kit.rounding import AT_ONCE, WIDE, U, exact, pulled, times, up

ROUND = 8 * np.finfo(float).eps  # what counts as rounding, relative
RAY = 16 * U  # |Bt'al| below this share of its own terms, entry by entry, counts as 0


def certify(
    problem: BranchHull,
    h: Array,
    m: Array,
    dual: Array | None,
    xi: Array | None = None,
    *,
    wide: float = WIDE,
) -> Certificate:
    """Bounds lower <= optimum <= upper from any (h, m) and any dual; needs no solver.

    h (K,), m (N,)  the answer; upper is the value of the feasible point that `repair` makes of it,
                    inf if it can make none
    dual (2, L)     the pair (al, be) in canonical form; negative entries count as 0; None for -inf;
                    for tv a Dual(al, be, w, r) of tv.py
    xi (L,)         the slack, only where the program has one; None: whatever slack (h, m) needs
    wide            rounding may widen the bounds by about this share; less costs time

    violation is that of (h, m, xi) itself: the largest of 1 - sqrt(p+ q+ / d) over the rows with
    d > 0 and of -p / max|p| over those with d = 0, between 0 and 1. lower = upper = inf for a dual
    ray. Raises ValueError for shapes that do not match and for a xi that the program does not have.
    Source: derived (module docstring).
    """
    instance("problem", problem, BranchHull)
    L, K, N = problem.data.shape
    h, m = _vector("h", h, K), _vector("m", m, N)
    if xi is not None:
        if not problem.slack:
            raise ValueError("xi must be None: the program has no slack (lam is None)")
        xi = _vector("xi", xi, L)
    lower = -math.inf if dual is None else _lower(problem, dual, wide)
    at = _products(problem.data, h, m, wide)
    violation = _violation(problem, at, xi)
    if lower == math.inf:
        return Certificate(math.inf, math.inf, violation)
    *_, upper = _repair(problem, h, m, at, wide)
    return Certificate(upper, lower, violation)


def repair(
    problem: BranchHull, h: Array, m: Array, wide: float = WIDE
) -> tuple[Array, Array, Array | None, bool]:
    """The cheapest feasible (a h, b m, xi), and True; (h, m, xi, False) if there is none.

    xi is the cheapest slack that makes it so, None where the program has none. Rows with d = 0
    where p is slightly negative are first lifted to 0 by the smallest change of h.
    """
    h, m = np.asarray(h, float), np.asarray(m, float)
    *point, value = _repair(problem, h, m, _products(problem.data, h, m, wide), wide)
    return *point, value < math.inf


def infeasible_ray(problem: BranchHull) -> tuple[Array, str] | None:
    """A proof that no point is feasible, and the same in words; None if the data are feasible.

    Returns (dual (2, L), sentence), where one row of dual is the ray and the other is 0 (for tv a
    Dual with these two). Solves two linear programs: the largest t <= 1 with Bt h >= t where d > 0
    and Bt h >= 0 where d = 0. With slack there is only the one for h, with B = I not even that.
    Raises ValueError where B or C is a LinearOperator.
    """
    data = instance("problem", problem, BranchHull).data
    made, on = data.scaled, data.y != 0
    if is_operator(made.Bt, made.Ct):
        raise ValueError("problem must show the rows of B and C, and an operator does not")
    sides = (
        (made.Bt, np.ones_like(on), "h gives B h the given signs"),
        (made.Ct, on, "m gives C m the signs of y signs"),
    )
    for side, (A, rows, what) in enumerate(sides[:1] if problem.slack else sides):
        if side == 0 and is_identity(data.B):
            continue  # h = signs is one
        ray = _ray(A[np.flatnonzero(rows)], on[rows])
        if ray is None:
            continue
        dual = np.zeros((2, on.size))
        dual[side, rows] = ray
        if not proves_empty(problem, *dual):
            continue
        culprits = np.flatnonzero(dual[side])
        listed = ", ".join(map(str, culprits[:10])) + (", ..." if culprits.size > 10 else "")
        dual[side] *= made.rows[side]
        if problem.objective == "tv":
            dual = Dual(*dual, 0 * differences(data.y, problem.shape), 0 * data.y)
        return dual, f"no {what} at the measurements {listed} (counted from 0)"
    return None


@dataclass(frozen=True, eq=False)
class _Products:
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


def _products(data: Bilinear, h: Array, m: Array, wide: float) -> _Products:
    made = data.scaled
    (h, unit_h), (m, unit_m) = (_moderate(v / c) for v, c in zip((h, m), made.columns, strict=True))
    sides = zip((made.Bt, made.Ct), (h, m), made.sizes, strict=True)
    (p, e_p), (q, e_q) = (times(A, x, size, wide) for A, x, size in sides)
    d = made.d * (made.zoom / unit_h) * (made.zoom / unit_m)
    terms_p, terms_q = (
        e / U if size is None else size * np.linalg.norm(x)
        for e, size, x in ((e_p, made.sizes[0], h), (e_q, made.sizes[1], m))
    )
    return _Products(p, q, e_p, e_q, terms_p, terms_q, d, unit_h, unit_m)


def _moderate(v: Array) -> tuple[Array, float]:
    """v / 2^i and 2^i, with the largest entry of v / 2^i between 1/2 and 1."""
    largest = np.abs(v).max()
    unit = 2.0 ** np.frexp(largest)[1] if 0 < largest < math.inf else 1.0
    return v / unit, float(unit)


def _violation(problem: BranchHull, at: _Products, xi: Array | None) -> float:
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


def _repair(
    problem: BranchHull, h: Array, m: Array, at: _Products, wide: float
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
        at = _products(problem.data, h, m, wide)
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
    return float((4 + problem.mu) * times(B, h, row_norms(B))[1].sum())


def _lower(problem: BranchHull, dual: Array | Dual, wide: float) -> float:
    """The bound of the module docstring, or of tv.py, at what rounding leaves of it."""
    made, tv = problem.data.scaled, problem.objective == "tv"
    if tv:
        check_dual(instance("dual", dual, Dual), problem)
    given = (dual.al, dual.be) if tv else _pair(dual, problem.data.y.size)
    al, be = _scaled_dual(problem.data, *given)
    if proves_empty(problem, al, be):
        return math.inf
    order = 2 if problem.objective == "l2" else np.inf
    if tv:
        al, a = steepness(problem, dual)  # in units of their own
        al = al / made.rows[0]
    else:
        a = pulled(made.Bt, al, made.sizes[0], made.columns[0], order, wide)[1]
    b = pulled(made.Ct, be, made.sizes[1], made.columns[1], order, wide)[1] / problem.gamma
    if problem.slack:
        b = max(b, (be * made.rows[1]).max() / problem.lam)
    # numpy adds in pairs: fewer than 64 roundings touch a term
    S = made.zoom * np.sum(np.sqrt(al) * np.sqrt(be) * np.sqrt(made.d))
    if S == 0 or a == 0 or b == 0:  # the last two only for operators, where it proves nothing
        return 0.0
    if problem.objective == "l2":
        return float(2 * (S / a) * (S / b) / up(200))
    return float(2 * math.sqrt(S / a) * math.sqrt(S / b) / up(200))


def _scaled_dual(data: Bilinear, al: Array, be: Array) -> tuple[Array, Array]:
    """(al', be'), not negative, in units of their own; no q, and so no be, where d = 0."""
    sides = []
    for v, row in zip((al, np.where(data.y == 0, 0.0, be)), data.scaled.rows, strict=True):
        exponents = np.frexp(v)[1] - np.log2(row)
        positive = v > 0
        top = exponents[positive].max() if positive.any() else 0
        shifted = np.maximum(exponents - top, -1000).astype(int)
        sides.append(np.where(positive, np.ldexp(np.frexp(v)[0], shifted), 0.0))
    return tuple(sides)


def proves_empty(problem: BranchHull, al: Array, be: Array) -> bool:
    """Whether al' or be' (in scaled units, at most 1) is a ray: see the module docstring."""
    made = problem.data.scaled
    sides = list(zip((made.Bt, made.Ct), (al, be), made.sizes, strict=True))
    for A, v, size in sides[: 1 if problem.slack else 2]:
        if size is None or not (v > 0)[made.d > 0].any():
            continue
        on = np.flatnonzero(v)
        if np.abs(A[on].T @ v[on]).max() > 1e-9 * (v[on] @ size[on]):
            continue
        terms = dense(A[on]).T
        if (np.abs(exact(terms, v[on])) <= RAY * (np.abs(terms) @ v[on])).all():
            return True
    return False


def _ray(A: Matrix, on: Array) -> Array | None:
    """v >= 0 with A'v = 0 and v > 0 somewhere on the rows `on`; None if none is found.

    A has rows of norm about 1. The largest t <= 1 with A h >= t on `on` and A h >= 0 elsewhere is 0
    or 1, for h can be scaled; if it is 0, the multipliers of the rows are the ray.
    """
    if not on.any():
        return None
    empty = on & (row_norms(A) == 0)
    if empty.any():
        return empty.astype(float)
    n = A.shape[1]
    answer = linprog(
        np.r_[np.zeros(n), -1.0],
        A_ub=hstack([-csr_array(A), csr_array(on.astype(float)[:, None])]),
        b_ub=np.zeros(A.shape[0]),
        bounds=[(None, None)] * n + [(0, 1)],
        method="highs",
    )
    if answer.status != 0 or -answer.fun > 1e-9:
        return None
    v = np.maximum(-answer.ineqlin.marginals, 0)
    support = np.flatnonzero(v > 1e-9 * v.max())
    # put the ray on the null space to the last bit, on its own support
    basis, v = dense(A[support]).T, v[support]
    for _ in range(3):
        v = v - lstsq(basis, exact(basis, v), cond=1e-12)[0]
    if not v.size or v.min() <= 0:
        return None
    ray = np.zeros(A.shape[0])
    ray[support] = v
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
