"""Mehrotra's predictor-corrector loop, once: l2, l1 and tv are models that it is given.

The common form (derived). With p = Bt h, q = Ct m and x = (h, m), all three programs are

    minimise    c'x + k't + kappa'v + |w x|_2^2       over x, t and v
    subject to  |A x| <= t,    v >= 0,    (p, q + v) in the hull of each row

    l2   w the weights of h and m; no t, no v, c = 0
    l1   A = I, k the weights, kappa the price of the slack v = |xi|; c = 0, w = 0
    tv   A = diag(D B, I): bounds on differences and on m, k = (1, gamma); c = mu Bt'1, w = 0

Every row is a three-dimensional Lorentz cone with a constant third coordinate,

    s = (p + q, p - q, 2 sqrt d),    p q >= d and p, q >= 0    <=>    s in Q = {s0 >= |(s1, s2)|}.

(A row with d = 0 has no q and no v; it is the cone point (p, 0, 0), and only p >= 0 remains.) The
inequalities are r = (t - A x, t + A x, v) >= 0. With the dual points lam in Q, al = lam0 + lam1,
be = lam0 - lam1, and l = (l1, l2, lv) >= 0, optimality is s o lam = 0, r l = 0 and

    c + 2 w^2 x = (Bt'al ; Ct'be) + A'(l2 - l1),    k = l1 + l2,    kappa = be + lv,

where o is the Jordan product (u'v, u0 v1 + v0 u1). A step linearises these at the Nesterov-Todd
point W, the symmetric matrix with W lam = W^-1 s = nu, one 3 x 3 block a row:

    W^-1 ds + W dlam = rhs,    rhs = -nu for the affine step (predictor),
    rhs = nu \\ (sigma mu e - nu o nu - (W^-1 ds_a) o (W dlam_a)) for the corrector,

and an inequality is a cone of dimension 1, scaled by sqrt(r / l). sigma is the cube of the share of
mu that the affine step would leave.

Elimination (derived). D = W^-2 restricted to its first two coordinates and turned to (p, q) has the
2 x 2 blocks (Dpp, Dpq, Dqq) of determinant det; the inequalities have the weights g = l / r. Then
t and v are eliminated one entry at a time, and what remains is

    (2 w^2 + A'S A + G'[P R; R Q] G) dx = right-hand side,    G = diag(Bt, Ct),
    S = 4 g1 g2 / (g1 + g2),
    P = (det + Dpp gv) / (Dqq + gv),   R = Dpq gv / (Dqq + gv),   Q = Dqq gv / (Dqq + gv)

(without slack P = Dpp, R = Dpq, Q = Dqq). The model solves it: normal.py or banded.py. The cones
hold (a p, q / a), and D is turned to those units. (In the code w is the vector of cones.scaling.)

Refinement. Weights reach 1 / mu, and rounding in dx times such a weight is what the dual step
misses its equation by. What is missing is solved for again, and the dual step is corrected by its
own small increment, not computed anew from the corrected dx, whose rounding is as large as before.

Source: Mehrotra's method with Nesterov-Todd scaling, as for any second-order cone program (see the
paper of Vandenberghe on cvxopt's coneqp, 2010).
"""

from collections.abc import Iterator

import numpy as np
from scipy.linalg import LinAlgError

from kit.branchhull.interior.cones import (
    UNIT,
    apply,
    apply_inverse,
    blocks,
    divide,
    product,
    scaling,
)
from kit.branchhull.interior.model import Blocks, Model, Point
from kit.results import Array

NEARLY = 0.995, 0.99  # of the way to the boundary: of one step, of two
SHORT = 0.01  # a step below it is tried again, without its second-order terms
LOST = 1e12  # a dual grown by this factor: infeasible, or nearly
EXACT = 1e-12  # what the dual equations may be missed by, in shares of their costs


def follow(model: Model, at: Point) -> Iterator[tuple[Array, Point, float]]:
    """Yield ((al, be), point, step) until no further step can be computed."""
    step, dual = 1.0, model.weights(at.lam)
    largest = dual.max()
    while step > 1e-10 and dual.max() <= LOST * largest:
        yield dual, at, step
        try:
            model, at = model.balanced(at)
            at, step = _advance(model, at)
        except (LinAlgError, ValueError):  # not definite, or not finite any more
            return
        dual = model.weights(at.lam)


