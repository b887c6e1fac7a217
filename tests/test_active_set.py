"""The exact method for Net-Trim layers: certified to 1e-6, and the laws its answers must keep."""

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_nettrim import LAYERS, changed, layer

from kit import datasets, nettrim
from kit.nettrim import NetTrim, certify, path, solve
from kit.nettrim.exact import layer as exact_layers
from kit.nettrim.exact.neuron import read_neuron, read_samples
from kit.nettrim.exact.path import Breakdown, first, other, read
from kit.nettrim.networks.network import forward, with_ones
from kit.results import Status


def certified(problem, answer, gap=1e-6):
    """Solved, by the exact method alone: no neuron left to cvxpy."""
    report = answer.report
    assert report.run.status is Status.SOLVED, answer
    assert certify(problem, answer.W, answer.dual).gap <= gap
    assert certify(problem, answer.W, answer.dual).violation <= 1e-8
    assert not any("left to cvxpy" in note and " 0 left" not in note for note in report.notes)
    return np.abs(answer.W).sum()


def each(problem, share):
    """The same layer with a ball of radius share |y_m| for every neuron."""
    return changed(problem, epsilon=share * np.linalg.norm(problem.Y, axis=1))


# Against Clarabel ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYERS)
def test_every_kind_of_layer(name):
    problem = LAYERS[name]
    value = certified(problem, solve(problem, "exact"), 1e-9)
    assert value == pytest.approx(solve(problem, "cvxpy").report.certificate.upper, rel=1e-6)


@pytest.mark.parametrize("seed", range(40, 52))
def test_agrees_with_clarabel_on_random_layers(seed):
    rng = np.random.default_rng(seed)
    N, M, P = rng.integers(2, 25), rng.integers(1, 4), rng.integers(4, 40)
    problem, W = layer(seed, N, M, P, rng.choice([0.01, 0.1, 0.5]), relu_input=bool(seed % 2))
    if seed % 3 == 0:
        problem = each(problem, 0.1)
    if seed % 4 == 1:  # as in a cascade: the old weights are feasible, most limits are negative
        problem = changed(problem, V=W.T @ problem.X)
    value = certified(problem, solve(problem, "exact"), 1e-9)
    assert value == pytest.approx(solve(problem, "cvxpy").report.certificate.upper, rel=1e-6)


@pytest.mark.parametrize("seed", range(60, 72))
def test_foreign_data_are_solved_or_proved_infeasible(seed):
    """X and Y that no network made, in any units."""
    rng = np.random.default_rng(seed)
    N, M, P = rng.integers(1, 12), rng.integers(1, 4), rng.integers(2, 20)
    X = rng.standard_normal((N, P)) * 10.0 ** rng.integers(-3, 4)
    Y = np.maximum(rng.standard_normal((M, P)), 0) * 10.0 ** rng.integers(-3, 4)
    share = rng.choice([0, 0.01, 0.3])
    epsilon = share * (np.linalg.norm(Y) if seed % 2 else np.linalg.norm(Y, axis=1))
    problem = NetTrim(X, Y, epsilon, V=rng.choice([0, -0.1, 0.1]) * Y.max())
    answer, reference = solve(problem, "exact"), solve(problem, "cvxpy")
    assert answer.report.run.status is reference.report.run.status, (answer, reference)
    assert answer.report.run.status in (Status.SOLVED, Status.INFEASIBLE), answer


@pytest.mark.parametrize("joint", [True, False], ids=["joint", "a ball each"])
def test_infeasible_data_come_with_a_proof(joint):
    X = np.random.default_rng(0).standard_normal((3, 8))
    X[:, 1] = X[:, 0]  # one sample, wanted at 1 and below -0.5
    Y = np.abs(np.random.default_rng(1).standard_normal((2, 8)))
    Y[0, :2] = 1, 0
    problem = NetTrim(X, Y, 0.1 if joint else [0.1, 9.0], V=-0.5)
    assert solve(problem, "exact").report.run.status is Status.INFEASIBLE
    silent = NetTrim([[1.0, -1.0]], [[0.0, 0.0]], 0.1 if joint else [0.1], V=-0.5)  # u, -u <= -.5
    assert solve(silent, "exact").report.run.status is Status.INFEASIBLE


