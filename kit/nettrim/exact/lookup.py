"""Where lambda makes the residuals what the balls ask for: look-ups on the neurons' paths.

    one ball for each neuron     lambda_m is where its own r_m^2 is epsilon_m^2
    one ball for these neurons   lambda is where sum r_m^2 = epsilon^2, a sum of the parabolas of
                                 path.py
    many epsilons                many look-ups

Where a lambda is found beyond the end of a neuron's path, the path is continued and lambda looked
up again: the end's parabola has given a good guess, and near the answer the convergence is
quadratic. A layer's first FIRST neurons, solved at their share of the ball, tell the others at
which lambda to begin.

Source: derived.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from kit.nettrim.exact.blocks import SMALLEST, Blocks
from kit.nettrim.exact.neuron import Neuron
from kit.nettrim.exact.path import Trail, extend, jump, read, restart, start
from kit.nettrim.exact.pivots import Breakdown, NoPoint
from kit.results import Array

ROOM = 2e9  # bytes that the tables of a layer may take together; beyond, they are built again
FIRST = 8  # neurons that tell the others where to begin
TURNS, FURTHER = 30, 8  # look-ups and continuations; a trail grows by no more in one


def release(blocks: Blocks, room: float) -> None:
    """Forget what can be read again: A, C, and G where it takes more bytes than `room`."""
    blocks.A = blocks.C = None
    if len(blocks.G) == len(blocks.prices) and blocks.G.nbytes > room:
        blocks.G = None


def meet(trails: list[Trail], radius: float, lam: float) -> tuple[float, bool]:
    """Where these trails, or what their ends promise, have sum r^2 = radius^2; whether they do.

    lam  to begin with; no more than FURTHER from it, for what the ends promise is rough
    """
    least, most = lam / FURTHER, lam * FURTHER
    for _ in range(200):
        a, b, c = np.sum([trail.square(lam) for trail in trails], axis=0)
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


def follow(
    neurons: dict[int, Neuron],
    radii: dict[int, float],
    W: Array,
    Q: Array,
    log: Any,
    mapping: Callable[[Callable, Iterable], Iterable],
) -> None:
    """Fill W[k, :, m] and Q[k, m] for neurons m with one ball of each radius k, in their units.

    log.tell is told of events. Raises Breakdown, NoPoint, Limit.
    """
    norms = {m: float(np.linalg.norm(neuron.y)) for m, neuron in neurons.items()}
    size = float(np.linalg.norm(list(norms.values())))
    pushed = any(neuron.v.min(initial=0) < 0 for neuron in neurons.values())
    wanted = [k for k in sorted(radii, key=radii.get) if radii[k] < size or pushed]
    if not wanted:
        return
    share = radii[wanted[0]] / size if size > 0 else 0.0
    if share < SMALLEST:
        raise Breakdown("no lambda to begin with")

    room = ROOM / len(neurons)

    def begin_at(m: int, lam: float | None = None) -> tuple[Trail, bool]:
        trail, walked = start(neurons[m], share * norms[m], log.limit, m, lam)
        if trail.blocks is not None:
            release(trail.blocks, room)
        log.tell(m, trail, trail.events)
        return trail, walked

    some = list(neurons)[:: 1 + len(neurons) // FIRST]
    found = dict(zip(some, mapping(begin_at, some), strict=True))
    if len(some) < len(neurons):  # the others begin at the lambda of these
        few = [trail for trail, _ in found.values()]
        near = float(np.median([trail.pieces[0].start for trail in few]))
        near = meet(few, share * float(np.linalg.norm([norms[m] for m in some])), near)[0]
        others = [m for m in neurons if m not in found]
        found |= zip(others, mapping(partial(begin_at, lam=near), others), strict=True)
    found = [found[m] for m in neurons]
    trails = [trail for trail, _ in found]
    log.walked += sum(walked for _, walked in found)

    def reach_out(m: int, trail: Trail, lam: float) -> Trail:
        before = trail.events
        other = jump(trail, lam)
        if other is not None:
            release(other.blocks, room)
            log.tell(m, other, other.events - before)
            return other
        trail.blocks = None
        try:
            extend(trail, lam)
        except (Breakdown, NoPoint):
            trail = restart(trail, lam, m)
            log.walked += 1
            before = 0
        log.tell(m, trail, trail.events - before)
        if trail.table is not None and trail.table.cols.nbytes > room:
            trail.table = None
        return trail

    live = [trail for trail in trails if trail.neuron.y.any()] or trails
    lam = float(np.median([trail.pieces[0].start for trail in live]))
    for k in wanted[::-1]:  # the largest first: the others are on the way to it
        for _ in range(TURNS):
            lam, met = meet(trails, radii[k], lam)
            short = [i for i, trail in enumerate(trails) if not trail.covers(lam)]
            if met and not short:
                break
            jobs = [(list(neurons)[i], trails[i]) for i in short]
            longer = mapping(lambda job, lam=lam: reach_out(*job, lam), jobs)
            for i, trail in zip(short, longer, strict=True):
                trails[i] = trail
        else:
            raise Breakdown("lambda was not found")
        for m, trail in zip(neurons, trails, strict=True):
            W[k, :, m], Q[k, m] = read(trail, lam)
