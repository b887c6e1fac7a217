"""The interior point method for the image program with B = I: the picture is banded, C a border.

In canonical form, over the image h, m, the slack v = sig xi >= 0, and bounds tau, g on |D h|, |m|,

    minimise    mu t'h + sum tau + gamma sum g + lam sum v
    subject to  (p + q, p - q, 2 sqrt d) in Q,   p = t h,  q = Ct m + v,
                tau - D h, tau + D h, g - m, g + m, v >= 0.

Rows with d = 0 have no q and no v. The Lorentz cones and their Nesterov-Todd scaling are those of
cones.py; an inequality s >= 0 with dual l is a cone of dimension 1, scaled by sqrt(s / l).

Newton's equations, reduced (derived). With the weights a = l / s of the inequalities and the blocks
(Dpp, Dpq, Dqq) of the cones, eliminating tau, g and v one entry at a time leaves

    [ D'S D + diag(P)    t diag(R) Ct            ] [dh]
    [ .                  Ct'diag(Q) Ct + diag(M) ] [dm]  =  right-hand side

    S = 4 a1 a2 / (a1 + a2) on the differences, M the same on m; with av the weight of v,
    P = (Dpp Dqq - Dpq^2 + Dpp av) / (Dqq + av),  R = Dpq av / (Dqq + av),  Q = Dqq av / (Dqq + av)
    (without slack av = inf: P = Dpp, R = Dpq, Q = Dqq).

H = D'S D + diag(P) is block tridiagonal over the columns of the picture, with diagonal off-diagonal
blocks; its Cholesky factor Lo is computed block by block, along with Z = Lo^-1 diag(t R) Ct, and
the N equations that remain have the matrix Ct'diag(Q) Ct + diag(M) - Z'Z. For a p x q picture with
p <= q (else it is turned) a step costs about 3 p^2 L + 4 p L N + 2 L N^2 operations, nearly all in
products of matrices. Start: the one-bit correlation m = Ct'sqrt d, and the central path near it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from kit.branchhull import cones
from kit.branchhull.banded import Picture
from kit.branchhull.cones import SIGNS, UNIT
from kit.branchhull.problem import BranchHull
from kit.branchhull.tv import Dual, parts
from kit.branchhull.variation import adjoint, differences
from kit.results import Array


@dataclass(frozen=True, eq=False)
class State:
    """One iterate: the candidate, its dual, and what the loop records of it."""

    h: Array  # (L,)
    m: Array  # (N,)
    xi: Array | None  # (L,)
    dual: Dual
    objective: float  # TV(h) + mu |h|_1 + gamma |m|_1 + lam |xi|_1, by the bounds tau and g
    mu: float  # mean product of slack and dual: distance from complementarity, in scaled units
    step: float  # length of the step that led here, in (0, 1]


@dataclass(frozen=True, eq=False)
class Point:
    """A primal and dual iterate: unknowns, slacks, multipliers."""

    z: tuple[Array, ...]  # h, m, tau, g and, with slack, v
    s: Array  # (3, L) in the cones
    lam: Array  # (3, L), their duals
    r: Array  # (2 E + 2 N [+ L],) > 0, slacks of the inequalities
    l: Array  # the same, their duals

    @property
    def complementarity(self) -> float:
        """Mean of s'lam and r l over all cones."""
        return float(
            (np.sum(self.s * self.lam) + self.r @ self.l) / (self.s.shape[1] + self.r.size)
        )


