"""One layer of a network as a Net-Trim program: made, solved, refitted if asked.

A layer is one block of neurons on one matrix of inputs, or several: a convolution in groups has
one block for each group. Every block has its own ball, epsilon_b = share |Y_b|_F, whose squares
add up to those of the layer's epsilon; the layer's optimum lies between the sums of their bounds.
"""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np

from kit.nettrim.networks.refit import refit
from kit.nettrim.problem import NetTrim, read_radius, variant
from kit.nettrim.solve import solve
from kit.results import Array, Certificate, Pruned, Report, Run, Status

EXACT = 1e-12  # a discrepancy below this share of |Y|_F is rounding: the input counts as exact
Watch = Callable[[object], object]


@dataclass(frozen=True)
class Site:
    """A layer with weights in a network."""

    name: str
    linear: bool  # nothing but the ball can be asked: no ReLU stands alone behind it
    last: bool  # no other layer sees its answers
    below: int | None  # the layer whose answers are its inputs
    stretch: float = 1.0  # by how much, at most, on the way (promises.py)
    bias: bool = True  # whether it has one
    refusal: str = ""  # or why it cannot be pruned: a sentence about this layer


@dataclass(frozen=True, eq=False)
class Plan:
    """What is asked: everything `prune` was given that the layers need."""

    mode: str
    chosen: tuple[int, ...]
    share: Array  # (L,) relative epsilon
    growth: Array  # (L,) sqrt(gamma_l), 1 where a layer is left alone or the first
    kappa: float
    balls: str
    penalise_bias: bool
    refit: str | None
    method: str
    options: dict[str, Any]
    n_jobs: int
    progress: bool


@dataclass(frozen=True, eq=False)
class Layer:
    """What came out: the answer, the weights that are used, what was asked."""

    answer: Pruned
    blocks: tuple[Array, ...]  # (N + 1, M) each
    radius: float
    kappa: float
    notes: tuple[str, ...]


def program(site: Site, plan: Plan, share: float, X: Array, Z: Array, V: Array | None) -> NetTrim:
    """Neurons that see the same inputs as a Net-Trim program.

    share of |Y|_F (V None), else of |V - Y|_F on Omega: epsilon, or sqrt(gamma)
    X     (N + 1, P) what it is solved on; V = W~'X (M, P) where that is not the original input
    Z     (M, P) what the old weights make of the ORIGINAL input
    """
    Y = Z if site.linear else np.maximum(Z, 0)
    Omega = np.ones(Y.shape, bool) if site.linear else None
    penalised = plan.penalise_bias or not site.bias  # without a bias its row of X~ is 0
    layer = NetTrim(X, Y, 0.0, 0.0 if V is None else V, Omega, penalised)
    error = Y if V is None else np.where(layer.Omega, V - Y, 0)
    sizes = share * np.linalg.norm(error, axis=1)
    if V is not None and np.linalg.norm(sizes) <= EXACT * np.linalg.norm(Y):
        sizes = np.zeros_like(sizes)  # all before is exact, to rounding
    epsilon = sizes if plan.balls == "neuron" else np.linalg.norm(sizes)
    return variant(layer, epsilon=read_radius(epsilon, len(Y)))


def prune_layer(
    site: Site, plan: Plan, programs: list[NetTrim], wanted: Sequence[Array], watch: Watch | None
) -> Layer:
    """Solve all blocks, with kappa = 1 where its radius is infeasible; refit, put together.

    programs  block by block, the bias as last row
    wanted    what a refit goes towards, before the ReLU
    """
    asked, notes = plan.kappa if site.linear and site.last else 1.0, ()
    for kappa in dict.fromkeys((asked, 1.0)):
        jobs = [variant(job, epsilon=kappa * job.epsilon) for job in programs]
        answers = [solve(job, plan.method, callback=watch, **plan.options) for job in jobs]
        if all(one.report.certificate.upper < np.inf for one in answers):
            break
    if kappa != asked:
        notes = (f"kappa = {asked:g} is infeasible in layer {site.name}: solved with 1.",)
    Ws = [one.W for one in answers]
    if plan.refit is not None:
        kind = "least-squares" if site.linear else plan.refit
        Ws = [refit(W, job.X, Z, kind) for W, job, Z in zip(Ws, jobs, wanted, strict=True)]
    radius = float(np.linalg.norm([np.linalg.norm(job.epsilon) for job in jobs]))
    return Layer(together(answers), tuple(Ws), radius, kappa, notes)


def together(answers: list[Pruned]) -> Pruned:
    """One answer for a layer of several blocks: columns side by side, bounds added."""
    if len(answers) == 1:
        return answers[0]
    reports, duals = [one.report for one in answers], [one.dual for one in answers]
    runs = [r.run for r in reports]
    upper, lower, violation = zip(*(astuple(r.certificate) for r in reports), strict=True)
    worst = next((r.status for r in runs if r.status is not Status.SOLVED), Status.SOLVED)
    run = Run(worst, sum(r.iterations for r in runs), sum(r.elapsed for r in runs))
    notes = (f"{len(answers)} groups, a ball each.", *reports[0].notes)
    return Pruned(
        np.hstack([one.W for one in answers]),
        None if any(dual is None for dual in duals) else np.vstack(duals),
        Report(reports[0].method, run, Certificate(sum(upper), sum(lower), max(violation)), notes),
    )
