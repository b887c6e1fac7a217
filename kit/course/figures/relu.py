"""Figures of one ReLU neuron in the plane (lesson 20). Each returns (Figure, facts).

N = 2 inputs, so that a sample is a point x of the plane and a weight vector u is one too. The sets:

    true      {u : |(u'X)_+ - y|_2 <= epsilon}
    convex    {u : |(u'X - y)_Omega|_2 <= epsilon,  (u'X)_C <= V_C},    Omega = {y > 0}
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kit import nettrim
from kit.arguments import number, whole
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

REACH = 2.2  # half the width of the weight plane that is drawn
SAMPLES = np.random.default_rng(3).standard_normal((2, 40))
STEPS = np.random.default_rng(4).standard_normal((2, 40))  # how a pruned layer before moves them
SIZE = 1.5  # |w|_2 of the trained weights


def bent_line(y: float = 0.6, epsilon: float = 0.3) -> tuple[Figure, dict[str, object]]:
    """One sample: the ReLU of z = u'x, the z with |z_+ - y| <= epsilon, and those Net-Trim allows.

    y >= 0, the trained answer; epsilon >= 0. Facts: the two intervals of z (lower end may be -inf).
    """
    y, epsilon = number("y", y, least=0), number("epsilon", epsilon, least=0)
    true = (y - epsilon if y > epsilon else -np.inf, y + epsilon)
    kept = (y - epsilon, y + epsilon) if y > 0 else (-np.inf, 0.0)
    figure = new_figure(6.4, 3.6)
    ax = figure.subplots()
    z = np.array([-2.0, 0.0, 2.0])
    ax.plot(z, np.maximum(z, 0), **MARK[SIGN_POS], label="answer of the neuron")
    ax.axhspan(y - epsilon, y + epsilon, color=NEUTRAL, alpha=0.2, lw=0, label="within ε of y")
    for (low, high), colour, height, label in (
        (true, WARN, -0.35, "true: the answer is within ε of y"),
        (kept, DATA, -0.6, "Net-Trim: and on y's piece"),
    ):
        ax.plot(
            [max(low, -2), high],
            [height] * 2,
            color=colour,
            lw=5,
            solid_capstyle="butt",
            label=label,
        )
    tidy(ax, "z = u'x", "max(z, 0)", f"one sample with y = {y:g}, ε = {epsilon:g}")
    ax.set(xlim=(-2, 2), ylim=(-0.8, 2))
    ax.legend(fontsize=8, loc="upper left", framealpha=0.9)
    figure.subplots_adjust(left=0.1, right=0.98, bottom=0.15, top=0.9)
    return figure, {"true": true, "Net-Trim": kept}


def plane_neuron(samples: int = 12, angle: float = 15.0) -> tuple[Array, Array, Array]:
    """The neuron of the figures: X (2, samples), w (2,) of length 1.5, y = (w'X)_+."""
    X = SAMPLES[:, : whole("samples", samples, least=1)]
    if X.shape[1] < samples:
        raise ValueError(f"samples must be at most {SAMPLES.shape[1]}, got {samples}")
    turn = np.radians(number("angle", angle))
    w = SIZE * np.array([np.cos(turn), np.sin(turn)])
    return X, w, np.maximum(w @ X, 0)


def neuron(
    samples: int = 12, angle: float = 15.0, epsilon: float = 0.3, true_set: bool = True
) -> tuple[Figure, dict[str, object]]:
    """Left: the samples, active or silent. Right: the weights allowed, the l1 ball, the answer.

    samples 1..40; angle of the trained w in degrees; epsilon relative to |y|, >= 0; true_set: draw
    what the convex set leaves out. Facts: how many active, |w|_1, |u|_1 and its lower bound, the
    error |(u'X)_+ - y| / |y|, zeros of u. Solves one small program. ValueError if no sample is
    active: then u = 0 and there is nothing to draw.
    """
    X, w, y = plane_neuron(samples, angle)
    if not y.any():
        raise ValueError("no sample is active for this w: y = 0, and u = 0 answers that exactly")
    radius = number("epsilon", epsilon, least=0) * np.linalg.norm(y)
    problem = nettrim.NetTrim(X, y[None], radius)
    u, proof = _smallest(problem)
    figure = new_figure(9.2, 4.5)
    left, right = figure.subplots(1, 2)
    _samples(left, X, y > 0, w, u)
    loose = true_answers(X, y, radius)
    _region(right, allowed(X, y, radius, np.zeros_like(y)), loose if true_set else None, w)
    _ball(right, u)
    _legend(right, true_set)
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.13, top=0.9, wspace=0.2)
    return figure, {
        "active samples": f"{int((y > 0).sum())} of {samples}",
        "|w|_1": round(float(np.abs(w).sum()), 4),
        "|u|_1": round(proof.upper, 4),
        "no smaller than": round(proof.lower, 4),
        "error / |y|": round(
            float(np.linalg.norm(np.maximum(u @ X, 0) - y) / np.linalg.norm(y)), 4
        ),
        "u": tuple(round(float(v), 4) + 0.0 for v in u),
        "zeros": int(np.sum(u == 0)),
    }


