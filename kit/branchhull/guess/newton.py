"""Newton's method on the hyperbolas, then reflections for a dual: the loop of every l2 guess.

Without noise the answer is expected on all hyperbolas at once, p q = d, far more equations than
unknowns. So guess it by Newton's method, guess a dual from the optimality conditions, and let the
certificate judge: certify (certificate.py) knows nothing of how they were found. A guess that is
not certified is thrown away. It can fail; it cannot lie.

The point. Start from one-bit correlations,

    h = Bt'sqrt d,    m = Ct'sqrt d,    times what makes the median of d / (p q) equal 1.

Gauss-Newton on w (d - p q) = 0; w = 1 / |(p, q)| makes a residual the distance to a hyperbola:

    J dz = w (q o Bt dh + p o Ct dm),    J'J dz = J'w (d - p q).

J does not see u = (h, -m), for (c h, m / c) gives the same products: of all of them keep
|h| = |m|. J needs only float32: residuals in float64 decide about the digits.

Least squares. Far from the answer a digit of dz will do, and a few conjugate gradients find it,
scaled by the mean squares of J's columns; with L well above K + N the eigenvalues of J'J lie
together, and a digit takes about four. Where B and C have entries J'J is also made and factored:
always if that is cheaper than the gradients, else from a residual of 1e-3 on, where one factor
serves for all that follows, and a step gains some three digits. u u' is added to make it definite.

The dual. At the optimum 2 h = Bt'al, 2 m = Ct'be and (al, be) = mu (q, p) with mu >= 0. With
mu = nu w this is J'nu = 2 z, z = (h, m): n equations for many nonnegative numbers. Start with equal
ones and project on the equations; reflect what is negative, nu <- -1.8 nu; and again:

    nu <- nu + J x,    J'J x = 2 z - J'nu.

With L well above 2 (K + N) about seven do. If not, and J'J can be made, nu > 0 comes from a few
steps that are least squares relative to nu itself (affine scaling), J'diag(nu)^2 J in place of J'J.
An error e in J'nu = 2 z, orthogonal to z, costs e^2 in the bound: float32 gives 1e-10 or less.

With noise Newton's residual stalls, and below L = 2 (K + N) there is mostly no nu: then the point
may still be the truth, but it is not the optimum of the program. Source: derived.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from kit.branchhull.rows import Matrix, is_dense, pull
from kit.results import Array

PATIENCE, NEWTON, POLISH = 6, 20, 8  # steps; the first so many are free to rise
CLOSE, DONE = 1e-3, 1e-14  # relative residuals: keep J'J from here on; end, of few rows
REFLECTIONS, REWEIGHTED, GRADIENTS = 25, 8, 40  # the most steps of each kind
TIGHT = 2e-5  # relative error of J'nu = 2 z; the gap is about its square
CHEAP = 3e7  # L n^2 up to which J'J is made and factored in the time of ten gradients
RIDGE = 1e-6  # times the mean eigenvalue, on the diagonal: float32 does not see more


@dataclass(frozen=True, eq=False)
class State:
    """One iterate. The dual is None until the point is found."""

    h: Array  # (K,)
    m: Array  # (N,)
    dual: Array | None  # (2, L): al, be
    objective: float  # |h|^2 + |m|^2
    residual: float  # |w (d - p q)| / |w d| on the chosen rows


@dataclass(frozen=True, eq=False)
class Equations:
    """p q = d where d > 0, with p = B h, q = C m."""

    B: Matrix  # (R, K)
    C: Matrix  # (R, N)
    d: Array  # (R,)
    short: tuple[Matrix, Matrix]  # B and C again, in float32 where they have entries
    squares: tuple[Array, Array]  # (K,), (N,): mean squares of the columns, about

    def search(self) -> Iterator[State]:
        """Yield one state per Newton step and a last one with a dual, if any is found."""
        on, root = self.d > 0, np.sqrt(self.d)
        n = self.B.shape[1] + self.C.shape[1]
        if n > self.d.size or not on.any():
            return
        h, m = pull(self.B, root), pull(self.C, root)
        reach = np.median((self.d / np.abs((self.B @ h) * (self.C @ m)))[on])
        h, m = balance(reach * h, m)
        dense, small = is_dense(*self.short), self.d.size * n**2 <= CHEAP
        done = DONE if dense else 0.0  # among a million rows one may still miss, and count
        last, J, kept = np.inf, None, 0
        for k in range(NEWTON + POLISH):
            p, q = self.B @ h, self.C @ m
            J = Jacobian(self, p, q, J.factor if kept else None)
            miss = np.where(on, J.w * (self.d - p * q), 0.0)  # elsewhere only p >= 0 is asked
            left = float(np.linalg.norm(miss) / np.linalg.norm(J.w * self.d))
            yield State(h, m, None, float(h @ h + m @ m), left)
            stuck = (k >= PATIENCE or kept > 1) and not left < 0.5 * last
            if not np.isfinite(left) or left < done or kept == POLISH or stuck:
                break
            kept += left < CLOSE
            if dense and (J.factor is None or left > 0.1 * last):
                J.factor = J.factored(h, m) if small or kept else None
            miss = miss.astype(np.float32) if dense else miss
            dz = J.solve(J.columns(miss), min(0.1, max(left, 1e-4)))
            last, (h, m) = left, balance(h + dz[: h.size], m + dz[h.size :])
        if not left <= CLOSE or not (p[on].min() > 0 and q[on].min() > 0):
            return
        nu = J.weights(h, m, on)
        if nu is not None:
            dual = np.stack([nu * J.of_B, nu * J.of_C]).astype(float)
            yield State(h, m, dual, float(h @ h + m @ m), left)


class Jacobian:
    """J at a point with products p, q, in float32 except for the point itself."""

    def __init__(self, system: Equations, p: Array, q: Array, factor: tuple | None) -> None:
        (self.B, self.C), self.factor = system.short, factor
        self.K = self.B.shape[1]
        self.w = 1 / np.maximum(np.hypot(p, q), np.finfo(float).tiny)
        self.of_B, self.of_C = (self.w * q).astype(np.float32), (self.w * p).astype(np.float32)
        self.squares = system.squares

    def rows(self, dz: Array) -> Array:
        """J dz (R,)."""
        return self.of_B * (self.B @ dz[: self.K]) + self.of_C * (self.C @ dz[self.K :])

    def columns(self, v: Array) -> Array:
        """J'v (K + N,)."""
        return np.concatenate([pull(self.B, self.of_B * v), pull(self.C, self.of_C * v)])

    def dot(self, x: Array, y: Array) -> float:
        """x'y for two (K + N,), each block in its own sum."""
        return float(np.vdot(x[: self.K], y[: self.K]) + np.vdot(x[self.K :], y[self.K :]))

    def factored(self, h: Array, m: Array, weight: Array | float = 1.0) -> tuple | None:
        """Cholesky factor of J'diag(weight)^2 J + u u', u as long as the rows on average."""
        J = np.empty((self.w.size + 1, h.size + m.size), np.float32)
        np.multiply(self.B, (weight * self.of_B)[:, None], out=J[:-1, : h.size])
        np.multiply(self.C, (weight * self.of_C)[:, None], out=J[:-1, h.size :])
        mean, u = float(np.vdot(J[:-1], J[:-1])) / J.shape[1], np.concatenate([h, -m])
        J[-1] = np.sqrt(mean / (u @ u)) * u
        gram = J.T @ J
        gram[np.diag_indices(len(gram))] += RIDGE * mean
        try:
            return cho_factor(gram, lower=True, overwrite_a=True)
        except (LinAlgError, ValueError):  # not definite, or not finite any more
            return None

    def solve(self, right: Array, accuracy: float) -> Array:
        """z with J'J z = right: by the factor if there is one, else to this relative accuracy."""
        if self.factor is not None:
            return cho_solve(self.factor, right, check_finite=False)
        sides = zip(self.squares, (self.of_B, self.of_C), strict=True)
        scales = 1 / np.concatenate([mean * np.vdot(f, f) for mean, f in sides])  # 1 / |column|^2
        rest = right.astype(np.float32)
        z, step = np.zeros_like(rest), rest * scales
        size = self.dot(rest, step)
        goal = accuracy**2 * size
        for _ in range(GRADIENTS):
            if not size > goal:
                break
            image = self.rows(step)
            steep = float(np.vdot(image, image))
            if not steep > 0:  # J does not see this direction
                break
            length = np.float32(size / steep)
            z, rest = z + length * step, rest - length * self.columns(image)
            scaled = rest * scales
            before, size = size, self.dot(rest, scaled)
            step = scaled + np.float32(size / before) * step
        return z

    def weights(self, h: Array, m: Array, on: Array) -> Array | None:
        """nu >= 0 with J'nu = 2 (h, m), 0 where d = 0; None if it is not found."""
        goal, nu = (2 * np.concatenate([h, m])).astype(np.float32), on.astype(np.float32)
        size = np.sqrt(self.dot(goal, goal))
        start = nu = nu * np.float32(size**2 / self.dot(self.columns(nu), goal))
        for _ in range(REFLECTIONS):
            rest = goal - self.columns(nu)
            if np.sqrt(self.dot(rest, rest)) <= TIGHT * size:
                return nu
            nu = nu + self.rows(self.solve(rest, 0.1)) * on
            nu = np.where(nu < 0, np.float32(-1.8) * nu, nu)
        nu = start
        for _ in range(REWEIGHTED if is_dense(self.B, self.C) else 0):
            rest = goal - self.columns(nu)
            if np.sqrt(self.dot(rest, rest)) <= TIGHT * size:
                return nu
            unit = np.sqrt(np.mean(nu * nu))
            self.factor = self.factored(h, m, nu / unit)
            if self.factor is None:
                return None
            ratio = self.rows(self.solve(rest, 0.0)) * nu / unit**2
            nu = nu * (1 + min(1.0, 0.9 / max(-float(ratio.min()), 0.1)) * ratio)
        return None


def balance(h: Array, m: Array) -> tuple[Array, Array]:
    """(c h, m / c) with |c h| = |m / c|, no questions asked."""
    c = np.sqrt(np.linalg.norm(m) / np.linalg.norm(h))
    return c * h, m / c
