"""Figures of the BranchHull program (lesson 12). Each returns (Figure, facts)."""

import numpy as np
from matplotlib.figure import Figure

from kit.arguments import real_array
from kit.course.figures.style import (
    BOUND,
    ESTIMATE,
    MARK,
    NEUTRAL,
    SIGN_NEG,
    SIGN_POS,
    new_figure,
    tidy,
)
from kit.results import Array, Run


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
