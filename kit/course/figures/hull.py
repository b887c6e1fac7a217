"""Figures of the hulls of hyperbola branches (lessons 00 and 11). Each returns (Figure, facts)."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import linprog, nnls

from kit import branchhull
from kit.arguments import choice, number, whole
from kit.branchhull import hull
from kit.course.figures.style import (
    BOUND,
    DATA,
    ESTIMATE,
    MARK,
    NEUTRAL,
    SIGN_NEG,
    SIGN_POS,
    TRUTH,
    WARN,
    new_figure,
    tidy,
)
from kit.results import Array, Status

REACH = 4.0  # half the width of the (w, x) plane that is drawn


def branches(y: float = 1.0, sign: int = 1) -> tuple[Figure, dict[str, object]]:
    """Left: all (w, x) with w x = y, and a chord that leaves it. Right: the hull of one branch.

    y != 0, the measurement; sign in {-1, 1}, the known sign of w. Facts: the vertex of the branch,
    the product w x at the middle of a chord between the branches and of a chord inside the hull.
    """
    y, sign = _measurement(y, sign)
    s = np.sign(y)
    w = np.geomspace(abs(y) / REACH, REACH, 200) if abs(y) < REACH**2 else np.array([REACH])
    ends = np.array([[0.5, 2.0], [2.0, 0.5]]) * np.sqrt(abs(y))
    figure = new_figure(8.4, 4.2)
    left, right = figure.subplots(1, 2)
    for t, colour in ((1, SIGN_POS), (-1, SIGN_NEG)):
        left.plot(t * w, t * y / w, **MARK[colour], label=f"branch w {'>' if t > 0 else '<'} 0")
    vertex = np.sqrt(abs(y)) * np.array([1, s])
    left.plot(*np.transpose([vertex, -vertex]), **MARK[NEUTRAL])
    left.plot(0, 0, **MARK[WARN], label="midpoint: not in the set")
    colour = SIGN_POS if sign > 0 else SIGN_NEG
    right.fill_between(
        sign * w, sign * y / w, sign * s * 2 * REACH, color=DATA, alpha=0.35, lw=0, label="its hull"
    )
    right.plot(sign * w, sign * y / w, **MARK[colour], label="the known branch")
    chord = sign * ends * np.array([[1], [s]])
    right.plot(*chord, **MARK[NEUTRAL])
    middle = chord.mean(axis=1)
    right.plot(*middle, **MARK[ESTIMATE], label="midpoint: in the hull")
    for ax, title in ((left, "w x = y: two branches"), (right, "one branch and its hull")):
        _plane(ax, title, legend=_empty_corner(y))
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.14, top=0.9, wspace=0.22)
    facts = {
        "y": y,
        "sign": sign,
        "vertex": tuple(float(v) + 0.0 for v in sign * vertex),
        "product between the branches": 0.0,
        "product inside the hull": float(middle.prod()),
    }
    return figure, facts


def projection(p: float = -1.0, q: float = 1.5, d: float = 1.0) -> tuple[Figure, dict[str, object]]:
    """A point (p, q), the hull p q >= d and the nearest point of it, with the circle that touches.

    Facts: the nearest point, the distance, and the angle (degrees) between the step and the
    tangent of the branch there, 90 when the point was outside.
    """
    p, q, d = number("p", p), number("q", q), number("d", d, least=0, above=True)
    nearest = np.array(hull.project(p, q, d)).ravel()
    step = nearest - [p, q]
    distance = float(np.linalg.norm(step))
    tangent = np.array([1.0, -d / nearest[0] ** 2])
    cosine = abs(step @ tangent) / max(distance * np.linalg.norm(tangent), 1e-300)
    figure = new_figure(5.2, 4.6)
    ax = figure.subplots()
    grid = np.geomspace(d / (2 * REACH), 2 * REACH, 300)
    ax.fill_between(grid, d / grid, 2 * REACH, color=DATA, alpha=0.35, lw=0, label="p q ≥ d")
    ax.plot(grid, d / grid, **MARK[SIGN_POS])
    ax.plot(*(_circle(distance) + np.array([[p], [q]])), **MARK[NEUTRAL])
    ax.plot(*np.transpose([(p, q), nearest]), **MARK[BOUND])
    ax.plot(p, q, **MARK[WARN], label="the point")
    ax.plot(*nearest, **MARK[ESTIMATE], label="its projection")
    _plane(ax, "the nearest point of the hull", "p", "q", "lower left")
    figure.subplots_adjust(left=0.11, right=0.98, bottom=0.12, top=0.92)
    facts = {
        "nearest": tuple(float(v) for v in nearest),
        "distance": distance,
        "angle": float(np.degrees(np.arccos(min(cosine, 1.0)))) if distance > 0 else None,
    }
    return figure, facts


def scaling(d: float = 1.0, c: float = 2.0) -> tuple[Figure, dict[str, object]]:
    """K = N = 1: all (c, d / c) fit the product equally well, and the smallest circle picks one.

    d > 0, c > 0. Facts: the value h^2 + m^2 at c and at the balanced point h = m = sqrt(d).
    """
    d, c = (
        number("d", d, least=0, above=True),
        number("c", c, least=0, above=True),
    )
    radius = np.sqrt(2 * d)
    figure = new_figure(5.2, 4.6)
    ax = figure.subplots()
    grid = np.geomspace(d / (2 * REACH), 2 * REACH, 300)
    ax.fill_between(grid, d / grid, 2 * REACH, color=DATA, alpha=0.35, lw=0, label="h m ≥ d")
    ax.plot(grid, d / grid, **MARK[SIGN_POS])
    ax.plot(*_circle(radius), **MARK[BOUND], label="smallest circle")
    ax.plot(c, d / c, **MARK[WARN], label="(c, d / c): same product")
    ax.plot(*[np.sqrt(d)] * 2, **MARK[ESTIMATE], label="balanced: h = m")
    _plane(ax, "scaling: every point of the branch fits", "h", "m", "lower left")
    figure.subplots_adjust(left=0.11, right=0.98, bottom=0.12, top=0.92)
    value = c**2 + (d / c) ** 2
    facts = {"value at c": value, "smallest value": 2 * d, "balanced": float(np.sqrt(d))}
    return figure, facts


# The instance of the explorer: K = 1, N = 2, so that z = h m is a point of the plane.
PLANE_b = np.array([1.0, 0.8, 1.3, 0.7, 1.1, 0.9, 1.2, 0.6])
PLANE_angles = np.radians([20.0, 95.0, -35.0, 60.0, 130.0, 5.0, 160.0, -70.0])
PLANE_C = (
    np.c_[np.cos(PLANE_angles), np.sin(PLANE_angles)]
    * np.array([1.0, 0.9, 1.2, 1.1, 0.8, 1.3, 1.0, 0.7])[:, None]
)
PLANE_m = np.array([1.2, 0.9])
PLANE_h = 1.8 / (PLANE_C[0] @ PLANE_m)  # so that the first measurement is 1.8


def plane_instance(rows: int, y: float | None = None, sign: int = 1) -> branchhull.Bilinear:
    """The explorer's data: the first `rows` of 8 measurements of h in R, m in R^2.

    y and sign replace the first measurement and the sign of its w; None keeps the true y.
    """
    B, C = PLANE_b[:rows, None], PLANE_C[:rows]
    measured = B[:, 0] * PLANE_h * (C @ PLANE_m)
    signs = np.ones(rows)
    signs[0] = sign
    if y is not None:
        measured[0] = y
    return branchhull.Bilinear(B, C, measured, signs)


def geometry(
    rows: int = 3, y: float = 1.8, sign: int = 1, ball: str = "l2"
) -> tuple[Figure, dict[str, object]]:
    """Left: the first measurement in its (w, x) plane. Right: all of them in the plane z = h m.

    With K = 1 every constraint is a half-plane in z, and scaling disappears: |h|^2 + |m|^2 is at
    least 2 |z|_2 (ball "l2"), |h|_1 + |m|_1 at least 2 sqrt(|z|_1) (ball "l1"). So the program asks
    for the point of the polygon that a growing ball touches first. The dual puts weights >= 0
    on the normals of the lines that touch; for l2 they add up to z (arrows), for l1 to a vector in
    the square |v|_inf <= 1. Solves the program: l2 by branchhull.solve, l1 as a linear program.
    rows in 1..8; y != 0 and sign in {-1, 1} belong to the first row.
    """
    y, sign = _measurement(y, sign)
    if whole("rows", rows, least=1) > PLANE_b.size:
        raise ValueError(f"rows must be between 1 and {PLANE_b.size}, got {rows}")
    choice("ball", ball, ("l2", "l1"))
    data = plane_instance(rows, y, sign)
    normals, d = np.sign(data.y)[:, None] * data.B * data.C, np.abs(data.y)
    ray = branchhull.infeasible_ray(branchhull.BranchHull(data))
    figure = new_figure(9.2, 4.5)
    left, right = figure.subplots(1, 2)
    _draw_branch(left, y, sign)
    _draw_polygon(right, normals, d)
    z_true = PLANE_h * PLANE_m
    right.plot(*z_true, **MARK[TRUTH], label="truth")
    if ray is None:
        h, m, value, weights = (_smallest_l2 if ball == "l2" else _smallest_l1)(data, normals, d)
        z = h * m
        corners = _circle(np.linalg.norm(z)) if ball == "l2" else _diamond(np.abs(z).sum())
        right.plot(*corners, **MARK[BOUND], label=f"the {ball} ball that touches")
        right.plot(*z, **MARK[ESTIMATE], label="answer")
        left.plot(data.B[0] * h, data.C[0] @ m, **MARK[ESTIMATE], label="answer")
        end = z
        for step in weights[:, None] * normals if ball == "l2" else ():
            if np.linalg.norm(step) > 1e-6:
                right.annotate("", end, end - step, arrowprops={"arrowstyle": "->", "lw": 1.6})
                end = end - step
        facts: dict[str, object] = {
            "rows": rows,
            "value": round(value, 5),
            "distance from z to the truth": round(float(np.linalg.norm(z - z_true)), 5),
            "lines that touch": int(np.sum(normals @ z <= d * (1 + 1e-6))),
            "weights on their normals": tuple(round(float(v), 4) for v in weights),
            "weighted normals": tuple(round(float(v), 4) + 0.0 for v in weights @ normals),
            "z": tuple(round(float(v), 4) + 0.0 for v in z),
        }
    else:
        facts = {"rows": rows, "infeasible": ray[1]}
        right.text(0.5, 0.03, "no feasible point", transform=right.transAxes, ha="center")
    _plane(right, "all measurements in z = h m", "z₁", "z₂", legend="lower left")
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.13, top=0.9, wspace=0.2)
    return figure, facts


def _smallest_l2(
    data: branchhull.Bilinear, normals: Array, d: Array
) -> tuple[float, Array, float, Array]:
    """h, m, the value, and weights >= 0 on the touching normals that add up to z = h m."""
    answer = branchhull.solve(branchhull.BranchHull(data))
    if answer.report.run.status is not Status.SOLVED:
        raise ValueError(f"these settings could not be solved: {answer.report.run.status}")
    h, z = answer.h[0], answer.h[0] * answer.m
    touching = normals @ z <= d * (1 + 1e-6)
    weights = np.zeros(d.size)
    weights[touching] = nnls(normals[touching].T, z)[0]
    return h, answer.m, answer.report.certificate.upper, weights


def _smallest_l1(
    data: branchhull.Bilinear, normals: Array, d: Array
) -> tuple[float, Array, float, Array]:
    """The same for min |z|_1 s.t. normals z >= d, a linear program in the positive parts of z."""
    answer = linprog(np.ones(4), A_ub=np.c_[-normals, normals], b_ub=-d, method="highs")
    z = answer.x[:2] - answer.x[2:]
    h = data.signs[0] * np.sqrt(np.abs(z).sum())
    return h, z / h, float(2 * abs(h)), -answer.ineqlin.marginals


def _draw_branch(ax: Axes, y: float, sign: int) -> None:
    w = np.geomspace(0.05, 2 * REACH, 300)
    edge = sign * np.sign(y) * 2 * REACH
    ax.plot(-sign * w, -y * sign / w, **MARK[NEUTRAL], label="the other branch")
    ax.plot(sign * w, y * sign / w, **MARK[SIGN_POS if sign > 0 else SIGN_NEG], label="the branch")
    ax.fill_between(sign * w, y * sign / w, edge, color=DATA, alpha=0.35, lw=0, label="its hull")
    _plane(ax, "measurement 0: its hull in (w, x)", "w = b h", "x = c'm", _empty_corner(y))


def _diamond(radius: float) -> Array:
    return radius * np.array([[1, 0, -1, 0, 1], [0, 1, 0, -1, 0]])


def _draw_polygon(ax: Axes, normals: Array, d: Array) -> None:
    grid = np.linspace(-REACH, REACH, 241)
    z1, z2 = np.meshgrid(grid, grid)
    slack = np.min(np.tensordot(normals, np.stack([z1, z2]), axes=1) - d[:, None, None], axis=0)
    ax.contourf(z1, z2, slack, levels=[0, np.inf], colors=[DATA], alpha=0.35)
    for k, (normal, level) in enumerate(zip(normals, d, strict=True)):
        foot = level * normal / (normal @ normal)
        along = np.array([-normal[1], normal[0]]) * 3 * REACH
        style = MARK[SIGN_POS if k == 0 else DATA]
        ax.plot(*np.transpose([foot - along, foot + along]), **style, linewidth=1)


def _measurement(y: float, sign: int) -> tuple[float, int]:
    y = number("y", y)
    if y == 0:
        raise ValueError("y must not be 0 here: then w x = 0 has no branches, only the two axes")
    return y, int(choice("sign", sign, (-1, 1)))


def _circle(radius: float) -> Array:
    around = np.linspace(0, 2 * np.pi, 200)
    return radius * np.array([np.cos(around), np.sin(around)])


def _empty_corner(y: float) -> str:
    """The branches of w x = y leave two quadrants free."""
    return "upper left" if y > 0 else "upper right"


def _plane(
    ax: Axes, title: str, xlabel: str = "w", ylabel: str = "x", legend: str = "best"
) -> None:
    tidy(ax, xlabel, ylabel, title)
    ax.axhline(0, color=NEUTRAL, lw=0.6)
    ax.axvline(0, color=NEUTRAL, lw=0.6)
    ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
    ax.legend(loc=legend, fontsize=8, framealpha=0.9, handlelength=1.6)
