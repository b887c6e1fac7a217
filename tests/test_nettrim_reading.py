"""Net-Trim, what an answer says beyond W; the free bias; guesses; targets R11, R13, R14."""

from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest
from test_nettrim import LAYERS, layer

from kit import nettrim
from kit.nettrim import NetTrim, certify, path, proved_zeros, solve
from kit.nettrim.exact import blocks
from kit.nettrim.exact import path as paths
from kit.results import Status

PARTS = ("tall", "wide", "relu input", "linear", "V given", "dead neuron")


def each(problem, share=0.1):
    return replace(problem, epsilon=share * np.linalg.norm(problem.Y, axis=1))


# Proved zeros -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("own", [False, True], ids=["joint", "a ball each"])
def test_zeros_of_an_exact_answer_are_proved(name, own):
    problem = each(LAYERS[name]) if own else LAYERS[name]
    answer = solve(problem, "exact")
    bound = proved_zeros(problem, answer.W, answer.dual)
    assert np.isinf(bound[answer.W != 0]).all()
    proved = bound[answer.W == 0] <= 1e-6 * np.abs(answer.W).max()
    assert np.count_nonzero(~proved) <= 1  # one layer ends its path where a weight is just 0


def test_bounds_hold_for_a_rough_answer():
    """The ADMM's dual is rough: its bounds are loose, and no optimal weight is above them."""
    problem = LAYERS["wide"]
    rough = solve(problem, "admm", tol=1e-9, max_iter=400, feasibility=1e-2, relax=1.7)
    bound = proved_zeros(problem, rough.W, rough.dual, 1e-2)
    finite = np.isfinite(bound)
    assert finite.any() and 1e-8 < bound[finite].max() < np.inf
    Z = rough.W.T @ problem.X
    radius = max(problem.epsilon, np.linalg.norm((Z - problem.Y)[problem.Omega]))
    relaxed = replace(problem, epsilon=radius, V=np.maximum(problem.V, Z))
    W = solve(relaxed, "exact").W
    assert (np.abs(W[finite]) <= bound[finite] * (1 + 1e-6) + 1e-9).all()


def test_nothing_is_proved_outside_or_without_a_dual():
    problem, answer = LAYERS["tall"], solve(LAYERS["tall"], "exact")
    assert np.isinf(proved_zeros(problem, answer.W, None)).all()
    assert np.isinf(proved_zeros(problem, 0.5 * answer.W, answer.dual)).all()
    weak = proved_zeros(problem, answer.W, 0 * answer.dual)
    assert weak[answer.W == 0].min() >= np.abs(answer.W).sum() * (1 - 1e-9)


# Penalty ------------------------------------------------------------------------------------------


def penalised(problem, lam):
    """The penalised program by cvxpy; lam is a number, or (M,)."""
    W = cp.Variable(problem.shape[:2])
    Z = W.T @ problem.X
    loss = 0.5 * cp.sum_squares(cp.multiply(problem.Omega, Z - problem.Y))
    lam = np.minimum(lam, 1e3)  # inf for a dead neuron
    cost = cp.sum(cp.abs(W) @ np.broadcast_to(lam, len(problem.Y)))
    limits = cp.multiply(~problem.Omega, Z - problem.V) <= 0
    accuracy = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), 1e-11)
    cp.Problem(cp.Minimize(loss + cost), [limits]).solve(solver=cp.CLARABEL, **accuracy)
    return W.value


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("own", [False, True], ids=["joint", "a ball each"])
def test_the_penalised_program_has_the_same_answer(name, own):
    problem = each(LAYERS[name]) if own else LAYERS[name]
    answer = solve(problem, "exact")
    W = penalised(problem, nettrim.penalty(problem, answer))
    assert np.allclose(W, answer.W, atol=1e-6 * np.abs(answer.W).max())


def test_penalty_at_the_ends():
    problem = each(LAYERS["tall"])
    lam = nettrim.penalty(problem, solve(problem, "exact"))
    assert lam.shape == (4,) and (lam > 0).all()
    zero = replace(LAYERS["tall"], epsilon=0.0)
    assert nettrim.penalty(zero, solve(zero, "exact")) == 0
    large = replace(LAYERS["tall"], epsilon=1e9)
    assert nettrim.penalty(large, solve(large)) == np.inf
    with pytest.raises(ValueError, match="dual"):
        nettrim.penalty(zero, None)


