"""The layers of a network one by one: each as a Net-Trim program, solved, refitted if asked.

`prune` (kit/nettrim/prune.py) says what the programs are and what comes of them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from tqdm.auto import tqdm

from kit.arguments import number, several, whole
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


def which_layers(layers: Iterable[int] | None, L: int) -> list[int]:
    """The layers named, in order; all L for None."""
    if layers is None:
        return list(range(L))
    chosen = sorted(whole("layers", k, least=0) for k in several("layers", layers))
    if not chosen or chosen[-1] >= L or len(set(chosen)) < len(chosen):
        raise ValueError(f"layers must name layers 0 to {L - 1}, each once, got {chosen}")
    return chosen


def risk(kappa: object) -> float:
    """kappa, which must be in (0, 1]."""
    kappa = number("kappa", kappa, least=0, above=True)
    if kappa > 1:
        raise ValueError(f"kappa must be at most 1, got {kappa:g}")
    return kappa


def layer_program(
    X: Array,
    Y: Array,
    V: Array | None,
    share: float,
    *,
    linear: bool,
    balls: str = "layer",
    penalise_bias: bool = True,
) -> NetTrim:
    """One layer as a Net-Trim program, on the input X (N, P) that it has.

    V      (M, P) what the old weights make of X; None: X is the original input
    share  eps = share |Y|_F on the original input, else share |V - Y|_F over Omega: epsilon of the
           layer, or sqrt(gamma), times kappa
    """
    Omega = np.ones(Y.shape, bool) if linear else None
    if V is None:
        V, error = 0.0, share * np.linalg.norm(Y, axis=1)
    else:
        inside = Omega if linear else 1e-9 * Y.max() < Y
        error = share * np.linalg.norm(np.where(inside, V - Y, 0), axis=1)
        if np.linalg.norm(error) <= EXACT * np.linalg.norm(Y):  # all before is exact, to rounding
            error = np.zeros_like(error)
    radius = error if balls == "neuron" else float(np.linalg.norm(error))
    extra = {} if penalise_bias else {"penalise_bias": False}
    return NetTrim(X, Y, radius, V, Omega, **extra)


def program(plan: Plan, k: int, below: Array, kappa: float, exact: bool) -> NetTrim:
    """Layer k as a Net-Trim program, the bias as last row, on the input `below` (N, P).

    exact: the input is the original one; eps is then epsilon |Y|_F in the first pruned layer of a
    cascade and in all layers of the parallel mode (share > 0), and V = 0.
    """
    network = plan.network
    linear = k == len(network) - 1
    V = None if exact else network.weights[k].T @ below + network.biases[k][:, None]
    share = (plan.share if exact else plan.growth)[k] * (kappa if linear else 1.0)
    return layer_program(
        with_ones(below),
        forward(network, plan.X)[k],
        V,
        share,
        linear=linear,
        balls=plan.balls,
        penalise_bias=plan.penalise_bias,
    )


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
                callback = _watch(bar, k) if solver.progress else None
                job, answer, kappa, notes = with_kappa(
                    lambda kappa, k=k, below=below: program(plan, k, below, kappa, not done),
                    lambda job, k=k, watch=callback: _solve_one(k, job, solver, watch)[1],
                    plan.kappa if k == last else 1.0,
                    k,
                )
                done[k] = _finish(plan, k, job, answer, kappa, notes)
                W, b = done[k].W[:-1], done[k].W[-1]
                bar.update()
            below = W.T @ below + b[:, None]
            below = np.maximum(below, 0) if k < last else below
    return done


def with_kappa(
    make: Callable[[float], NetTrim], solve: Callable[[NetTrim], Pruned], kappa: float, k: int
) -> tuple[NetTrim, Pruned, float, tuple[str, ...]]:
    """Solve layer k with its radius times kappa, and where that is infeasible with kappa = 1."""
    job = make(kappa)
    answer, notes = solve(job), ()
    if kappa < 1 and answer.report.certificate.upper == np.inf:
        notes = (f"kappa = {kappa:g} is infeasible in layer {k}: solved with 1.",)
        kappa, job = 1.0, make(1.0)
        answer = solve(job)
    return job, answer, kappa, notes


def finish(
    job: NetTrim,
    answer: Pruned,
    Z: Array,
    kind: str | None,
    *,
    linear: bool,
    kappa: float = 1.0,
    notes: tuple[str, ...] = (),
) -> Layer:
    """Refit the answer if asked, and certify what became of it.

    Z  (M, P) what the old layer has before its ReLU, on the original input
    """
    W, again = answer.W, None
    if kind is not None:
        before = linear or kind == "least-squares"
        W = refit(W, job.X, Z if before else job.Y, "least-squares" if before else "relu")
        again = certify(job, W, answer.dual)
    return Layer(answer, W, float(np.linalg.norm(job.epsilon)), kappa, again, notes)


def _finish(
    plan: Plan, k: int, job: NetTrim, answer: Pruned, kappa: float, notes: tuple[str, ...]
) -> Layer:
    network, linear = plan.network, k == len(plan.network) - 1
    Z = job.Y
    if plan.refit == "least-squares" and not linear:
        original = [plan.X, *forward(network, plan.X)][k]
        Z = network.weights[k].T @ original + network.biases[k][:, None]
    return finish(job, answer, Z, plan.refit, linear=linear, kappa=kappa, notes=notes)


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
