"""Published behaviour of Net-Trim on networks, approached with data of our own; numbers printed.

Run with -s to see them. R12, R15, R16 are entries of the list of what a reproduction must show.
"""

from itertools import pairwise

import numpy as np
import pytest

from kit import datasets, nettrim
from kit.nettrim import Network, accuracy, forward, from_sklearn, prune, to_sklearn

QUIET = {"method": "exact", "progress": False}


def relative(network, result, X):
    """Discrepancy of the last layer, relative to its size."""
    return result.discrepancy[-1] / np.linalg.norm(forward(network, X)[-1])


def counts(network):
    return [np.count_nonzero(W) for W in network.weights]


@pytest.mark.slow
def test_r12_cascade_is_nearer_than_parallel_at_equal_epsilon():
    """20-40-40-10, half of the weights 0, 150 samples; published measurement: .054 vs .101 (5 %)
    and .155 vs .291 (15 %)."""
    rng = np.random.default_rng(0)
    weights = [
        rng.standard_normal(size) * (rng.random(size) < 0.5) / np.sqrt(size[0] / 2)
        for size in pairwise((20, 40, 40, 10))
    ]
    net = Network(tuple(weights), tuple(np.zeros(n) for n in (40, 40, 10)))
    X = rng.standard_normal((20, 150))
    for epsilon, expected in ((0.05, (0.054, 0.101)), (0.15, (0.155, 0.291))):
        found = []
        for mode in ("cascade", "parallel"):
            done = prune(net, X, epsilon=epsilon, mode=mode, gamma=1.1, **QUIET)
            assert np.all(done.discrepancy <= done.bound * (1 + 1e-7))
            assert np.all(done.discrepancy <= done.theorem * (1 + 1e-7))
            found.append(relative(net, done, X))
            print(
                f"R12 epsilon {epsilon:.0%} {mode}: {found[-1]:.3f}, weights left",
                counts(done.network),
            )
        assert found[0] < 0.75 * found[1]
        assert np.allclose(found, expected, rtol=0.35)


def check_spiral(net, data, label):
    """Cascade and parallel at rd near 0.02: what is printed, and what must come out."""
    before = counts(net)
    table = {}
    for mode in ("cascade", "parallel"):
        done = prune(net, data.X, epsilon=0.008, mode=mode, gamma=1.1, **QUIET)
        table[mode] = relative(net, done, data.X), counts(done.network)
        print(f"R15 {label}: {before} -> {table[mode][1]} at rd {table[mode][0]:.4f}, {mode}")
        assert np.all(done.discrepancy <= done.bound * (1 + 1e-7))
        lost = accuracy(net, data.X_test, data.labels_test) - accuracy(
            done.network, data.X_test, data.labels_test
        )
        assert lost <= 0.02
    assert table["cascade"][0] < table["parallel"][0] < 0.06
    assert table["cascade"][1][1] <= table["parallel"][1][1] * 1.05  # middle layer
    assert table["cascade"][1][2] < table["parallel"][1][2]  # most visible in the last one
    assert table["cascade"][1][1] < 0.35 * before[1]
    assert table["cascade"][1][0] > 0.5 * before[0]  # the first layer stays almost as it was


@pytest.mark.slow
def test_r15_spirals_by_torch():
    """2-50-50-2 with dropout and l1. Published, on other spirals: 99, 2483, 100 -> 98, 467, 54."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    nn, data = torch.nn, datasets.spirals(np.random.default_rng(0), 500, turns=1.0)
    module = nn.Sequential(
        nn.Linear(2, 50),
        nn.ReLU(),
        nn.Dropout(0.25),
        nn.Linear(50, 50),
        nn.ReLU(),
        nn.Dropout(0.25),
        nn.Linear(50, 2),
    )
    X, labels = torch.as_tensor(data.X.T, dtype=torch.float32), torch.as_tensor(data.labels)
    optimiser = torch.optim.Adam(module.parameters(), lr=5e-3)
    for _ in range(1200):
        optimiser.zero_grad()
        l1 = sum(module[k].weight.abs().sum() for k in (0, 3, 6))
        (nn.functional.cross_entropy(module(X), labels) + 2e-4 * l1).backward()
        optimiser.step()
    net = nettrim.from_torch(module)
    assert accuracy(net, data.X_test, data.labels_test) > 0.97
    check_spiral(net, data, "2-50-50-2, dropout 0.25, l1 2e-4")


@pytest.mark.slow
def test_r15_spirals_by_scikit_learn():
    """2-50-50-1 with weight decay: scikit-learn has one output for two classes, and no dropout."""
    data = datasets.spirals(np.random.default_rng(0), 500, turns=1.0)
    net = nettrim.train(np.random.default_rng(1), data, (50, 50), epochs=800, alpha=1e-2).network
    assert accuracy(net, data.X_test, data.labels_test) > 0.97
    check_spiral(net, data, "2-50-50-1, weight decay 1e-2")


def same_count(net, pruned):
    """HPTD: in every layer the largest weights, as many as `pruned` has; biases as they were."""
    weights = []
    for W, U in zip(net.weights, pruned.weights, strict=True):
        kept = np.zeros(W.size, bool)
        kept[np.argsort(-np.abs(W), axis=None, kind="stable")[: np.count_nonzero(U)]] = True
        weights.append(np.where(kept.reshape(W.shape), W, 0))
    return Network(tuple(weights), net.biases)


def tuned(network, estimator, data, epochs=15):
    """Masked fine-tuning: epochs of training, zeros put back after each."""
    model = to_sklearn(network, estimator)
    for _ in range(epochs):
        model.partial_fit(data.X.T, data.labels)
        for W, old in zip(model.coefs_, network.weights, strict=True):
            W[old == 0] = 0
    return from_sklearn(model)


@pytest.mark.slow
def test_r16_net_trim_and_magnitude_on_digits():
    """64-60-40-10, all layers, at equal numbers of weights, before and after fine-tuning."""
    data = datasets.digits(np.random.default_rng(0), test=0.5)
    trained = nettrim.train(np.random.default_rng(1), data, (60, 40), epochs=60)
    net, gaps = trained.network, []
    for epsilon in (0.05, 0.15, 0.3):
        done = prune(net, data.X, epsilon=epsilon, balls="neuron", **QUIET).network
        rival = same_count(net, done)
        assert counts(rival) == counts(done)
        pair = [done, rival, *(tuned(n, trained.estimator, data) for n in (done, rival))]
        scores = [accuracy(n, data.X_test, data.labels_test) for n in pair]
        left = sum(counts(done)) / sum(W.size for W in net.weights)
        print(
            f"R16 epsilon {epsilon:.0%}, {left:.0%} of the weights: Net-Trim {scores[0]:.3f}, "
            f"magnitude {scores[1]:.3f}; fine-tuned {scores[2]:.3f}, {scores[3]:.3f}"
        )
        gaps.append((scores[0] - scores[1], scores[2] - scores[3]))
    plain, fine = np.transpose(gaps)
    assert np.all(plain > 0) and plain[-1] > plain[0]
    assert np.all(np.abs(fine) < 0.06) and np.abs(fine[-1]) < plain[-1] / 2
