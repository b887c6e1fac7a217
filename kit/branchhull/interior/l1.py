"""The interior point method of l2.py for the l1 program, with weight and with slack.

In the scaled units of scaled.Scaled, with z = (h, m) of weights w, |z| <= t, slack xi >= 0 of
price kappa (lam in the units of each row), and the cones of l2.py,

    minimise  w't + kappa'xi   s.t.   s = (p + q, p - q, 2 sqrt d) in Q,   p = Bt h, q = Ct m + xi

Its dual: (al, be) from the cones, u1, u2 >= 0 from t -+ z >= 0 and v >= 0 from xi >= 0 with

    u1 + u2 = w,   u1 - u2 = (Bt'al ; Ct'be),   be + v = kappa.

A Newton step eliminates everything but dz. With D1 = u1 / (t - z), D2 = u2 / (t + z), Dv = v / xi
and the 2 x 2 blocks (Dpp, Dpq, Dqq) of the cones, with determinant det, the bounds on z become a
diagonal and the slack changes the blocks:

    diagonal  4 D1 D2 / (D1 + D2),
    det / (Dqq + Dv) + Dpp Dv / (Dqq + Dv),   Dpq Dv / (Dqq + Dv),   Dqq Dv / (Dqq + Dv).

What remains is (diagonal + G'D G) dz = r, of size K + N, with G = diag(Bt, Ct): normal.py. What a
dual equation may miss is a tenth of the gap, for that is what it costs in the bound; ten times as
much in the predictor (with a predictor that is not corrected at all wide problems stall).

The objective is linear, so the primal and the dual step have lengths of their own. The start is
dual feasible: the cones' central path, shrunk until the other dual variables are positive. Source:
as l2.py; the eliminations are derived.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

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
    dot,
    inside,
    product,
    ratio,
    scaling,
    to_boundary,
)
from kit.branchhull.interior.normal import FAR, Normal
from kit.branchhull.problem import BranchHull
from kit.results import Array

REFINED = 2  # more solutions of a step, where the weights differ: then its last digits count


@dataclass(frozen=True, eq=False)
class State:
    """One iterate: the candidate, its dual, and what the loop records of it."""

    h: Array  # (K,)
    m: Array  # (N,)
    dual: Array  # (2, L): al, be
    objective: float  # w't + kappa'xi: the program's value once the iterate is feasible
    mu: float  # mean of all products: distance from complementarity, in scaled units
    step: float  # the shorter of the two steps that led here, in (0, 1]


def interior_l1(problem: BranchHull) -> Iterator[State]:
    """Yield one state per iteration; ends by itself when no further step can be computed."""
    made = problem.data.scaled
    weight, e, cost = made.weights(problem.gamma, problem.lam)
    d, rows = made.d, np.stack(made.rows)
    kappa = problem.lam * e / cost / rows[1] if problem.slack else np.zeros(0)
    short = made.Bt.astype(np.float32), made.Ct.astype(np.float32)
    map_ = _Map(made.Bt, made.Ct, (d > 0).astype(float), weight, short)
    K, root = made.Bt.shape[1], 2 * np.sqrt(d)
    at = _start(map_, d, kappa)
    length, largest = 1.0, np.abs(at.lam).max()
    while True:
        yield State(
            *made.restore(at.z[:K], at.z[K:], e),
            map_.weights(at.lam) * rows,
            float(made.zoom * cost * (weight @ at.t + kappa @ at.xi)),
            float(at.mu),
            float(length),
        )
        if not np.abs(at.lam).max() <= 1e12 * largest:  # without bound: infeasible, or nearly
            return
        try:
            gap = at.mu * at.count / (weight @ at.t + kappa @ at.xi)
            newton = _Newton(map_, at, kappa, root, gap)
            first = newton.step(None, 0.0)
            after = at.moved(first, *(min(1.0, x) for x in at.lengths(first))).mu
            goal = min(max((after / at.mu) ** 3, 1e-6), 1.0) * at.mu
            second = newton.step(first, goal)
        except (LinAlgError, ValueError):  # not definite, or not finite any more
            return
        a, b = (min(1.0, 0.99 * x) for x in at.lengths(second))
        while a > 1e-10 and not inside(at.s + a * second.s):  # rounding near the boundary
            a *= 0.8
        while b > 1e-10 and not inside(at.lam + b * second.lam):
            b *= 0.8
        length = min(a, b)
        if not length > 1e-10:
            return
        at = at.moved(second, a, b)


@dataclass(frozen=True, eq=False)
class _Point:
    """An iterate, or a step; the first four are primal, the last four dual."""

    z: Array  # (K + N,)
    t: Array  # (K + N,)
    xi: Array  # (L,), or (0,) without slack
    s: Array  # (3, L)
    lam: Array  # (3, L)
    u1: Array  # (K + N,)
    u2: Array  # (K + N,)
    v: Array  # as xi

    @cached_property
    def pairs(self) -> tuple[tuple[Array, Array], ...]:
        """The coordinates that must stay positive, with their multipliers."""
        return (self.t - self.z, self.u1), (self.t + self.z, self.u2), (self.xi, self.v)

    @cached_property
    def mu(self) -> float:
        """The mean of all products."""
        return (dot(self.s, self.lam).sum() + sum(x @ u for x, u in self.pairs)) / self.count

    @property
    def count(self) -> int:
        """How many products there are."""
        return self.s.shape[1] + 2 * self.z.size + self.xi.size

    def moved(self, step: "_Point", a: float, b: float) -> "_Point":
        """The point after a times the primal and b times the dual step."""
        primal = [getattr(self, n) + a * getattr(step, n) for n in ("z", "t", "xi", "s")]
        dual = [getattr(self, n) + b * getattr(step, n) for n in ("lam", "u1", "u2", "v")]
        return _Point(*primal, *dual)

    def lengths(self, step: "_Point") -> tuple[float, float]:
        """How far the primal and the dual step may go until something is 0."""
        both = zip(self.pairs, step.pairs, strict=True)
        ends = [(ratio(x, dx), ratio(u, du)) for (x, u), (dx, du) in both]
        ends.append((to_boundary(self.s, step.s), to_boundary(self.lam, step.lam)))
        return min(x for x, _ in ends), min(u for _, u in ends)


@dataclass(frozen=True, eq=False)
class _Map:
    """The map (z, xi) -> (p + q, turn (p - q), 0) and its transpose."""

    Bt: Array  # (L, K)
    Ct: Array  # (L, N)
    turn: Array  # (L,): 1 where d > 0, else 0
    weight: Array  # (K + N,): w
    short: tuple[Array, Array]  # Bt and Ct in float32

    @property
    def even(self) -> bool:
        """Whether all weights are the same."""
        return np.ptp(self.weight) == 0

    def pq(self, z: Array) -> tuple[Array, Array]:
        """(Bt h, Ct m)."""
        return self.Bt @ z[: self.Bt.shape[1]], self.Ct @ z[self.Bt.shape[1] :]

    def rows(self, z: Array, xi: Array) -> Array:
        """(3, L), the part of s that moves."""
        p, q = self.pq(z)
        q = self.turn * (q + xi) if xi.size else q
        out = np.zeros((3, p.size))
        out[0], out[1] = p + q, self.turn * (p - q)
        return out

    def weights(self, lam: Array) -> Array:
        """(al, be) (2, L) of a dual point: lam's = al p + be q + lam2 s2; be = 0 where d = 0."""
        return np.array([lam[0] + self.turn * lam[1], self.turn * (lam[0] - lam[1])])

    def columns(self, al: Array, be: Array) -> Array:
        """(Bt'al ; Ct'be) (K + N,)."""
        return np.concatenate([al @ self.Bt, be @ self.Ct])


