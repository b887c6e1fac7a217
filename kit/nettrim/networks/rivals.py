"""Pruning methods side by side, at equal sparsity: what each one minimises, and the table of them.

A layer has inputs X~ (N + 1, P) with a row of ones, weights W (N + 1, M), the bias as last row, and
before its ReLU Z = W'X~. Every method gives weights with a given number of zeros; biases are not
counted and never removed. H = X~X~'; changing the weights of a neuron by d changes its z by
d'X~, so by d'H d in square.

magnitude   keep the largest |w| of the layer. It never looks at a sample.
wanda       keep, in every neuron, the largest |w_n| |x_n|_2: the change if w_n ALONE goes is
            w_n^2 H_nn. Sun et al., arXiv 2306.11695. One for each neuron, none for pairs.
obs         Optimal Brain Surgeon, exact and greedy (Hassibi and Stork 1993; arXiv 2208.11580): take
            out w_n and let the others make up for it,
                min d'H d  s.t.  d_n = -w_n   =>   d = -w_n (H^-1)_:n / (H^-1)_nn,
                                                   cost w_n^2 / (H^-1)_nn,
            the cheapest first, then H^-1 less its row and column n:
            H^-1 <- H^-1 - (H^-1)_:n (H^-1)_n: / (H^-1)_nn. As the cost is quadratic, the weights
            that are left ARE the least squares weights on their support (derived): a refit changes
            nothing but rounding.
sparsegpt   the same update, but inputs are decided in their order, in blocks, and only later inputs
            make up for it: with H^-1 = U'U, U upper triangular, score w_n^2 / U_nn^2 in the block,
            error e = w_n / U_nn, and w_k -= e U_nk for all later k. One factor for all neurons.
            Frantar and Alistarh, arXiv 2301.00774.
lasso       min |u|_1 s.t. |U'X~ - Z|_F <= epsilon: linear regression on Z with an l1 norm. The same
            as Net-Trim with Omega everything: it does not know that a ReLU follows.
net-trim    min |u|_1 s.t. U in C_epsilon(X~, Y, 0).

lasso and net-trim are asked for an epsilon, not for a number of zeros: the path over epsilon gives
the sparsest answer that still has enough weights, of which the smallest go (few: the path is fine).
H gets 1e-6 of its mean diagonal for obs and sparsegpt, as rows of X may be 0.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cholesky

from kit.arguments import choice, real_array, several
from kit.nettrim.networks.network import Network, accuracy, read_samples
from kit.nettrim.networks.refit import REFITS, refit
from kit.nettrim.networks.walk import Arrays, moved, rewritten
from kit.nettrim.problem import NetTrim
from kit.nettrim.solve import path, solve
from kit.results import Array

EPSILONS = 0.6 * 0.6 ** np.arange(8)  # relative radii of the paths, 0.6 to 0.017
DAMP = 1e-6
BLOCK = 16  # inputs that SparseGPT decides at once; its paper takes 128 of thousands


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained layer: X (N + 1, P) with its row of ones, W (N + 1, M), Z = W'X, Y = relu(Z)."""

    X: Array
    W: Array

    @property
    def Z(self) -> Array:
        return self.W.T @ self.X

    @property
    def Y(self) -> Array:
        return np.maximum(self.Z, 0)


@dataclass(frozen=True)
class Row:
    """One line of the table: a method, with or without a refit, at a share of zeros."""

    method: str
    refit: str  # "", "least-squares" or "relu"
    share: float  # of zeros that was asked for, in every hidden layer; biases are not counted
    zeros: float  # the share there is: more where an l1 answer is sparser at its densest, and
    # where a refit meets an input that is 0 on all samples
    change: float  # |Y^_L - Y_L|_F / |Y_L|_F on the samples used
    accuracy: float  # on test samples


def magnitude(layer: Trained, keep: Iterable[int]) -> list[Array]:
    """Weights for each number of weights in keep: the largest |w| of the layer."""
    return [largest(layer.W, np.abs(layer.W[:-1]), k) for k in keep]


