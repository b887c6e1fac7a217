"""Ledger of the lessons around the papers: three tools (01), and even kernels (16)."""

import numpy as np
from scipy.optimize import linprog, nnls

from kit.branchhull.data.applications import convolve, even_kernels, hartley
from kit.experiments.ledger import Pair, Rng, theorem


@theorem(
    "Linear on a hull",
    "min of c'x over the hull of S = min over S",
    "derived: no average is below the least of what is averaged",
    "=",
    {"the objective is linear": {"linear": False}, "the points are those of S": {"moved": 0.1}},
)
def on_a_hull(rng: Rng, linear: bool = True, moved: float = 0.0) -> Pair:
    """Least value over all averages of 9 points of the plane, and over the points themselves.

    Not linear: |x|^2, whose least value over the averages is a nonnegative least squares problem.
    The points are on both sides of an axis, so that averages come nearer to 0 than any of them.
    """
    S = 1 + rng.random((2, 9)) * [[1], [2]]
    S[1, ::2] *= -1
    c, one, grown = rng.standard_normal(2), np.ones((1, 9)), (1 + moved) * S
    if linear:
        least = linprog(c @ grown, A_eq=one, b_eq=[1.0]).fun
        return least, (c @ S).min()
    theta = nnls(np.vstack([grown, 1e4 * one]), np.array([0, 0, 1e4]))[0]
    return np.sum((grown @ theta) ** 2), (S**2).sum(axis=0).min()


@theorem(
    "Nearest point: weak duality",
    "|x|^2 >= lam'b - |A'lam|^2 / 4 if A x >= b and lam >= 0",
    "derived (lesson 01)",
    ">=",
    {"x is feasible": {"shrink": 0.5}, "lam >= 0": {"least": -np.inf}},
)
def nearest_point(rng: Rng, shrink: float = 1.0, least: float = 0.0) -> Pair:
    """|x|^2 at the optimum, where it is closest, and the largest bound of 2,000 weights.

    The second constraint is idle at the optimum, so that the best weights are (2 b_1 / |a_1|^2, 0)
    and the others are drawn around them; without `least`, negative ones too.
    """
    A, b = np.array([[1.0, 0.3], [0.9, 0.5]]), np.array([1.0, 0.2])
    x = A[0] * b[0] / (A[0] @ A[0])
    lam = np.array([2 * b[0] / (A[0] @ A[0]), 0.0]) + rng.standard_normal((2000, 2))
    lam = np.maximum(lam, least)
    bounds = lam @ b - np.sum((lam @ A) ** 2, axis=1) / 4
    return shrink**2 * x @ x, bounds.max()


@theorem(
    "Hartley transform of an even kernel",
    "H(w * x) = sqrt(L) H(w) o H(x) for even w: largest difference",
    "derived (lesson 17); R. N. Bracewell 1983",
    "=",
    {"w is even": {"shift": 1}},
    tol=1e-10,
)
def even_kernel(rng: Rng, shift: int = 0) -> Pair:
    """Largest difference of the two sides, L = 32, a kernel of 4 numbers and its mirror image."""
    w = np.roll(even_kernels(32, 4) @ rng.standard_normal(4), shift)
    x = rng.standard_normal(32)
    return np.abs(hartley(convolve(w, x)) - np.sqrt(32) * hartley(w) * hartley(x)).max(), 0.0


@theorem(
    "Spectrum of a mild kernel",
    "sqrt(L) H(w)_k >= w_0 - 2 sum over n >= 1 of |w_n| > 0 for a mild even kernel",
    "derived (lesson 17)",
    ">=",
    {"w is even": {"shift": 3}, "w is mild: 2 sum over n >= 1 of |w_n| < w_0": {"size": 2.0}},
)
def mild_kernel(rng: Rng, shift: int = 0, size: float = 0.45) -> Pair:
    """Least sqrt(L) H(w)_k, less what is promised, or less 0, of 50 kernels with w_0 = 1; and 0.

    size: sum over n >= 1 of |w_n| is uniform between 0 and it.
    """
    found = []
    for _ in range(50):
        taps = rng.standard_normal(3)
        taps *= size * rng.random() / np.abs(taps).sum()
        w = np.roll(even_kernels(32, 4) @ np.r_[1.0, taps], shift)
        promised = max(1 - 2 * np.abs(taps).sum(), 0)
        found.append(np.sqrt(32) * hartley(w).min() - promised)
    return min(found), 0.0
