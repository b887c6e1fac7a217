"""The layers of a network one by one: each as a Net-Trim program, solved, refitted if asked.

`prune` (kit/nettrim/prune.py) says what the programs are and what comes of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from tqdm.auto import tqdm

from kit.nettrim.certificate import certify
from kit.nettrim.networks import Network, forward, with_ones
from kit.nettrim.problem import NetTrim
from kit.nettrim.refit import refit
from kit.nettrim.solve import solve
from kit.results import Array, Certificate, Pruned

EXACT = 1e-12  # a discrepancy below this share of |Y|_F is rounding: the input counts as exact


@dataclass(frozen=True, eq=False)
class Plan:
    """What is asked: everything `prune` was given that its layers need."""

    network: Network
    X: Array  # (N, P)
    chosen: tuple[int, ...]
    share: Array  # (L,)
    growth: Array  # (L,) sqrt(gamma_l), 1 where a layer is left alone or the first
    kappa: float
    balls: str
    penalise_bias: bool
    refit: str | None


@dataclass(frozen=True, eq=False)
class Solver:
    """How it is solved: a method of kit.nettrim.solve, its options, workers, a bar or none."""

    method: str
    options: dict[str, Any]
    n_jobs: int
    progress: bool


@dataclass(frozen=True, eq=False)
class Layer:
    """What came out for one layer: the answer, the weights that are used, what was asked of it."""

    answer: Pruned
    W: Array  # (N + 1, M)
    radius: float
    kappa: float
    refitted: Certificate | None
    notes: tuple[str, ...]


def program(plan: Plan, k: int, below: Array, kappa: float, exact: bool) -> NetTrim:
    """Layer k as a Net-Trim program, the bias as last row, on the input `below` (N, P).

    exact: the input is the original one; eps is then epsilon |Y|_F in the first pruned layer of a
    cascade and in all layers of the parallel mode (share > 0), and V = 0.
    """
    network = plan.network
    Y, linear = forward(network, plan.X)[k], k == len(network) - 1
    Omega = np.ones(Y.shape, bool) if linear else None
    if exact:
        V, error = 0.0, plan.share[k] * np.linalg.norm(Y, axis=1)
    else:
        V = network.weights[k].T @ below + network.biases[k][:, None]
        inside = Omega if linear else 1e-9 * Y.max() < Y
        error = plan.growth[k] * np.linalg.norm(np.where(inside, V - Y, 0), axis=1)
        if np.linalg.norm(error) <= EXACT * np.linalg.norm(Y):  # all before is exact, to rounding
            error = np.zeros_like(error)
    error = error * (kappa if linear else 1.0)
    radius = error if plan.balls == "neuron" else float(np.linalg.norm(error))
    extra = {} if plan.penalise_bias else {"penalise_bias": False}
    return NetTrim(with_ones(below), Y, radius, V, Omega, **extra)


def in_parallel(plan: Plan, solver: Solver) -> dict[int, Layer]:
    outputs = [plan.X, *forward(plan.network, plan.X)]
    jobs = {k: program(plan, k, outputs[k], plan.kappa, exact=True) for k in plan.chosen}
    answers = _solve_all(jobs, solver)
    return {k: _finish(plan, k, jobs[k], answers[k], plan.kappa, ()) for k in plan.chosen}


def in_cascade(plan: Plan, solver: Solver) -> dict[int, Layer]:
    network, last = plan.network, len(plan.network) - 1
    done: dict[int, Layer] = {}
    below = plan.X
    with tqdm(total=len(plan.chosen), desc="layers", disable=not solver.progress) as bar:
        for k in range(last + 1):
            W, b = network.weights[k], network.biases[k]
            if k in plan.chosen:
                exact, kappa, notes = not done, plan.kappa if k == last else 1.0, ()
                callback = _watch(bar, k) if solver.progress else None
                job = program(plan, k, below, kappa, exact)
                answer = _solve_one(k, job, solver, callback)[1]
                if kappa < 1 and answer.report.certificate.upper == np.inf:
                    notes = (f"kappa = {kappa:g} is infeasible in layer {k}: solved with 1.",)
                    kappa, job = 1.0, program(plan, k, below, 1.0, exact)
                    answer = _solve_one(k, job, solver, callback)[1]
                done[k] = _finish(plan, k, job, answer, kappa, notes)
                W, b = done[k].W[:-1], done[k].W[-1]
                bar.update()
            below = W.T @ below + b[:, None]
            below = np.maximum(below, 0) if k < last else below
    return done


def _finish(
    plan: Plan, k: int, job: NetTrim, answer: Pruned, kappa: float, notes: tuple[str, ...]
) -> Layer:
    """Refit the answer if asked, and certify what became of it."""
    W, again = answer.W, None
    if plan.refit is not None:
        linear = k == len(plan.network) - 1
        wanted = job.Y
        if plan.refit == "least-squares" and not linear:  # what the old layer has before its ReLU
            original = [plan.X, *forward(plan.network, plan.X)][k]
            wanted = plan.network.weights[k].T @ original + plan.network.biases[k][:, None]
        W = refit(W, job.X, wanted, "least-squares" if linear else plan.refit)
        again = certify(job, W, answer.dual)
    return Layer(answer, W, float(np.linalg.norm(job.epsilon)), kappa, again, notes)


def _solve_all(jobs: dict[int, NetTrim], solver: Solver) -> dict[int, Pruned]:
    with tqdm(total=len(jobs), desc="layers", disable=not solver.progress) as bar:
        answers = {}
        if solver.n_jobs == 1:
            for k, problem in jobs.items():
                callback = _watch(bar, k) if solver.progress else None
                answers[k] = _solve_one(k, problem, solver, callback)[1]
                bar.update()
            return answers
        found = Parallel(solver.n_jobs, return_as="generator_unordered")(
            delayed(_solve_one)(k, problem, solver, None) for k, problem in jobs.items()
        )
        for k, answer in found:
            answers[k] = answer
            bar.update()
    return dict(sorted(answers.items()))


def _solve_one(
    k: int, problem: NetTrim, solver: Solver, callback: Callable[[object], object] | None
) -> tuple[int, Pruned]:
    return k, solve(problem, solver.method, callback=callback, **solver.options)


def _watch(bar: tqdm, k: int) -> Callable[[object], object]:
    """A callback that shows the iteration in the bar and calls nothing off."""
    count = 0

    def show(_state: object) -> bool:
        nonlocal count
        count += 1
        if count % 25 == 0:
            bar.set_postfix_str(f"layer {k}, iteration {count}")
        return False

    return show
