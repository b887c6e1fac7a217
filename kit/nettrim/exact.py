"""Whole layers, exactly: the paths of kit/nettrim/active_set.py for all neurons and many epsilons.

The first try is kit/nettrim/trail.py. Every answer is checked before it is kept. Where the check
says no, or a path breaks down (rounding, cycling), the neuron is walked at noisy data: from a
guess, then without one and with other noise, then also carefully, without a step on tied data.
After four such tries it goes to cvxpy. The notes count the neurons that were walked (in the first
try too, where blocks failed), those begun again, and those left to cvxpy. One ball for the layer:
kit/nettrim/one_ball.py.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from kit.nettrim.active_set import begin, read_answer, single
from kit.nettrim.neuron import read_neuron, read_ray, units
from kit.nettrim.one_ball import CAREFUL, TRIES, carefully, one_ball
from kit.nettrim.pivoting import Breakdown, Limit, NoPoint
from kit.nettrim.problem import NetTrim
from kit.nettrim.record import Log, Mapping, Progress, Stop, by_cvxpy, holds
from kit.nettrim.reference import sharpen_ray
from kit.nettrim.trail import follow
from kit.results import Array, Run, Status

Answer = tuple[Array, Array | None, Run, tuple[str, ...]]  # W, Q, how it went, notes


def along(
    problem: NetTrim,
    radii: Sequence[float] | Sequence[Array],
    *,
    tol: float,
    max_iter: int | None,
    callback: Callable[[Progress], object] | None,
    n_jobs: int = 1,
) -> list[Answer]:
    """The layer's exact answers for every epsilon in radii, all numbers or all (M,), any order.

    max_iter  events allowed for one neuron; beyond, its column is 0 and the status MAX_ITER
    callback  see Progress; a true value stops, with columns of zeros for what was not reached
    n_jobs    threads: neurons are walked side by side, the heavy steps outside Python's lock
    """
    N, M, P = problem.shape
    log, K = Log(max_iter, callback), len(radii)
    W, Q = np.zeros((K, N, M)), np.zeros((K, M, P))
    each = np.array(radii, float)
    fill = one_ball if each.ndim == 1 else _each
    if each.ndim == 1 and (M == 1 or not each.any()):  # that is a ball for each
        fill, each = _each, np.repeat(each[:, None], M, axis=1)
    try:
        with ThreadPoolExecutor(n_jobs) as pool:
            fill(problem, each, W, Q, log, tol, map if n_jobs == 1 else pool.map)
    except Stop:
        log.status = Status.STOPPED
    except Limit:
        log.status = Status.MAX_ITER
    return [(W[k], Q[k], log.run(), log.notes(M)) for k in range(K)]


# A ball for each neuron ---------------------------------------------------------------------------


def _each(
    problem: NetTrim, radii: Array, W: Array, Q: Array, log: Log, tol: float, mapping: Mapping
) -> None:
    """Fill W (K, N, M) and Q (K, M, P) for radii (K, M), neuron by neuron."""
    target, scale = problem.target, units(problem)

    def fill(m: int) -> None:
        if log.status is not Status.SOLVED:
            return
        own, good = radii[:, m], np.zeros(len(radii), bool)
        for attempt in range(-1, TRIES):
            log.again += attempt > 0
            _go(problem, m, scale, own, W, Q, log, attempt, ~good)
            bad = np.flatnonzero(~good)
            good[bad] = holds(
                problem, m, target[m], own[bad], W[bad, :, m], Q[bad, m], tol, scale[0]
            )
            if good.all() or log.status is not Status.SOLVED:
                break
        for k in np.flatnonzero(~good) if log.status is Status.SOLVED else []:
            log.foreign += 1
            W[k, :, [m]], Q[k, [m]] = by_cvxpy(problem, m, radii[k, m])

    list(mapping(fill, range(problem.shape[1])))


def _go(
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
    """One neuron, its radii (K,) from the smallest up on one path; Breakdown leaves zeros."""
    neuron = read_neuron(problem, m, scale)
    _x, y, root = scale
    if attempt < 0:
        try:
            follow({m: neuron}, radii / (y * root), W, Q, log, map)
        except Limit:
            log.status = Status.MAX_ITER
        except (Breakdown, NoPoint):
            pass
        return
    rng, walk = np.random.default_rng([m, attempt]), None
    log.walked += attempt == 0
    for k in np.argsort(radii):
        radius = radii[k] / (y * root)
        W[k, :, m], Q[k, m] = (0, 0) if todo[k] else (W[k, :, m], Q[k, m])
        quiet = neuron.v.min(initial=0) >= 0 and np.linalg.norm(neuron.y) <= radius
        if quiet or not todo[k]:
            continue
        before = walk.table.events if walk else 0
        try:
            walk = walk or begin(neuron, radius, rng, log.limit, cold=attempt > 0)
            if attempt < CAREFUL:
                W[k, :, m], Q[k, m], kind = single(walk, radius)
            else:
                homes, points, kind = carefully({m: walk}, radius, log)
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
