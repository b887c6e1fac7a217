"""PyTorch networks in, the same type out: Sequential of Linear, ReLU, Dropout, Flatten, Conv2d.

PyTorch is no dependency of the kit: it is imported when a function is called, and from then on
only what these functions are handed decides. Samples are columns in the kit and rows in PyTorch,
and so are weights: W_l here is weight.T there. Dropout does nothing, as in module.eval().

    from_torch(module) -> Network           no Conv2d: plain weights, for nettrim.prune
    to_torch(network, module) -> module     a copy that answers as the network does
    prune_torch(module, X, epsilon=0.1)     Conv2d too, by patches (kit/nettrim/convolution.py)
"""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from kit.arguments import choice, number, real_array, shown
from kit.nettrim.convolution import Convolution
from kit.nettrim.networks import Network, with_ones
from kit.nettrim.problem import NetTrim
from kit.nettrim.solve import solve
from kit.results import Array, Pruned

IGNORED = ("Dropout", "Identity")


def from_torch(module: Any) -> Network:
    """Read a torch.nn.Sequential of Linear layers with ReLU between them (no Conv2d).

    A Flatten may come first. A Linear layer without bias gets biases of 0. Raises ValueError for
    other modules, and where two Linear layers follow each other without a ReLU, or a ReLU is last.
    """
    layers = _linear_layers(module)
    weights = tuple(_numbers(layer.weight).T for layer in layers)
    biases = tuple(
        np.zeros(layer.out_features) if layer.bias is None else _numbers(layer.bias)
        for layer in layers
    )
    return Network(weights, biases)


def to_torch(network: Network, module: Any) -> Any:
    """A copy of the module that answers as the network does, zeros exact. Shapes must agree.

    Raises ValueError where they do not, or where a layer without bias would need one.
    """
    sizes = from_torch(module).sizes
    if not isinstance(network, Network) or network.sizes != sizes:
        raise ValueError(f"network must have layers {sizes}, got {shown(network)}")
    twin = copy.deepcopy(module)
    for k, layer in enumerate(_linear_layers(twin)):
        _write(layer, network.weights[k].T, network.biases[k])
    return twin


@dataclass(frozen=True, eq=False)
class PrunedModule:
    """A pruned copy of a module, and the certified answer of every layer with weights.

    layers       one Pruned for each Linear and Conv2d, in order; None where it was left alone
    epsilon      absolute
    discrepancy  |Y^_l - Y_l|_F behind each of these layers (and its ReLU)
    """

    module: Any
    layers: tuple[Pruned | None, ...]
    epsilon: Array
    discrepancy: Array

    def __repr__(self) -> str:
        zeros = ", ".join("-" if one is None else f"{one.zeros:.0%}" for one in self.layers)
        return f"PrunedModule({type(self.module).__name__}, zeros with biases: {zeros})"


