"""A primal-dual interior point method made for BranchHull: about ten iterations, two products each.

In canonical form every row is a three-dimensional Lorentz cone with a constant third coordinate,

    s = (p + q, p - q, 2 sqrt d),    p q >= d  and  p, q >= 0    <=>    s in Q = {s0 >= |(s1, s2)|}.

(A row with d = 0 has no q; it is the cone point (p, 0, 0), and only p >= 0 remains.) With the dual
points lam in Q, al = lam0 + lam1 and be = lam0 - lam1, optimality is

    2 h = Bt'al,    2 m = Ct'be,    s = (Bt h + Ct m, Bt h - Ct m, 2 sqrt d),    s o lam = 0,

where o is the Jordan product (u'v, u0 v1 + v0 u1). A step linearises these at the Nesterov-Todd
point W, the symmetric matrix with W lam = W^-1 s = nu, one 3 x 3 block a row:

    W^-1 ds + W dlam = rhs,    rhs = -nu for the affine step (predictor),
    rhs = nu \\ (sigma mu e - nu o nu - (W^-1 ds_a) o (W dlam_a)) for the corrector.

Eliminating dlam and ds leaves K + N equations. With D = W^-2 restricted to its first two
coordinates and turned to (p, q),

    [ 2 I + Bt'Dpp Bt      Bt'Dpq Ct    ] [dh]
    [   Ct'Dpq Bt       2 I + Ct'Dqq Ct ] [dm]  =  right-hand side:

three products of L rows and one Cholesky factor a step, used twice. Source: the method is
Mehrotra's with Nesterov-Todd scaling, as for any second-order cone program (see the paper of
Vandenberghe on cvxopt's coneqp, 2010); the reduction to 2 x 2 blocks is derived here.

Start: the one-bit correlations h = Bt'sqrt d, m = Ct'sqrt d, their rows moved into the interior of
the cones, and the dual on the central path.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from kit.branchhull.problem import BranchHull, canonical, normalise
from kit.results import Array

SIGNS = np.array([[1.0], [-1.0], [-1.0]])  # J = diag(1, -1, -1)


@dataclass(frozen=True, eq=False)
class State:
    """One iterate: the candidate, its dual, and what the loop records of it."""

    h: Array  # (K,)
    m: Array  # (N,)
    dual: Array  # (2, L): al, be
    objective: float  # |h|^2 + |m|^2
    mu: float  # mean of s'lam: distance from complementarity, in scaled units
    step: float  # length of the step that led here, in (0, 1]


def interior_point(problem: BranchHull) -> Iterator[State]:
    """Yield one state per iteration; ends by itself when no further step can be computed."""
    Bt, Ct, d, (zoom, of_al, of_be) = normalise(*canonical(problem.data))
    cones = _Cones(Bt, Ct, (d > 0).astype(float))
    K, L = Bt.shape[1], d.size
    z, s, lam = _start(cones, d)
    constant = np.stack([0 * d, 0 * d, 2 * np.sqrt(d)])
    unit = np.array([[1.0], [0], [0]])
    mu_start, step = np.sum(s * lam) / L, 1.0
    while True:
        mu = np.sum(s * lam) / L
        h, m, (al, be) = zoom * z[:K], zoom * z[K:], cones.weights(lam)
        yield State(h, m, np.stack([of_al * al, of_be * be]), float(h @ h + m @ m), float(mu), step)
        if mu > 1e12 * mu_start:  # the dual grows without bound: infeasible, or nearly
            return
        eta, w = _scaling(s, lam)
        try:
            factor = cones.factor(eta, w)
        except (LinAlgError, ValueError):  # not definite, or not finite any more
            return
        residuals = s - cones.rows(z) - constant, 2 * z - cones.columns(lam)
        nu = _apply(eta, w, lam)
        _, ds, dlam = _direction(cones, factor, eta, w, residuals, -nu)
        affine = min(1.0, _to_boundary(s, ds), _to_boundary(lam, dlam))
        second = _product(_apply_inverse(eta, w, ds), _apply(eta, w, dlam))
        target = (1 - affine) ** 3 * mu * unit - _product(nu, nu) - second
        dz, ds, dlam = _direction(cones, factor, eta, w, residuals, _divide(nu, target))
        step = min(1.0, 0.995 * min(_to_boundary(s, ds), _to_boundary(lam, dlam)))
        while step > 1e-10 and not (_inside(s + step * ds) and _inside(lam + step * dlam)):
            step *= 0.8  # rounding near the boundary
        if not step > 1e-10:
            return
        z, s, lam = z + step * dz, s + step * ds, lam + step * dlam


@dataclass(frozen=True, eq=False)
class _Cones:
    """The map z -> (p + q, turn (p - q), 0) and what the method does with it."""

    Bt: Array  # (L, K)
    Ct: Array  # (L, N)
    turn: Array  # (L,): 1 where d > 0, else 0

    def rows(self, z: Array) -> Array:
        """G z (3, L), the part of s that moves."""
        p, q = self.Bt @ z[: self.Bt.shape[1]], self.Ct @ z[self.Bt.shape[1] :]
        return np.stack([p + q, self.turn * (p - q), np.zeros_like(p)])

    def weights(self, lam: Array) -> Array:
        """(al, be) (2, L) of a dual point: lam's = al p + be q + lam2 s2."""
        return np.stack([lam[0] + self.turn * lam[1], lam[0] - self.turn * lam[1]])

    def columns(self, lam: Array) -> Array:
        """G'lam (K + N,)."""
        al, be = self.weights(lam)
        return np.concatenate([al @ self.Bt, be @ self.Ct])

    def factor(self, eta: Array, w: Array) -> tuple[Array, bool]:
        """Cholesky factor of 2 I + G'W^-2 G, with W^-2 = (2 (J w)(J w)' - J) / eta^2."""
        Bt, Ct = self.Bt, self.Ct
        K = Bt.shape[1]
        D00 = (2 * w[0] ** 2 - 1) / eta**2
        tilt = self.turn * (-4 * w[0] * w[1]) / eta**2
        D11 = self.turn * (2 * w[1] ** 2 + 1) / eta**2
        M = np.zeros((K + Ct.shape[1],) * 2)
        M[:K, :K] = Bt.T @ ((D00 + tilt + D11)[:, None] * Bt)
        M[K:, :K] = Ct.T @ ((D00 - D11)[:, None] * Bt)
        M[K:, K:] = Ct.T @ ((D00 - tilt + D11)[:, None] * Ct)
        M[np.diag_indices(len(M))] += 2
        return cho_factor(M, lower=True, overwrite_a=True)


