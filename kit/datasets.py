"""Data to prune networks on. Samples are columns, as in the papers.

digits, spirals, gaussian_layer   made here or shipped with scikit-learn: nothing is downloaded
mnist, fashion_mnist              fetched once by scikit-learn's ordinary loader, when online
"""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import fetch_openml, load_digits

from kit.arguments import choice, generator, number, whole
from kit.results import Array


@dataclass(frozen=True, eq=False)
class Labelled:
    """Samples as columns with their classes; one part to train on, one part to test on."""

    X: Array  # (N, P) in [0, 1]
    labels: Array  # (P,) whole numbers 0, 1, ...
    X_test: Array  # (N, P_test)
    labels_test: Array  # (P_test,)

    def __repr__(self) -> str:
        N, P = self.X.shape
        return (
            f"Labelled({N} features, {P} samples to train on, {self.labels_test.size} to test on)"
        )


def digits(rng: np.random.Generator, *, test: float = 0.25) -> Labelled:
    """The 1,797 handwritten digits of scikit-learn, 8 x 8 grey values divided by 16; classes 0-9.

    rng shuffles them; the share `test` (0 < test < 1) is kept apart. Several pixels are 0 in every
    sample: zero rows of X. Source: UCI ML hand-written digits, as sklearn.datasets.load_digits.
    """
    share = _share(test)
    data, labels = load_digits(return_X_y=True)
    return _split(rng, data.T / 16, labels, share)


def spirals(
    rng: np.random.Generator,
    P: int = 600,
    *,
    arms: int = 2,
    turns: float = 1.5,
    noise: float = 0.03,
    test: float = 0.25,
) -> Labelled:
    """Nested spirals in the plane: P samples (2, P), one class an arm, in the unit disc, shuffled.

    Arm a at t in (0, 1]:  r (cos phi, sin phi) + noise g,  r = 0.1 + 0.9 t,
                           phi = 2 pi (turns t + a / arms),  g standard normal

    t is uniform, P >= 2 and arms >= 2; the share `test` is kept apart. The classes are those of the
    experiment in Net-Trim, arXiv 1611.05162, supplement section 3; the data there are others
    (shipped with H2O).
    """
    P, arms = whole("P", P, least=2), whole("arms", arms, least=2)
    turns, noise = number("turns", turns, least=0), number("noise", noise, least=0)
    share = _share(test)
    labels = np.arange(P) % arms
    t = 1 - generator(rng).random(P)
    phi, r = 2 * np.pi * (turns * t + labels / arms), 0.1 + 0.9 * t
    X = r * np.array([np.cos(phi), np.sin(phi)]) + noise * rng.standard_normal((2, P))
    return _split(rng, X, labels, share)


@dataclass(frozen=True, eq=False)
class Teacher:
    """A ReLU layer Y = relu(W'X) with s nonzero weights in each neuron, on Gaussian samples."""

    X: Array  # (N, P)
    Y: Array  # (M, P)
    W: Array  # (N, M)

    def __repr__(self) -> str:
        (N, P), M = self.X.shape, len(self.Y)
        s = np.count_nonzero(self.W[:, 0])
        return f"Teacher({N} inputs, {M} neurons of {s} weights, {P} samples)"


def gaussian_layer(
    rng: np.random.Generator, N: int, M: int, P: int, *, s: int, values: str = "normal"
) -> Teacher:
    """X (N, P) with entries N(0, 1); W (N, M) with s nonzeros a neuron, at random places.

    values "normal": N(0, 1); "signs": +-1. The hypotheses of Net-Trim, arXiv 1611.05162, Theorem 3.
    Raises ValueError unless 1 <= s <= N.
    """
    sizes = zip(("N", "M", "P", "s"), (N, M, P, s), strict=True)
    N, M, P, s = (whole(name, value, least=1) for name, value in sizes)
    choice("values", values, ("normal", "signs"))
    if s > N:
        raise ValueError(f"s must be at most N = {N}, got {s}")
    places = generator(rng).permuted(np.tile(np.arange(N), (M, 1)), axis=1)[:, :s]
    entries = rng.standard_normal((M, s)) if values == "normal" else rng.choice([-1.0, 1.0], (M, s))
    W = np.zeros((N, M))
    np.put_along_axis(W, places.T, entries.T, axis=0)
    X = rng.standard_normal((N, P))
    return Teacher(X, np.maximum(W.T @ X, 0), W)


def mnist(rng: np.random.Generator, *, samples: int = 10_000, test: float = 0.25) -> Labelled:
    """MNIST: handwritten digits of 28 x 28, in [0, 1]; see fashion_mnist for the arguments."""
    return _openml("mnist_784", rng, samples, test)


def fashion_mnist(
    rng: np.random.Generator, *, samples: int = 10_000, test: float = 0.25
) -> Labelled:
    """Fashion-MNIST: articles of clothing, 28 x 28 grey values divided by 255; classes 0-9.

    rng picks `samples` of the 70,000, of which the share `test` is kept apart. Fetched once by
    sklearn.datasets.fetch_openml, which keeps a copy. Raises ConnectionError, in one sentence, when
    the data cannot be fetched.
    """
    return _openml("Fashion-MNIST", rng, samples, test)


def _openml(name: str, rng: np.random.Generator, samples: int, test: float) -> Labelled:
    samples, share = whole("samples", samples, least=2), _share(test)
    generator(rng)
    try:
        with warnings.catch_warnings():  # of tries that failed: what counts is how it ends
            warnings.filterwarnings("ignore", "A network error occurred")
            found = fetch_openml(name, version=1, as_frame=False, parser="liac-arff")
    except OSError as problem:  # URLError, timeouts, refused connections are all OSErrors
        raise ConnectionError(
            f"{name} is fetched from openml.org on first use, and that failed "
            f"({type(problem).__name__}): go online once, or use datasets.digits, which ships with "
            f"scikit-learn."
        ) from None
    X, labels = np.asarray(found.data, float).T / 255, np.asarray(found.target).astype(int)
    if samples < labels.size:
        picked = rng.permutation(labels.size)[:samples]
        X, labels = X[:, picked], labels[picked]
    return _split(rng, X, labels, share)


def _share(test: object) -> float:
    share = number("test", test, least=0, above=True)
    if share >= 1:
        raise ValueError(f"test must be a share below 1, got {share:g}")
    return share


def _split(rng: np.random.Generator, X: Array, labels: Array, share: float) -> Labelled:
    """Shuffle, and keep the share apart; at least one sample on each side."""
    order = generator(rng).permutation(len(labels))
    cut = max(1, min(len(labels) - 1, round(share * len(labels))))
    held, kept = order[:cut], order[cut:]
    return Labelled(X[:, kept], labels[kept], X[:, held], labels[held])
