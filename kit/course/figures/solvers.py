"""Figures of the solvers of BranchHull (lesson 13). Each returns (Figure, facts)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kit import branchhull
from kit.arguments import choice, number
from kit.branchhull import BranchHull, hull
from kit.branchhull.guess.dense import guess
from kit.branchhull.interior.l2 import interior_point
from kit.branchhull.methods.admm import admm
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

L, K, N = 160, 20, 20
NOISES = (0.0, 0.01, 0.05, 0.2)
RUNNERS = {
    "admm, rho = 2": lambda problem: admm(problem, rho=2.0),
    "admm, rho = 20": lambda problem: admm(problem, rho=20.0),
    "interior": interior_point,
    "guess": guess,
}
KEPT = (*range(1, 9), 10, 12, 15, 20, 25, 30, 40, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
DONE = 1e-12  # an interior point run ends here: rounding would follow
TOUCHES = 1e-4  # p q above d by no more than this share of d
DECADES = (1e-12, 1e-8, 1e-4, 1.0, 1e4)
VIEW = 4.5  # of p / sqrt d and q / sqrt d; what lies farther out is drawn on the frame


@cache
def bed(noise: float = 0.0) -> BranchHull:
    """The lesson's instance: K = N = 20, L = 160, Gaussian, seed 0."""
    return BranchHull(branchhull.gaussian(np.random.default_rng(0), L, K, N, noise=noise)[0])


@cache
def optimum(noise: float) -> float:
    """The optimal value of `bed`, to twelve digits."""
    return branchhull.solve(bed(noise), "interior", tol=DONE).report.certificate.upper


@dataclass(frozen=True, eq=False)
class Path:
    """A run at the kept iterations: each array has one entry, or one row, for each of them."""

    k: Array  # iteration, from 1
    p: Array  # (.., L)
    q: Array  # (.., L)
    gap: Array  # certified; inf where nothing is proved
    excess: Array  # of the repaired point's value over the optimum, relative; inf if none


@cache
def path(method: str, noise: float) -> Path:
    """Run a method of RUNNERS on `bed(noise)`, once; later calls find it."""
    problem = bed(noise)
    Bt, Ct, _ = branchhull.canonical(problem.data)
    rows = []
    with np.errstate(all="ignore"):
        for k, state in enumerate(islice(RUNNERS[method](problem), KEPT[-1]), 1):
            if k not in KEPT:
                continue
            proof = branchhull.certify(problem, state.h, state.m, state.dual)
            excess = proof.upper / optimum(noise) - 1
            rows.append((k, Bt @ state.h, Ct @ state.m, proof.gap, excess))
            if method == "interior" and proof.gap < DONE:
                break
    return Path(*map(np.array, zip(*rows, strict=True)))


def newton(p: float, q: float, d: float) -> Iterator[tuple[float, float, float, float]]:
    """Yield (t, phi - log d, u, v): Newton's steps for the equation of kit.branchhull.hull.

    Without the bracket that guards it there; ends when a step is rounding.
    """
    low = max(p, q, 0.0) / np.sqrt(2)
    t = np.log(np.sqrt(2 * d + (p - q) ** 2 / 2) - low)  # x is no larger than this
    for _ in range(50):
        x, A, B = _unknowns(p, q, t)
        far = np.log(2 * x * x * A * B / (A + B) ** 2) - np.log(d)
        yield t, far, np.sqrt(2) * x * B / (A + B), np.sqrt(2) * x * A / (A + B)
        step = far / (np.exp(t) * (2 / x + 2 * (A - B) ** 2 / (A * B * (A + B))))
        if abs(step) < 1e-14 * (1 + abs(t)):
            return
        t -= step


def _unknowns(p: float, q: float, t: Array | float) -> tuple[Array, Array, Array]:
    """x, A, B at t = log(x - low), without loss of digits where one of A, B is small."""
    low, e, root2 = max(p, q, 0.0) / np.sqrt(2), np.exp(t), np.sqrt(2)
    return low + e, (2 * low - root2 * p) + 2 * e, (2 * low - root2 * q) + 2 * e