def _direction(
    cones: _Cones,
    factor: tuple[Array, bool],
    eta: Array,
    w: Array,
    residuals: tuple[Array, Array],
    rhs: Array,
) -> tuple[Array, Array, Array]:
    """dz, ds, dlam that remove the residuals and satisfy W^-1 ds + W dlam = rhs."""
    r_primal, r_dual = residuals
    pull = _apply_inverse(eta, w, rhs + _apply_inverse(eta, w, r_primal))
    dz = cho_solve(factor, cones.columns(pull) - r_dual)
    ds = cones.rows(dz) - r_primal
    return dz, ds, _apply_inverse(eta, w, rhs - _apply_inverse(eta, w, ds))


def _start(cones: _Cones, d: Array) -> tuple[Array, Array, Array]:
    """z from one-bit correlations; s and lam inside the cones, lam on the central path."""
    on, root = d > 0, np.sqrt(d)
    z = np.concatenate([root @ cones.Bt, root @ cones.Ct])
    p, q = cones.Bt @ (root @ cones.Bt), cones.Ct @ (root @ cones.Ct)
    reach = np.median(p[on] * q[on] / d[on]) if on.any() else 1.0
    c = reach**-0.25 if reach > 0 else 1.0
    floor = 0.1 * np.sqrt(d.mean()) or 1.0
    p, q = np.maximum(c * p, floor), np.maximum(c * q, floor)
    grow = np.sqrt(np.maximum(1.0, 1.5 * d / (p * q)))
    p, q = grow * p, grow * q
    s = np.stack([np.where(on, p + q, p), np.where(on, p - q, 0), 2 * root])
    inverse = SIGNS * s / _det(s)
    pull = cones.columns(inverse)
    mu = max(2 * c * (z @ pull) / max(pull @ pull, 1e-300), 1e-3 * c * c * (z @ z) / d.size)
    return c * z, s, mu * inverse


def _det(v: Array) -> Array:
    """v0^2 - v1^2 - v2^2, factored to lose fewer digits near the boundary."""
    radius = np.hypot(v[1], v[2])
    return (v[0] - radius) * (v[0] + radius)


def _inside(v: Array) -> bool:
    return bool(np.all(v[0] > 0) and np.all(_det(v) > 0))


def _scaling(s: Array, lam: Array) -> tuple[Array, Array]:
    """eta (L,) and w (3, L) of the Nesterov-Todd point: W = eta (2 v v' - J), built from w."""
    det_s, det_lam = _det(s), _det(lam)
    s, lam = s / np.sqrt(det_s), lam / np.sqrt(det_lam)
    gamma = np.sqrt((1 + np.sum(s * lam, axis=0)) / 2)
    return (det_s / det_lam) ** 0.25, (s + SIGNS * lam) / (2 * gamma)


def _apply(eta: Array, w: Array, v: Array) -> Array:
    """W v with W = eta [w0, w1'; w1, I + w1 w1' / (1 + w0)]."""
    inner = w[1] * v[1] + w[2] * v[2]
    lead = v[0] + inner / (1 + w[0])
    return eta * np.stack([w[0] * v[0] + inner, v[1] + lead * w[1], v[2] + lead * w[2]])


def _apply_inverse(eta: Array, w: Array, v: Array) -> Array:
    """W^-1 v: as W with J w in place of w and 1 / eta in place of eta."""
    return _apply(1 / eta, SIGNS * w, v)


def _product(u: Array, v: Array) -> Array:
    """The Jordan product u o v."""
    return np.stack([np.sum(u * v, axis=0), u[0] * v[1] + v[0] * u[1], u[0] * v[2] + v[0] * u[2]])


def _divide(nu: Array, v: Array) -> Array:
    """The x with nu o x = v."""
    inner = nu[1] * v[1] + nu[2] * v[2]
    first = (nu[0] * v[0] - inner) / _det(nu)
    return np.stack([first, (v[1] - first * nu[1]) / nu[0], (v[2] - first * nu[2]) / nu[0]])


def _to_boundary(v: Array, dv: Array) -> float:
    """The largest step t with v + t dv in all cones (inf if there is no end)."""
    a, c = _det(dv), _det(v)
    b = v[0] * dv[0] - v[1] * dv[1] - v[2] * dv[2]
    disc = b * b - a * c
    below = np.sqrt(np.maximum(disc, 0)) - b
    ends = np.where((disc >= 0) & (below > 0), c / np.where(below > 0, below, 1), np.inf)
    return float(ends.min())
