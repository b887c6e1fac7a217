"""Net-Trim, one layer: the certificate accepts and refuses, and every method meets it."""

from itertools import islice

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import nettrim
from kit.nettrim import NetTrim, certify, solve
from kit.nettrim.admm import project_layer
from kit.nettrim.rescale import rescale
from kit.results import Status


def layer(seed, N, M, P, share=0.1, *, relu_input=False, shift=0.0, linear=False, **settings):
    """A random layer of which W is the truth: (problem, W). shift > 0 makes neurons active."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((N, P))
    X = np.maximum(X, 0) if relu_input else X
    X[-1] = 1
    W = rng.standard_normal((N, M)) * (rng.random((N, M)) < 0.5)
    W[-1] += shift
    Z = W.T @ X
    Y = Z if linear else np.maximum(Z, 0)
    Omega = np.ones(Y.shape, bool) if linear else None
    return NetTrim(X, Y, share * np.linalg.norm(Y), Omega=Omega, **settings), W


def changed(problem, **changes):
    parts = {name: getattr(problem, name) for name in ("X", "Y", "epsilon", "V", "Omega")}
    return NetTrim(**(parts | changes))


def small_layers():
    tall, W = layer(0, 8, 4, 60)
    yield "tall", tall
    yield "wide", layer(1, 40, 4, 60)[0]
    yield "few samples", layer(2, 40, 3, 15)[0]
    yield "relu input", layer(3, 12, 3, 50, relu_input=True)[0]
    dead = np.vstack([tall.Y, np.zeros(60)])
    yield "dead neuron", NetTrim(tall.X, dead, tall.epsilon)
    yield "always active", layer(4, 8, 2, 40, shift=30.0)[0]
    yield "linear", layer(5, 8, 3, 40, linear=True)[0]
    yield "epsilon 0", changed(tall, epsilon=0.0)
    yield "a ball each", changed(tall, epsilon=0.1 * np.linalg.norm(tall.Y, axis=1))
    some = np.array([0.0, 0.1, 0.3, 2.0]) * np.linalg.norm(tall.Y, axis=1)
    yield "one ball of radius 0, one too large", changed(tall, epsilon=some)
    yield "V given", changed(tall, V=np.abs(W.T @ tall.X))
    yield "V negative", changed(tall, V=0.1 * np.minimum(W.T @ tall.X, 0))
    yield "dead, and pushed below", NetTrim(tall.X, 0 * tall.Y, 0.0, V=-0.5)
    yield "zero rows of X", NetTrim(np.vstack([tall.X, np.zeros((3, 60))]), tall.Y, tall.epsilon)
    yield "one neuron, one input", NetTrim([[1.0, -1.0, 2.0]], [[1.0, 0.0, 2.0]], 0.5)


LAYERS = dict(small_layers())


@pytest.fixture(scope="module")
def optimum():
    """The reference's answers, solved once."""
    return {name: solve(problem, "cvxpy") for name, problem in LAYERS.items()}


# Every method on every problem --------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYERS)
def test_reference_is_certified_optimal(name, optimum):
    answer = optimum[name]
    assert answer.report.run.status is Status.SOLVED, answer
    assert answer.report.certificate.gap <= 1e-6
    assert answer.report.certificate.violation <= 1e-6


@pytest.mark.parametrize("name", LAYERS)
def test_admm_agrees_with_reference(name, optimum):
    problem = LAYERS[name]
    limits = {"tol": 1e-4, "feasibility": 1e-4, "max_iter": 5000}
    answer = solve(problem, "admm", relax=1.7, **limits)
    assert answer.report.run.status is Status.SOLVED, answer
    value, best = np.abs(answer.W).sum(), optimum[name].report.certificate
    # its lower bound is true for the problem; its value is near the optimum, from either side
    assert answer.report.certificate.lower <= best.upper * (1 + 1e-6)
    assert value == pytest.approx(best.upper, rel=5e-3)


@pytest.mark.parametrize("method", nettrim.METHODS)
def test_every_method_is_certified(method):
    answer = solve(LAYERS["tall"], method, tol=1e-5, feasibility=1e-5, max_iter=3000)
    assert answer.report.run.status is Status.SOLVED
    assert answer.report.method == method