def moved(
    shift: float = 0.4, gamma: float = 1.1, positive: bool = False
) -> tuple[Figure, dict[str, object]]:
    """The cascade: the input is no longer X but X^ = X + shift E. Left: V = 0; right: V = w'X^.

    shift >= 0; gamma >= 1; positive: on the right V = (w'X^)_+ instead. All three sets have the
    same epsilon^2 = gamma |(w'X^ - y)_Omega|^2; the plane is
    shown near w. Facts: whether w is in the left set, whether that
    is proved to be empty, whether w is in the right set, |u|_1 and |w|_1 (right), the error
    |(u'X^)_+ - y| beside its bound sqrt(gamma) |w'(X^ - X)|. 12 samples, w at 15 degrees.
    """
    shift, gamma = number("shift", shift, least=0), number("gamma", gamma, least=1)
    X, w, y = plane_neuron()
    Omega, Xhat = y > 0, X + shift * STEPS[:, : y.size]
    radius = float(np.sqrt(gamma) * np.linalg.norm((w @ Xhat - y)[Omega]))
    V = np.maximum(w @ Xhat, 0) if positive else w @ Xhat
    naive = nettrim.NetTrim(Xhat, y[None], radius, 0.0, Omega[None])
    cascade = nettrim.NetTrim(Xhat, y[None], radius, V[None], Omega[None])
    empty = nettrim.solve(naive, "exact").report.run.status is Status.INFEASIBLE
    u, proof = _smallest(cascade)
    figure = new_figure(9.2, 4.5)
    left, right = figure.subplots(1, 2)
    near = grid(w, 0.25 + 0.5 * shift * np.sqrt(gamma))
    for ax, limit, title in (
        (left, 0 * V, "V = 0"),
        (right, V, "V = (w'X^)₊" if positive else "V = w'X^"),
    ):
        _region(ax, allowed(Xhat, y, radius, limit, near), None, w, near)
        ax.set_title(f"weights allowed with {title}", loc="left", fontsize=10)
    _ball(right, u)
    if empty:
        left.text(0.5, 0.05, "no feasible point", transform=left.transAxes, ha="center")
    _legend(right, False)
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.13, top=0.9, wspace=0.2)
    error = float(np.linalg.norm(np.maximum(u @ Xhat, 0) - y))
    bound = float(np.sqrt(gamma) * np.linalg.norm(w @ (Xhat - X)))
    return figure, {
        "w allowed with V = 0": _holds(naive, w),
        "V = 0: proved empty": empty,
        "w allowed on the right": _holds(cascade, w),
        "|w|_1": round(float(np.abs(w).sum()), 4),
        "|u|_1": round(proof.upper, 4),
        "error": round(error, 4),
        "promised": round(bound, 4),
    }


def true_answers(X: Array, y: Array, radius: float) -> Array:
    """Slack of the true set on the grid: >= 0 where |(u'X)_+ - y| <= radius, (n, n)."""
    answers = np.maximum(grid() @ X, 0)
    return radius - np.sqrt(np.sum((answers - y) ** 2, axis=-1))


