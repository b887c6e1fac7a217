"""Whole layers, exactly, for many epsilons: one ladder, and one judge on every step of it.

    paths       each neuron's path is written down, and lambda looked up (lookup.py, path.py)
    carefully   lambda is found by walks at noisy data (common.py), TRIES times
    cvxpy       Clarabel

A ball for each neuron is one ball of a layer of one neuron. What the certificate does not call
settled at one step goes to the next; the notes count how many neurons did.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from kit.nettrim.certificate import certify, cleared, settled
from kit.nettrim.exact.common import carefully
from kit.nettrim.exact.lookup import follow
from kit.nettrim.exact.neuron import hold, loose, read_neuron, read_samples, units
from kit.nettrim.exact.pivots import Breakdown, Limit, NoPoint
from kit.nettrim.problem import NetTrim, variant
from kit.nettrim.reference import reference
from kit.results import Array, Run, Status

Mapping = Callable[[Callable, Iterable], Iterable]  # map, or a pool's
Answer = tuple[Array, Array, Run, tuple[str, ...]]  # W, Q, how it went, notes
TRIES = 2  # careful ones, each with noise of its own
TIGHT = 1e-8  # largest violation that is not tried again
ZERO = 1e-12  # of a neuron's largest weight, inputs being about 1: what is smaller is rounding


@dataclass(frozen=True)
class Progress:
    """What a callback sees, whenever a neuron has moved along its path."""

    neuron: int
    lam: float  # lambda, as a share of the one at which the path began
    events: int  # so far, in all neurons


class Stop(Exception):
    """The callback has asked for an end."""


class Log:
    """Counts for the notes, and the callback."""

    def __init__(self, max_iter: int | None, callback: Callable[[Progress], object] | None) -> None:
        self.limit = np.inf if max_iter is None else max_iter
        self.callback, self.start, self.lock = callback, time.perf_counter(), threading.Lock()
        self.events = self.walked = self.again = self.foreign = 0

    def tell(self, m: int, there: Any, events: int) -> None:
        """Count events, call back; raises Stop."""
        with self.lock:
            self.events += events
            if self.callback and self.callback(Progress(m, there.lam / there.top, self.events)):
                raise Stop


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

    max_iter  events allowed for one neuron; beyond, the run ends with the status MAX_ITER, and
              with columns of zeros for what was not reached
    callback  see Progress; a true value stops, with columns of zeros for what was not reached
    n_jobs    threads: neurons side by side, the heavy steps outside Python's lock
    """
    N, M, P = problem.shape
    W, Q = np.zeros((len(radii), N, M)), np.zeros((len(radii), M, P))
    layers = [variant(problem, epsilon=epsilon) for epsilon in radii]
    log, status = Log(max_iter, callback), Status.SOLVED
    try:
        with ThreadPoolExecutor(n_jobs) as pool:
            _climb(layers, W, Q, log, tol, map if n_jobs == 1 else pool.map)
    except Stop:
        status = Status.STOPPED
    except Limit:
        status = Status.MAX_ITER
    for layer, w in zip(layers, W, strict=True):
        w[:] = cleared(layer, w, ZERO, TIGHT)
    run = Run(status, log.events, time.perf_counter() - log.start)
    notes = (
        f"exact: {log.events} events in {M} neurons, {log.walked} walked, "
        f"{log.again} begun again, {log.foreign} left to cvxpy.",
    )
    return [(W[k], Q[k], run, notes) for k in range(len(radii))]


def _climb(
    layers: list[NetTrim], W: Array, Q: Array, log: Log, tol: float, mapping: Mapping
) -> None:
    """Fill W (K, N, M) and Q (K, M, P), step by step of the ladder."""
    problem = layers[0]
    M, (_x, y, root) = problem.shape[1], units(problem)
    each = np.array([np.broadcast_to(one.epsilon, M) for one in layers]) / (y * root)  # (K, M)
    samples = read_samples(problem)
    neurons = {m: read_neuron(problem, m, samples) for m in range(M)}
    busy = {m: n for m, n in neurons.items() if n.y.any() or n.v.min(initial=0) < 0}
    groups = [list(busy)] if problem.joint else [[m] for m in busy]
    outer, inner = (map, mapping) if problem.joint else (mapping, map)
    todo = np.zeros((len(layers), M), bool)  # for which epsilon, which neuron
    todo[:, list(busy)] = True
    tried: dict[tuple[int, int], list[tuple[Array, Array]]] = {}  # what was not settled

    def attempt(step: Callable, group: list[int]) -> None:
        ks = np.flatnonzero(todo[:, group[0]])
        for k in ks:
            W[k][:, group], Q[k, group] = 0, 0
        wanted = {int(k): float(each[k, group[0]]) for k in ks}
        try:
            step({m: busy[m] for m in group}, wanted, W, Q, log, inner)
        except (Breakdown, NoPoint):
            return
        for m in filter(partial(loose, problem), group):
            for k in ks:
                W[k, -1, m] = hold(problem, m, W[k, :, m])

    for step in (follow, *(partial(carefully, seed=seed) for seed in range(TRIES))):
        some = [group for group in groups if todo[:, group[0]].any()]
        if step is not follow:
            log.again += sum(map(len, some))
        list(outer(partial(attempt, step), some))
        for k, layer in enumerate(layers):
            left = np.flatnonzero(todo[k])
            if left.size:
                part = layer if left.size == M or layer.joint else layer.neurons(left)
                these = slice(None) if part is layer else left
                good = settled(part, W[k][:, these], Q[k, these], tol, TIGHT)
                todo[k, left] = ~good[left] if part is layer else ~good
        if not todo.any():
            return
        for k, group in ((k, group) for k in range(len(layers)) for group in groups):
            if todo[k, group[0]]:
                tried.setdefault((k, group[0]), []).append((W[k][:, group], Q[k, group]))
    for k, layer in enumerate(layers):  # in this thread: cvxpy's warnings are those of the process
        for group in (group for group in groups if todo[k, group[0]]):
            log.foreign += len(group)
            part, pairs = layer.neurons(np.array(group)), tried[k, group[0]]
            w, q, _, _ = reference(part)
            pairs.append((w, np.zeros_like(Q[k, group]) if q is None else q))
            W[k][:, group], Q[k, group] = _best(part, pairs)


def _best(problem: NetTrim, pairs: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Of the W and Q that were found, the two that prove most of each other; else the last."""
    found = [(w, q, certify(problem, w, q)) for w, _ in pairs for _, q in pairs]
    for w, q, certificate in found:
        if certificate.upper == certificate.lower == np.inf:
            return w, q
    return min(found[::-1], key=lambda one: one[2].gap)[:2]
