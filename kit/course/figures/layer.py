"""Figure of one Net-Trim neuron along epsilon (lesson 21). Solves, in milliseconds."""

from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure

from kit import nettrim
from kit.arguments import number
from kit.course.figures.style import DATA, ESTIMATE, NEUTRAL, TRUTH, new_figure, tidy
from kit.results import Array, Pruned

ROUNDING = 1e-9  # below it a bound is what the last digits of a computer leave
SHARES = np.geomspace(0.01, 0.9, 24)  # epsilon / |y| of the curves


def teacher(N: int = 40, P: int = 160, sparsity: int = 8) -> tuple[Array, Array, Array]:
    """X (N, P) Gaussian, w (N,) with `sparsity` large weights and small ones, y = (w'X)_+ (P,)."""
    rng = np.random.default_rng(21)
    X, w = rng.standard_normal((N, P)), 0.05 * rng.standard_normal(N)
    large = rng.choice(N, sparsity, replace=False)
    w[large] = rng.uniform(0.5, 1.5, sparsity) * rng.choice([-1, 1], sparsity)
    return X, w, np.maximum(w @ X, 0)


@lru_cache(maxsize=1)
def _path() -> tuple[Pruned, ...]:
    X, _, y = teacher()
    size = float(np.linalg.norm(y))
    return tuple(nettrim.path(nettrim.NetTrim(X, y[None], size), SHARES * size))


def epsilon_view(share: float = 0.1) -> tuple[Figure, dict[str, object]]:
    """One neuron at epsilon = share |y|: its weights and X q above, nonzeros along the path below.

    0 <= share <= 1. Facts: nonzeros, value |u|_1, gap, error |(u'X)_+ - y| / |y|, lam, touching:
    inputs with |X q| = 1 to 1e-7, proved: the largest weight that a zero can have in any answer,
    0 where that is rounding.
    """
    share = number("share", share, least=0)
    if share > 1:
        raise ValueError(f"share must be at most 1, got {share:g}")
    X, w, y = teacher()
    size = float(np.linalg.norm(y))
    problem = nettrim.NetTrim(X, y[None], share * size)
    answer = nettrim.solve(problem, "exact")
    u, dual = answer.W[:, 0], X @ np.where(y > 0, answer.dual[0], np.minimum(answer.dual[0], 0))
    top = float(np.abs(dual).max()) or 1.0
    bound = nettrim.proved_zeros(problem, answer.W, answer.dual)[:, 0]
    zeros = u == 0
    facts: dict[str, object] = {
        "nonzeros": int(np.count_nonzero(u)),
        "value": float(np.abs(u).sum()),
        "gap": answer.report.certificate.gap,
        "error": float(np.linalg.norm(np.maximum(u @ X, 0) - y)) / size,
        "lam": nettrim.penalty(problem, answer),
        "touching": int(np.count_nonzero(np.abs(dual) >= (1 - 1e-7) * top)) if dual.any() else 0,
        "proved": 0.0,
    }
    if zeros.any() and bound[zeros].max() > ROUNDING:
        facts["proved"] = float(bound[zeros].max())
    fig = new_figure(8.4, 4.6)
    (weights, curve), (prices, values) = fig.subplots(2, 2)
    place = np.arange(len(u))
    weights.plot(place, w, "s", color=TRUTH, markersize=3, label="trained w")
    weights.vlines(place, 0, u, color=ESTIMATE, linewidth=2, label="Net-Trim u")
    prices.vlines(place, 0, dual / top, color=DATA)
    for level in (-1, 1):
        prices.axhline(level, color=NEUTRAL, linewidth=1)
    counts = [int(np.count_nonzero(one.W)) for one in _path()]
    norms = [float(np.abs(one.W).sum()) for one in _path()]
    for ax, numbers, now, name in (
        (curve, counts, facts["nonzeros"], "nonzeros"),
        (values, norms, facts["value"], "|u|_1"),
    ):
        ax.plot(SHARES, numbers, "-", color=NEUTRAL)
        ax.plot([share], [now], "o", color=ESTIMATE)
        tidy(ax, "epsilon / |y|", name)
    tidy(weights, "", "weight")
    tidy(prices, "input", "X q")
    for ax in (weights, curve):  # the numbers below the lower panel serve both
        ax.set(xticks=[], xlabel="")
    weights.legend(frameon=False, fontsize=8)
    fig.subplots_adjust(left=0.08, right=0.98, bottom=0.11, top=0.97, wspace=0.2, hspace=0.12)
    return fig, facts
