"""One lambda for several neurons without a step on tied data: where paths break down.

All neurons are walked at noisy data, which have no ties (perturbed.py), to a trial lambda, and home
from there. lambda is found by Newton steps, or by halving where they do not help.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from kit.nettrim.exact.neuron import Neuron, read_ray
from kit.nettrim.exact.perturbed import (
    Point,
    Walk,
    balance,
    begin,
    fold,
    home,
    polish,
    read_answer,
    slide,
    unfold,
)
from kit.nettrim.exact.pivots import Breakdown, NoPoint
from kit.nettrim.reference import sharpen_ray
from kit.results import Array

SMALLEST, LARGEST = 1e-7, 1e7  # lambda, of the one at which the path begins
ROOM = 1e9  # bytes that all tables of a layer may take together; beyond, they are folded


def carefully(
    neurons: dict[int, Neuron],
    radii: dict[int, float],
    W: Array,
    Q: Array,
    log: Any,
    mapping: Callable[[Callable, Iterable], Iterable],
    seed: int = 0,
) -> None:
    """Fill W[k, :, m] and Q[k, m] for neurons m with one ball of each radius k, in their units.

    log.tell is told of events. Raises Breakdown, Limit.
    """
    norms = {m: float(np.linalg.norm(neuron.y)) for m, neuron in neurons.items()}
    size = float(np.linalg.norm(list(norms.values())))
    pushed = any(neuron.v.min(initial=0) < 0 for neuron in neurons.values())
    wanted = [k for k in sorted(radii, key=radii.get) if radii[k] < size or pushed]
    if not wanted:
        return

    def start(m: int) -> Walk | Array:
        share = radii[wanted[-1]] * norms[m] / size if size > 0 else 0.0
        try:
            rng = np.random.default_rng([m, seed])
            walk = begin(neurons[m], share, rng, log.limit)
        except NoPoint as proof:
            return _sharp(neurons[m], read_ray(neurons[m], proof.ray))
        rest(walk, len(neurons))
        log.tell(m, walk, walk.table.events)
        return walk

    walks = dict(zip(neurons, mapping(start, list(neurons)), strict=True))
    rays = {m: walk for m, walk in walks.items() if not isinstance(walk, Walk)}
    for k in wanted[::-1]:
        for m, ray in rays.items():
            Q[k, m] = ray
        if rays:
            continue
        homes, points, kind = common(walks, radii[k], log)
        for (m, there), point in zip(homes.items(), points, strict=True):
            W[k, :, m], Q[k, m] = read_answer(there, point, kind)
            if kind == "ray":
                Q[k, m] = _sharp(neurons[m], Q[k, m])


def _sharp(neuron: Neuron, q: Array) -> Array:
    on = np.zeros(q.size, bool)
    on[neuron.active] = True
    return sharpen_ray(neuron.X, on, q)


def rest(walk: Walk, walks: int) -> None:
    """Fold a walk that waits for its turn, if all tables together would take too much room."""
    table = walk.table
    if 2 * walks * (table.cols.nbytes + table.inverse.nbytes) > ROOM:
        fold(walk)


def common(
    walks: dict[int, Walk], epsilon: float, log: Any
) -> tuple[dict[int, Walk], list[Point], str]:
    """The common lambda of one ball, and where the neurons are there.

    Each trial lambda is reached at noisy data, and then home. Where the residual is too large even
    at the smallest lambda, u is polished to that of lambda = 0.
    """
    top = max(walk.top for walk in walks.values())
    least, most = SMALLEST * top, LARGEST * top
    lam = float(np.clip(np.mean([walk.lam for walk in walks.values()]), least, most))
    size = np.linalg.norm([np.linalg.norm(walk.neuron.y) for walk in walks.values()])
    for trial in range(100):
        homes, points = {}, []
        for m, walk in walks.items():
            before = walk.table.events
            unfold(walk)
            slide(walk, lam)
            homes[m] = home(walk)
            points.append(slide(homes[m], lam))
            rest(walk, len(walks))
            rest(homes[m], len(walks))
            log.tell(m, walk, walk.table.events - before)
        radius = np.linalg.norm([point.radius for point in points])
        if abs(radius - epsilon) <= 1e-12 * size or most <= least * (1 + 1e-15):
            return homes, points, "ratio"
        if radius > epsilon and lam <= SMALLEST * top:
            better = [polish(homes[m], p) for m, p in zip(homes, points, strict=True)]
            left = np.linalg.norm([residual for _, residual in better])
            if left > epsilon + 1e-9 * size:
                return homes, points, "ray"
            size = np.linalg.norm([np.linalg.norm(point.drho) for point in points])
            lam = epsilon / size if size > 0 else 0.0  # rho = lambda drho near 0
            ends = [replace(point, z=point.z + lam * point.dz) for point, _ in better]
            return homes, ends, "slope"
        if radius < epsilon and lam >= LARGEST * top:
            return homes, points, "slope"
        least, most = (least, lam) if radius > epsilon else (lam, most)
        new = balance(points, lam, epsilon, least, most)
        lam = float(np.sqrt(least * most)) if trial % 3 == 2 else new
        if not SMALLEST * top * 1.01 < lam < LARGEST * top / 1.01:
            lam = SMALLEST * top if lam < top else LARGEST * top
    raise Breakdown("lambda was not found")
