"""All pruning methods on three kinds of network, and what a guarantee buys beyond the mean.

At equal sparsity, as in kit/experiments/pruning.py, and with two recent methods beside the others
(kit/nettrim/networks/recent.py). Every pruned network is also asked on test samples that are
SHIFTED, digits by a pixel, measurements by half a standard deviation, and for its WORST sample:

    change  |Y^ - Y|_F / |Y|_F,    worst  max over samples p of |y^_p - y_p|_2 / mean of |y_p|_2
"""

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_breast_cancer

from kit import datasets
from kit.arguments import choice
from kit.experiments.rows import Row
from kit.experiments.sweep import Sweep
from kit.nettrim import refit, train
from kit.nettrim.networks.network import share_right as accuracy
from kit.nettrim.networks.recent import RECENT
from kit.nettrim.networks.rivals import RIVALS, Trained
from kit.nettrim.networks.walk import Arrays, Model, rewritten
from kit.results import Array

SHARES = (0.5, 0.8, 0.9)
DATA = ("digits", "cancer", "convolutional")
REFITS = ("", "least-squares")
USED = 150  # images on which the convolutional network is pruned: 9,600 places


@dataclass(frozen=True, eq=False)
class Bed:
    """A trained network with its pruning samples, test samples plain and shifted, and labels."""

    model: Model
    test: Array
    shifted: Array
    labels: Array

    def answers(self, model: Model, X: Array) -> Array:
        """Outputs (n, P) of a version of the network."""
        (out,) = model.on(X).outputs()
        return out if isinstance(model, Arrays) else out.T

    def fork(self, Ws: list[Array]) -> Model:
        """The network with other weights in its first layers."""
        return rewritten(self.model, Ws)


def bed(rng: np.random.Generator, data: str) -> Bed:
    """Draw data, train a network: digits 64-40-24-10, cancer 30-24-16-1, or two convolutions."""
    choice("data", data, DATA)
    if data == "cancer":
        X, labels = load_breast_cancer(return_X_y=True)
        X, order = (X - X.mean(axis=0)) / X.std(axis=0), rng.permutation(len(X))
        one, two = order[:400], order[400:]
        drawn = datasets.Labelled(X[one].T, labels[one], X[two].T, labels[two])
        network = train(rng, drawn, (24, 16), epochs=60).network
        return Bed(Arrays(network, drawn.X), drawn.X_test, drawn.X_test + 0.5, drawn.labels_test)
    drawn = datasets.digits(rng, test=0.5)
    right = np.roll(drawn.X_test.reshape(8, 8, -1), 1, axis=1).reshape(64, -1)
    if data == "digits":
        network = train(rng, drawn, (40, 24), epochs=60).network
        return Bed(Arrays(network, drawn.X[:, :539]), drawn.X_test, right, drawn.labels_test)
    model = convolutional(rng, drawn)
    images = [X.T.reshape(-1, 1, 8, 8) for X in (drawn.X_test, right)]
    return Bed(model, *images, drawn.labels_test)


def convolutional(rng: np.random.Generator, drawn: datasets.Labelled) -> Model:
    """Two 3 x 3 convolutions of 6 and 10 filters, each with ReLU and pooling; needs PyTorch."""
    import torch
    from torch import nn

    from kit.nettrim.networks.modules import read

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))
        module = nn.Sequential(
            *(nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(6, 10, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(40, 10)),
        )
        X = torch.as_tensor(drawn.X.T.reshape(-1, 1, 8, 8), dtype=torch.float32)
        labels = torch.as_tensor(drawn.labels)
        optimiser = torch.optim.Adam(module.parameters(), 0.01)
        for _ in range(150):
            optimiser.zero_grad()
            nn.functional.cross_entropy(module(X), labels).backward()
            optimiser.step()
    return read(module.eval(), X[:USED], None)[0]


def table(rng: np.random.Generator, *, data: str) -> list[Row]:
    """One row for each method, refit and share of zeros in every layer but the last."""
    test_bed = bed(rng, data)
    model = test_bed.model
    layers = [
        Trained(model.seen(k)[0][0], model.weights(k)[0]) for k in range(len(model.sites) - 1)
    ]
    before = [test_bed.answers(model, X) for X in (test_bed.test, test_bed.shifted)]
    trained = [accuracy(Y, test_bed.labels) for Y in before]
    rows = []
    for name, method in {**RIVALS, **RECENT}.items():
        counts = [[round((1 - s) * layer.W[:-1].size) for s in SHARES] for layer in layers]
        found = [method(layer, keep) for layer, keep in zip(layers, counts, strict=True)]
        for at, share in enumerate(SHARES):
            for kind in REFITS:
                Ws = [W[at] for W in found]
                if kind:
                    pairs = zip(Ws, layers, strict=True)
                    Ws = [refit(W, layer.X, layer.Z, kind) for W, layer in pairs]
                twin = test_bed.fork(Ws)
                after = [test_bed.answers(twin, X) for X in (test_bed.test, test_bed.shifted)]
                (change, worst), (other, other_worst) = map(moves, before, after)
                rows.append(
                    {
                        "method": name,
                        "refit": kind,
                        "share": share,
                        "accuracy": accuracy(after[0], test_bed.labels),
                        "shifted": accuracy(after[1], test_bed.labels),
                        "change": change,
                        "worst": worst,
                        "shifted_change": other,
                        "shifted_worst": other_worst,
                        "trained": trained[0],
                        "trained_shifted": trained[1],
                    }
                )
    return rows


def moves(before: Array, after: Array) -> tuple[float, float]:
    """(change, worst) of outputs (n, P): relative in the Frobenius norm, and of one sample."""
    each, sizes = (np.linalg.norm(A, axis=0) for A in (after - before, before))
    return float(np.linalg.norm(each) / np.linalg.norm(sizes)), float(each.max() / sizes.mean())


TODAY = Sweep("pruning-today", 1, table, {"data": DATA}, trials=3, seed=2)