def test_truth_is_feasible_and_no_better_than_the_answer(optimum):
    problem, W = layer(0, 8, 4, 60)
    truth = certify(problem, W, optimum["tall"].dual)
    assert truth.violation <= 1e-12
    assert truth.lower == pytest.approx(optimum["tall"].report.certificate.lower)
    assert truth.upper >= truth.lower
    assert np.isinf(certify(problem, W, None).lower)


def test_prop_1(optimum):
    for name in ("tall", "wide", "few samples", "relu input", "dead neuron", "always active"):
        problem, W = LAYERS[name], optimum[name].W
        error = np.linalg.norm(np.maximum(W.T @ problem.X, 0) - problem.Y)
        assert error <= problem.epsilon * (1 + 1e-6), name


def test_a_ball_each_is_a_problem_each(optimum):
    problem, whole = LAYERS["a ball each"], optimum["a ball each"]
    for m, epsilon in enumerate(problem.epsilon):
        one = solve(NetTrim(problem.X, problem.Y[[m]], float(epsilon)), "cvxpy")
        assert np.abs(whole.W[:, m]).sum() == pytest.approx(one.report.certificate.upper, rel=1e-6)


def test_units_do_not_matter(optimum):
    problem, W = LAYERS["tall"], optimum["tall"].W
    scaled = NetTrim(1e3 * problem.X, 1e-5 * problem.Y, 1e-5 * problem.epsilon)
    for method in ("cvxpy", "admm"):
        answer = solve(scaled, method, tol=1e-5, feasibility=1e-5)
        assert answer.report.run.status is Status.SOLVED
        assert np.abs(answer.W).sum() == pytest.approx(1e-8 * np.abs(W).sum(), rel=1e-4)


# The certificate says no --------------------------------------------------------------------------


def test_certificate_refuses_wrong_answers(optimum):
    problem, answer = LAYERS["tall"], optimum["tall"]
    assert certify(problem, 1.2 * answer.W, answer.dual).upper == np.inf
    assert certify(problem, 0.8 * answer.W, answer.dual).gap == np.inf
    assert certify(problem, answer.W, -answer.dual).gap > 0.5
    assert certify(problem, answer.W, np.zeros_like(answer.dual)).gap == 1
    assert certify(problem, answer.W, None).lower == -np.inf
    noise = np.random.default_rng(0).standard_normal(answer.dual.shape)
    assert certify(problem, answer.W, answer.dual + 0.1 * abs(answer.dual).max() * noise).gap > 1e-3


def test_violation_is_what_it_says():
    problem = NetTrim([[1.0, 1.0]], [[2.0, 0.0]], 0.5)
    ball, above = certify(problem, [[3.0]], None), certify(problem, [[0.1]], None)
    assert ball.violation == pytest.approx(1.5)  # off by 1 with 0.5 allowed; above V by 3 of 2
    assert above.violation == pytest.approx(1.9 / 0.5 - 1)
    assert certify(changed(problem, V=3.0), [[3.0]], None).violation == pytest.approx(1.0)
    exact = changed(problem, epsilon=0.0, V=3.0)
    assert certify(exact, [[2.0 + 2e-9]], None).violation == pytest.approx(1e-6, rel=1e-3)


def test_infeasible_is_never_called_better_than_the_optimum(optimum):
    """A W that is outside by up to `feasibility` is compared with the program it does solve."""
    problem, answer = LAYERS["tall"], optimum["tall"]
    inside = 0.999 * answer.W  # a smaller value, outside the ball
    certificate = certify(problem, inside, answer.dual, feasibility=0.1)
    assert 0 < certificate.violation < 0.1
    assert certificate.lower <= certificate.upper < answer.report.certificate.lower


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.booleans(), st.floats(0, 2), st.sampled_from([0.0, 0.1, 0.7]))
def test_weak_duality(seed, joint, noise, share):
    problem, W = layer(seed, 5, 3, 12, share=share)
    if not joint:
        problem = changed(problem, epsilon=share * np.linalg.norm(problem.Y, axis=1))
    rng = np.random.default_rng(seed)
    Q = rng.standard_normal(problem.Y.shape) + rng.choice([0, 3]) * np.sign(problem.Y)
    true = certify(problem, W, Q)
    assert 0 <= true.lower <= true.upper * (1 + 1e-9) < np.inf
    near = certify(problem, W + noise * rng.standard_normal(W.shape), Q, feasibility=1e9)
    assert 0 <= near.lower <= near.upper * (1 + 1e-9)
    assert near.lower <= true.upper * (1 + 1e-9)  # the relaxed bound is a bound all the same


