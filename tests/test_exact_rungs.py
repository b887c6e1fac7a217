"""Net-Trim's exact method where its pivots or its interior point do not end."""

from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest
from test_nettrim import LAYERS

from kit.nettrim import NetTrim, solve
from kit.nettrim.certificate import cleared
from kit.nettrim.exact import path as exact_path
from kit.nettrim.exact.interior import interior
from kit.nettrim.exact.neuron import read_neuron, read_samples
from kit.results import Status

NAMES = ("tall", "relu input", "V negative", "a ball each", "V given")


def neuron(seed):
    """G, A y, C, v, l and |y|^2 of a neuron most of whose limits are tight at small weights."""
    rng = np.random.default_rng(seed)
    X = np.maximum(rng.standard_normal((8, 60)), 0)
    z = 0.3 * rng.standard_normal(8) @ X
    on = z > np.quantile(z, 0.9)
    A, y, C = X[:, on] / 8, z[on] / 8, X[:, ~on].T.copy()
    price = np.full(8, 10.0 ** rng.uniform(-6, -2) * np.abs(A @ y).max())
    return A @ A.T, A @ y, C, np.maximum(z[~on], -1e-4), price, y @ y


@pytest.mark.parametrize("name", NAMES)
def test_cvxpy_solves_what_the_interior_point_does_not(monkeypatch, name):
    """Multipliers that are no ray must not pass for one."""
    given = LAYERS[name]
    value = solve(given, "exact").report.certificate.upper
    monkeypatch.setattr(exact_path, "pivot", lambda *_, **__: False)
    monkeypatch.setattr(
        exact_path, "interior", lambda *a, **k: replace(interior(*a, **k), found=False)
    )
    report = solve(given, "exact").report
    assert report.run.status is Status.SOLVED
    assert f" {given.shape[1]} left to cvxpy" in report.notes[0]
    assert report.certificate.upper == pytest.approx(value, rel=1e-8)


@pytest.mark.parametrize("seed", range(40))
def test_interior_point_and_cvxpy_agree(seed):
    G, Ay, C, v, price, scale = neuron(seed)
    ours, u = interior(G, Ay, C, v, price, scale), cp.Variable(8)
    assert ours.found and ours.steps < 60
    cost = 0.5 * cp.quad_form(u, cp.psd_wrap(G)) - Ay @ u + price @ cp.abs(u)
    tight = {"tol_gap_abs": 1e-13, "tol_gap_rel": 1e-13, "tol_feas": 1e-13}
    value = cp.Problem(cp.Minimize(cost), [C @ u <= v]).solve("CLARABEL", **tight)
    mine = 0.5 * ours.u @ G @ ours.u - Ay @ ours.u + price @ np.abs(ours.u)
    assert mine == pytest.approx(value, abs=1e-7 * scale)
    assert (C @ ours.u <= v + 1e-7).all()


def test_only_a_proof_forbids():
    """w <= -1 and -w <= -1 contradict each other; w <= -1 and -w <= 2 do not."""
    X, Y = np.array([[1.0, 1.0, -1.0]]), np.array([[1.0, 0.0, 0.0]])
    ray = np.array([0.0, -1.0, -1.0])
    for limits, none in (((-1.0, -1.0), True), ((-1.0, 2.0), False)):
        given = NetTrim(X, Y, 0.1, V=np.array([[0.0, *limits]]))
        one = read_neuron(given, 0, read_samples(given))
        assert exact_path.forbids(one, ray) is none
        assert not exact_path.forbids(one, ray * [1, 1, 0.5])


def test_a_neuron_of_limits_alone_is_told_to_the_callback():
    """y = 0 and V < 0: no lambda is known at which its path begins."""
    X = np.abs(np.random.default_rng(0).standard_normal((4, 9)))
    problem, seen = NetTrim(X, np.zeros((1, 9)), 0.1, V=-X[:1]), []
    answer = solve(problem, "exact", callback=seen.append)
    assert answer.report.run.status is Status.SOLVED
    assert seen and all(0 < step.lam <= 1 for step in seen)


def test_a_neuron_of_rounding_alone_is_0():
    """As the input of a next layer it would be scaled up to 1 (lesson 26)."""
    rng = np.random.default_rng(1)
    X, W = np.abs(rng.standard_normal((4, 9))), np.abs(rng.standard_normal((4, 3)))
    Y = W.T @ X
    Y[1] = 0
    W[:, 1] *= -1e-25
    clean = cleared(NetTrim(X, Y, 0.1), W, 1e-12, 1e-8)
    assert not clean[:, 1].any() and np.array_equal(clean[:, [0, 2]], W[:, [0, 2]])


def test_rounds_that_do_not_end_are_few():
    """Integer inputs, samples that come again: lambda goes up and down without silent samples."""
    steps = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        X = rng.integers(0, 17, (14, 24)) * (rng.random((14, 24)) < 0.5)
        X = X[:, rng.integers(0, 24, 48)]
        Y = np.maximum(rng.integers(-2, 3, (14, 4)).T @ X, 0.0)
        run = solve(NetTrim(X, Y, 0.1 * np.linalg.norm(Y, axis=1)), "exact").report.run
        assert run.status is Status.SOLVED
        steps += run.iterations
    assert steps < 2000  # 1631; 3070 with 120 rounds