def _advance(model: Model, at: Point) -> tuple[Point, float]:
    """One step: the affine direction tells how much to centre."""
    newton, mu = Newton(model, at), at.mu
    eta, w = newton.eta, newton.w
    nu, nu_l = apply(eta, w, at.lam), np.sqrt(at.r * at.l)
    first = newton.direction(-nu, -nu_l, first=True)
    a, b = (min(1.0, x) for x in at.lengths(first, model.apart))
    left = at.moved(first, a, b).mu / mu if model.apart else 1 - a  # the share of mu
    sigma = min(max(left**3, 1e-6 if model.apart else 0.0), 1.0)
    second = product(apply_inverse(eta, w, first.s), apply(eta, w, first.lam))
    squared = product(nu, nu)

    def corrected(centre: float, share: float) -> tuple[Point, float, float]:
        """A step to products of `centre`, with a share of the second-order terms; its lengths."""
        rhs = divide(nu, centre * UNIT - squared - share * second)
        rhs_l = (centre - nu_l**2 - share * first.r * first.l) / nu_l
        found = newton.direction(rhs, rhs_l)
        return found, *(min(1.0, NEARLY[model.apart] * x) for x in at.lengths(found, model.apart))

    found, a, b = corrected(sigma * mu, 1.0)
    if min(a, b) < SHORT:  # far from the path the second-order terms of a long step mislead
        other = corrected(0.3 * mu, 0.0)
        if min(other[1:]) > min(a, b):
            found, a, b = other
    while min(a, b) > 1e-10:
        new = at.moved(found, a, b)
        inside = [
            v[0].min() > 0 and d.min() > 0 for v, d in zip((new.s, new.lam), new.dets, strict=True)
        ]
        if all(inside):
            return new, min(a, b)
        # rounding near the boundary
        a, b = (
            x if fine and model.apart else 0.8 * x for x, fine in zip((a, b), inside, strict=True)
        )
    return at, 0.0


class Newton:
    """The linearised conditions at one point, eliminated and factored (module docstring)."""

    def __init__(self, model: Model, at: Point) -> None:
        self.model, self.at = model, at
        self.gap = model.left(at)
        self.costs, self.loose = model.tolerance(at, self.gap)
        self.eta, self.w = scaling(at.s, at.lam, *at.dets)
        self.root = np.sqrt(at.r / at.l)
        (x, t, v), columns = (at.x, at.t, at.v), model.columns(at.lam, at.l)
        costs = model.c + 2 * model.square * x, model.k, model.kappa
        self.missing = tuple(c - f for c, f in zip(costs, columns, strict=True))
        self.off_s = at.s - model.cones(x, v, 2 * np.sqrt(model.d))
        self.off_r = at.r - model.bounds(x, t, v)
        D, det_D = blocks(self.eta, self.w, model.turn)
        D[0] *= model.a**2
        D[2] /= model.a**2
        low, high, own = model.split(at.l / at.r)
        self.total, self.lean = low + high, (high - low) / (low + high)
        if own.size:
            self.slack = D[1], D[2], D[2] + own
            keep = own / self.slack[2]
            D, det_D = np.stack([det_D / self.slack[2] + D[0] * keep, *D[1:] * keep]), det_D * keep
        self.factor = model.factor(4 * low * (high / self.total), D, det_D, self.gap)

    def solve(self, f: Blocks, allowed: Array) -> Blocks:
        """(dx, dt, dv) with (the maps' adjoint) (weights) (the maps) of it equal to f."""
        model, (f_x, f_t, f_v) = self.model, f
        f_x = f_x - model.back(self.lean * f_t)
        if f_v.size:
            Dpq, Dqq, total = self.slack
            f_x = f_x - model.pull(Dpq * f_v / total, Dqq * f_v / total)
        x, v = self.factor.solve(f_x, allowed), f_v
        if f_v.size:
            p, q = model.pq(x)
            v = (f_v - Dpq * p - Dqq * q) / total
        return x, f_t / self.total - self.lean * model.bounded(x), v

    def direction(self, rhs: Array, rhs_l: Array, first: bool = False) -> Point:
        """The step after which nothing is missing, with W^-1 ds + W dlam = rhs in each cone.

        The first, a predictor, is not refined, and may miss ten times as much.
        """
        model, eta, w, root = self.model, self.eta, self.w, self.root
        allowed = self.costs * self.loose * (10 if first else 1)
        inner = apply_inverse(eta, w, rhs + apply_inverse(eta, w, self.off_s))
        pull = model.columns(inner, (rhs_l + self.off_r / root) / root)
        f = tuple(have - want for have, want in zip(pull, self.missing, strict=True))
        dx, dt, dv = self.solve(f, allowed)
        ds, dr = model.cones(dx, dv) - self.off_s, model.bounds(dx, dt, dv) - self.off_r
        dlam = apply_inverse(eta, w, rhs - apply_inverse(eta, w, ds))
        dl = (rhs_l - dr / root) / root
        for _ in range(0 if first else model.refinements):
            left_x, left_t, left_v = (
                have - want
                for have, want in zip(model.columns(dlam, dl), self.missing, strict=True)
            )
            left_x = left_x - 2 * model.square * dx
            shares = left_x / self.costs, left_t / model.k, left_v / model.kappa
            if max(np.abs(share).max(initial=0.0) for share in shares) < EXACT:
                break
            more = self.solve((left_x, left_t, left_v), allowed)
            more_s, more_r = model.cones(more[0], more[2]), model.bounds(*more)
            dx, dt, dv = (old + new for old, new in zip((dx, dt, dv), more, strict=True))
            ds, dr = ds + more_s, dr + more_r
            dlam = dlam - apply_inverse(eta, w, apply_inverse(eta, w, more_s))
            dl = dl - more_r / root**2
        return Point(dx, dt, dv, ds, dr, dlam, dl)
