"""One neuron's solutions for a whole range of lambda, written down piece by piece.

On each piece of the path (perturbed.py has the equations) active rows stay the same, z moves on a
line and r^2 = |A'u - y|^2 on a parabola. Where pivots in blocks have solved the neuron (blocks.py),
their lines are a piece, and the lambda at which the first row becomes wrong are its ends. Another
lambda is reached by pivots in blocks from there; where these fail, event by event on the true data,
and every piece is kept: some 30 numbers each.

The end of the path. With V = 0 all weights shrink to 0 at one lambda, and there every silent sample
is at its limit, a tie from which no single exchange leads on. Nothing is lost: from there on u = 0,
r = |y|, and the multipliers mu of that lambda do for every larger one, since |A y - C mu|_inf is no
more than lambda. Other ties (samples or inputs that come twice) may end in Breakdown; then the
walks at noisy data of kit/nettrim/exact/perturbed.py take over.

Source: derived.
"""

from bisect import bisect_left
from dataclasses import dataclass, field

import numpy as np

from kit.nettrim.exact.blocks import EASY, Blocks, pursue, reach
from kit.nettrim.exact.neuron import Neuron, spread
from kit.nettrim.exact.perturbed import Walk, begin, home, slide, stand
from kit.nettrim.exact.pivots import Breakdown, Limit, NoPoint, Table, move
from kit.results import Array

GONE = 1e-8  # |A'u| / |y| at which u counts as 0
REACH = 8  # factor of lambda in which a line is believed: beyond it is solved for again
LOWER = 1, 0.3, 0.1  # radii at which a trail is begun by a walk


@dataclass(frozen=True, eq=False)
class Piece:
    """The solutions for lambda from `start` to `end`; z and r^2 are told from `start` on."""

    start: float
    end: float
    B: Array  # (n,) active rows of the table
    side: Array  # (n,)
    z: Array  # (2, n) at start, slope
    square: tuple[float, float, float]  # r^2 = a + 2 b t + c t^2 at lambda = start + t


@dataclass(eq=False)
class Trail:
    """The pieces of one neuron, upwards, and the table at one end of them, if it is kept."""

    neuron: Neuron
    top: float
    limit: float
    pieces: list[Piece]
    table: Table | None = None
    at: float = 0.0  # where the table stands
    events: int = 0
    blocks: Blocks | None = None  # of its only piece, where pivots in blocks have found it
    gone: bool = field(init=False, default=False)  # from the last end on, u = 0
    ends: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self.ends = [piece.end for piece in self.pieces]

    @property
    def lam(self) -> float:
        """Where it ends."""
        return min(self.ends[-1], self.top)

    def covers(self, lam: float) -> bool:
        """Whether this lambda is on the trail."""
        least, most = self.pieces[0].start * (1 - 1e-12), self.ends[-1] * (1 + 1e-12)
        return least <= lam and (lam <= most or self.gone)

    def piece(self, lam: float) -> Piece:
        """The piece of this lambda, or the nearest."""
        return self.pieces[min(bisect_left(self.ends, lam), len(self.pieces) - 1)]

    def square(self, lam: float) -> tuple[float, float, float]:
        """r^2 = a + 2 b t + c t^2 at lam + t; beyond the ends a guess, monotone, at most |y|^2."""
        piece, most = self.piece(lam), float(self.neuron.y @ self.neuron.y)
        if self.gone and lam > piece.end:
            return most, 0.0, 0.0
        (a, b, c), t = piece.square, lam - piece.start
        value, slope = a + 2 * b * t + c * t * t, b + c * t
        if slope < 0:
            return (a - b * b / c if c > 0 else a), 0.0, 0.0
        return (most, 0.0, 0.0) if value > most and not self.covers(lam) else (value, slope, c)


