"""What the exact method keeps beside its answers: counts, the callback, checks of each neuron."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kit.nettrim.neuron import Neuron, read_ray
from kit.nettrim.pivoting import Breakdown, NoPoint
from kit.nettrim.problem import NetTrim
from kit.nettrim.reference import reference, sharpen_ray
from kit.results import Array, Run, Status

Mapping = Callable[[Callable, Iterable], Iterable]  # map, or a pool's


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
        self.events = self.walked = self.again = self.foreign = 0
        self.lock = threading.Lock()
        self.status = Status.SOLVED

    def tell(self, m: int, walk: Any, events: int) -> None:
        """Count events, call back; raises Stop."""
        with self.lock:
            self.events += events
            if self.callback is not None and self.callback(
                Progress(m, walk.lam / walk.top, self.events)
            ):
                raise Stop

    def notes(self, M: int) -> tuple[str, ...]:
        """One sentence with all counts."""
        return (
            f"exact: {self.events} events in {M} neurons, {self.walked} walked, "
            f"{self.again} begun again, {self.foreign} left to cvxpy.",
        )

    def run(self) -> Run:
        """How it went."""
        return Run(self.status, self.events, time.perf_counter() - self.start)


def holds(
    problem: NetTrim, m: int, t: Array, epsilon: Array, u: Array, q: Array, tol: float, x: float
) -> Array:
    """Which of K pairs prove each other, u (K, N) and q (K, P), by kit/nettrim/certificate.py.

    t (P,) the target, epsilon (K,), x = max|X|
    """
    on, wrong = problem.Omega[m], u @ problem.X - t
    q = np.where(on, q, np.minimum(q, 0))
    if not problem.penalise_bias:
        ones = np.where(on, problem.X[-1], 0)
        q = q - np.multiply.outer(q @ problem.X[-1] / max(ones @ ones, 1e-300), ones)
    r = np.linalg.norm(wrong[:, on], axis=1)
    inside = r <= epsilon + 1e-8 * np.maximum(epsilon, 1e-3 * np.linalg.norm(t[on]))
    inside &= wrong[:, ~on].max(axis=1, initial=0) <= 1e-8 * max(np.abs(t).max(), 1e-300)
    price = np.abs(q @ problem.X.T)[:, : problem.paid].max(axis=1, initial=0)
    value = q @ t - epsilon * np.linalg.norm(q[:, on], axis=1)
    size = np.abs(u[:, : problem.paid]).sum(axis=1)
    ray = price <= 1e-12 * x * np.abs(q).sum(axis=1)  # or nothing
    empty = np.where(inside, size == 0, value > 1e-6 * np.abs(q) @ np.abs(t))
    lower = np.maximum(value, 0) / np.where(ray, 1, price)
    return np.where(ray, empty, inside & (size - lower <= tol * size))


def by_cvxpy(problem: NetTrim, m: int, epsilon: float) -> tuple[Array, Array]:
    """The way out: neuron m by Clarabel."""
    one = replace(problem.neurons(np.arange(problem.shape[1]) == m), epsilon=float(epsilon))
    W, Q, _, _ = reference(one)
    return W.T, np.zeros((1, problem.shape[2])) if Q is None else Q


def read_proof(problem: NetTrim, m: int, neuron: Neuron, proof: NoPoint) -> Array:
    """The ray of NoPoint as q (P,), if it is one; else Breakdown."""
    q, t = sharpen_ray(problem, m, read_ray(neuron, proof.ray)), problem.target[m]
    zero = np.zeros((1, len(neuron.X)))
    if not holds(problem, m, t, np.zeros(1), zero, q[None], 0.0, neuron.scale[0])[0]:
        raise Breakdown("not a ray")
    return q
