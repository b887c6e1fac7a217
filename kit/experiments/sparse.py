"""Trials of the sparse program, l1-BranchHull: the published grid, its noise curve, outliers.

Sources: arXiv 1809.08359 and 1906.11636, their experiments, and the counts that they published.
"""

from dataclasses import replace

import numpy as np

from kit import branchhull
from kit.branchhull import BranchHull
from kit.results import Array

# Successes of 10 by the published solver, for S = 1 to 15; K = N = 20 S, entries +1 or -1
PUBLISHED: dict[int, tuple[int, ...]] = {
    140: (10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 9, 9, 7, 2),
    116: (10, 10, 10, 10, 10, 10, 10, 10, 10, 9, 9, 6, 2, 0, 0),
    100: (10, 10, 10, 10, 10, 10, 10, 10, 8, 3, 1, 0, 0, 0, 0),
    84: (10, 10, 10, 10, 10, 10, 9, 8, 3, 1, 0, 0, 0, 0, 0),
    68: (10, 10, 10, 10, 10, 8, 3, 1, 0, 0, 0, 0, 0, 0, 0),
    60: (10, 10, 10, 10, 10, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0),
    52: (10, 10, 10, 10, 5, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    40: (10, 10, 10, 6, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    28: (10, 10, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    20: (10, 7, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    12: (10, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
}
# Mean relative error of the published solver on noise of norm alpha; L = 150, K = N = 140, S = 7
PUBLISHED_NOISE = {
    0.1: 0.00390,
    0.2: 0.00758,
    0.3: 0.01139,
    0.4: 0.01483,
    0.5: 0.01890,
    0.6: 0.02255,
    0.7: 0.02645,
    0.8: 0.03012,
}


def published_line(S: Array | int) -> Array:
    """L = 0.25 (S1 + S2) log^2(K + N) with S1 = S2 = S, K = N = 20 S: the poster's line."""
    S = np.asarray(S)
    return 0.25 * 2 * S * np.log(40 * S) ** 2


def l1_certificate(rng: np.random.Generator, L: int, S: int) -> dict:
    """margin of the truth by linear programming (branchhull.verdict), K = N = 20 S; recovered."""
    sizes = {"sparsity": (S, S), "values": "signs"}
    found = branchhull.verdict(*branchhull.gaussian(rng, L, 20 * S, 20 * S, **sizes), "l1")
    return {"margin": found.margin, "recovered": bool(found)}


def l1_solved(rng: np.random.Generator, L: int, S: int) -> dict:
    """As l1_certificate, and the error of a solver's answer on the same instance."""
    sizes = {"sparsity": (S, S), "values": "signs"}
    data, truth = branchhull.gaussian(rng, L, 20 * S, 20 * S, **sizes)
    found = branchhull.verdict(data, truth, "l1")
    answer = branchhull.solve(BranchHull(data, "l1"), tol=1e-7)
    error = branchhull.recovery_error(answer.h, answer.m, truth, "l1")
    return {"recovered": bool(found), "error": error}


def l1_noise(rng: np.random.Generator, alpha: float) -> dict:
    """error on y (1 + xi), xi Gaussian of norm alpha; L = 150, K = N = 140, 7 ones; largest xi."""
    data, truth = branchhull.gaussian(rng, 150, 140, 140, sparsity=(7, 7), values="ones")
    xi = rng.standard_normal(150)
    xi *= alpha / np.linalg.norm(xi)
    answer = branchhull.solve(BranchHull(replace(data, y=data.y * (1 + xi)), "l1"), tol=1e-6)
    error = branchhull.recovery_error(answer.h, answer.m, truth, "l1")
    return {"error": error, "largest": np.abs(xi).max()}


def l1_outliers(rng: np.random.Generator, outliers: int, lam: float) -> dict:
    """error with slack of price lam (0: none) and wrong products; L = 120, K = N = 40, S = 3."""
    data, truth = branchhull.gaussian(
        rng, 120, 40, 40, sparsity=(3, 3), values="signs", outliers=outliers
    )
    answer = branchhull.solve(BranchHull(data, "l1", lam=lam or None), tol=1e-6)
    return {"error": branchhull.recovery_error(answer.h, answer.m, truth, "l1")}