def start(
    neuron: Neuron, radius: float, limit: float, seed: int, lam: float | None = None
) -> tuple[Trail, bool]:
    """A trail of one point, at lam or where the residual is near `radius`; whether it took a walk.

    Raises Breakdown, NoPoint, Limit.
    """
    size = float(np.linalg.norm(neuron.y))
    if size > 0:
        blocks = reach(neuron, neuron.prices, radius=radius, lam=lam)
        if blocks is not None:
            if blocks.turns > limit:
                raise Limit
            return _written(blocks, limit), False
        radius = min(radius, EASY * size)
    for attempt, share in enumerate(LOWER):  # nearer to lambda = 0 there are fewer ties
        try:
            rng = np.random.default_rng([seed, attempt])
            return _walked(begin(neuron, share * radius, rng, limit), limit), True
        except Breakdown:
            if attempt == len(LOWER) - 1:
                raise
    raise AssertionError


def jump(trail: Trail, lam: float) -> Trail | None:
    """The neuron at this lambda, by pivots in blocks from where they have been; or None."""
    blocks = trail.blocks
    if blocks is None:
        return None
    try:
        if pursue(blocks, 0.0, lam, silent=True):
            return _written(blocks, trail.limit)
    except np.linalg.LinAlgError:
        pass
    return None


def restart(trail: Trail, lam: float, seed: int) -> Trail:
    """A new trail of this neuron that covers this lambda, from a walk at noisy data."""
    neuron, limit, size = trail.neuron, trail.limit, float(np.linalg.norm(trail.neuron.y))
    try:
        walk = begin(neuron, size, np.random.default_rng([seed, 1]), limit)
        slide(walk, lam)
        return _walked(walk, limit)
    except (Breakdown, NoPoint):
        rng = np.random.default_rng([seed, 2])
        trail = _walked(begin(neuron, LOWER[-1] * EASY * size, rng, limit), limit)
        extend(trail, lam)
        return trail


def _walked(walk: Walk, limit: float) -> Trail:
    """A trail from where this walk at noisy data is."""
    there = home(walk)
    trail = Trail(walk.neuron, walk.top, limit, [], there.table, there.lam, there.table.events)
    _go(trail, there.lam)
    return trail


def _rows(blocks: Blocks) -> tuple[Array, Array]:
    """The active rows, as a table counts them, and their sides."""
    B = np.concatenate([blocks.inputs[blocks.S], len(blocks.prices) + blocks.K])
    return B, np.concatenate([blocks.side[blocks.S], -np.ones(blocks.K.size)])


def _interval(blocks: Blocks) -> tuple[float, float]:
    """Between which lambda, at most a factor REACH from here, nothing is wrong with these lines."""
    S, K, paid = blocks.S, blocks.K, blocks.prices > 0
    away, closed = paid.copy(), np.ones(blocks.on.size, bool)
    away[blocks.inputs[S]], closed[K] = False, False
    limit = np.zeros((2, np.count_nonzero(away)))
    limit[1] = blocks.prices[away]
    u = (blocks.u * blocks.side[S])[:, paid[blocks.inputs[S]]]
    seen = blocks.seen[:, away]
    value, slope = np.hstack([u, blocks.mu, limit - seen, limit + seen, -blocks.over[:, closed]])
    with np.errstate(divide="ignore", invalid="ignore"):
        at = -value / slope
    least = at[slope > 0].max(initial=blocks.lam / REACH)
    most = at[slope < 0].min(initial=blocks.lam * REACH)
    return float(min(least, blocks.lam)), float(max(most, blocks.lam))


def _written(blocks: Blocks, limit: float) -> Trail:
    """A trail of the piece on which these blocks are."""
    (B, side), (low, high) = _rows(blocks), _interval(blocks)
    lines = np.hstack([blocks.u, -blocks.mu])
    lines[0] += low * lines[1]
    (a, b), c = blocks.square[0], blocks.square[1, 1]
    square = float(a + 2 * low * b + low * low * c), float(b + low * c), float(c)
    piece = Piece(low, high, B, side, lines, square)
    return Trail(blocks.neuron, blocks.top, limit, [piece], events=blocks.turns, blocks=blocks)


