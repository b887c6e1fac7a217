"""One layer of a network as a Net-Trim program: made, solved, refitted if asked.

A layer is one block of neurons on one matrix of inputs, or several: a convolution in groups has
one block for each group. Every block has its own ball, epsilon_b = share |Y_b|_F, whose squares
add up to those of the layer's epsilon; the layer's optimum lies between the sums of their bounds.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kit.nettrim.certificate import certify
from kit.nettrim.networks.refit import refit
from kit.nettrim.problem import NetTrim
from kit.nettrim.solve import solve
from kit.results import Array, Certificate, Pruned, Report, Run, Status

EXACT = 1e-12  # a discrepancy below this share of |Y|_F is rounding: the input counts as exact
Watch = Callable[[object], object]


@dataclass(frozen=True, eq=False)
class Block:
    """Neurons that see the same inputs: X~ (N + 1, P), old weights W~ (N + 1, M), what they make.

    X  what the program is solved on; V = W~'X~ where that is not the original input, else None
    Z  (M, P) what the old weights make of the ORIGINAL input
    """

    X: Array
    Z: Array
    V: Array | None


@dataclass(frozen=True, eq=False)
class Task:
    """A layer to be pruned, and how.

    share  of |Y|_F (V None), else of |V - Y|_F on Omega: epsilon of the layer, or sqrt(gamma)
    """

    name: str
    blocks: tuple[Block, ...]
    linear: bool
    share: float
    kappa: float
    balls: str
    penalise_bias: bool
    refit: str | None


@dataclass(frozen=True, eq=False)
class Layer:
    """What came out: the answer, the weights that are used, what was asked, what is believed."""

    answer: Pruned
    blocks: tuple[Array, ...]  # (N + 1, M) each
    radius: float
    kappa: float
    refitted: Certificate | None
    notes: tuple[str, ...]


def program(task: Task, block: Block, kappa: float) -> NetTrim:
    """A block of the layer as a Net-Trim program, the bias as last row."""
    Y = block.Z if task.linear else np.maximum(block.Z, 0)
    Omega = np.ones(Y.shape, bool) if task.linear else None
    V, share = 0.0, task.share * kappa
    if block.V is None:
        error = share * np.linalg.norm(Y, axis=1)
    else:
        V, inside = block.V, Omega if task.linear else 1e-9 * Y.max() < Y
        error = share * np.linalg.norm(np.where(inside, V - Y, 0), axis=1)
        if np.linalg.norm(error) <= EXACT * np.linalg.norm(Y):  # all before is exact, to rounding
            error = np.zeros_like(error)
    radius = error if task.balls == "neuron" else float(np.linalg.norm(error))
    extra = {} if task.penalise_bias else {"penalise_bias": False}
    return NetTrim(block.X, Y, radius, V, Omega, **extra)


def prune_layer(task: Task, method: str, options: dict[str, Any], watch: Watch | None) -> Layer:
    """Solve all blocks, with kappa = 1 where its radius is infeasible; refit, put together."""
    kappa, notes = task.kappa, ()
    jobs, answers = _solve(task, kappa, method, options, watch)
    if kappa < 1 and any(one.report.certificate.upper == np.inf for one in answers):
        notes = (f"kappa = {kappa:g} is infeasible in layer {task.name}: solved with 1.",)
        kappa = 1.0
        jobs, answers = _solve(task, kappa, method, options, watch)
    Ws, again = [one.W for one in answers], None
    if task.refit is not None:
        before = task.linear or task.refit == "least-squares"
        pairs = list(zip(task.blocks, jobs, answers, strict=True))
        Ws = [
            refit(one.W, job.X, b.Z if before else job.Y, "least-squares" if before else "relu")
            for b, job, one in pairs
        ]
        again = _sum(
            [certify(job, W, one.dual) for (_, job, one), W in zip(pairs, Ws, strict=True)]
        )
    radius = float(np.linalg.norm([np.linalg.norm(job.epsilon) for job in jobs]))
    return Layer(together(answers), tuple(Ws), radius, kappa, again, notes)


def together(answers: list[Pruned]) -> Pruned:
    """One answer for a layer of several blocks: columns side by side, bounds added."""
    if len(answers) == 1:
        return answers[0]
    reports = [one.report for one in answers]
    statuses = [r.run.status for r in reports]
    worst = next((s for s in statuses if s is not Status.SOLVED), Status.SOLVED)
    run = Run(worst, sum(r.run.iterations for r in reports), sum(r.run.elapsed for r in reports))
    duals = [one.dual for one in answers]
    return Pruned(
        np.hstack([one.W for one in answers]),
        None if any(dual is None for dual in duals) else np.vstack(duals),
        Report(
            reports[0].method,
            run,
            _sum([r.certificate for r in reports]),
            (f"{len(answers)} groups, a ball each.", *reports[0].notes),
        ),
    )


def _solve(
    task: Task, kappa: float, method: str, options: dict[str, Any], watch: Watch | None
) -> tuple[list[NetTrim], list[Pruned]]:
    jobs = [program(task, block, kappa) for block in task.blocks]
    return jobs, [solve(job, method, callback=watch, **options) for job in jobs]


def _sum(parts: list[Certificate]) -> Certificate:
    """Bounds of a sum of programs that have nothing in common."""
    total = Certificate(
        sum(c.upper for c in parts), sum(c.lower for c in parts), max(c.violation for c in parts)
    )
    return replace(parts[0]) if len(parts) == 1 else total
