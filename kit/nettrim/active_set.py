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
from dataclasses import dataclass, replace

import numpy as np

from kit.nettrim.certificate import unit
from kit.nettrim.guess import guess
from kit.nettrim.pivoting import Breakdown, NoPoint, Table, crossing, move, occupy, solution
from kit.nettrim.problem import NetTrim
from kit.results import Array

FAR, NEAR, NOISE = 0.5, 1e-4, 1e-3  # limits moved away by, in units of max|Y|; noise of the prices
WIDER = 30  # times that a working set may grow
FIRST, LAST = 0.05, 1e-9  # far ends at this share of |y|; smallest lambda, of the largest, but 0


@dataclass(frozen=True, eq=False)
class Neuron:
    """One neuron in units of max|X| and max|Y|, its squared error divided by P.

    A and C hold the rows of `inputs` only: those that may get a weight, all of them or a working
    set. X is the layer's, shared and never copied: its columns are read where they are needed.
    """

    X: Array  # (N, P), of the layer, in its own units
    active: Array  # (a,) the samples of Omega
    silent: Array  # (c,) the others
    y: Array  # (a,)
    v: Array  # (c,)
    scale: tuple[float, float, float]  # max|X|, max|Y|, sqrt(P)
    inputs: Array  # (n,)
    A: Array  # (n, a)
    C: Array  # (n, c)
    paid: int  # inputs with a price: the first ones, all N or all but the last

    @property
    def r(self) -> Array:
        """The right-hand side (A y, v, y) of the table."""
        return np.concatenate([self.A @ self.y, self.v, self.y])

    @property
    def narrow(self) -> bool:
        """True if some inputs are left out."""
        return len(self.inputs) < len(self.X)

    def rows(self, inputs: Array) -> Array:
        """A_j for some inputs j (k,): (k, a)."""
        return _pick(self.X, inputs, self.active) / (self.scale[0] * self.scale[2])

    def silent_rows(self, inputs: Array) -> Array:
        """C_j for some inputs j (k,): (k, c)."""
        return _pick(self.X, inputs, self.silent) / self.scale[0]

    def correlate(self, rest: Array, nu: Array | None) -> Array:
        """A rest + C nu for ALL inputs: (N,), one product with X."""
        q = np.zeros(self.X.shape[1])
        q[self.active] = rest / (self.scale[0] * self.scale[2])
        if nu is not None:
            q[self.silent] = nu / self.scale[0]
        return self.X @ q

    def take(self, inputs: Array) -> "Neuron":
        """The same neuron with the rows of these inputs."""
        A, C = self.rows(inputs), self.silent_rows(inputs)
        return replace(self, inputs=inputs, A=A, C=C)

    def bare(self) -> "Neuron":
        """The same neuron without its rows, which are the size of X."""
        A, C = (
            np.zeros((0, self.y.size)),
            np.zeros((0, self.v.size)),
        )  # no views: they keep X's rows
        return replace(self, A=A, C=C)


@dataclass(eq=False)
class Walk:
    """Where a path is: the table, and lambda. `price` (n + c,) is l / lambda, 0 for samples."""

    neuron: Neuron
    table: Table
    price: Array
    lam: float
    top: float  # lambda at which it began
    prices: Array  # (N,) of all inputs, with their noise
    near: Array  # (c,) limits of the samples, with their noise


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
    """Neuron m of a layer, in the given units, without any rows yet."""
    _x, y, root = scale
    on = problem.Omega[m]
    active, silent = np.flatnonzero(on), np.flatnonzero(~on)
    return Neuron(
        problem.X,
        active,
        silent,
        problem.Y[m, active] / (y * root),
        problem.V[m, silent] / y,
        scale,
        np.arange(len(problem.X)),
        np.zeros((0, active.size)),
        np.zeros((0, silent.size)),
        problem.paid,
    )


def begin(
    neuron: Neuron, radius: float, rng: np.random.Generator, limit: float, *, cold: bool = False
) -> Walk:
    """A walk at noisy data, with residual about `radius` or above it.

    It begins at a guess (kit/nettrim/guess.py); where there is none, or cold, it goes through the
    stages far and near, with all inputs.
    """
    prices = 1 + NOISE * rng.random(len(neuron.X))
    prices[neuron.paid :] = 0
    if neuron.paid < len(prices) and not neuron.X[-1, neuron.active].any():
        raise Breakdown("no sample of Omega holds the free input")
    away = 0.5 + rng.random(neuron.v.size)
    if not cold:
        walk = _warm(neuron, radius, prices, neuron.v + NEAR * away, limit)
        if walk is not None:
            return walk
    neuron = neuron.take(np.arange(len(neuron.X)))
    N, c, r = len(neuron.A), neuron.v.size, neuron.r
    price = np.concatenate([prices, np.zeros(c)])
    start = -r[N + c :]
    shift = np.zeros(c)
    if neuron.paid < N:  # the free input alone, by least squares
        size = float(neuron.A[-1] @ neuron.y / (neuron.A[-1] @ neuron.A[-1]))
        start, shift = start + size * neuron.A[-1], np.maximum(size * neuron.C[-1], 0)
    corr = np.abs(neuron.A @ start)[: neuron.paid] / prices[: neuron.paid]
    top = float(1.001 * corr.max(initial=0)) or 1.0
    far, near = r.copy(), r.copy()
    far[N : N + c] = np.maximum(neuron.v, shift) + FAR * away
    near[N : N + c] = neuron.v + NEAR * away
    table = Table(neuron.A, neuron.C, far, top * price, limit)
    if neuron.paid < N:
        table.free = N - 1
        occupy(table, np.array([N - 1]), np.ones(1))
    walk = Walk(neuron, table, price, top, top, prices, near[N : N + c])
    size = float(np.linalg.norm(neuron.y))
    if size > 0:  # without a sample in Omega any lambda will do
        slide(walk, LAST * top, max(radius, FIRST * size))
    move(walk.table, near - far, np.zeros(N + c), 1.0)
    walk.table.r = near
    return walk


