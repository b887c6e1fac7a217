"""Figures of the misfit and of lifting (lesson 10). Each returns (Figure, facts).

K = N = 2, so that the directions of h and m are two angles: h = |h| (cos a, sin a) and
m = |m| (cos b, sin b). The best product of lengths is known in closed form, and what is left of

    f(h, m) = |y - w o x|_2^2 / |y|_2^2,   w = B h,  x = C m,
    f(a, b) = 1 - <y, w o x>^2 / (|y|^2 |w o x|^2)

is a function of two angles: the whole problem in one picture. Turning h or m by 180 degrees changes
only the sign of the product of lengths, so 180 degrees of each are enough.
"""

from itertools import islice

import numpy as np
from matplotlib.figure import Figure

from kit import branchhull
from kit.arguments import number, real_array, whole
from kit.branchhull.rivals.gradient import DIRECTIONS, descent
from kit.course.figures.style import (
    BOUND,
    DATA,
    ESTIMATE,
    MARK,
    NEUTRAL,
    SIGN_NEG,
    TRUTH,
    WARN,
    new_figure,
    tidy,
)
from kit.results import Array

STEPS = 400  # of descent, at most
ARRIVED = 1e-6  # residual |y - w o x| / |y| at which descent is at the truth, as far as one can see


def angle_instance(L: int = 6, seed: int = 3) -> tuple[branchhull.Bilinear, branchhull.Truth]:
    """The instance of the landscape: K = N = 2, Gaussian rows, from a seed."""
    L, seed = whole("L", L, least=2), whole("seed", seed, least=0)
    return branchhull.gaussian(np.random.default_rng(seed), L, 2, 2)


def misfit(data: branchhull.Bilinear, a: Array, b: Array) -> Array:
    """f(a, b) of the module docstring; a and b in degrees, any shapes that broadcast."""
    w, x = (
        np.cos(np.radians(angle))[..., None] * M[:, 0]
        + np.sin(np.radians(angle))[..., None] * M[:, 1]
        for angle, M in ((np.asarray(a), data.B), (np.asarray(b), data.C))
    )
    product = w * x
    fit = (product @ data.y) ** 2 / (np.sum(product**2, axis=-1) * (data.y @ data.y))
    return 1 - fit


def walk(data: branchhull.Bilinear, a: float, b: float) -> Array:
    """Angles (n, 2) and misfit f (n,) stacked as (n, 3) along steepest descent from (a, b)."""
    h, m = (np.array([np.cos(t), np.sin(t)]) for t in np.radians([a, b]))
    product = (data.B @ h) * (data.C @ m)
    h, m = branchhull.balance((data.y @ product) / (product @ product) * h, m)
    direction, stall, _ = DIRECTIONS["gradient"]
    hs, ms = [h], [m]
    for state in islice(descent(data, h, m, direction=direction, stall=stall), STEPS):
        hs.append(state.h)
        ms.append(state.m)
        if state.residual < ARRIVED:
            break
    H, M = np.array(hs), np.array(ms)
    rest = np.sum((data.y - (H @ data.B.T) * (M @ data.C.T)) ** 2, axis=1) / (data.y @ data.y)
    return np.column_stack([_angle(H), _angle(M), rest])


def landscape(
    L: int = 6, seed: int = 3, a: float = 90.0, b: float = 130.0
) -> tuple[Figure, dict[str, object]]:
    """The misfit over both angles, descent from (a, b) on it, and where it ends.

    L >= 2 measurements, seed of the instance, a and b in degrees. Facts: the misfit at the
    end (a share of |y|^2), whether that is the truth, how many local minima the map has.
    """
    a, b = number("a", a), number("b", b)
    data, truth = angle_instance(L, seed)
    axis = np.arange(0.0, 180.0, 2.0)
    values = misfit(data, axis[:, None], axis[None, :])  # row: angle of h
    path = walk(data, a, b)
    figure = new_figure(6.6, 4.8)
    ax = figure.subplots()
    mesh = ax.pcolormesh(
        axis, axis, np.log10(values.T + 1e-6), cmap="cividis", vmin=-3, vmax=0, shading="nearest"
    )
    figure.colorbar(mesh, label="log₁₀ of the misfit", ticks=[-3, -2, -1, 0])
    lows = _minima(values)
    ax.plot(*axis[lows].T, "o", mfc="none", mec="white", ms=20, mew=1.5)
    ax.plot([], [], "o", mfc="none", mec=BOUND, ms=9, label="local minima")
    gaps = np.abs(np.diff(path[:, :2], axis=0)).max(axis=1) > 90  # the map's edges are joined
    line = np.insert(path[:, :2], np.flatnonzero(gaps) + 1, np.nan, axis=0)
    ax.plot(*line.T, color="white", lw=1.5)
    ax.plot(*path[0, :2], "s", color="white", mec=BOUND, label="start")
    ax.plot(*path[-1, :2], **MARK[ESTIMATE], mec="white", label="end of descent")
    ax.plot(_angle(truth.h), _angle(truth.m), **MARK[TRUTH], mec="white", label="truth")
    tidy(ax, "angle of h (degrees)", "angle of m (degrees)", f"misfit, best scale, L = {L}")
    ax.set(xlim=(0, 178), ylim=(0, 178))
    figure.legend(*ax.get_legend_handles_labels(), loc="lower center", ncols=4, fontsize=8)
    figure.subplots_adjust(left=0.1, right=0.99, bottom=0.19, top=0.93)
    return figure, {
        "misfit at the end": round(float(path[-1, 2]), 3),
        "reached the truth": bool(path[-1, 2] < 1e-6),
        "local minima of the map": len(lows),
    }