def wanda(layer: Trained, keep: Iterable[int]) -> list[Array]:
    """The largest |w_n| |x_n|_2, in every neuron the same number (the last few by score)."""
    score = np.abs(layer.W[:-1]) * np.linalg.norm(layer.X[:-1], axis=1)[:, None]
    rank = np.argsort(np.argsort(-score, axis=0, kind="stable"), axis=0)
    order = score / (score.max() or 1.0) - rank  # all first ones before all second ones
    return [largest(layer.W, order, k) for k in keep]


def obs(layer: Trained, keep: Iterable[int]) -> list[Array]:
    """Greedy and exact, neuron by neuron, the cheapest of the layer first."""
    inverse, price = np.linalg.inv(gram(layer.X)), np.empty_like(layer.W[:-1])
    N, M = price.shape
    for m in range(M):
        w, G, left, total = layer.W[:, m].copy(), inverse.copy(), np.arange(N), 0.0
        while left.size:
            cost = w[left] ** 2 / G[left, left]
            at = int(np.argmin(cost))
            n = left[at]
            total += float(cost[at])  # rises along the neuron: no later one goes before n
            price[n, m] = total
            column = G[:, n] / np.sqrt(G[n, n])
            w -= w[n] / np.sqrt(G[n, n]) * column
            G -= np.outer(column, column)
            left = np.delete(left, at)
    return [least_squares(layer, largest(layer.W, price, k)) for k in keep]


def sparsegpt(layer: Trained, keep: Iterable[int]) -> list[Array]:
    """One pass over the inputs in blocks; the same share of zeros in every block of the layer."""
    N, M = len(layer.W) - 1, layer.W.shape[1]
    U = cholesky(np.linalg.inv(gram(layer.X)))  # H^-1 = U'U
    answers = []
    for k in keep:
        W, kept, counted = layer.W.copy(), 0, 0
        for start in range(0, N, BLOCK):
            rows = np.arange(start, min(start + BLOCK, N))
            score = W[rows] ** 2 / U[rows, rows][:, None] ** 2
            counted += score.size
            count = round(k * counted / (N * M)) - kept
            stays, kept = top(score, count), kept + count
            for n, stay in zip(rows, stays, strict=True):
                error = np.where(stay, 0, W[n]) / U[n, n]
                W[n + 1 :] -= np.outer(U[n, n + 1 :], error)
                W[n] *= stay
        answers.append(W)
    return answers


def lasso(layer: Trained, keep: Iterable[int]) -> list[Array]:
    """Linear regression on Z with an l1 norm, one ball for the layer."""
    problem = NetTrim(layer.X, layer.Z, 0.0, Omega=np.ones(layer.Z.shape, bool))
    return _thin(_path(problem, np.linalg.norm(layer.Z)), keep)


def net_trim(layer: Trained, keep: Iterable[int]) -> list[Array]:
    """Net-Trim with one ball for the layer, as published."""
    return _thin(_path(NetTrim(layer.X, layer.Y, 0.0), np.linalg.norm(layer.Y)), keep)


def net_trim_neurons(layer: Trained, keep: Iterable[int]) -> list[Array]:
    """Net-Trim with a ball for each neuron, epsilon |y_m|_2."""
    return _thin(_path(NetTrim(layer.X, layer.Y, 0.0), np.linalg.norm(layer.Y, axis=1)), keep)


def net_trim_reweighted(layer: Trained, keep: Iterable[int], delta: float = 0.1) -> list[Array]:
    """Net-Trim twice: the second time min sum of |u_n| / (|w_n| + d), w the first answer.

    Large weights pay less, so they shrink less, and small ones go: d is `delta` times the mean |w|
    that is not 0. A ball for each neuron; w_n = 0 keeps a price, not a ban. The substitution
    u = (|w| + d) v is a NetTrim with scaled rows of X, neuron by neuron. Candes, Wakin and Boyd
    (2008) for linear regression; here derived.
    """
    found, sizes = [], np.linalg.norm(layer.Y, axis=1)
    for e, first in zip(EPSILONS, _path(NetTrim(layer.X, layer.Y, 0.0), sizes), strict=True):
        W = np.zeros_like(first)
        for m in np.flatnonzero(first.any(axis=0)):
            price = np.abs(first[:, m])
            price = price + delta * price[price > 0].mean()
            job = NetTrim(price[:, None] * layer.X, layer.Y[m : m + 1], e * sizes[m : m + 1])
            W[:, m] = price * solve(job, "exact").W[:, 0]
        found.append(W)
    return _thin(found, keep)


