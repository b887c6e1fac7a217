"""Samples for a PyTorch module, from what people have: tensors, arrays, a Dataset, a DataLoader."""

from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from kit.arguments import numeric
from kit.results import Array

BATCH = 256  # samples of a Dataset that run at once
Batches = list[tuple[torch.Tensor, ...]]


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
