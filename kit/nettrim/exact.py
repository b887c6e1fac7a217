"""Whole layers, exactly: the paths of kit/nettrim/active_set.py for all neurons and many epsilons.

Every answer is checked before it is kept. Where the check says no, or a path breaks down (rounding,
cycling), the neuron is begun again with other noise, and carefully: without a step on tied data.
After three tries it goes to cvxpy. The notes count both.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kit.nettrim.active_set import (
    LAST,
    Neuron,
    Point,
    Walk,
    balance,
    begin,
    fold,
    home,
    polish,
    read_answer,
    read_neuron,
    read_ray,
    single,
    slide,
    unfold,
    units,
)
from kit.nettrim.certificate import certify
from kit.nettrim.pivoting import Breakdown, Limit, NoPoint
from kit.nettrim.problem import NetTrim
from kit.nettrim.reference import reference, sharpen_ray
from kit.results import Array, Run, Status

TRIES = 3  # the first one straight on, the others carefully
SMALLEST, LARGEST = 1e-7, 1e7  # lambda of careful tries, of the one at which the path begins
Answer = tuple[Array, Array | None, Run, tuple[str, ...]]  # W, Q, how it went, notes


@dataclass(frozen=True)
class Progress:
    """What a callback sees: after each neuron, and with one ball after each round of lambda."""

    neuron: int
    lam: float  # lambda, as a share of the one at which the path began
    events: int  # so far, in all neurons


class Stop(Exception):
    """The callback has asked for an end."""


class Log:
    """Counts for the notes, and the callback."""

    def __init__(self, max_iter: int | None, callback: Callable[[Progress], object] | None) -> None:
        self.limit = np.inf if max_iter is None else max_iter
        self.callback, self.start = callback, time.perf_counter()
        self.events = self.again = self.foreign = 0
        self.status = Status.SOLVED

    def tell(self, m: int, walk: Walk, events: int) -> None:
        """Count events, call back; raises Stop."""
        self.events += events
        if self.callback is not None and self.callback(
            Progress(m, walk.lam / walk.top, self.events)
        ):
            raise Stop

    def notes(self, M: int) -> tuple[str, ...]:
        """One sentence with all counts."""
        return (
            f"exact: {self.events} events in {M} neurons, {self.again} begun again, "
            f"{self.foreign} left to cvxpy.",
        )

    def run(self) -> Run:
        """How it went."""
        return Run(self.status, self.events, time.perf_counter() - self.start)


def along(
    problem: NetTrim,
    radii: Sequence[float] | Sequence[Array],
    *,
    tol: float,
    max_iter: int | None,
    callback: Callable[[Progress], object] | None,
) -> list[Answer]:
    """The layer's exact answers for every epsilon in radii, all numbers or all (M,), any order.

    max_iter  events allowed for one neuron; beyond, its column is 0 and the status MAX_ITER
    callback  see Progress; a true value stops, with columns of zeros for what was not reached
    """
    N, M, P = problem.shape
    log, K = Log(max_iter, callback), len(radii)
    W, Q = np.zeros((K, N, M)), np.zeros((K, M, P))
    each = np.array(radii, float)
    fill = _joint if each.ndim == 1 else _each
    if each.ndim == 1 and not each.any():  # one ball of radius 0 is a ball of radius 0 for each
        fill, each = _each, np.zeros((K, M))
    try:
        fill(problem, each, W, Q, log, tol)
    except Stop:
        log.status = Status.STOPPED
    except Limit:
        log.status = Status.MAX_ITER
    return [(W[k], Q[k], log.run(), log.notes(M)) for k in range(K)]


# A ball for each neuron ---------------------------------------------------------------------------


def _each(problem: NetTrim, radii: Array, W: Array, Q: Array, log: Log, tol: float) -> None:
    """Fill W (K, N, M) and Q (K, M, P) for radii (K, M), neuron by neuron."""
    target, scale = problem.target, units(problem)
    for m in range(problem.shape[1]):
        good = np.zeros(len(radii), bool)
        for attempt in range(TRIES):
            log.again += attempt > 0
            _walk_down(problem, m, scale, radii[:, m], W, Q, log, attempt, ~good)
            for k in np.flatnonzero(~good):
                good[k] = _holds(problem, m, target[m], radii[k, m], W[k, :, m], Q[k, m], tol)
            if good.all() or log.status is Status.MAX_ITER:
                break
        for k in np.flatnonzero(~good) if log.status is Status.SOLVED else []:
            log.foreign += 1
            W[k, :, [m]], Q[k, [m]] = _by_cvxpy(problem, m, radii[k, m])


def _walk_down(
    problem: NetTrim,
    m: int,
    scale: tuple[float, float, float],
    radii: Array,
    W: Array,
    Q: Array,
    log: Log,
    attempt: int,
    todo: Array,
) -> None:
    """One neuron, its radii (K,) from the largest down on one path; Breakdown leaves zeros."""
    neuron = read_neuron(problem, m, scale)
    _x, y, root = scale
    rng, walk = np.random.default_rng([m, attempt]), None
    for k in np.argsort(-radii):
        radius = radii[k] / (y * root)
        W[k, :, m], Q[k, m] = (0, 0) if todo[k] else (W[k, :, m], Q[k, m])
        quiet = neuron.v.min(initial=0) >= 0 and np.linalg.norm(neuron.y) <= radius
        if quiet or not todo[k]:
            continue
        before = walk.table.events if walk else 0
        try:
            walk = walk or begin(neuron, radius, rng, log.limit)
            if attempt == 0:
                W[k, :, m], Q[k, m], kind = single(walk, radius)
            else:
                homes, points, kind = _carefully({m: walk}, radius, log)
                W[k, :, m], Q[k, m] = read_answer(homes[m], points[0], kind)
        except NoPoint as proof:
            Q[todo, m] = sharpen_ray(problem, m, read_ray(neuron, proof.ray))
            return
        except Limit:
            log.status = Status.MAX_ITER
            return
        except Breakdown:
            return
        if kind == "ray":
            Q[k, m] = sharpen_ray(problem, m, Q[k, m])
        log.tell(m, walk, walk.table.events - before)


def _holds(
    problem: NetTrim, m: int, t: Array, epsilon: float, u: Array, q: Array, tol: float
) -> bool:
    """Whether u and q prove each other, by the formulas of kit/nettrim/certificate.py."""
    on, out = problem.Omega[m], u @ problem.X
    q = np.where(on, q, np.minimum(q, 0))
    r, unit = np.linalg.norm((out - t)[on]), max(np.abs(t).max(), 1e-300)
    inside = r <= epsilon + 1e-8 * max(epsilon, 1e-3 * np.linalg.norm(t[on]))
    inside = inside and (out - t)[~on].max(initial=0) <= 1e-8 * unit
    price, value = np.abs(problem.X @ q).max(), q @ t - epsilon * np.linalg.norm(q[on])
    if price <= 1e-12 * np.abs(problem.X).max() * np.abs(q).sum():  # a ray, or nothing
        return bool(not u.any() if inside else value > 1e-6 * np.abs(q) @ np.abs(t))
    return bool(inside and np.abs(u).sum() - max(value, 0) / price <= tol * np.abs(u).sum())


def _by_cvxpy(problem: NetTrim, m: int, epsilon: float) -> tuple[Array, Array]:
    """The way out: neuron m by Clarabel."""
    one = NetTrim(problem.X, problem.Y[[m]], float(epsilon), problem.V[[m]], problem.Omega[[m]])
    W, Q, _, _ = reference(one)
    return W.T, np.zeros((1, problem.shape[2])) if Q is None else Q


# One ball for the layer ---------------------------------------------------------------------------


def _joint(problem: NetTrim, radii: Array, W: Array, Q: Array, log: Log, tol: float) -> None:
    """Fill W (K, N, M) and Q (K, M, P) for radii (K,), from the largest down."""
    for attempt in range(TRIES):
        log.again += problem.shape[1] if attempt else 0
        try:
            return _joint_once(problem, radii, W, Q, log, tol, attempt)
        except (Breakdown, NoPoint):
            W[:], Q[:] = 0, 0
    log.foreign += problem.shape[1]
    for k, epsilon in enumerate(radii):
        w, q, _, _ = reference(
            NetTrim(problem.X, problem.Y, float(epsilon), problem.V, problem.Omega)
        )
        W[k], Q[k] = w, 0 if q is None else q
    return None


def _joint_once(
    problem: NetTrim, radii: Array, W: Array, Q: Array, log: Log, tol: float, attempt: int
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
            for m in np.flatnonzero(kept | pushed):
                rng = np.random.default_rng([m, attempt])
                try:
                    share = epsilon * norms[m] / size if size > 0 else 0.0
                    walks[m] = begin(neurons[m], share, rng, log.limit)
                except NoPoint as proof:
                    Q[:, m] = _proof(problem, m, neurons[m], proof)
                    return
                fold(walks[m])
                log.tell(m, walks[m], walks[m].table.events)
        if attempt == 0:
            _common(problem, walks, epsilon, size, W[k], Q[k], log)
        else:
            homes, points, kind = _carefully(walks, epsilon, log)
            for (m, there), point in zip(homes.items(), points, strict=True):
                W[k][:, m], Q[k, m] = read_answer(there, point, kind)
        final = certify(replace(problem, epsilon=float(radii[k])), W[k], Q[k], 1e-8)
        if final.gap > tol and not final.upper == final.lower == np.inf:
            raise Breakdown("the answer does not prove itself")


def _common(
    problem: NetTrim,
    walks: dict[int, Walk],
    epsilon: float,
    size: float,
    W: Array,
    Q: Array,
    log: Log,
) -> None:
    """Find the lambda of one ball, and fill W (N, M), Q (M, P)."""
    top = max(walk.top for walk in walks.values())
    free = [walk.lam for walk in walks.values() if walk.neuron.y.any()]
    lam = float(np.mean(free)) if free else top
    least, most = LAST * top, 1e9 * top
    for _ in range(4):  # at noisy data, for a good guess
        points = _slide_all(walks, lam, log)
        last, lam = lam, balance(points, lam, epsilon, least, most)
        if abs(lam - last) <= 1e-2 * last:
            break
    homes: dict[int, Walk] = {}
    for m, walk in walks.items():
        unfold(walk)
        slide(walk, lam)
        try:
            homes[m] = home(walk)
        except NoPoint as proof:
            Q[m] = _proof(problem, m, walk.neuron, proof)
            return
        fold(walk)
        fold(homes[m])
    kind, least, most = "ratio", 0.0, np.inf
    points = _slide_all(homes, lam, log, walks)
    for _ in range(60):
        radius = np.linalg.norm([point.radius for point in points])
        if abs(radius - epsilon) <= 1e-13 * size or kind != "ratio":
            break
        least, most = (least, lam) if radius > epsilon else (lam, most)
        last, lam = lam, balance(points, lam, epsilon, least, most)
        if lam < LAST * top:
            lam, kind = 0.0, "slope"
        elif lam > 1e9 * top:
            kind = "slope"
        elif lam == last:
            break
        points = _slide_all(homes, lam, log, walks)
    if lam == 0 and np.linalg.norm([point.radius for point in points]) > epsilon + 1e-9 * size:
        kind = "ray"
    for (m, there), point in zip(homes.items(), points, strict=True):
        W[:, m], Q[m] = read_answer(there, point, kind)
        if kind == "ray":
            Q[m] = sharpen_ray(problem, m, Q[m])


def _carefully(
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
            fold(walk)
            fold(homes[m])
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
    walks: dict[int, Walk], lam: float, log: Log, noisy: dict[int, Walk] | None = None
) -> list[Point]:
    """Move all neurons to lambda; their tables are folded before and after.

    noisy  the walks of which these are the homes: one that stumbles over a tie comes home again
    """
    points = []
    for m, walk in walks.items():
        unfold(walk)
        before = walk.table.events
        try:
            points.append(slide(walk, lam))
        except (Breakdown, NoPoint):
            if noisy is None or lam == 0:
                raise Breakdown("a tie") from None
            unfold(noisy[m])
            slide(noisy[m], lam)
            walks[m] = walk = home(noisy[m])
            fold(noisy[m])
            points.append(slide(walk, lam))
        fold(walk)
        log.tell(m, walk, max(walk.table.events - before, 0))
    return points


def _proof(problem: NetTrim, m: int, neuron: Neuron, proof: NoPoint) -> Array:
    """The ray of NoPoint as q (P,), if it is one; else Breakdown."""
    q = sharpen_ray(problem, m, read_ray(neuron, proof.ray))
    if not _holds(problem, m, problem.target[m], 0.0, np.zeros(len(neuron.A)), q, 0.0):
        raise Breakdown("not a ray")
    return q
