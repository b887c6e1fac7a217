"""Trials of the sparse program, l1-BranchHull: the published grid, its noise curve, outliers.

Sources: arXiv 1809.08359 and 1906.11636, their experiments, and the counts that they published.
"""

from dataclasses import replace

import numpy as np
from scipy.optimize import LinearConstraint, milp

from kit import branchhull
from kit.arguments import instance
from kit.branchhull import Bilinear, BranchHull, Truth
from kit.results import Array, Status

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
# The first L, in steps of 4, with 5 of 10 successes, for S = 1 to 14
PUBLISHED_FIRST = (12, 20, 28, 40, 52, 60, 60, 84, 88, 96, 104, 112, 128, 136)
# Mean relative error of the published solver on noise of norm alpha; L = 150, K = N = 140, S = 7
PUBLISHED_NOISE = {0.1: 0.00390, 0.2: 0.00758, 0.3: 0.01139, 0.4: 0.01483}
PUBLISHED_NOISE |= {0.5: 0.01890, 0.6: 0.02255, 0.7: 0.02645, 0.8: 0.03012}


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
    """error with slack of price lam (0: none) and wrong products; L = 120, K = N = 40, S = 3.

    The slack shifts the scale of h against that of m: the error is that of the answer balanced as
    it would be without, so that of its directions. infeasible: there is no answer, and 0 is taken
    for it, whose error is 1.
    """
    data, truth = branchhull.gaussian(
        rng, 120, 40, 40, sparsity=(3, 3), values="signs", outliers=outliers
    )
    answer = branchhull.solve(BranchHull(data, "l1", lam=lam or None))
    infeasible = answer.report.run.status is Status.INFEASIBLE
    h, m = branchhull.balance(answer.h, answer.m, "l1")
    error = 1.0 if infeasible else branchhull.recovery_error(h, m, truth, "l1")
    return {"error": error, "infeasible": infeasible}


def window(data: Bilinear, truth: Truth) -> tuple[float, float] | None:
    """The prices lam, from .. to, at which the truth with its slack is a minimiser; None if none.

    Its slack is the least that makes (h, m) feasible, xi = max(0, d / p - q) in canonical form.
    With q' = q + xi, on the rows where p q' = d, it is a minimiser at lam, for gamma = 1, iff there
    are nu >= 0 and r with

        Bt'(nu q') = r sign(h),   Ct'(nu p) = sign(m)    (off the supports: at most r, 1 in size)
        nu p <= lam,  and equal to it where xi > 0.

    r is the square of the factor c that balances (c h, m / c, xi / c). All is linear in nu, r and
    lam: two linear programs give both ends; `to` may be inf. Raises ValueError where B h of the
    truth has not the signs of the data, or where an entry of y is 0. Source: derived (lesson 16).
    """
    Bt, Ct, d = branchhull.canonical(instance("data", data, Bilinear))
    instance("truth", truth, Truth)
    if (truth.h.size, truth.m.size) != data.shape[1:]:
        raise ValueError(f"truth must have the shape of the data, {data.shape[1:]}")
    p, q = Bt @ truth.h, Ct @ truth.m
    if not (p > 0).all():
        raise ValueError(f"truth must have the signs of the data, {np.sum(p <= 0)} are others")
    if not (d > 0).all():
        raise ValueError(f"data must have no y = 0, got {np.sum(d == 0)}")
    xi = np.maximum(0, d / p - q)
    slack = xi > 1e-9 * np.abs(q).max()
    active = slack | (p * q <= d * (1 + 1e-9))
    p, q, slack = p[active], (q + xi)[active], slack[active]
    n, one = p.size, np.ones(p.size)
    # unknowns, all >= 0: nu p (n of them), r, lam
    h, m = np.sign(truth.h), np.sign(truth.m)
    of_h = np.c_[Bt[active].T * (q / p), -h, 0 * h]
    of_m = np.c_[Ct[active].T, 0 * m, 0 * m]
    room, out = np.zeros_like(of_h), m == 0
    room[h == 0, n] = 1
    price = np.c_[np.eye(n), 0 * one, -one]
    constraints = [
        LinearConstraint(of_h + room, 0, np.inf),
        LinearConstraint(of_h - room, -np.inf, 0),
        LinearConstraint(of_m, m - out, m + out),
        LinearConstraint(price, np.where(slack, 0, -np.inf), 0),
    ]
    ends = []
    for way in (1.0, -1.0):
        answer = milp(np.r_[np.zeros(n + 1), way], constraints=constraints)
        if answer.status != 0 and way > 0:
            return None
        ends.append(float(answer.x[-1]) if answer.status == 0 else np.inf)
    return ends[0], ends[1]
