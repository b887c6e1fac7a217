"""Net-Trim exactly: one neuron's path of solutions along lambda, event by event.

    min (1/2) |(X'u - y)_Omega|^2 + lambda |u|_1   s.t.   (X'u)_C <= v             one neuron

has, for every lambda > 0, the same solution as  min |u|_1 s.t. |(X'u - y)_Omega| <= epsilon,
(X'u)_C <= v  for epsilon = r(lambda), its own residual. u is piecewise linear in lambda and r grows
with it, so the path is followed by the pivots of kit/nettrim/pivoting.py until r = epsilon, which
is a quadratic equation in the last segment. The KKT conditions (mu >= 0: multipliers on C)

    X_Omega (y - X'u)_Omega - X_C mu  in  lambda subdifferential |u|_1,     mu_i (X'u - v)_i = 0

divided by lambda say that q_Omega = (y - X'u)_Omega / lambda, q_C = -mu / lambda proves the answer:
|X q|_inf = 1 and <q, t> - epsilon |q_Omega| = |u|_1. Where the path ends at lambda = 0 (epsilon =
0) or goes on for ever (a program without a ball), q is the derivative of the same in lambda.

The stages, for one neuron (the order is ours: on Gaussian data it has about |S| + |K| events, where
a start at V = 0, at which u = 0 touches every silent sample, has five times as many):
    far    limits v far away, prices l_j = lambda (1 + noise): the Lasso, from u = 0 down in lambda
    near   limits move to v + noise, lambda stands still; then lambda again, to the radius
    home   a copy moves to the true v and l, and then along lambda to the radius exactly
The noise breaks ties (samples that come twice, V = 0); what it did is gone at home.

One ball for each neuron: M paths. One ball for the layer: all neurons have one lambda, at which
sum r_m(lambda)^2 = epsilon^2. Each r_m^2 is piecewise quadratic and increasing; Newton's method
with the sum of the quadratics, between bounds, ends in a few rounds, exactly in the last piece.

Source: derived (performance notes of this kit; mathematics: arXiv 1806.06457, eq. (1)).
"""

import copy
from dataclasses import dataclass

import numpy as np

from kit.nettrim.certificate import unit
from kit.nettrim.pivoting import Table, crossing, move, occupy, solution
from kit.nettrim.problem import NetTrim
from kit.results import Array

FAR, NEAR, NOISE = 0.5, 1e-4, 1e-3  # limits moved away by, in units of max|Y|; noise of the prices
FIRST, LAST = 0.05, 1e-9  # far ends at this share of |y|; smallest lambda, of the largest, but 0


@dataclass(frozen=True, eq=False)
class Neuron:
    """One neuron in units of max|X| and max|Y|, its squared error divided by P."""

    A: Array  # (N, a), the samples of Omega
    C: Array  # (N, c), the silent samples
    y: Array  # (a,)
    v: Array  # (c,)
    order: Array  # (P,) where the samples come from, Omega first
    scale: tuple[float, float, float]  # max|X|, max|Y|, sqrt(P)

    @property
    def r(self) -> Array:
        """The right-hand side (A y, v, y) of the table."""
        return np.concatenate([self.A @ self.y, self.v, self.y])


@dataclass(eq=False)
class Walk:
    """Where a path is: the table, and lambda. `price` (N + c,) is l / lambda, 0 for samples."""

    neuron: Neuron
    table: Table
    price: Array
    lam: float
    top: float  # lambda at which it began
    steps: int = 0


@dataclass(frozen=True, eq=False)
class Point:
    """A solution on the path: z_B, its derivative in lambda, and the same of the residual."""

    z: Array
    dz: Array
    rho: Array  # A'u - y (a,)
    drho: Array

    @property
    def radius(self) -> float:
        """|A'u - y|."""
        return float(np.linalg.norm(self.rho))


def units(problem: NetTrim) -> tuple[float, float, float]:
    """max|X|, max|Y|, sqrt(P): what makes the table's entries about 1, the same for all neurons."""
    return float(np.abs(problem.X).max() or 1.0), unit(problem), float(np.sqrt(problem.shape[2]))


def read_neuron(problem: NetTrim, m: int, scale: tuple[float, float, float]) -> Neuron:
    """Neuron m of a layer, in the given units."""
    x, y, root = scale
    on = problem.Omega[m]
    active, silent = np.flatnonzero(on), np.flatnonzero(~on)
    return Neuron(
        problem.X[:, active] / (x * root),
        problem.X[:, silent] / x,
        problem.Y[m, active] / (y * root),
        problem.V[m, silent] / y,
        np.concatenate([active, silent]),
        scale,
    )


def begin(neuron: Neuron, radius: float, rng: np.random.Generator, limit: float) -> Walk:
    """Stages far and near: a walk at noisy data, with residual about `radius` or above it."""
    N, c, r = len(neuron.A), neuron.v.size, neuron.r
    price = np.concatenate([1 + NOISE * rng.random(N), np.zeros(c)])
    top = 1.001 * (np.abs(r[:N]) / price[:N]).max() or 1.0
    away = 0.5 + rng.random(c)
    far, near = r.copy(), r.copy()
    far[N : N + c] = np.maximum(neuron.v, 0) + FAR * away
    near[N : N + c] = neuron.v + NEAR * away
    walk = Walk(neuron, Table(neuron.A, neuron.C, far, top * price, limit), price, top, top)
    size = float(np.linalg.norm(neuron.y))
    if size > 0:  # without a sample in Omega any lambda will do
        slide(walk, LAST * top, max(radius, FIRST * size))
    move(walk.table, near - far, np.zeros(N + c), 1.0)
    walk.table.r = near
    return walk


