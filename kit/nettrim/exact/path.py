"""A piece of one neuron's path: its solutions around one lambda.

(1) to (3) are those of the package. While S, s and K stay the same, u and mu move on a line in
lambda, and r^2 = |A'u - y|^2 on a parabola; the piece ends at the first lambda at which a row
becomes wrong. The line is looked for on these rungs, from the first to one that holds:

    1  pivots in blocks at this lambda, from the rows of the piece before (the first: from none)
    2  the same in four shorter steps of lambda
    3  an interior point at this lambda tells S, s and K, and pivots go on from these
    4  (ties, as inputs or samples that come twice) the interior point alone, next to no length
    5  cvxpy's answer, where certificate.settled does not call that of the others settled (layer.py)

A first piece for a radius, and not for a lambda, has no rung 2, and rung 3 at FALLBACK of `top`.
u = 0. With v >= 0 and no free input all weights shrink to 0 at one lambda. From there on u = 0,
r = |y|, and the mu of that lambda (0 where v_i > 0) serve every larger one, since |A y - C mu|_j is
no more than lambda p_j. Source: derived.
"""

from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from kit.nettrim.certificate import CLEAR, RAY
from kit.nettrim.exact.blocks import OVER_LIMIT, Blocks, complete, pivot, take_inputs
from kit.nettrim.exact.interior import Point, interior
from kit.nettrim.exact.neuron import Neuron
from kit.nettrim.reference import sharpen_ray
from kit.results import Array

REACH = 8  # factor of lambda to which a line is used: beyond, the piece is solved for again
POINT = 1e-9  # of lambda: to which distance an interior point alone is used
WITHOUT_SILENT = 0.05  # |residual| / |y| down to which silent samples are left out
STEPS = 1, 4  # rungs 1 and 2
BEGIN = 0.12  # |residual| / |y|, at most, of the first piece: where it is larger, pivots cycle
FALLBACK = 0.02  # of `top`: where an interior point begins
SMALLEST = 1e-6  # |residual| / |y| below which no lambda is looked for
NOTHING = 1e-25  # of a ray's largest term: a term below it is 0
BREGMAN = 30  # steps of Bregman's iteration before it is given up
SMALL_LAMBDA = 1e-3  # of the piece's, for Bregman's iteration: the smaller, the fewer steps
MISSING = 1e-7  # of lambda max p: what the equations of active inputs may miss
EXACT = 1e-12  # |A'u - y| / |y| at which it ends


class Breakdown(Exception):
    """This neuron has not been solved: rounding, or an unlucky order of pivots."""


class Limit(Exception):
    """More steps than the caller allowed."""


class NoPoint(Exception):
    """The constraints have no solution, which args[0], a ray (P,), is to prove."""


@dataclass(frozen=True, eq=False)
class Piece:
    """The solutions for lambda from `start` to `end`: lines, as values at lambda = 0 and slopes."""

    blocks: Blocks  # the neuron's, shared by all its pieces: pivots for the next one move it on
    lam: float  # where it was solved
    start: float
    end: float
    inputs: Array  # (s,) S
    samples: Array  # (k,) K
    u: Array  # (2, s)
    mu: Array  # (2, k)
    parabola: tuple[float, float, float]  # r^2 = a + 2 b t + c t^2 at lam + t
    alone: bool = False  # an interior point: pivots have not ended

    def covers(self, lam: float) -> bool:
        """Whether this lambda is on the piece."""
        return self.start * (1 - 1e-12) <= lam <= self.end * (1 + 1e-12)

    def at(self, lam: float) -> tuple[Array, Array]:
        """u (N,) and mu (c,) at lam; beyond the end, those of the end."""
        neuron, lam = self.blocks.neuron, min(lam, self.end)
        u, mu = np.zeros(len(neuron.layer.X)), np.zeros(neuron.v.size)
        u[self.inputs] = self.u[0] + lam * self.u[1]
        mu[self.samples] = self.mu[0] + lam * self.mu[1]
        return u, mu

    def square(self, lam: float) -> float:
        """r^2 at lam; beyond the ends a guess, monotone."""
        (a, b, c), t = self.parabola, lam - self.lam
        t = max(t, -b / c) if c > 0 else t
        value = a + 2 * b * t + c * t * t
        return value if self.covers(lam) else min(value, self.blocks.most)


def first(neuron: Neuron, radius: float, limit: float, lam: float | None = None) -> Piece:
    """The piece at lam, or one whose residual is near `radius`, or BEGIN |y| where that is less.

    Raises Limit, NoPoint.
    """
    blocks, size = Blocks(neuron), float(np.linalg.norm(neuron.y))
    near = min(radius, BEGIN * size)
    with suppress(np.linalg.LinAlgError):
        if (
            blocks.top > 0
            and (lam is not None or radius >= SMALLEST * size)
            and pivot(blocks, max(near, WITHOUT_SILENT * size), lam, silent=False)
            and pivot(blocks, near, lam, silent=True)
        ):
            return _piece(blocks, limit)
    return _by_interior(blocks, FALLBACK * (blocks.top or 1.0) if lam is None else lam, limit)


