"""Data to prune networks on. Samples are columns, as in the papers.

digits, spirals: shipped with scikit-learn or made here, nothing is downloaded.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits

from kit.arguments import generator, number, whole
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
