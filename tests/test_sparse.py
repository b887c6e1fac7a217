"""The window of prices of the slack, and the published counts of the sparse program."""

from dataclasses import replace

import numpy as np
import pytest

from kit import branchhull
from kit.branchhull import BranchHull
from kit.experiments.sparse import PUBLISHED, PUBLISHED_FIRST, window


def test_the_published_tables_agree_where_both_have_a_number():
    for S, L in enumerate(PUBLISHED_FIRST, start=1):
        if L in PUBLISHED:
            assert PUBLISHED[L][S - 1] >= 5
        assert all(counts[S - 1] < 5 for length, counts in PUBLISHED.items() if length < L)


def instance(outliers=0, seed=0):
    """120 products, K = N = 30, three entries +-1 in each; so many change sign and grow."""
    rng = np.random.default_rng([15, seed])
    data, truth = branchhull.gaussian(rng, 120, 30, 30, sparsity=(3, 3), values="signs")
    rng.standard_normal(120)
    order, growth = rng.permutation(120), 1 + np.abs(rng.standard_normal(120))
    y = data.y.copy()
    y[order[:outliers]] *= -growth[:outliers]
    return replace(data, y=y), truth


def error(data, truth, lam):
    answer = branchhull.solve(BranchHull(data, "l1", lam=lam))
    h, m = branchhull.balance(answer.h, answer.m, "l1")
    return branchhull.recovery_error(h, m, truth, "l1")


@pytest.mark.parametrize(("outliers", "seed"), [(0, 2), (2, 0), (4, 2), (6, 0)])
def test_the_window_is_where_the_solver_finds_the_truth(outliers, seed):
    data, truth = instance(outliers=outliers, seed=seed)
    low, high = window(data, truth)
    assert low > np.abs(truth.m).sum() / np.abs(data.C @ truth.m).sum()
    assert error(data, truth, 1.05 * low) < 1e-5 < 1e-3 < error(data, truth, 0.95 * low)
    if outliers:
        assert error(data, truth, 0.95 * high) < 1e-5 < 1e-3 < error(data, truth, 1.05 * high)
    else:
        assert high == np.inf and error(data, truth, 1e3) < 1e-5


def test_the_window_does_not_depend_on_the_truths_scale_and_may_be_none():
    data, truth = instance(outliers=2)
    other = window(data, type(truth)(8 * truth.h, truth.m / 8))
    assert other == pytest.approx([end / 1 for end in window(data, truth)], rel=1e-6)
    data, truth = instance(outliers=2, seed=3)
    assert window(data, truth) is None
    assert min(error(data, truth, lam) for lam in (0.2, 0.3, 0.5, 1.0, 3.0, 10.0)) > 1e-4


def test_the_window_refuses():
    data, truth = instance()
    for wrong, words in (
        (type(truth)(-truth.h, truth.m), "truth must have the signs"),
        (type(truth)(truth.h[1:], truth.m), "truth must have the shape"),
    ):
        with pytest.raises(ValueError, match=words):
            window(data, wrong)
    zero = type(data)(data.B, data.C, np.r_[0, data.y[1:]], data.signs)
    with pytest.raises(ValueError, match="data must have no y = 0"):
        window(zero, truth)