class _Newton:
    """The linearised conditions at one point: factored once, solved twice."""

    def __init__(self, map_: _Map, at: _Point, kappa: Array, root: Array, gap: float) -> None:
        self.map, self.at, self.gap = map_, at, gap
        self.eta, self.w = scaling(at.s, at.lam)
        al, be = map_.weights(at.lam)
        self.nu = apply(self.eta, self.w, at.lam)
        self.squared = product(self.nu, self.nu)
        self.r_cone = at.s - map_.rows(at.z, at.xi)
        self.r_cone[2] -= root
        self.r_z = at.u1 - at.u2 - map_.columns(al, be)
        self.r_t = at.u1 + at.u2 - map_.weight
        self.r_xi = at.v + be - kappa if kappa.size else kappa
        (f1, u1), (f2, u2), (xi, v) = at.pairs
        self.D1, self.D2, self.Dv = u1 / f1, u2 / f2, v / xi
        self.D, det_D = blocks(self.eta, self.w, map_.turn)
        self.whole = self.D[2] + self.Dv if kappa.size else None
        reduced = self.D
        if kappa.size:
            keep = self.Dv / self.whole
            reduced, det_D = self.D * keep, det_D * keep
            reduced[0] += det_D / self.Dv
        diagonal = 4 * self.D1 * (self.D2 / (self.D1 + self.D2))
        short = map_.short if map_.even and gap > FAR else None
        both, every = (map_.Bt, map_.Ct), not map_.even
        self.linear = Normal(both, short, reduced, det_D, diagonal, every=every)

    def step(self, first: _Point | None, goal: float) -> _Point:
        """The step after which nothing is left over and all products are `goal`.

        first is the affine step, whose second-order terms are then taken into account.
        """
        at, eta, w = self.at, self.eta, self.w
        wanted = goal * UNIT - self.squared
        linear = [goal - x * u for x, u in at.pairs]
        if first is not None:
            wanted = wanted - product(apply_inverse(eta, w, first.s), apply(eta, w, first.lam))
            linear = [c - dx * du for c, (dx, du) in zip(linear, first.pairs, strict=True)]
        goals = divide(self.nu, wanted), *linear
        residuals = self.r_cone, self.r_z, self.r_t, self.r_xi
        missed = min(1.0, 0.1 * self.gap) * (10 if first is None else 1) * self.map.weight
        found = self._solve(residuals, goals, missed)
        nothing = 0 * goals[0], *(0 * c for c in linear)
        for _ in range(0 if self.map.even else REFINED):
            al, be = self.map.weights(found.lam)
            left = (
                0 * self.r_cone,
                self.r_z + found.u1 - found.u2 - self.map.columns(al, be),
                self.r_t + found.u1 + found.u2,
                self.r_xi + found.v + be if self.r_xi.size else self.r_xi,
            )
            found = found.moved(self._solve(left, nothing, missed), 1.0, 1.0)
        return found

    def _solve(self, residuals: tuple, goals: tuple, missed: Array) -> _Point:
        """The step that removes the residuals and makes the linearised products the goals."""
        at, eta, w = self.at, self.eta, self.w
        (r_cone, r_z, r_t, r_xi), rhs = residuals, goals[0]
        e1, e2, e3 = (c / x for c, (x, _) in zip(goals[1:], at.pairs, strict=True))
        to_cone = apply_inverse(eta, w, rhs + apply_inverse(eta, w, r_cone))
        to_p, to_q = self.map.weights(to_cone)
        own, (_, Dpq, Dqq) = to_q, self.D
        if self.whole is not None:
            own = to_q + r_xi + e3
            to_p = to_p - Dpq * (own / self.whole)
            to_q = to_q * (self.Dv / self.whole) - (r_xi + e3) * (Dqq / self.whole)
        lean, spare = (self.D1 - self.D2) / (self.D1 + self.D2), e1 + e2 + r_t
        right = self.map.columns(to_p, to_q) + e2 - e1 - r_z + lean * spare
        dz = self.linear.solve(right, missed)
        dt, dxi = spare / (self.D1 + self.D2) + lean * dz, at.xi
        if self.whole is not None:
            dp, dq = self.map.pq(dz)
            dxi = (own - Dpq * dp - Dqq * dq) / self.whole
        ds = self.map.rows(dz, dxi) - r_cone
        dlam = apply_inverse(eta, w, rhs - apply_inverse(eta, w, ds))
        du1, du2 = e1 - self.D1 * (dt - dz), e2 - self.D2 * (dt + dz)
        return _Point(dz, dt, dxi, ds, dlam, du1, du2, e3 - self.Dv * dxi)


