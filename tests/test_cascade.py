"""Cascade, refit, per-neuron balls: Theorem 2 and its relatives asserted on what is measured."""

from itertools import pairwise

import numpy as np
import pytest
from joblib import parallel_config

from kit import datasets, nettrim
from kit.nettrim import Network, forward, prune, refit
from kit.nettrim.networks.refit import surrogate
from kit.results import Status

QUIET = {"method": "exact", "progress": False}


def network(seed, sizes=(5, 7, 6, 3), bias=0.3):
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal(s) for s in pairwise(sizes)]
    return Network(tuple(weights), tuple(bias * rng.standard_normal(n) for n in sizes[1:]))


def samples(seed, P=40, N=5):
    return np.random.default_rng([seed, 1]).standard_normal((N, P))


@pytest.fixture(scope="module")
def trained():
    """A small network trained on digits, and the digits."""
    data = datasets.digits(np.random.default_rng(0))
    return nettrim.train(np.random.default_rng(1), data, (16, 12), epochs=40).network, data


# The programs -------------------------------------------------------------------------------------


def test_the_old_weights_are_feasible_in_every_program_of_a_cascade():
    net, X = network(0), samples(0)
    done = prune(net, X, epsilon=0.2, mode="cascade", gamma=1.0, **QUIET)
    below = X
    for k, answer in enumerate(done.layers):
        Y, Z = forward(net, X)[k], net.weights[k].T @ below + net.biases[k][:, None]
        inside = Y > 0 if k < 2 else np.ones(Y.shape, bool)
        error = np.linalg.norm((Z - Y)[inside])
        if k:
            assert done.epsilon[k] == pytest.approx(error)
        old = np.abs(net.weights[k]).sum() + np.abs(net.biases[k]).sum()
        assert np.abs(answer.W).sum() <= old * (1 + 1e-9)
        assert answer.report.run.status is Status.SOLVED
        below = forward(done.network, X)[k]


def test_gamma_is_a_factor_of_the_squared_error():
    net, X = network(1), samples(1)
    one, two = (
        prune(net, X, epsilon=0.1, mode="cascade", gamma=g, layers=[0, 1], **QUIET)
        for g in (1.0, 1.44)
    )
    assert two.epsilon[1] == pytest.approx(1.2 * one.epsilon[1])


def test_the_first_pruned_layer_gets_epsilon():
    net, X = network(2), samples(2)
    done = prune(net, X, epsilon=0.15, mode="cascade", layers=[1, 2], **QUIET)
    size = np.linalg.norm(forward(net, X)[1])
    assert done.epsilon[0] == 0 and done.epsilon[1] == pytest.approx(0.15 * size)
    assert done.layers[0] is None and done.discrepancy[0] == done.bound[0] == 0
    alone = prune(net, X, epsilon=0.15, layers=[1], **QUIET)
    assert np.array_equal(done.network.weights[1], alone.network.weights[1])


def test_a_layer_left_alone_passes_errors_on():
    net, X = network(3), samples(3)
    done = prune(net, X, epsilon=0.1, mode="cascade", layers=[0, 2], **QUIET)
    assert np.array_equal(done.network.weights[1], net.weights[1])
    assert 0 < done.discrepancy[1] <= done.bound[1] <= done.theorem[1]
    assert np.all(done.discrepancy <= done.bound * (1 + 1e-9))


@pytest.mark.parametrize("normalise", [False, True])
def test_epsilon_zero_all_the_way(normalise):
    net, X = network(4), samples(4)
    done = prune(net, X, epsilon=0.0, mode="cascade", normalise=normalise, **QUIET)
    sizes = np.array([np.linalg.norm(Y) for Y in forward(net, X)])
    assert np.all(done.epsilon == 0)
    assert np.all(done.discrepancy <= 1e-9 * sizes)


def test_kappa_is_for_the_last_layer_and_says_when_it_is_infeasible():
    net, X = network(5), samples(5)
    half = prune(net, X, epsilon=0.1, kappa=0.5, **QUIET)
    whole = prune(net, X, epsilon=0.1, **QUIET)
    assert np.allclose(half.epsilon, whole.epsilon * [1, 1, 0.5])
    fine = prune(net, X, epsilon=0.1, mode="cascade", kappa=0.97, **QUIET)
    plain = prune(net, X, epsilon=0.1, mode="cascade", **QUIET)
    assert fine.epsilon[2] == pytest.approx(0.97 * plain.epsilon[2]) and not fine.notes
    assert fine.theorem[2] == pytest.approx(0.97 * plain.theorem[2])
    tried = prune(net, X, epsilon=0.1, mode="cascade", kappa=0.01, **QUIET)
    assert "infeasible in layer 2" in tried.notes[0] and "infeasible" in repr(tried)
    assert tried.epsilon[2] == pytest.approx(plain.epsilon[2])
    assert tried.theorem[2] == pytest.approx(plain.theorem[2])