Method = Callable[[Trained, Iterable[int]], list[Array]]
RIVALS: dict[str, Method] = {
    "magnitude": magnitude,
    "wanda": wanda,
    "lasso": lasso,
    "obs": obs,
    "sparsegpt": sparsegpt,
    "net-trim": net_trim,
}
IMPROVED: dict[str, Method] = {
    "net-trim, a ball each": net_trim_neurons,
    "net-trim, reweighted": net_trim_reweighted,
}


def compare(
    network: Network,
    data: Any,
    shares: Iterable[float],
    *,
    methods: Mapping[str, Method] | None = None,
    refits: Iterable[str | None] = (None, "least-squares"),
) -> tuple[Row, ...]:
    """The table: every method, with every refit, at every share of zeros in all hidden layers.

    network, data  a trained network and kit.datasets.Labelled: pruned on data.X, tested on X_test
    shares         of zeros, 0 <= share < 1: every hidden layer gets exactly that (to one weight)
    methods        name -> function (layer, keep) -> weights; None: RIVALS
    refits         of None, "least-squares", "relu": towards Z, on each one's support (refit.py)

    Every layer is pruned by itself, on the original input (parallel). Raises ValueError for shares
    out of range, no hidden layer, and data without samples or labels.
    """
    X = read_samples(network, getattr(data, "X", None))
    if len(network) < 2:
        raise ValueError("network must have a hidden layer, got only the last one")
    shares = real_array("shares", several("shares", shares), 1)
    if shares.min() < 0 or shares.max() >= 1:
        raise ValueError(f"shares must be >= 0 and < 1, got {shares.min():g} to {shares.max():g}")
    refits = several("refits", refits)
    for kind in refits:
        choice("refits", kind, REFITS)
    model = Arrays(network, X)
    layers = [Trained(model.seen(k)[0][0], model.weights(k)[0]) for k in range(len(network) - 1)]
    sizes, rows = [layer.W[:-1].size for layer in layers], []
    counts = [[round((1 - s) * size) for s in shares] for size in sizes]
    for name, method in (RIVALS if methods is None else methods).items():
        found = list(map(method, layers, counts))
        for at, share in enumerate(shares):
            for kind in refits:
                Ws = [W[at] for W in found]
                if kind is not None:
                    Ws = [refit(W, of.X, of.Z, kind) for W, of in zip(Ws, layers, strict=True)]
                zeros = 1 - sum(np.count_nonzero(W[:-1]) for W in Ws) / sum(sizes)
                new = rewritten(model, Ws)
                score = accuracy(new.network, data.X_test, data.labels_test)
                rows.append(Row(name, kind or "", float(share), zeros, moved(model, new), score))
    return tuple(rows)


def least_squares(layer: Trained, W: Array) -> Array:
    """Refit towards Z on the support of W."""
    return refit(W, layer.X, layer.Z, "least-squares")


def largest(W: Array, score: Array, keep: int) -> Array:
    """W (N + 1, M) with the `keep` largest scores (N, M) left, and its biases."""
    return np.vstack([np.where(top(score, keep), W[:-1], 0), W[-1:]])


def top(score: Array, keep: int) -> Array:
    """Which entries are the `keep` largest: exactly that many, ties by place."""
    chosen = np.zeros(score.size, bool)
    chosen[np.argsort(-score, axis=None, kind="stable")[:keep]] = True
    return chosen.reshape(score.shape)


def _path(problem: NetTrim, sizes: Array) -> list[Array]:
    """W along EPSILONS times sizes: a number for the layer, or (M,) for its neurons."""
    return [answer.W for answer in path(problem, [e * sizes for e in EPSILONS])]


def _thin(found: list[Array], keep: Iterable[int]) -> list[Array]:
    """Of answers from sparse to dense, the first with enough weights, less its smallest ones."""
    thin = []
    for k in keep:
        W = next((W for W in found if np.count_nonzero(W[:-1]) >= k), found[-1])
        thin.append(largest(W, np.abs(W[:-1]), k))
    return thin


def gram(X: Array, damp: float = DAMP) -> Array:
    """H = X~X~' and so much of its mean diagonal."""
    H = X @ X.T
    return H + damp * np.trace(H) / len(H) * np.eye(len(H))