def _start(map_: _Map, d: Array, kappa: Array) -> _Point:
    """z from one-bit correlations, all in the interior, the dual feasible."""
    on, root = d > 0, np.sqrt(d)
    h, m = root @ map_.Bt, root @ map_.Ct
    p, q = map_.Bt @ h, map_.Ct @ m
    reach = np.median(p[on] * q[on] / d[on]) if on.any() else 1.0
    # balanced halves, and p q about d in the middle
    w_h, w_m = np.split(map_.weight, [h.size])
    F, G = w_h @ np.abs(h) or 1.0, w_m @ np.abs(m) or 1.0
    if kappa.size:  # where slack is cheaper than m, begin with slack
        m = m * min(1.0, kappa @ np.maximum(q, 0) / G)
        G = min(G, kappa @ np.maximum(q, 0)) or 1.0
    c = reach**-0.5 if reach > 0 else 1.0
    scale_h, scale_m = np.sqrt(c * G / F), np.sqrt(c * F / G)
    z, p, q = np.concatenate([scale_h * h, scale_m * m]), scale_h * p, scale_m * q
    floor_p, floor_q = (0.1 * (np.abs(x[on]).mean() if on.any() else 1.0) or 1.0 for x in (p, q))
    p, q = np.maximum(p, floor_p), np.maximum(q, floor_q)
    grow = np.sqrt(np.maximum(1.0, 1.5 * d / (p * q)))
    p, q = grow * p, grow * q
    s = np.stack([np.where(on, p + q, p), np.where(on, p - q, 0), 2 * root])
    lam = SIGNS * s / det(s)
    al, be = map_.weights(lam)
    steepest = np.max(np.abs(map_.columns(al, be)) / map_.weight)
    if kappa.size:
        steepest = max(steepest, np.max(be / kappa))
    lam *= 0.5 / max(steepest, 1e-300)
    al, be = map_.weights(lam)
    mu = np.mean(np.sum(s * lam, axis=0))
    room = max(2 * mu, 0.05 * np.median(map_.weight * np.abs(z)), 1e-3)
    t = np.abs(z) + room / map_.weight
    pull = map_.columns(al, be)
    v = kappa - be if kappa.size else kappa
    return _Point(z, t, mu / v, s, lam, (map_.weight + pull) / 2, (map_.weight - pull) / 2, v)
