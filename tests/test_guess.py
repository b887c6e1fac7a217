"""The fast path: it finds the answer or says that it did not, and is believed only with a proof."""

import importlib
from itertools import islice

import numpy as np
import pytest

from kit import branchhull
from kit.branchhull import Bilinear, BranchHull
from kit.branchhull.guess.dense import guess
from kit.results import Status


def instance(L, K, N, seed=0, **options):
    data, truth = branchhull.gaussian(np.random.default_rng(seed), L, K, N, **options)
    return BranchHull(data), truth


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("L", "K", "N"), [(40, 5, 5), (60, 2, 12), (400, 50, 50), (2000, 20, 20), (9, 1, 1)]
)
def test_without_noise_the_guess_is_certified_and_is_the_truth(L, K, N, seed):
    problem, truth = instance(L, K, N, seed)
    answer = branchhull.solve(problem, "guess")
    report = answer.report
    assert report.run.status is Status.SOLVED and report.certificate.gap <= 1e-8
    if L > 3 * (K + N):  # where the law promises it
        assert report.notes == ("the guess is certified.",)
        assert branchhull.recovery_error(answer.h, answer.m, truth) <= 1e-9


@pytest.mark.parametrize("seed", range(10))
def test_near_the_transition_the_answer_is_the_optimum_all_the_same(seed):
    problem, _ = instance(36, 10, 10, seed)
    ours = branchhull.solve(problem, "guess").report
    theirs = branchhull.solve(problem, "interior").report
    assert ours.certificate.gap <= 1e-8
    assert ours.certificate.upper == pytest.approx(theirs.certificate.upper, rel=2e-8)
    if len(ours.notes) > 1:
        assert "interior point method was asked" in ours.notes[-1]


def test_below_the_transition_a_point_is_found_that_is_not_the_optimum():
    problem, truth = instance(28, 10, 10, seed=3)
    answer = branchhull.solve(problem, "guess")
    assert "found, but no proof" in answer.report.notes[0]
    assert answer.report.run.status is Status.SOLVED  # by the interior point method
    point = list(guess(problem))[-1]
    assert branchhull.recovery_error(point.h, point.m, truth) <= 1e-9
    assert answer.report.certificate.upper < point.objective * (1 - 1e-4)


def test_noise_is_recognised_and_said():
    problem, _ = instance(200, 20, 20, noise=0.02)
    states = list(guess(problem))
    assert states[-1].dual is None and states[-1].residual > 1e-3 and len(states) <= 8
    for method in ("guess", "auto"):
        report = branchhull.solve(problem, method).report
        assert report.run.status is Status.SOLVED
        assert "no point was found on all hyperbolas" in report.notes[0]


def test_a_lie_is_not_believed(monkeypatch):
    module = importlib.import_module("kit.branchhull.candidates")
    honest = module.guess

    def liar(problem):
        *states, last = honest(problem)
        yield from states
        wrong = last.dual * (1 + 0.1 * np.cos(np.arange(last.dual.shape[1])))
        yield type(last)(last.h, last.m, wrong, last.objective, last.residual)

    monkeypatch.setattr(module, "guess", liar)
    report = branchhull.solve(instance(60, 6, 5)[0], "guess").report
    assert "certified only to" in report.notes[0] and report.certificate.gap <= 1e-8


def test_wrong_signs_are_seen_on_rows_that_the_guess_never_looked_at():
    problem, truth = instance(600, 5, 5)
    data = problem.data
    looked_at = importlib.import_module("kit.branchhull.guess.dense")._choose(np.abs(data.y), 30)
    unseen = np.setdiff1d(np.arange(600), looked_at)[:1]
    signs = data.signs.copy()
    signs[unseen] *= -1
    spoilt = BranchHull(Bilinear(data.B, data.C, data.y, signs))
    point = list(guess(spoilt))[-1]
    assert branchhull.recovery_error(point.h, point.m, truth) <= 1e-9  # it finds the truth
    assert branchhull.certify(spoilt, point.h, point.m, point.dual).upper == np.inf  # to no avail
    assert branchhull.solve(spoilt, "guess").report.run.status is Status.INFEASIBLE


def test_units_and_zeros_do_not_matter():
    data = instance(80, 5, 5)[0].data
    rows = np.geomspace(1, 1e4, 80)
    y = np.where(np.arange(80) % 4, data.y, 0)
    for B, C, y_, signs in (
        (1e4 * data.B, data.C * rows[:, None], 1e4 * data.y * rows, data.signs),
        (data.B, data.C, y, data.signs),
        (1e-60 * data.B, 1e70 * data.C, 1e10 * data.y, data.signs),
    ):
        report = branchhull.solve(BranchHull(Bilinear(B, C, y_, signs)), "guess").report
        assert report.notes == ("the guess is certified.",) and report.certificate.gap <= 1e-8


def test_states_are_the_algorithm_and_a_callback_can_stop_it():
    problem, truth = instance(200, 10, 10)
    errors = [branchhull.recovery_error(s.h, s.m, truth) for s in islice(guess(problem), 12)]
    assert errors[0] > 0.1 and errors[-1] < 1e-12
    answer = branchhull.solve(problem, "guess", callback=lambda state: state.residual < 1e-2)
    assert answer.report.run.status is Status.STOPPED
    assert 1e-12 < branchhull.recovery_error(answer.h, answer.m, truth) < 0.1
    few = branchhull.solve(problem, "guess", max_iter=2).report
    assert few.run.status is Status.MAX_ITER and few.run.iterations == 2
