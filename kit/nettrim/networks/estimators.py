"""scikit-learn in, scikit-learn out: multi-layer perceptrons, alone or inside what wraps them.

A Pipeline whose last step is the perceptron, and a fitted search (GridSearchCV and relatives), are
opened: pruned is the perceptron inside, on samples as the steps before it hand them over, and what
comes out is a copy of the whole. The proof by running is made on the whole, from its own samples.
"""

import copy
import warnings
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import issparse
from scipy.special import expit, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline

from kit.arguments import generator, numeric, real_array, several, whole
from kit.nettrim.networks.network import Network, forward, rounding
from kit.results import Array

# what scikit-learn does behind the last layer, samples as rows
BEHIND = {"identity": np.asarray, "logistic": expit, "exp": np.exp}
BEHIND["softmax"] = partial(softmax, axis=1)


@dataclass(frozen=True, eq=False)
class Trained:
    """A network, and the scikit-learn estimator it was read from."""

    network: Network
    estimator: MLPClassifier


def train(
    rng: np.random.Generator,
    data: Any,
    hidden: tuple[int, ...] = (300, 100),
    *,
    epochs: int = 30,
    alpha: float = 1e-4,
) -> Trained:
    """Train an MLPClassifier (relu, Adam) on data.X (N, P), data.labels (P,), of kit.datasets say.

    alpha is its l2 penalty. Deterministic for a given rng on one machine; other BLAS libraries give
    slightly other weights. Ending at the limit of epochs is no warning here: see n_iter_.
    """
    if not (hasattr(data, "X") and hasattr(data, "labels")):
        raise ValueError(f"data must have X and labels, got {type(data).__name__}")
    X = real_array("data.X", data.X, 2)
    if numeric("data.labels", data.labels).shape != X.shape[1:]:
        raise ValueError(
            f"data.labels must be {X.shape[1]} classes, got shape {np.shape(data.labels)}"
        )
    estimator = MLPClassifier(
        hidden_layer_sizes=tuple(whole("hidden", n, least=1) for n in several("hidden", hidden)),
        alpha=alpha,
        max_iter=whole("epochs", epochs, least=1),
        random_state=int(generator(rng).integers(2**31)),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(X.T, data.labels)
    return Trained(from_sklearn(estimator), estimator)


def opened(estimator: Any) -> tuple[list[Pipeline], MLPClassifier | MLPRegressor]:
    """The steps before the perceptron and itself, out of Pipelines and fitted searches."""
    steps = []
    while not isinstance(estimator, MLPClassifier | MLPRegressor):
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif isinstance(estimator, Pipeline):
            steps += [estimator[:-1]] if len(estimator) > 1 else []
            estimator = estimator.steps[-1][1]
        elif hasattr(estimator, "param_distributions") or hasattr(estimator, "param_grid"):
            raise ValueError("estimator must be a fitted search with refit=True, got no best one")
        else:
            raise ValueError(
                f"estimator must be an MLPClassifier or MLPRegressor, alone or as the last step of "
                f"a Pipeline or the best one of a search, got {type(estimator).__name__}"
            )
    if not hasattr(estimator, "coefs_"):
        raise ValueError("estimator must be fitted, got one without coefs_")
    if estimator.activation != "relu" and len(estimator.coefs_) > 1:
        raise ValueError(f"estimator must have activation 'relu', got {estimator.activation!r}")
    return steps, estimator


def from_sklearn(estimator: Any) -> Network:
    """Read a fitted MLPClassifier or MLPRegressor with relu units (or without hidden layers).

    Also one at the end of a Pipeline, or in a GridSearchCV. The network answers what the estimator
    computes before its soft-max or logistic function, on samples as the perceptron gets them.
    Raises ValueError for other estimators, other activations, and estimators not yet fitted.
    """
    _, inside = opened(estimator)
    return Network(tuple(inside.coefs_), tuple(inside.intercepts_))


def to_sklearn(network: Any, estimator: Any) -> Any:
    """A copy of a fitted estimator that predicts as the network does. Shapes must agree.

    network  a Network, a PrunedNetwork that holds one, or an estimator of the same shape
    """
    network = getattr(network, "network", network)
    if not isinstance(network, Network):
        network = from_sklearn(network)
    sizes = from_sklearn(estimator).sizes
    if sizes != network.sizes:
        raise ValueError(f"estimator must have layers {network.sizes}, got {sizes}")
    twin = copy.deepcopy(estimator)
    _, inside = opened(twin)
    for name, arrays in (("coefs_", network.weights), ("intercepts_", network.biases)):
        olds = getattr(inside, name)
        setattr(inside, name, [A.astype(old.dtype) for A, old in zip(arrays, olds, strict=True)])
    return twin


def entering(estimator: Any, X: Any) -> Array:
    """What the perceptron gets of samples X (rows, as the estimator takes them): (N, P)."""
    steps, inside = opened(estimator)
    try:
        for step in steps:
            X = step.transform(X)
    except (ValueError, TypeError) as problem:
        raise ValueError(
            f"X must be samples as the estimator takes them: {str(problem).splitlines()[0]}"
        ) from None
    X = real_array("X", X.toarray() if issparse(X) else X, 2).T
    if len(X) != len(inside.coefs_[0]):
        raise ValueError(f"X must have {len(inside.coefs_[0])} columns, got {len(X)}")
    return X


def check(estimator: Any, X: Any) -> None:
    """Run the whole estimator on its samples, and compare with what its network is believed to do.

    Raises ValueError where they differ by more than rounding.
    """
    _, inside = opened(estimator)
    Z = forward(from_sklearn(inside), entering(estimator, X))[-1].T
    believed = BEHIND[inside.out_activation_](Z)
    answers = estimator.predict_proba if isinstance(inside, MLPClassifier) else estimator.predict
    found = np.reshape(answers(X), (len(believed), -1))[:, -believed.shape[1] :]  # of 2 classes: 1
    error = np.abs(found - believed).max() / max(np.abs(believed).max(), 1e-300)
    if not error <= rounding(inside.coefs_[0].dtype):
        raise ValueError(
            f"estimator must answer as its weights say, got {type(estimator).__name__} whose "
            f"answers differ by {error:.1e}: it has a method of its own, which cannot be pruned"
        )


def is_estimator(value: object) -> bool:
    """Whether value is of scikit-learn's kind."""
    return hasattr(value, "get_params") and hasattr(value, "fit")
