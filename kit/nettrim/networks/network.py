"""ReLU networks as plain arrays: run, judge, rescale.

    Y_0 = X,    Y_l = relu(W_l'Y_(l-1) + b_l 1')  for l < L,    Y_L = W_L'Y_(L-1) + b_L 1'

Samples are columns. Net-Trim sees one layer as W~'X~ with the bias as the last row of W~ and a last
row of ones in X~. Source: Net-Trim, arXiv 1611.05162, section 2.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kit.arguments import instance, numeric, real_array, several
from kit.results import Array


@dataclass(frozen=True, eq=False)
class Network:
    """A ReLU network; the last layer is linear. Layer l has weights (n_in, n_out), biases (n_out,).

    Raises ValueError if shapes do not chain or a number is not finite and real.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]

    def __post_init__(self) -> None:
        weights, biases = (
            tuple(real_array(f"{name}[{k}]", A, ndim) for k, A in enumerate(several(name, given)))
            for name, given, ndim in (("weights", self.weights, 2), ("biases", self.biases, 1))
        )
        if not weights or len(weights) != len(biases):
            raise ValueError(
                f"weights and biases must have one entry per layer, "
                f"got {len(weights)} and {len(biases)}"
            )
        for k, (W, b) in enumerate(zip(weights, biases, strict=True)):
            if b.size != W.shape[1]:
                raise ValueError(f"biases[{k}] must have {W.shape[1]} entries, got {b.size}")
            if k and W.shape[0] != weights[k - 1].shape[1]:
                raise ValueError(
                    f"weights[{k}] must have {weights[k - 1].shape[1]} rows, got {W.shape[0]}"
                )
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "biases", biases)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of units, inputs first: (64, 300, 100, 10)."""
        return self.weights[0].shape[0], *(W.shape[1] for W in self.weights)

    @property
    def zeros(self) -> Array:
        """Share of weights that are exactly 0, layer by layer; biases are not counted."""
        return np.array([np.mean(W == 0) for W in self.weights])

    def __len__(self) -> int:
        return len(self.weights)

    def __repr__(self) -> str:
        zeros = ", ".join(f"{share:.0%}" for share in self.zeros)
        return f"Network({'-'.join(map(str, self.sizes))}, zeros {zeros})"


def forward(network: Network, X: Array) -> list[Array]:
    """The outputs Y_1, ..., Y_L of all layers, Y_l (n_l, P), for samples X (N, P)."""
    X = read_samples(network, X)
    return run([(W.T, b) for W, b in zip(network.weights, network.biases, strict=True)], X)


def run(layers: Sequence[tuple[Any, Array]], X: Array) -> list[Array]:
    """`forward` of layers (W_l' (n_out, n_in), b_l), dense or sparse."""
    outputs = []
    for k, (W, b) in enumerate(layers):
        X = W @ X + b[:, None]
        X = np.maximum(X, 0) if k < len(layers) - 1 else X
        outputs.append(X)
    return outputs


def accuracy(network: Network, X: Array, labels: Array) -> float:
    """Share of samples whose largest output is the one of their label (a whole number from 0).

    With a single output, as scikit-learn has for two classes, the label is 1 where it is positive.
    """
    return share_right(forward(network, X)[-1], labels)


def share_right(outputs: Array, labels: Array) -> float:
    """`accuracy` of outputs (n, P)."""
    labels = numeric("labels", labels)
    if labels.shape != (outputs.shape[1],):
        raise ValueError(f"labels must be {outputs.shape[1]} numbers, got shape {labels.shape}")
    found = outputs.argmax(axis=0) if len(outputs) > 1 else outputs[0] > 0
    return float(np.mean(found == labels))


def link_normalise(network: Network) -> tuple[Network, Array]:
    """Rescale to |W_l|_1 + |b_l|_1 = 1 for all l: (network, scales S (L,)) with Y_l = S_l Y_l^n.

    relu(c z) = c relu(z) for c > 0, so with S_0 = 1 the layer Y_l = relu(W_l'Y_(l-1) + b_l) reads

        Y_l / S_l = relu( (S_(l-1) / S_l) W_l' (Y_(l-1) / S_(l-1)) + b_l / S_l )

    for any S_l > 0. Hence W_l^n = W_l S_(l-1) / S_l, b_l^n = b_l / S_l (a bias feels the scales of
    all layers up to its own), and the choice is S_l = S_(l-1) |W_l|_1 + |b_l|_1 (1 for a layer of
    zeros, which stays as it is). Source: Net-Trim, arXiv 1611.05162, section 2; bias derived.
    """
    instance("network", network, Network)
    scales, S = [], 1.0
    for W, b in zip(network.weights, network.biases, strict=True):
        S = float(S * np.abs(W).sum() + np.abs(b).sum()) or 1.0
        scales.append(S)
    if not all(map(math.isfinite, scales)):
        raise ValueError("network must have scales within floating point range, got an overflow")
    return _rescale(network, 1 / np.array(scales)), np.array(scales)


def link_restore(network: Network, scales: Array) -> Network:
    """Undo link_normalise: the network with outputs Y_l = S_l Y_l^n, scales S (L,) > 0."""
    scales = real_array("scales", scales, 1)
    if scales.size != len(network) or scales.min() <= 0:
        raise ValueError(f"scales must be {len(network)} positive numbers, got {scales}")
    return _rescale(network, scales)


def _rescale(network: Network, factors: Array) -> Network:
    """Multiply the output of layer l by factors[l]."""
    before = np.concatenate([[1.0], factors[:-1]])
    return Network(
        tuple(W * c for W, c in zip(network.weights, factors / before, strict=True)),
        tuple(b * c for b, c in zip(network.biases, factors, strict=True)),
    )


def with_ones(X: Array) -> Array:
    """X~ (..., N + 1, P): the samples with a last row of ones, which carries the bias."""
    return np.concatenate([X, np.ones_like(X[..., :1, :])], axis=-2)


def read_samples(network: Network, X: Array) -> Array:
    """Return X (N, P) as an array that fits the network's first layer."""
    instance("network", network, Network)
    X = real_array("X", X, 2)
    if len(X) != network.sizes[0]:
        raise ValueError(f"X must have {network.sizes[0]} rows for this network, got {len(X)}")
    return X


def rounding(dtype: object) -> float:
    """By what two ways to compute the same may differ, relative, in numbers of numpy or PyTorch."""
    return 1e-9 if str(dtype).endswith("float64") else 1e-5
