"""The lambda at which the residuals meet the balls.

    one ball for each neuron     lambda_m with r_m^2(lambda_m) = epsilon_m^2
    one ball for these neurons   lambda with sum_m r_m^2(lambda) = epsilon^2

r_m^2 is a parabola on each piece of a neuron's path (path.py). The sum of the parabolas that are
known gives the next lambda, the neurons whose pieces do not reach it are solved there, and so on:
quadratic near the answer. A layer's first FIRST neurons, solved at their share of the ball, tell
the others at which lambda to begin: large ones, for the ball is theirs.

Source: derived.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from kit.nettrim.exact.neuron import Neuron
from kit.nettrim.exact.path import (
    SMALLEST,
    Breakdown,
    NoPoint,
    Piece,
    exactly,
    first,
    other,
    read,
)
from kit.results import Array

ROOM = 2e9  # bytes that the matrices of a layer may take together; beyond, they are built again
FIRST, LARGER = 8, 0.75  # neurons that tell the others where to begin, of that share of all
LEAST, MOST = 1e-8, 1e9  # lambda, of the one at which the path begins: 0, and no ball
TURNS, FURTHER = 30, 8  # trial lambdas; of the last one, no more than that factor away


def common_lambda(pieces: list[Piece], radius: float, lam: float) -> tuple[float, bool]:
    """Where these parabolas have sum r^2 = radius^2; whether they do.

    lam  to begin with; no more than FURTHER from it, for beyond the pieces' ends all is a guess
    """
    least, most = lam / FURTHER, lam * FURTHER
    for _ in range(200):
        a, b, c = np.sum([piece.square(lam) for piece in pieces], axis=0)
        over = a - radius**2
        if abs(over) <= 1e-14 * radius**2:
            break
        least, most = (lam, most) if over < 0 else (least, lam)
        root = b * b - c * over
        new = lam - over / (b + np.sqrt(root)) if root >= 0 and b > 0 else np.nan
        if not least < new < most:
            new = np.sqrt(least * most)
        if abs(new - lam) <= 1e-15 * lam:
            break
        lam = float(new)
    return lam, abs(over) <= 1e-9 * radius**2


def solve_balls(
    neurons: dict[int, Neuron],
    radii: dict[int, float],
    W: Array,
    Q: Array,
    log: Any,
    mapping: Callable[[Callable, Iterable], Iterable],
) -> None:
    """Fill W[k, :, m] and Q[k, m] for neurons m with one ball of each radius k, in their units.

    log.report is told of steps. Raises Breakdown, Limit.
    """
    norms = {m: float(np.linalg.norm(neuron.y)) for m, neuron in neurons.items()}
    size = float(np.linalg.norm(list(norms.values())))
    pushed = any(neuron.v.min(initial=0) < 0 for neuron in neurons.values())
    wanted = [k for k in sorted(radii, key=radii.get) if radii[k] < size or pushed]
    if not wanted:
        return
    share = radii[wanted[0]] / size if size > 0 else 0.0
    begin = share if share > SMALLEST else 1.0
    pieces: dict[int, Piece] = {}
    rays: dict[int, Array] = {}

    def solve(job: tuple[int, float | None]) -> None:
        m, lam = job
        old = pieces.get(m)
        steps, points = (old.blocks.steps, old.blocks.interior) if old else (0, 0)
        try:
            if old is None:
                new = first(neurons[m], begin * norms[m], log.limit, lam)
            else:
                new = other(old, lam, log.limit)
        except NoPoint as proof:
            rays[m] = proof.ray
            return
        new.blocks.release(ROOM / len(neurons))
        pieces[m] = new
        log.interior += new.blocks.interior - points
        log.report(m, new, new.blocks.steps - steps)

    def without_lambda(k: int) -> None:
        """The residual is 0, and then, at the same face, what the ball allows in the way of q."""
        push, rays = {}, {}
        for radius in (0.0, radii[k]):
            length = float(np.linalg.norm([np.linalg.norm(one) for one in push.values()])) or 1.0
            for m in neurons:
                shift = -radius / length * push.get(m, 0.0)
                try:
                    W[k, :, m], Q[k, m], push[m] = exactly(pieces[m], log.limit, shift)
                except NoPoint as proof:
                    Q[k, m] = rays[m] = proof.ray
            if rays or radii[k] == 0:
                return

    order = sorted(neurons, key=norms.get, reverse=True)
    some = order[: int(LARGER * len(order)) + 1 : 1 + len(order) // FIRST]
    list(mapping(solve, [(m, None) for m in some]))
    if len(some) < len(order) and not rays:
        lam = float(np.median([pieces[m].lam for m in some]))
        part = share * float(np.linalg.norm([norms[m] for m in some]))
        lam = common_lambda([pieces[m] for m in some], part, lam)[0]
        list(mapping(solve, [(m, lam) for m in order if m not in pieces]))
    if rays:
        for m in rays:
            Q[wanted, m] = rays[m]
        return
    lam = float(np.median([pieces[m].lam for m in some]))
    least = LEAST * (max(piece.steady for piece in pieces.values()) or 1.0)
    most = MOST * (max(piece.top for piece in pieces.values()) or 1.0)
    for k in wanted[::-1]:  # the largest first: the others are on the way to it
        for _ in range(TURNS):
            lam, met = common_lambda(list(pieces.values()), radii[k], lam)
            lam, tiny = float(np.clip(lam, least, most)), radii[k] <= SMALLEST * size
            if tiny or (lam == least and not met):
                without_lambda(k)
                break
            short = [m for m in neurons if not pieces[m].covers(lam)]
            if (met or lam == most) and not short:
                for m in neurons:
                    W[k, :, m], Q[k, m] = read(pieces[m], lam)
                break
            list(mapping(solve, [(m, lam) for m in short]))
            if rays:
                raise Breakdown("not all neurons were solved")
        else:
            raise Breakdown("lambda was not found")
