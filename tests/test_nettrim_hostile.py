"""Random and hostile Net-Trim layers: an honest status, and never an exception, NaN or warning."""

import collections

import numpy as np
import pytest
from hostile_layers import KINDS, drawn, reports

from kit.nettrim import NetTrim, certify, solve
from kit.results import Status

SETTLED = ("SOLVED", "INFEASIBLE")


def judged(seeds, **options):
    """How many are open; fails where an answer is wrong."""
    left = collections.Counter()
    for kind, seed, status, seconds, wrong in reports(seeds, **options):
        assert not wrong, (kind, seed, status, wrong)
        assert seconds < 10, (kind, seed, seconds)
        left[kind] += status not in SETTLED
    return left


def test_every_kind():
    assert sum(judged(range(2 * len(KINDS))).values()) == 0


@pytest.mark.slow
def test_three_hundred():
    assert sum(judged(range(30_000, 30_300)).values()) <= 3


def test_same_status_and_gap_as_in_good_units():
    """Inputs in units of 1e-6 to 1e6, their weights in the objective as they were."""
    rng = np.random.default_rng(5)
    for _ in range(6):
        X = rng.standard_normal((12, 40))
        Y = np.maximum(rng.standard_normal((3, 12)) @ X, 0)
        units = 10.0 ** rng.uniform(-6, 6, (12, 1))
        answer = solve(NetTrim(units * X, Y, 0.1 * np.linalg.norm(Y)))
        assert answer.report.run.status is Status.SOLVED, answer
        assert answer.report.certificate.gap < 1e-6


def test_bounds_are_as_sharp_as_in_good_units():
    """Inputs 10 decades apart: what rounds X q of the largest is not charged to the others."""
    problem = drawn(30_051)[1]
    answer = solve(problem)
    assert answer.report.run.status is Status.SOLVED, answer


@pytest.mark.parametrize("x, y", [(1e-100, 1.0), (1.0, 1e100), (1e100, 1e-100), (1e6, 1e-6)])
def test_answers_scale_with_their_units(x, y):
    X = np.random.default_rng(6).standard_normal((8, 30))
    Y = np.maximum(np.random.default_rng(7).standard_normal((3, 8)) @ X, 0)
    plain = solve(NetTrim(X, Y, 0.1 * np.linalg.norm(Y)))
    other = solve(NetTrim(x * X, y * Y, y * 0.1 * np.linalg.norm(Y)))
    assert other.report.run.status is plain.report.run.status is Status.SOLVED
    assert np.allclose(other.W * x / y, plain.W, rtol=1e-7, atol=1e-9)


def test_a_tiny_ball_on_a_tiny_layer_is_solved_by_default():
    rng = np.random.default_rng(8)
    for _ in range(40):
        N, P = rng.integers(1, 8), rng.integers(2, 16)
        X = rng.standard_normal((N, P))
        Y = np.maximum(rng.standard_normal((2, N)) @ X, 0)
        answer = solve(NetTrim(X, Y, 1e-8 * np.linalg.norm(Y)))
        assert answer.report.run.status is Status.SOLVED, answer


def test_zeros_are_zeros_on_tied_data():
    """Binary inputs: no weight that rounding left, none on an input that is always 0."""
    rng = np.random.default_rng(9)
    for _ in range(8):
        X = (rng.random((14, 40)) < 0.4).astype(float)
        X[3] = 0
        Y = np.maximum((rng.integers(-2, 3, (14, 3)).T @ X), 0)
        for problem in (NetTrim(X, Y, 0.3 * np.linalg.norm(Y)), NetTrim(X, Y, 0.0)):
            W = solve(problem).W
            small = np.abs(W[W != 0]).min(initial=1)
            assert small > 1e-10 * np.abs(W).max() and not W[3].any()


def test_a_free_row_that_is_zero_where_the_neuron_is_active():
    """It holds the silent samples for nothing: the others do without them; or bounds from C."""
    rng = np.random.default_rng(10)
    for seed in range(20):
        X = rng.standard_normal((5, 24))
        Y = np.maximum(rng.standard_normal((2, 4)) @ X[:-1], 0)
        Y[1] = Y[0]
        X[-1] = np.where(Y[0] > 0, 0, 1 if seed % 2 else rng.choice([-1, 1], 24))
        problem = NetTrim(X, Y, 0.1 * np.linalg.norm(Y), penalise_bias=False)
        answer = solve(problem)
        assert answer.report.run.status is Status.SOLVED, (seed, answer)
        assert answer.report.certificate.upper > 0


def test_threads_let_no_warning_escape():
    """cvxpy, the last resort, runs in one thread: its warnings are caught for the process."""
    for seed in (353, 1367):
        solve(drawn(seed)[1], n_jobs=2)  # a warning is an error in the tests


def test_a_layer_and_its_parts_share_their_arrays():
    problem = drawn(0)[1]
    part = problem.neurons(np.arange(len(problem.Y)) == 0)
    assert part.X is problem.X and part.price is problem.price
    assert certify(part, np.zeros((len(part.X), 1)), None).upper >= 0
