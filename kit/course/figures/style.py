"""One look for all figures: the same thing has the same colour and the same mark everywhere.

The colours are those of Okabe and Ito, which colour-blind readers can tell apart; every colour goes
with a mark or a dash of its own, so that the figures can be read in grey as well.
A figure function is pure: numbers in, (Figure, facts) out. The caption is written from the facts.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import AutoLocator, MaxNLocator

SIGN_POS = "#0072B2"  # blue: the branch of sign +1, and what belongs to h
SIGN_NEG = "#D55E00"  # vermilion: the branch of sign -1, and what belongs to m
TRUTH = "#009E73"  # green: what generated the data
ESTIMATE = "#CC79A7"  # purple: what a program answered
BOUND = "#000000"  # black: what is promised or proved
DATA = "#56B4E9"  # sky blue: feasible sets and measurements
NEUTRAL = "#999999"  # grey: helpers, rivals
WARN = "#E69F00"  # orange: what is given up or wrong

TICKS = 5  # intervals along an axis, at most

# matplotlib keywords that go with the colours: a second channel besides the colour
MARK = {
    SIGN_POS: {"color": SIGN_POS, "linestyle": "-"},
    SIGN_NEG: {"color": SIGN_NEG, "linestyle": "--"},
    TRUTH: {"color": TRUTH, "marker": "*", "markersize": 18, "linestyle": "none"},
    ESTIMATE: {"color": ESTIMATE, "marker": "o", "markersize": 7, "linestyle": "none"},
    BOUND: {"color": BOUND, "linestyle": "-", "linewidth": 1.4},
    DATA: {"color": DATA, "linestyle": "-"},
    NEUTRAL: {"color": NEUTRAL, "linestyle": ":"},
    WARN: {"color": WARN, "marker": "X", "markersize": 8, "linestyle": "none"},
}


def new_figure(width: float = 6.0, height: float = 3.8) -> Figure:
    """An empty figure, in inches; built without pyplot, so nothing global is left behind."""
    return Figure(figsize=(width, height), dpi=100, facecolor="white")


def tidy(ax: Axes, xlabel: str, ylabel: str, title: str = "") -> Axes:
    """Label the axes, drop the frame's upper and right edge, return the axes.

    At most six numbers along an axis, and a title at a fixed height: matplotlib is slow at words.
    """
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set_title(title, loc="left", fontsize=10, y=1.0)
    ax.spines[["top", "right"]].set_visible(False)
    for axis in (ax.xaxis, ax.yaxis):
        if type(axis.get_major_locator()) is AutoLocator:
            axis.set_major_locator(MaxNLocator(TICKS, steps=[1, 2, 2.5, 5, 10]))
    return ax


def caption(text: str, facts: dict[str, object]) -> str:
    """The caption under a figure: a sentence with {names} filled in from the facts it shows.

    Format specifications work as in str.format: caption("gap {gap:.0e}", {"gap": 1e-9}).
    """
    return text.format(**facts)