def equation(p: float = -2.5, q: float = 1.5, d: float = 1.0) -> tuple[Figure, dict[str, object]]:
    """Left: a point and where Newton's steps put its projection. Right: the equation in t.

    (p, q) outside p q >= d > 0. Facts: Newton steps to rounding and to 6 digits, the projection,
    how far it is from hull.project.
    """
    p, q, d = number("p", p), number("q", q), number("d", d, least=0, above=True)
    if hull.violation(p, q, d) == 0:
        raise ValueError("the point must be outside the hull here: inside, nothing moves")
    t, far, u, v = np.array(list(newton(p, q, d))).T
    figure = new_figure(8.4, 3.9)
    left, right = figure.subplots(1, 2)
    edge = np.geomspace(d / 6, 6, 200)
    left.fill_between(edge, d / edge, 6, color=DATA, alpha=0.35, lw=0, label="p q ≥ d")
    left.plot(edge, d / edge, **MARK[SIGN_POS])
    left.plot([p, u[-1]], [q, v[-1]], **MARK[NEUTRAL])
    left.plot(p, q, **MARK[WARN], label="the point")
    left.plot(u[:-1], v[:-1], color=BOUND, marker=".", linestyle=":", label="Newton's steps")
    left.plot(u[-1], v[-1], **MARK[ESTIMATE], label="the projection")
    reach = max(4.0, 1.1 * u.max(), 1.1 * v.max())
    left.set(xlim=(min(p, 0) - 0.5, reach), ylim=(min(q, 0) - 0.5, reach), aspect="equal")
    left.legend(fontsize=8, loc="lower left", framealpha=0.9)
    tidy(left, "p", "q", "where the steps are")
    grid = np.linspace(t[-1] - 2.5, t[0] + 0.5, 200)
    x, A, B = _unknowns(p, q, grid)
    right.plot(grid, np.log(2 * x * x * A * B / (A + B) ** 2) - np.log(d), **MARK[SIGN_POS])
    right.axhline(0, color=NEUTRAL, lw=0.8)
    right.plot(t[:-1], far[:-1], color=BOUND, marker=".", linestyle=":", label="Newton's steps")
    right.plot(t[-1], far[-1], **MARK[ESTIMATE], label="the root")
    right.legend(fontsize=8, loc="upper left")
    tidy(right, "t = log(x - low)", "phi - log d", "one increasing equation")
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.14, top=0.91, wspace=0.25)
    told = np.array(hull.project(p, q, d)).ravel()
    facts = {
        "steps": t.size - 1,
        "steps to 6 digits": int(np.argmax(np.abs(far) < 1e-6)),
        "nearest": (float(u[-1]), float(v[-1])),
        "differs from hull.project by": float(np.abs([u[-1], v[-1]] - told).max()),
    }
    return figure, facts


LOOK = {  # one look for a method in all figures of the lesson
    "admm, rho = 2": {"color": SIGN_NEG, "linestyle": "--"},
    "admm, rho = 20": {"color": WARN, "linestyle": "-."},
    "interior": {"color": SIGN_POS, "linestyle": "-", "marker": "o", "markersize": 4},
    "guess": {"color": ESTIMATE, "linestyle": ":", "marker": "s", "markersize": 6},
    "Clarabel": {"color": BOUND, "linestyle": ":", "marker": "^", "markersize": 5},
}


@cache
def clarabel(noise: float) -> tuple[Array, Array]:
    """Iterations and the certified gap that Clarabel has after so many of them, asked for 1e-10."""
    reached = {}
    for limit in range(3, 30, 2):
        report = branchhull.solve(bed(noise), "cvxpy", tol=1e-10, max_iter=limit).report
        reached[report.run.iterations] = report.certificate.gap
        if report.run.iterations < limit:
            break
    return np.array(list(reached)), np.array(list(reached.values()))


def compare(noises: tuple[float, ...] = (0.0, 0.05)) -> tuple[Figure, dict[str, object]]:
    """The certified gap along the iterations, all methods, one panel for each noise.

    Facts: noise -> method -> {"last gap", "to 1e-2", "to 1e-6"}, the last two in iterations (None:
    not reached).
    """
    figure = new_figure(9.2, 3.9)
    facts: dict[str, object] = {}
    for ax, noise in zip(figure.subplots(1, len(noises), sharey=True), noises, strict=True):
        curves = {name: (path(name, noise).k, path(name, noise).gap) for name in RUNNERS}
        curves["Clarabel"] = clarabel(noise)
        facts[noise] = {}
        for name, (k, gap) in curves.items():
            known = np.isfinite(gap)
            ax.loglog(k[known], np.maximum(gap[known], 1e-13), **LOOK[name], label=name)
            facts[noise][name] = {
                "last gap": float(gap[-1]),
                **{f"to {tol:.0e}": _first(k, gap, tol) for tol in (1e-2, 1e-6)},
            }
        tidy(ax, "iteration", "certified relative gap", f"noise {noise:.0%}")
        ax.set(xlim=(1, 1300), ylim=(1e-14, 3))
        ax.label_outer()
    ax.legend(fontsize=8, loc="lower right", bbox_to_anchor=(1.0, 0.02))
    figure.subplots_adjust(left=0.08, right=0.98, bottom=0.14, top=0.91, wspace=0.06)
    return figure, facts


def _first(k: Array, gap: Array, tol: float) -> int | None:
    return int(k[np.argmax(gap <= tol)]) if (gap <= tol).any() else None


def a_digit(rate: float) -> int:
    """Iterations for one more digit at this factor a step, to two digits."""
    return int(float(f"{-1 / np.log10(rate):.2g}"))


