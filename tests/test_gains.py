"""Reports, pipelines and what zeros save: read, looked at, and equal to what they stand for."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.sparse import csr_array
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from kit import nettrim
from kit.nettrim import Network, forward, prune
from kit.nettrim.networks import gains

QUIET = {"epsilon": 0.2, "method": "exact", "progress": False}
RNG = np.random.default_rng(0)
X = 3 + RNG.standard_normal((80, 5)) * [1, 2, 3, 4, 5]
LABELS = (X[:, 0] > 3).astype(int) + (X[:, 1] > 3)


def perceptron(**settings):
    return MLPClassifier((7, 6), max_iter=500, tol=1.0, random_state=0, **settings)


def sparse_network(seed=0, share=0.75):
    rng = np.random.default_rng(seed)
    sizes = (9, 12, 10, 8, 3)
    Ws = [rng.standard_normal((m, n)) * (rng.random((m, n)) > share) for m, n in pairwise(sizes)]
    Ws[0][:, 3] = Ws[1][:, 2] = Ws[2][:, 1] = 0  # silent
    Ws[0][4] = Ws[1][5] = 0  # unheard
    return Network(tuple(Ws), tuple(rng.standard_normal(n) for n in sizes[1:]))


# shrink ------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_a_shrunk_network_answers_the_same(seed):
    net, Z = sparse_network(seed), np.random.default_rng(seed).standard_normal((9, 50))
    small = gains.shrink(net)
    one, two = forward(net, Z)[-1], forward(small.network, Z[small.inputs])[-1]
    assert np.allclose(one, two, rtol=1e-12, atol=1e-12)
    assert all(a < b for a, b in zip(small.network.sizes[:-1], net.sizes[:-1], strict=True))
    for W, below in zip(small.network.weights[1:], small.network.weights, strict=False):
        assert (W.any(axis=1) & below.any(axis=0)).all() or len(W) == 1  # nothing left to cut


def test_a_network_of_zeros_keeps_a_neuron_in_every_layer():
    net = Network((np.zeros((4, 3)), np.zeros((3, 2))), (np.ones(3), np.ones(2)))
    small = gains.shrink(net)
    assert small.network.sizes == (1, 1, 2)
    assert np.array_equal(forward(small.network, np.ones((1, 2)))[-1], np.ones((2, 2)))


def test_a_constant_is_carried_on():
    net = Network((np.array([[1.0, 0.0]]), np.array([[2.0], [3.0]])), (np.zeros(2), np.ones(1)))
    net.biases[0][1] = 5.0
    small = gains.shrink(net)
    assert small.network.sizes == (1, 1, 1) and small.network.biases[1][0] == 1 + 3 * 5


def test_compressed_rows_and_what_they_save():
    net, Z = sparse_network(share=0.95), RNG.standard_normal((9, 40))
    sparse = [(csr_array(W.T), b) for W, b in zip(net.weights, net.biases, strict=True)]
    assert np.allclose(gains.run(sparse, Z)[-1], forward(net, Z)[-1])
    rows = {row.form: row for row in gains.savings(net, Z)}
    assert list(rows) == ["dense", "dense, CSR", "shrunk", "shrunk, CSR"]
    assert rows["shrunk"].bytes < rows["dense"].bytes
    assert rows["dense"].bytes == 8 * sum(
        W.size + b.size for W, b in zip(net.weights, net.biases, strict=True)
    )
    assert all(row.seconds >= 0 for row in rows.values())


def test_shrink_takes_what_prune_gives():
    estimator = perceptron().fit(X, LABELS)
    done = prune(estimator, X, **{**QUIET, "epsilon": 0.7})
    small = gains.shrink(done)
    Z = forward(small.network, X.T[small.inputs])[-1]
    named = np.searchsorted(done.network.classes_, done.network.predict(X))
    assert np.allclose(
        Z.max(axis=0), Z[named, np.arange(len(X))], rtol=0, atol=1e-12 * abs(Z).max()
    )
    with pytest.raises(ValueError, match="network must be a Network"):
        gains.shrink("x")


# scikit-learn ------------------------------------------------------


WRAPPED = {
    "alone": lambda: perceptron().fit(X, LABELS),
    "pipeline": lambda: make_pipeline(StandardScaler(), perceptron()).fit(X, LABELS),
    "nested": lambda: Pipeline(
        [
            ("in", make_pipeline(StandardScaler(), FunctionTransformer(np.tanh))),
            ("net", perceptron()),
        ]
    ).fit(X, LABELS),
    "one step": lambda: make_pipeline(perceptron()).fit(X, LABELS),
    "search": lambda: GridSearchCV(
        make_pipeline(StandardScaler(), perceptron()), {"mlpclassifier__alpha": [1e-4, 1e-2]}, cv=2
    ).fit(X, LABELS),
    "two classes": lambda: perceptron().fit(X, LABELS > 0),
    "many labels": lambda: perceptron().fit(X, np.c_[LABELS > 0, LABELS > 1]),
    "float32": lambda: perceptron().fit(X.astype(np.float32), LABELS),
    "regression": lambda: make_pipeline(
        StandardScaler(),
        MLPRegressor(hidden_layer_sizes=(6,), max_iter=500, tol=1.0, random_state=0),
    ).fit(X, X[:, :2]),
}


@pytest.mark.parametrize("case", WRAPPED)
def test_an_estimator_goes_in_and_one_comes_out(case):
    estimator = WRAPPED[case]()
    before = np.asarray(estimator.predict(X))
    done = prune(estimator, X, **QUIET)
    assert type(done.network) is type(estimator) and np.array_equal(estimator.predict(X), before)
    assert done.zeros.max() > 0 and np.all(done.discrepancy <= done.bound * (1 + 1e-6))
    inside = nettrim.from_sklearn(done.network)
    assert np.allclose(inside.zeros, done.zeros)
    assert np.array_equal(
        prune(estimator, X, **{**QUIET, "epsilon": 0.0}).network.predict(X), before
    ) or (case == "regression")
    back = nettrim.to_sklearn(done, estimator)
    assert np.array_equal(back.predict(X), done.network.predict(X))


def test_a_pruned_network_of_arrays_goes_into_an_estimator():
    estimator = perceptron().fit(X, LABELS)
    done = prune(nettrim.from_sklearn(estimator), X.T, **QUIET)
    assert np.array_equal(
        nettrim.to_sklearn(done, estimator).predict(X),
        prune(estimator, X, **QUIET).network.predict(X),
    )


class Doubtful(MLPClassifier):
    """Answers otherwise than its weights say."""

    def predict_proba(self, X):
        return super().predict_proba(X)[:, ::-1]


BAD = {
    "own method": (
        lambda: prune(Doubtful((4,), max_iter=300, tol=1.0).fit(X, LABELS), X, **QUIET),
        "estimator must answer as its weights say, got Doubtful",
    ),
    "other last step": (
        lambda: prune(make_pipeline(perceptron(), StandardScaler()), X, **QUIET),
        "estimator must be an MLPClassifier .* got StandardScaler",
    ),
    "search not refit": (
        lambda: prune(
            GridSearchCV(perceptron(), {"alpha": [1e-3]}, cv=2, refit=False).fit(X, LABELS),
            X,
            **QUIET,
        ),
        "a fitted search with refit=True",
    ),
    "unfitted": (lambda: prune(make_pipeline(perceptron()), X, **QUIET), "must be fitted"),
    "columns": (
        lambda: prune(WRAPPED["alone"](), X[:, :4], **QUIET),
        "X must have 5 columns, got 4",
    ),
    "columns of a pipeline": (
        lambda: prune(WRAPPED["pipeline"](), X[:, :4], **QUIET),
        "X must be samples",
    ),
    "NaN": (lambda: prune(WRAPPED["alone"](), X * np.nan, **QUIET), "X must be finite"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_estimators_are_named(case):
    call, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        call()


# report ------------------------------------------------------


def test_the_report_is_a_table_and_a_picture():
    done = prune(WRAPPED["alone"](), X, **QUIET, layers=[0, 2])
    text = str(done).splitlines()
    assert text[0].startswith("PrunedNetwork(MLPClassifier): outputs moved by ")
    for word in ("layer", "shape", "zeros", "epsilon", "discrepancy", "promised", "gap", "status"):
        assert word in text[1]
    assert "5x7" in text[2] and "SOLVED" in text[2] and "left alone" in text[3]
    rows = done.rows()
    assert rows[0]["discrepancy"] == pytest.approx(done.discrepancy[0] / done.sizes[0])
    figure = done.plot()
    assert isinstance(figure, Figure) and len(figure.axes) == 2
    heights = [patch.get_height() for patch in figure.axes[0].patches]
    assert np.allclose(heights, 100 * done.zeros)


def test_a_frame_where_pandas_is():
    done = prune(WRAPPED["alone"](), X, **QUIET)
    try:
        import pandas  # noqa: F401
    except ImportError:
        with pytest.raises(
            ValueError, match="to_frame needs pandas: pip install pandas, or use rows"
        ):
            done.to_frame()
    else:
        assert list(done.to_frame().index) == ["0", "1", "2"]


def test_progress_counts_neurons_of_all_layers(capsys):
    prune(WRAPPED["alone"](), X, epsilon=0.2, method="exact", mode="cascade")
    shown = capsys.readouterr().err
    assert "16/16" in shown and "layer 3/3" in shown and "neuron" in shown
