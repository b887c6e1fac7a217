"""PyTorch modules as what the walk asks of a network: run, watched by hooks, and written to.

PyTorch is no dependency of the kit: this file and kit/nettrim/networks/trace.py are imported when a
module is handed over. Samples are columns in the kit and rows in PyTorch, and so are weights: W_l
here is weight.T there. A Linear sees every position of (P, ..., n) as a sample; a Conv2d sees
patches: X~ (C a b / groups + 1, P H' W') for each group, with places of samples as samples
(torch.nn.functional.unfold; padding as the layer pads). A BatchNorm that is folded is unfolded when
weights are written,

    w_m = w'_m / a_m,    b_m = (b'_m - c_m) / a_m    or, without a bias,  beta_m += b'_m - c_m

with exact zeros kept. Where a_m = 0 the neuron answers c_m whatever w_m is: w_m = 0, b_m stays.
"""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from kit.arguments import numeric
from kit.nettrim.networks.network import rounding, with_ones
from kit.nettrim.networks.trace import Traced, trace
from kit.nettrim.networks.walk import which_layers
from kit.results import Array

LARGEST = 2**31  # bytes of the inputs of one layer, in float64
BATCH = 256  # samples of a Dataset that run at once
Batches = list[tuple[torch.Tensor, ...]]


class Modules:
    """A module with its samples as a Model of kit/nettrim/networks/walk.py."""

    def __init__(self, module: nn.Module, traced: Traced, batches: Batches) -> None:
        self.network, self.traced, self.batches = module, traced, batches
        self.sites, self.notes = traced.sites, traced.notes
        self.layers = [module.get_submodule(site.name) for site in traced.sites]
        self.norms = [fold and module.get_submodule(fold) for fold in traced.folds]
        self.tolerance = rounding(dtype_of(module))

    def fork(self) -> "Modules":
        return Modules(copied(self.network), self.traced, self.batches)

    def on(self, X: Any) -> "Modules":
        return Modules(self.network, self.traced, read_batches(X, self.network, self.traced.inputs))

    def run(self) -> Iterator[list[torch.Tensor]]:
        """What comes out, batch by batch."""
        for batch in self.batches:
            yield called(self.network, batch)

    def outputs(self) -> Iterator[Array]:
        return (numbers(tensor) for out in self.run() for tensor in out)

    def seen(self, k: int) -> tuple[Array, Array]:
        layer, entered, came = self.layers[k], [], []
        axis = -1 if isinstance(layer, nn.Linear) else -3

        def enters(_: object, args: tuple, kwargs: dict) -> None:
            entered.append(_patches(layer, (*args, *kwargs.values())[0]))

        def comes(_: object, __: object, out: torch.Tensor) -> None:
            came.append(_columns(out, axis))

        watched = layer.register_forward_pre_hook(enters, with_kwargs=True)
        with watched, (self.norms[k] or layer).register_forward_hook(comes):
            for _ in self.run():
                pass
        X, Z = np.concatenate(entered, axis=2), np.concatenate(came, axis=1)
        if not self.sites[k].bias:
            X[:, -1] = 0
        return X, Z.reshape(len(X), -1, Z.shape[1])

    def weights(self, k: int) -> Array:
        layer, (a, c) = self.layers[k], self._fold(k)
        W = numbers(layer.weight).reshape(len(layer.weight), -1)
        b = np.zeros(len(W)) if layer.bias is None else numbers(layer.bias)
        W = np.vstack([(a[:, None] * W).T, a * b + c])
        return np.stack(np.split(W, getattr(layer, "groups", 1), axis=1))

    def write(self, k: int, blocks: Sequence[Array]) -> None:
        layer, norm, (a, c) = self.layers[k], self.norms[k], self._fold(k)
        W = np.hstack(blocks)
        dead = a == 0
        weight = np.where(dead, 0, W[:-1] / np.where(dead, 1, a)).T
        shift = np.where(dead, 0, W[-1] - c)
        with torch.no_grad():
            layer.weight.copy_(torch.as_tensor(weight).reshape(layer.weight.shape))
            if layer.bias is not None:
                b = np.where(dead, numbers(layer.bias), shift / np.where(dead, 1, a))
                layer.bias.copy_(torch.as_tensor(b))
            elif norm and norm.affine:
                norm.bias.add_(torch.as_tensor(shift).to(norm.bias))
            elif norm:  # a = 1 / sqrt(var + e) > 0
                norm.running_mean.sub_(torch.as_tensor(shift / a).to(norm.running_mean))
            elif W[-1].any():
                raise ValueError(f"network must have no bias where {layer} has none, got one")

    def _fold(self, k: int) -> tuple[Array, Array]:
        """(a, c) of what follows the layer, 1 and 0 without a BatchNorm to fold."""
        M, norm = len(self.layers[k].weight), self.norms[k]
        if norm is None:
            return np.ones(M), np.zeros(M)
        g, beta = (numbers(norm.weight), numbers(norm.bias)) if norm.affine else (1.0, 0.0)
        a = 1 / np.sqrt(numbers(norm.running_var) + norm.eps) * g
        return a, beta - a * numbers(norm.running_mean)


