"""Figures of the BranchHull program (lesson 12). Each returns (Figure, facts)."""

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import binom

from kit import branchhull
from kit.arguments import real_array
from kit.course.figures.style import (
    BOUND,
    ESTIMATE,
    MARK,
    NEUTRAL,
    SIGN_NEG,
    SIGN_POS,
    TRUTH,
    new_figure,
    tidy,
)
from kit.results import Array, Run, Status


def convergence(runs: dict[str, Run]) -> tuple[Figure, dict[str, object]]:
    """The certified gap along the iterations, one curve a run; both axes logarithmic.

    runs: label -> Run whose history has "gap". Facts: label -> "iterations, last gap" in words.
    """
    figure = new_figure(6.4, 3.9)
    ax = figure.subplots()
    facts: dict[str, object] = {}
    for (label, run), colour in zip(runs.items(), (SIGN_POS, SIGN_NEG, NEUTRAL), strict=False):
        gap = run.history["gap"]
        k = np.arange(1, gap.size + 1)
        known = np.isfinite(gap) & (gap > 0)
        ax.loglog(k[known], gap[known], **MARK[colour], label=label)
        facts[label] = {"iterations": run.iterations, "gap": float(gap[-1])}
    tidy(ax, "iteration", "certified relative gap", "what is proved, as the method goes on")
    ax.legend(fontsize=9)
    figure.subplots_adjust(left=0.13, right=0.97, bottom=0.14, top=0.9)
    return figure, facts


def success(
    L: Array, measured: Array, promised: Array, trials: int
) -> tuple[Figure, dict[str, object]]:
    """Share of exact recoveries over the number of measurements, beside the law.

    L, measured, promised (n,): measured out of `trials` each, drawn with two standard deviations
    of the binomial law. Facts: the largest difference, and the same in standard deviations.
    """
    L, measured, promised = (
        real_array(name, v, 1)
        for name, v in (("L", L), ("measured", measured), ("promised", promised))
    )
    spread = np.sqrt(np.maximum(promised * (1 - promised), 1 / trials) / trials)
    figure = new_figure(6.4, 3.9)
    ax = figure.subplots()
    ax.plot(L, promised, **MARK[BOUND], label="promised: P(Bin(L-1, 1/2) ≥ K+N-2)")
    ax.errorbar(
        L,
        measured,
        yerr=2 * spread,
        capsize=3,
        **MARK[ESTIMATE],
        label=f"measured, {trials} trials",
    )
    tidy(ax, "measurements L", "share of exact recoveries")
    ax.set_ylim(-0.05, 1.05)
    ax.legend(fontsize=9, loc="lower right")
    figure.subplots_adjust(left=0.11, right=0.97, bottom=0.14, top=0.95)
    difference = np.abs(measured - promised)
    facts = {
        "largest difference": float(difference.max()),
        "in standard deviations": float((difference / spread).max()),
        "trials": trials,
    }
    return figure, facts


def live(
    L: int = 60, K: int = 10, N: int = 10, noise: float = 0.0, seed: int = 0
) -> tuple[Figure, dict[str, object]]:
    """One Gaussian instance, solved now: the answer beside the truth, its products beside y.

    L, K, N >= 1, noise >= 0 relative, seed of the instance. Facts: error against the balanced
    truth, the proved bounds, how many constraints touch, the product residual |w o x - y| / |y|,
    and the chance of exact recovery that the law gives for noiseless data.
    """
    data, truth = branchhull.gaussian(np.random.default_rng(seed), L, K, N, noise=noise)
    answer = branchhull.solve(branchhull.BranchHull(data))
    if answer.report.run.status is not Status.SOLVED:
        raise ValueError(f"these settings could not be solved: {answer.report.run.status}")
    h, m = branchhull.balance(truth.h, truth.m)
    product = (data.B @ answer.h) * (data.C @ answer.m)
    touching = np.abs(product) <= np.abs(data.y) * (1 + 1e-4)
    figure = new_figure(9.2, 4.2)
    left, right = figure.subplots(1, 2)
    for ax in (left, right):
        ax.axline((0, 0), slope=1, color=TRUTH, lw=1.4, label="equal")
    left.plot(h, answer.h, "o", color=SIGN_POS, ms=5, label="entries of h")
    left.plot(m, answer.m, "s", color=SIGN_NEG, mfc="none", ms=5, label="entries of m")
    tidy(left, "truth, balanced", "answer", "is it the truth?")
    right.plot(data.y[touching], product[touching], "o", color=ESTIMATE, ms=5, label="touching")
    right.plot(data.y[~touching], product[~touching], "x", color=NEUTRAL, label="with slack")
    tidy(right, "measured y", "w x of the answer", "does it reproduce the products?")
    for ax in (left, right):
        ax.legend(fontsize=8, loc="upper left", framealpha=0.9)
    figure.subplots_adjust(left=0.08, right=0.98, bottom=0.14, top=0.91, wspace=0.25)
    proof = answer.report.certificate
    return figure, {
        "error": branchhull.recovery_error(answer.h, answer.m, truth),
        "optimum at least": proof.lower,
        "optimum at most": proof.upper,
        "touching constraints": f"{int(touching.sum())} of {L}",
        "product residual": float(np.linalg.norm(product - data.y) / np.linalg.norm(data.y)),
        "chance by the law, without noise": float(binom.sf(K + N - 3, L - 1, 0.5)),
    }
