"""Data that come with a package: nothing is downloaded. Samples are columns, as in the papers."""

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits

from kit.arguments import generator, number
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
    share = number("test", test, least=0, above=True)
    if share >= 1:
        raise ValueError(f"test must be a share below 1, got {share:g}")
    data, labels = load_digits(return_X_y=True)
    order = generator(rng).permutation(len(labels))
    cut = max(1, min(len(labels) - 1, round(share * len(labels))))
    held, kept = order[:cut], order[cut:]
    X = data.T / 16
    return Labelled(X[:, kept], labels[kept], X[:, held], labels[held])
