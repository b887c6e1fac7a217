"""Whole layers, exactly, for many epsilons; what is not settled is left to cvxpy.

A ball for each neuron is one ball of a layer of one neuron. The notes count steps, interior points
and neurons left to cvxpy.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from kit.nettrim.certificate import certify, cleared, settled
from kit.nettrim.exact.balls import Mapping, solve_balls
from kit.nettrim.exact.neuron import bias_within, read_neuron, read_samples
from kit.nettrim.exact.path import Breakdown, Limit
from kit.nettrim.problem import NetTrim, variant
from kit.nettrim.reference import reference
from kit.results import Array, Run, Status

Answer = tuple[Array, Array | None, Run, tuple[str, ...]]  # W, Q, how it went, notes
TIGHT = 1e-8  # largest violation that is not tried again
ZERO = 1e-12  # of a neuron's largest weight, inputs being about 1: what is smaller is rounding


@dataclass(frozen=True)
class Progress:
    """What a callback sees, whenever a neuron was solved at some lambda."""

    neuron: int
    lam: float  # lambda as a share of blocks.top; 1 where that is 0
    events: int  # steps so far, in all neurons


class Stop(Exception):
    """The callback has asked for an end."""


class Log:
    """Counts for the notes, and the callback."""

    def __init__(self, max_iter: int | None, callback: Callable[[Progress], object] | None) -> None:
        self.limit = np.inf if max_iter is None else max_iter
        self.callback, self.start, self.lock = callback, time.perf_counter(), threading.Lock()
        self.events = self.interior = self.foreign = 0

    def report(self, m: int, there: Any, events: int) -> None:
        """Count steps, call back; raises Stop."""
        with self.lock:
            self.events += events
            share = there.lam / (there.blocks.top or there.lam)  # top: 0 for y = 0 and a v < 0
            if self.callback and self.callback(Progress(m, share, self.events)):
                raise Stop


def solve_layer(
    problem: NetTrim,
    radii: Sequence[float] | Sequence[Array],
    *,
    tol: float,
    max_iter: int | None,
    callback: Callable[[Progress], object] | None,
    n_jobs: int = 1,
) -> list[Answer]:
    """The layer's exact answers for every epsilon in radii, all numbers or all (M,), any order.

    max_iter  steps allowed for one neuron; beyond, its column is 0 (with one ball: all columns)
              and the status MAX_ITER; the other neurons go on
    callback  see Progress; a true value stops, with columns of zeros for what was not reached
    n_jobs    threads: neurons side by side, the heavy steps outside Python's lock
    """
    N, M, P = problem.shape
    W, Q = np.zeros((len(radii), N, M)), np.zeros((len(radii), M, P))
    layers = [variant(problem, epsilon=epsilon) for epsilon in radii]
    log, status = Log(max_iter, callback), Status.SOLVED
    try:
        with ThreadPoolExecutor(n_jobs) as pool:
            if _fill(layers, W, Q, log, tol, map if n_jobs == 1 else pool.map):
                status = Status.MAX_ITER
    except Stop:
        status = Status.STOPPED
    for layer, w in zip(layers, W, strict=True):
        w[:] = cleared(layer, w, ZERO, TIGHT)
    run = Run(status, log.events, time.perf_counter() - log.start)
    note = f"exact: {log.events} steps in {M} neurons, {log.interior} interior points, "
    note += f"{log.foreign} left to cvxpy."
    return [(W[k], Q[k], run, (note,)) for k in range(len(radii))]


def _fill(
    layers: list[NetTrim], W: Array, Q: Array, log: Log, tol: float, mapping: Mapping
) -> set[int]:
    """Fill W (K, N, M) and Q (K, M, P), step by step; the neurons that reached the limit."""
    problem = layers[0]
    M, samples = problem.shape[1], read_samples(problem)
    _x, y, root = samples.scale
    each = np.array([np.broadcast_to(one.epsilon, M) for one in layers]) / (y * root)  # (K, M)
    neurons = {m: read_neuron(problem, m, samples) for m in range(M)}
    busy = {m: n for m, n in neurons.items() if n.y.any() or n.v.min(initial=0) < 0}
    groups = [list(busy)] if problem.joint else [[m] for m in busy]
    outer, inner = (map, mapping) if problem.joint else (mapping, map)
    limited: set[int] = set()

    def attempt(group: list[int]) -> None:
        radii = {k: float(each[k, group[0]]) for k in range(len(layers))}
        try:
            solve_balls({m: busy[m] for m in group}, radii, W, Q, log, inner)
        except Breakdown:
            return
        except Limit:
            limited.update(group)
            W[:, :, group], Q[:, group] = 0, 0
            return
        for m in (m for m in group if samples.unbounded[m]):
            for k in radii:
                W[k, -1, m] = bias_within(problem, m, W[k, :, m])

    list(outer(attempt, groups))
    for k, layer in enumerate(layers):  # in this thread: cvxpy's warnings are those of the process
        good = settled(layer, W[k], Q[k], tol, TIGHT)
        for group in (group for group in groups if not good[group[0]] and group[0] not in limited):
            log.foreign += len(group)
            part, pairs = layer.neurons(np.array(group)), [(W[k][:, group], Q[k, group])]
            w, q, _, _ = reference(part)
            pairs.append((w, np.zeros_like(Q[k, group]) if q is None else q))
            W[k][:, group], Q[k, group] = _best(part, pairs)
    return limited


def _best(problem: NetTrim, pairs: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Of the W and Q that were found, the two that prove most of each other; else the last."""

    def gap(pair: tuple[Array, Array]) -> float:
        found = certify(problem, *pair)
        return -1.0 if found.upper == found.lower == np.inf else found.gap  # a ray is best

    return min(((w, q) for w, _ in pairs[::-1] for _, q in pairs[::-1]), key=gap)