def creeping(runs: dict[str, tuple[Array, float]]) -> tuple[Figure, dict[str, object]]:
    """|s_k - s_(k-1)| along ADMM runs, and a line with the slope that the Jacobian predicts.

    runs  label -> (steps (n,) of rates.steps_of_admm, rate of rates.local_rate), at most four.
    Facts: label -> predicted iterations for each further digit, to two digits.
    """
    figure = new_figure(6.6, 4.0)
    ax = figure.subplots()
    facts: dict[str, object] = {}
    looks = ((SIGN_POS, "-"), (SIGN_NEG, "-."), (WARN, "-"), (ESTIMATE, (0, (6, 1))))
    for (label, (steps, rate)), (colour, dash) in zip(runs.items(), looks, strict=False):
        k = np.arange(2, steps.size + 2)
        small = np.flatnonzero(steps < 1e-12)
        end = small[0] if small.size else steps.size - 1
        ax.semilogy(k[:end], steps[:end], color=colour, linestyle=dash, label=label)
        first = end // 2
        line = steps[end - 1] * rate ** (k[first:end] - k[end - 1])
        ax.semilogy(k[first:end], 3 * line, color=BOUND, linestyle="--", lw=1)
        facts[label] = a_digit(rate)
    ax.plot([], [], color=BOUND, linestyle="--", lw=1, label="predicted slopes")
    tidy(ax, "iteration k", "length of step k", "measured steps, predicted slopes")
    ax.legend(fontsize=8, loc="upper right")
    figure.subplots_adjust(left=0.12, right=0.97, bottom=0.13, top=0.92)
    return figure, facts


def iterates(
    method: str = "admm, rho = 2", noise: float = 0.0, iteration: int = 10
) -> tuple[Figure, dict[str, object]]:
    """Left: all rows (p, q) / sqrt d of one iterate, against u v = 1. Right: what is proved so far.

    method in RUNNERS, noise in NOISES, iteration in KEPT; after a method's last iteration, that
    one. Facts: how many rows are below the branch, touch it, are above; the proved gap.
    """
    choice("method", method, RUNNERS)
    choice("noise", noise, NOISES)
    choice("iteration", iteration, KEPT)
    run = path(method, noise)
    at = int(np.flatnonzero(run.k <= iteration)[-1])
    d = np.abs(bed(noise).data.y)
    u, v = run.p[at] / np.sqrt(d), run.q[at] / np.sqrt(d)
    below = (np.minimum(u, v) <= 0) | (u * v < 1 - TOUCHES)
    touch = ~below & (u * v <= 1 + TOUCHES)
    figure = new_figure(9.2, 4.3)
    left, right = figure.subplots(1, 2)
    _rows(left, u, v, below, touch)
    for name in RUNNERS:
        other = path(name, noise)
        known = np.isfinite(other.gap)
        right.loglog(
            other.k[known], np.maximum(other.gap[known], 1e-13), color=NEUTRAL, lw=0.8, alpha=0.6
        )
    for values, look, label in (
        (run.gap, LOOK[method], "proved gap"),
        (run.excess, {"color": BOUND, "linestyle": ":"}, "true excess of the repaired point"),
    ):
        known = np.isfinite(values)
        right.loglog(run.k[known], np.maximum(values[known], 1e-13), **look, label=label)
    right.axvline(run.k[at], color=NEUTRAL, linestyle="--", lw=1)
    right.plot([], [], color=NEUTRAL, lw=0.8, label="the other methods' gaps")
    right.set(xlim=(0.9, 1300), ylim=(3e-14, 1e5), yticks=DECADES)
    right.minorticks_off()
    right.legend(fontsize=8, loc="upper right")
    tidy(right, "iteration", "relative", method)
    figure.subplots_adjust(left=0.06, right=0.98, bottom=0.13, top=0.91, wspace=0.22)
    finite = np.isfinite(run.gap[at])
    facts = {
        "method": method,
        "noise": noise,
        "iteration": int(run.k[at]),
        "its last": bool(at == run.k.size - 1 and run.k[at] < KEPT[-1]),
        "rows below the branch": int(below.sum()),
        "rows that touch": int(touch.sum()),
        "rows above": int((~below & ~touch).sum()),
        "proved gap": float(f"{max(run.gap[at], 1e-10):.0e}") if finite else "nothing yet",
    }
    return figure, facts


def _rows(ax: Axes, u: Array, v: Array, below: Array, touch: Array) -> None:
    edge = np.geomspace(1 / VIEW, VIEW, 200)
    ax.fill_between(edge, 1 / edge, VIEW, color=DATA, alpha=0.3, lw=0)
    ax.plot(edge, 1 / edge, **MARK[SIGN_POS])
    u, v = np.clip(u, -1.45, VIEW), np.clip(v, -1.45, VIEW)
    kinds = (
        (below, {"color": WARN, "marker": "x", "markersize": 5}, "below the branch"),
        (~below & ~touch, {"color": BOUND, "marker": ".", "markersize": 5}, "above it"),
        (touch, {"color": ESTIMATE, "marker": "o", "markersize": 4}, "touching"),
    )
    for which, look, label in kinds:
        ax.plot(u[which], v[which], linestyle="none", clip_on=False, **look, label=label)
    tidy(ax, "p / sqrt d", "q / sqrt d", "the rows of this iterate")
    ax.axhline(0, color=NEUTRAL, lw=0.6)
    ax.axvline(0, color=NEUTRAL, lw=0.6)
    ax.set(xlim=(-1.5, VIEW), ylim=(-1.5, VIEW), aspect="equal")
    ax.legend(fontsize=8, loc="upper right", framealpha=0.9)
