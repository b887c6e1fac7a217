"""Guess and certify: the fast path for data without noise, l2. It can fail; it cannot lie.

Without noise the answer is expected on all hyperbolas at once, p q = d, far more equations than
unknowns. So guess it by Newton's method, guess a dual from the optimality conditions, and let the
certificate judge: certify (certificate.py) knows nothing of how they were found. A guess that is
not certified is thrown away.

The point. Rows of norm 1 (canonical form, see `normalise`), at most 3 (K + N) of them: L does not
matter, the signs are checked on all rows by the certificate. Start from one-bit correlations,

    h = Bt'sqrt d,    m = Ct'sqrt d,    times what makes the median of d / (p q) equal 1.

Gauss-Newton on w (d - p q) = 0; w = 1 / |(p, q)| makes a residual the distance to a hyperbola:

    J = [ w q Bt,  w p Ct ],    (J'J + u u') dz = J'w (d - p q),    u parallel to (h, -m),

the last because (c h, m / c) gives the same products: of all of them keep |h| = |m|. J needs only
float32: residuals in float64 decide about the digits. Below a residual of 1e-3 the factor of J'J is
kept, and each step gains some three digits.

The dual. At the optimum 2 h = Bt'al, 2 m = Ct'be and (al, be) = mu (q, p) with mu >= 0. With
mu = nu w this is J'nu = 2 z, z = (h, m): n equations for many nonnegative numbers. Start with equal
ones and project on the equations; reflect what is negative, nu <- -1.8 nu; and again:

    nu <- nu + J (J'J + u u')^-1 (2 z - J'nu).

A step costs no Gram matrix; with L well above 2 (K + N) about seven do. If not, nu > 0 comes from a
few steps that are least squares relative to nu itself (affine scaling), J'diag(nu)^2 J in place of
J'J. An error e in J'nu = 2 z, orthogonal to z, costs e^2 in the bound: float32 gives 1e-10 or less.

With noise Newton's residual stalls, and below L = 2 (K + N) there is mostly no nu: then the point
may still be the truth, but it is not the optimum of the program. Source: derived.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from kit.branchhull.problem import BranchHull, canonical
from kit.branchhull.rows import row_norms
from kit.results import Array

SHARE = 3  # rows a unknown
PATIENCE, NEWTON, POLISH = 6, 20, 8  # steps; the first so many are free to rise
CLOSE, DONE = 1e-3, 1e-14  # relative residuals: keep J'J from here on; end
REFLECTIONS, REWEIGHTED = 20, 8
TIGHT = 2e-5  # relative error of J'nu = 2 z
RIDGE = 1e-6  # times the mean eigenvalue, on the diagonal: float32 does not see more


@dataclass(frozen=True, eq=False)
class State:
    """One iterate. The dual is None until the point is found."""

    h: Array  # (K,)
    m: Array  # (N,)
    dual: Array | None  # (2, L): al, be
    objective: float  # |h|^2 + |m|^2
    residual: float  # |w (d - p q)| / |w d| on the chosen rows


def guess(problem: BranchHull) -> Iterator[State]:
    """Yield one state per Newton step and a last one with a dual, if any is found."""
    Bt, Ct, d = canonical(problem.data)
    rows = _choose(d, SHARE * (Bt.shape[1] + Ct.shape[1]))
    B, C = Bt[rows], Ct[rows]
    size_B, size_C = (np.where(size == 0, 1, size) for size in (row_norms(B), row_norms(C)))
    B, C, d_unit = B / size_B[:, None], C / size_C[:, None], d[rows] / size_B / size_C
    largest = d_unit.max(initial=0.0) or 1.0
    zoom, found = np.sqrt(largest), None
    system = _Equations(B, C, d_unit / largest)
    for found in system.newton():
        yield State(zoom * found.h, zoom * found.m, None, zoom**2 * found.size, found.left)
    if found is None or not found.left <= CLOSE:
        return
    weights = system.weights(found)
    if weights is not None:
        dual = np.zeros((2, d.size))
        dual[:, rows] = weights / np.stack([size_B, size_C])
        yield State(zoom * found.h, zoom * found.m, dual, zoom**2 * found.size, found.left)


def _choose(d: Array, most: int) -> Array | slice:
    """At most so many rows with d > 0, at random, so that no period of the data is met."""
    on = np.flatnonzero(d > 0)
    if on.size > most:
        return np.sort(np.random.default_rng(0).choice(on, most, replace=False))
    return slice(None) if on.size == d.size else on


@dataclass(frozen=True, eq=False)
class _Found:
    h: Array
    m: Array
    left: float  # relative residual
    factor: tuple[Array, bool] | None  # Cholesky factor of J'J + u u', not far from here

    @property
    def size(self) -> float:
        return float(self.h @ self.h + self.m @ self.m)


@dataclass(frozen=True, eq=False)
class _Equations:
    """p q = d with p = B h, q = C m, rows of norm 1."""

    B: Array  # (R, K)
    C: Array  # (R, N)
    d: Array  # (R,)

    def newton(self) -> Iterator[_Found]:
        """Gauss-Newton, in float32 while that is enough."""
        B, C, d, root = self.B, self.C, self.d, np.sqrt(self.d)
        (R, K), n = B.shape, B.shape[1] + C.shape[1]
        if n > R:
            return
        h, m = root @ B, root @ C
        h, m = balance(np.median(d / np.abs((B @ h) * (C @ m))) * h, m)
        A, J = np.hstack([B, C], dtype=np.float32), np.empty((R + 1, n), np.float32)
        last, factor, kept = np.inf, None, 0
        for k in range(NEWTON + POLISH):
            p, q = B @ h, C @ m
            w = 1 / np.hypot(p, q)
            miss = w * (d - p * q)
            left = float(np.linalg.norm(miss) / np.linalg.norm(w * d))
            if kept == 0 or left > 0.1 * last:
                factor = _factor(jacobian(A, K, w * q, w * p, J), h, m)
            yield _Found(h, m, left, factor)
            stuck = (k >= PATIENCE or kept > 1) and not left < 0.5 * last
            if factor is None or left < DONE or kept == POLISH or stuck:
                return
            kept += left < CLOSE
            last = left
            step = cho_solve(factor, miss.astype(np.float32) @ J[:-1], check_finite=False)
            h, m = balance(h + step[:K], m + step[K:])

    def weights(self, found: _Found) -> Array | None:
        """(al, be) (2, R) for the point found; None if no nu >= 0 is found."""
        p, q = self.B @ found.h, self.C @ found.m
        if not (p.min() > 0 and q.min() > 0):
            return None
        w = 1 / np.hypot(p, q)
        J = np.empty((w.size + 1, found.h.size + found.m.size), np.float32)
        jacobian(np.hstack([self.B, self.C]), found.h.size, w * q, w * p, J)
        z = 2 * np.concatenate([found.h, found.m]).astype(np.float32)
        start = np.full(w.size, z @ z / np.sum(J[:-1] @ z), np.float32)
        nu = _reflected(J[:-1], z, start, found.factor)
        if nu is None:
            nu = _reweighted(J, z, start, found)
        return None if nu is None else np.stack([nu * w * q, nu * w * p])


def _factor(J: Array, h: Array, m: Array) -> tuple[Array, bool] | None:
    """Cholesky factor of J'J + u u', u in the last row of J, as long as the others on average."""
    u = np.concatenate([h, -m]).astype(J.dtype)
    mean = float(np.vdot(J[:-1], J[:-1])) / J.shape[1]  # of the eigenvalues of J'J
    J[-1] = np.sqrt(mean / (u @ u)) * u
    gram = J.T @ J
    gram[np.diag_indices(len(gram))] += RIDGE * mean
    try:
        return cho_factor(gram, lower=True, overwrite_a=True)
    except (LinAlgError, ValueError):  # not definite, or not finite any more
        return None


def _reflected(J: Array, z: Array, nu: Array, factor: tuple[Array, bool]) -> Array | None:
    for _ in range(REFLECTIONS):
        rest = z - nu @ J
        if np.linalg.norm(rest) <= TIGHT * np.linalg.norm(z):
            return nu
        nu = nu + J @ cho_solve(factor, rest, check_finite=False)
        nu = np.where(nu < 0, -1.8 * nu, nu)
    return None


def _reweighted(J: Array, z: Array, nu: Array, found: _Found) -> Array | None:
    V = np.empty_like(J)
    for _ in range(REWEIGHTED):
        rest = z - nu @ J[:-1]
        if np.linalg.norm(rest) <= TIGHT * np.linalg.norm(z):
            return nu
        unit = np.sqrt(np.mean(nu * nu))
        np.multiply((nu / unit)[:, None], J[:-1], out=V[:-1])
        factor = _factor(V, found.h, found.m)
        if factor is None:
            return None
        ratio = V[:-1] @ cho_solve(factor, rest / unit, check_finite=False)
        nu = nu * (1 + min(1.0, 0.9 / max(-float(ratio.min()), 0.1)) * ratio)
    return None


def balance(h: Array, m: Array) -> tuple[Array, Array]:
    """(c h, m / c) with |c h| = |m / c|, no questions asked."""
    c = np.sqrt(np.linalg.norm(m) / np.linalg.norm(h))
    return c * h, m / c


def jacobian(A: Array, K: int, of_B: Array, of_C: Array, J: Array) -> Array:
    """Write the rows (of_B b, of_C c) of A = [B, C] into J (R + 1, K + N), above its last row."""
    np.multiply(A[:, :K], of_B[:, None].astype(A.dtype), out=J[:-1, :K], casting="same_kind")
    np.multiply(A[:, K:], of_C[:, None].astype(A.dtype), out=J[:-1, K:], casting="same_kind")
    return J
