"""Figures of lesson 15: sparse signals, noise and wrong measurements. Each returns (Figure, facts).

`play`, which serves the explorer, solves one program: some tens of milliseconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kit import branchhull
from kit.arguments import number, whole
from kit.branchhull import Bilinear, BranchHull, Truth
from kit.course.figures.style import (
    BOUND,
    DATA,
    ESTIMATE,
    MARK,
    NEUTRAL,
    SIGN_NEG,
    SIGN_POS,
    TRUTH,
    WARN,
    new_figure,
    tidy,
)
from kit.experiments import success_rate, values
from kit.experiments.sparse import (
    PUBLISHED,
    PUBLISHED_FIRST,
    PUBLISHED_NOISE,
    published_line,
    window,
)
from kit.results import Array, Status

Facts = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]
LENGTH, SIZE, NONZERO = 120, 30, 3  # of `play`


def grid(rows: Rows) -> tuple[Figure, Facts]:
    """Recoveries over S and L: counts decided by linear programming beside the published ones.

    rows  of the sweep "l1-grid". Facts, over the published cells: how many, in how many the exact
    count is higher, equal, lower, the largest shortfall; and the least count of ten at or above the
    published line for 3 <= S <= 8.
    """
    S, L = np.array(values(rows, "S")), np.array(values(rows, "L"))
    counts = 10 * success_rate(rows, of="recovered", by=("L", "S"))
    theirs_L = np.array(sorted(PUBLISHED))
    theirs = np.array([PUBLISHED[length] for length in theirs_L])[:, S - 1]
    figure = new_figure(8.6, 4.0)
    axes = figure.subplots(1, 2, sharey=True)
    titles = "exact: one linear program each", "published: 10 runs of a solver each"
    for ax, y, share, title in zip(axes, (L, theirs_L), (counts, theirs), titles, strict=True):
        mesh = ax.pcolormesh(S, y, share / 10, cmap="cividis", vmin=0, vmax=1, shading="nearest")
        line = published_line(S)
        look = {"color": SIGN_NEG, "linestyle": "--", "marker": "o", "markersize": 4}
        ax.plot(S[line < 146], line[line < 146], **look, label="0.25 (S1+S2) log²(K+N)")
        tidy(ax, "nonzeros S in each; K = N = 20 S", "", title)
        ax.set_xticks(S[::2])
    axes[0].set(ylabel="measurements L", ylim=(2, 142))
    axes[0].legend(fontsize=8, loc="lower right")
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.13, top=0.92, wspace=0.05)
    figure.colorbar(mesh, ax=list(axes), pad=0.02, label="share recovered")
    ours = counts[np.searchsorted(L, theirs_L)]
    above = (published_line(S) <= L[:, None]) & (S >= 3) & (S <= 8)
    facts = {
        "published cells": theirs.size,
        "exact count higher": int(np.sum(ours > theirs + 0.5)),
        "equal": int(np.sum(np.abs(ours - theirs) < 0.5)),
        "lower": int(np.sum(ours < theirs - 0.5)),
        "largest shortfall": round(float(np.max(theirs - ours))),
        "least count above the line": round(float(counts[above].min())),
    }
    return figure, facts


def first_lengths(rows: Rows) -> tuple[Figure, Facts]:
    """For each S the first L with 5 of 10 recoveries: exact, published, and the published line.

    rows  of the sweep "l1-grid". Facts: both lists; mean of the exact L / S; the constant
    L / ((S1 + S2) log^2(K + N)) of the exact ones at both ends of S.
    """
    S, L = np.array(values(rows, "S")), np.array(values(rows, "L"))
    rate = success_rate(rows, of="recovered", by=("L", "S"))
    first = L[np.argmax(rate >= 0.5, axis=0)]
    line, grown = published_line(S), np.mean(first / S)
    theirs = np.array(PUBLISHED_FIRST)
    figure = new_figure(6.4, 4.0)
    ax = figure.subplots()
    ax.plot(S, line, **MARK[BOUND], label="published line, 0.25 (S1+S2) log²(K+N)")
    ax.plot(S, grown * S, **MARK[NEUTRAL], label=f"{grown:.1f} S")
    ax.plot(np.arange(1, 15), theirs, **{**MARK[WARN], "linestyle": "none"}, label="published")
    ax.plot(S, first, **MARK[ESTIMATE], label="exact")
    tidy(ax, "nonzeros S in each; K = N = 20 S", "first L with 5 of 10 recovered")
    ax.set_ylim(0, 200)
    ax.legend(fontsize=9, loc="upper left")
    figure.subplots_adjust(left=0.1, right=0.98, bottom=0.13, top=0.97)
    both = min(theirs.size, first.size)
    constant = first / (2 * S * np.log(40 * S) ** 2)
    facts = {
        "exact": first.tolist(),
        "published": theirs.tolist(),
        "exact is no later in": int(np.sum(first[:both] <= theirs[:both])),
        "of": both,
        "mean of L / S": float(grown),
        "constant at the smallest S": float(constant[0]),
        "constant at the largest S": float(constant[-1]),
    }
    return figure, facts


def noise_curve(rows: Rows) -> tuple[Figure, Facts]:
    """Relative error over the norm of the noise, beside the published means and 37 sqrt(max |xi|).

    rows  of the sweep "l1-noise". Facts: trials for each alpha; the slope of error = slope alpha by
    least squares, ours and published; the largest difference of the means in standard errors of
    ours; over the alphas, the least and largest of (mean bound) / (mean error).
    """
    alpha = np.array(values(rows, "alpha"))
    mine = [[row for row in rows if row["alpha"] == a] for a in alpha]
    errors = [np.array([row["error"] for row in part]) for part in mine]
    bound = np.array([np.mean([37 * np.sqrt(row["largest"]) for row in part]) for part in mine])
    mean = np.array([e.mean() for e in errors])
    spread = np.array([e.std(ddof=1) for e in errors])
    theirs = np.array([PUBLISHED_NOISE[round(float(a), 1)] for a in alpha])
    figure = new_figure(8.6, 3.7)
    left, right = figure.subplots(1, 2)
    for ax in (left, right):
        ax.errorbar(alpha, mean, 2 * spread, capsize=3, **MARK[ESTIMATE], label="measured, mean")
        ax.plot(alpha, theirs, **MARK[WARN], label="published, mean")
    right.plot(alpha, bound, **MARK[BOUND], label="37 √max|ξ|")
    slope = mean @ alpha / (alpha @ alpha)
    left.plot(np.r_[0, alpha], slope * np.r_[0, alpha], **MARK[NEUTRAL], label=f"{slope:.3f} α")
    right.set_yscale("log")
    tidy(left, "norm α of the noise", "relative error", "two standard deviations")
    tidy(right, "norm α of the noise", "", "the same beside the bound, log scale")
    left.legend(fontsize=9, loc="upper left")
    right.legend(fontsize=9, loc="center right")
    figure.subplots_adjust(left=0.08, right=0.98, bottom=0.14, top=0.91, wspace=0.17)
    facts = {
        "trials each": min(map(len, errors)),
        "slope": float(slope),
        "published slope": float(theirs @ alpha / (alpha @ alpha)),
        "largest difference": float(
            np.max(np.abs(mean - theirs) / (spread / np.sqrt([e.size for e in errors])))
        ),
        "bound over error, least": float(np.min(bound / mean)),
        "bound over error, largest": float(np.max(bound / mean)),
    }
    return figure, facts


def prices(rows: Rows) -> tuple[Figure, Facts]:
    """Share of exact recoveries over the price of the slack, a curve for each number of outliers.

    rows  of the sweep "l1-outliers". Facts: for each number of outliers the shares without slack,
    and with it at the lowest, the best and the highest price.
    """
    counts, lams = values(rows, "outliers"), np.array(values(rows, "lam"))
    rate = success_rate(rows, by=("outliers", "lam"))
    figure = new_figure(6.8, 3.9)
    ax = figure.subplots()
    colours = TRUTH, SIGN_POS, SIGN_NEG, ESTIMATE, NEUTRAL
    looks = zip(colours, "*osD^", ("-", "-", "--", "-.", ":"), strict=True)
    priced, end = lams > 0, 2 * lams.max()
    facts: Facts = {}
    for count, share, (colour, mark, dash) in zip(counts, rate, looks, strict=False):
        look = {"color": colour, "marker": mark, "markersize": 7}
        name = f"{count} outlier" + "s" * (count != 1)
        ax.semilogx(lams[priced], share[priced], linestyle=dash, **look, label=name)
        ax.plot(end, share[~priced][0], linestyle="none", **look)
        facts[name] = tuple(
            round(float(v), 2)
            for v in (share[~priced][0], share[priced][0], share[priced].max(), share[priced][-1])
        )
    ax.set_xticks([*lams[priced], end], [*(f"{v:g}" for v in lams[priced]), "no slack"])
    ax.minorticks_off()
    tidy(ax, "price λ of the slack", "share recovered exactly")
    ax.set_ylim(-0.05, 1.08)
    ax.legend(fontsize=9, loc="center left", bbox_to_anchor=(0.0, 0.68))
    figure.subplots_adjust(left=0.1, right=0.98, bottom=0.14, top=0.97)
    return figure, facts


def instance(noise: float = 0.0, outliers: int = 0, seed: int = 0) -> tuple[Bilinear, Truth]:
    """L = 120 products, K = N = 30, three entries +-1 in each; the same B, C, h, m for one seed.

    noise  y (1 + xi), xi Gaussian of norm `noise`;  outliers  so many products then change sign and
    grow. Raises ValueError for what is negative or more than L.
    """
    noise, outliers = number("noise", noise, least=0), whole("outliers", outliers, least=0)
    if outliers > LENGTH:
        raise ValueError(f"outliers must be at most {LENGTH}, got {outliers}")
    rng = np.random.default_rng([15, whole("seed", seed, least=0)])
    sparsity = (NONZERO, NONZERO)
    data, truth = branchhull.gaussian(rng, LENGTH, SIZE, SIZE, sparsity=sparsity, values="signs")
    xi, order = rng.standard_normal(LENGTH), rng.permutation(LENGTH)
    growth = 1 + np.abs(rng.standard_normal(LENGTH))
    y = data.y * (1 + noise * xi / np.linalg.norm(xi))
    y[order[:outliers]] *= -growth[:outliers]
    return replace(data, y=y), truth


def play(
    noise: float = 0.0, outliers: int = 2, lam: float = 0.5, slack: bool = True, seed: int = 0
) -> tuple[Figure, Facts]:
    """One instance solved: the signals beside the truth, and the slack beside the true outliers.

    Facts: how it ended, the error of the directions (the answer balanced as without slack), the
    certified gap, both halves of the objective, the outliers among as many largest slacks, and
    without noise the exact window of prices. Raises ValueError as `instance`, and for lam <= 0.
    """
    data, truth = instance(noise, outliers, seed)
    lam = number("lam", lam, least=0, above=True)
    answer = branchhull.solve(BranchHull(data, "l1", lam=lam if slack else None), tol=1e-7)
    status, certificate = answer.report.run.status, answer.report.certificate
    clean, _ = instance(noise, 0, seed)
    struck = np.flatnonzero(data.y != clean.y)
    figure = new_figure(8.4, 3.6)
    left, right = figure.subplots(1, 2)
    xi = np.zeros(LENGTH) if answer.xi is None else answer.xi
    facts: Facts = {"status": status.name.lower()}
    solved = status is Status.SOLVED
    h, m = branchhull.balance(answer.h, answer.m, "l1")
    true = np.concatenate(branchhull.balance(truth.h, truth.m, "l1"))
    _signals(left, true, np.concatenate([h, m]) if solved else None)
    _slacks(right, xi if solved and slack else None, struck)
    if solved:
        error = branchhull.recovery_error(h, m, truth, "l1")
        sizes = [float(np.abs(v).sum()) for v in (answer.h, answer.m, xi)]
        facts["error of the directions"] = _rounded(error)
        facts["gap below 1e-7"] = bool(certificate.gap <= 1e-7)
        facts["cost of h"], facts["cost of m and slack"] = sizes[0], sizes[1] + lam * sizes[2]
        if outliers and slack:
            largest = np.argsort(-np.abs(xi))[:outliers]
            named = len({*largest} & {*struck})
            facts["outliers among the largest slacks"] = f"{named} of {outliers}"
    else:
        facts["proof"] = answer.report.notes[-1]
    if noise == 0 and slack:
        ends = prices_that_work(outliers, seed)
        facts["the truth is a minimiser for lam"] = (
            "never" if ends is None else f"{ends[0]:.3f} to {ends[1]:.3g}".replace("inf", "any")
        )
    figure.subplots_adjust(left=0.08, right=0.98, bottom=0.15, top=0.9, wspace=0.3)
    return figure, facts


@lru_cache(64)
def prices_that_work(outliers: int, seed: int) -> tuple[float, float] | None:
    """The window of prices (kit.experiments.sparse) of an `instance` without noise."""
    return window(*instance(0.0, outliers, seed))


def _rounded(error: float) -> float | str:
    return "below 1e-6" if error < 1e-6 else error


def _signals(ax: Axes, true: Array, found: Array | None) -> None:
    ax.axvline(SIZE - 0.5, **MARK[NEUTRAL])
    places = np.flatnonzero(true)
    ax.plot(places, true[places], **{**MARK[TRUTH], "markersize": 13}, label="truth")
    if found is not None:
        look = {**MARK[ESTIMATE], "markersize": 4}
        ax.plot(found, **look, label="answer")
        ax.vlines(np.arange(found.size), 0, found, color=ESTIMATE, lw=1)
    ax.axhline(0, color="black", lw=0.6)
    ax.legend(fontsize=8, loc="lower right", framealpha=0.9)
    height = 1.7 if found is None else max(1.7, 1.1 * np.abs(found).max())
    ax.text(1, 0.85 * height, "h", fontsize=11)
    ax.text(SIZE + 1, 0.85 * height, "m", fontsize=11)
    ax.set_ylim(-height, height)
    said = "signals, balanced" if found is not None else "no point is feasible: no answer"
    tidy(ax, "entry of h, then of m", "value", said)


def _slacks(ax: Axes, xi: Array | None, struck: Array) -> None:
    height = 1.0 if xi is None else max(1e-3, 1.25 * np.abs(xi).max())
    if xi is not None:
        ax.vlines(np.arange(xi.size), 0, xi, color=DATA, lw=1.5)
        ax.plot(xi, color=SIGN_POS, marker="o", linestyle="none", markersize=3, label="slack ξ")
    if struck.size:
        at = np.full(struck.size, -0.92 * height)
        ax.plot(struck, at, **{**MARK[WARN], "linestyle": "none"}, label="outliers")
    ax.axhline(0, color="black", lw=0.6)
    ax.set(xlim=(-3, LENGTH + 3), ylim=(-height, height))
    if xi is None:
        ax.set_yticks([])
    if xi is not None or struck.size:
        ax.legend(fontsize=8, loc="upper right", framealpha=0.9)
    said = "what the slack says of each measurement" if xi is not None else "no slack"
    tidy(ax, "measurement", "ξ" if xi is not None else "", said)
