"""What zeros are good for: neurons cut out, sparse storage, and what that saves, measured.

SHRINK. In a chain Y_l = relu(W_l'Y_(l-1) + b_l), a hidden neuron n of layer l without a weight in
W_l answers c_n = relu(b_ln) on every sample; whatever hears it, hears a constant, which goes into
the next biases, b_(l+1) += c_n W_(l+1)n. A neuron that nothing hears (row n of W_(l+1) zero) goes
as it is, and so does an input that nothing hears. A cut can leave others without a weight or
unheard, so it is repeated until nothing changes; a layer keeps one neuron at least.

SPARSE. Unstructured zeros do not make a dense product faster. Compressed rows (CSR) take 12 bytes a
weight in place of 8, so they save memory from a third of zeros on, and time only where most are
zero: `savings` measures all three forms on the samples at hand.
"""

import time
import timeit
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from kit.arguments import instance
from kit.nettrim.networks.chains import from_torch
from kit.nettrim.networks.estimators import from_sklearn, is_estimator
from kit.nettrim.networks.network import Network, read_samples, run
from kit.nettrim.networks.prune import is_module
from kit.results import Array


@dataclass(frozen=True, eq=False)
class Shrunk:
    """A smaller network that answers the same: forward(shrunk.network, X[shrunk.inputs])."""

    network: Network
    inputs: Array  # places of those it still wants


@dataclass(frozen=True)
class Saving:
    """One form of a network: its bytes, and seconds for one run (median of several)."""

    form: str
    bytes: int
    seconds: float


def plain(network: Any) -> Network:
    """The Network in a PrunedNetwork, an estimator, or a module that is a chain."""
    network = getattr(network, "network", network)
    if is_module(network):
        return from_torch(network)
    return from_sklearn(network) if is_estimator(network) else network


def shrink(network: Any) -> Shrunk:
    """Cut out neurons and inputs that are all zero; outputs stay equal to rounding.

    network  a Network, PrunedNetwork, scikit-learn perceptron, or a module that is a dense chain
    Raises ValueError for other networks.
    """
    network = instance("network", plain(network), Network)
    Ws, bs, inputs = list(network.weights), list(network.biases), np.arange(network.sizes[0])
    changed = True
    while changed:
        changed = False
        for k in range(len(Ws)):  # what is heard of the inputs of layer k
            silent = ~Ws[k - 1].any(axis=0) if k else np.zeros(len(Ws[k]), bool)
            gone = silent | ~Ws[k].any(axis=1)
            if gone.all():
                gone[0] = False
            changed = changed or gone.any()
            if k:
                bs[k] = bs[k] + np.where(silent & gone, np.maximum(bs[k - 1], 0), 0) @ Ws[k]
                Ws[k - 1], bs[k - 1] = Ws[k - 1][:, ~gone], bs[k - 1][~gone]
            else:
                inputs = inputs[~gone]
            Ws[k] = Ws[k][~gone]
    return Shrunk(Network(tuple(Ws), tuple(bs)), inputs)


def savings(network: Any, X: Array) -> tuple[Saving, ...]:
    """Memory and time of one run on X (N, P): as it is, shrunk, in compressed rows, both."""
    network = plain(network)
    small, X = shrink(network), read_samples(network, X)
    found = []
    for name, net, Z in (("dense", network, X), ("shrunk", small.network, X[small.inputs])):
        dense = [(W.T, b) for W, b in zip(net.weights, net.biases, strict=True)]
        rows = [(sparse.csr_array(W), b) for W, b in dense]
        size = sum(W.nbytes + b.nbytes for W, b in dense)
        csr = sum(W.data.nbytes + W.indices.nbytes + W.indptr.nbytes + b.nbytes for W, b in rows)
        for form, count, layers in ((name, size, dense), (f"{name}, CSR", csr, rows)):
            once = partial(run, layers, Z)
            seconds = timeit.repeat(once, timer=time.process_time, repeat=5, number=1)
            found.append(Saving(form, count, float(np.median(seconds))))
    return tuple(found)