@pytest.mark.parametrize("seed", range(8))
def test_rows_of_the_dual_are_rescaled_at_best(seed):
    rng = np.random.default_rng(seed)
    a, b, c = rng.uniform(0.05, 1, (3, 6))
    epsilon = rng.uniform(0.05, 1.2)
    s = cp.Variable(6, nonneg=True)
    model = cp.Problem(cp.Maximize(a @ s - epsilon * cp.norm(cp.multiply(b, s))), [s <= 1 / c])
    best = model.solve(solver=cp.CLARABEL)
    found = rescale(a, b, 1 / c, epsilon)
    assert (found >= 0).all() and (found <= 1 / c).all()
    assert a @ found - epsilon * np.linalg.norm(b * found) == pytest.approx(best, abs=1e-6)


def test_a_row_of_the_dual_that_is_free_hides_no_other():
    """b = 1e-16 makes one share 1e30: the other row must count all the same."""
    a, b = np.array([5.0, 4.0]), np.array([1e-16, 0.1])
    assert rescale(a, b, np.ones(2), 2.0) == pytest.approx(np.ones(2))
    assert rescale(a[:1], b[:1], np.ones(1), 2.0) == pytest.approx(np.ones(1))


# Answers that are not errors ----------------------------------------------------------------------


def test_large_epsilon_gives_zero():
    problem = LAYERS["tall"]
    for method in nettrim.METHODS:
        answer = solve(changed(problem, epsilon=2 * problem.epsilon / 0.1), method)
        certificate = answer.report.certificate
        assert not answer.W.any() and answer.report.run.status is Status.SOLVED
        assert certificate.lower == certificate.upper == certificate.gap == 0


def test_dead_neuron_has_a_column_of_zeros(optimum):
    assert not optimum["dead neuron"].W[:, -1].any()
    assert np.allclose(optimum["dead neuron"].W[:, :-1], optimum["tall"].W, atol=1e-6)
    all_dead = solve(NetTrim(np.ones((3, 5)), np.zeros((2, 5)), 0.0))
    assert not all_dead.W.any() and all_dead.report.run.status is Status.SOLVED


def test_zero_rows_of_X_get_no_weight(optimum):
    assert not optimum["zero rows of X"].W[-3:].any()


@pytest.mark.parametrize("joint", [True, False], ids=["joint", "a ball each"])
def test_infeasible_data_come_with_a_proof(joint):
    X = np.random.default_rng(0).standard_normal((3, 8))
    X[:, 1] = X[:, 0]  # one sample, wanted at 1 and below -0.5
    Y = np.abs(np.random.default_rng(1).standard_normal((2, 8)))
    Y[0, :2] = 1, 0
    problem = NetTrim(X, Y, 0.1 if joint else [0.1, 9.0], V=-0.5)
    answer = solve(problem, "cvxpy")
    assert answer.report.run.status is Status.INFEASIBLE
    assert answer.report.certificate.lower == answer.report.certificate.upper == np.inf
    assert solve(problem, "admm", max_iter=200).report.run.status is Status.MAX_ITER
    assert certify(problem, answer.W, -answer.dual).lower < np.inf  # the wrong ray proves nothing
    # nothing can be infeasible where W itself is feasible
    feasible = changed(problem, V=9.0, epsilon=9.0)
    assert certify(feasible, np.zeros((3, 2)), answer.dual).lower == 0


@pytest.mark.parametrize("seed", range(12))
def test_foreign_data_are_solved_or_proved_infeasible(seed):
    """X and Y that no network made, in any units: never an exception, never an open end."""
    rng = np.random.default_rng(seed)
    N, M, P = rng.integers(1, 12), rng.integers(1, 4), rng.integers(2, 20)
    X = rng.standard_normal((N, P)) * 10.0 ** rng.integers(-3, 4)
    Y = np.maximum(rng.standard_normal((M, P)), 0) * 10.0 ** rng.integers(-3, 4)
    share = rng.choice([0, 0.01, 0.3])
    epsilon = share * (np.linalg.norm(Y) if seed % 2 else np.linalg.norm(Y, axis=1))
    answer = solve(NetTrim(X, Y, epsilon, V=rng.choice([0, -0.1, 0.1]) * Y.max()), "cvxpy")
    assert answer.report.run.status in (Status.SOLVED, Status.INFEASIBLE), answer


