"""Figures of self-calibration and blind deconvolution (lesson 17). Each returns (Figure, facts)."""

import numpy as np
from matplotlib.figure import Figure

from kit import branchhull
from kit.branchhull.data.applications import hartley
from kit.course.figures.style import (
    BOUND,
    DATA,
    ESTIMATE,
    NEUTRAL,
    SIGN_NEG,
    TRUTH,
    new_figure,
    tidy,
)
from kit.results import Array, Status


def gains(
    ripple: float = 0.5, snapshots: int = 4, noise: float = 0.0, K: int = 4, N: int = 6
) -> tuple[Figure, dict[str, object]]:
    """Sensors with unknown gains: calibrate them from what they see of unknown sources.

    ripple in [0, 1), snapshots >= 1, noise >= 0, K gains' cosines, N sources: see
    branchhull.self_calibration; 24 sensors, one seed. Left: true gains, those recovered, those
    assumed to be 1. Right: sources of the first snapshot. Facts: products and unknowns, errors of
    gains and sources, the error of the sources if all gains are taken to be 1, the certified gap.
    """
    sensors = 24
    data, truth = branchhull.self_calibration(
        np.random.default_rng(0), sensors, K, N, snapshots=snapshots, ripple=ripple, noise=noise
    )
    answer = branchhull.solve(branchhull.BranchHull(data))
    if answer.report.run.status is not Status.SOLVED:
        raise ValueError(f"these settings could not be solved: {answer.report.run.status}")
    scale = answer.h[0]  # the first cosine is constant; its coefficient is 1 in the truth
    g, g_true = (data.B @ answer.h / scale)[:sensors], (data.B @ truth.h)[:sensors]
    m = answer.m * scale
    plain = uncalibrated(data)
    figure = new_figure(9.2, 4.0)
    left, right = figure.subplots(1, 2)
    at = np.arange(1, sensors + 1)
    left.plot(at, g_true, color=TRUTH, lw=3, label="true gains")
    left.plot(at, g, "o", color=ESTIMATE, ms=5, label="recovered")
    left.axhline(1, color=NEUTRAL, ls=":", label="assumed without calibration")
    tidy(left, "sensor", "gain", "gains")
    left.set_ylim(0, 2.05)
    left.legend(fontsize=8, loc="upper right", framealpha=0.9)
    n = np.arange(1, N + 1)
    right.plot(n, truth.m[:N], "*", color=TRUTH, ms=13, label="true source")
    right.plot(n, m[:N], "o", color=ESTIMATE, ms=5, label="recovered")
    right.plot(n, plain[:N], "x", color=NEUTRAL, ms=7, label="gains taken to be 1")
    right.axhline(0, color=NEUTRAL, lw=0.6)
    tidy(right, "entry", "value", "sources of the first snapshot")
    right.legend(fontsize=8, framealpha=0.9)
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.14, top=0.91, wspace=0.2)
    return figure, {
        "products": data.shape[0],
        "unknowns": data.shape[1] + data.shape[2],
        "error of the gains": _distance(g, g_true),
        "error of the sources": _distance(m, truth.m),
        "without calibration": _distance(plain, truth.m),
        "gap": answer.report.certificate.gap,
    }


def uncalibrated(data: branchhull.Bilinear) -> Array:
    """Sources by least squares with all gains taken to be 1: argmin |y - C m|_2."""
    return np.linalg.lstsq(data.C, data.y, rcond=None)[0]


def deconvolution(
    L: int = 128, K: int = 6, N: int = 12, noise: float = 0.0
) -> tuple[Figure, dict[str, object]]:
    """A blurred signal, the signal and the kernel recovered from it, one seed.

    Left: what is measured, w * x, and the true and recovered x. Right: the kernel around its
    centre. Facts: errors of kernel and signal (scaled to the truth's length), the certified gap.
    """
    data, truth = branchhull.blind_deconvolution(np.random.default_rng(1), L, K, N, noise=noise)
    answer = branchhull.solve(branchhull.BranchHull(data))
    if answer.report.run.status is not Status.SOLVED:
        raise ValueError(f"these settings could not be solved: {answer.report.run.status}")
    scale = np.linalg.norm(truth.h) / np.linalg.norm(answer.h)
    h, m = scale * answer.h, answer.m / scale
    x, x_true, seen = (hartley(v) for v in (data.C @ m, data.C @ truth.m, data.y))
    figure = new_figure(9.2, 3.8)
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    n = np.arange(L)
    left.plot(n, seen, color=DATA, lw=1, label="measured: w * x")
    left.plot(n, x_true, color=TRUTH, lw=3, alpha=0.8, label="true signal x")
    left.plot(n, x, color=ESTIMATE, lw=1.2, ls="--", label="recovered")
    tidy(left, "sample", "value", "a signal behind an unknown blur")
    left.legend(fontsize=8, loc="upper right", framealpha=0.9)
    at = np.arange(-K + 1, K)
    for taps, colour, mark, label in ((truth.h, TRUTH, "*", "true"), (h, ESTIMATE, "o", "found")):
        size = 11 if mark == "*" else 5
        right.plot(at, taps[np.abs(at)], mark, color=colour, ms=size, label=label)
    right.axhline(0, color=NEUTRAL, lw=0.6)
    tidy(right, "offset", "", "the even kernel w")
    right.legend(fontsize=8)
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.14, top=0.91, wspace=0.18)
    return figure, {
        "products": L,
        "unknowns": K + N,
        "error of the kernel": _distance(h, truth.h),
        "error of the signal": _distance(m, truth.m),
        "measured against the signal": _distance(seen, x_true),
        "gap": answer.report.certificate.gap,
    }


def against_snapshots(counts: Array, errors: dict[str, Array]) -> tuple[Figure, dict[str, object]]:
    """Median error over the number of snapshots; errors: name -> (n, trials), at most three.

    Facts: name -> medians (n,).
    """
    figure = new_figure(6.4, 3.6)
    ax = figure.subplots()
    looks = ((ESTIMATE, "o", "-"), (NEUTRAL, "s", ":"), (SIGN_NEG, "^", "--"))
    facts: dict[str, object] = {}
    for (name, table), (colour, mark, dash) in zip(errors.items(), looks, strict=False):
        middle = np.median(table, axis=1)
        ax.loglog(counts, middle, color=colour, marker=mark, linestyle=dash, label=name)
        facts[name] = tuple(float(v) for v in middle)
    half = next(iter(facts.values()))
    guide = half[0] * np.sqrt(counts[0] / np.asarray(counts, float))
    ax.loglog(counts, guide, color=BOUND, lw=1, label="falls like 1 / sqrt(T)")
    ax.set_xticks(counts, [str(count) for count in counts])
    ax.set_xticks([], minor=True)
    tidy(ax, "snapshots T", "error, median")
    ax.legend(fontsize=8)
    figure.subplots_adjust(left=0.13, right=0.97, bottom=0.15, top=0.95)
    return figure, facts


def _distance(found: Array, true: Array) -> float:
    return float(np.linalg.norm(found - true) / np.linalg.norm(true))