@dataclass(frozen=True, eq=False)
class Model:
    """The cone program in scaled units: its linear maps, their adjoints, its costs."""

    t: Array  # (L,)
    Ct: Array  # (L, N)
    d: Array  # (L,)
    shape: tuple[int, int]
    mu: float
    gamma: float
    lam: float | None

    @property
    def on(self) -> Array:
        """1.0 where d > 0, else 0.0."""
        return (self.d > 0).astype(float)

    @property
    def cuts(self) -> Array:
        """Where the inequalities on tau - Dh, tau + Dh, g - m, g + m and v part."""
        (p, q), N = self.shape, self.Ct.shape[1]
        E = (p - 1) * q + p * (q - 1)
        return np.cumsum([E, E, N, N])

    def cost(self) -> list[Array]:
        """The objective's coefficients, block by block as in Point.z."""
        E, _, _, _ = np.diff(self.cuts, prepend=0)
        N, L = self.Ct.shape[1], self.d.size
        blocks = [self.mu * self.t, np.zeros(N), np.ones(E), np.full(N, self.gamma)]
        return blocks if self.lam is None else [*blocks, np.full(L, self.lam)]

    def rows(self, z: tuple[Array, ...]) -> Array:
        """(p + q, p - q, 0) (3, L), the part of s that moves."""
        p, q = self.t * z[0], self.Ct @ z[1]
        if self.lam is not None:
            q = q + self.on * z[4]
        return np.stack([p + q, self.on * (p - q), np.zeros_like(p)])

    def bounds(self, z: tuple[Array, ...]) -> Array:
        """tau - Dh, tau + Dh, g - m, g + m, v in one vector."""
        Dh = differences(z[0], self.shape)
        return np.concatenate([z[2] - Dh, z[2] + Dh, z[3] - z[1], z[3] + z[1], *z[4:]])

    def weights(self, lam: Array) -> Array:
        """(al, be) (2, L) of a dual point of the cones."""
        return np.stack([lam[0] + self.on * lam[1], lam[0] - self.on * lam[1]])

    def columns(self, lam: Array, l: Array) -> list[Array]:
        """The adjoint of `rows` and `bounds` together, block by block as in Point.z."""
        al, be = self.weights(lam)
        minus, plus, m_minus, m_plus, v = np.split(l, self.cuts)
        blocks = [
            self.t * al + adjoint(plus - minus, self.shape),
            be @ self.Ct + m_plus - m_minus,
            minus + plus,
            m_minus + m_plus,
        ]
        return blocks if self.lam is None else [*blocks, self.on * be + v]

    def start(self) -> Point:
        """The one-bit correlation m, an image that fits it, and the central path nearby."""
        on, root = self.d > 0, np.sqrt(self.d)
        m = root @ self.Ct
        reach = np.median((self.Ct @ m)[on] / root[on])
        m = m / reach if reach > 0 else 0 * m
        q = np.maximum(self.Ct @ m, 0.3)
        p = 1.5 * np.maximum(self.d, 0.1) / q
        F = np.abs(differences(self.t * p, self.shape)).sum() + self.mu * p.sum()
        G = self.gamma * np.abs(m).sum()
        if self.lam is not None:
            G += self.lam * np.maximum(q - self.Ct @ m, 0).sum()
        c = np.sqrt(max(G, 1e-3 * F) / F)
        p, q, m = c * p, q / c, m / c
        h, b = self.t * p, 2 * c * F / p.size
        z = [
            h,
            m,
            b + np.sqrt(b * b + differences(h, self.shape) ** 2),
            (b + np.sqrt(b * b + (self.gamma * m) ** 2)) / self.gamma,
        ]
        if self.lam is not None:
            z.append(np.maximum(q - self.Ct @ m, 0) + b / self.lam)
        s = np.stack([np.where(on, p + q, p), np.where(on, p - q, 0), 2 * root])
        r = self.bounds(z)
        return Point(tuple(z), s, b * SIGNS * s / cones.det(s), r, b / r)


