"""What the exact method keeps beside its answers: counts, the callback, checks of each neuron."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from kit.nettrim.active_set import Neuron, Walk, read_ray, units
from kit.nettrim.pivoting import Breakdown, NoPoint
from kit.nettrim.problem import NetTrim
from kit.nettrim.reference import reference, sharpen_ray
from kit.results import Array, Run, Status


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
        self.lock = threading.Lock()
        self.status = Status.SOLVED

    def tell(self, m: int, walk: Walk, events: int) -> None:
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
            f"exact: {self.events} events in {M} neurons, {self.again} begun again, "
            f"{self.foreign} left to cvxpy.",
        )

    def run(self) -> Run:
        """How it went."""
        return Run(self.status, self.events, time.perf_counter() - self.start)


def holds(
    problem: NetTrim, m: int, t: Array, epsilon: float, u: Array, q: Array, tol: float
) -> bool:
    """Whether u and q prove each other, by the formulas of kit/nettrim/certificate.py."""
    on, out = problem.Omega[m], u @ problem.X
    q = np.where(on, q, np.minimum(q, 0))
    if not problem.penalise_bias:
        x = np.where(on, problem.X[-1], 0)
        q = q - x * (problem.X[-1] @ q / max(x @ x, 1e-300))
    r, unit = np.linalg.norm((out - t)[on]), max(np.abs(t).max(), 1e-300)
    inside = r <= epsilon + 1e-8 * max(epsilon, 1e-3 * np.linalg.norm(t[on]))
    inside = inside and (out - t)[~on].max(initial=0) <= 1e-8 * unit
    price, value = (
        np.abs(problem.X @ q)[: problem.paid].max(initial=0),
        q @ t - epsilon * np.linalg.norm(q[on]),
    )
    u = u[: problem.paid]
    if price <= 1e-12 * units(problem)[0] * np.abs(q).sum():  # a ray, or nothing
        return bool(not u.any() if inside else value > 1e-6 * np.abs(q) @ np.abs(t))
    return bool(inside and np.abs(u).sum() - max(value, 0) / price <= tol * np.abs(u).sum())


def by_cvxpy(problem: NetTrim, m: int, epsilon: float) -> tuple[Array, Array]:
    """The way out: neuron m by Clarabel."""
    one = replace(problem.neurons(np.arange(problem.shape[1]) == m), epsilon=float(epsilon))
    W, Q, _, _ = reference(one)
    return W.T, np.zeros((1, problem.shape[2])) if Q is None else Q


def read_proof(problem: NetTrim, m: int, neuron: Neuron, proof: NoPoint) -> Array:
    """The ray of NoPoint as q (P,), if it is one; else Breakdown."""
    q = sharpen_ray(problem, m, read_ray(neuron, proof.ray))
    if not holds(problem, m, problem.target[m], 0.0, np.zeros(len(neuron.X)), q, 0.0):
        raise Breakdown("not a ray")
    return q
