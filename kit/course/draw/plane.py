"""Sets, points and arrows in a plane. Call `plane` first: it sets the limits that others fill."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes

from kit.arguments import choice, number
from kit.course.draw.style import GROUND, colour, label, line, mark
from kit.results import Array

AROUND = np.linspace(0, 2 * np.pi, 201)


def plane(
    ax: Axes,
    reach: float,
    xlabel: str,
    ylabel: str,
    title: str = "",
    centre: tuple[float, float] = (0.0, 0.0),
) -> None:
    """A square piece of the plane, `reach` to each side of the centre, with the zero lines."""
    label(ax, xlabel, ylabel, title)
    for zero in (ax.axhline, ax.axvline):
        zero(0, color=colour("rival"), linewidth=0.6, zorder=0)
    limits = [(middle - reach, middle + reach) for middle in centre]
    ax.set(xlim=limits[0], ylim=limits[1], aspect="equal")


def branch(ax: Axes, y: float, sign: int = 1, look: str = "", label: str = "") -> None:
    """One branch of the hyperbola w x = y: the one on which w has the given sign."""
    w = sign * _away(ax, y)
    look = look or ("first" if sign > 0 else "second")
    ax.plot(w, y / w, **line(look), label=label or None)


def hull(ax: Axes, y: float, sign: int = 1, look: str = "data", label: str = "") -> None:
    """The convex hull of one branch: w x beyond y, w of the given sign."""
    w = sign * _away(ax, y)
    far = sign * np.sign(y) * 2 * np.abs([ax.get_xlim(), ax.get_ylim()]).max()
    ax.fill_between(w, y / w, far, color=colour(look), alpha=GROUND, lw=0, label=label or None)


def half_planes(
    ax: Axes, A: Array, b: Array, look: str = "data", label: str = "", lines: bool = True
) -> None:
    """The polygon {x : A x >= b}, A (n, 2), and the lines that bound its half-planes."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    corners = np.array([[left, low], [right, low], [right, high], [left, high]])
    for a, level in zip(np.asarray(A, float), np.asarray(b, float), strict=True):
        corners = _cut(corners, a, level)
        if lines:
            border(ax, a, level, look)
    if len(corners):
        polygon(ax, corners, look, label)


def border(ax: Axes, a: Array, level: float, look: str = "data", label: str = "") -> None:
    """The line {x : a'x = level}."""
    a = np.asarray(a, float)
    foot, far = level * a / (a @ a), 4 * np.ptp([ax.get_xlim(), ax.get_ylim()])
    along = far * np.array([-a[1], a[0]]) / np.linalg.norm(a)
    ends = np.array([foot - along, foot + along])
    ax.plot(*ends.T, **line(look), label=label or None)


def polygon(ax: Axes, corners: Array, look: str = "data", label: str = "") -> None:
    """A filled polygon, corners (n, 2) in order."""
    ax.fill(*np.asarray(corners).T, color=colour(look), alpha=GROUND, lw=0, label=label or None)


def region(
    ax: Axes, slack: Callable[[Array, Array], Array], look: str = "data", label: str = ""
) -> None:
    """The set {x : slack(x1, x2) >= 0}, slack a function of two arrays of one shape."""
    x1, x2 = np.meshgrid(*(np.linspace(*ends, 201) for ends in (ax.get_xlim(), ax.get_ylim())))
    ax.contourf(x1, x2, slack(x1, x2), levels=[0, np.inf], colors=[colour(look)], alpha=GROUND)
    if label:
        ax.fill([], [], color=colour(look), alpha=GROUND, lw=0, label=label)


def ball(
    ax: Axes,
    radius: float,
    norm: str = "l2",
    centre: tuple[float, float] | Array = (0.0, 0.0),
    look: str = "bound",
    label: str = "",
) -> None:
    """The edge of the ball of a norm ("l1", "l2" or "linf") around a centre."""
    number("radius", radius, least=0)
    edge = {
        "l2": np.array([np.cos(AROUND), np.sin(AROUND)]),
        "l1": np.array([[1, 0, -1, 0, 1], [0, 1, 0, -1, 0]]),
        "linf": np.array([[1, -1, -1, 1, 1], [1, 1, -1, -1, 1]]),
    }[choice("norm", norm, ("l1", "l2", "linf"))]
    ax.plot(*(radius * edge + np.reshape(centre, (2, 1))), **line(look), label=label or None)


def arrow(ax: Axes, start: Array, end: Array, look: str = "bound", label: str = "") -> None:
    """An arrow between two points."""
    shape = {"arrowstyle": "-|>", "color": colour(look), "lw": 1.6, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", tuple(end), tuple(start), arrowprops=shape)
    if label:
        ax.plot([], [], color=colour(look), marker=">", label=label)


def points(ax: Axes, at: Array, look: str = "answer", label: str = "") -> None:
    """One point (2,) or several (n, 2)."""
    ax.plot(*np.atleast_2d(at).T, **mark(look), label=label or None)


def path(ax: Axes, at: Array, look: str = "wrong", label: str = "") -> None:
    """The way of a method: points (n, 2) joined in order, each with a small mark."""
    style = {**mark(look), **line(look), "markersize": 4}
    ax.plot(*np.asarray(at).T, **style, label=label or None)


def _away(ax: Axes, y: float) -> Array:
    """Positive w on which the branch of w x = y is in the picture."""
    if number("y", y) == 0:
        raise ValueError("y must not be 0: then w x = 0 has no branches, only the two axes")
    reach = 1.5 * np.abs([ax.get_xlim(), ax.get_ylim()]).max()
    return np.geomspace(min(abs(y) / reach, reach / 2), reach, 200)


def _cut(corners: Array, a: Array, level: float) -> Array:
    """Corners of the part of a convex polygon where a'x >= level."""
    over = (corners @ a - level).tolist()
    if not over or min(over) >= 0:
        return corners
    kept = []
    for k, s in enumerate(over):  # the edge from the last corner to this one, then the corner
        if over[k - 1] * s < 0:
            kept.append(
                corners[k - 1] + over[k - 1] / (over[k - 1] - s) * (corners[k] - corners[k - 1])
            )
        if s >= 0:
            kept.append(corners[k])
    return np.array(kept).reshape(-1, 2)
