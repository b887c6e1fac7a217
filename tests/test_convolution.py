"""Convolutional layers: patches and operator are one linear map, and one ADMM."""

from itertools import islice

import numpy as np
import pytest

from kit import nettrim
from kit.nettrim.admm import admm
from kit.nettrim.convolution import Convolution, admm_by_operator, conjugate_gradients, program

CASES = [((3, 2), 1, 0), ((3, 3), 1, 1), ((2, 3), 2, 1), ((1, 1), 1, 0), ((4, 5), 3, 2)]


def operator(kernel=(3, 2), stride=1, padding=0, P=4):
    rng = np.random.default_rng(0)
    return Convolution(rng.standard_normal((P, 2, 7, 8)), kernel, stride, padding), rng


@pytest.mark.parametrize("kernel, stride, padding", CASES)
def test_adjoint(kernel, stride, padding):
    A, rng = operator(kernel, stride, padding)
    W, Z = rng.standard_normal((A.shape[0], 3)), rng.standard_normal((3, A.shape[1]))
    assert np.sum(A.apply(W) * Z) == pytest.approx(np.sum(W * A.adjoint(Z)), rel=1e-12)


@pytest.mark.parametrize("kernel, stride, padding", CASES)
def test_patches_are_the_matrix_of_the_operator(kernel, stride, padding):
    A, rng = operator(kernel, stride, padding)
    W, Z = rng.standard_normal((A.shape[0], 3)), rng.standard_normal((3, A.shape[1]))
    X = A.patches()
    assert X.shape == A.shape
    assert np.allclose(W.T @ X, A.apply(W)) and np.allclose(X @ Z.T, A.adjoint(Z))


def test_one_place_by_hand():
    A, rng = operator((2, 2), 2, 1)
    W = rng.standard_normal((A.shape[0], 1))
    padded = np.pad(A.X, ((0, 0), (0, 0), (1, 1), (1, 1)))
    by_hand = np.sum(W[:-1, 0].reshape(2, 2, 2) * padded[3, :, 2:4, 4:6]) + W[-1, 0]
    h, w = A.places
    assert A.apply(W).reshape(1, 4, h, w)[0, 3, 1, 2] == pytest.approx(by_hand)


def test_conjugate_gradients_solve():
    A, rng = operator()
    right = rng.standard_normal((A.shape[0], 3))
    X = A.patches()
    W = conjugate_gradients(A, right, np.zeros_like(right), 60)
    assert np.allclose(W, np.linalg.solve(X @ X.T + np.eye(len(X)), right), atol=1e-10)


@pytest.mark.parametrize("relax", [1.0, 1.7])
def test_both_forms_of_the_admm_are_one(relax):
    """R14: the operator form, with enough steps of CG, gives the iterates of the matrix form."""
    A, rng = operator((3, 3), 1, 1)
    Y = np.maximum(A.apply(rng.standard_normal((A.shape[0], 3))), 0)
    problem = program(A, Y, 0.1 * np.linalg.norm(Y))
    rho = 3.0
    matrix = list(islice(admm(problem, rho=rho, relax=relax), 60))
    long = list(islice(admm_by_operator(A, problem, rho=rho, relax=relax, steps=40), 60))
    for one, two in zip(matrix, long, strict=True):
        assert np.allclose(one.W, two.W, atol=1e-9) and np.allclose(one.Q, two.Q, atol=1e-9)
    assert matrix[-1].W.any()


def test_ten_steps_are_enough_and_certified():
    A, rng = operator((3, 3), 1, 1, P=2)
    teacher = rng.standard_normal((A.shape[0], 3)) * (rng.random((A.shape[0], 3)) < 0.4)
    Y = np.maximum(A.apply(teacher), 0)
    problem = program(A, Y, 0.1 * np.linalg.norm(Y))
    exact = nettrim.solve(problem, "exact").report.certificate
    *_, state = islice(admm_by_operator(A, problem, rho=20.0, relax=1.7), 600)
    found = nettrim.certify(problem, state.W, state.Q, feasibility=1e-4)
    assert found.violation <= 1e-4 and found.gap <= 1e-3
    assert state.objective == pytest.approx(exact.upper, rel=1e-3)


BAD = {
    "kernel": (lambda: operator((9, 2)), "kernel must be two numbers"),
    "three": (lambda: operator((1, 2, 3)), "kernel must be two numbers"),
    "stride": (lambda: operator(stride=0), "stride must be"),
    "padding": (lambda: operator(padding=-1), "padding must be"),
    "X": (lambda: Convolution(np.ones((2, 3)), (1, 1)), "X must have 4 dim"),
    "W": (lambda: operator()[0].apply(np.ones((3, 1))), "W must have 13 rows"),
    "steps": (lambda: next(admm_by_operator(*_two(), rho=1.0, steps=0)), "steps must be"),
    "rho": (lambda: next(admm_by_operator(*_two(), rho=0.0)), "rho must be"),
}


def _two():
    A = operator()[0]
    return A, program(A, np.ones((1, A.shape[1])), 0.1)


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()