@pytest.mark.parametrize("seed", range(6))
def test_rounding_proves_nothing(seed):
    """Q with X Q' = 0 makes <Q, T> = 0 where a feasible W exists: rounding is no ray."""
    problem, W = layer(seed, 4, 2, 9, shift=50.0)
    problem = changed(problem, epsilon=0.0, Y=W.T @ problem.X)
    noise = np.random.default_rng(seed + 100).standard_normal(problem.Y.shape)
    Q = noise - noise @ np.linalg.pinv(problem.X) @ problem.X
    assert certify(problem, 2 * W, Q).lower <= np.abs(W).sum()


def test_input_that_says_nothing_cannot_be_followed():
    answer = solve(NetTrim(np.zeros((2, 4)), np.ones((1, 4)), 0.1))
    assert answer.report.run.status is Status.INFEASIBLE
    assert solve(NetTrim(np.zeros((2, 4)), np.ones((1, 4)), 2.0)).report.certificate.upper == 0


def test_integers_and_float32_are_converted():
    problem = NetTrim(np.eye(3, dtype=int), np.eye(3, dtype=np.float32), np.float32(0.25))
    assert problem.X.dtype == problem.Y.dtype == np.float64 and problem.joint
    assert solve(problem).W.dtype == np.float64


def test_limit_callback_and_notes():
    problem = LAYERS["wide"]
    limited = solve(problem, "admm", max_iter=3)
    assert limited.report.run.status is Status.MAX_ITER and limited.report.run.iterations == 3
    assert limited.report.certificate.upper == np.inf  # outside: said, not hidden
    seen = []
    stopped = solve(problem, "admm", callback=lambda state: seen.append(state) or len(seen) == 7)
    assert stopped.report.run.status is Status.STOPPED and len(seen) == 7
    assert set(stopped.report.run.history) >= {"objective", "primal", "change", "gap", "seconds"}
    assert "exact" in solve(problem).report.notes[0]
    limited = solve(problem, "cvxpy", max_iter=2, callback=print)
    assert limited.report.run.status is not Status.SOLVED
    assert "callback" in " ".join(limited.report.notes)


def test_auto_takes_exact_for_all_but_tiny_layers():
    problem, _ = layer(7, 60, 20, 400, share=0.3)
    answer = solve(problem)
    assert "exact" in answer.report.notes[0]
    assert answer.report.run.status is Status.SOLVED
    huge, _ = layer(7, 100, 30, 700)
    assert nettrim.methods_for(huge)["cvxpy"] and not nettrim.methods_for(huge)["exact"]
    with pytest.raises(ValueError, match="does not fit"):
        solve(huge, "cvxpy")


# The ADMM -----------------------------------------------------------------------------------------


def test_first_iteration_is_the_papers():
    """From 0: W1 = projection of 0, W2 = 0, W3 = (XX' + I)^-1 X W1', in the scaled problem."""
    problem = LAYERS["relu input"]
    c0 = 0.3 * np.sqrt((problem.X @ problem.X.T).max())
    X, Y = problem.X / c0, problem.Y / c0
    W1 = (1 - problem.epsilon / np.linalg.norm(problem.Y)) * Y
    W3 = np.linalg.solve(X @ X.T + np.eye(len(X)), X @ W1.T)
    first, second = islice(nettrim.admm(problem, rho=50.0), 2)
    assert not first.W.any()
    assert np.allclose(first.Q, 50.0 / c0 * (W1 - W3.T @ X))
    # U2 = -W3 after the first iteration, so W2 = S(2 W3)
    assert np.allclose(second.W, np.sign(W3) * np.maximum(np.abs(2 * W3) - 1 / 50, 0))


@pytest.mark.parametrize("each", [False, True], ids=["joint", "a ball each"])
def test_projection_is_nearest(each):
    rng = np.random.default_rng(0)
    Y, Z, V = np.abs(rng.standard_normal((3, 4, 9)))
    Omega = rng.random(Y.shape) < 0.5
    epsilon = np.full(4, 0.4) if each else 0.4
    point = project_layer(3 * Z, Y, Omega, V, epsilon)
    assert np.allclose(project_layer(point, Y, Omega, V, epsilon), point)
    for _ in range(50):  # the angle at a projection is obtuse for every point of a convex set
        other = project_layer(3 * rng.standard_normal(Y.shape), Y, Omega, V, epsilon)
        assert np.sum((3 * Z - point) * (other - point)) <= 1e-9


