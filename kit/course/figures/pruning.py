"""Figures of lessons 23 and 25: rivals at equal sparsity, and a spiral pruned while you watch.

Numbers in, (Figure, facts) out; only `spiral` solves: a small network, a second at most.

"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from kit import datasets, nettrim
from kit.arguments import choice
from kit.course.figures.style import (
    BOUND,
    DATA,
    ESTIMATE,
    NEUTRAL,
    SIGN_NEG,
    SIGN_POS,
    WARN,
    new_figure,
    tidy,
)
from kit.results import Array

Facts = dict[str, Any]
Means = Mapping[tuple[str, str, str, float], tuple[float, float, int]]
LOOKS = {
    "magnitude": (NEUTRAL, ":", "s"),
    "wanda": (WARN, "--", "v"),
    "lasso": (DATA, "-.", "^"),
    "obs": (SIGN_POS, "-", "D"),
    "sparsegpt": (SIGN_NEG, "--", "x"),
    "net-trim": (ESTIMATE, "-", "o"),
    "net-trim, a ball each": (ESTIMATE, ":", "P"),
    "net-trim, reweighted": (ESTIMATE, "--", "*"),
}
HATCH = {"net-trim, a ball each": "..", "net-trim, reweighted": "//"}  # of bars of one colour


def rivals(means: Means, data: str, trained: float) -> tuple[Figure, Facts]:
    """Test accuracy over the share of zeros, one line a method; left plain, right with a refit.

    means    (data, method, refit, share) -> (mean, standard error, count)
    trained  mean accuracy before pruning, a black line
    facts    best, best_refitted: share -> methods that no other beats by more than two standard
             errors of the difference; ahead: the same for the plain best mean alone
    """
    fig = new_figure(9.2, 3.8)
    axes = fig.subplots(1, 2, sharey=True)
    facts: Facts = {}
    for ax, refit, name in zip(axes, ("", "least-squares"), ("best", "best_refitted"), strict=True):
        shares = sorted({key[3] for key in means if key[0] == data})
        methods = [m for m in LOOKS if (data, m, refit, shares[0]) in means]
        for method in methods:
            colour, dash, mark = LOOKS[method]
            cells = np.array([means[data, method, refit, s][:2] for s in shares])
            ax.errorbar(
                100 * np.array(shares),
                100 * cells[:, 0],
                100 * cells[:, 1],
                color=colour,
                linestyle=dash,
                marker=mark,
                markersize=5,
                capsize=2,
                label=method,
            )
        ax.axhline(100 * trained, color=BOUND, linewidth=1, alpha=0.5)
        facts[name] = {s: leaders(means, data, refit, s, methods) for s in shares}
        tidy(ax, "zeros in the hidden layers (%)", "", "with a refit" if refit else "as published")
    axes[0].set_ylabel("test accuracy (%)")
    axes[1].legend(frameon=False, fontsize=7, loc="lower left")
    fig.subplots_adjust(left=0.08, right=0.98, bottom=0.15, top=0.92, wspace=0.06)
    return fig, facts


def leaders(means: Means, data: str, refit: str, share: float, methods: list[str]) -> list[str]:
    """The method with the best mean, and all within two standard errors of the difference."""
    cells = {m: means[data, m, refit, share] for m in methods}
    best = max(cells, key=lambda m: cells[m][0])
    top, wide, _ = cells[best]
    return [m for m, (mean, error, _) in cells.items() if top - mean <= 2 * np.hypot(wide, error)]


def at_share(means: Means, data: str, zeros: float, refit: str) -> tuple[Figure, Facts]:
    """All methods at one share of zeros: a bar each, with its standard error.

    facts  the accuracy of every method, in percent
    """
    choice("refit", refit, ("", "least-squares", "relu"))
    methods = [m for m in LOOKS if (data, m, refit, zeros) in means]
    if not methods:
        raise ValueError(f"zeros must be a share in the table, got {zeros}")
    fig = new_figure(7.2, 3.4)
    ax = fig.subplots()
    cells = [means[data, m, refit, zeros] for m in methods]
    place = np.arange(len(methods))[::-1]
    ax.barh(
        place,
        [100 * c[0] for c in cells],
        xerr=[100 * c[1] for c in cells],
        color=[LOOKS[m][0] for m in methods],
        hatch=[HATCH.get(m, "") for m in methods],
        edgecolor="black",
        capsize=3,
    )
    for at, cell in zip(place, cells, strict=True):
        ax.text(
            *(1.5, at, f"{100 * cell[0]:.0f}"),
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )
    ax.set_yticks(place, methods)
    ax.set_xlim(0, 100)
    tidy(ax, f"test accuracy (%), {data}, {zeros:.0%} zeros, refit: {refit or 'none'}", "")
    fig.subplots_adjust(left=0.25, right=0.97, bottom=0.16, top=0.97)
    return fig, {m: round(100 * c[0], 1) for m, c in zip(methods, cells, strict=True)}


def spiral(
    epsilon: float = 0.05, gamma: float = 1.1, mode: str = "cascade"
) -> tuple[Figure, Facts]:
    """Decision boundary of a 2-9-9-1 network on two spirals, trained and pruned; solves, < 1 s.

    epsilon  relative, for all layers in parallel, for the first in a cascade; gamma as in prune
    facts    weights left, test accuracy (percent), discrepancy and promise relative to the output
    """
    network, data = trained_spiral()
    done = nettrim.prune(
        network, data.X, epsilon=epsilon, gamma=gamma, mode=mode, method="exact", progress=False
    )
    fig = new_figure(8.4, 3.9)
    axes = fig.subplots(1, 2, sharey=True)
    grid = np.linspace(-1.2, 1.2, 81)
    plane = np.array(np.meshgrid(grid, grid)).reshape(2, -1)
    for ax, net, title in zip(axes, (network, done.network), ("trained", "pruned"), strict=True):
        Z = nettrim.forward(net, plane)[-1][0].reshape(81, 81)
        ax.contourf(grid, grid, Z > 0, levels=[-0.5, 0.5, 1.5], colors=["#FBE3D3", "#D6E9F5"])
        for label, (colour, mark) in enumerate(((SIGN_NEG, "o"), (SIGN_POS, "s"))):
            X = data.X_test[:, data.labels_test == label]
            ax.plot(*X, mark, color=colour, markersize=3.5)
        left = sum(np.count_nonzero(W) for W in net.weights)
        ax.set_aspect("equal")
        tidy(ax, "", "", f"{title}: {left} weights")
    fig.subplots_adjust(left=0.06, right=0.98, bottom=0.08, top=0.92, wspace=0.05)
    size = np.linalg.norm(nettrim.forward(network, data.X)[-1])
    facts = {
        "weights before": sum(W.size for W in network.weights),
        "weights after": int(sum(np.count_nonzero(W) for W in done.network.weights)),
        "test accuracy before (%)": round(100 * _score(network, data), 1),
        "test accuracy after (%)": round(100 * _score(done.network, data), 1),
        "outputs moved by (%)": float(f"{100 * done.discrepancy[-1] / size:.2g}"),
        "promised at most (%)": float(f"{100 * done.bound[-1] / size:.2g}"),
    }
    return fig, facts


@lru_cache(1)
def trained_spiral() -> tuple[nettrim.Network, datasets.Labelled]:
    """The network of `spiral` and its data: 150 samples, one turn; trained once."""
    data = datasets.spirals(np.random.default_rng(0), 200, turns=0.75)
    done = nettrim.train(np.random.default_rng(1), data, (9, 9), epochs=1500, alpha=1e-3)
    return done.network, data


def layers_left(tables: Mapping[str, Array]) -> tuple[Figure, Facts]:
    """Weights left in every layer over the change of the outputs, one panel a layer.

    tables  mode -> rows (relative discrepancy, share left in layer 1, 2, ...), by epsilon
    facts   nearer: whether the first mode moves the outputs less at every epsilon
    """
    count = next(iter(tables.values())).shape[1] - 1
    fig = new_figure(9.0, 3.2)
    axes = fig.subplots(1, count)
    looks = ((ESTIMATE, "-", "o"), (NEUTRAL, "--", "s"))
    for (mode, rows), (colour, dash, mark) in zip(tables.items(), looks, strict=False):
        for k, ax in enumerate(axes):
            x, y = 100 * rows[:, 0], 100 * rows[:, k + 1]
            ax.plot(x, y, color=colour, linestyle=dash, marker=mark, label=mode)
            tidy(ax, "outputs moved by (%)", "weights left (%)" if not k else "", f"layer {k + 1}")
            ax.set_ylim(0, None)
    axes[0].legend(frameon=False, fontsize=8)
    fig.subplots_adjust(left=0.08, right=0.98, bottom=0.17, top=0.9, wspace=0.25)
    one, two = tables.values()
    return fig, {"nearer": bool(np.all(one[:, 0] < two[:, 0]))}


def _score(network: nettrim.Network, data: datasets.Labelled) -> float:
    return nettrim.accuracy(network, data.X_test, data.labels_test)