def test_balls_of_neurons_have_the_size_of_the_layers():
    net, X = network(6), samples(6)
    for mode in ("parallel", "cascade"):
        done = prune(net, X, epsilon=0.1, mode=mode, balls="neuron", **QUIET)
        one = prune(net, X, epsilon=0.1, mode=mode, layers=[0], **QUIET)
        assert done.epsilon[0] == pytest.approx(one.epsilon[0])
        assert np.all(done.discrepancy <= done.bound * (1 + 1e-9))
        assert np.abs(done.layers[0].W).sum() > np.abs(one.layers[0].W).sum()  # fewer choices


@pytest.mark.parametrize("mode", ["parallel", "cascade"])
def test_a_free_bias_costs_nothing_and_keeps_the_promises(mode):
    net, X = network(7), samples(7)
    free, paid = (
        prune(net, X, epsilon=0.1, mode=mode, penalise_bias=p, **QUIET) for p in (False, True)
    )
    for done in (free, paid):
        assert np.all(done.discrepancy <= done.bound * (1 + 1e-7))
        assert np.all(done.bound <= done.theorem * (1 + 1e-7))
        assert all(one.report.certificate.gap <= 1e-6 for one in done.layers)
    sizes = [np.abs(one.layers[0].W[:-1]).sum() for one in (free, paid)]
    assert sizes[0] < sizes[1]  # the same first program, less to pay
    assert free.layers[0].report.certificate.upper == pytest.approx(sizes[0])


# Theorem 2 ----------------------------------------------------------------------------------------


def kept(done, tolerance=1e-7):
    size = np.maximum(done.discrepancy, 1e-300)
    return bool(
        np.all(done.discrepancy <= done.bound * (1 + tolerance))
        and np.all(done.bound <= done.theorem * (1 + tolerance))
        and np.all(np.isfinite(size))
    )


@pytest.mark.parametrize("normalise", [False, True])
@pytest.mark.parametrize("mode", ["parallel", "cascade"])
@pytest.mark.parametrize("seed", range(2))
def test_theorems_on_random_networks(seed, mode, normalise):
    net, X = network(seed, (6, 9, 8, 7, 3)), samples(seed, 60, 6)
    done = prune(net, X, epsilon=0.1, mode=mode, normalise=normalise, **QUIET)
    assert kept(done)
    if mode == "parallel":
        assert np.all(done.realised <= done.epsilon * (1 + 1e-7))  # Prop. 1


@pytest.mark.parametrize("seed", range(3))
def test_theorem_2_in_a_link_normalised_network(seed):
    net, X = nettrim.link_normalise(network(seed))[0], samples(seed)
    gammas = [1.1, 1.3]
    done = prune(net, X, epsilon=0.1, mode="cascade", gamma=gammas, **QUIET)
    promised = done.epsilon[0] * np.sqrt([1, 1.1, 1.1 * 1.3])
    assert np.all(done.discrepancy <= promised * (1 + 1e-9))
    assert np.all(done.theorem <= promised * (1 + 1e-9))  # |W|_F <= |W|_1 = 1


@pytest.mark.parametrize("mode", ["parallel", "cascade"])
def test_theorems_on_a_trained_network(trained, mode):
    net, data = trained
    done = prune(net, data.X[:, :300], epsilon=0.1, mode=mode, **QUIET)
    assert kept(done)
    assert all(answer.report.certificate.gap <= 1e-6 for answer in done.layers)
    assert np.all(done.network.zeros[:2] > 0.15)


def test_bound_of_a_cascade_holds_for_a_run_that_did_not_converge():
    net, X = network(1), samples(1)
    done = prune(net, X, epsilon=0.05, mode="cascade", method="admm", max_iter=4, progress=False)
    assert all(answer.report.run.status is Status.MAX_ITER for answer in done.layers)
    assert np.all(done.discrepancy <= done.bound * (1 + 1e-9))
    assert done.realised[0] > done.epsilon[0]  # so the promise of the program alone would be false


# Refit --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["parallel", "cascade"])
@pytest.mark.parametrize("seed", range(3))
def test_relu_refit_keeps_the_promise_and_lowers_the_error(seed, mode):
    net, X = network(seed), samples(seed)
    plain, fitted = (
        prune(net, X, epsilon=0.2, mode=mode, refit=r, **QUIET) for r in (None, "relu")
    )
    assert np.all(fitted.discrepancy <= fitted.bound * (1 + 1e-9))
    assert fitted.realised[0] < plain.realised[0] <= plain.epsilon[0] * (1 + 1e-9)
    if mode == "parallel":
        assert np.all(fitted.realised <= fitted.epsilon * (1 + 1e-9))  # Prop. 1 after the refit
        assert fitted.theorem[0] == plain.theorem[0] and np.isinf(fitted.theorem[1])
    else:
        assert np.all(fitted.discrepancy <= fitted.theorem * (1 + 1e-9))
    for k in range(3):
        assert np.array_equal(fitted.network.weights[k] == 0, fitted.layers[k].W[:-1] == 0)


