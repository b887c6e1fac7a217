"""Figures of the Net-Trim lessons: numbers in, (Figure, facts) out. Nothing is solved here.

The facts are what the caption says and what a cell asserts: a picture is not compared by any test,
the facts are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from kit.course.figures.style import (
    BOUND,
    DATA,
    ESTIMATE,
    NEUTRAL,
    SIGN_NEG,
    new_figure,
    tidy,
)
from kit.results import Array

Facts = dict[str, Any]


def convergence(curves: Mapping[str, Mapping[str, Array]], level: float) -> tuple[Figure, Facts]:
    """Violation, and |W|_1 above its lower bound, along an iterative method.

    curves  name -> {"iteration", "violation", "value", "lower"}, each (n,); at most three names
    level   the violation that is asked for, drawn as a dashed line
    facts   reached: name -> first recorded iteration with violation <= level (None: never);
            gap: name -> (value - lower) / value at the end
    """
    fig = new_figure(8.4, 3.4)
    left, right = fig.subplots(1, 2)
    looks = [(ESTIMATE, "-", "o"), (SIGN_NEG, "--", "s"), (DATA, ":", "^")]
    facts: Facts = {"reached": {}, "gap": {}}
    for (name, curve), (colour, dash, mark) in zip(curves.items(), looks, strict=False):
        k, v = np.asarray(curve["iteration"]), np.asarray(curve["violation"])
        look = {"color": colour, "linestyle": dash, "marker": mark, "markersize": 4, "markevery": 3}
        left.semilogy(k, np.maximum(v, 1e-16), label=name, **look)
        gap = (np.asarray(curve["value"]) - curve["lower"]) / np.asarray(curve["value"])
        right.semilogy(k, np.maximum(np.abs(gap), 1e-16), label=name, **look)
        below = np.flatnonzero(v <= level)
        facts["reached"][name] = int(k[below[0]]) if below.size else None
        facts["gap"][name] = float(gap[-1])
    left.axhline(level, color=BOUND, linestyle=(0, (4, 3)), linewidth=1)
    tidy(left, "iteration", "violation", "how far outside the constraints")
    tidy(right, "iteration", "|value - lower bound| / value", "how much is still unproved")
    left.legend(frameon=False, fontsize=8)
    fig.subplots_adjust(left=0.09, right=0.98, bottom=0.17, top=0.9, wspace=0.28)
    return fig, facts


def promise(discrepancy: Array, bound: Array, crude: Array, size: Array) -> tuple[Figure, Facts]:
    """Measured error of every layer beside two promises, all relative to |Y_l|_F; log scale.

    discrepancy, bound, crude, size   (L,): measured, sharp promise, the paper's constant, |Y_l|_F
    facts   measured, promised, crude: (L,) relative; kept: measured <= promised <= crude in every
            layer; loose: promised / measured at the last layer, loose_crude likewise
    """
    rows = [np.asarray(v, float) / size for v in (discrepancy, bound, crude)]
    fig = new_figure(6.4, 3.6)
    ax = fig.subplots()
    place = np.arange(len(rows[0]))
    looks = [
        (ESTIMATE, "", "measured"),
        (DATA, "//", "promised, with |W^|_2"),
        (NEUTRAL, "..", "promised, with |W|_1 (Theorem 1)"),
    ]
    for shift, height, (colour, hatch, label) in zip((-0.27, 0, 0.27), rows, looks, strict=True):
        ax.bar(
            place + shift, height, 0.25, color=colour, hatch=hatch, edgecolor="white", label=label
        )
    ax.set_yscale("log")
    ax.set_xticks(place, [f"layer {k + 1}" for k in place])
    tidy(ax, "", "error relative to the layer's output")
    ax.legend(frameon=False, fontsize=8, loc="upper left")
    fig.subplots_adjust(left=0.12, right=0.98, bottom=0.1, top=0.97)
    measured, promised, crudest = rows
    slack = 1 + 1e-9
    facts = {
        "measured": measured,
        "promised": promised,
        "crude": crudest,
        "kept": bool((measured <= promised * slack).all() and (promised <= crudest * slack).all()),
        "loose": float(promised[-1] / measured[-1]),
        "loose_crude": float(crudest[-1] / measured[-1]),
    }
    return fig, facts


def trade_off(points: Mapping[str, Sequence[tuple[float, float, float]]]) -> tuple[Figure, Facts]:
    """What pruning costs: output error and test accuracy over the share of zeros.

    points  name -> list of (share of zeros, relative output error, accuracy); at most three names,
            with the same shares in the same order
    facts   least_error, best_accuracy: name that is ahead at every share, or None if none is
    """
    fig = new_figure(8.4, 3.4)
    axes = fig.subplots(1, 2)
    looks = [(ESTIMATE, "-", "o"), (NEUTRAL, ":", "s"), (SIGN_NEG, "--", "^")]
    table = {name: np.asarray(rows, float) for name, rows in points.items()}
    for (name, rows), (colour, dash, mark) in zip(table.items(), looks, strict=False):
        for ax, column in zip(axes, (1, 2), strict=True):
            ax.plot(
                100 * rows[:, 0],
                100 * rows[:, column],
                color=colour,
                linestyle=dash,
                marker=mark,
                label=name,
            )
    tidy(axes[0], "zeros (%)", "change of the outputs (%)", "what is promised")
    tidy(axes[1], "zeros (%)", "test accuracy (%)", "what is hoped for")
    axes[0].legend(frameon=False, fontsize=8)
    fig.subplots_adjust(left=0.08, right=0.98, bottom=0.17, top=0.9, wspace=0.22)
    facts = {
        "least_error": _ahead({name: -rows[:, 1] for name, rows in table.items()}),
        "best_accuracy": _ahead({name: rows[:, 2] for name, rows in table.items()}),
        "names": tuple(table),
    }
    return fig, facts


def inputs_used(before: Array, after: Array, shape: tuple[int, int]) -> tuple[Figure, Facts]:
    """How many nonzero weights leave every input pixel, before and after; W_1 is (N, M), N = p q.

    facts  unused: how many pixels have no weight left; weights: mean number left on the others
    """
    counts = [np.count_nonzero(W, axis=1) for W in (before, after)]
    fig = new_figure(6.4, 3.2)
    axes = fig.subplots(1, 2)
    for ax, count, title in zip(axes, counts, ("trained", "pruned"), strict=True):
        picture = ax.imshow(count.reshape(shape), cmap="cividis", vmin=0, vmax=before.shape[1])
        for row, column in np.argwhere(count.reshape(shape) == 0):
            ax.text(column, row, "x", color="white", ha="center", va="center", fontsize=9)
        ax.set_title(title, loc="left", fontsize=10)
        ax.set_xticks([])
        ax.set_yticks([])
    fig.colorbar(picture, ax=list(axes), shrink=0.85, label="weights per pixel (x: none)")
    left = counts[1]
    used = left[left > 0]
    facts = {"unused": int((left == 0).sum()), "weights": float(used.mean()) if used.size else 0.0}
    return fig, facts


def _ahead(scores: Mapping[str, Array]) -> str | None:
    """The name whose score is largest at every position, if there is one."""
    names, table = list(scores), np.array(list(scores.values()))
    best = np.unique(table.argmax(axis=0))
    return names[best[0]] if best.size == 1 else None