def test_admm_dual_has_the_right_sign():
    state = next(islice(nettrim.admm(LAYERS["tall"]), 200, None))
    assert certify(LAYERS["tall"], state.W, state.Q).lower > 0
    assert certify(LAYERS["tall"], state.W, -state.Q).lower == 0


# Bad input: one sentence that names the argument --------------------------------------------------

X, Y = np.ones((2, 3)), np.ones((1, 3))
BAD = {
    "samples": (lambda: NetTrim(X, np.ones((1, 4)), 1), "X and Y"),
    "complex": (lambda: NetTrim(X + 1j, Y, 1), "X must be real"),
    "words": (lambda: NetTrim(X, [["a", "b", "c"]], 1), "Y must hold numbers"),
    "ragged": (lambda: NetTrim([[1], [1, 2]], Y, 1), "X must hold numbers"),
    "nan": (lambda: NetTrim(X, Y * np.nan, 1), "Y must be finite"),
    "inf": (lambda: NetTrim(X * np.inf, Y, 1), "X must be finite"),
    "no samples": (lambda: NetTrim(np.ones((2, 0)), np.ones((1, 0)), 1), "X must not be empty"),
    "no inputs": (lambda: NetTrim(np.ones((0, 3)), Y, 1), "X must not be empty"),
    "one dimension": (lambda: NetTrim(X, Y[0], 1), "Y must have 2"),
    "negative answers": (lambda: NetTrim(X, -Y, 1), "Y must be >= 0"),
    "negative epsilon": (lambda: NetTrim(X, Y, -1), "epsilon must be"),
    "negative epsilons": (lambda: NetTrim(X, Y, [-1.0]), "epsilon must be"),
    "epsilon nan": (lambda: NetTrim(X, Y, np.nan), "epsilon must be"),
    "epsilon word": (lambda: NetTrim(X, Y, "small"), "epsilon must hold numbers"),
    "epsilon length": (lambda: NetTrim(X, Y, [1.0, 1.0]), "epsilon must be"),
    "V shape": (lambda: NetTrim(X, Y, 1, V=np.ones(3)), "V must be"),
    "V nan": (lambda: NetTrim(X, Y, 1, V=np.nan), "V must be finite"),
    "Omega shape": (lambda: NetTrim(X, Y, 1, Omega=np.ones(3, bool)), "Omega must have"),
    "Omega numbers": (lambda: NetTrim(X, Y, 1, Omega=np.ones((1, 3))), "Omega must hold booleans"),
    "no problem": (lambda: solve(X), "problem must be a NetTrim"),
    "method": (lambda: solve(NetTrim(X, Y, 0.1), "magic"), "method must be one of"),
    "option": (lambda: solve(NetTrim(X, Y, 0.1), "admm", speed=9), "no option"),
    "option of another": (lambda: solve(NetTrim(X, Y, 0.1), "cvxpy", rho=9), "no option"),
    "auto takes those of exact": (lambda: solve(NetTrim(X, Y, 0.1), rho=9), "no option"),
    "tol": (lambda: solve(NetTrim(X, Y, 0.1), tol=-1), "tol must be"),
    "max_iter": (lambda: solve(NetTrim(X, Y, 0.1), max_iter=0), "max_iter must be"),
    "callback": (lambda: solve(NetTrim(X, Y, 0.1), callback=3), "callback must be"),
    "rho": (lambda: solve(NetTrim(X, Y, 0.1), "admm", rho=-1), "rho must be"),
    "relax": (lambda: solve(NetTrim(X, Y, 0.1), "admm", relax=2), "relax must be"),
    "every": (lambda: solve(NetTrim(X, Y, 0.1), "admm", every=0), "every must be"),
    "certify W": (lambda: certify(NetTrim(X, Y, 0.1), Y, None), "W must have shape"),
    "certify W nan": (lambda: certify(NetTrim(X, Y, 0.1), [[np.nan], [1]], None), "W must be"),
    "certify dual": (lambda: certify(NetTrim(X, Y, 0.1), [[1], [1]], X), "dual must have shape"),
    "certify feasibility": (lambda: certify(NetTrim(X, Y, 1), [[1], [1]], None, -1), "feasibility"),
    "methods_for": (lambda: nettrim.methods_for(None), "problem must be a NetTrim"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()
