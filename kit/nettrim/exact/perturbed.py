"""Net-Trim exactly: one neuron's path of solutions along lambda, event by event.

    min (1/2) |(X'u - y)_Omega|^2 + lambda |u|_1   s.t.   (X'u)_C <= v             one neuron

has, for every lambda > 0, the same solution as  min |u|_1 s.t. |(X'u - y)_Omega| <= epsilon,
(X'u)_C <= v  for epsilon = r(lambda), its own residual. u is piecewise linear in lambda and r grows
with it, so the path is followed by the pivots of pivots.py until r = epsilon, which is a quadratic
equation in the last segment. The KKT conditions (mu >= 0: multipliers on C)

    X_Omega (y - X'u)_Omega - X_C mu  in  lambda subdifferential |u|_1,     mu_i (X'u - v)_i = 0

divided by lambda say that q_Omega = (y - X'u)_Omega / lambda, q_C = -mu / lambda proves the answer:
|X q|_inf = 1 and <q, t> - epsilon |q_Omega| = |u|_1. Where the path ends at lambda = 0 (epsilon =
0) or goes on for ever (a program without a ball), q is the derivative of the same in lambda.

Where paths have ties (samples that come twice, V = 0 near u = 0), a neuron is walked as follows, at
noisy data, which have none:
    far    limits v far away, prices l_j = lambda (1 + noise): the Lasso, from u = 0 down in lambda
    near   limits move to v + noise, lambda stands still; then lambda again, to the radius
    home   a copy moves to the true v and l, and then along lambda to the radius exactly
What the noise did is gone at home. (On Gaussian data this order has about |S| + |K| events, where a
start at V = 0, at which u = 0 touches every silent sample, has five times as many.)

Source: derived (performance notes of this kit; mathematics: arXiv 1806.06457, eq. (1)).
"""

import copy
from dataclasses import dataclass

import numpy as np

from kit.nettrim.exact.neuron import Neuron, spread
from kit.nettrim.exact.pivots import Breakdown, Table, crossing, move, occupy
from kit.results import Array

FAR, NEAR, NOISE = 0.5, 1e-4, 1e-3  # limits moved away by, in units of max|Y|; noise of the prices
FIRST, LAST = 0.05, 1e-9  # far ends at this share of |y|; smallest lambda, of the largest, but 0


@dataclass(eq=False)
class Walk:
    """Where a path is: the table, and lambda. `price` (N + c,) is l / lambda, 0 for samples."""

    neuron: Neuron
    table: Table
    price: Array
    lam: float
    top: float  # lambda at which it began


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


def begin(neuron: Neuron, radius: float, rng: np.random.Generator, limit: float) -> Walk:
    """A walk at noisy data, with residual about `radius` or above it: the stages far and near."""
    N, c, r = len(neuron.X), neuron.v.size, neuron.r
    price, away = neuron.price, 0.5 + rng.random(c)
    price[:N] *= 1 + NOISE * rng.random(N)
    ones = neuron.rows(np.array([N - 1]))[0]
    if neuron.paid < N and not ones.any():
        raise Breakdown("no sample of Omega holds the free input")
    start, shift = -neuron.y, np.zeros(c)
    if neuron.paid < N:  # the free input alone, by least squares
        size = float(ones @ neuron.y / (ones @ ones))
        start = start + size * ones
        shift = np.maximum(size * neuron.X[-1, neuron.silent] / neuron.size, 0)
    corr = np.abs(neuron.correlate(start, None))[: neuron.paid] / price[: neuron.paid]
    top = float(1.001 * corr.max(initial=0)) or 1.0
    far, near = r.copy(), r.copy()
    far[N : N + c] = np.maximum(neuron.v, shift) + FAR * away
    near[N : N + c] = neuron.v + NEAR * away
    table = Table(neuron.table, N, far, top * price, limit)
    if neuron.paid < N:
        table.free = N - 1
        occupy(table, np.array([N - 1]), np.ones(1))
    walk = Walk(neuron, table, price, top, top)
    size = float(np.linalg.norm(neuron.y))
    if size > 0:  # without a sample in Omega any lambda will do
        slide(walk, LAST * top, max(radius, FIRST * size))
    move(walk.table, near - far, np.zeros(N + c), 1.0)
    walk.table.r = near
    return walk


def stand(neuron: Neuron, r: Array, bound: Array, limit: float, B: Array, side: Array) -> Table:
    """A table with these active rows."""
    N = len(neuron.X)
    table = Table(neuron.table, N, r, bound, limit)
    if neuron.paid < N:
        table.free = N - 1
    occupy(table, B.copy(), side.copy())  # they change in place
    return table


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
    price, r = walk.neuron.price, walk.neuron.r
    bound = walk.lam * price
    move(table, r - table.r, bound - table.bound, 1.0)
    table.r, table.bound = r, bound
    return Walk(walk.neuron, table, price, walk.lam, walk.top)


def read_answer(walk: Walk, point: Point, kind: str) -> tuple[Array, Array]:
    """u (N,) and q (P,) in the units of the layer.

    kind  "ratio": q is multiplier / lambda; "slope": d multiplier / d lambda, at the ends of the
          path; "ray": the multiplier at lambda = 0, where a residual above the radius proves that
          no u is inside
    """
    neuron, table, N = walk.neuron, walk.table, len(walk.neuron.X)
    x, y, root = neuron.scale
    z, dz = np.zeros((2, table.rows))
    z[table.B], dz[table.B] = point.z, point.dz
    rho, nu = (point.drho, dz[N:]) if kind == "slope" else (point.rho, z[N:])
    size = walk.lam * x if kind == "ratio" else x
    return z[:N] * (y / x), spread(neuron, -rho / root / size, nu / size)


def polish(walk: Walk, point: Point) -> tuple[Point, float]:
    """At a tiny lambda: the u of lambda = 0, on the same support and active samples; its residual.

    The least change of u on its support that solves A'u = y, C_K'u = v_K in the least squares
    sense; q, the multiplier over lambda, stays. The certificate sees u only.
    """
    neuron, B, N = walk.neuron, walk.table.B, len(walk.neuron.X)
    on, active = B[B < N], B[B >= N] - N
    A, C = neuron.rows(on), neuron.samples(on)[active].T
    wrong = np.concatenate([-point.rho, neuron.v[active] - C.T @ point.z[B < N]])
    z, step = point.z.copy(), np.zeros(on.size)
    if on.size:
        step = np.linalg.lstsq(np.hstack([A, C]).T, wrong, rcond=1e-12)[0]
        z[B < N] += step
    left = float(np.linalg.norm(point.rho + A.T @ step))
    return Point(z, point.dz, point.rho, point.drho), left


def fold(walk: Walk) -> None:
    """Forget the inverse and the columns."""
    table = walk.table
    table.cols, table.inverse = np.zeros((0, table.r.size)), np.zeros((0, 0))


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
    radius = np.linalg.norm(rho)
    if abs(radius - epsilon) <= 1e-14 * epsilon:  # there: a step would be rounding, or endless
        return lam
    up = radius <= epsilon
    step = crossing(rho, drho if up else -drho, epsilon)
    new = lam + step if up else lam - step
    if least < new < most:
        return float(new)
    if up:  # this piece does not reach the radius: a large step, not beyond half way in log lambda
        return min(8 * lam, float(np.sqrt(lam * most)))
    return max(lam / 8, float(np.sqrt(least * lam)))
