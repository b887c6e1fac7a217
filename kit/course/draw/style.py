"""One look for all pictures: a thing has the same colour, dash and mark wherever it is drawn.

The colours are those of Okabe and Ito, which colour-blind readers can tell apart. Every look has a
dash and a mark of its own as well, so a picture can be read in grey.
"""

import pickle
import textwrap
from functools import lru_cache

import numpy as np
from IPython.display import display
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import AutoLocator, MaxNLocator

from kit.arguments import choice
from kit.course.draw.axes import OneTickAxes

# name: colour, dash, width of a line, mark, size of a mark
LOOKS = {
    "first": ("#0072B2", "-", 1.8, "o", 6),  # blue: the branch of sign +1, h, active samples
    "second": ("#D55E00", "--", 1.8, "s", 6),  # vermilion: the branch of sign -1, m, silent ones
    "truth": ("#009E73", "-.", 1.8, "*", 15),  # green: what made the data
    "answer": ("#CC79A7", (0, (5, 1)), 1.8, "D", 7),  # purple: what a program or method answers
    "bound": ("#000000", "-", 1.2, "P", 6),  # black: what is promised or proved
    "data": ("#56B4E9", (0, (3, 1, 1, 1)), 1.2, "v", 6),  # sky blue: feasible sets, measurements
    "rival": ("#777777", ":", 1.8, "^", 6),  # grey: rivals, helpers
    "wrong": ("#E69F00", (0, (1, 1)), 2.2, "X", 8),  # orange: what is given up or wrong
}
GROUND = 0.3  # how dark a filled set is: what is drawn on it must be seen
MARGIN = {"left": 0.75, "right": 0.15, "bottom": 0.58, "top": 0.36}  # inches around one picture
BARE = {"left": 0.05, "right": 0.05, "bottom": 0.05, "top": 0.3}  # the same without axes


def colour(look: str) -> str:
    """The colour of a look."""
    return LOOKS[choice("look", look, tuple(LOOKS))][0]


def line(look: str) -> dict[str, object]:
    """matplotlib's keywords for a line of this look."""
    _, dash, width, _, _ = LOOKS[choice("look", look, tuple(LOOKS))]
    return {"color": colour(look), "linestyle": dash, "linewidth": width}


def mark(look: str) -> dict[str, object]:
    """matplotlib's keywords for points of this look."""
    _, _, _, sign, size = LOOKS[choice("look", look, tuple(LOOKS))]
    return {"color": colour(look), "linestyle": "none", "marker": sign, "markersize": size}


def figure(
    columns: int = 1,
    rows: int = 1,
    size: tuple[float, float] = (4.6, 4.2),
    *,
    beside: float = 0.0,
    bare: bool = False,
) -> tuple[Figure, Axes | np.ndarray]:
    """A figure and its axes: one, or a flat array of them.

    size    of each picture in inches, with its labels
    beside  inches kept free on the right for a legend
    bare    for pictures without axes
    Built without pyplot, so nothing global is left behind.
    """
    drawn = dict.__repr__(rcParams)  # a style that the lesson has set counts
    made, axes = pickle.loads(_blank(columns, rows, tuple(size), beside, bare, drawn))
    return made, axes[0] if axes.size == 1 else axes


@lru_cache(64)
def _blank(
    columns: int, rows: int, size: tuple[float, float], beside: float, bare: bool, _style: str
) -> bytes:
    """An empty figure and its axes, pickled: a copy costs a fifth of what making one costs."""
    around = BARE if bare else MARGIN
    width, height = columns * size[0] + beside, rows * size[1]
    made = Figure(figsize=(width, height), dpi=100, facecolor="white")
    across, up = around["left"] + around["right"], around["bottom"] + around["top"]
    made.subplots_adjust(
        left=around["left"] / width,
        right=1 - (around["right"] + beside) / width,
        bottom=around["bottom"] / height,
        top=1 - around["top"] / height,
        wspace=across / (size[0] - across),
        hspace=up / (size[1] - up),
    )
    kind = {"axes_class": OneTickAxes}
    axes = made.subplots(rows, columns, squeeze=False, subplot_kw=kind).ravel()
    return pickle.dumps((made, axes))


def label(ax: Axes, xlabel: str, ylabel: str, title: str = "") -> None:
    """Name the axes and the picture; drop the upper and the right edge of the frame."""
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set_title(title, loc="left", fontsize=10, y=1.0)
    ax.spines[["top", "right"]].set_visible(False)
    for axis in (ax.xaxis, ax.yaxis):
        if type(axis.get_major_locator()) is AutoLocator:  # matplotlib is slow at words: few ticks
            axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))


def legend(ax: Axes, where: str = "upper right", names: dict[str, str] | None = None) -> None:
    """What is what, in a corner, or "beside" the axes; the last call for one picture.

    names  look -> words, where the legend is not to be read off what was drawn
    """
    handles = None
    if names is not None:
        handles = [ax.plot([], [], **{**line(k), **mark(k)}, label=v)[0] for k, v in names.items()]
    place = {"loc": where}
    if where == "beside":
        place = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    ax.legend(handles=handles, fontsize=9, framealpha=0.9, handlelength=2.2, **place)


def show(figure: Figure, caption: str) -> None:
    """Show a figure, its caption in words under it; a screen reader reads the caption too."""
    words = " ".join(caption.split())
    display(figure, metadata={"image/png": {"alt": words}})
    print(textwrap.fill(words, 100))
