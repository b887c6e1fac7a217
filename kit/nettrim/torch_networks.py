"""PyTorch networks in, the same type out: Sequential of Linear, ReLU, Dropout, Flatten, Conv2d.

PyTorch is no dependency of the kit: it is imported when a function is called, and from then on
only what these functions are handed decides. Samples are columns in the kit and rows in PyTorch,
and so are weights: W_l here is weight.T there. Dropout does nothing, as in module.eval().

    from_torch(module) -> Network           no Conv2d: plain weights, for nettrim.prune
    to_torch(network, module) -> module     a copy that answers as the network does
    prune_torch(module, X, epsilon=0.1)     Conv2d too, by patches (kit/nettrim/convolution.py)
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from kit.arguments import choice, flag, number, real_array, shown
from kit.nettrim.convolution import Convolution
from kit.nettrim.layerwise import Layer, finish, layer_program, risk, which_layers, with_kappa
from kit.nettrim.networks import Network, with_ones
from kit.nettrim.refit import REFITS
from kit.nettrim.solve import solve
from kit.results import Array, Certificate, Pruned

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

    layers       one Pruned for each Linear and Conv2d, in order; None where it was left alone;
                 before a refit
    epsilon      absolute, 0 where a layer was left alone
    discrepancy  |Y^_l - Y_l|_F behind each of these layers (and its ReLU)
    refitted     certificates of the refitted layers in the program of their layer, None elsewhere
    notes        what was decided on the way
    """

    module: Any
    layers: tuple[Pruned | None, ...]
    epsilon: Array
    discrepancy: Array
    refitted: tuple[Certificate | None, ...] = ()
    notes: tuple[str, ...] = ()

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
    kappa: float = 1.0,
    layers: Iterable[int] | None = None,
    penalise_bias: bool = True,
    refit: str | None = None,
    progress: bool = True,
    **options: Any,
) -> PrunedModule:
    """Net-Trim on every Linear and Conv2d of a Sequential, on samples X as the module takes them.

    X         array or tensor (P, ...): rows are samples, as in PyTorch
    epsilon   relative: epsilon |Y_l|_F, in a cascade for the first pruned layer only
    layers    which of the layers with weights, from 0; None for all
    mode, gamma, kappa, penalise_bias, refit   as in nettrim.prune
    options   of nettrim.solve

    A layer with a ReLU behind it (Dropout between them does not count) is pruned with Omega where
    it is active, any other as a linear one. All other modules of the Sequential, pooling among
    them, are run as they are. Conv2d with dilation, groups or other than zero padding is refused.
    What a network of Linear layers promises as a whole is told by from_torch, prune and to_torch.

    Raises ValueError for arguments out of range, before anything is solved.
    """
    torch = _torch()
    epsilon, gamma = number("epsilon", epsilon, least=0), number("gamma", gamma, least=1)
    kappa = risk(kappa)
    choice("mode", mode, ("parallel", "cascade"))
    if refit is not None:
        choice("refit", refit, REFITS[1:])
    flag("penalise_bias", penalise_bias)
    twin = copy.deepcopy(_sequential(module)).eval()
    parts = list(twin)
    weighted = [k for k, part in enumerate(parts) if type(part).__name__ in ("Linear", "Conv2d")]
    if not weighted:
        raise ValueError("module must have a Linear or a Conv2d layer, got none")
    for k in weighted:
        _check_conv(parts[k])
    chosen = [weighted[k] for k in which_layers(layers, len(weighted))]
    dtype = next(module.parameters()).dtype
    old = new = torch.as_tensor(real_array("X", X), dtype=dtype)
    found: dict[int, Layer] = {}
    errors = []
    _try(parts, old)
    with torch.no_grad(), tqdm(chosen, desc="layers", disable=not progress) as bar:
        for k, part in enumerate(parts):
            if k not in weighted:
                old, new = part(old), part(new)
                continue
            names = [type(p).__name__ for p in parts[k + 1 :] if type(p).__name__ not in IGNORED]
            linear = names[:1] != ["ReLU"]
            after = part(old)
            Z = _columns(after)
            Y = Z if linear else np.maximum(Z, 0)
            if k in chosen:
                exact = mode == "parallel" or not found
                below = old if mode == "parallel" else new
                V = None if exact else _columns(part(below))
                share = epsilon if exact else np.sqrt(gamma)
                priced = penalise_bias or part.bias is None
                make = partial(layer_program, _input(part, below), Y, V, linear=linear)
                job, answer, tighter, said = with_kappa(
                    lambda kappa, make=make, share=share, priced=priced: make(
                        share * kappa, penalise_bias=priced
                    ),
                    partial(solve, **options),
                    kappa if linear and k == weighted[-1] else 1.0,
                    weighted.index(k),
                )
                found[k] = finish(job, answer, Z, refit, linear=linear, kappa=tighter, notes=said)
                W = found[k].W
                _write(part, W[:-1].T.reshape(tuple(part.weight.shape)), W[-1])
                bar.update()
            old, new = after, part(new)
            behind = _columns(new) if linear else np.maximum(_columns(new), 0)
            errors.append(np.linalg.norm(behind - Y))
    done = [found.get(k) for k in weighted]
    return PrunedModule(
        twin.train(module.training),
        tuple(one and one.answer for one in done),
        np.array([one.radius if one else 0.0 for one in done]),
        np.array(errors),
        tuple(one and one.refitted for one in done),
        tuple(note for one in found.values() for note in one.notes),
    )


def _try(parts: list[Any], X: Any) -> None:
    """Refuse samples that the module does not take."""
    try:
        with _torch().no_grad():
            for part in parts:
                X = part(X)
    except (RuntimeError, ValueError, IndexError) as problem:
        raise ValueError(
            f"X must be samples as the module takes them, got shape {tuple(X.shape)} before "
            f"{part}: {str(problem).splitlines()[0]}"
        ) from None


def _input(part: Any, X: Any) -> Array:
    """What enters a layer, as columns; patches for a Conv2d. The last row is that of the bias.

    It is 0 where the layer has none: then the bias, which changes nothing, comes out as 0.
    """
    if type(part).__name__ == "Linear":
        X = with_ones(_numbers(X).T)
    else:
        X = convolution(part, X).patches()
    X[-1] = part.bias is not None
    return X


def _check_conv(part: Any) -> None:
    if type(part).__name__ == "Conv2d":
        plain = part.groups == 1 and part.padding_mode == "zeros" and set(part.dilation) == {1}
        pairs = (part.stride, part.padding)
        if not plain or any(isinstance(pair, str) or len(set(pair)) > 1 for pair in pairs):
            raise ValueError(
                f"module must have Conv2d layers with one stride, zero padding of one width, no "
                f"dilation and no groups, got {part}"
            )


def convolution(part: Any, X: Any) -> Convolution:
    """The operator of a Conv2d on images X (P, C, H, W)."""
    _check_conv(part)
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


def _sequential(module: Any) -> list[Any]:
    torch = _torch()
    if not isinstance(module, torch.nn.Sequential) or not len(module):
        raise ValueError(f"module must be a torch.nn.Sequential, got {type(module).__name__}")
    return module


def _linear_layers(module: Any) -> list[Any]:
    """The Linear layers of a Sequential that is a Network: a ReLU between any two, none last."""
    layers, relu = [], True
    for k, part in enumerate(_sequential(module)):
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