def extend(trail: Trail, lam: float) -> None:
    """Continue a trail to this lambda, upwards or downwards. Raises Breakdown, NoPoint, Limit."""
    up, price = lam > trail.ends[-1], trail.neuron.price
    end, last = (
        (trail.ends[-1], trail.pieces[-1]) if up else (trail.pieces[0].start, trail.pieces[0])
    )
    if trail.table is None or trail.at != end:
        trail.table = stand(
            trail.neuron, trail.neuron.r, end * price, trail.limit, last.B, last.side
        )
        trail.table.events, trail.at = trail.events, end
    _go(trail, lam)


def _go(trail: Trail, lam: float) -> None:
    """Walk to this lambda, and write down every piece, the last one to its end."""
    neuron, table, at = trail.neuron, trail.table, trail.at
    sign = 1.0 if lam >= at else -1.0
    pieces: list[Piece] = []

    def record(done: float, step: float, z: Array, w: Array) -> bool:
        one, other = at + sign * done, max(at + sign * (done + step), 0.0)
        rho, slope = w[0, table.rows :], sign * w[1, table.rows :]
        there = _gone(neuron, table.B, rho)
        if abs(other - one) <= 1e-14 * at and not there:
            return False
        if there:
            other = one
        low = one if sign > 0 else other
        z = np.array([z[0], sign * z[1]])
        z[0] += (low - one) * z[1]
        rho = rho + (low - one) * slope
        square = float(rho @ rho), float(rho @ slope), float(slope @ slope)
        B, side = table.B.copy(), table.side.copy()  # which pivots change in place
        pieces.append(Piece(low, one + other - low, B, side, z, square))
        last = other < np.inf and _gone(neuron, B, rho + (other - low) * slope)
        trail.gone |= there or (last and sign > 0)
        return trail.gone or other >= lam if sign > 0 else other <= lam

    table.bound = at * neuron.price
    try:
        done = move(
            table,
            np.zeros_like(table.r),
            sign * neuron.price,
            at if sign < 0 else np.inf,
            record=record,
        )[0]
    finally:
        trail.events = table.events
    trail.at = at + sign * done
    if sign > 0:
        trail.pieces += pieces
    else:
        trail.pieces = pieces[::-1] + trail.pieces
    trail.ends = [piece.end for piece in trail.pieces]
    if not trail.pieces:
        raise Breakdown("no piece")


def _gone(neuron: Neuron, B: Array, rho: Array) -> bool:
    """Whether all weights are 0 where A'u - y = rho, with only samples active whose limit is 0."""
    N = len(neuron.X)
    inputs = np.count_nonzero(B < N)
    if 2 * inputs > len(B) + 1 or neuron.paid < N or neuron.v.min(initial=0) < 0:
        return False
    small = np.linalg.norm(rho + neuron.y) <= GONE * np.linalg.norm(neuron.y)
    return bool(small and not neuron.v[B[B >= N] - N].any())


def read(trail: Trail, lam: float) -> tuple[Array, Array]:
    """u (N,) and q (P,) in the units of the layer."""
    neuron, piece, N = trail.neuron, trail.piece(lam), len(trail.neuron.X)
    x, y, root = neuron.scale
    z, u, nu = (
        piece.z[0] + (min(lam, piece.end) - piece.start) * piece.z[1],
        np.zeros(N),
        np.zeros(neuron.v.size),
    )
    inputs = piece.B < N
    if not (trail.gone and lam >= trail.ends[-1]):
        u[piece.B[inputs]] = z[inputs]
    nu[piece.B[~inputs] - N] = z[~inputs]
    rho = neuron.residual(np.arange(N), np.array([u, 0 * u]))[0]
    return u * (y / x), spread(neuron, -rho / (root * lam * x), nu / (lam * x))
