"""Net-Trim on whole networks: the rooms of this folder, and the way of one call.

    network.py     Network, forward, accuracy, link normalisation: plain arrays
    estimators.py  scikit-learn: train, read, write, pipelines and searches
    trace.py       PyTorch by torch.fx: which layers there are, and what follows them
    refusals.py    PyTorch: layers that cannot be pruned, and the way out
    modules.py     PyTorch: run with hooks, patches, write;  samples.py  what goes in
    chains.py      from_torch, to_torch: chains of dense layers as a Network
    layer.py       one layer as a program: solved, refitted
    walk.py        ONE walk over the layers of all three, and the proof by running
    promises.py    what the theorems promise, with proofs
    prune.py       prune: open this first;  report.py  its answer;  gains.py  what it saves
    refit.py       weights fitted anew;  rivals.py  other pruning methods at equal sparsity

A call goes one way: prune -> a Model (Arrays or Modules) -> walk: for every layer a Task, solved by
nettrim.solve, written back -> judge: both networks run, belief against what happens -> report.
"""

from typing import Any

from kit.nettrim.networks.estimators import Trained, from_sklearn, to_sklearn, train
from kit.nettrim.networks.gains import savings, shrink, to_csr
from kit.nettrim.networks.network import (
    Network,
    accuracy,
    forward,
    link_normalise,
    link_restore,
    read_samples,
    with_ones,
)
from kit.nettrim.networks.prune import prune
from kit.nettrim.networks.refit import refit
from kit.nettrim.networks.report import PrunedNetwork

__all__ = [
    "Network",
    "PrunedNetwork",
    "Trained",
    "accuracy",
    "forward",
    "from_sklearn",
    "from_torch",
    "link_normalise",
    "link_restore",
    "prune",
    "prune_torch",
    "read_samples",
    "refit",
    "savings",
    "shrink",
    "to_csr",
    "to_sklearn",
    "to_torch",
    "train",
    "with_ones",
]


def from_torch(module: Any) -> Network:
    """A chain of Linear layers and ReLU as a Network: kit/nettrim/networks/chains.py."""
    return _torch().from_torch(module)


def to_torch(network: Any, module: Any) -> Any:
    """A copy of the module with the network's weights: kit/nettrim/networks/chains.py."""
    return _torch().to_torch(network, module)


def prune_torch(module: Any, X: Any, **settings: Any) -> PrunedNetwork:
    """`prune` for a torch.nn.Module alone."""
    if not isinstance(module, _torch().nn.Module):
        raise ValueError(f"module must be a torch.nn.Module, got {type(module).__name__}")
    return prune(module, X, **settings)


def _torch() -> Any:
    try:
        import torch  # noqa: F401
    except ImportError:
        raise ValueError(
            "module must be of PyTorch, which must be installed for that: pip install torch"
        ) from None
    from kit.nettrim.networks import chains

    return chains
