"""Guess and certify for l1: support first, then Newton on it, then a dual. It can fail, not lie.

As newton.py does for l2: without noise and with enough measurements the answer is sparse and on all
hyperbolas p q = d (and needs no slack). Rows of norm 1 throughout (see `normalise`).

The support. The one-bit correlations h = Bt'sqrt d, m = Ct'sqrt d are the truth plus noise that is
the same for all coordinates: keep what exceeds it well. Then, on the coordinates T that are kept,
Gauss-Newton on w (d - p q) = 0 with w = 1 / |(p, q)|,

    J = [ w q Bt_T,  w p Ct_T ],    (J'J + u u') dz = J'w (d - p q),    u parallel to (h, -m),

and the residual's correlations J'w (d - p q) with all other columns say what is still missing: what
exceeds their noise comes in, what has become small goes out. A support that is too large does no
harm, for what it should not hold becomes 0 to the last digits and is dropped at the end.

The dual. The point, balanced so that |h|_1 = gamma |m|_1, is a minimiser if there is a nu >= 0 with
(al, be) = nu (q, p) and

    Bt'al = sign(h), Ct'be = gamma sign(m) on T,   |Bt'al| < 1, |Ct'be| < gamma elsewhere,
    be <= kappa where there is a slack.

Off T the columns know nothing of the signs, so their share is noise again, smallest for the nu / w
of least norm: nu / w = J (J'J)^-1 signs. Where that is negative or too large it is reflected, where
a column off T exceeds its bound it joins T with a target inside, and the least change puts the
equations right again:

    nu / w <- nu / w + J (J'J)^-1 (targets - J'nu / w).

Source: derived; support pursuit by correlations as in hard thresholding pursuit (Foucart, 2011).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from kit.branchhull.guess import newton
from kit.branchhull.problem import BranchHull, canonical
from kit.branchhull.rows import norms
from kit.results import Array

OUTSTANDING = 3.0  # times the noise of the correlations: part of the support
NEWTON, SETTLED = 30, 3  # steps; those after the residual is at its end
SMALL = 1e-9  # share of the largest entry below which an entry of the answer is 0
REFLECTIONS = 200
INSIDE = 0.9  # target of a column that exceeded its bound, in shares of the bound


@dataclass(frozen=True, eq=False)
class State(newton.State):
    """One iterate, with objective |h|_1 + gamma |m|_1."""

    support: float  # how many coordinates are kept


def guess_l1(problem: BranchHull) -> Iterator[State]:
    """Yield one state per Newton step and a last one with a dual, if any is found."""
    Bt, Ct, d = canonical(problem.data)
    on = np.flatnonzero(d > 0)
    if on.size < d.size:
        Bt, Ct, d = Bt[on], Ct[on], d[on]
    if not on.size:
        return
    size_B, size_C = (np.where(size == 0, 1, size) for size in (norms(Bt), norms(Ct)))
    d = d / size_B / size_C
    zoom = np.sqrt(d.max())
    # columns are scaled when they are taken: a copy of all would cost more than the method
    system = _Equations(Bt, Ct, 1 / size_B, 1 / size_C, d / zoom**2)
    left = np.inf
    for h, m, kept, left in system.newton():
        yield State(zoom * h, zoom * m, None, problem.value(zoom * h, zoom * m), left, kept)
    if not left <= 1e-10:
        return
    h, m = (np.where(np.abs(v) > SMALL * np.abs(v).max(), v, 0.0) for v in (h, m))
    grow = np.sqrt(problem.gamma * np.abs(m).sum() / np.abs(h).sum())
    h, m = grow * h, m / grow
    ceiling = problem.lam * size_C if problem.slack else np.full(d.size, np.inf)
    weights = system.dual(h, m, problem.gamma, ceiling)
    if weights is not None:
        dual = np.zeros((2, problem.data.y.size))
        dual[:, on] = weights / np.stack([size_B, size_C])
        h, m = zoom * h, zoom * m
        kept = float(np.count_nonzero(h) + np.count_nonzero(m))
        yield State(h, m, dual, problem.value(h, m), left, kept)


@dataclass(frozen=True, eq=False)
class _Equations:
    """p q = d with p = B h, q = C m; B and C are Bt and Ct with rows scaled to norm 1."""

    Bt: Array  # (R, K)
    Ct: Array  # (R, N)
    row_B: Array  # (R,)
    row_C: Array  # (R,)
    d: Array  # (R,)

    def pull(self, a: Array, b: Array) -> Array:
        """(B'a ; C'b)."""
        return np.concatenate([self.Bt.T @ (self.row_B * a), self.Ct.T @ (self.row_C * b)])

    def columns(self, kept: Array, a: Array | float = 1.0, b: Array | float = 1.0) -> Array:
        """[diag(a) B, diag(b) C] on the coordinates `kept` (K + N,), True or False."""
        B, C = self.Bt[:, kept[: self.Bt.shape[1]]], self.Ct[:, kept[self.Bt.shape[1] :]]
        return np.hstack([(a * self.row_B)[:, None] * B, (b * self.row_C)[:, None] * C])

    def newton(self) -> Iterator[tuple[Array, Array, float, float]]:
        """Gauss-Newton on a support that grows: h, m, its size, and the relative residual."""
        K, root = self.Bt.shape[1], np.sqrt(self.d)
        z = self.pull(root, root)
        kept = _outstanding(z, K) | (3 * z.size <= self.d.size)
        stalled, settled, last, best = 0, 0, np.inf, np.inf
        A = self.columns(kept)
        x, k = z[kept], np.count_nonzero(kept[:K])
        reach = np.median(self.d / np.abs((A[:, :k] @ x[:k]) * (A[:, k:] @ x[k:])))
        x[:k] *= reach
        for _ in range(NEWTON):
            x = np.concatenate(newton.balance(x[:k], x[k:]))
            p, q = A[:, :k] @ x[:k], A[:, k:] @ x[k:]
            w = 1 / np.hypot(p, q)
            miss = w * (self.d - p * q)
            left = float(np.linalg.norm(miss) / np.linalg.norm(w * self.d))
            z = np.zeros(z.size)
            z[kept] = x
            yield z[:K], z[K:], float(kept.sum()), left
            stalled = 0 if left < 0.7 * best else stalled + 1
            best = min(best, left)
            settled += left < 1e-12 or (left < 1e-6 and left > 0.5 * last)
            if not np.isfinite(left) or settled == SETTLED or stalled > 6:
                return
            before, last = last, left
            if left > 1e-3 or left > 0.3 * before:
                # what is missing shows in the residual; what is small may have been noise
                slope = self.pull(w * w * q * (self.d - p * q), w * w * p * (self.d - p * q))
                slope[kept] = 0
                more = np.flatnonzero(_outstanding(slope, K))
                room = max(self.d.size // 2 - kept.sum(), 0)
                more = more[np.argsort(-np.abs(slope[more]))[:room]]
                if more.size:
                    kept[more] = True
                    A = self.columns(kept)
                    x, k = z[kept], np.count_nonzero(kept[:K])
            J = np.hstack([(w * q)[:, None] * A[:, :k], (w * p)[:, None] * A[:, k:]])
            factor = _gram(J, x, k)
            if factor is None:
                return
            x = x + cho_solve(factor, J.T @ miss)

    def dual(self, h: Array, m: Array, gamma: float, ceiling: Array) -> Array | None:
        """(al, be) (2, R) for a point on all hyperbolas; None if no nu >= 0 is found."""
        K, z = h.size, np.concatenate([h, m])
        bound = np.where(np.arange(z.size) < K, 1.0, gamma)
        kept, target, k = z != 0, np.sign(z) * bound, np.count_nonzero(h)
        support = self.columns(kept)
        p, q = support[:, :k] @ h[kept[:K]], support[:, k:] @ m[kept[K:]]
        if not (p.min() > 0 and q.min() > 0):
            return None
        w = 1 / np.hypot(p, q)
        ceiling = ceiling / (w * p)
        J, nu = self.columns(kept, w * q, w * p), np.zeros(self.d.size)
        factor = _gram(J, z[kept], k)
        for _ in range(REFLECTIONS):
            if factor is None:
                return None
            nu = nu + J @ cho_solve(factor, target[kept] - J.T @ nu)
            bad, high = nu < 0, nu > ceiling
            slope = self.pull(nu * w * q, nu * w * p)
            over = np.abs(slope) > bound
            over[kept] = False
            if not (bad.any() or high.any() or over.any()):
                return nu * w * np.stack([q, p])
            if over.any() and kept.sum() < self.d.size // 2:
                target[over] = INSIDE * bound[over] * np.sign(slope[over])
                kept |= over
                k = np.count_nonzero(kept[:K])
                J = self.columns(kept, w * q, w * p)
                factor = _gram(J, z[kept], k)
            nu = np.where(bad, -0.8 * nu, np.where(high, 1.8 * ceiling - 0.8 * nu, nu))
        return None


def _gram(J: Array, x: Array, k: int) -> tuple[Array, bool] | None:
    """Cholesky factor of J'J + u u', u parallel to (h, -m), which J does not see."""
    gram, u = J.T @ J, np.concatenate([x[:k], -x[k:]])
    gram += np.outer(u, u) * (np.trace(gram) / x.size / (u @ u))
    try:
        return cho_factor(gram, lower=True)
    except (LinAlgError, ValueError):
        return None


def _outstanding(v: Array, K: int) -> Array:
    """Which entries of v[:K] and of v[K:] stand out of the noise there; at least the largest."""
    marked = []
    for size in np.split(np.abs(v), [K]):
        high = size > OUTSTANDING * np.median(size) / 0.6745
        marked.append((high | (size == size.max())) & (size > 0))
    return np.concatenate(marked)