def phase(
    L: Array, shares: dict[str, Array], promised: Array, unknowns: int
) -> tuple[Figure, dict[str, object]]:
    """Share of exact recoveries over L for several methods, beside BranchHull's law.

    L, promised (n,); shares: name -> (n,), at most three; unknowns: K + N, drawn as a line. Facts:
    name -> first L with a share of one half or more (None: there is none), and "law" likewise.
    """
    L, promised = real_array("L", L, 1), real_array("promised", promised, 1)
    figure = new_figure(6.4, 3.8)
    ax = figure.subplots()
    ax.plot(L, promised, **MARK[BOUND], label="BranchHull's law")
    looks = ((ESTIMATE, "o", "-"), (SIGN_NEG, "s", "--"), (NEUTRAL, "^", ":"))
    for (name, share), (colour, mark, dash) in zip(shares.items(), looks, strict=False):
        ax.plot(L, share, color=colour, marker=mark, linestyle=dash, label=name)
    ax.axvline(unknowns, color=WARN, lw=1, ls="--")
    ax.text(unknowns, 1.07, " K + N", color=WARN, fontsize=9)
    tidy(ax, "measurements L", "share of exact recoveries")
    ax.set_ylim(-0.05, 1.15)
    ax.legend(fontsize=8, loc="lower right")
    figure.subplots_adjust(left=0.11, right=0.97, bottom=0.14, top=0.97)
    facts: dict[str, object] = {"law": _first(L, promised)}
    return figure, facts | {name: _first(L, np.asarray(share)) for name, share in shares.items()}


def singular_values(spectra: dict[str, Array]) -> tuple[Figure, dict[str, object]]:
    """Singular values of lifted answers, log scale; spectra: name -> (n,), at most two.

    Facts: name -> second over first singular value.
    """
    figure = new_figure(6.0, 3.4)
    ax = figure.subplots()
    for (name, s), (colour, mark) in zip(
        spectra.items(), ((ESTIMATE, "o"), (DATA, "s")), strict=False
    ):
        ax.semilogy(
            np.arange(1, len(s) + 1), np.maximum(s / s[0], 1e-12), mark, color=colour, label=name
        )
    tidy(ax, "number", "singular value / the largest", "what rank the answer has")
    ax.legend(fontsize=8)
    figure.subplots_adjust(left=0.13, right=0.97, bottom=0.15, top=0.9)
    return figure, {name: float(s[1] / s[0]) for name, s in spectra.items()}


def starts_that_arrive(data: branchhull.Bilinear, every: float = 20.0) -> tuple[int, int]:
    """How many starts of a grid, `every` degrees apart, descend to misfit < 1e-6; of how many."""
    axis = np.arange(every / 2, 180, every)
    ends = [walk(data, a, b)[-1, 2] for a in axis for b in axis]
    return int(np.sum(np.array(ends) < 1e-6)), len(ends)


def _angle(v: Array) -> Array:
    return np.degrees(np.arctan2(v[..., 1], v[..., 0])) % 180


def _minima(values: Array) -> Array:
    """Index pairs (n, 2) of points of the torus no higher than their eight neighbours."""
    shifts = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
    around = [np.roll(values, shift, axis=(0, 1)) for shift in shifts]
    return np.argwhere(values < np.min(around, axis=0))


def _first(L: Array, share: Array) -> int | None:
    reached = np.flatnonzero(share >= 0.5)
    return int(L[reached[0]]) if reached.size else None