class Newton:
    """The reduced equations at one point, factored (module docstring)."""

    def __init__(self, model: Model, point: Point) -> None:
        self.model, on = model, model.on
        self.eta, self.w = cones.scaling(point.s, point.lam)
        self.root = np.sqrt(point.r / point.l)  # the scaling of the inequalities
        w, per = self.w, 1 / self.eta**2
        D00, D11 = per * (2 * w[0] ** 2 - 1), on * per * (2 * w[1] ** 2 + 1)
        tilt = on * per * (-4 * w[0] * w[1])
        Dpp, Dpq, Dqq = D00 + tilt + D11, on * (D00 - D11), D00 - tilt + D11
        a1, a2, b1, b2, av = np.split(point.l / point.r, model.cuts)
        self.a, self.b = (a1 + a2, a2 - a1), (b1 + b2, b2 - b1)
        if model.lam is None:
            P, self.R, Q = Dpp, Dpq, on * Dqq
        else:
            det = 4 * per**2 * (1 + 2 * w[2] ** 2)  # Dpp Dqq - Dpq^2, without cancellation
            total = on * Dqq + av
            P = np.where(on > 0, (det + Dpp * av) / total, Dpp)
            self.R, Q = Dpq * av / total, on * Dqq * av / total
            self.v = (Dpq, on * Dqq, total)
        self.R = model.t * self.R
        self.picture = Picture(model.shape, 4 * a1 * a2 / (a1 + a2), P, self.R[:, None] * model.Ct)
        X, Z = np.sqrt(Q)[:, None] * model.Ct, self.picture.half_solved
        border = X.T @ X - Z.T @ Z
        diagonal = np.diag_indices_from(border)
        border[diagonal] = border[diagonal] * (1 + 1e-14) + 4 * b1 * b2 / (b1 + b2)
        self.border = cho_factor(border, lower=True, overwrite_a=True)

    def solve(self, f: list[Array]) -> tuple[Array, ...]:
        """The step z with (adjoint of the maps) (weights) (the maps) z = f."""
        model, ((a, a_), (b, b_)) = self.model, (self.a, self.b)
        f_h = f[0] - adjoint(a_ / a * f[2], model.shape)
        f_m = f[1] - b_ / b * f[3]
        if model.lam is not None:
            v_p, v_q, total = self.v
            f_h = f_h - model.t * v_p * f[4] / total
            f_m = f_m - (v_q * f[4] / total) @ model.Ct
        h = self.picture.solve(f_h)
        m = cho_solve(self.border, f_m - (self.R * h) @ model.Ct)
        q = model.Ct @ m
        h = h - self.picture.solve(self.R * q)
        tau = (f[2] - a_ * differences(h, model.shape)) / a
        g = (f[3] - b_ * m) / b
        if model.lam is None:
            return h, m, tau, g
        return h, m, tau, g, (f[4] - v_p * model.t * h - v_q * q) / total

    def direction(
        self, gaps: tuple[Array, Array, list[Array]], rhs: Array, rhs_l: Array
    ) -> tuple[tuple[Array, ...], Array, Array, Array, Array]:
        """dz, ds, dlam, dr, dl that close the gaps, with W^-1 ds + W dlam = rhs in each cone."""
        eta, w, root = self.eta, self.w, self.root
        gap, gap_l, gap_z = gaps
        inner = cones.apply_inverse(eta, w, rhs + cones.apply_inverse(eta, w, gap))
        pull = self.model.columns(inner, (rhs_l + gap_l / root) / root)
        dz = self.solve([column - missing for column, missing in zip(pull, gap_z, strict=True)])
        ds, dr = self.model.rows(dz) - gap, self.model.bounds(dz) - gap_l
        dlam = cones.apply_inverse(eta, w, rhs - cones.apply_inverse(eta, w, ds))
        return dz, ds, dlam, dr, (rhs_l - dr / root) / root


