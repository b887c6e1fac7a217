"""PyTorch chains of dense layers as plain arrays, and back. Nothing here imports PyTorch before."""

from typing import Any

import numpy as np

from kit.arguments import shown
from kit.nettrim.networks.network import Network, forward


def from_torch(module: Any) -> Network:
    """Read a module that is a chain of Linear layers with ReLU between them (no Conv2d).

    Any class whose forward torch.fx can follow; Flatten, view and Dropout do not count, a BatchNorm
    between Linear and ReLU is folded. A Linear layer without bias gets biases of 0. What is read is
    run on random samples beside the module. Raises ValueError for other modules.
    """
    try:
        import torch
    except ImportError:
        raise ValueError(
            "module must be of PyTorch, which must be installed for that: pip install torch"
        ) from None
    if not isinstance(module, torch.nn.Module):
        raise ValueError(f"module must be a torch.nn.Module, got {type(module).__name__}")
    from kit.nettrim.networks import modules as parts

    with parts.resting(module):
        traced = parts.trace(module)
        if traced.plain:
            raise ValueError(
                f"module must be Linear layers with one ReLU between them, got {traced.plain}: "
                f"nettrim.prune takes the module itself"
            )
        parts.allow(traced, range(len(traced.sites)))
        n = module.get_submodule(traced.sites[0].name).in_features
        draw = np.random.default_rng(0).standard_normal((64, n))
        model = parts.Modules(module, traced, parts.read_batches(draw, module, 1))
        tables = [model.weights(k)[0] for k in range(len(traced.sites))]
        try:
            network = Network(tuple(W[:-1] for W in tables), tuple(W[-1] for W in tables))
            out = next(model.outputs())
        except (RuntimeError, ValueError) as problem:
            raise ValueError(
                f"module must be a chain of Linear layers: {str(problem).splitlines()[0]}"
            ) from None
    believed = forward(network, parts.numbers(model.batches[0][0]).T)[-1].T
    if believed.shape != out.shape or not np.allclose(
        believed, out, rtol=1e-4, atol=1e-4 * np.abs(believed).max()
    ):
        raise ValueError(
            "module must be Linear layers with one ReLU between them and none behind the last, "
            "got one that answers otherwise: nettrim.prune takes the module itself"
        )
    return network


def to_torch(network: Any, module: Any) -> Any:
    """A copy of the module that answers as the network does, zeros exact. Shapes must agree.

    network  a Network, or a PrunedNetwork that holds one
    Raises ValueError where they do not, or where a layer without bias would need one.
    """
    network = getattr(network, "network", network)
    sizes = from_torch(module).sizes
    from kit.nettrim.networks import modules as parts

    if not isinstance(network, Network) or network.sizes != sizes:
        raise ValueError(f"network must have layers {sizes}, got {shown(network)}")
    twin = parts.copied(module)
    with parts.resting(twin):
        model = parts.Modules(twin, parts.trace(twin), [])
    for k, pair in enumerate(zip(network.weights, network.biases, strict=True)):
        model.write(k, [np.vstack(pair)])
    return twin