def other(piece: Piece, lam: float, limit: float) -> Piece:
    """The piece of the same neuron at this lambda. Raises Limit, NoPoint.

    `blocks` moves on: the old piece keeps its own fields only.
    """
    blocks = piece.blocks
    ratio, rows = lam / (piece.lam or lam), (blocks.inputs, blocks.side.copy(), blocks.on.copy())
    for steps in () if piece.alone else STEPS:
        blocks.side, blocks.on, blocks.lam = np.zeros(len(blocks.inputs)), rows[2].copy(), piece.lam
        blocks.side[blocks.place[rows[0]]] = rows[1]
        with suppress(np.linalg.LinAlgError):
            if all(
                pivot(blocks, 0.0, lam * ratio ** (k / steps - 1), silent=True)
                for k in range(1, steps + 1)
            ):
                return _piece(blocks, limit)
    return _by_interior(blocks, lam, limit)


def _piece(blocks: Blocks, limit: float) -> Piece:
    """The piece on which these blocks are. Raises numpy's LinAlgError where its (3) is not met."""
    if blocks.steps > limit:
        raise Limit
    S, K, price = blocks.S, blocks.K, blocks.lam * blocks.prices[blocks.inputs]
    missing = np.abs(blocks.at(blocks.corr)[S] - price[S] * blocks.side[S]).max(initial=0)
    over = blocks.C[K][:, S] @ blocks.at(blocks.u) - blocks.neuron.v[K] if K.size else np.zeros(1)
    if missing > MISSING * price.max() or np.abs(over).max() > OVER_LIMIT:
        raise np.linalg.LinAlgError("the active rows contradict each other")
    start, end = _ends(blocks)
    (a, b), c, lam = blocks.square[0], blocks.square[1, 1], blocks.lam
    parabola = float(a + 2 * lam * b + lam * lam * c), float(max(b + lam * c, 0)), float(c)
    rows = blocks.inputs[blocks.S], blocks.K, blocks.u, blocks.mu
    return Piece(blocks, lam, start, end, *rows, parabola)


def _ends(blocks: Blocks) -> tuple[float, float]:
    """Between which lambda, a factor REACH from here at most, (2) holds on these lines.

    All stay >= 0: u_j s_j, mu_i of active rows; lambda p_j -+ c_j, v_i - C_i'u of the others.
    """
    S, K, paid = blocks.S, blocks.K, blocks.prices > 0
    zero, below = paid.copy(), np.ones(blocks.on.size, bool)
    zero[blocks.inputs[S]], below[K] = False, False  # inputs with u_j = 0, samples with C_i'u < v_i
    limit = np.zeros((2, np.count_nonzero(zero)))
    limit[1] = blocks.prices[zero]
    u = (blocks.u * blocks.side[S])[:, paid[blocks.inputs[S]]]
    seen = blocks.seen[:, zero]
    value, slope = np.hstack([u, blocks.mu, limit - seen, limit + seen, -blocks.over[:, below]])
    with np.errstate(divide="ignore", invalid="ignore"):
        at = -value / slope
    least = at[slope > 0].max(initial=blocks.lam / REACH)
    most = at[slope < 0].min(initial=blocks.lam * REACH)
    return float(min(least, blocks.lam)), float(max(most, blocks.lam))


def _by_interior(blocks: Blocks, lam: float, limit: float) -> Piece:
    """Rungs 3 and 4 at lam. Raises NoPoint."""
    take_inputs(blocks, every=True)
    complete(blocks)
    neuron, y = blocks.neuron, blocks.neuron.y
    found = interior(blocks.G, blocks.Ay, blocks.C, neuron.v, lam * blocks.prices, float(y @ y))
    blocks.steps, blocks.interior = blocks.steps + found.steps, blocks.interior + 1
    if blocks.steps > limit:
        raise Limit
    if not found.found:
        ray = _ray(neuron, 0 * y, found.mu)
        raise NoPoint(ray) if forbids(neuron, ray) else Breakdown("no interior point")
    S = np.flatnonzero(found.side)
    if S.size and np.count_nonzero(found.on) <= S.size:
        blocks.side, blocks.on, blocks.lam = found.side.copy(), found.on.copy(), lam
        blocks.wanted = 0.0
        with suppress(np.linalg.LinAlgError):
            if pivot(blocks, 0.0, lam, silent=True):
                return _piece(blocks, limit)
    return _alone(blocks, found, lam)


def _ray(neuron: Neuron, rest: Array, mu: Array) -> Array:
    """q (P,) = (rest, -mu) with X q = 0 to rounding."""
    size = max(np.abs(rest).max(initial=0), np.abs(mu).max(initial=0)) or 1.0
    on = np.zeros(neuron.layer.X.shape[1], bool)
    on[neuron.active] = True
    q = neuron.spread(rest / neuron.layer.scale[2] / size, -mu / size)
    q = sharpen_ray(neuron.layer.X, on, q)
    terms = np.abs(q) * neuron.layer.tall
    return sharpen_ray(neuron.layer.X, on & (terms > NOTHING * terms.max()), q)