# A bias that costs nothing ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["tall", "wide", "relu input", "linear", "always active", "V given"]
)
@pytest.mark.parametrize("own", [False, True], ids=["joint", "a ball each"])
def test_free_bias(name, own):
    paid = each(LAYERS[name]) if own else LAYERS[name]
    problem = replace(paid, penalise_bias=False)
    answer, best = solve(problem, "exact"), solve(problem, "cvxpy").report.certificate
    assert answer.report.run.status is Status.SOLVED
    if name == "always active":  # the free bias alone is enough
        assert not answer.W[:-1].any() and answer.report.certificate.upper == 0
    else:
        assert "0 left to cvxpy" in answer.report.notes[0]
    certificate = answer.report.certificate
    assert certificate.gap <= 1e-8 and certificate.violation <= 1e-8
    assert certificate.upper == pytest.approx(best.upper, rel=1e-6)
    assert certificate.upper == pytest.approx(np.abs(answer.W[:-1]).sum(), rel=1e-14)
    # free is no dearer than paid, and the paid answer is not optimal for the free program
    assert certificate.upper <= solve(paid, "exact").report.certificate.upper * (1 + 1e-9)
    assert np.isinf(proved_zeros(problem, answer.W, answer.dual)[-1]).all()


def test_free_bias_by_admm_and_on_a_path():
    problem = replace(LAYERS["always active"], penalise_bias=False)
    best = solve(problem, "exact")
    rough = solve(problem, "admm", tol=1e-4, feasibility=1e-4, max_iter=5000, relax=1.7)
    assert rough.report.run.status is Status.SOLVED
    assert rough.report.certificate.upper == pytest.approx(best.report.certificate.upper, rel=5e-3)
    for answer, share in zip(path(problem, [0.5, 0.1, 0.05]), [0.5, 0.1, 0.05], strict=True):
        one = solve(replace(problem, epsilon=share), "exact")
        assert np.allclose(answer.W, one.W, atol=1e-7 * np.abs(one.W).max())


def test_a_dual_that_leaves_the_free_row_is_moved():
    """Any Q still gives a true bound: Hoelder needs X q = 0 there, as the certificate sees."""
    problem = replace(LAYERS["tall"], penalise_bias=False)
    answer = solve(problem, "exact")
    best = answer.report.certificate.upper
    rng = np.random.default_rng(0)
    for size in (1e-3, 0.1, 1.0):
        noise = size * np.abs(answer.dual).max() * rng.standard_normal(answer.dual.shape)
        assert certify(problem, answer.W, answer.dual + noise).lower <= best * (1 + 1e-9)
    paid = solve(LAYERS["tall"], "exact")  # the dual of another program, whose bound is too large
    assert paid.report.certificate.lower > best
    assert certify(problem, answer.W, paid.dual).lower <= best * (1 + 1e-9)


# Steps of the ladder ------------------------------------------------------------------------------


def gaussian(seed, N, P, density=0.1, share=0.1):
    rng = np.random.default_rng(seed)
    X, w = rng.standard_normal((N, P)), rng.standard_normal((N, 1)) * (rng.random((N, 1)) < density)
    Y = np.maximum(w.T @ X, 0)
    return NetTrim(X, Y, share * np.linalg.norm(Y))


def no_blocks(*_args, **_kwargs):
    return False


def test_without_pivots_an_interior_point_finds_the_same_answer(monkeypatch):
    problem = each(gaussian(2, 60, 200))
    right = solve(problem, "exact")
    assert " 0 interior points" in right.report.notes[0]
    monkeypatch.setattr(paths, "SMALLEST", np.inf)  # nothing to begin with
    crossed = solve(problem, "exact")
    assert " 0 interior" not in crossed.report.notes[0]
    assert "0 left" in crossed.report.notes[0]
    assert np.allclose(crossed.W, right.W, atol=1e-9)
    monkeypatch.setattr(paths, "pivot", no_blocks)  # no pivots at all
    alone = solve(problem, "exact")
    assert "0 left" in alone.report.notes[0]
    assert np.allclose(alone.W, right.W, atol=1e-9)


