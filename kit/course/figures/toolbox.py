"""Figures of three tools (lesson 01): the hull, the dual, splitting. Each returns (Figure, facts).

The example of two variables is   min |x|_2^2  s.t.  A x >= b,   the nearest point of a polygon.

    bound       g(lam) = lam'b - |A'lam|^2 / 4  <=  optimum,  for any lam >= 0
    value       of x, blown up just so far that A x >= b
    splitting   u <- max(A x - a, b);  x <- (A'A + 2/rho I)^-1 A'(u + a);  a <- a + u - A x
                and lam = max(rho a, 0)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from matplotlib.figure import Figure
from scipy.spatial import ConvexHull

from kit.arguments import number, whole
from kit.course.figures.style import (
    BOUND,
    DATA,
    ESTIMATE,
    MARK,
    NEUTRAL,
    SIGN_NEG,
    SIGN_POS,
    WARN,
    new_figure,
    tidy,
)
from kit.results import Array

REACH = 2.5
POINTS = np.random.default_rng(8).normal(0, 0.9, (40, 2))


def hull_of(points: int = 9, direction: float = 35.0) -> tuple[Figure, dict[str, object]]:
    """A finite set, its hull, and the lowest level of a linear function on both.

    points 3..40; direction c = (cos, sin) of an angle in degrees. Facts: min of c'x over the set
    and over the hull (as a linear program over its edges' normals), corners of the hull.
    """
    S = POINTS[: whole("points", points, least=3)]
    if len(S) < points:
        raise ValueError(f"points must be at most {len(POINTS)}, got {points}")
    turn = np.radians(number("direction", direction))
    c = np.array([np.cos(turn), np.sin(turn)])
    hull = ConvexHull(S)
    corners = S[hull.vertices]
    low = S[np.argmin(S @ c)]
    figure = new_figure(5.4, 4.6)
    ax = figure.subplots()
    ax.fill(*corners.T, color=DATA, alpha=0.35, lw=0, label="its hull")
    ax.plot(*np.vstack([corners, corners[:1]]).T, color=DATA)
    ax.plot(*S.T, "o", color=SIGN_POS, label="the set")
    along = 4 * np.array([-c[1], c[0]])
    ax.plot(*np.transpose([low - along, low + along]), **MARK[BOUND], label="c'x is lowest here")
    ax.annotate("", low + 0.6 * c, low, arrowprops={"arrowstyle": "->"})
    ax.plot(*low, **MARK[ESTIMATE])
    tidy(ax, "x₁", "x₂", "a set and its convex hull")
    ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
    ax.legend(fontsize=8, loc="upper left", framealpha=0.9)
    figure.subplots_adjust(left=0.11, right=0.98, bottom=0.12, top=0.92)
    return figure, {
        "lowest on the set": float((S @ c).min()),
        "lowest on the hull": float((corners @ c).min()),
        "corners": len(corners),
        "points": len(S),
    }


def plane_program(angle: float = 100.0) -> tuple[Array, Array]:
    """A (2, 2) and b (2,) of the example: a fixed half-plane, and one with a normal to turn."""
    turn = np.radians(number("angle", angle))
    return np.array([[1.0, 0.3], [np.cos(turn), np.sin(turn)]]), np.array([1.0, 0.8])


@dataclass(frozen=True, eq=False)
class Step:
    """One iterate of the splitting method, and what it proves: lower <= optimum <= upper."""

    x: Array
    lam: Array
    lower: float
    upper: float


def split(A: Array, b: Array, rho: float = 1.0) -> Iterator[Step]:
    """The splitting method of the module docstring, for ever; every iterate with its two bounds."""
    inverse = np.linalg.inv(A.T @ A + 2 / rho * np.eye(A.shape[1]))
    x, a = np.zeros(A.shape[1]), np.zeros(b.size)
    while True:
        u = np.maximum(A @ x - a, b)
        x = inverse @ (A.T @ (u + a))
        a = a + u - A @ x
        lam = np.maximum(rho * a, 0)
        yield Step(x, lam, bound(A, b, lam), value(A, b, x))


def bound(A: Array, b: Array, lam: Array) -> float:
    """g(lam) = lam'b - |A'lam|^2 / 4, below the optimum for every lam >= 0."""
    pull = A.T @ lam
    return float(lam @ b - pull @ pull / 4)


def value(A: Array, b: Array, x: Array) -> float:
    """|r x|^2 with the least r >= 0 for which A (r x) >= b; inf if there is none. Needs b > 0."""
    reach = A @ x
    return float(np.max(b / reach) ** 2 * (x @ x)) if np.all(reach > 0) else np.inf


def closing(
    steps: int = 6, rho: float = 1.0, angle: float = 100.0
) -> tuple[Figure, dict[str, object]]:
    """Left: the polygon and the iterates. Right: what each iterate proves, from both sides.

    steps 1..60; rho > 0; angle of the second half-plane's normal in degrees. Facts: the best lower
    and upper bound so far, and (upper - lower) / upper.
    """
    if whole("steps", steps, least=1) > 60:
        raise ValueError(f"steps must be at most 60, got {steps}")
    A, b = plane_program(angle)
    path = list(islice(split(A, b, number("rho", rho, least=0, above=True)), steps))
    lower, upper = (np.array([getattr(step, name) for step in path]) for name in ("lower", "upper"))
    low, high = float(lower.max()), float(upper.min())
    figure = new_figure(9.2, 4.4)
    left, right = figure.subplots(1, 2)
    axis = np.linspace(-REACH, REACH, 201)
    x = np.stack(np.meshgrid(axis, axis), axis=-1)
    inside = np.min(x @ A.T - b, axis=-1)
    left.contourf(axis, axis, inside, levels=[0, np.inf], colors=[DATA], alpha=0.35)
    around = np.linspace(0, 2 * np.pi, 200)
    ends = ((low, BOUND, "-", "proved: nothing inside"), (high, ESTIMATE, "--", "reached"))
    for square, colour, dash, label in ends:
        if np.isfinite(square) and square > 0:
            disc = np.sqrt(square) * np.array([np.cos(around), np.sin(around)])
            left.plot(*disc, color=colour, linestyle=dash, label=label)
    left.plot(*np.transpose([step.x for step in path]), "o-", color=WARN, ms=4, label="iterates")
    tidy(left, "x₁", "x₂", "the nearest point of a polygon")
    left.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
    left.legend(fontsize=8, loc="lower left", framealpha=0.9)
    k = np.arange(1, steps + 1)
    best_low, best_high = np.maximum.accumulate(lower), np.minimum.accumulate(upper)
    right.step(k, best_high, where="post", color=ESTIMATE, ls="--", label="best value so far")
    right.step(k, best_low, where="post", color=BOUND, label="best bound so far")
    right.plot(k, upper, "o", color=ESTIMATE, ms=4)
    right.plot(k, lower, "s", color=BOUND, ms=4)
    known = np.isfinite(best_high)
    right.fill_between(
        k[known], best_low[known], best_high[known], step="post", color=NEUTRAL, alpha=0.25
    )
    tidy(right, "iteration", "optimal value is between", "a bound and a value close in")
    right.set_ylim(-0.2, 2.4 * max(high if np.isfinite(high) else low, 0.5))
    right.legend(fontsize=8, loc="upper right")
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.13, top=0.91, wspace=0.22)
    gap = (high - low) / high if np.isfinite(high) else np.inf
    return figure, {"optimum at least": low, "optimum at most": high, "gap": gap}


def bounds_over_weights(angle: float = 100.0) -> tuple[Figure, dict[str, object]]:
    """The bound g(lam) over the plane of weights, the optimum as its highest level.

    Facts: the highest bound on a grid of spacing 0.02, the weights there.
    """
    A, b = plane_program(angle)
    axis = np.arange(0, 3.01, 0.02)
    one, two = np.meshgrid(axis, axis)
    lam = np.stack([one, two], axis=-1)
    values = lam @ b - np.sum((lam @ A) ** 2, axis=-1) / 4
    best = np.unravel_index(np.argmax(values), values.shape)
    figure = new_figure(5.6, 4.4)
    ax = figure.subplots()
    lines = ax.contour(axis, axis, values, levels=np.arange(-1, 2, 0.1), cmap="cividis")
    ax.clabel(lines, fontsize=7)
    ax.plot(one[best], two[best], **MARK[ESTIMATE], label="highest bound")
    ax.plot(1.0, 0.5, "s", color=SIGN_NEG, label="weights (1, 0.5)")
    tidy(ax, "weight λ₁", "weight λ₂", "every pair of weights proves a bound")
    ax.legend(fontsize=8, loc="lower right", framealpha=0.9)
    figure.subplots_adjust(left=0.11, right=0.98, bottom=0.12, top=0.92)
    return figure, {
        "highest bound": float(values[best]),
        "weights": (float(one[best]), float(two[best])),
        "bound of (1, 0.5)": bound(A, b, np.array([1.0, 0.5])),
    }
