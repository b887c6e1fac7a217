"""Ledger of the solvers of paper 1 (13, 19): what a guess proves, how fast the ADMM ends."""

import numpy as np

from kit import branchhull
from kit.branchhull import BranchHull
from kit.experiments.ledger import Pair, Rng, theorem
from kit.experiments.rates import local_rate, measured_rate, steps_of_admm
from kit.results import Array


@theorem(
    "What a guess proves",
    "upper - lower = (1 - cos(h, Bt'al) cos(m, Ct'be)) upper",
    "derived (lesson 19)",
    "=",
    {
        "all rows touch: p q = d": {"off": 0.1},
        "(al, be) = mu (q, p)": {"tilt": 0.5},
        "mu >= 0": {"negative": 5},
    },
    tol=1e-12,
)
def guessed(rng: Rng, off: float = 0.0, tilt: float = 0.0, negative: int = 0) -> Pair:
    """Certified gap of the truth with random weights mu, and what the two angles say.

    off: h moves by so much in a random direction. tilt: be times up to 1 + tilt. negative: so many
    weights below 0, which the certificate counts as 0.
    """
    data, truth = branchhull.gaussian(rng, 60, 5, 5)
    Bt, Ct, _ = branchhull.canonical(data)
    h, m = truth.h + off * rng.standard_normal(5) * np.abs(truth.h).min(), truth.m
    mu = rng.random(60) + 0.1
    mu[:negative] *= -1
    al, be = mu * (Ct @ m), mu * (Bt @ h) * (1 + tilt * rng.random(60))
    gap = branchhull.certify(BranchHull(data), h, m, np.stack([al, be])).gap
    return float(gap), 1 - _cosine(h, Bt.T @ al) * _cosine(m, Ct.T @ be)


def _cosine(x: Array, y: Array) -> float:
    return float(x @ y / np.linalg.norm(x) / np.linalg.norm(y))


@theorem(
    "Rate of the ADMM",
    "|s_(k+1) - s_k| / |s_k - s_(k-1)| tends to the largest |eigenvalue| below 1 of its Jacobian",
    "derived (kit.experiments.rates, lesson 13)",
    "=",
    {
        "k is large: the rows that touch no longer change": {"first": 5},
        "the Jacobian is that of the same rho": {"other": 4.0},
    },
    tol=2e-3,
)
def rate(rng: Rng, first: int = 800, other: float = 1.0) -> Pair:
    """Slope of the steps over half a run, and the eigenvalue; noise 0.05, L = 40, K = N = 5."""
    problem = BranchHull(branchhull.gaussian(rng, 40, 5, 5, noise=0.05)[0])
    answer = branchhull.solve(problem, "interior", tol=1e-12)
    steps = steps_of_admm(problem, 1500, rho=20.0)
    small = np.flatnonzero(steps < 1e-11)
    last = small[0] if small.size else steps.size
    first = min(first, last // 2)
    last = last if first > 5 else 30
    promised = local_rate(problem, answer.h, answer.m, answer.dual, rho=20.0 * other)
    return measured_rate(steps, first, last), promised