# Laws ---------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=25)
@given(st.integers(10**6, 2 * 10**6), st.integers(1, 12), st.integers(2, 30), st.booleans())
def test_always_certified(seed, N, P, whole):
    """Small whole numbers: ties, copies and dependent rows in plenty."""
    rng = np.random.default_rng(seed)
    X, W = rng.integers(-2, 3, (N, P)).astype(float), rng.integers(-2, 3, (N, 2))
    Y = np.maximum(W.T @ X, 0)
    problem = NetTrim(X, Y, 0.2 * np.linalg.norm(Y) if whole else 0.2 * np.linalg.norm(Y, axis=1))
    answer = solve(problem, "exact")
    assert answer.report.run.status is Status.SOLVED, answer
    assert answer.report.certificate.violation <= 1e-8


@pytest.mark.parametrize("joint", [True, False], ids=["joint", "a ball each"])
def test_path_is_monotone_and_equals_single_solves(joint):
    problem, _ = layer(21, 20, 4, 80, relu_input=True)
    size = np.linalg.norm(problem.Y) if joint else np.linalg.norm(problem.Y, axis=1)
    shares = [0.3, 0.02, 0.1, 1.1, 0.6]
    answers = path(problem, [share * size for share in shares])
    values = {}
    for share, answer in zip(shares, answers, strict=True):
        part = changed(problem, epsilon=share * size)
        values[share] = certified(part, answer, 1e-9)
        assert np.allclose(answer.W, solve(part, "exact").W, atol=1e-9 * np.abs(answer.W).max())
    ordered = [values[share] for share in sorted(values)]
    assert ordered == sorted(ordered, reverse=True) and ordered[-1] == 0
    # a convex function of epsilon: the minimum of a program whose constraints are convex in it
    slopes = np.diff(ordered) / np.diff(sorted(values))
    assert (np.diff(slopes) >= -1e-9 * abs(slopes[0])).all()


@pytest.mark.parametrize("x", [1e-4, 1e5])
def test_units_do_not_matter(x):
    for problem in (LAYERS["wide"], each(LAYERS["relu input"], 0.1)):
        W, y = solve(problem, "exact").W, 3e-3
        scaled = NetTrim(x * problem.X, y * problem.Y, y * problem.epsilon)
        answer = solve(scaled, "exact")
        certified(scaled, answer, 1e-9)
        assert np.allclose(answer.W, W * (y / x), rtol=1e-7, atol=0)


def test_copies_of_inputs_and_samples_change_nothing():
    problem = each(LAYERS["relu input"], 0.1)
    value = certified(problem, solve(problem, "exact"))
    twice = NetTrim(np.vstack([problem.X, problem.X]), problem.Y, problem.epsilon)
    assert certified(twice, solve(twice, "exact")) == pytest.approx(value)
    X, Y = np.hstack([problem.X, problem.X]), np.hstack([problem.Y, problem.Y])
    double = NetTrim(X, Y, np.sqrt(2) * problem.epsilon)
    assert certified(double, solve(double, "exact")) == pytest.approx(value)
    blank = NetTrim(np.vstack([problem.X, 0 * problem.X[:2]]), problem.Y, problem.epsilon)
    answer = solve(blank, "exact")
    assert certified(blank, answer) == pytest.approx(value) and not answer.W[-2:].any()
    mirror = NetTrim(np.vstack([problem.X, -problem.X]), problem.Y, problem.epsilon)
    assert certified(mirror, solve(mirror, "exact")) == pytest.approx(value)