@pytest.mark.parametrize("mode", ["parallel", "cascade"])
def test_least_squares_promises_nothing_by_theorem(mode):
    net, X = network(1), samples(1)
    done = prune(net, X, epsilon=0.2, mode=mode, refit="least-squares", layers=[1, 2], **QUIET)
    assert done.theorem[0] == 0 and np.all(np.isinf(done.theorem[1:]))
    assert np.all(done.discrepancy <= done.bound * (1 + 1e-9))
    assert np.all(np.isinf(done.bound[1:])) == (mode == "cascade")


def test_refits_are_what_they_say():
    rng = np.random.default_rng(3)
    X = np.vstack([rng.standard_normal((6, 50)), np.ones(50)])
    W = rng.standard_normal((7, 4)) * (rng.random((7, 4)) < 0.6)
    W[:, 3] = 0
    W[-1, 3] = 0.5  # a neuron without weights keeps its bias
    wanted = rng.standard_normal((4, 50))
    U = refit(W, X, wanted, "least-squares")
    assert np.array_equal(U[:-1] == 0, W[:-1] == 0) and np.array_equal(U[:, 3], W[:, 3])
    free = U[:, 0] != 0
    assert np.allclose(X[free] @ (wanted[0] - U[:, 0] @ X), 0)  # the residual is orthogonal
    Y = np.maximum(wanted, 0)
    V = refit(W, X, Y, "relu")
    assert np.array_equal(V, refit(W, X, wanted, "relu"))  # below 0 is as good as 0
    before, after = (surrogate(A.T @ X, Y, linear=False) for A in (W, V))
    assert after < before
    active = (Y[0] > 0) | (V[:, 0] @ X > 0)
    slope = X[:, active] @ (V[:, 0] @ X - Y[0])[active]
    assert np.allclose(slope[V[:, 0] != 0], 0, atol=1e-8)  # the gradient of f is 0: its minimum
    small = 1e-3 * rng.standard_normal(V.shape) * (V != 0)
    assert surrogate((V + small).T @ X, Y, linear=False) >= after


def test_f_is_at_least_the_error_behind_the_relu():
    rng = np.random.default_rng(0)
    Z, Y = rng.standard_normal((2, 9, 30))
    Y = np.maximum(Y, 0)
    assert surrogate(Z, Y, linear=False) > np.linalg.norm(np.maximum(Z, 0) - Y)
    assert surrogate(Z, Y, linear=True) == pytest.approx(np.linalg.norm(Z - Y))


# Workers and bars ---------------------------------------------------------------------------------


def test_a_cascade_shows_its_progress(capsys):
    net, X = network(4), samples(4)
    prune(net, X, epsilon=0.1, mode="cascade", method="exact")
    assert "16/16" in capsys.readouterr().err


@pytest.mark.slow  # starting the cluster takes seconds
def test_layers_on_a_dask_cluster():
    distributed = pytest.importorskip("distributed")
    net, X = network(4), samples(4)
    here = prune(net, X, epsilon=0.1, **QUIET)
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(host="127.0.0.1", **settings) as cluster,
        distributed.Client(cluster),
        parallel_config(backend="dask"),
    ):
        there = prune(net, X, epsilon=0.1, n_jobs=2, **QUIET)
    for a, b in zip(here.network.weights, there.network.weights, strict=True):
        assert np.array_equal(a == 0, b == 0)
        assert np.allclose(a, b, rtol=0, atol=1e-12)  # what travels is aligned otherwise in memory


# Bad input ----------------------------------------------------------------------------------------

NET, DATA = network(0), samples(0)
BAD = {
    "gamma": ({"mode": "cascade", "gamma": 0.9}, "gamma must be a finite number >= 1"),
    "gammas": ({"mode": "cascade", "gamma": [1.1]}, "gamma must be a number or one for each of 2"),
    "epsilons": ({"mode": "cascade", "epsilon": [0.1] * 3}, "epsilon must be a number in a casc"),
    "kappa": ({"kappa": 1.5}, "kappa must be at most 1"),
    "kappa 0": ({"kappa": 0}, "kappa must be a finite number > 0"),
    "balls": ({"balls": "none"}, "balls must be one of"),
    "refit": ({"refit": "lasso"}, "refit must be one of"),
    "normalise": ({"normalise": "yes"}, "normalise must be True or False"),
    "penalise_bias": ({"penalise_bias": 2}, "penalise_bias must be True or False"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    settings, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        prune(NET, DATA, **{"epsilon": 0.1, "progress": False, **settings})


def test_refit_names_bad_input():
    with pytest.raises(ValueError, match="W must have shape"):
        refit(np.ones((2, 2)), np.ones((3, 4)), np.ones((2, 4)), "relu")
    with pytest.raises(ValueError, match="Y must have 4 samples"):
        refit(np.ones((3, 2)), np.ones((3, 4)), np.ones((2, 5)), "relu")
    with pytest.raises(ValueError, match="kind must be one of"):
        refit(np.ones((3, 2)), np.ones((3, 4)), np.ones((2, 4)), "x")
