"""Proofs about the image program that need no solver: a value anyone can reach, a bound, a trap.

The program "tv" of problem.py, with TV(v) = |D v|_1 as in variation.py; mu = 0 is the program of
arXiv 1809.08359, the rest derived. Canonical form (problem.canonical): p = Bt h >= 0, q = Ct m,
d = |y|, and sig xi >= 0 helps q, with sig = sign(y) t: p (q + sig xi) >= d. On the rows with d = 0
the slack is 0. Write F = TV(B h) + mu |B h|_1 and G = gamma |m|_1 + lam |xi|_1; F = G at an
optimum, and the upper bound is that of repair.py.

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
Bt (Bt'Bt)^-1 (residual); with mu = 0, r = 0 and w gains the same with D B in place of Bt. A column
that is +-2^k times an earlier one asks for nothing new and is left out of this.

The program as published has mu = 0, and is degenerate (derived): if B holds the constant image, all
signs with d > 0 agree, and C (or a slack) can reach q > 0, then F = 0 at that image, the value is
G / c for every c > 0, and no point attains the infimum 0. For mu > 0 a minimiser exists.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lstsq, qr, solve_triangular
from scipy.optimize import linprog
from scipy.sparse import issparse
from scipy.sparse.linalg import LinearOperator

from kit.arguments import real_array
from kit.branchhull.problem import BranchHull, canonical
from kit.branchhull.rows import dense, is_operator
from kit.branchhull.variation import adjoint, differences
from kit.results import Array
from kit.rounding import U, sharp, up


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
            empty = name == "w" and np.size(value) == 0  # one pixel has no differences
            object.__setattr__(self, name, np.zeros(0) if empty else real_array(name, value, 1))


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
        B = dense(problem.data.B)
        size = _powers(B)
        h = lstsq(B / size, t)[0] / size
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


def dependent(problem: BranchHull) -> tuple[str, ...]:
    """A note where columns of B depend on others but for rounding: why nothing was proved."""
    B = problem.data.B
    if is_operator(B) or is_identity(B):
        return ()
    B = _distinct(dense(B))
    rank, K = int(np.linalg.matrix_rank(B / np.linalg.norm(B, axis=0), 1e-10)), B.shape[1]
    if rank == K:
        return ()
    return (
        f"{K} columns of B have rank {rank} but for rounding. As they stand they hold images made "
        f"of that rounding alone, which no bound here excludes: leave {K - rank} of them out.",
    )


def parts(problem: BranchHull) -> tuple[Array, Array, object, Array, Array]:
    """(t, sig, Bt, Ct, d): the signs of B h, the signs of the slack, and the canonical data."""
    return problem.data.signs, problem.data.sig, *canonical(problem.data)


def is_identity(B: object) -> bool:
    """Is B the identity, dense or scipy sparse? Then h is the image itself."""
    if B.shape[0] != B.shape[1] or isinstance(B, LinearOperator):
        return False
    entries = B.count_nonzero() if issparse(B) else np.count_nonzero(B)
    return entries == B.shape[0] and bool(np.all(B.diagonal() == 1))


def check_dual(dual: Dual, problem: BranchHull) -> None:
    """Raise ValueError where a part of the dual has not the size that the problem asks for."""
    L, (p, q) = problem.data.y.size, problem.shape
    for name, size in (("al", L), ("be", L), ("w", p * (q - 1) + (p - 1) * q), ("r", L)):
        found = getattr(dual, name).size
        if found != size:
            raise ValueError(f"dual.{name} must have {size} entries, got {found}")


def steepness(problem: BranchHull, dual: Dual) -> tuple[Array, float]:
    """(al, theta_h), al >= 0 of the dual and its theta_h of the module docstring, rounded up.

    theta_h is inf where nothing is proved. al is scaled, and theta_h with it, to a largest entry 1.
    """
    t, mu, B = problem.data.signs, problem.mu, problem.data.B
    al = np.maximum(dual.al, 0.0)
    size = al.max()
    if size == 0 or is_operator(B):
        return al, math.inf
    al, w, r = al / size, dual.w / size, dual.r / size
    pull, terms = adjoint(w, problem.shape), adjoint(np.abs(w), problem.shape, 1.0)
    more = 4 * U * (al + terms)
    if mu > 0 or np.ptp(t) > 0:
        found = None if is_identity(B) else _onto_range(dense(B), pull - t * al, t, r, terms + al)
        r, more = found or (al - t * pull, more)  # the second serves for any B, if not as well
    elif is_identity(B):
        r = al - t * pull
    else:  # no r can be paid for: w has to do it alone
        B = _distinct(dense(B))
        v, blur = _onto_equation(differences(B, problem.shape), B, pull - t * al, more)
        if blur == math.inf:
            return al, math.inf
        w, r, more = w - v, 0 * al, 0 * al
        w = w + np.sign(w) * blur
    steepest = np.abs(w).max(initial=0.0)
    rest = np.maximum(r + more, 0.0)
    alpha = max(steepest, rest.max() / mu) if mu > 0 else math.inf
    if np.ptp(t) > 0 or rest.max() == 0:
        alpha = min(alpha, steepest + rest.sum())
    return al, float(up(al.size) * alpha)


def _onto_range(B: Array, s: Array, t: Array, r: Array, terms: Array) -> tuple[Array, Array] | None:
    """r moved least to B'(s + t r) = 0, s = D'w - t al, and bounds of how far off that is.

    r <- r - t c, c nearly the projection of s + t r on the range of B. How far off the last r is:
    the size of a last c, and what rounding did to s + t r, a sum of terms (L,): a change e of entry
    l has a projection of at most |e| and |e| |a_l| / sigma_min(A), a_l the row of A, B in good
    units. None where the columns are not independent.
    """
    A, _, least = _columns(_distinct(B))
    if least == 0:
        return None
    unit = _powers(A.T)  # rows of very unequal size meet duals of as unequal size
    for last in (False, False, True):
        c, off = _pulled_back(A, least, *sharp(A.T / unit, unit * (s + t * r)))
        if not last:
            r = r - t * c
    blur = 8 * U * (np.minimum(2 * unit / least, 1.0) @ (terms + np.abs(r)))
    return r, np.full(r.size, up(r.size) * (np.linalg.norm(c) + off + blur))


def _onto_equation(DB: Array, B: Array, s: Array, blur: Array) -> tuple[Array, float]:
    """v with (D B)'v = B's, and how far its entries may be from exact ones, inf without any.

    blur (L,) bounds what rounding did to s. The entries of D B are rounded as well.
    """
    A, size, least = _columns(DB)
    if least == 0:
        return np.zeros(len(DB)), math.inf
    target, error = sharp((B / size).T, s)
    error += U * np.abs(target) + up(len(B)) * np.abs(B / size).T @ blur
    v, back = np.zeros(len(A)), np.zeros(len(A))
    for _ in range(3):
        v = v + back
        reached, more = sharp(A.T, v)
        more += U * np.abs(target - reached) + up(v.size) * U * np.abs(A).T @ np.abs(v)
        back, off = _pulled_back(A, least, target - reached, error + more)
    return v, float(up(v.size) * (np.linalg.norm(back) + off))


def _pulled_back(A: Array, least: float, e: Array, error: Array) -> tuple[Array, float]:
    """c = Q R^-T e for A = Q R, so that A'c is e but for rounding, and a bound.

    For any e* within error of e, c moved by at most the bound solves A'c = e*, for least is at most
    sigma_min(A). With e = A'v this bounds the projection of v on the range of A by |c| and it.
    """
    Q, R = qr(A, mode="economic")
    c = Q @ solve_triangular(R, e, trans="T")
    reached, more = sharp(A.T, c)
    left = np.abs(e - reached) + U * np.abs(e) + error + more
    return c, float(up(e.size) * np.linalg.norm(left) / least)


def _distinct(B: Array) -> Array:
    """The columns of B without 0 and without +-2^k times an earlier one, which is exact."""
    B = B[:, B.any(axis=0)]
    first = B[np.argmax(B != 0, axis=0), np.arange(B.shape[1])]
    unit = np.sign(first) * 2.0 ** (np.frexp(first)[1] - 1)
    kept = np.unique(B / unit, axis=1, return_index=True)[1]
    return B[:, np.sort(kept)]


def _powers(B: Array) -> Array:
    """Powers of two next to the norms of the columns, 1 for those that are 0."""
    size = np.linalg.norm(B, axis=0)
    return 2.0 ** np.round(np.log2(np.where(size > 0, size, 1.0)))


def _columns(B: Array) -> tuple[Array, Array, float]:
    """A = B / size, size of its columns, and sigma_min(A), rounded down; 0 if dependent."""
    size = _powers(B)
    A = B / size
    sigma = np.linalg.svd(A, compute_uv=False)
    least = sigma[-1] - 4 * max(A.shape) * U * sigma[0] if A.shape[0] >= A.shape[1] else 0.0
    return A, size, float(max(least, 0.0))


def _positive(Ct: Array) -> Array | None:
    """An m with Ct m > 0, or None: one column, the fit to 1, or what a linear program finds."""
    n = Ct.shape[1]
    Ct = Ct / _powers(Ct.T)[:, None]
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