def prune_torch(
    module: Any,
    X: Any,
    *,
    epsilon: float,
    mode: str = "parallel",
    gamma: float = 1.1,
    progress: bool = True,
    **options: Any,
) -> PrunedModule:
    """Net-Trim on every Linear and Conv2d of a Sequential, on samples X as the module takes them.

    X         array or tensor (P, ...): rows are samples, as in PyTorch
    epsilon   relative: epsilon |Y_l|_F, in a cascade for the first layer only
    mode      "parallel" or "cascade", gamma as in nettrim.prune
    options   of nettrim.solve

    A layer with a ReLU behind it (Dropout between them does not count) is pruned with Omega where
    it is active, any other as a linear one. All other modules of the Sequential, pooling among
    them, are run as they are. Conv2d with dilation, groups or other than zero padding is refused.
    """
    torch = _torch()
    epsilon, gamma = number("epsilon", epsilon, least=0), number("gamma", gamma, least=1)
    choice("mode", mode, ("parallel", "cascade"))
    parts = _parts(module)
    twin = copy.deepcopy(module).eval()
    news = list(twin)
    dtype = next(module.parameters()).dtype
    old = torch.as_tensor(real_array("X", X), dtype=dtype)
    new, answers, radii, errors = old, [], [], []
    weighted = [k for k, part in enumerate(parts) if type(part).__name__ in ("Linear", "Conv2d")]
    with torch.no_grad(), tqdm(weighted, desc="layers", disable=not progress) as bar:
        for k, part in enumerate(news):
            if k not in weighted:
                old, new = part(old), part(new)
                continue
            rest = [type(p).__name__ for p in parts[k + 1 :] if type(p).__name__ not in IGNORED]
            linear = rest[:1] != ["ReLU"]
            below = new if mode == "cascade" else old
            Z = _columns(part(old))  # before any change of the weights: part is still the old one
            Y = Z if linear else np.maximum(Z, 0)
            first = mode == "parallel" or not answers
            V, radius = 0.0, epsilon * np.linalg.norm(Y)
            if not first:
                V = _columns(part(below))
                inside = np.ones(Y.shape, bool) if linear else 1e-9 * Y.max() < Y
                radius = np.sqrt(gamma) * np.linalg.norm(np.where(inside, V - Y, 0))
            Omega = np.ones(Y.shape, bool) if linear else None
            job = NetTrim(_input(part, below), Y, radius, V, Omega)
            answer = solve(job, **options)
            after = part(old)
            W = answer.W
            _write(part, W[:-1].T.reshape(tuple(part.weight.shape)), W[-1])
            old, new = after, part(new)
            behind = _columns(new) if linear else np.maximum(_columns(new), 0)
            errors.append(np.linalg.norm(behind - Y))
            answers.append(answer)
            radii.append(radius)
            bar.update()
    return PrunedModule(
        twin.train(module.training), tuple(answers), np.array(radii), np.array(errors)
    )


def _input(part: Any, X: Any) -> Array:
    """What enters a layer, as columns with a row of ones; patches for a Conv2d."""
    if type(part).__name__ == "Linear":
        return with_ones(_numbers(X).T)
    return convolution(part, X).patches()


def convolution(part: Any, X: Any) -> Convolution:
    """The operator of a Conv2d on images X (P, C, H, W)."""
    pairs = (part.stride, part.padding)
    plain = part.groups == 1 and part.padding_mode == "zeros" and set(part.dilation) == {1}
    if not plain or any(isinstance(pair, str) or len(set(pair)) > 1 for pair in pairs):
        raise ValueError(
            f"module must have Conv2d layers with one stride, zero padding of one width, no "
            f"dilation and no groups, got {part}"
        )
    return Convolution(_numbers(X), tuple(part.kernel_size), part.stride[0], part.padding[0])


def _columns(Z: Any) -> Array:
    """Answers as (M, P) or, of a Conv2d, (M, P H' W')."""
    Z = _numbers(Z)
    return Z.T if Z.ndim == 2 else Z.transpose(1, 0, 2, 3).reshape(Z.shape[1], -1)


def _write(layer: Any, weight: Array, bias: Array) -> None:
    torch = _torch()
    if layer.bias is None and bias.any():
        raise ValueError(f"network must have no bias where the module has none, got one in {layer}")
    with torch.no_grad():
        layer.weight.copy_(torch.as_tensor(weight))
        if layer.bias is not None:
            layer.bias.copy_(torch.as_tensor(bias))


def _parts(module: Any) -> list[Any]:
    torch = _torch()
    if not isinstance(module, torch.nn.Sequential) or not len(module):
        raise ValueError(f"module must be a torch.nn.Sequential, got {type(module).__name__}")
    return list(module)


def _linear_layers(module: Any) -> list[Any]:
    """The Linear layers of a Sequential that is a Network: a ReLU between any two, none last."""
    layers, relu = [], True
    for k, part in enumerate(_parts(module)):
        name = type(part).__name__
        if name == "Linear" and relu:
            layers.append(part)
            relu = False
        elif name == "ReLU" and not relu:
            relu = True
        elif not (name in IGNORED or (name == "Flatten" and not layers)):
            raise ValueError(
                f"module must be Linear layers with one ReLU between them, got {name} at {k}"
                + (": prune_torch takes Conv2d" if name == "Conv2d" else "")
            )
    if not layers or relu:
        raise ValueError("module must end with a Linear layer, got none or a ReLU behind it")
    return layers


def _numbers(tensor: Any) -> Array:
    return tensor.detach().cpu().numpy().astype(float)


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise ValueError(
            "module must be of PyTorch, which must be installed for that: pip install torch"
        ) from None
    return torch