def allowed(X: Array, y: Array, radius: float, V: Array, points: Array | None = None) -> Array:
    """The same for the convex set: the least of radius - |(u'X - y)_Omega| and (V - u'X)_C."""
    Omega, answers = y > 0, (grid() if points is None else points) @ X
    inside = radius - np.sqrt(np.sum((answers - y)[..., Omega] ** 2, axis=-1))
    return np.minimum(inside, np.min((V - answers)[..., ~Omega], axis=-1, initial=np.inf))


def grid(centre: Array | tuple = (0.0, 0.0), reach: float = REACH) -> Array:
    """The points of the weight plane at which the sets are drawn, (n, n, 2)."""
    axis = np.linspace(-reach, reach, 177)
    return np.stack(np.meshgrid(axis, axis), axis=-1) + np.asarray(centre)


def _smallest(problem: nettrim.NetTrim) -> tuple[Array, object]:
    answer = nettrim.solve(problem, "exact")
    if answer.report.run.status is not Status.SOLVED:
        raise ValueError(f"these settings could not be solved: {answer.report.run.status}")
    return answer.W[:, 0], answer.report.certificate


def _holds(problem: nettrim.NetTrim, w: Array) -> bool:
    return nettrim.certify(problem, w[:, None], None, 1e-9).violation <= 1e-9


def _samples(ax: Axes, X: Array, active: Array, w: Array, u: Array) -> None:
    ax.plot(*X[:, active], "o", color=SIGN_POS, label="active: y > 0")
    ax.plot(*X[:, ~active], "s", color=SIGN_NEG, mfc="none", label="silent: y = 0")
    for vector, colour, dash, label in ((w, TRUTH, "-", "w'x = 0"), (u, ESTIMATE, "--", "u'x = 0")):
        if np.any(vector):
            along = 4 * np.array([-vector[1], vector[0]]) / np.linalg.norm(vector)
            ax.plot(*np.transpose([-along, along]), color=colour, linestyle=dash, label=label)
    _cross(ax, 3.5)  # all of SAMPLES are inside
    tidy(ax, "x₁", "x₂", "samples, and where the neuron switches")
    ax.legend(fontsize=8, loc="lower left", framealpha=0.9)


def _region(
    ax: Axes, convex: Array, true: Array | None, w: Array, points: Array | None = None
) -> None:
    u = grid() if points is None else points
    if true is not None:
        ax.contourf(u[..., 0], u[..., 1], true, levels=[0, np.inf], colors=[WARN], alpha=0.35)
    ax.contourf(u[..., 0], u[..., 1], convex, levels=[0, np.inf], colors=[DATA], alpha=0.6)
    if (convex >= 0).any() and (convex < 0).any():
        ax.contour(u[..., 0], u[..., 1], convex, levels=[0], colors=[SIGN_POS], linewidths=1)
    ax.plot(*w, **({**MARK[TRUTH], "markersize": 11} if points is not None else MARK[TRUTH]))
    _cross(ax, REACH)
    ax.set(xlim=u[0, [0, -1], 0], ylim=u[[0, -1], 0, 1])
    tidy(ax, "u₁", "u₂", "weights allowed")


def _ball(ax: Axes, u: Array) -> None:
    radius = np.abs(u).sum()
    ax.plot(*(radius * np.array([[1, 0, -1, 0, 1], [0, 1, 0, -1, 0]])), **MARK[BOUND])
    ax.plot(*u, **MARK[ESTIMATE])


def _cross(ax: Axes, reach: float) -> None:
    ax.axhline(0, color=NEUTRAL, lw=0.6)
    ax.axvline(0, color=NEUTRAL, lw=0.6)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")


def _legend(ax: Axes, true_set: bool) -> None:
    star = {**MARK[TRUTH], "markersize": 11}
    handles = [
        Line2D([], [], **star, label="w, trained"),
        Line2D([], [], **MARK[ESTIMATE], label="u, the answer"),
        Line2D([], [], **MARK[BOUND], label="l1 ball that touches"),
        Patch(color=DATA, alpha=0.6, label="convex set"),
    ]
    handles += [Patch(color=WARN, alpha=0.35, label="true set, given up")] if true_set else []
    ax.legend(handles=handles, fontsize=8, loc="lower left", framealpha=0.9)
