"""Networks: read, rescaled, pruned; what Prop. 1 and Theorem 1 promise is what is measured."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

from kit import datasets, nettrim
from kit.nettrim import Network, forward, link_normalise, prune
from kit.results import Status

CVXPY = {"method": "cvxpy", "progress": False}


def network(seed, sizes=(5, 7, 6, 3), bias=0.3):
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal(s) for s in pairwise(sizes)]
    return Network(tuple(weights), tuple(bias * rng.standard_normal(n) for n in sizes[1:]))


def samples(seed, P=40, N=5):
    return np.random.default_rng([seed, 1]).standard_normal((N, P))


def test_forward_is_relu_then_linear():
    net, X = network(0), samples(0)
    one, two, three = forward(net, X)
    assert np.allclose(one, np.maximum(net.weights[0].T @ X + net.biases[0][:, None], 0))
    assert two.min() == 0 and three.min() < 0 and three.shape == (3, 40)


@pytest.mark.parametrize("seed", range(3))
def test_link_normalise_scales_and_comes_back(seed):
    net, X = network(seed), samples(seed)
    normal, scales = link_normalise(net)
    for W, b in zip(normal.weights, normal.biases, strict=True):
        assert np.abs(W).sum() + np.abs(b).sum() == pytest.approx(1)
    for Y, Y_normal, S in zip(forward(net, X), forward(normal, X), scales, strict=True):
        assert np.allclose(Y, S * Y_normal)
    back = nettrim.link_restore(normal, scales)
    assert all(np.allclose(a, b) for a, b in zip(back.weights, net.weights, strict=True))
    assert all(np.allclose(a, b) for a, b in zip(back.biases, net.biases, strict=True))


def test_link_normalise_leaves_a_layer_of_zeros():
    empty = Network((np.zeros((2, 3)), np.ones((3, 1))), (np.zeros(3), np.ones(1)))
    normal, scales = link_normalise(empty)
    assert scales[0] == 1 and not normal.weights[0].any()


# Prop. 1, Theorem 1 -------------------------------------------------------------------------------


@pytest.mark.parametrize("normalise", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.1, [0.05, 0.3, 0.2]], ids=["0", "10 %", "each its own"])
@pytest.mark.parametrize("seed", range(2))
def test_promises_are_kept(seed, share, normalise):
    net, X = network(seed), samples(seed)
    pruned = prune(net, X, epsilon=share, normalise=normalise, **CVXPY)
    sizes = np.array([np.linalg.norm(Y) for Y in forward(net, X)])
    assert np.allclose(pruned.epsilon, share * sizes)
    assert np.all(pruned.realised <= pruned.epsilon + 1e-8 * sizes)  # Prop. 1
    assert np.all(pruned.discrepancy <= pruned.bound * (1 + 1e-9))  # Theorem 1
    after, before = forward(pruned.network, X), forward(net, X)
    measured = [np.linalg.norm(a - b) for a, b in zip(after, before, strict=True)]
    assert np.allclose(pruned.discrepancy, measured)
    assert all(answer.report.certificate.gap <= 1e-6 for answer in pruned.layers)


@pytest.mark.parametrize("seed", range(3))
def test_theorem_1_in_a_link_normalised_network(seed):
    net, X = link_normalise(network(seed))[0], samples(seed)
    pruned = prune(net, X, epsilon=0.1, **CVXPY)
    promised = np.cumsum(pruned.epsilon)
    assert np.all(pruned.discrepancy <= promised * (1 + 1e-6))
    assert np.all(pruned.bound <= promised * (1 + 1e-6))  # the spectral norm is no larger than 1


def test_bound_holds_for_a_run_that_did_not_converge():
    net, X = network(1), samples(1)
    pruned = prune(net, X, epsilon=0.05, method="admm", max_iter=4, progress=False)
    assert np.any(pruned.realised > pruned.epsilon)
    assert np.all(pruned.discrepancy <= pruned.bound * (1 + 1e-9))


def test_layers_left_alone_are_left_alone():
    net, X = network(2), samples(2)
    for normalise in (False, True):
        pruned = prune(net, X, epsilon=0.2, layers=[1], normalise=normalise, **CVXPY)
        assert pruned.layers[0] is None and pruned.layers[2] is None
        for k in (0, 2):
            assert np.array_equal(pruned.network.weights[k], net.weights[k])
            assert np.array_equal(pruned.network.biases[k], net.biases[k])
        assert pruned.realised[0] == pruned.discrepancy[0] == pruned.bound[0] == 0
        assert pruned.bound[2] == pytest.approx(np.linalg.norm(net.weights[2], 2) * pruned.bound[1])
    answer = pruned.layers[1].W  # of the link-normalised network
    assert np.array_equal(answer[:-1] == 0, pruned.network.weights[1] == 0)


def test_normalising_changes_nothing_in_the_first_layer():
    net, X = network(3), samples(3)
    plain, normal = (prune(net, X, epsilon=0.1, normalise=n, **CVXPY) for n in (False, True))
    assert np.allclose(plain.network.weights[0], normal.network.weights[0], atol=1e-6)
    assert not np.allclose(plain.network.weights[1], normal.network.weights[1], atol=1e-3)


@pytest.mark.slow  # starting the processes takes 6 s
def test_processes_give_the_same_network():
    net, X = network(4), samples(4)
    settings = {"epsilon": 0.1, "method": "admm", "max_iter": 50, "progress": False}
    one, two = (prune(net, X, n_jobs=n, **settings) for n in (1, 2))
    for a, b in zip(one.network.weights, two.network.weights, strict=True):
        assert np.array_equal(a, b)


def test_progress_bar_writes_and_can_be_silent(capsys):
    net, X = network(4), samples(4)
    prune(net, X, epsilon=0.1, method="admm", max_iter=30, progress=False)
    assert capsys.readouterr() == ("", "")
    prune(net, X, epsilon=0.1, method="admm", max_iter=30)
    assert "16/16" in capsys.readouterr().err


def test_repr_reads_like_a_table():
    text = repr(prune(network(0), samples(0), epsilon=0.1, **CVXPY))
    assert text.startswith("PrunedNetwork(5-7-6-3") and "discrepancy" in text


# scikit-learn -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted():
    X = samples(0, P=60)
    labels = (X[0] > 0).astype(int) + (X[1] > 0.3)
    return nettrim.train(
        np.random.default_rng(0), datasets.Labelled(X, labels, X, labels), (6, 4), epochs=15
    )


def test_scikit_learn_there_and_back(fitted):
    X, net, estimator = samples(5), fitted.network, fitted.estimator
    assert np.array_equal(forward(net, X)[-1].argmax(axis=0), estimator.predict(X.T))
    labels = estimator.predict(X.T)
    assert nettrim.accuracy(net, X, labels) == 1
    pruned = prune(net, samples(0, P=60), epsilon=0.3, **CVXPY).network
    twin = nettrim.to_sklearn(pruned, estimator)
    assert np.array_equal(twin.predict(X.T), forward(pruned, X)[-1].argmax(axis=0))
    assert np.array_equal(estimator.predict(X.T), labels)  # the original is untouched
    assert estimator.n_iter_ == 15  # the limit, and no warning


def test_regressor_and_no_hidden_layer():
    X, y = samples(6), samples(6)[0] ** 2
    regressor = MLPRegressor(hidden_layer_sizes=(4,), max_iter=600, tol=1.0, random_state=0).fit(
        X.T, y
    )
    net = nettrim.from_sklearn(regressor)
    assert np.allclose(forward(net, X)[-1][0], regressor.predict(X.T))
    assert np.allclose(nettrim.to_sklearn(net, regressor).predict(X.T), regressor.predict(X.T))


def test_two_classes_have_one_output():
    X = samples(0, P=60)
    labels = (X[0] > 0).astype(int)
    data = datasets.Labelled(X, labels, X, labels)
    trained = nettrim.train(np.random.default_rng(0), data, (6,), epochs=15)
    score = nettrim.accuracy(trained.network, X, labels)
    assert trained.network.sizes[-1] == 1 and 0.5 < score == trained.estimator.score(X.T, labels)


def test_training_is_repeatable(fitted):
    X = samples(0, P=60)
    labels = (X[0] > 0).astype(int) + (X[1] > 0.3)
    data = datasets.Labelled(X, labels, X, labels)
    again = nettrim.train(np.random.default_rng(0), data, (6, 4), epochs=15).network
    for a, b in zip(again.weights, fitted.network.weights, strict=True):
        assert np.array_equal(a, b)


def test_digits():
    data = datasets.digits(np.random.default_rng(0))
    assert data.X.shape == (64, 1348) and data.X_test.shape == (64, 449)
    assert data.X.min() == 0 and data.X.max() == 1
    again = datasets.digits(np.random.default_rng(0), test=0.5)
    assert again.labels_test.size in (898, 899)
    assert np.bincount(np.append(data.labels, data.labels_test)).size == 10


# Bad input ----------------------------------------------------------------------------------------

NET, DATA = network(0), samples(0)


def train_on(X, labels, **settings):
    data = datasets.Labelled(X, np.array(labels), X, np.array(labels))
    return nettrim.train(np.random.default_rng(0), data, **settings)


TANH = MLPClassifier(hidden_layer_sizes=(2,), activation="tanh", max_iter=500, tol=1.0)
TANH.fit([[0.0], [1.0]], [0, 1])
BAD = {
    "no layers": (lambda: Network((), ()), "one entry per layer"),
    "biases missing": (lambda: Network((np.ones((2, 3)),), ()), "one entry per layer"),
    "bias length": (lambda: Network((np.ones((2, 3)),), (np.ones(2),)), r"biases\[0\]"),
    "chain": (lambda: Network((np.ones((2, 3)),) * 2, (np.ones(3),) * 2), r"weights\[1\]"),
    "nan": (lambda: Network((np.full((2, 3), np.nan),), (np.ones(3),)), r"weights\[0\]"),
    "rows of X": (lambda: forward(NET, DATA[:-1]), "X must have 5 rows"),
    "nan in X": (lambda: forward(NET, DATA * np.nan), "X must be finite"),
    "complex X": (lambda: prune(NET, DATA + 1j, epsilon=0.1), "X must be real"),
    "no samples": (lambda: prune(NET, DATA[:, :0], epsilon=0.1), "X must not be empty"),
    "no network": (lambda: prune(DATA, DATA, epsilon=0.1), "network must be"),
    "negative": (lambda: prune(NET, DATA, epsilon=-0.1), "epsilon must be a finite number >= 0"),
    "epsilons": (lambda: prune(NET, DATA, epsilon=[0.1, 0.2]), "epsilon must be a number or one"),
    "layers": (lambda: prune(NET, DATA, epsilon=0.1, layers=[3]), "layers must name"),
    "layers twice": (lambda: prune(NET, DATA, epsilon=0.1, layers=[1, 1]), "layers must name"),
    "layers none": (lambda: prune(NET, DATA, epsilon=0.1, layers=[]), "layers must name"),
    "mode": (lambda: prune(NET, DATA, epsilon=0.1, mode="serial"), "mode must be one of"),
    "method": (lambda: prune(NET, DATA, epsilon=0.1, method="x", progress=False), "method must"),
    "option": (lambda: prune(NET, DATA, epsilon=0.1, speed=1, progress=False), "no option"),
    "n_jobs": (lambda: prune(NET, DATA, epsilon=0.1, n_jobs=0), "n_jobs must be"),
    "labels": (lambda: nettrim.accuracy(NET, DATA, [1, 2]), "labels must be"),
    "tanh": (lambda: nettrim.from_sklearn(TANH), "'relu', got 'tanh'"),
    "unfitted": (lambda: nettrim.from_sklearn(MLPClassifier()), "must be fitted"),
    "foreign": (lambda: nettrim.from_sklearn("model"), "MLPClassifier or MLPRegressor"),
    "scales": (lambda: nettrim.link_restore(NET, [1.0, 2.0]), "scales must be 3"),
    "scales sign": (lambda: nettrim.link_restore(NET, [1.0, 2.0, -1.0]), "scales must be 3"),
    "rng": (lambda: datasets.digits(0), "rng must be"),
    "test share": (lambda: datasets.digits(np.random.default_rng(0), test=1.0), "test must be"),
    "no data": (lambda: nettrim.train(np.random.default_rng(0), None), "data must have X"),
    "epochs": (lambda: train_on(DATA, [0, 1] * 20, epochs=0), "epochs must be"),
    "hidden": (lambda: train_on(DATA, [0, 1] * 20, hidden=(2.5,)), "hidden must be"),
    "classes": (lambda: train_on(DATA, [0, 1]), "data.labels must be"),
    "training nan": (lambda: train_on(DATA * np.nan, [0, 1] * 20), "data.X must be finite"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()


def test_integers_are_converted():
    net = Network(([[1, -1], [0, 2]],), ([0, 1],))
    assert forward(net, [[1, 2], [3, 4]])[0].dtype == np.float64


def test_estimator_of_another_shape_is_refused(fitted):
    with pytest.raises(ValueError, match="estimator must have layers"):
        nettrim.to_sklearn(NET, fitted.estimator)


# Real layers --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_digits_network_by_the_papers_admm():
    """64-300-100-10: violation <= 1e-3 and gap <= 1e-3 in 1,000 iterations, promises kept."""
    data = datasets.digits(np.random.default_rng(0))
    net = nettrim.train(np.random.default_rng(1), data).network
    settings = {"relax": 1.7, "tol": 1e-3, "feasibility": 1e-3, "max_iter": 1000}
    pruned = prune(
        net, data.X, epsilon=0.1, layers=(0, 1), method="admm", progress=False, **settings
    )
    for answer in pruned.layers[:2]:
        assert answer.report.run.status is Status.SOLVED
        assert answer.report.certificate.violation <= 1e-3
    assert np.all(pruned.realised[:2] <= pruned.epsilon[:2] * (1 + 1e-3))
    assert np.all(pruned.discrepancy <= pruned.bound)
    assert np.all(pruned.network.zeros[:2] > 0.5)
    assert nettrim.accuracy(pruned.network, data.X_test, data.labels_test) > 0.9


@pytest.mark.slow
def test_trained_weights_do_not_depend_on_the_last_bits():
    """What the lesson prints is rounded; this is why that is enough."""
    data = datasets.digits(np.random.default_rng(0))
    noise = 1 + 1e-15 * np.random.default_rng(2).standard_normal(data.X.shape)
    other = dataclasses.replace(data, X=data.X * noise)
    one, two = (nettrim.train(np.random.default_rng(1), d).network for d in (data, other))
    for a, b in zip(one.weights, two.weights, strict=True):
        assert np.abs(a - b).max() < 1e-9
