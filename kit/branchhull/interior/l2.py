"""A primal-dual interior point method made for BranchHull: about ten iterations, two products each.

In canonical form every row is a three-dimensional Lorentz cone with a constant third coordinate,

    s = (p + q, p - q, 2 sqrt d),    p q >= d  and  p, q >= 0    <=>    s in Q = {s0 >= |(s1, s2)|}.

(A row with d = 0 has no q; it is the cone point (p, 0, 0), and only p >= 0 remains.) With the dual
points lam in Q, al = lam0 + lam1 and be = lam0 - lam1, optimality is

    2 w^2 z = (Bt'al, Ct'be),    s = (Bt h + Ct m, Bt h - Ct m, 2 sqrt d),    s o lam = 0,

where z = (h, m), w (K + N,) are the weights that the objective has in the scaled units of
scaled.Scaled, and o is the Jordan product (u'v, u0 v1 + v0 u1). A step linearises these at the
Nesterov-Todd point W, the symmetric matrix with W lam = W^-1 s = nu, one 3 x 3 block a row:

    W^-1 ds + W dlam = rhs,    rhs = -nu for the affine step (predictor),
    rhs = nu \\ (sigma mu e - nu o nu - (W^-1 ds_a) o (W dlam_a)) for the corrector.

Eliminating dlam and ds leaves K + N equations. With D = W^-2 restricted to its first two
coordinates and turned to (p, q),

    [ 2 w_h^2 + Bt'Dpp Bt         Bt'Dpq Ct      ] [dh]
    [      Ct'Dpq Bt       2 w_m^2 + Ct'Dqq Ct   ] [dm]  =  right-hand side:

two products of matrices and one Cholesky factor a step, used twice: normal.py.
Where the weights differ a step is refined: what it leaves of the equations is solved for again.

Start: the one-bit correlations h = Bt'sqrt d, m = Ct'sqrt d, their rows moved well inside the
cones, and the dual on the central path, lam = mu s^-1 with L mu = 2 |w z|^2: what s'lam is at a
point whose duality gap is twice its value. (A mu a hundred times smaller costs ten iterations.)

Source: the method is Mehrotra's with Nesterov-Todd scaling, as for any second-order cone program
(see the paper of Vandenberghe on cvxopt's coneqp, 2010); the reduction to 2 x 2 blocks is derived.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError

from kit.branchhull.interior.cones import (
    SIGNS,
    UNIT,
    apply,
    apply_inverse,
    blocks,
    det,
    divide,
    inside,
    product,
    scaling,
    to_boundary,
)
from kit.branchhull.interior.normal import FAR, Normal
from kit.branchhull.problem import BranchHull
from kit.results import Array

REFINED = 3  # solutions of a step where the weights differ
MISSED = 0.01  # what an entry of the dual equations may miss, in shares of sqrt(gap) max|z|


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
    made = problem.data.scaled
    Bt, Ct, d = made.Bt, made.Ct, made.d
    weight, e, _ = made.weights()
    even = np.ptp(weight) == 0
    short = (Bt.astype(np.float32), Ct.astype(np.float32)) if even else None
    cones = _Cones(Bt, Ct, (d > 0).astype(float), weight**2)
    K, L = Bt.shape[1], d.size
    z, s, lam = _start(cones, d)
    constant = np.stack([0 * d, 0 * d, 2 * np.sqrt(d)])
    mu_start, step = np.sum(s * lam) / L, 1.0
    r_primal = s - cones.rows(z) - constant
    while True:
        mu = np.sum(s * lam) / L
        h, m = made.restore(z[:K], z[K:], e)
        dual = cones.weights(lam) * np.stack(made.rows)
        yield State(h, m, dual, problem.value(h, m), float(mu), step)
        if mu > 1e12 * mu_start:  # the dual grows without bound: infeasible, or nearly
            return
        eta, w = scaling(s, lam)
        gap, (D, det_D) = L * mu / cones.value(z), blocks(eta, w, cones.turn)
        near = gap <= FAR
        try:
            normal = Normal(
                (Bt, Ct), None if near else short, D, det_D, 2 * cones.square, every=not even
            )
        except (LinAlgError, ValueError):  # not definite, or not finite any more
            return
        residuals = r_primal, 2 * cones.square * z - cones.columns(lam)
        nu = apply(eta, w, lam)
        # an error e of the dual equations costs e^2 in the bound
        missed = MISSED * np.sqrt(gap) * np.abs(z).max()
        _, ds, dlam = _direction(cones, normal, eta, w, residuals, -nu, missed, even)
        affine = min(1.0, to_boundary(s, ds), to_boundary(lam, dlam))
        second = product(apply_inverse(eta, w, ds), apply(eta, w, dlam))
        target = (1 - affine) ** 3 * mu * UNIT - product(nu, nu) - second
        rhs = divide(nu, target)
        dz, ds, dlam = _direction(cones, normal, eta, w, residuals, rhs, missed, even)
        step = min(1.0, 0.995 * min(to_boundary(s, ds), to_boundary(lam, dlam)))
        while step > 1e-10 and not (inside(s + step * ds) and inside(lam + step * dlam)):
            step *= 0.8  # rounding near the boundary
        if not step > 1e-10:
            return
        z, s, lam = z + step * dz, s + step * ds, lam + step * dlam
        # exactly (1 - step) r_primal, since ds + r_primal = G dz; where weights differ digits count
        r_primal = (1 - step) * r_primal if even else s - cones.rows(z) - constant


@dataclass(frozen=True, eq=False)
class _Cones:
    """The map z -> (p + q, turn (p - q), 0) and what the method does with it."""

    Bt: Array  # (L, K)
    Ct: Array  # (L, N)
    turn: Array  # (L,): 1 where d > 0, else 0
    square: Array  # (K + N,): w^2

    def value(self, z: Array) -> float:
        """|w z|^2."""
        return float(self.square @ (z * z))

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


def _direction(
    cones: _Cones,
    normal: Normal,
    eta: Array,
    w: Array,
    residuals: tuple[Array, Array],
    rhs: Array,
    missed: float,
    even: bool,
) -> tuple[Array, Array, Array]:
    """dz, ds, dlam that remove the residuals and satisfy W^-1 ds + W dlam = rhs.

    Weights that are not even make the last digits count: what is left is then solved for again.
    """
    found = (0.0, 0.0, 0.0)
    for k in range(1 if even else REFINED):
        r_primal, r_dual = residuals
        if k:
            dz, ds, dlam = found
            left = rhs - apply_inverse(eta, w, ds) - apply(eta, w, dlam)
            r_primal = r_primal - cones.rows(dz) + ds
            r_dual = r_dual + 2 * cones.square * dz - cones.columns(dlam)
        else:
            left = rhs
        pull = apply_inverse(eta, w, left + apply_inverse(eta, w, r_primal))
        dz = normal.solve(cones.columns(pull) - r_dual, missed)
        ds = cones.rows(dz) - r_primal
        step = dz, ds, apply_inverse(eta, w, left - apply_inverse(eta, w, ds))
        found = tuple(a + b for a, b in zip(found, step, strict=True))
    return found


def _start(cones: _Cones, d: Array) -> tuple[Array, Array, Array]:
    """z from one-bit correlations; s and lam inside the cones, lam on the central path."""
    on, root = d > 0, np.sqrt(d)
    h, m, w = root @ cones.Bt, root @ cones.Ct, np.sqrt(cones.square)
    tilt = np.linalg.norm(w[h.size :] * m) / (np.linalg.norm(w[: h.size] * h) or 1.0)
    tilt = np.sqrt(tilt or 1.0)  # so that both halves cost the same
    z = np.concatenate([tilt * h, m / tilt])
    p, q = cones.Bt @ z[: h.size], cones.Ct @ z[h.size :]
    reach = np.median(p[on] * q[on] / d[on]) if on.any() else 1.0
    c = reach**-0.25 if reach > 0 else 1.0
    floor = np.sqrt(d.mean()) or 1.0
    p, q = np.maximum(c * p, floor), np.maximum(c * q, floor)
    grow = np.sqrt(np.maximum(1.0, 1.5 * d / (p * q)))
    p, q = grow * p, grow * q
    s = np.stack([np.where(on, p + q, p), np.where(on, p - q, 0), 2 * root])
    inverse = SIGNS * s / det(s)
    mu = 2 * cones.value(c * z) / d.size or 1.0
    return c * z, s, mu * inverse
