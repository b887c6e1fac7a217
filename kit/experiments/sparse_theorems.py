"""Ledger of the sparse and the image programs: l1-BranchHull, its noise, TV without a minimiser."""

from dataclasses import replace

import numpy as np
from scipy.optimize import linprog

from kit import branchhull
from kit.branchhull import Bilinear, BranchHull
from kit.experiments.bilinear_theorems import near_dual
from kit.experiments.ledger import Pair, Rng, theorem
from kit.experiments.sparse import published_line


@theorem(
    "Weak duality, l1",
    "|h|_1 + |m|_1 >= 2 S / sqrt(|Bt'al|_inf |Ct'be|_inf), S = sum sqrt(al be d), if (h, m) is "
    "feasible, the weights al, be are nonnegative, and the two norms are not 0",
    "derived (kit.branchhull.certificate, lesson 15)",
    ">=",
    {"(h, m) is feasible": {"shrink": 0.9}, "al, be >= 0": {"drop": 0.9}},
)
def weak_duality(rng: Rng, shrink: float = 1.0, drop: float = 0.0) -> Pair:
    """Value of the optimum times shrink, and the bound from a dual near the best one."""
    data, _ = branchhull.gaussian(rng, 60, 8, 8, sparsity=(2, 2))
    answer, S, of_h, of_m = near_dual(rng, BranchHull(data, "l1"), drop)
    bound = 2 * S / np.sqrt(np.abs(of_h).max() * np.abs(of_m).max())
    return shrink * (np.abs(answer.h).sum() + np.abs(answer.m).sum()), bound


@theorem(
    "Optimality, l1",
    "z = (h~, m~) is optimal iff some nu >= 0 has A_T'nu = sign(z_T), |A'nu| <= 1 off the support",
    "derived (lesson 15)",
    "=",
    {"|h~|_1 = |m~|_1": {"stretch": 2.0}, "the data are exact": {"noise": 0.1}},
)
def optimality(rng: Rng, stretch: float = 1.0, noise: float = 0.0) -> Pair:
    """Share of 16 instances, of which about half are recovered, where solver and nu agree."""
    agree = 0
    for _ in range(16):
        data, truth = branchhull.gaussian(rng, 12, 16, 16, sparsity=(2, 2), values="signs")
        noisy = replace(data, y=data.y * (1 + noise * np.abs(rng.standard_normal(12))))
        answer = branchhull.solve(BranchHull(noisy, "l1"), tol=1e-6)
        found = branchhull.recovery_error(answer.h, answer.m, truth, "l1") < 1e-3
        h, m = branchhull.balance(truth.h, truth.m, "l1")
        z = np.concatenate([stretch * h, m / stretch])
        Bt, Ct, _ = branchhull.canonical(data)
        p, q = Bt @ z[:16], Ct @ z[16:]
        A, on = np.hstack([q[:, None] * Bt, p[:, None] * Ct]), z != 0
        sides = np.vstack([A[:, ~on].T, -A[:, ~on].T])
        cone = linprog(np.zeros(12), sides, np.ones(len(sides)), A[:, on].T, np.sign(z[on]))
        agree += found == (cone.status == 0)
    return agree / 16, 1.0


@theorem(
    "Small noise, l1",
    "|(h*, m*) - (h~, m~)|_2 <= 37 sqrt(max |xi|) |(h~, m~)|_2",
    "arXiv 1906.11636, as drawn by its scripts; the constant is theirs, not checked here",
    "<=",
    {"there are enough measurements": {"L": 10}, "the signs are right": {"wrong_signs": 2}},
)
def small_noise(rng: Rng, L: int = 80, wrong_signs: int = 0) -> Pair:
    """Relative error at |xi|_2 = 1e-5, K = N = 40, S = 2, and the bound."""
    sizes = {"sparsity": (2, 2), "wrong_signs": wrong_signs}
    data, truth = branchhull.gaussian(rng, L, 40, 40, **sizes)
    xi = rng.standard_normal(L)
    xi *= 1e-5 / np.linalg.norm(xi)
    answer = branchhull.solve(BranchHull(replace(data, y=data.y * (1 + xi)), "l1"), tol=1e-10)
    error = branchhull.recovery_error(answer.h, answer.m, truth, "l1")
    return error, 37 * np.sqrt(np.abs(xi).max())


@theorem(
    "The published line",
    "l1 recovers in at least 9 of 10 trials at L = 0.25 (S1 + S2) log^2(K + N), "
    "K = N = 20 S, 3 <= S <= 8",
    "poster of arXiv 1809.08359; measured, no theorem (lesson 15)",
    ">=",
    {"L is on the line": {"share": 0.5}, "S >= 3": {"S": 1}},
)
def line(rng: Rng, share: float = 1.0, S: int = 4) -> Pair:
    """Share of 20 truths that are the only optimum, by linear programming, at share of the line."""
    L = int(np.ceil(share * published_line(S)))
    sizes = {"sparsity": (S, S), "values": "signs"}
    hits = sum(
        branchhull.recovers(*branchhull.gaussian(rng, L, 20 * S, 20 * S, **sizes), "l1")
        for _ in range(20)
    )
    return hits / 20, 0.9


@theorem(
    "TV alone has no minimiser",
    "inf TV(B h) + gamma |m|_1 = 0 when a constant image is feasible",
    "derived (lesson 18)",
    "<=",
    {
        "mu = 0: no price on |B h|_1": {"mu": 1.0},
        "the constant image is feasible": {"constant": False},
    },
    tol=1e-6,
)
def degenerate(rng: Rng, mu: float = 0.0, constant: bool = True) -> Pair:
    """The lower bound that is proved, and 0, the value of ever brighter images.

    A 4 x 4 image; C has a constant column, or one of both signs that only h of both signs can undo.
    """
    y = 1 + rng.random(16)
    signs = np.ones(16) if constant else np.where(np.arange(16) % 2, 1.0, -1.0)
    C = np.column_stack([np.ones(16), 0.1 * rng.standard_normal(16)])
    data = Bilinear(np.eye(16), C, y * signs, signs)
    answer = branchhull.solve(BranchHull(data, "tv", mu=mu, shape=(4, 4)), tol=1e-5)
    return answer.report.certificate.lower, 0.0