def test_a_point_of_the_path_is_the_penalised_program():
    """min (1/2) |A'u - y|^2 + lambda |u|_1 s.t. C'u <= v."""
    neuron = read_neuron(LAYERS["tall"], 0, read_samples(LAYERS["tall"]))
    lam = 0.5 * first(neuron, 0.1 * np.linalg.norm(neuron.y), np.inf).lam
    piece = first(neuron, 0.0, np.inf, lam)
    A = neuron.masked(np.arange(len(neuron.layer.X)))[:, neuron.active]
    C = neuron.layer.X[:, neuron.silent] / neuron.layer.scale[0]
    x = cp.Variable(len(A))
    loss = 0.5 * cp.sum_squares(A.T @ x - neuron.y) + lam * cp.norm1(x)
    cp.Problem(cp.Minimize(loss), [C.T @ x <= neuron.v]).solve(
        solver=cp.CLARABEL, tol_gap_abs=1e-12, tol_gap_rel=1e-12, tol_feas=1e-12
    )
    u = read(piece, lam)[0] * (neuron.layer.scale[0] / neuron.layer.scale[1])
    assert np.allclose(u, x.value, atol=1e-5)
    assert piece.square(lam) == pytest.approx(np.sum((A.T @ u - neuron.y) ** 2))


@pytest.mark.parametrize("name", ["relu input", "tall"])
def test_every_point_of_a_path_is_a_proved_answer(name):
    """Up to where all weights are 0, down to an eighth of where it began; ends of pieces too."""
    problem = LAYERS[name]
    samples = read_samples(problem)
    for m in range(problem.shape[1]):
        neuron = read_neuron(problem, m, samples)
        begun = first(neuron, 0.1 * np.linalg.norm(neuron.y), np.inf)
        one, size = problem.neurons(np.arange(problem.shape[1]) == m), float(neuron.y @ neuron.y)
        assert not begun.alone and begun.start < begun.lam < begun.end
        rng, lam = np.random.default_rng(m), begun.lam
        some = np.exp(rng.uniform(np.log(lam / 8), np.log(1.5 * begun.blocks.top), 8))
        for at in (begun.start, begun.end, 2 * lam, lam / 8, 8 * lam, 2 * begun.blocks.top, *some):
            piece = begun if begun.covers(at) else other(begun, at, np.inf)
            u, q = read(piece, at)
            radius = np.sqrt(piece.square(at)) * neuron.layer.scale[1] * neuron.layer.scale[2]
            u[np.abs(u) < 1e-12] = 0  # active samples that leave no other u than 0
            certificate = certify(changed(one, epsilon=float(radius)), u[:, None], q[None])
            assert certificate.violation <= 1e-9
            if at > begun.blocks.top:
                assert piece.square(at) == pytest.approx(size) and not u.any()
            else:
                assert certificate.gap <= 1e-9


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_weights_that_vanish_together_send_nothing_to_cvxpy(share):
    """One lambda for a random teacher's layer: beyond that at which all weights of some are 0."""
    rng, X = np.random.default_rng(1), datasets.digits(np.random.default_rng(93)).X[:, :400]
    Y = np.maximum(0.3 * rng.standard_normal((12, 65)) @ with_ones(X), 0)
    problem = NetTrim(with_ones(X), Y, share * np.linalg.norm(Y))
    answer = solve(problem, "exact")
    certified(problem, answer, 1e-9)
    assert "0 left to cvxpy" in answer.report.notes[0]
    if share > 0.5:
        assert (~answer.W.any(axis=0) & Y.any(axis=1)).any()


@pytest.mark.parametrize("joint", [True, False], ids=["joint", "a ball each"])
def test_neurons_with_few_active_samples_take_an_interior_point(joint):
    """Smooth nonnegative samples, a bias that silences nearly all of them: pivots do not end."""
    rng = np.random.default_rng(5)
    smooth = np.array([np.convolve(row, np.ones(9) / 3, "same") for row in np.eye(60)])
    X = np.maximum(rng.standard_normal((900, 60)) @ smooth, 0).T
    Z = rng.standard_normal((8, 60)) @ X
    few = [4, 8, 15, 30, 60, 120, 450, 900]  # active samples
    bias = [np.sort(z)[-k] for z, k in zip(Z, few, strict=True)]
    Y = np.maximum(Z - np.array(bias)[:, None], 0)
    problem = NetTrim(with_ones(X), Y, 0.1 * np.linalg.norm(Y))
    problem = problem if joint else each(problem, 0.1)
    answer = solve(problem, "exact")
    certified(problem, answer, 1e-9)
    assert " 0 interior points" not in answer.report.notes[0]