def slide(walk: Walk, end: float, radius: float | None = None) -> Point:
    """Move lambda to `end` (0 to inf), or to where the residual is `radius`, if that is before."""
    table, sign = walk.table, 1.0 if end > walk.lam else -1.0
    still = np.zeros_like(table.r)
    done, z, dz = move(table, still, sign * walk.price, abs(end - walk.lam), radius=radius)
    arrived = done >= abs(end - walk.lam) * (1 - 1e-14)
    walk.lam = end if arrived else max(walk.lam + sign * done, 0.0)
    table.bound = walk.lam * walk.price
    tail = table.cols[: len(z), table.rows :]
    return Point(z, sign * dz, z @ tail - walk.neuron.y, sign * (dz @ tail))


def home(walk: Walk) -> Walk:
    """A copy of the walk, moved to the true data at the same lambda."""
    table = copy.copy(walk.table)
    for name in ("B", "side", "cols", "inverse"):  # which pivots change in place
        setattr(table, name, getattr(table, name).copy())
    price, r = np.where(walk.price > 0, 1.0, 0.0), walk.neuron.r
    bound = walk.lam * price
    move(table, r - table.r, bound - table.bound, 1.0)
    table.r, table.bound = r, bound
    return Walk(walk.neuron, table, price, walk.lam, walk.top)


def reach(walk: Walk, radius: float, end: float = 0.0) -> Point:
    """Move lambda to where the residual is `radius`; else to `end` if it stays above, or inf."""
    table = walk.table
    w = solution(table, table.r[None], table.bound[None])[1][0]
    above = np.linalg.norm(w[table.rows :]) > radius
    return slide(walk, end if above else np.inf, radius)


def single(walk: Walk, radius: float) -> tuple[Array, Array, str]:
    """u (N,), q (P,) and the kind of q for the neuron's own ball; the walk moves to that lambda."""
    size = float(np.linalg.norm(walk.neuron.y))
    reach(walk, radius, LAST * walk.top)
    there = home(walk)
    point = reach(there, radius)
    walk.table.events = there.table.events
    if there.lam == 0:
        kind = "ray" if point.radius > radius + 1e-9 * size else "slope"
    else:
        kind = "slope" if point.radius < radius - 1e-9 * max(size, radius) else "ratio"
    return *read_answer(there, point, kind), kind


def read_answer(walk: Walk, point: Point, kind: str) -> tuple[Array, Array]:
    """u (N,) and q (P,) in the units of the layer.

    kind  "ratio": q is multiplier / lambda; "slope": d multiplier / d lambda, at the ends of the
          path; "ray": the multiplier at lambda = 0, where a residual above the radius proves that
          no u is inside
    """
    neuron, table, N = walk.neuron, walk.table, len(walk.neuron.A)
    x, y, root = neuron.scale
    z, dz = np.zeros((2, table.rows))
    z[table.B], dz[table.B] = point.z, point.dz
    rho, nu = (point.drho, dz[N:]) if kind == "slope" else (point.rho, z[N:])
    size = walk.lam * x if kind == "ratio" else x
    return z[:N] * (y / x), spread(neuron, np.concatenate([-rho / root, nu]) / size)


def polish(walk: Walk, point: Point) -> Point:
    """At a tiny lambda: the u of lambda = 0, on the same support and the same active samples.

    The least change of u on its support that solves A'u = y, C_K'u = v_K in the least squares
    sense; q, the multiplier over lambda, stays. The certificate sees u only.
    """
    neuron, B, N = walk.neuron, walk.table.B, len(walk.neuron.A)
    on, active = B[B < N], B[B >= N] - N
    rows = np.hstack([neuron.A[on], neuron.C[np.ix_(on, active)]])
    wrong = np.concatenate(
        [-point.rho, neuron.v[active] - neuron.C[np.ix_(on, active)].T @ point.z[B < N]]
    )
    z = point.z.copy()
    if on.size:
        z[B < N] += np.linalg.lstsq(rows.T, wrong, rcond=1e-12)[0]
    return Point(z, point.dz, point.rho, point.drho)


def spread(neuron: Neuron, part: Array) -> Array:
    """Numbers for Omega, then for the silent samples, in the order of the layer's samples."""
    q = np.zeros(part.size)
    q[neuron.order] = part
    return q


def read_ray(neuron: Neuron, ray: Array) -> Array:
    """The ray of NoPoint (N + c,) as q (P,)."""
    return spread(neuron, np.concatenate([np.zeros(neuron.y.size), ray[len(neuron.A) :]]))


def fold(walk: Walk) -> None:
    """Forget the inverse and the columns, which are the size of X: a layer has many neurons."""
    walk.table.cols, walk.table.inverse = np.zeros((0, walk.table.r.size)), np.zeros((0, 0))


def unfold(walk: Walk) -> None:
    """What fold forgot, computed afresh from the active rows."""
    table = walk.table
    if len(table.cols) == 0:
        B, table.B = table.B, np.zeros(0, int)
        occupy(table, B, table.side)


def balance(points: list[Point], lam: float, epsilon: float, least: float, most: float) -> float:
    """The lambda in [least, most] at which sum |rho_m + (lambda - lam) drho_m|^2 = epsilon^2."""
    rho = np.concatenate([p.rho for p in points])
    drho = np.concatenate([p.drho for p in points])
    up = np.linalg.norm(rho) <= epsilon
    step = crossing(rho, drho if up else -drho, epsilon)
    new = lam + step if up else lam - step
    if least < new < most:
        return float(new)
    return np.sqrt(least * most) if least > 0 and most < np.inf else min(max(lam / 8, least), most)
