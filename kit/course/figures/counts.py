"""Figures of the lesson that counts how many samples a neuron needs (23).

Numbers in, (Figure, facts) out. `neuron_cell`, which serves an explorer, solves the instances
of one cell again: some tens of milliseconds.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from kit.arguments import choice
from kit.course.figures.style import (
    BOUND,
    ESTIMATE,
    MARK,
    NEUTRAL,
    SIGN_NEG,
    new_figure,
    tidy,
)
from kit.experiments import resolve, success_rate, values
from kit.experiments.neurons import neuron_chance
from kit.experiments.trials import PAPER
from kit.results import Array

Facts = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]


def once(make: Callable) -> Callable:
    """make(rows, ...) -> answer, which is kept for the very same rows: a slider asks many times."""
    kept: dict[str, Any] = {"rows": None}

    @wraps(make)
    def asked(rows: Rows, *rest: object) -> object:
        if kept["rows"] is not rows:
            kept.update(rows=rows, answers={})
        asked_for = (len(rows), *rest)
        if asked_for not in kept["answers"]:
            kept["answers"][asked_for] = make(rows, *rest)
        return kept["answers"][asked_for]

    return asked


def panels(
    curves: Mapping[str, tuple[Array, Array, Array, int]], xlabel: str
) -> tuple[Figure, Facts]:
    """One small picture for every curve: measured shares with two deviations, and the promise.

    curves  title -> (x, measured, promised, trials). Facts: the largest deviation in standard
    deviations of the binomial law, their mean square (1 if the promise is exact), and the mean
    difference measured - promised.
    """
    columns = 3 if len(curves) <= 6 else 4
    rows = -(-len(curves) // columns)
    figure = new_figure(8.6, 0.5 + 2.1 * rows)
    axes = np.atleast_1d(figure.subplots(rows, columns, sharey=True)).ravel()
    z, off = [], []
    for ax, (title, (x, measured, promised, trials)) in zip(axes, curves.items(), strict=False):
        spread = np.sqrt(np.maximum(promised * (1 - promised), 1 / trials) / trials)
        ax.plot(x, promised, **MARK[BOUND], label="promised")
        look = {**MARK[ESTIMATE], "markersize": 4}
        ax.errorbar(x, measured, 2 * spread, capsize=2, lw=1, **look, label="measured")
        ax.axhline(0.5, **MARK[NEUTRAL], lw=0.8)
        tidy(ax, "", "", title)
        z.append((measured - promised) / spread)
        off.append(measured - promised)
    for ax in axes[len(curves) :]:
        ax.set_visible(False)
    axes[0].legend(fontsize=8, frameon=False)
    figure.supxlabel(xlabel, fontsize=10)
    figure.supylabel("share recovered", fontsize=10)
    figure.subplots_adjust(
        left=0.1, right=0.98, bottom=0.5 / figure.get_size_inches()[1], top=0.94, hspace=0.5
    )
    z, off = np.concatenate(z), np.concatenate(off)
    facts = {
        "points": z.size,
        "largest deviation": float(np.abs(z).max()),
        "mean square": float(np.mean(z**2)),
        "mean difference": float(off.mean()),
    }
    return figure, facts


def phases(
    maps: Mapping[str, Array],
    x: Array,
    y: Array,
    line: Array,
    labels: tuple[str, str, str],
    cell: tuple[float, float] | None = None,
) -> tuple[Figure, Facts]:
    """Share of recoveries over two axes, one map beside the other, on one scale from 0 to 1.

    maps    title -> (len(y), len(x)) shares; line (len(y),): x where the promise is one half
    labels  of x, of y, and of the line;  cell (x, y) is framed
    Facts: for each title, the share of all instances that are recovered.
    """
    figure = new_figure(4.3 * len(maps) + 0.9, 3.9)
    axes = np.atleast_1d(figure.subplots(1, len(maps)))
    for ax, (title, rate) in zip(axes, maps.items(), strict=True):
        _map(ax, rate, x, y, line, labels, cell)
        tidy(ax, labels[0], labels[1] if ax is axes[0] else "", title)
        if ax is not axes[0]:
            ax.set_yticks([])
    axes[0].legend(fontsize=8, loc="lower right")
    width = figure.get_size_inches()[0]
    figure.subplots_adjust(left=0.7 / width, right=1 - 0.2 / width, bottom=0.13, top=0.92)
    shares = {"label": "share recovered", "ticks": [0, 0.5, 1]}
    figure.colorbar(axes[0].collections[0], ax=list(axes), pad=0.02, **shares)
    return figure, {title: float(np.mean(rate)) for title, rate in maps.items()}


def neuron_cell(rows: Rows, N: int = 40, s: int = 4, P: int = 32) -> tuple[Figure, Facts]:
    """The map of recovered neurons over samples P and nonzeros s, and one cell solved again.

    rows  of the sweep "neuron-map". Facts: the chance, the stored share, the share of the same 20
    neurons solved now, what Theorem 3 asks for.
    """
    N = choice("N", N, _inputs(rows))
    ss, ps, rate, line = _neuron_map(rows, N)
    s, P = choice("s", s, ss), choice("P", P, ps)
    mine = [row for row in rows if (row["N"], row["s"], row["P"]) == (N, s, P)]
    now = resolve(PAPER["neuron-map"], mine[0])
    labels = ("samples P", "nonzeros s (of a coarse list)", "chance 1/2")
    place = np.arange(len(ss))
    figure, _ = phases(
        {f"N = {N} inputs": rate}, np.array(ps), place, line, labels, (P, ss.index(s))
    )
    figure.axes[0].set_yticks(place, [str(k) for k in ss])
    facts = {
        "N": N,
        "s": s,
        "P": P,
        "chance": float(neuron_chance(P, N, s)),
        "stored": float(np.mean([row["dual"] < 1 for row in mine])),
        "solved again": float(np.mean([row["dual"] < 1 for row in now])),
        "active samples, mean": float(np.mean([row["active"] for row in now])),
        "Theorem 3 with mu = 2": int(np.ceil((11 * s + 7) * 2 * np.log(N))),
    }
    return figure, facts


@once
def _inputs(rows: Rows) -> list:
    return values(rows, "N")


@once
def _neuron_map(rows: Rows, N: int) -> tuple[list, list, Array, Array]:
    """The values of s and of P at this N, the map over them, for each s the P of chance 1/2."""
    rows = [row for row in rows if row["N"] == N]
    ss, ps = values(rows, "s"), values(rows, "P")
    rate = success_rate(rows, of="dual", below=1, by=("s", "P"))
    grid = np.arange(2, max(ps) + 60)
    line = np.array([grid[np.argmax(neuron_chance(grid, N, k) >= 0.5)] for k in ss])
    return ss, ps, rate, line


def constants(table: Mapping[tuple[int, int], tuple[float, float]]) -> tuple[Figure, Facts]:
    """Samples at which half of the neurons are recovered, beside 2 delta and Theorem 3.

    table  (N, s) -> (measured P at one half, 2 delta). Facts: least and largest measured constant
    in c s log(N / s); least and largest of Theorem 3's count (mu = 1) over the measured one.
    """
    pairs = list(table)
    N, s = np.array(pairs).T
    half, twice = np.array(list(table.values())).T
    scale = s * np.log(N / s)
    theorem = (11 * s + 7) * np.log(N)
    figure = new_figure(6.4, 3.8)
    ax = figure.subplots()
    order = np.argsort(scale)
    ax.loglog(scale, half, **MARK[ESTIMATE], label="measured: half are recovered")
    ax.loglog(scale[order], twice[order], **MARK[BOUND], label="2 delta(N, s)")
    look = {"color": SIGN_NEG, "linestyle": "--", "marker": "s", "markersize": 5}
    ax.loglog(scale[order], theorem[order], **look, label="Theorem 3: (11 s + 7) log N")
    ax.legend(fontsize=9, frameon=False)
    tidy(ax, "s log(N / s)", "samples P")
    figure.subplots_adjust(left=0.11, right=0.98, bottom=0.14, top=0.97)
    facts = {
        "least constant": float((half / scale).min()),
        "largest constant": float((half / scale).max()),
        "Theorem 3 asks at least": float((theorem / half).min()),
        "and at most": float((theorem / half).max()),
    }
    return figure, facts


def _map(
    ax: Axes,
    rate: Array,
    x: Array,
    y: Array,
    line: Array,
    labels: tuple[str, str, str],
    cell: tuple[float, float] | None,
) -> None:
    ax.pcolormesh(x, y, rate, cmap="cividis", vmin=0, vmax=1, shading="nearest")
    within = (line >= x[0]) & (line <= x[-1])
    look = {"color": SIGN_NEG, "linestyle": "--", "marker": "o", "markersize": 4}
    ax.plot(line[within], y[within], **look, label=labels[2])
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    if cell is not None:
        step = x[1] - x[0], y[1] - y[0]
        corner = (cell[0] - step[0] / 2, cell[1] - step[1] / 2)
        ax.add_patch(Rectangle(corner, *step, fill=False, edgecolor=ESTIMATE, linewidth=2.5))
