"""One ball for the layer: the lambda that all neurons have in common (kit/nettrim/active_set.py).

The first try is kit/nettrim/trail.py. Where it fails, all paths are walked anew, and stand at one
lambda, at which sum r_m(lambda)^2 = epsilon^2: first at noisy data, for a good guess of lambda,
then at the true data, by Newton steps between bounds, exactly in the last piece.
"""

from dataclasses import replace

import numpy as np

from kit.nettrim.active_set import (
    LAST,
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
from kit.nettrim.certificate import certify
from kit.nettrim.neuron import read_neuron, units
from kit.nettrim.pivoting import Breakdown, NoPoint
from kit.nettrim.problem import NetTrim
from kit.nettrim.record import Log, Mapping, read_proof
from kit.nettrim.reference import reference, sharpen_ray
from kit.nettrim.trail import follow
from kit.results import Array

TRIES, CAREFUL = 4, 2  # the first from a guess, the second without, from CAREFUL on carefully
SMALLEST, LARGEST = 1e-7, 1e7  # lambda of careful tries, of the one at which the path begins
ROOM = 1e9  # bytes that all tables of a layer may take together; beyond, they are folded


def one_ball(
    problem: NetTrim, radii: Array, W: Array, Q: Array, log: Log, tol: float, mapping: Mapping
) -> None:
    """Fill W (K, N, M) and Q (K, M, P) for radii (K,), from the largest down."""
    for attempt in range(-1, TRIES):
        log.again += problem.shape[1] if attempt > 0 else 0
        try:
            if attempt < 0:
                return _follow(problem, radii, W, Q, log, tol, mapping)
            return _once(problem, radii, W, Q, log, tol, attempt, mapping)
        except (Breakdown, NoPoint):
            W[:], Q[:] = 0, 0
    log.foreign += problem.shape[1]
    for k, epsilon in enumerate(radii):
        w, q, _, _ = reference(replace(problem, epsilon=float(epsilon)))
        W[k], Q[k] = w, 0 if q is None else q
    return None


def _follow(
    problem: NetTrim, radii: Array, W: Array, Q: Array, log: Log, tol: float, mapping: Mapping
) -> None:
    """All answers off the trails, or Breakdown."""
    _x, y, root = scale = units(problem)
    neurons = {m: read_neuron(problem, m, scale) for m in range(problem.shape[1])}
    busy = {m: n for m, n in neurons.items() if n.y.any() or n.v.min(initial=0) < 0}
    follow(busy, radii / (y * root), W, Q, log, mapping)
    for k in range(len(radii)):
        _check(problem, radii[k], W[k], Q[k], tol)


def _check(problem: NetTrim, epsilon: float, W: Array, Q: Array, tol: float) -> None:
    final = certify(replace(problem, epsilon=float(epsilon)), W, Q, 1e-8)
    if final.gap > tol and not final.upper == final.lower == np.inf:
        raise Breakdown("the answer does not prove itself")


def _once(
    problem: NetTrim,
    radii: Array,
    W: Array,
    Q: Array,
    log: Log,
    tol: float,
    attempt: int,
    mapping: Mapping,
) -> None:
    M = problem.shape[1]
    _x, y, root = scale = units(problem)
    neurons = [read_neuron(problem, m, scale) for m in range(M)]
    norms = np.array([np.linalg.norm(n.y) for n in neurons])
    size, kept = np.linalg.norm(norms), norms > 0
    pushed = np.array([n.v.min(initial=0) < 0 for n in neurons])
    walks: dict[int, Walk] = {}
    for k in np.argsort(-radii):
        epsilon = radii[k] / (y * root)
        if not pushed.any() and size <= epsilon:
            continue
        if not walks:

            def start(m: int, epsilon: float = epsilon) -> Walk | Array:
                rng = np.random.default_rng([m, attempt])
                share = epsilon * norms[m] / size if size > 0 else 0.0
                try:
                    walk = begin(neurons[m], share, rng, log.limit, cold=attempt > 0)
                except NoPoint as proof:
                    return read_proof(problem, m, neurons[m], proof)
                rest(walk, M)
                log.tell(m, walk, walk.table.events)
                return walk

            these = np.flatnonzero(kept | pushed).tolist()
            for m, walk in zip(these, mapping(start, these), strict=True):
                if not isinstance(walk, Walk):
                    Q[:, m] = walk
                    return
                walks[m] = walk
        if attempt < CAREFUL:
            _common(problem, walks, epsilon, size, W[k], Q[k], log, mapping)
        else:
            homes, points, kind = carefully(walks, epsilon, log)
            for (m, there), point in zip(homes.items(), points, strict=True):
                W[k][:, m], Q[k, m] = read_answer(there, point, kind)
        _check(problem, radii[k], W[k], Q[k], tol)


def rest(walk: Walk, walks: int) -> None:
    """Fold a walk that waits for its turn, if all tables together would take too much room."""
    table = walk.table
    if 2 * walks * (table.cols.nbytes + table.inverse.nbytes) > ROOM:
        fold(walk)


def _common(
    problem: NetTrim,
    walks: dict[int, Walk],
    epsilon: float,
    size: float,
    W: Array,
    Q: Array,
    log: Log,
    mapping: Mapping,
) -> None:
    """Find the lambda of one ball, and fill W (N, M), Q (M, P)."""
    top = max(walk.top for walk in walks.values())
    free = [walk.lam for walk in walks.values() if walk.neuron.y.any()]
    lam, least = float(np.mean(free)) if free else top, LAST * top
    for _ in range(8):  # at noisy data, for a good guess
        points = _slide_all(walks, lam, log, mapping)
        last, lam = lam, _step(balance(points, lam, epsilon, least, 1e9 * top), lam, top)
        if abs(lam - last) <= 1e-2 * last:
            break
    homes: dict[int, Walk] = {}

    def go_home(m: int) -> Walk | Array:
        walk = walks[m]
        unfold(walk)
        slide(walk, lam)
        try:
            there = home(walk)
        except NoPoint as proof:
            return read_proof(problem, m, walk.neuron, proof)
        rest(walk, len(walks))
        rest(there, len(walks))
        return there

    for m, there in zip(walks, mapping(go_home, list(walks)), strict=True):
        if not isinstance(there, Walk):
            Q[m] = there
            return
        homes[m] = there
    points, lam, kind = _newton(walks, homes, lam, epsilon, size, log, mapping)
    if lam == 0 and np.linalg.norm([point.radius for point in points]) > epsilon + 1e-9 * size:
        kind = "ray"
    for (m, there), point in zip(homes.items(), points, strict=True):
        W[:, m], Q[m] = read_answer(there, point, kind)
        if kind == "ray":
            Q[m] = sharpen_ray(problem, m, Q[m])


def _step(new: float, lam: float, top: float) -> float:
    """No more than doubled: beyond, all weights may be 0, a point with every tie that V = 0 has."""
    return min(new, 2 * lam) if lam < top else new


def _newton(
    walks: dict[int, Walk],
    homes: dict[int, Walk],
    lam: float,
    epsilon: float,
    size: float,
    log: Log,
    mapping: Mapping,
) -> tuple[list[Point], float, str]:
    """The points at which the squares of the residuals sum to epsilon^2, lambda, the kind of q."""
    top = max(walk.top for walk in walks.values())
    kind, least, most = "ratio", 0.0, np.inf
    points = _slide_all(homes, lam, log, mapping, walks)
    for _ in range(60):
        radius = np.linalg.norm([point.radius for point in points])
        if abs(radius - epsilon) <= 1e-13 * size or kind != "ratio":
            break
        least, most = (least, lam) if radius > epsilon else (lam, most)
        last, lam = lam, _step(balance(points, lam, epsilon, least, most), lam, top)
        if lam < LAST * top:
            lam, kind = 0.0, "slope"
        elif lam > 1e9 * top:
            kind = "slope"
        elif lam == last:
            break
        points = _slide_all(homes, lam, log, mapping, walks)
    return points, lam, kind


def carefully(
    walks: dict[int, Walk], epsilon: float, log: Log
) -> tuple[dict[int, Walk], list[Point], str]:
    """The common lambda of one ball, without a step on tied data: for a second try.

    Each trial lambda is reached at noisy data, and then home; lambda is found by Newton steps, or
    by halving where they do not help. Where the residual is too large even at the smallest lambda,
    u is polished to that of lambda = 0.
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
            return homes, [polish(homes[m], p) for m, p in zip(homes, points, strict=True)], "ratio"
        if radius < epsilon and lam >= LARGEST * top:
            return homes, points, "slope"
        least, most = (least, lam) if radius > epsilon else (lam, most)
        new = balance(points, lam, epsilon, least, most)
        lam = float(np.sqrt(least * most)) if trial % 3 == 2 else new
        if not SMALLEST * top * 1.01 < lam < LARGEST * top / 1.01:
            lam = SMALLEST * top if lam < top else LARGEST * top
    raise Breakdown("lambda was not found")


def _slide_all(
    walks: dict[int, Walk],
    lam: float,
    log: Log,
    mapping: Mapping,
    noisy: dict[int, Walk] | None = None,
) -> list[Point]:
    """Move all neurons to lambda.

    noisy  the walks of which these are the homes: one that stumbles over a tie comes home again
    """

    def go(m: int) -> Point:
        walk = walks[m]
        unfold(walk)
        before = walk.table.events
        try:
            point = slide(walk, lam)
        except (Breakdown, NoPoint):
            if noisy is None or lam == 0:
                raise Breakdown("a tie") from None
            unfold(noisy[m])
            slide(noisy[m], lam)
            walks[m] = walk = home(noisy[m])
            rest(noisy[m], len(walks))
            point = slide(walk, lam)
        rest(walk, len(walks))
        log.tell(m, walk, max(walk.table.events - before, 0))
        return point

    return list(mapping(go, list(walks)))
