"""Curves, counts and weights: what is promised beside what is measured."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from kit.course.draw.style import GROUND, LOOKS, colour, line, mark
from kit.results import Array


def curve(
    ax: Axes, x: Array, y: Array, look: str = "first", label: str = "", marks: bool = False
) -> None:
    """A curve through (x, y), with its mark at each of the points if marks."""
    style = {**mark(look), "markersize": 5} if marks else {}
    ax.plot(x, y, **{**style, **line(look)}, label=label or None)


def promised(ax: Axes, x: Array, y: Array, label: str = "promised") -> None:
    """What a theorem says, as a black line."""
    curve(ax, x, y, "bound", label)


def measured(
    ax: Axes, x: Array, share: Array, trials: int, look: str = "answer", label: str = "measured"
) -> None:
    """Shares of so many trials, each with Wilson's interval of 95 percent."""
    low, high = wilson(np.asarray(share, float), trials)
    bars = np.maximum([share - low, high - share], 0)
    style = {**mark(look), "markersize": 4, "capsize": 2, "elinewidth": 1}
    ax.errorbar(x, share, bars, **style, label=label or None)


def wilson(share: Array, trials: int, z: float = 1.96) -> tuple[Array, Array]:
    """Ends of the interval of all p with |share - p| <= z sqrt(p (1 - p) / trials)."""
    middle = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z * np.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    half = half / (1 + z**2 / trials)
    return middle - half, middle + half


def closing(ax: Axes, lower: Array, upper: Array, start: int = 1) -> None:
    """A bound and a value closing in on an optimum, iteration by iteration, and the gap between."""
    k = start + np.arange(len(lower))
    best_lower, best_upper = np.maximum.accumulate(lower), np.minimum.accumulate(upper)
    for found, best, look, words in (
        (upper, best_upper, "answer", "value reached"),
        (lower, best_lower, "bound", "bound proved"),
    ):
        style = line(look)
        ax.step(k, best, where="post", **style, label=f"best {words} so far")
        ax.plot(k, found, **{**mark(look), "markersize": 4})
    known = np.isfinite(best_upper) & np.isfinite(best_lower)
    ends = (k[known], best_lower[known], best_upper[known])
    ax.fill_between(*ends, step="post", color=colour("data"), alpha=GROUND, lw=0)


def stem(ax: Axes, weights: Array, look: str = "answer", label: str = "", shift: float = 0) -> None:
    """Weights as stems from 0; shift moves them aside so that two vectors can be compared."""
    at = np.arange(len(weights)) + shift
    ax.vlines(at, 0, weights, color=colour(look), linewidth=1.4)
    ax.plot(at, weights, **{**mark(look), "markersize": 5}, label=label or None)
    ax.axhline(0, color=colour("rival"), linewidth=0.6)


def weight_path(ax: Axes, along: Array, W: Array, names: Sequence[str] | None = None) -> None:
    """Each weight along a parameter: along (n,), W (n, k), a curve a column with its name."""
    for k, column in enumerate(np.asarray(W).T):
        look = tuple(LOOKS)[k % len(LOOKS)]
        words = names[k] if names is not None else f"weight {k + 1}"
        curve(ax, along, column, look, words)
    ax.axhline(0, color=colour("rival"), linewidth=0.6)


def histogram(ax: Axes, values: Array, bins: Array, look: str = "first", label: str = "") -> None:
    """How many values fall into each bin."""
    hatch = "//" if look in ("second", "wrong", "rival") else ""
    style = {"color": colour(look), "hatch": hatch, "edgecolor": "white"}
    ax.hist(values, bins, **style, label=label or None)


def bars(
    ax: Axes, names: Sequence[str], heights: Mapping[str, Array], looks: Sequence[str]
) -> None:
    """Groups of bars, a group a name: heights is label -> one number a name, one look a label."""
    width = 0.8 / len(heights)
    for k, ((words, numbers), look) in enumerate(zip(heights.items(), looks, strict=True)):
        at = np.arange(len(names)) + (k - (len(heights) - 1) / 2) * width
        style = {"color": colour(look), "hatch": ("", "//", "..", "xx")[k % 4]}
        ax.bar(at, numbers, 0.9 * width, **style, edgecolor="white", label=words)
    ax.set_xticks(np.arange(len(names)), names)