@contextmanager
def resting(module: nn.Module) -> Iterator[None]:
    """The module in eval mode; every part's own flag comes back."""
    flags = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, training in flags:
            part.training = training


def read(module: nn.Module, X: Any, layers: Any) -> tuple[Modules, list[int]]:
    """The module, traced and tried on its samples, and the layers chosen; it must be at rest.

    Raises ValueError if a chosen layer cannot be pruned, or if the module does not take the
    samples, does not answer the same twice, or does something else than its trace.
    """
    traced = trace(module)
    chosen = which_layers(layers, [site.name for site in traced.sites])
    allow(traced, chosen)
    model = Modules(module, traced, read_batches(X, module, traced.inputs))
    try:
        first = list(model.run())
    except (RuntimeError, ValueError, IndexError, TypeError) as problem:
        shapes = ", ".join(str(tuple(part.shape)) for part in model.batches[0])
        raise ValueError(
            f"X must be samples as the module takes them, got shape {shapes}: "
            f"{str(problem).splitlines()[0]}"
        ) from None
    if not all(map(_alike, first, model.run())):
        raise ValueError(
            "module must answer the same twice in eval mode, got two answers: it draws at random "
            "(functional dropout without training=self.training?) or remembers"
        )
    for batch, outs in zip(model.batches, first, strict=True):
        if not _alike(outs, called(torch.fx.Interpreter(module, graph=traced.graph).run, batch)):
            raise ValueError(
                f"module must do what its trace does, got {type(module).__name__} that answers "
                f"otherwise: its forward depends on what torch.fx does not see"
            )
    return model, chosen