# What is told -------------------------------------------------------------------------------------


def test_fallbacks_are_counted(monkeypatch):
    def broken(*_, **__):
        raise Breakdown("as a test")

    problem = LAYERS["a ball each"]
    monkeypatch.setattr(exact_layers, "solve_balls", broken)
    for part in (problem, LAYERS["tall"]):
        answer = solve(part, "exact")
        assert answer.report.run.status is Status.SOLVED
        assert "4 left to cvxpy" in answer.report.notes[0]


def test_limit_and_callback():
    for problem in (LAYERS["wide"], each(LAYERS["wide"], 0.1)):
        assert solve(problem, "exact", max_iter=1).report.run.status is Status.MAX_ITER
        seen = []
        answer = solve(problem, "exact", callback=lambda s, seen=seen: seen.append(s) or True)
        assert answer.report.run.status is Status.STOPPED and len(seen) == 1
        assert seen[0].events >= 0 and 0 < seen[0].lam <= 1
        assert np.isfinite(answer.W).all()


BAD = {
    "negative": ([-1.0], "epsilon must be"),
    "none": ([], "epsilons must"),
    "both kinds": ([1.0, np.ones(4)], "epsilons must"),
    "length": ([np.ones(3)], "epsilon must be"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_epsilons_are_named(case):
    epsilons, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        path(LAYERS["tall"], epsilons)
    with pytest.raises(ValueError, match="callback must"):
        path(LAYERS["tall"], [1.0], callback=3)


# Paper size ---------------------------------------------------------------------------------------


def gaussian(seed, N, P, M):
    """A layer of Gaussian samples; the neurons' weights are 5 % to 100 % nonzero."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((N, P))
    W = rng.standard_normal((N, M)) * (rng.random((N, M)) < np.linspace(0.05, 1, M))
    return NetTrim(X, np.maximum(W.T @ X, 0), 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("N, P, M", [(100, 200, 20), (300, 1000, 8), (784, 2000, 3)])
def test_every_gaussian_neuron(N, P, M):
    problem = each(gaussian(91, N, P, M), 0.1)
    certified(problem, solve(problem, "exact"), 1e-9)
    if N < 784:
        joint = changed(problem, epsilon=0.1 * np.linalg.norm(problem.Y))
        certified(joint, solve(joint, "exact"), 1e-9)


@pytest.fixture(scope="module")
def digit_layers():
    data = datasets.digits(np.random.default_rng(93))
    network = nettrim.train(np.random.default_rng(94), data).network
    outputs = forward(network, data.X)
    pairs = ((data.X, outputs[0]), (outputs[0], outputs[1]))
    return [NetTrim(with_ones(X), Y, 0.1 * np.linalg.norm(Y)) for X, Y in pairs]


@pytest.mark.slow
@pytest.mark.parametrize("k", [0, 1])
@pytest.mark.parametrize("joint", [True, False], ids=["joint", "a ball each"])
def test_every_neuron_of_a_trained_network(digit_layers, k, joint):
    problem = digit_layers[k] if joint else each(digit_layers[k], 0.1)
    certified(problem, solve(problem, "exact"))


@pytest.mark.slow
def test_twenty_epsilons_on_one_path(digit_layers):
    problem = each(digit_layers[1].neurons(np.arange(100) < 10), 0.05)
    epsilons = [share * problem.epsilon for share in np.linspace(6, 1, 20)]
    answers = path(problem, epsilons)
    for epsilon, answer in zip(epsilons, answers, strict=True):
        certified(changed(problem, epsilon=epsilon), answer)
    alone = [solve(changed(problem, epsilon=epsilon), "exact") for epsilon in epsilons[::6]]
    for answer, one in zip(answers[::6], alone, strict=True):
        assert np.allclose(answer.W, one.W, atol=1e-8 * np.abs(one.W).max())