def test_a_working_set_grows_until_it_is_right(monkeypatch):
    problem = gaussian(3, 300, 700, density=0.05)
    right, seen, enter = solve(problem, "exact"), [], blocks.take_inputs

    def watched(state):
        seen.append(len(state.inputs))
        return enter(state)

    monkeypatch.setattr(blocks, "LEAST", 4)
    monkeypatch.setattr(blocks, "take_inputs", watched)
    answer = solve(problem, "exact")
    assert len(seen) > 2 and " 0 interior points" in answer.report.notes[0]
    assert np.allclose(answer.W, right.W, atol=1e-9)


@pytest.mark.parametrize("own", [False, True], ids=["joint", "a ball each"])
def test_threads_change_nothing(own):
    problem = layer(8, 40, 12, 150, relu_input=True)[0]
    problem = each(problem) if own else problem
    one, two = (solve(problem, "exact", n_jobs=n) for n in (1, 2))
    assert np.array_equal(one.W, two.W)
    assert two.report.run.iterations == one.report.run.iterations


# Reproduction targets -----------------------------------------------------------------------------


@pytest.mark.slow
def test_R11_proposition_1(capsys):
    """|(W'X)_+ - Y|_F <= epsilon, and |W|_1 of the answer is at most that of the network."""
    rows = []
    for seed, share in enumerate((0.01, 0.05, 0.1, 0.2, 0.4)):
        problem, W = layer(100 + seed, 60, 12, 300, share=share, relu_input=True)
        answer = solve(problem, "exact")
        error = np.linalg.norm(np.maximum(answer.W.T @ problem.X, 0) - problem.Y)
        assert error <= problem.epsilon * (1 + 1e-8)
        assert np.abs(answer.W).sum() <= np.abs(W).sum()
        rows.append((share, error / problem.epsilon, np.mean(answer.W == 0)))
    assert min(ratio for _, ratio, _ in rows) > 0.9
    with capsys.disabled():
        for share, ratio, zeros in rows:
            print(
                f"\nR11 epsilon {share:.2f} |Y|: error / epsilon {ratio:.4f}, zeros {zeros:.0%}",
                end="",
            )


@pytest.mark.slow
def test_R13_gaussian_recovery(capsys):
    """epsilon = 0, N = 100: half of the s-sparse neurons found at P = 41 (s = 5), 63 (s = 10)."""
    trials, rates = 24, {}
    for s, P in ((5, 25), (5, 41), (5, 75), (5, 571), (10, 40), (10, 63), (10, 120)):
        wins = 0
        for t in range(trials if P < 500 else 2):
            rng = np.random.default_rng([s, P, t])
            X, w = rng.standard_normal((100, P)), np.zeros(100)
            w[rng.choice(100, s, replace=False)] = rng.standard_normal(s)
            answer = solve(NetTrim(X, np.maximum(w @ X, 0)[None], 0.0), "exact")
            assert answer.report.certificate.gap <= 1e-6, answer
            wins += np.linalg.norm(answer.W[:, 0] - w) < 1e-5 * np.linalg.norm(w)
        rates[s, P] = wins / (trials if P < 500 else 2)
    with capsys.disabled():
        print("\nR13", {f"s={s} P={P}": round(float(rate), 2) for (s, P), rate in rates.items()})
    for s, below, half, above in ((5, 25, 41, 75), (10, 40, 63, 120)):
        assert rates[s, below] <= 0.3 and 0.2 <= rates[s, half] <= 0.8 and rates[s, above] >= 0.9
    assert rates[5, 571] == 1


@pytest.mark.slow
def test_R14_admm_meets_the_conic_solver(capsys):
    worst = 0.0
    for seed in range(4):
        share = (0.05, 0.1, 0.2, 0.3)[seed]
        problem = layer(200 + seed, 20, 5, 60, share=share)[0]
        conic, exact = solve(problem, "cvxpy"), solve(problem, "exact")
        slow = solve(problem, "admm", tol=1e-7, feasibility=1e-7, max_iter=20_000, relax=1.7)
        value = conic.report.certificate.upper
        for W in (slow.W, exact.W):
            worst = max(worst, abs(np.abs(W).sum() - value) / value)
            assert np.array_equal(np.abs(W) > 1e-5, np.abs(conic.W) > 1e-5)
    assert worst <= 1e-5
    with capsys.disabled():
        print(f"\nR14 largest relative difference of the three methods {worst:.1e}")
