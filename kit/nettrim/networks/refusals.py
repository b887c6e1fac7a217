"""Layers of a PyTorch module that cannot be pruned: why, in one sentence, and the way out.

What is written into such a layer would not be what it does: a hook or a parametrisation makes its
weights anew at every call, others share them, a forward of its own does something else with them,
or they are numbers in which an answer of Net-Trim cannot be written down.
"""

from typing import Any

import torch
from torch import fx, nn
from torch.nn.utils import parametrize

LAYERS = (nn.Linear, nn.Conv2d)
HOOKS = {
    "WeightNorm": "call torch.nn.utils.remove_weight_norm first",
    "SpectralNorm": "call torch.nn.utils.remove_spectral_norm first",
}


def is_layer(part: nn.Module) -> bool:
    """Whether a part of a module is a layer with weights that one would think of pruning."""
    return isinstance(part, LAYERS) or "quantized" in type(part).__module__


def hooks(part: nn.Module) -> list[Any]:
    """What is called before or after its forward."""
    return [*part._forward_pre_hooks.values(), *part._forward_hooks.values()]


def tied(module: nn.Module, graph: fx.Graph) -> dict[str, str]:
    """Layer -> what else reads its parameters: another module, memory in common, or forward."""
    owners: list[tuple[int, int, str]] = []
    for name, part in module.named_modules():
        for p in part.parameters(recurse=False):
            if p.layout == torch.strided and not p.is_meta and not nn.parameter.is_lazy(p):
                owners.append((p.data_ptr(), p.data_ptr() + p.nbytes, name))
    owners.sort()
    found: dict[str, str] = {}
    end, holder = 0, ""
    for start, stop, name in owners:
        if start < end and name != holder:
            found.setdefault(name, holder), found.setdefault(holder, name)
        if stop > end:
            end, holder = stop, name
    for node in graph.nodes:
        if node.op == "get_attr" and "." in node.target:
            found.setdefault(node.target.rpartition(".")[0], "forward itself")
    return found


def refusal(part: nn.Module, name: str, calls: int, other: str) -> str:
    """Why a layer cannot be pruned, in one sentence; "" if it can."""
    kind, own = type(part), f"{name!r} ({type(part).__name__})"
    base = nn.Conv2d if isinstance(part, nn.Conv2d) else nn.Linear
    if "quantized" in kind.__module__ or "qat" in kind.__module__:
        return f"{own} is quantised: prune the network before it is quantised"
    if calls > 1:
        return f"{own} is shared, called {calls} times: give each call a module of its own"
    if parametrize.is_parametrized(part):
        return (
            f"{own} is parametrised: call torch.nn.utils.parametrize.remove_parametrizations first"
        )
    if isinstance(part._parameters.get("weight"), nn.parameter.UninitializedParameter):
        return f"{own} has no weights yet: run the module once first"
    for hook in hooks(part):
        pruning = hasattr(hook, "compute_mask")
        way = "call torch.nn.utils.prune.remove first" if pruning else "remove it first"
        return f"{own} has a forward hook: {HOOKS.get(type(hook).__name__, way)}"
    methods = ("forward",) if base is nn.Linear else ("forward", "_conv_forward")
    if any(getattr(kind, m) is not getattr(base, m) or m in vars(part) for m in methods):
        return f"{own} has a forward of its own, which is not that of {base.__name__}"
    if part.weight.dtype not in (torch.float32, torch.float64):
        return f"{own} has weights of {part.weight.dtype}: call .float() on the module first"
    if part.weight.layout != torch.strided or part.weight.is_meta:
        return f"{own} has weights that are sparse or on the meta device: make them dense first"
    if other:
        return f"{own} shares its weights with {other!r}: give it weights of its own"
    if not all(bool(torch.isfinite(p).all()) for p in part.parameters()):
        return f"{own} has weights that are NaN or inf"
    return ""
