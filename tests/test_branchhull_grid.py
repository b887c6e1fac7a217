"""A hundred instances a variant: gap <= 1e-8 or a proof of infeasibility, never a silent failure.

Sizes 5 to 100, L / (K + N) from 0.5 to 6, noise 0, 0.05 and 0.3, B scaled by 1e4 and by row.
"""

import itertools

import numpy as np
import pytest

from kit import branchhull
from kit.branchhull import Bilinear, BranchHull
from kit.results import Status

VARIANTS = {
    "l2": {"objective": "l2"},
    "l1": {"objective": "l1"},
    "l1 and slack": {"objective": "l1", "lam": 0.8},
    "l1, slack and weight": {"objective": "l1", "lam": 1.5, "gamma": 0.5},
}
KINDS = ((0.0, False), (0.0, True), (0.05, True), (0.3, False))  # noise, badly scaled
GRID = list(itertools.product((5, 10, 20, 50, 100), (0.5, 1, 2, 4, 6), KINDS))


def draw(K, ratio, kind):
    noise, scaled = kind
    rng = np.random.default_rng([K, int(2 * ratio), int(100 * noise), scaled])
    N = max(5, K - K // 4)
    sparsity = (max(1, K // 10), max(1, N // 10))
    L = int(ratio * (K + N))
    data, _ = branchhull.gaussian(rng, L, K, N, sparsity=sparsity, noise=noise)
    if scaled:
        b, c = np.exp(rng.normal(0, 2, (2, L)))
        data = Bilinear(
            1e4 * b[:, None] * data.B, c[:, None] * data.C, 1e4 * b * c * data.y, data.signs
        )
    return data


def examine(cases, variant, method):
    """How many were infeasible, how many iterations at most; asserts the rest."""
    infeasible, most = 0, 0
    for K, ratio, kind in cases:
        problem = BranchHull(draw(K, ratio, kind), **VARIANTS[variant])
        report = branchhull.solve(problem, method).report
        assert report.run.status in (Status.SOLVED, Status.INFEASIBLE), (K, ratio, kind, report)
        if report.run.status is Status.INFEASIBLE:
            assert report.certificate.lower == np.inf
            infeasible += 1
            continue
        assert report.certificate.gap <= 1e-8
        most = max(most, report.run.iterations)
        if K <= 10:
            theirs = branchhull.solve(problem, "cvxpy", tol=1e-6).report.certificate
            assert theirs.lower <= report.certificate.upper * (1 + 1e-12)
            assert report.certificate.lower <= theirs.upper * (1 + 1e-12)
            assert theirs.upper == pytest.approx(report.certificate.upper, rel=1e-3)
    return infeasible, most


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_few_of_each(variant):
    infeasible, most = examine(GRID[::7], variant, "interior")
    assert infeasible <= 2 and most < 40


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_hundred_of_each(variant):
    assert len(GRID) == 100
    infeasible, most = examine(GRID, variant, "interior")
    print(
        f"{variant}: 100 instances, {infeasible} infeasible with proof, at most {most} iterations"
    )
    assert infeasible <= 12 and most < 60


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_auto_on_the_same(variant):
    examine(GRID[::3], variant, "auto")