def tv_interior(problem: BranchHull) -> Iterator[State]:
    """Yield one state per iteration; ends by itself when no further step can be computed.

    problem  objective "tv" with B = I, and a minimiser: mu > 0, or signs that are mixed
    """
    t, sig, _, Ct, d = parts(problem)
    L, N = Ct.shape
    if not d.any():
        zero, xi = np.zeros(L), None if problem.lam is None else np.zeros(L)
        w = np.zeros_like(differences(zero, problem.shape))
        yield State(zero, np.zeros(N), xi, Dual(zero, zero, w, zero), 0.0, 0.0, 1.0)
        return
    turned = problem.shape[0] > problem.shape[1]  # blocks are columns: the short side
    order = np.arange(L).reshape(problem.shape[::-1]).T.ravel() if turned else np.arange(L)
    shape, back = (min(problem.shape), max(problem.shape)), np.argsort(order)
    unit = np.sqrt(d).mean()  # of h and C m
    size = 1 / max(np.linalg.norm(Ct, axis=1).max(), np.finfo(float).tiny)
    model = Model(
        t[order],
        size * Ct[order],
        d[order] / unit**2,
        shape,
        problem.mu,
        problem.gamma * size,
        problem.lam,
    )
    point, step = model.start(), 1.0
    while True:
        al, be = model.weights(point.lam)[:, back]
        minus, plus, *_ = np.split(point.l, model.cuts)
        w = minus - plus
        if turned:
            cut = (shape[0] - 1) * shape[1]
            down, across = w[:cut].reshape(shape[1], -1), w[cut:].reshape(-1, shape[0])
            w = np.concatenate([across.T.ravel(), down.T.ravel()])
        yield State(
            unit * point.z[0][back],
            unit * size * point.z[1],
            unit * sig * point.z[4][back] if model.lam is not None else None,
            Dual(al, be, w, np.full(L, problem.mu)),
            float(unit * sum(c @ z for c, z in zip(model.cost(), point.z, strict=True))),
            point.complementarity,
            step,
        )
        try:
            point, step = _advance(model, point)
        except (LinAlgError, ValueError):  # not definite, or not finite any more
            return
        if not step > 1e-10:
            return


def _advance(model: Model, at: Point) -> tuple[Point, float]:
    """One step of Mehrotra's: the affine direction tells how much to centre."""
    mu, newton = at.complementarity, Newton(model, at)
    eta, w, root = newton.eta, newton.w, newton.root
    constant = np.stack([0 * model.d, 0 * model.d, 2 * np.sqrt(model.d)])
    gaps = (
        at.s - model.rows(at.z) - constant,
        at.r - model.bounds(at.z),
        [c - a for c, a in zip(model.cost(), model.columns(at.lam, at.l), strict=True)],
    )
    nu, nu_l = cones.apply(eta, w, at.lam), np.sqrt(at.r * at.l)
    _, ds, dlam, dr, dl = newton.direction(gaps, -nu, -nu_l)
    affine = min(1.0, _longest(at, ds, dlam, dr, dl))
    centre = (1 - affine) ** 3 * mu
    second = cones.product(cones.apply_inverse(eta, w, ds), cones.apply(eta, w, dlam))
    rhs = cones.divide(nu, centre * UNIT - cones.product(nu, nu) - second)
    rhs_l = (centre - nu_l**2 - (dr / root) * (dl * root)) / nu_l
    dz, ds, dlam, dr, dl = newton.direction(gaps, rhs, rhs_l)
    step = min(1.0, 0.995 * _longest(at, ds, dlam, dr, dl))
    while step > 1e-10 and not (
        cones.inside(at.s + step * ds) and cones.inside(at.lam + step * dlam)
    ):
        step *= 0.8  # rounding near the boundary
    z = tuple(old + step * new for old, new in zip(at.z, dz, strict=True))
    moved = Point(z, at.s + step * ds, at.lam + step * dlam, at.r + step * dr, at.l + step * dl)
    return moved, step


def _longest(at: Point, ds: Array, dlam: Array, dr: Array, dl: Array) -> float:
    """The largest step that stays in all cones."""
    ends = [1 / max((-dv / v).max(), 1e-300) for v, dv in ((at.r, dr), (at.l, dl))]
    return min(cones.to_boundary(at.s, ds), cones.to_boundary(at.lam, dlam), *ends)
