"""Exact verdicts: what one linear program says, the solver must find."""

import numpy as np
import pytest
from scipy.stats import binom

from kit import branchhull
from kit.branchhull import Bilinear, BranchHull, Truth


def draw(seed, L, K, N, **options):
    return branchhull.gaussian(np.random.default_rng(seed), L, K, N, **options)


@pytest.mark.parametrize("objective", ["l2", "l1"])
def test_the_verdict_is_what_the_solver_finds(objective):
    seen = {True: 0, False: 0}
    for seed in range(40):
        if objective == "l2":
            data, truth = draw(seed, 16, 5, 5)
        else:
            data, truth = draw(seed, 13, 14, 12, sparsity=(2, 2))
        verdict = branchhull.verdict(data, truth, objective)
        if abs(verdict.margin) < 0.02:
            continue  # the solver's tolerance could not tell
        answer = branchhull.solve(BranchHull(data, objective), tol=1e-7)
        error = branchhull.recovery_error(answer.h, answer.m, truth, objective)
        assert (error < 1e-4) is bool(verdict), (seed, error, verdict)
        assert branchhull.recovers(data, truth, objective) is bool(verdict)
        assert bool(verdict) is (verdict.margin > 0)
        seen[bool(verdict)] += 1
    assert min(seen.values()) >= 8


@pytest.mark.parametrize(("K", "N", "L"), [(5, 5, 16), (6, 4, 20), (8, 8, 24)])
def test_l2_follows_its_law(K, N, L):
    rate = np.mean([branchhull.recovers(*draw(seed, L, K, N)) for seed in range(150)])
    promised = 1 - binom.cdf(K + N - 3, L - 1, 0.5)
    assert abs(rate - promised) < 4 * np.sqrt(promised * (1 - promised) / 150)


def test_units_and_scale_do_not_matter():
    for objective, seed in (("l2", 0), ("l2", 1), ("l1", 2), ("l1", 3)):
        data, truth = draw(seed, 24, 7, 6, sparsity=(2, 2) if objective == "l1" else None)
        base = branchhull.verdict(data, truth, objective)
        other = branchhull.verdict(data, Truth(30 * truth.h, truth.m / 30), objective)
        assert other.margin == pytest.approx(base.margin, abs=1e-6)
        rows = np.geomspace(1, 1e3, 24)
        scaled = Bilinear(data.B * rows[:, None], 1e4 * data.C, 1e4 * rows * data.y, data.signs)
        scaled = branchhull.verdict(scaled, truth, objective)
        assert bool(scaled) is bool(base)


def test_more_measurements_never_hurt():
    data, truth = draw(1, 60, 14, 12, sparsity=(2, 2))
    margins = []
    for L in range(6, 61, 6):
        part = Bilinear(data.B[:L], data.C[:L], data.y[:L], data.signs[:L])
        margins.append(branchhull.verdict(part, truth, "l1").margin)
    assert np.all(np.diff(np.maximum(margins, -99)) >= -1e-6)
    assert margins[0] < 0 < margins[-1]


def test_it_says_no():
    data, truth = draw(0, 60, 6, 5)
    assert branchhull.verdict(data, truth)
    for wrong in (Truth(-truth.h, truth.m), Truth(truth.h + 0.1, truth.m)):
        assert branchhull.verdict(data, wrong).margin == -np.inf
    # feasible, but with every constraint idle: nothing holds it there
    lower = Bilinear(data.B, data.C, data.y / 2, data.signs)
    assert not branchhull.verdict(lower, truth)
    flipped = data.signs * np.r_[-1, np.ones(59)]
    assert branchhull.verdict(Bilinear(data.B, data.C, data.y, flipped), truth).margin == -np.inf
    higher = Bilinear(data.B, data.C, data.y * 1.01, data.signs)
    assert not branchhull.recovers(higher, truth)


def test_a_minimiser_that_is_not_the_only_one():
    # two equal columns of C: the weight may sit on either
    data, truth = draw(0, 30, 3, 3)
    C = np.c_[data.C[:, 0], data.C[:, 0], data.C[:, 1]]
    w, x = data.B @ truth.h, C @ np.array([1.0, 0, 2.0])
    twin = Bilinear(data.B, C, w * x, np.sign(w))
    verdict = branchhull.verdict(twin, Truth(truth.h, np.array([1.0, 0, 2.0])), "l1")
    assert verdict.optimal and not verdict.unique and not verdict
    # and with weight on both there is room to spare, but still another minimiser
    both = branchhull.verdict(twin, Truth(truth.h, np.array([0.5, 0.5, 2.0])), "l1")
    assert both.optimal and both.margin > 0.01 and not both.unique
    one = Bilinear(data.B, C[:, [0, 2]], w * x, np.sign(w))
    assert branchhull.verdict(one, Truth(truth.h, np.array([1.0, 2.0])), "l1")


def test_zeros():
    data, truth = draw(0, 40, 4, 4)
    y = np.where(np.arange(40) % 3, data.y, 0)
    m = truth.m
    answer = branchhull.verdict(Bilinear(data.B, data.C, y, data.signs), truth)
    assert answer and answer.margin > 0
    nothing = Bilinear(data.B, data.C, 0 * y, data.signs)
    assert branchhull.verdict(nothing, Truth(0 * truth.h, 0 * m))
    assert not branchhull.verdict(nothing, truth)
    assert not branchhull.verdict(data, Truth(truth.h, 0 * m))
