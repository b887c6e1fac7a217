"""Maps and pictures: what is counted over two axes, and images in grey or in two colours."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from kit.course.draw.style import colour
from kit.results import Array

ROOM = 150  # cells of a map into which numbers still fit


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
