"""The lambda at which the residuals meet the balls.

    one ball for each neuron     lambda_m with r_m^2(lambda_m) = epsilon_m^2,  r_m = |A'u_m - y_m|
    one ball for these neurons   lambda with sum_m r_m^2(lambda) = epsilon^2

Why a penalty solves the program with balls. By (2) of the package A (y - A'u) - C mu = lambda g
with g_j = p_j sign u_j, or |g_j| <= p_j where u_j = 0. So q_Omega = (y - A'u) / lambda and
q_C = -mu / lambda <= 0 have X q = g, and with mu'(v - C'u) = 0 and |q_Omega| = r / lambda

    <q, t> - r |q_Omega| = <q_Omega, A'u> + <q_C, C'u> = g'u = sum_j p_j |u_j|

is certificate.py's lower bound, met with equality: u is optimal for the ball of radius r, with dual
q. With one lambda for all neurons the sum over m is that for one ball, r^2 = sum_m r_m^2.

r_m^2 is a parabola on each piece of a neuron's path. The sum of the parabolas that are known gives
the next lambda, the neurons whose pieces do not reach it are solved there, and so on. In a layer
about six neurons, spread over the largest three quarters (most of the residual is theirs) and
solved at their share of the ball, give the lambda at which the others begin.

Source: derived.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import brentq

from kit.nettrim.exact.neuron import Neuron
from kit.nettrim.exact.path import SMALLEST, Breakdown, NoPoint, Piece, exactly, first, other, read
from kit.results import Array

Mapping = Callable[[Callable, Iterable], Iterable]  # map, or a pool's
BYTES = 2e9  # that the matrices of a layer may take together; beyond, they are built again
SOME, LARGER = 8, 0.75  # at most so many neurons begin, taken from that share of the largest
LEAST = 1e-8  # of max|A y| / max p: below this lambda no price is more than rounding, as if it is 0
MOST = 1e9  # of `top`: beyond, as if there is no ball
TRIALS = 50  # values of lambda for one radius, before it is given up
TRUSTED = 8  # from then on every other one halves the interval: parabolas beyond their ends mislead
FACTOR = 8  # between two of them, at most
EQUAL = 1e-15  # of lambda: to which digit the zero of the parabolas' sum is computed
MET = 1e-9  # of radius^2: what counts as met


def common_lambda(pieces: list[Piece], radius: float, lam: float) -> float:
    """Where these parabolas have sum r^2 = radius^2, or are nearest to it.

    No more than FACTOR from lam: beyond the pieces' ends all is a guess.
    """

    def over(lam: float) -> float:
        return sum(piece.square(lam) for piece in pieces) - radius**2

    least, most = lam / FACTOR, lam * FACTOR
    if over(least) >= 0:
        return least
    if over(most) <= 0:
        return most
    return float(brentq(over, least, most, xtol=EQUAL * least, rtol=EQUAL))


@dataclass(eq=False)
class Group:
    """Neurons in one ball: the piece of each that was solved last, and proofs that there is none.

    log.report gets the steps, log.limit is their limit for one neuron.
    """

    neurons: dict[int, Neuron]
    log: Any
    mapping: Mapping
    pieces: dict[int, Piece] = field(default_factory=dict)
    rays: dict[int, Array] = field(default_factory=dict)

    def solve(self, some: Iterable[int], lam: float | None, radii: dict[int, float]) -> None:
        """Solve some neurons at lam, or where their residuals are near these radii."""

        def one(m: int) -> Piece | None:
            old = self.pieces.get(m)
            steps, points = (old.blocks.steps, old.blocks.interior) if old else (0, 0)
            try:
                if old is None:
                    new = first(self.neurons[m], radii[m], self.log.limit, lam)
                else:
                    new = other(old, lam, self.log.limit)
            except NoPoint as proof:
                (self.rays[m],) = proof.args
                return None
            new.blocks.release(BYTES / len(self.neurons))
            self.log.interior += new.blocks.interior - points
            self.log.report(m, new, new.blocks.steps - steps)
            return new

        some = list(some)
        new = zip(some, self.mapping(one, some), strict=True)  # in this order, whoever is first:
        self.pieces |= {m: piece for m, piece in new if piece}  # sums over pieces round likewise

    def begin(self, radii: dict[int, float]) -> float:
        """First pieces, for residuals near these radii or below; a lambda to go on from."""
        order = sorted(self.neurons, key=lambda m: np.linalg.norm(self.neurons[m].y), reverse=True)
        some = order[: int(LARGER * len(order)) + 1 : 1 + len(order) // SOME]
        self.solve(some, None, radii)
        if self.rays:
            return 0.0
        lam = float(np.median([self.pieces[m].lam for m in some]))
        if len(some) < len(order):
            radius = float(np.linalg.norm([radii[m] for m in some]))
            lam = common_lambda([self.pieces[m] for m in some], radius, lam)
            self.solve([m for m in order if m not in self.pieces], lam, radii)
        return lam

    def meet(self, radius: float, lam: float) -> tuple[float, bool]:
        """The lambda at which the residual is `radius`, or MOST, and True; or LEAST, and False.

        One trial: the lambda at which the sum of the pieces' parabolas is radius^2, if need be in
        the middle of the bracket; done if it is met and all pieces cover it; the others are solved
        there; the sum there tells which end of the bracket it is.
        """
        pieces = list(self.pieces.values())
        parts = [piece.blocks for piece in pieces]
        least = LEAST * (max(np.abs(one.Ay).max() / one.prices.max() for one in parts) or 1.0)
        most = MOST * (max(one.top for one in parts) or 1.0)
        low, high = least, most  # r grows with lambda, so its zero stays between these
        for trial in range(TRIALS):
            last = lam
            lam = float(np.clip(common_lambda(pieces, radius, lam), low, high))
            met = abs(sum(piece.square(lam) for piece in pieces) - radius**2) <= MET * radius**2
            if trial >= TRUSTED and trial % 2 and not (met and all(p.covers(lam) for p in pieces)):
                lam = float(np.clip(np.sqrt(low * high), last / FACTOR, last * FACTOR))
                met = False
            if lam == least and not met:
                return lam, False
            short = [m for m in self.neurons if not self.pieces[m].covers(lam)]
            if (met or lam == most) and not short:
                return lam, True
            self.solve(short, lam, {})
            if self.rays:  # all had a point before: it can only be rounding
                raise Breakdown("not all neurons were solved")
            pieces = list(self.pieces.values())
            over = sum(piece.square(lam) for piece in pieces) > radius**2
            low, high = (low, lam) if over else (lam, high)
        raise Breakdown("lambda was not found")

    def without_lambda(self, radius: float, W: Array, Q: Array) -> None:
        """Fill W[:, m], Q[m] for a ball next to nothing, of which lambda would be rounding.

        First A'u = y, whose dual is q; then A'u = y - radius q_Omega / |q_Omega|, for that is the
        point of the ball at which <q, A'u> is least, while the same u_j are not 0. Where that has
        no solution, q is not the shortest dual of A'u = y, and u and q stay: they cost radius |q|.
        """
        dual: dict[int, Array] = {}
        for size in (0.0, radius):
            length = float(np.linalg.norm([np.linalg.norm(q) for q in dual.values()])) or 1.0
            none = False
            for m, piece in self.pieces.items():
                shift = -size / length * dual.get(m, 0.0)
                try:
                    W[:, m], Q[m], dual[m] = exactly(piece, self.log.limit, shift)
                except NoPoint as proof:
                    if size == 0:
                        Q[m], none = proof.args[0], True
            if none or radius == 0:
                return


def solve_balls(
    neurons: dict[int, Neuron],
    radii: dict[int, float],
    W: Array,
    Q: Array,
    log: Any,
    mapping: Mapping,
) -> None:
    """Fill W[k, :, m] and Q[k, m] for neurons m with one ball of each radius k, in their units.

    Where 0 is right, W and Q stay 0: for a ball that y is in, unless a limit v < 0 forbids u = 0.
    Raises Breakdown, Limit.
    """
    norms = {m: float(np.linalg.norm(neuron.y)) for m, neuron in neurons.items()}
    size = float(np.linalg.norm(list(norms.values())))
    forbidden = any(neuron.v.min(initial=0) < 0 for neuron in neurons.values())
    wanted = [k for k in sorted(radii, key=radii.get) if radii[k] < size or forbidden]
    if not wanted:
        return
    share = radii[wanted[0]] / size if size > 0 else 0.0
    share = share if share > SMALLEST else 1.0  # without_lambda begins at any piece
    group = Group(neurons, log, mapping)
    lam = group.begin({m: share * norm for m, norm in norms.items()})
    for m, ray in group.rays.items():
        Q[wanted, m] = ray
    if group.rays:
        return
    for k in wanted:
        met = False
        if radii[k] > SMALLEST * size:
            lam, met = group.meet(radii[k], lam)
        if not met:
            group.without_lambda(radii[k], W[k], Q[k])
            continue
        square = sum(piece.square(lam) for piece in group.pieces.values())
        for m, piece in group.pieces.items():
            W[k, :, m], Q[k, m] = read(piece, lam)
            if square < (1 - MET) * radii[k] ** 2:
                Q[k, m, neurons[m].active] = 0  # the ball holds nothing back