def forbids(neuron: Neuron, q: Array) -> bool:
    """Whether q (P,) with q = 0 on Omega proves that no u has C'u <= v: certificate.py's test."""
    q = np.minimum(q, 0)
    terms = q[neuron.silent] * neuron.v * neuron.layer.tall[neuron.silent]
    rounding = RAY * (np.abs(q) @ np.abs(neuron.layer.columns))
    flat = np.abs(q @ neuron.layer.columns) <= rounding
    return bool(flat.all() and terms.sum() > CLEAR * np.abs(terms).sum())


def exactly(piece: Piece, limit: float, shift: Array | float = 0.0) -> tuple[Array, Array, Array]:
    """u (N,) and q (P,) of min sum p_j |u_j| s.t. A'u = y + shift, C'u <= v; and q on Omega (a,).

    Bregman's iteration, which ends: u_i solves (1) at one small lambda for the target y_i, and
    y_i+1 = y_i + (y + shift - A'u_i), until A'u_i = y + shift. Then q = (y_i - A'u_i) / lambda.
    Where it does not end, u stays and mu grows by d: with rest = y + shift - A'u the difference of
    two (2) is A rest = C d, and rest'(y + shift) > v'd. So (rest, -d) is a ray: NoPoint.
    u and q are in the units of the layer, the last one in those of the neuron.
    Source: Yin, Osher, Goldfarb, Darbon, SIAM J. Imaging Sciences 1 (2008).
    """
    lam, true, blocks = SMALL_LAMBDA * piece.lam, piece.blocks.neuron, copy(piece.blocks)
    blocks.side, blocks.on, blocks.place = blocks.side.copy(), blocks.on.copy(), blocks.place.copy()
    piece = other(replace(piece, blocks=blocks), lam, limit)
    target, last = true.y + shift, np.zeros(true.v.size)
    for _ in range(BREGMAN):
        now, (u, mu) = blocks.neuron, piece.at(lam)
        lam_q = -now.residual(np.arange(len(u)), np.array([u, 0 * u]))[0]
        rest = target - now.y + lam_q
        if np.linalg.norm(rest) <= EXACT * np.linalg.norm(true.y):
            return *read(piece, lam), lam_q
        growth, last = mu - last, mu
        blocks.neuron = replace(now, y=now.y + rest)
        blocks.Ay = blocks.neuron.correlate(blocks.neuron.y, 0.0)
        piece = other(piece, lam, limit)
    raise NoPoint(_ray(true, rest, growth))


def _alone(blocks: Blocks, found: Point, lam: float) -> Piece:
    """The interior point as a piece: without end where u = 0.

    Corrected to (3) of its active rows, where that changes no sign; by least squares, which moves
    mu least, for active samples may be dependent.
    """
    neuron, S, K = blocks.neuron, np.flatnonzero(found.side), np.flatnonzero(found.on)
    n, N, rows = S.size, found.u.size, np.append(S, found.u.size + K)
    lines = np.array([np.append(found.u, found.mu), np.zeros(N + found.mu.size)])
    if n:
        C, pull = blocks.C[K][:, S], blocks.prices[S] * found.side[S]
        H = np.block([[blocks.G[np.ix_(S, S)], C.T], [C, np.zeros((K.size,) * 2)]])
        right = np.append(blocks.Ay[S] - lam * pull, neuron.v[K]) - H @ lines[0, rows]
        right = np.array([right, np.append(-pull, np.zeros(K.size))])
        step, lines[1, rows] = np.linalg.lstsq(H, right.T, rcond=1e-12)[0].T
        new = lines[0, rows] + step
        if (new * np.append(found.side[S], np.ones(K.size)) >= 0).all():
            lines[0] = 0
            lines[0, rows] = new
    else:
        lines[0, :N] = 0
    rho, slope = neuron.residual(np.arange(N), lines[:, :N])
    parabola = float(rho @ rho), float(max(rho @ slope, 0)), float(slope @ slope)
    lines[0] -= lam * lines[1]
    least, most = lam * (1 - POINT), lam * (1 + POINT)
    if n == 0 and neuron.v.min(initial=0) >= 0:
        most = np.inf
    every, all_of_C = np.arange(N), np.arange(found.mu.size)
    parts = lines[:, :N], lines[:, N:]
    return Piece(blocks, lam, least, most, every, all_of_C, *parts, parabola, alone=True)


def read(piece: Piece, lam: float) -> tuple[Array, Array]:
    """u (N,) and q (P,) at lam, in the units of the layer: q = (y - A'u) / lambda, -mu / lambda."""
    neuron = piece.blocks.neuron
    x, y, root = neuron.layer.scale
    u, mu = piece.at(lam)
    rho = neuron.residual(np.arange(len(u)), np.array([u, 0 * u]))[0]
    return u * (y / x), neuron.spread(-rho / (root * lam * x), -mu / (lam * x))
