"""Proofs about the image program that need no solver: a value anyone can reach, a bound, a trap.

    minimise    TV(B h) + mu |B h|_1 + gamma |m|_1 + lam |xi|_1
    subject to  s_l (b_l'h)(c_l'm + xi_l) >= |y_l|,    t_l b_l'h >= 0

TV(v) = |D v|_1 as in variation.py; mu = 0 is the program of arXiv 1809.08359, the rest derived.

Canonical form (problem.canonical): p = Bt h >= 0, q = Ct m, d = |y|, and sig xi >= 0 helps q, with
sig = s t: p (q + sig xi) >= d. On the rows with d = 0 the slack is 0.

Scale. If (h, m, xi) is feasible, so is (c h, m / c, xi / c). With F = TV(B h) + mu |B h|_1 and
G = gamma |m|_1 + lam |xi|_1 the best c gives 2 sqrt(F G), so F = G at an optimum.

Upper bound (derived). From any (h, m) with p > 0 where d > 0 and p >= 0 elsewhere: with slack take
sig xi = max(0, d/p - q); without, multiply by max d / (p q), if q > 0. Then balance.

Lower bound (derived). Take al, be >= 0 and any w, r with B'D'w + Bt'r = Bt'al. For feasible points

    2 sum sqrt(al be d) <= al'p + be'(q + sig xi) = w'D B h + r'p + (Ct'be)'m + be'(sig xi)
                        <= theta_h F + theta_m G,
    theta_h = max(|w|_inf, max r / mu),    theta_m = max(|Ct'be|_inf / gamma, |be|_inf / lam),

because p = |B h| entry by entry. The scaling (c al, be / c) makes it, with S = sum sqrt(al be d),

    TV(B h) + mu |B h|_1 + gamma |m|_1 + lam |xi|_1  >=  2 S / sqrt(theta_h theta_m).

If the signs are mixed, then also r'p <= (sum r+) max p <= (sum r+) TV(B h), since on a path from a
pixel to one of the other sign the image passes 0; so theta_h = |w|_inf + sum r+ serves as well, for
mu = 0 too. With equal signs and mu = 0 the bound is 0 unless r <= 0, and mostly rightly so (below).
If B = I, r = al - t o D'w repairs any dual; for other B of full column rank r gains
Bt (Bt'Bt)^-1 (residual); with mu = 0, r = 0 and w gains the same with D B in place of Bt.

The program as published has mu = 0, and is degenerate (derived): if B holds the constant image, all
signs with d > 0 agree, and C (or a slack) can reach q > 0, then F = 0 at that image, the value is
G / c for every c > 0, and no point attains the infimum 0. For mu > 0 a minimiser exists.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lstsq
from scipy.optimize import linprog
from scipy.sparse import issparse
from scipy.sparse.linalg import LinearOperator

from kit.arguments import instance, real_array
from kit.branchhull.problem import BranchHull, canonical
from kit.branchhull.rows import dense, is_operator
from kit.branchhull.variation import adjoint, differences
from kit.results import Array, Certificate

ROUND = 8 * np.finfo(float).eps  # what counts as rounding, relative
RAY = 1e-12  # Ct'be below this share of its terms counts as 0 in a proof of infeasibility


@dataclass(frozen=True, eq=False)
class Dual:
    """What proves a lower bound for the image program; only the ratio of sizes matters."""

    al: Array  # (L,) >= 0, weights of p
    be: Array  # (L,) >= 0, weights of q
    w: Array  # (p (q - 1) + (p - 1) q,): weights of the differences
    r: Array  # (L,): weights of |B h|

    def __post_init__(self) -> None:
        for name in ("al", "be", "w", "r"):
            value = getattr(self, name)
            if (
                name == "w" and isinstance(value, np.ndarray) and not value.size
            ):  # one pixel has no differences
                value = np.zeros(0)  # one pixel has no differences
            else:
                value = real_array(name, value, 1)
            object.__setattr__(self, name, value)


def certify_tv(
    problem: BranchHull, h: Array, m: Array, dual: Dual | None, xi: Array | None = None
) -> Certificate:
    """Bounds lower <= optimum <= upper from any (h, m, xi) and any Dual, by the module's formulas.

    violation is that of (h, m, xi) itself, xi None meaning the slack that (h, m) needs: the largest
    of 1 - sqrt(p+ (q + sig xi)+ / d) over the rows with d > 0 and of -p / max |p| where d = 0.
    """
    t, sig, Bt, Ct, d = parts(problem)
    if is_operator(Bt, Ct):
        raise ValueError("problem must show the rows of B and C, and an operator does not")
    if dual is not None:
        _check(instance("dual", dual, Dual), problem)
    p, q = Bt @ h, Ct @ m
    if xi is not None:
        reach = q + sig * xi
    else:
        reach = np.maximum(q, d / np.where(p > 0, p, np.inf)) if problem.slack else q
    h, m, xi, feasible = repair_tv(problem, h, m)
    upper = problem.value(h, m, xi) if feasible else math.inf
    lower = -math.inf if dual is None else _lower(problem, (t, Bt, Ct, d), dual)
    return Certificate(math.inf if lower == math.inf else upper, lower, _violation(p, reach, d))


def repair_tv(problem: BranchHull, h: Array, m: Array) -> tuple[Array, Array, Array | None, bool]:
    """The balanced feasible point (h, m, xi) made from (h, m), and True; False if there is none.

    Rows with d = 0 where p < 0 are set to 0 if B = I. Everything is 0 if all d are 0.
    """
    t, sig, Bt, Ct, d = parts(problem)
    on, slack = d > 0, problem.lam is not None
    if not on.any():
        return 0 * h, 0 * m, 0 * d if slack else None, True
    if is_identity(problem.data.B):
        h = np.where(~on & (t * h < 0), 0.0, h)
    p, q = Bt @ h, Ct @ m
    below = p[~on].min(initial=0.0) < -ROUND * np.abs(p).max()
    if below or p[on].min() <= 0 or not (slack or q[on].min() > 0):
        return h, m, np.zeros_like(d) if slack else None, False
    if slack:
        xi = np.zeros_like(d)
        xi[on] = sig[on] * np.maximum(0.0, d[on] / p[on] - q[on])
    else:
        xi, m = None, m * np.max(d[on] / p[on] / q[on])
    F, G = problem.halves(h, m, xi)
    c = math.sqrt(G / F) if F > 0 and G > 0 else 1.0
    return c * h, m / c, None if xi is None else xi / c, True


def unattained(problem: BranchHull) -> tuple[Array, Array, Array | None, str] | None:
    """The feasible (h, m, xi) with P h = 0 that makes the infimum 0, and the proof; None if none.

    Only for mu = 0 and d > 0 somewhere. h is the constant image: D B h = 0 has no other h to offer
    (for B of full column rank), and it is feasible where all signs agree on the rows with d > 0.
    """
    t, sig, Bt, Ct, d = parts(problem)
    on = d > 0
    if problem.mu > 0 or not on.any() or np.ptp(t) > 0 or is_operator(Bt, Ct):
        return None
    if is_identity(problem.data.B):
        h = t.copy()
    else:
        h = lstsq(dense(problem.data.B), t)[0]
        if np.abs(Bt @ h - 1).max() > 1e-9:
            return None
    m, xi = np.zeros(Ct.shape[1]), None
    if problem.lam is not None:
        xi = sig * d
    else:
        m = _positive(dense(Ct)[on])
        if m is None:
            return None
        m = m * np.max(d[on] / (Ct[on] @ m))
    size = problem.value(h, m, xi)
    return (
        h,
        m,
        xi,
        f"The constant image is feasible and has TV 0. Made c times as bright, with m (and xi) "
        f"divided by c, it stays feasible and costs {size:.3g} / c: the infimum is 0. No point "
        f"attains it, since y is not 0 and so m (or xi) is not. With mu > 0 a minimiser exists.",
    )


def parts(problem: BranchHull) -> tuple[Array, Array, object, Array, Array]:
    """(t, sig, Bt, Ct, d): the signs of B h, the signs of the slack, and the canonical data."""
    data = problem.data
    return data.signs, data.signs * np.sign(data.y), *canonical(data)


def is_identity(B: object) -> bool:
    """Is B the identity, dense or scipy sparse? Then h is the image itself."""
    if B.shape[0] != B.shape[1] or isinstance(B, LinearOperator):
        return False
    entries = B.count_nonzero() if issparse(B) else np.count_nonzero(B)
    return entries == B.shape[0] and bool(np.all(B.diagonal() == 1))


def _check(dual: Dual, problem: BranchHull) -> None:
    L, (p, q) = problem.data.y.size, problem.shape
    for name, size in (("al", L), ("be", L), ("w", p * (q - 1) + (p - 1) * q), ("r", L)):
        found = getattr(dual, name).size
        if found != size:
            raise ValueError(f"dual.{name} must have {size} entries, got {found}")


def _violation(p: Array, q: Array, d: Array) -> float:
    on = d > 0
    reached = np.sqrt(np.maximum(p[on], 0)) * np.sqrt(np.maximum(q[on], 0)) / np.sqrt(d[on])
    short = 1 - reached.min(initial=1.0)
    below = -p[~on].min(initial=0.0) / max(np.abs(p).max(), np.finfo(float).tiny)
    worst = max(short, below)
    return float(worst) if worst > ROUND else 0.0


def _lower(problem: BranchHull, canon: tuple[Array, object, Array, Array], dual: Dual) -> float:
    t, Bt, Ct, d = canon
    on, mu, w = d > 0, problem.mu, dual.w
    al, be = np.maximum(dual.al, 0.0), np.where(on, np.maximum(dual.be, 0.0), 0.0)
    pull = t * adjoint(w, problem.shape)  # B'D'w = Bt'pull
    if is_identity(problem.data.B):
        r = al - pull
    elif mu > 0:
        r = _moved(dense(Bt), Bt.T @ (al - pull), dual.r)
    else:
        r, w = 0 * al, _moved(differences(dense(problem.data.B), problem.shape), Bt.T @ al, w)
    if r is None or w is None:
        return 0.0
    beta = np.abs(be @ Ct).max() / problem.gamma
    if problem.lam is not None:
        beta = max(beta, be.max() / problem.lam)
    elif be @ d > 0 and beta <= RAY * (be @ problem.data.row_norms[1]) / problem.gamma:
        return math.inf  # Ct'be = 0: no m has q > 0 on these rows
    steepest, rest = np.abs(w).max(initial=0.0), np.maximum(r, 0.0)
    alpha = max(steepest, rest.max() / mu) if mu > 0 else math.inf
    if np.ptp(t) > 0 or rest.max() == 0:
        alpha = min(alpha, steepest + rest.sum())
    if al @ d > 0 and alpha <= RAY * al.max():
        return math.inf  # Bt'al <= 0 against p >= 0
    S = np.sum(np.sqrt(al) * np.sqrt(be) * np.sqrt(d))
    return float(2 * (S / np.sqrt(alpha)) / np.sqrt(beta)) if S > 0 else 0.0


def _moved(A: Array, target: Array, v: Array) -> Array | None:
    """v moved as little as possible to A'v = target; None if more than rounding is left."""
    v = v + A @ lstsq(A.T @ A, target - A.T @ v)[0]
    left = np.abs(target - A.T @ v).max()
    return v if left <= RAY * (np.abs(target) + np.abs(A).T @ np.abs(v)).max() else None


def _positive(Ct: Array) -> Array | None:
    """An m with Ct m > 0, or None: one column, the fit to 1, or what a linear program finds."""
    n = Ct.shape[1]
    for sign in (1.0, -1.0):
        good = np.flatnonzero((sign * Ct).min(axis=0) > 0)
        if good.size:
            return sign * np.eye(n)[good[0]]
    m = lstsq(Ct, np.ones(len(Ct)))[0]
    if (Ct @ m).min() > 0:
        return m
    answer = linprog(
        np.r_[np.zeros(n), -1.0],
        A_ub=np.c_[-Ct, np.ones(len(Ct))],
        b_ub=np.zeros(len(Ct)),
        bounds=[(-1, 1)] * n + [(0, None)],
        method="highs",
    )
    if answer.status != 0 or (Ct @ answer.x[:n]).min() <= 0:
        return None
    return answer.x[:n]
