"""Newton's equations of the image program: the picture is banded if B = I, and C is a border.

The cone program, over h, m, the slack v = sig xi >= 0, and bounds tau, g on |D B h|, |m|:

    minimise    mu t'B h + sum tau + gamma sum g + lam'v
    subject to  (a p + q / a, a p - q / a, 2 sqrt d) in Q,   p = t o B h,  q = Ct m + v,
                tau - D B h, tau + D B h, g - m, g + m, v >= 0.

Rows with d = 0 have no q and no v. The Lorentz cones and their Nesterov-Todd scaling are those of
cones.py; an inequality s >= 0 with dual l is a cone of dimension 1, scaled by sqrt(s / l). lam has
an entry for every row, for rows are measured in units of their own. The factors a > 0 change
nothing in exact arithmetic: they turn every cone into itself. With a^2 = q / p at the iterate both
coordinates have the same size, and no digits are lost between them where prices are far apart
(`balanced`).

The equations, reduced (derived). With the weights l / s of the inequalities and the blocks
(Dpp, Dpq, Dqq) of the cones, eliminating tau, g and v one entry at a time leaves

    [ B'(D'S D + diag(P)) B    B't diag(R) Ct          ] [dh]
    [ .                        Ct'diag(Q) Ct + diag(M) ] [dm]  =  right-hand side

    S = 4 a1 a2 / (a1 + a2) on the differences, M the same on m; with av the weight of v,
    P = (Dpp Dqq - Dpq^2 + Dpp av) / (Dqq + av),  R = Dpq av / (Dqq + av),  Q = Dqq av / (Dqq + av)
    (without slack av = inf: P = Dpp, R = Dpq, Q = Dqq).

If B = I, H = D'S D + diag(P) is block tridiagonal over the columns of the picture, with diagonal
blocks off the diagonal; its Cholesky factor Lo is computed block by block (`Picture`), along with
Z = Lo^-1 diag(t R) Ct, and the N equations that remain have the matrix
Ct'diag(Q) Ct + diag(M) - Z'Z. For a p x q picture with p <= q a step costs about
3 p^2 L + 4 p L N + 2 L N^2 operations, nearly all in products of matrices. With any other B the
first block is full, of size K (`Projected`), and costs 6 L K^2.

The border is a difference, and loses digits where C is nearly dependent and the signs lie. Small
problems are therefore solved by one QR factorisation of the roots of all weights (`_joint`): per
row of the cones sqrt(P) (t B, R / P Ct) and sqrt(det / P) Ct, per bound sqrt(S) D B and sqrt(M).
It solved seven of the nine instances in 1,250 that the differences did not.

Refinement. The weights reach 1 / mu, and rounding in dz times such a weight is what the dual step
misses its equation by. What is missing is solved for again, and the dual step is corrected by its
own small increment, not computed anew from the corrected dz, whose rounding is as large as before.
Source: derived; Nesterov-Todd scaling as in l2.py.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from kit.branchhull.interior import cones
from kit.branchhull.interior.banded import Picture, Projected
from kit.branchhull.variation import adjoint, differences
from kit.results import Array

REFINEMENTS = 5  # at most
JOINT = 3e7  # operations / 2 up to which a step is computed by one QR factorisation
EXACT = 1e-12  # what the dual equations may be missed by, in shares of their costs


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
    lam: Array | None  # (L,)
    a: Array  # (L,) > 0: the cones' p and q are a p and q / a
    B: Array | None = None  # (L, K); None for the identity

    def image(self, h: Array) -> Array:
        """B h (L,)."""
        return h if self.B is None else self.B @ h

    def pulled(self, f: Array) -> Array:
        """B'f (K,)."""
        return f if self.B is None else f @ self.B

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
        N = self.Ct.shape[1]
        blocks = [self.pulled(self.mu * self.t), np.zeros(N), np.ones(E), np.full(N, self.gamma)]
        return blocks if self.lam is None else [*blocks, self.lam]

    def rows(self, z: tuple[Array, ...]) -> Array:
        """(p + q, p - q, 0) (3, L), the part of s that moves."""
        p, q = self.t * self.image(z[0]), self.Ct @ z[1]
        if self.lam is not None:
            q = q + self.on * z[4]
        p, q = self.a * p, q / self.a
        return np.stack([p + q, self.on * (p - q), np.zeros_like(p)])

    def bounds(self, z: tuple[Array, ...]) -> Array:
        """tau - D B h, tau + D B h, g - m, g + m, v in one vector."""
        Dh = differences(self.image(z[0]), self.shape)
        return np.concatenate([z[2] - Dh, z[2] + Dh, z[3] - z[1], z[3] + z[1], *z[4:]])

    def weights(self, lam: Array) -> Array:
        """(al, be) (2, L) of a dual point of the cones."""
        al, be = lam[0] + self.on * lam[1], lam[0] - self.on * lam[1]
        return np.stack([self.a * al, be / self.a])

    def columns(self, lam: Array, l: Array) -> list[Array]:
        """The adjoint of `rows` and `bounds` together, block by block as in Point.z."""
        al, be = self.weights(lam)
        minus, plus, m_minus, m_plus, v = np.split(l, self.cuts)
        blocks = [
            self.pulled(self.t * al + adjoint(plus - minus, self.shape)),
            be @ self.Ct + m_plus - m_minus,
            minus + plus,
            m_minus + m_plus,
        ]
        return blocks if self.lam is None else [*blocks, self.on * be + v]

    def balanced(self, at: "Point") -> tuple["Model", "Point"]:
        """The same model and point, with a^2 = q / p: the cones' s1 is 0 at the point."""
        on, big, small = self.d > 0, at.s[0] + at.s[1], at.s[0] - at.s[1]
        turn = np.where(on, np.sqrt(small / big), 1.0)
        al, be = (at.lam[0] + at.lam[1]) / turn, (at.lam[0] - at.lam[1]) * turn
        s = np.stack([np.where(on, np.sqrt(big * small), at.s[0]), 0 * turn, at.s[2]])
        lam = np.stack(
            [np.where(on, (al + be) / 2, at.lam[0]), np.where(on, (al - be) / 2, 0.0), at.lam[2]]
        )
        return replace(self, a=self.a * turn), replace(at, s=s, lam=lam)


