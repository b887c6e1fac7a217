"""A grid of a hundred instances a variant: gap <= 1e-8 or a proof of infeasibility, nothing else.

Sizes 5 to 100, L / (K + N) from 0.5 to 6, noise 0, 0.05 and 0.3, B scaled by 1e4 and by row. The
tests walk over a share of the grid, another one for each variant; WHOLE = True takes all of it.
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
WHOLE = False
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


def examine(cases, variant, method, beside=0):
    """How many were infeasible, how many iterations at most; asserts the rest.

    Every `beside`-th is solved by Clarabel too, if K <= 50: both answers are certified, so both
    intervals hold the optimum, and theirs is at most its own certified gap wide.
    """
    infeasible, most, gaps = 0, 0, []
    for case, (K, ratio, kind) in enumerate(cases):
        problem = BranchHull(draw(K, ratio, kind), **VARIANTS[variant])
        report = branchhull.solve(problem, method).report
        assert report.run.status in (Status.SOLVED, Status.INFEASIBLE), (K, ratio, kind, report)
        if report.run.status is Status.INFEASIBLE:
            assert report.certificate.lower == np.inf
            infeasible += 1
            continue
        assert report.certificate.gap <= 1e-8
        most = max(most, report.run.iterations)
        if beside and case % beside == 0 and K <= 50:
            theirs = branchhull.solve(problem, "cvxpy").report.certificate
            assert theirs.lower <= report.certificate.upper * (1 + 1e-12)
            assert report.certificate.lower <= theirs.upper * (1 + 1e-12)
            gaps.append(theirs.gap)
    if beside:
        print(f"{variant}: Clarabel's gaps", " ".join(f"{gap:.0e}" for gap in gaps))
        assert len(gaps) >= 2 and np.median(gaps) < 1e-7 and max(gaps) < 1e-4
    return infeasible, most


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_few_of_each(variant):
    infeasible, most = examine(GRID[::11], variant, "interior", beside=3)
    assert infeasible <= 2 and most < 40


@pytest.mark.slow
@pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "l2"])
def test_the_grid(variant):
    """l1, with and without slack; for l2 test_hundred.py has a hundred of its own."""
    assert len(GRID) == 100
    first, step = {"l1": (0, 3), "l1 and slack": (1, 3), "l1, slack and weight": (2, 3)}[variant]
    cases = GRID if WHOLE else GRID[first::step]
    infeasible, most = examine(cases, variant, "interior", beside=4)
    print(f"{variant}: {len(cases)}, {infeasible} infeasible with proof, at most {most} iterations")
    assert infeasible <= 12 and most < 60


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_auto_on_the_same(variant):
    examine(GRID if WHOLE else GRID[5::9], variant, "auto")