def _warm(neuron: Neuron, radius: float, prices: Array, near: Array, limit: float) -> Walk | None:
    """The walk at a guess, or None where that leads nowhere."""
    found = guess(neuron, radius, prices, near)
    if found is None:
        return None
    inputs, side, samples, corr, lam = found
    paid = slice(neuron.paid)
    top = 1.001 * float((np.abs(neuron.correlate(neuron.y, None))[paid] / prices[paid]).max())
    kept = (side != 0) | (np.abs(corr[inputs]) > 0.5 * lam)
    inputs, side = inputs[kept], side[kept]
    B = np.concatenate([np.flatnonzero(side), len(inputs) + samples])
    sides = np.concatenate([side[side != 0], -np.ones(samples.size)])
    walk = Walk(neuron, None, None, lam, top, prices, near)
    try:
        resume(walk, inputs, B, sides, limit)
    except (Breakdown, NoPoint):
        return None
    return walk


def resume(walk: Walk, inputs: Array, B: Array, side: Array, limit: float) -> None:
    """Give the walk a table with these inputs, active rows and sides, right or nearly so.

    Where a row is not as its side or its rest wants it, r is shifted until it is, and then moved
    back: about one event for every row that was wrong. Raises Breakdown, NoPoint.
    """
    neuron = walk.neuron = walk.neuron.take(inputs)
    n, c = len(inputs), neuron.v.size
    r = np.concatenate([neuron.A @ neuron.y, walk.near, neuron.y])
    walk.price = np.concatenate([walk.prices[inputs], np.zeros(c)])
    events = walk.table.events if walk.table else 0
    table = walk.table = Table(neuron.A, neuron.C, r, walk.lam * walk.price, limit, events)
    if neuron.paid < len(neuron.X):
        table.free = int(np.flatnonzero(inputs == neuron.paid)[0])
    occupy(table, B, side)
    bound, rows = table.bound, table.rows
    wanted = -side * bound[B]
    z = table.inverse[: len(B), : len(B)] @ (r[B] + wanted)
    some = np.random.default_rng(n).random(rows) + 0.5
    least = 1e-5 * np.abs(z).max(initial=0)
    z = np.where((side * z > 0) | (table.free == B), z, side * least * some[B])
    w = (z @ table.cols[: len(B)])[:rows] - r[:rows]
    upper = bound - np.where(np.arange(rows) < n, 1e-3 * bound, NEAR) * some
    lower = np.where(np.arange(rows) < n, -upper, -np.inf)
    goal = np.where(w > bound, upper, np.where((w < -bound) & (lower > -np.inf), lower, w))
    goal[B] = wanted
    shifted = r.copy()
    shifted[:rows] += w - goal
    table.r = shifted
    move(table, r - shifted, np.zeros(rows), 1.0)
    table.r = r


def widen(walk: Walk, new: Array) -> None:
    """Take inputs (k,) into the working set of a walk at noisy data. Raises Breakdown, NoPoint."""
    n, B = len(walk.neuron.inputs), walk.table.B
    B = np.where(n > B, B, B + len(new))
    resume(walk, np.append(walk.neuron.inputs, new), B, walk.table.side, walk.table.limit)


def outside(walk: Walk) -> Array:
    """All inputs that are not in the working set."""
    return np.setdiff1d(np.arange(len(walk.neuron.X)), walk.neuron.inputs)


def missing(walk: Walk, point: Point) -> Array:
    """Inputs outside the working set that the answer at this point of a home walk wants: (k,)."""
    if not walk.neuron.narrow:
        return np.zeros(0, int)
    n = len(walk.neuron.inputs)
    z = np.zeros(walk.price.size)
    z[walk.table.B] = point.z
    corr = np.abs(walk.neuron.correlate(-point.rho, z[n:]))
    corr[walk.neuron.inputs] = 0
    new = np.flatnonzero(corr > walk.lam * (1 + 1e-10))
    if new.size == 0:
        return new
    close = np.argsort(-corr)[: max(2 * new.size, 8)]
    return close[corr[close] > 0.7 * walk.lam]


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
    return Walk(walk.neuron, table, price, walk.lam, walk.top, walk.prices, walk.near)


