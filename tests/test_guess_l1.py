"""The guess for l1: right and certified where it can be, and never a claim where it is not."""

import itertools

import numpy as np
import pytest

from kit import branchhull
from kit.branchhull import Bilinear, BranchHull
from kit.branchhull.guess.l1 import guess_l1
from kit.results import Status

VARIANTS = {"plain": {}, "slack": {"lam": 2.0}, "weight": {"gamma": 3.0}}


def sparse(seed, L, K, N, S, **options):
    return branchhull.gaussian(np.random.default_rng(seed), L, K, N, sparsity=(S, S), **options)


def last(states):
    with np.errstate(all="ignore"):
        return list(states)[-1]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("sizes", [(200, 80, 60, 4), (120, 120, 100, 3), (400, 30, 20, 20)])
def test_it_finds_and_proves_sparse_answers(sizes, variant):
    for seed in range(5):
        data, truth = sparse(seed, *sizes)
        problem = BranchHull(data, "l1", **VARIANTS[variant])
        state = last(guess_l1(problem))
        certificate = branchhull.certify(problem, state.h, state.m, state.dual)
        assert certificate.gap <= 1e-11  # the rounding of h and m counts
        assert state.support == np.count_nonzero(truth.h) + np.count_nonzero(truth.m)
        # and it is what the other method finds
        other = branchhull.solve(problem, "interior").report.certificate
        assert certificate.upper == pytest.approx(other.upper, rel=2e-8)


def test_zeros_in_y_and_rows_of_any_size():
    data, truth = sparse(0, 200, 60, 50, 3)
    rows = np.geomspace(1, 1e4, 200)
    y = np.where(np.arange(200) % 5, data.y, 0) * rows
    spoilt = Bilinear(data.B, data.C * rows[:, None], y, data.signs)
    answer = branchhull.solve(BranchHull(spoilt, "l1"), "guess")
    assert answer.report.notes == ("the guess is certified.",)
    assert branchhull.recovery_error(answer.h, answer.m, truth, "l1") < 1e-12


@pytest.mark.parametrize("noise", [0.01, 0.3])
def test_noise_is_noticed_and_left_to_the_interior_point_method(noise):
    data, _ = sparse(1, 150, 40, 30, 3, noise=noise)
    problem = BranchHull(data, "l1")
    states = list(guess_l1(problem))
    assert all(state.dual is None for state in states) and len(states) < 15
    for method in ("guess", "auto"):
        report = branchhull.solve(problem, method).report
        assert report.run.status is Status.SOLVED
        assert any("no point was found on all hyperbolas" in note for note in report.notes)
    assert report.notes[0].startswith("auto took interior")


def test_too_few_measurements_are_no_certificate():
    # the truth is on all hyperbolas, but not the smallest point: the verdict says so
    seen = 0
    for seed in range(12):
        data, truth = sparse(seed, 45, 40, 40, 6)
        if branchhull.recovers(data, truth, "l1"):
            continue
        problem, seen = BranchHull(data, "l1"), seen + 1
        state = last(guess_l1(problem))
        if state.dual is not None:
            gap = branchhull.certify(problem, state.h, state.m, state.dual).gap
            error = branchhull.recovery_error(state.h, state.m, truth, "l1")
            assert gap > 1e-6 or error > 1e-6
        answer = branchhull.solve(problem)
        assert answer.report.run.status is Status.SOLVED
    assert seen >= 3


def test_auto_says_that_it_guessed():
    data, _ = sparse(0, 120, 60, 50, 3)
    report = branchhull.solve(BranchHull(data, "l1")).report
    assert report.notes == (
        "auto took guess: sparse answers are often found.",
        "the guess is certified.",
    )
    # the residual falls to rounding within a few steps
    curve = report.run.history["residual"]
    assert curve[-1] < 1e-14 and curve.size < 15
    first = list(itertools.islice(guess_l1(BranchHull(data, "l1")), 2))
    assert first[0].residual > 0.1
