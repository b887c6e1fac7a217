"""Curves, counts, weights and pictures: what is promised beside what is measured."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from kit.course.draw.style import GROUND, LOOKS, colour, line, mark
from kit.results import Array

ROOM = 150  # cells of a map into which numbers still fit


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
        ax.step(k, best, where="post", **line(look), label=f"best {words} so far")
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


def count_map(ax: Axes, counts: Array, x: Array, y: Array, out_of: int) -> None:
    """Successes out of so many trials over two axes, counts (len(y), len(x)), and the numbers.

    Dark is none, bright is all; the numbers stand in the cells where there is room for them.
    """
    counts = np.asarray(counts)
    ax.pcolormesh(x, y, counts, cmap="cividis", vmin=0, vmax=out_of, shading="nearest")
    if counts.size <= ROOM:
        for (i, j), count in np.ndenumerate(counts):
            ink = "white" if count < out_of / 2 else "black"
            ax.text(x[j], y[i], f"{count:g}", color=ink, ha="center", va="center", fontsize=7)


def cell(ax: Axes, x: Array, y: Array, at: tuple[float, float]) -> None:
    """Frame the cell of a map at (x, y); the axes have equal steps."""
    step = x[1] - x[0], y[1] - y[0]
    corner = (at[0] - step[0] / 2, at[1] - step[1] / 2)
    ax.add_patch(Rectangle(corner, *step, fill=False, edgecolor=colour("second"), linewidth=3))


def picture(ax: Axes, image: Array, title: str = "", signed: bool = False) -> None:
    """An image, in grey from 0 up, or around 0 in red (negative) and blue; no axes."""
    size = np.abs(image).max() or 1.0
    colours = {"cmap": "RdBu", "vmin": -size} if signed else {"cmap": "gray", "vmin": 0}
    ax.imshow(image, **colours, vmax=size, interpolation="nearest")
    ax.set_title(title, fontsize=10, y=1.0)  # a place of its own: not asked of the ticks
    ax.set_axis_off()