def reach(walk: Walk, radius: float, end: float = 0.0) -> Point:
    """Move lambda to where the residual is `radius`; else to `end` if it stays above, or inf."""
    table = walk.table
    w = solution(table, table.r[None], table.bound[None])[1][0]
    above = np.linalg.norm(w[table.rows :]) > radius
    return slide(walk, end if above else np.inf, radius)


def single(walk: Walk, radius: float) -> tuple[Array, Array, str]:
    """u (N,), q (P,) and the kind of q for the neuron's own ball; the walk moves to that lambda."""
    size = float(np.linalg.norm(walk.neuron.y))
    for _ in range(WIDER):
        narrow = (
            walk.neuron.narrow
        )  # then lambda falls by steps: inputs that are missing show early
        end = max(LAST * walk.top, walk.lam / 4) if narrow else LAST * walk.top
        reach(walk, radius, end)
        there = home(walk)
        point = reach(there, radius, end if narrow else 0.0)
        walk.table.events = there.table.events
        if there.lam == 0:
            kind = "ray" if point.radius > radius + 1e-9 * size else "slope"
        else:
            kind = "slope" if point.radius < radius - 1e-9 * max(size, radius) else "ratio"
        short = narrow and point.radius > radius + 1e-9 * size
        last = kind != "ratio" or end == LAST * walk.top
        new = (
            outside(walk)
            if narrow and (kind == "slope" or (short and last))
            else missing(there, point)
        )
        if new.size:
            widen(walk, new)
        elif not short:
            return *read_answer(there, point, kind), kind
    raise Breakdown("the working set does not end")


def read_answer(walk: Walk, point: Point, kind: str) -> tuple[Array, Array]:
    """u (N,) and q (P,) in the units of the layer.

    kind  "ratio": q is multiplier / lambda; "slope": d multiplier / d lambda, at the ends of the
          path; "ray": the multiplier at lambda = 0, where a residual above the radius proves that
          no u is inside
    """
    neuron, table, N = walk.neuron, walk.table, len(walk.neuron.inputs)
    x, y, root = neuron.scale
    z, dz = np.zeros((2, table.rows))
    z[table.B], dz[table.B] = point.z, point.dz
    rho, nu = (point.drho, dz[N:]) if kind == "slope" else (point.rho, z[N:])
    size = walk.lam * x if kind == "ratio" else x
    u = np.zeros(len(neuron.X))
    u[neuron.inputs] = z[:N] * (y / x)
    return u, spread(neuron, -rho / root / size, nu / size)


def polish(walk: Walk, point: Point) -> Point:
    """At a tiny lambda: the u of lambda = 0, on the same support and the same active samples.

    The least change of u on its support that solves A'u = y, C_K'u = v_K in the least squares
    sense; q, the multiplier over lambda, stays. The certificate sees u only.
    """
    neuron, B, N = walk.neuron, walk.table.B, len(walk.neuron.inputs)
    on, active = B[B < N], B[B >= N] - N
    rows = np.hstack([neuron.A[on], neuron.C[np.ix_(on, active)]])
    wrong = np.concatenate(
        [-point.rho, neuron.v[active] - neuron.C[np.ix_(on, active)].T @ point.z[B < N]]
    )
    z = point.z.copy()
    if on.size:
        z[B < N] += np.linalg.lstsq(rows.T, wrong, rcond=1e-12)[0]
    return Point(z, point.dz, point.rho, point.drho)


def spread(neuron: Neuron, active: Array, silent: Array) -> Array:
    """Numbers for Omega and for the silent samples as one q (P,)."""
    q = np.zeros(neuron.X.shape[1])
    q[neuron.active], q[neuron.silent] = active, silent
    return q


def read_ray(neuron: Neuron, ray: Array) -> Array:
    """The ray of NoPoint (n + c,) as q (P,)."""
    return spread(neuron, np.zeros(neuron.y.size), ray[len(ray) - neuron.v.size :])


def fold(walk: Walk) -> None:
    """Forget the inverse, the columns and the rows, which are the size of X."""
    table = walk.table
    table.cols, table.inverse = np.zeros((0, table.r.size)), np.zeros((0, 0))
    walk.neuron = walk.neuron.bare()
    table.A, table.C = walk.neuron.A, walk.neuron.C


def unfold(walk: Walk) -> None:
    """What fold forgot, computed afresh from the active rows."""
    table = walk.table
    if len(walk.neuron.A) == 0:
        walk.neuron = walk.neuron.take(walk.neuron.inputs)
        table.A, table.C = walk.neuron.A, walk.neuron.C
        B, table.B = table.B, np.zeros(0, int)
        occupy(table, B, table.side)


def _pick(X: Array, rows: Array, columns: Array) -> Array:
    """X[rows][:, columns]."""
    part = X if np.array_equal(rows, np.arange(len(X))) else X[rows]
    return part if len(columns) == X.shape[1] else part.take(columns, axis=1)


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