def called(run: Any, batch: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
    """What a module answers, without gradients and autocast, on copies, as it may change them."""
    with torch.no_grad(), torch.autocast(batch[0].device.type, enabled=False):
        return tensors(run(*(part.clone() for part in batch)))


def copied(module: nn.Module) -> nn.Module:
    """A deep copy."""
    try:
        return copy.deepcopy(module)
    except RuntimeError as problem:
        raise ValueError(f"module must be one that can be copied: {problem}") from None


def allow(traced: Traced, chosen: Any) -> None:
    """Refuse chosen layers that cannot be pruned, with the way out."""
    for k in chosen:
        if traced.sites[k].refusal:
            fine = [site.name for site in traced.sites if not site.refusal]
            other = f"; or leave it out, layers={fine}" if fine else ""
            raise ValueError(f"module's layer {traced.sites[k].refusal}{other}")


def _patches(layer: nn.Module, X: torch.Tensor) -> Array:
    """X~ (G, N + 1, P) of what enters a layer."""
    if isinstance(layer, nn.Linear):
        return with_ones(_columns(X, -1)[None])
    X = X if X.ndim == 4 else X[None]
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    X = F.pad(X, layer._reversed_padding_repeated_twice, mode=mode)
    windows = layer.kernel_size, layer.dilation, 0, layer.stride
    size = 8 * F.unfold(X.to("meta"), *windows).numel()
    if size > LARGEST:
        raise ValueError(
            f"X must be fewer samples: the patches of {layer} would take {size / 1e9:.0f} GB, "
            f"more than {LARGEST / 1e9:.0f}; {max(1, len(X) * LARGEST // size)} samples fit"
        )
    U = _columns(F.unfold(X, *windows), -2)
    return with_ones(U.reshape(layer.groups, -1, U.shape[1]))


def _columns(Z: torch.Tensor, axis: int) -> Array:
    """A tensor as (M, P): the given axis first, places of all others as samples."""
    return numbers(Z.movedim(axis, 0).reshape(Z.shape[axis], -1))


def tensors(out: Any) -> list[torch.Tensor]:
    """All tensors in what a module answers: one, a tuple, a dictionary."""
    if isinstance(out, torch.Tensor):
        return [out]
    inside = out.values() if isinstance(out, dict) else out if isinstance(out, list | tuple) else ()
    return [tensor for part in inside for tensor in tensors(part)]


def _alike(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return len(one) == len(other) and all(
        a.shape == b.shape and torch.allclose(a, b, rtol=1e-5, atol=1e-5 * float(a.abs().max()))
        for a, b in zip(one, other, strict=True)
        if a.numel()
    )


# Samples -----------------------------------------------------------------------------------------


def read_batches(X: Any, module: nn.Module, count: int) -> Batches:
    """X as batches of the `count` tensors that forward wants, on the module's device.

    A DataLoader is read once, as it may shuffle; of its tuples the first entries are taken. Floats
    get the dtype of the module; whole numbers too, unless it has an Embedding. Raises ValueError
    for what is no dense real tensor, empty, or not finite.
    """
    if isinstance(X, Dataset):
        X = DataLoader(X, BATCH)
    parts = list(X) if isinstance(X, DataLoader) else [X]
    if not parts:
        raise ValueError("X must not be empty, got no batch")
    device, dtype = next(module.parameters()).device, dtype_of(module)
    whole = any(isinstance(m, nn.Embedding | nn.EmbeddingBag) for m in module.modules())

    def tensor(one: Any) -> torch.Tensor:
        if not isinstance(one, torch.Tensor):
            one = torch.as_tensor(numeric("X", one))
        if one.is_complex() or one.layout != torch.strided:
            raise ValueError(f"X must be dense and real, got {one.dtype} {one.layout}")
        if one.is_floating_point() or not (whole or one.dtype == torch.bool):
            one = one.to(dtype)
        if one.numel() == 0:
            raise ValueError(f"X must not be empty, got shape {tuple(one.shape)}")
        if one.is_floating_point() and not bool(torch.isfinite(one).all()):
            raise ValueError("X must be finite, got NaN or inf")
        return one.detach().to(device)

    return [tuple(map(tensor, _inputs(part, count))) for part in parts]


def numbers(tensor: torch.Tensor) -> Array:
    """The tensor as a float64 array."""
    return tensor.detach().cpu().numpy().astype(float)


def dtype_of(module: nn.Module) -> torch.dtype:
    """In which numbers the module computes."""
    return next((p.dtype for p in module.parameters() if p.is_floating_point()), torch.float32)


def _inputs(batch: Any, count: int) -> tuple:
    """The first `count` entries of a batch of several, or the batch itself."""
    if isinstance(batch, dict):
        raise ValueError("X must give tensors or tuples of them, got dictionaries")
    many = isinstance(batch, tuple | list) and len(batch) > 0
    if many and (isinstance(batch[0], torch.Tensor) or (count > 1 and isinstance(batch, tuple))):
        return tuple(batch)[:count]
    return (batch,)