class Newton:
    """The reduced equations at one point, factored (module docstring)."""

    def __init__(self, model: Model, point: Point) -> None:
        self.model, on = model, model.on
        size = 1.0 if model.B is None else np.abs(model.B).sum(axis=0)
        self.costs = [size * (model.mu or 1.0), model.gamma, 1.0, model.gamma]
        self.costs += [] if model.lam is None else [model.lam]
        self.eta, self.w = cones.scaling(point.s, point.lam)
        self.root = np.sqrt(point.r / point.l)  # the scaling of the inequalities
        w, per = self.w, 1 / self.eta**2
        # W^-2 turned to (p, q), in the form in which nothing cancels
        Dpp = per * np.where(on > 0, 2 * (w[0] - w[1]) ** 2, 1.0)
        Dpq, Dqq = on * per * 2 * w[2] ** 2, on * per * 2 * (w[0] + w[1]) ** 2
        Dpp, Dqq = model.a**2 * Dpp, Dqq / model.a**2
        a1, a2, b1, b2, av = np.split(point.l / point.r, model.cuts)
        self.a, self.b = (a1 + a2, a2 - a1), (b1 + b2, b2 - b1)
        det = 4 * per**2 * (1 + 2 * w[2] ** 2)  # Dpp Dqq - Dpq^2, without cancellation
        if model.lam is None:
            P, self.R, Q = Dpp, Dpq, on * Dqq
        else:
            total = on * Dqq + av
            P = np.where(on > 0, (det + Dpp * av) / total, Dpp)
            self.R, Q, det = Dpq * av / total, on * Dqq * av / total, det * av / total
            self.v = (Dpq, on * Dqq, total)
        self.R = model.t * self.R
        S, M = 4 * a1 * a2 / (a1 + a2), 4 * b1 * b2 / (b1 + b2)
        self.joint = None
        if (S.size + 2 * Q.size) * (point.z[0].size + M.size) ** 2 < JOINT:
            self.joint = self._joint(S, P, np.sqrt(on * det / P), M)
            return
        border = self.R[:, None] * model.Ct
        if model.B is None:
            self.picture = Picture(model.shape, S, P, border)
        else:
            self.picture = Projected(model.B, model.shape, S, P, border)
        X, Z = np.sqrt(Q)[:, None] * model.Ct, self.picture.half_solved
        border = X.T @ X - Z.T @ Z
        diagonal = np.diag_indices_from(border)
        border[diagonal] = border[diagonal] * (1 + 1e-14) + M
        self.border = cho_factor(border, lower=True, overwrite_a=True)

    def _joint(self, S: Array, P: Array, rest: Array, M: Array) -> Array:
        """R' of a QR factorisation of all weights' roots: the matrix is R'R, no product formed."""
        model, root = self.model, np.sqrt(P)[:, None]
        B = np.eye(P.size) if model.B is None else model.B
        of_h = [np.sqrt(S)[:, None] * differences(B, model.shape), root * B]
        of_m = [self.R[:, None] / root * model.Ct, rest[:, None] * model.Ct, np.diag(np.sqrt(M))]
        (E, K), (L, N) = of_h[0].shape, model.Ct.shape
        A = np.zeros((E + 2 * L + N, K + N))
        A[: E + L, :K] = np.concatenate(of_h)
        A[E:, K:] = np.concatenate(of_m)
        return np.linalg.qr(A, mode="r").T

    def solve(self, f: list[Array]) -> tuple[Array, ...]:
        """The step z with (adjoint of the maps) (weights) (the maps) z = f."""
        model, ((a, a_), (b, b_)) = self.model, (self.a, self.b)
        f_h = f[0] - model.pulled(adjoint(a_ / a * f[2], model.shape))
        f_m = f[1] - b_ / b * f[3]
        if model.lam is not None:
            v_p, v_q, total = self.v
            f_h = f_h - model.pulled(model.t * v_p * f[4] / total)
            f_m = f_m - (v_q * f[4] / total) @ model.Ct
        if self.joint is not None:
            both = cho_solve((self.joint, True), np.concatenate([f_h, f_m]))
            h, m = both[: f_h.size], both[f_h.size :]
            q = model.Ct @ m
        else:
            h = self.picture.solve(f_h)
            m = cho_solve(self.border, f_m - (self.R * model.image(h)) @ model.Ct)
            q = model.Ct @ m
            h = h - self.picture.solve(model.pulled(self.R * q))
        image = model.image(h)
        tau = (f[2] - a_ * differences(image, model.shape)) / a
        g = (f[3] - b_ * m) / b
        if model.lam is None:
            return h, m, tau, g
        return h, m, tau, g, (f[4] - v_p * model.t * image - v_q * q) / total

    def direction(
        self,
        gaps: tuple[Array, Array, list[Array]],
        rhs: Array,
        rhs_l: Array,
        refined: bool = False,
    ) -> tuple[tuple[Array, ...], Array, Array, Array, Array]:
        """dz, ds, dlam, dr, dl that close the gaps, with W^-1 ds + W dlam = rhs in each cone.

        refined  solve for what the dual equations are still missed by (module docstring)
        """
        eta, w, root = self.eta, self.w, self.root
        gap, gap_l, gap_z = gaps
        inner = cones.apply_inverse(eta, w, rhs + cones.apply_inverse(eta, w, gap))
        pull = self.model.columns(inner, (rhs_l + gap_l / root) / root)
        dz = self.solve([column - missing for column, missing in zip(pull, gap_z, strict=True)])
        ds, dr = self.model.rows(dz) - gap, self.model.bounds(dz) - gap_l
        dlam = cones.apply_inverse(eta, w, rhs - cones.apply_inverse(eta, w, ds))
        dl = (rhs_l - dr / root) / root
        for _ in range(REFINEMENTS if refined else 0):
            reached = self.model.columns(dlam, dl)
            left = [have - want for have, want in zip(reached, gap_z, strict=True)]
            shares = [np.abs(f) / cost for f, cost in zip(left, self.costs, strict=True)]
            if max(share.max(initial=0.0) for share in shares) < EXACT:
                break
            more = self.solve(left)
            more_s, more_r = self.model.rows(more), self.model.bounds(more)
            dz = [old + new for old, new in zip(dz, more, strict=True)]
            ds, dr = ds + more_s, dr + more_r
            dlam = dlam - cones.apply_inverse(eta, w, cones.apply_inverse(eta, w, more_s))
            dl = dl - more_r / root**2
        return dz, ds, dlam, dr, dl
