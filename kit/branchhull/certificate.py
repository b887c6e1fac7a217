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

Infeasible data (Motzkin's theorem of the alternative). There is no feasible point exactly when
there is a ray: al >= 0 with Bt'al = 0 and sum al d > 0, or, without slack, be >= 0 with Ct'be = 0
and sum be d > 0. (With slack q can be anything, and only h can be in trouble.)
"""

import math

import numpy as np
from scipy.linalg import lstsq
from scipy.optimize import linprog

from kit.arguments import instance, real_array
from kit.branchhull.problem import Bilinear, BranchHull, canonical
from kit.branchhull.rows import Matrix, dense, is_dense, is_operator, pull
from kit.branchhull.tv import Dual, certify_tv, is_identity, repair_tv
from kit.branchhull.variation import differences
from kit.results import Array, Certificate

ROUND = 8 * np.finfo(float).eps  # what counts as rounding, relative
RAY = 1e-12  # |Bt'al| below this share of sum al |b| counts as 0 in the proof of infeasibility


def certify(
    problem: BranchHull, h: Array, m: Array, dual: Array | None, xi: Array | None = None
) -> Certificate:
    """Bounds lower <= optimum <= upper from any (h, m) and any dual; needs no solver.

    h (K,), m (N,)  the answer; upper is the value of the feasible point that `repair` makes of it,
                    inf if it can make none
    dual (2, L)     the pair (al, be) in canonical form; negative entries count as 0; None for -inf;
                    for tv a Dual(al, be, w, r) of tv.py
    xi (L,)         the slack, only where the program has one; None: whatever slack (h, m) needs

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
    if problem.objective == "tv":
        return certify_tv(problem, h, m, dual, xi)
    Bt, Ct, d = canonical(problem.data)
    lower = -math.inf if dual is None else _lower(problem, Bt, Ct, d, _pair(dual, L))
    p, q = Bt @ h, Ct @ m
    if xi is not None:
        q = q + _towards(problem.data) * xi
    elif problem.slack:
        q = np.where(p > 0, np.maximum(q, d / np.where(p > 0, p, 1)), q)
    violation = _violation(p, q, d)
    if lower == math.inf:
        return Certificate(math.inf, math.inf, violation)
    *point, feasible = _repair(problem, Bt, Ct, d, h, m, None if problem.slack else (p, q))
    return Certificate(problem.value(*point) if feasible else math.inf, lower, violation)


def repair(problem: BranchHull, h: Array, m: Array) -> tuple[Array, Array, Array | None, bool]:
    """The cheapest feasible (a h, b m, xi), and True; (h, m, xi, False) if there is none.

    xi is the cheapest slack that makes it so, None where the program has none. Rows with d = 0
    where p is slightly negative are first lifted to 0 by the smallest change of h.
    """
    if problem.objective == "tv":
        return repair_tv(problem, np.asarray(h, float), np.asarray(m, float))
    return _repair(problem, *canonical(problem.data), np.asarray(h, float), np.asarray(m, float))


def infeasible_ray(problem: BranchHull) -> tuple[Array, str] | None:
    """A proof that no point is feasible, and the same in words; None if the data are feasible.

    Returns (dual (2, L), sentence), where one row of dual is the ray and the other is 0 (for tv a
    Dual with these two). Solves two linear programs: the largest t <= 1 with Bt h >= t where d > 0
    and Bt h >= 0 where d = 0. With slack there is only the one for h, with B = I not even that.
    Raises ValueError where B or C is a LinearOperator.
    """
    Bt, Ct, d = canonical(instance("problem", problem, BranchHull).data)
    if is_operator(Bt, Ct):
        raise ValueError("problem must show the rows of B and C, and an operator does not")
    on = d > 0
    sides = (
        (Bt, np.ones_like(on), "h gives B h the given signs"),
        (Ct, on, "m gives C m the signs of y signs"),
    )
    for side, (A, rows, what) in enumerate(sides[:1] if problem.slack else sides):
        if side == 0 and is_identity(problem.data.B):
            continue  # h = signs is one
        ray = _ray(dense(A)[rows], on[rows])
        if ray is not None:
            dual = np.zeros((2, d.size))
            dual[side, rows] = ray
            culprits = np.flatnonzero(dual[side])
            listed = ", ".join(map(str, culprits[:10])) + (", ..." if culprits.size > 10 else "")
            if problem.objective == "tv":
                dual = Dual(*dual, 0 * differences(d, problem.shape), 0 * d)
            return dual, f"no {what} at the measurements {listed} (counted from 0)"
    return None


def _violation(p: Array, q: Array, d: Array) -> float:
    on = d > 0
    reached = np.sqrt(np.maximum(p[on], 0)) * np.sqrt(np.maximum(q[on], 0)) / np.sqrt(d[on])
    short = max(0.0, 1 - reached.min()) if on.any() else 0.0
    below = -p[~on].min() / max(np.abs(p).max(), np.finfo(float).tiny) if not on.all() else 0.0
    worst = max(short, below)
    return float(worst) if worst > ROUND else 0.0


def _repair(
    problem: BranchHull,
    Bt: Matrix,
    Ct: Matrix,
    d: Array,
    h: Array,
    m: Array,
    products: tuple[Array, Array] | None = None,
) -> tuple[Array, Array, Array | None, bool]:
    """As `repair`; products are (Bt h, Ct m), where somebody has them already."""
    on = d > 0
    xi = np.zeros(d.size) if problem.slack else None
    if not on.any():  # then 0 is feasible, and nothing is smaller
        return np.zeros_like(h), np.zeros_like(m), xi, True
    if on.all():
        lifted, ok = h, True
        p, q = products or (Bt @ h, Ct @ m)
    else:
        lifted, ok = _lift(Bt, on, h)
        p, q = (Bt @ lifted)[on], (Ct @ m)[on]
    if not ok or p.min() <= 0 or not (problem.slack or q.min() > 0):
        return h, m, xi, False
    if problem.slack:
        c = _best_scale(problem.gamma * np.abs(m).sum() / problem.lam, q, d[on] / p)
        m, r = c * m, 1.0
        xi[on] = (_towards(problem.data)[on]) * np.maximum(0.0, d[on] / p - c * q)
    else:
        r = np.max(d[on] / p / q)  # divide before multiplying: p q may underflow
    if problem.objective == "l2":
        F, G = np.linalg.norm(lifted), np.linalg.norm(m)
    else:
        F = np.abs(lifted).sum()
        G = problem.value(np.zeros_like(h), m, xi)
    a, b = np.sqrt(r * G / F), np.sqrt(r * F / G)
    return lifted * a, m * b, None if xi is None else xi * b, True


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
    """Move h as little as possible until p >= 0 on the rows with d = 0 (up to rounding).

    Without a look at the rows there is no such move, and p >= 0 holds or does not.
    """
    if not is_dense(Bt):
        return h, bool((Bt @ h)[~on].min() >= 0)
    margin = 1e-14 * np.linalg.norm(Bt[~on], axis=1) * np.linalg.norm(h)
    rows = np.zeros(margin.size, bool)
    for _ in range(5):
        p = Bt[~on] @ h
        if (p >= -ROUND * margin / 1e-14).all():
            return h, True
        rows |= p < margin
        h = h + lstsq(Bt[~on][rows], (margin - p)[rows])[0]
    return h, False


def _lower(problem: BranchHull, Bt: Matrix, Ct: Matrix, d: Array, dual: Array) -> float:
    al, be = np.maximum(dual, 0.0) * np.stack([np.ones_like(d), d > 0])  # no q where d = 0
    # only the ratio of rows matters: scale away overflow
    al, be = (v / max(v.max(), np.finfo(float).tiny) for v in (al, be))
    order = 2 if problem.objective == "l2" else np.inf
    pull_h, pull_m = pull(Bt, al), pull(Ct, be)
    sides = zip((al, be), (pull_h, pull_m), problem.data.row_norms, strict=True)
    for v, pulled, sizes in list(sides)[: 1 if problem.slack else 2]:
        if v @ d > 0 and sizes is not None and np.linalg.norm(pulled) <= RAY * (v @ sizes):
            return math.inf
    a, b = np.linalg.norm(pull_h, order), np.linalg.norm(pull_m, order) / problem.gamma
    if problem.slack:
        b = max(b, be.max() / problem.lam)
    S = np.sum(np.sqrt(al) * np.sqrt(be) * np.sqrt(d))
    if S == 0 or a == 0 or b == 0:  # the last two only for operators, where it proves nothing
        return 0.0
    product = (S / a) * (S / b)
    return float(2 * (product if problem.objective == "l2" else np.sqrt(product)))


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
