"""B and C that only multiply: a million rows or forty, the same proof."""

import importlib
from itertools import pairwise

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.linalg import aslinearoperator
from transforms import dct_data

from kit import branchhull
from kit.branchhull import Bilinear, BranchHull
from kit.branchhull.guess.matrix_free import matrix_free
from kit.results import Status

CERTIFIED = "the guess is certified."


def dct(L, K, N, seed=0, **options):
    data, truth = dct_data(np.random.default_rng(seed), L, K, N, **options)
    return BranchHull(data), truth


def through(problem, kind):
    """The same problem with B and C of another kind."""
    data = problem.data
    return BranchHull(Bilinear(kind(data.B), kind(data.C), data.y, data.signs))


def test_the_operators_are_columns_of_the_cosine_transform():
    problem, truth = dct(60, 7, 5)
    data = problem.data
    B, C = data.B @ np.eye(7), data.C @ np.eye(5)
    for matrix, operator in ((B, data.B), (C, data.C)):
        v = np.random.default_rng(1).normal(size=60)
        assert np.allclose(matrix.T @ matrix, np.eye(matrix.shape[1]))
        assert np.allclose(matrix.T @ v, operator.rmatvec(v))
        assert operator.rmatvec(v.astype(np.float32)).dtype == np.float32
    assert np.allclose((B @ truth.h) * (C @ truth.m), data.y)
    assert np.array_equal(np.sign(B @ truth.h), data.signs)
    noisy = dct(60, 7, 5, noise=0.1)[0].data
    assert 0.01 < np.abs(noisy.y / data.y - 1).mean() < 0.3


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("L", "K", "N"), [(4096, 256, 256), (2048, 20, 300), (600, 50, 30)])
def test_transforms_are_solved_and_certified(L, K, N, seed):
    problem, truth = dct(L, K, N, seed)
    answer = branchhull.solve(problem)
    report = answer.report
    assert report.run.status is Status.SOLVED and report.certificate.gap <= 1e-8
    assert report.notes == ("auto took matrix-free: B or C is not dense.", CERTIFIED)
    assert branchhull.recovery_error(answer.h, answer.m, truth) <= 1e-8
    assert report.certificate.violation <= 1e-12  # it comes back feasible


def test_the_proof_holds_for_the_dense_problem_as_well():
    problem, _ = dct(400, 30, 20)
    answer = branchhull.solve(problem)
    data = problem.data
    made = BranchHull(Bilinear(data.B @ np.eye(30), data.C @ np.eye(20), data.y, data.signs))
    assert branchhull.certify(made, answer.h, answer.m, answer.dual).gap <= 1e-8
    other = branchhull.solve(made, "interior").report.certificate
    assert answer.report.certificate.upper == pytest.approx(other.upper, rel=2e-8)


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, aslinearoperator])
def test_all_kinds_give_one_answer(kind):
    data, truth = branchhull.gaussian(np.random.default_rng(4), 200, 8, 12)
    answer = branchhull.solve(through(BranchHull(data), kind), "matrix-free")
    assert answer.report.notes == (CERTIFIED,)
    assert branchhull.recovery_error(answer.h, answer.m, truth) <= 1e-9


def test_a_sensor_array_is_sparse():
    data, _ = branchhull.self_calibration(np.random.default_rng(1), 60, 4, 3, snapshots=4)
    problem = BranchHull(data)
    half = BranchHull(Bilinear(data.B, sparse.csr_array(data.C), data.y, data.signs))
    ours, theirs = branchhull.solve(half).report, branchhull.solve(problem, "interior").report
    assert ours.certificate.gap <= 1e-8
    assert ours.certificate.upper == pytest.approx(theirs.certificate.upper, rel=2e-8)


def test_noise_and_too_few_rows_are_said_and_not_hidden(monkeypatch):
    solving = importlib.import_module("kit.branchhull.solve")
    monkeypatch.setattr(solving, "MANY", 0)  # as if B and C were too large to be made dense
    noisy = branchhull.solve(dct(600, 40, 40, noise=0.05)[0]).report
    assert noisy.run.status is Status.FAILED and noisy.certificate.lower == -np.inf
    assert "no point was found on all hyperbolas" in noisy.notes[1]
    assert noisy.notes[-1] == "and B and C are too large to be made dense."
    few = branchhull.solve(dct(60, 40, 40)[0]).report
    assert few.run.status is Status.FAILED and "fewer equations than unknowns" in few.notes[1]
    monkeypatch.undo()
    assert branchhull.solve(dct(600, 40, 40, noise=0.05)[0]).report.certificate.gap <= 1e-8
    data, _ = branchhull.gaussian(np.random.default_rng(0), 100, 5, 5, noise=0.05)
    asked = branchhull.solve(through(BranchHull(data), sparse.csr_array))
    assert asked.report.run.status is Status.SOLVED
    assert "so another method was asked, on dense B and C." in asked.report.notes


def test_zeros_in_y_and_signs_that_lie():
    problem, _ = dct(800, 30, 30)
    data = problem.data
    y = np.where(np.arange(800) % 5, data.y, 0)
    fine = branchhull.solve(BranchHull(Bilinear(data.B, data.C, y, data.signs))).report
    assert fine.certificate.gap <= 1e-8
    signs = data.signs * np.where(np.arange(800) == 11, -1, 1)
    lied = branchhull.solve(BranchHull(Bilinear(data.B, data.C, data.y, signs))).report
    assert lied.run.status is Status.SOLVED and lied.certificate.upper > fine.certificate.upper


def test_states_are_the_algorithm():
    problem, truth = dct(2048, 100, 100)
    errors = [branchhull.recovery_error(s.h, s.m, truth) for s in matrix_free(problem)]
    assert errors[0] > 0.05 and errors[-1] < 1e-13
    assert all(after < before for before, after in pairwise(errors[:5]))


@pytest.mark.slow
def test_a_million_rows():
    problem, truth = dct(2**20, 2**16, 2**16)
    answer = branchhull.solve(problem)
    print(answer.report)
    assert answer.report.certificate.gap <= 1e-8
    assert branchhull.recovery_error(answer.h, answer.m, truth) <= 1e-8
