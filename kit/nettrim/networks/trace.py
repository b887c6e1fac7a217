"""What a PyTorch module is made of, read by torch.fx: layers with weights, and what follows them.

The graph of a module comes from running its forward on stand-ins for tensors; modules of torch.nn
stay whole in it (and Linear and Conv2d of a user's own subclass). A layer is a call of a Linear or
a Conv2d. Reading on from its answers z, every user of z in turn:

    relu, in any form                         Net-Trim with Omega: y = relu(z)
    dropout at rest, Identity, flatten, view  read on: they commute with relu
    max pooling                               read on: max(relu(z)) = relu(max(z))
    BatchNorm in eval mode, then relu         fold: a_m z_m + c_m is one layer, weights a_m w_m,
                                              a = g / sqrt(var + e), c = beta - a mean
    anything else, or several users           linear: the ball alone. If |z^ - z| <= eps, whatever
                                              does not increase distances keeps it

A layer that cannot be pruned gets a refusal: kit/nettrim/networks/refusals.py.
"""

import math
import operator
from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from torch import fx, nn
from torch.nn import functional as F

from kit.nettrim.networks.layer import Site
from kit.nettrim.networks.refusals import hooks, is_layer, refusal, tied

RELU = {F.relu, torch.relu, torch.relu_, "relu", "relu_", nn.ReLU}
SHAPES = {torch.flatten, torch.reshape, "flatten", "view", "reshape", "contiguous"}
SHAPES |= {nn.Flatten, nn.Unflatten}
READS = {"size", "dim", getattr}  # of a tensor, its shape alone
POOLS = {F.max_pool2d, torch.max_pool2d}
DROPOUTS = {F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.alpha_dropout}
AT_REST = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.Identity)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


@dataclass(frozen=True, eq=False)
class Traced:
    """A module as a graph."""

    graph: fx.Graph
    sites: tuple[Site, ...]  # its layers, in the order of their first call
    folds: tuple[str | None, ...]  # name of the BatchNorm to fold, or None, layer by layer
    inputs: int  # how many tensors forward wants
    plain: str  # "", or the first thing that is no part of a chain of dense layers
    notes: tuple[str, ...]  # that what else holds matrices is left as it is


class Tracer(fx.Tracer):
    """The tracer of torch.fx; layers of one's own stay whole."""

    def is_leaf_module(self, m: nn.Module, name: str) -> bool:
        return is_layer(m) or super().is_leaf_module(m, name)


def trace(module: nn.Module) -> Traced:
    """Read the module, which must be in eval mode. ValueError if it cannot be followed."""
    if isinstance(module, torch.jit.ScriptModule) or hasattr(module, "_orig_mod"):
        raise ValueError(
            f"module must be as it was before it was compiled, got {type(module).__name__}"
        )
    tracer = Tracer()
    for name, part in module.named_modules():
        if hooks(part) and not (name and tracer.is_leaf_module(part, name)):
            raise ValueError(
                f"module must have no forward hooks where it is followed, got one on "
                f"{name or type(module).__name__!r}: remove it first"
            )
    try:
        graph = tracer.trace(module)
    except Exception as problem:  # forward is a user's: anything can come out of it
        where = next(reversed(tracer.module_stack.values()), (type(module).__name__,))[0]
        said = (str(problem).splitlines() or [type(problem).__name__])[0].rstrip(".")
        raise ValueError(
            f"module must have a forward that torch.fx can follow, but in {where!r}: {said}; take "
            f"conditions on data out of forward, or prune the parts that have none"
        ) from None
    return _read(module, graph)


def _read(module: nn.Module, graph: fx.Graph) -> Traced:
    parts = dict(module.named_modules())
    nodes = list(graph.nodes)
    calls = Counter(n.target for n in nodes if n.op == "call_module")
    first = {}  # layer -> its first call
    for node in nodes:
        if node.op == "call_module" and is_layer(parts[node.target]):
            first.setdefault(node.target, node)
    if not first:
        raise ValueError("module must have a Linear or a Conv2d layer that it uses, got none")
    reader = _Reader(parts, calls, {node: k for k, node in enumerate(first.values())})
    ends = [reader.behind(node) for node in first.values()]
    reader.folds = {fold for _, fold in ends if fold}
    common, heard, sites = tied(module, graph), set(), []
    for node in reversed(nodes):  # by a later layer
        if node in reader.places or node in heard:
            heard.update(node.all_input_nodes)
    for (name, node), (relu, fold) in zip(first.items(), ends, strict=True):
        part = parts[name]
        below, stretch = reader.below(node)
        bias = getattr(part, "bias", None) is not None or fold is not None
        why = refusal(part, name, calls[name], common.get(name, ""))
        stretch *= _overlap(part)
        sites.append(Site(name, not relu, node not in heard, below, stretch, bias, why))
    left = ", ".join(
        f"{name} ({type(part).__name__})"
        for name, part in parts.items()
        if name not in first and any(p.ndim > 1 for p in part.parameters(recurse=False))
    )
    notes = (f"Left as they are: {left}.",) if left else ()
    inputs = sum(n.op == "placeholder" and not n.args for n in nodes)
    folds = tuple(fold for _, fold in ends)
    return Traced(graph, tuple(sites), folds, inputs, reader.foreign(nodes), notes)


class _Reader:
    """Reads on and back in a graph."""

    def __init__(self, parts: dict[str, nn.Module], calls: Counter, places: dict) -> None:
        self.parts, self.calls, self.places, self.folds = parts, calls, places, set()

    def part(self, node: fx.Node) -> nn.Module | None:
        """The module that a node calls, if nobody watches it."""
        part = self.parts[node.target] if node.op == "call_module" else None
        return None if part is None or hooks(part) else part

    def called(self, node: fx.Node) -> object:
        """The function, the name of the method, or the class of the module that a node calls."""
        if node.op == "call_module":
            return type(self.part(node))
        return node.target if node.op in ("call_function", "call_method") else None

    def is_relu(self, node: fx.Node) -> bool:
        return self.called(node) in RELU

    def at_rest(self, node: fx.Node) -> bool:
        if self.called(node) in DROPOUTS:
            args = dict(zip(("input", "p", "training"), node.args, strict=False)) | node.kwargs
            return args.get("training", True) is False
        return isinstance(self.part(node), AT_REST)

    def apart(self, node: fx.Node) -> bool | None:
        """Of a max pooling, whether no windows overlap: then it does not increase distances."""
        part = self.part(node)
        if type(part) is nn.MaxPool2d and not part.return_indices:
            kernel, stride, dilation = part.kernel_size, part.stride, part.dilation
        elif self.called(node) in POOLS:
            names = ("input", "kernel_size", "stride", "padding", "dilation")
            args = dict(zip(names, node.args, strict=False)) | node.kwargs
            kernel, dilation = args["kernel_size"], args.get("dilation", 1)
            stride = args.get("stride") or kernel
        else:
            return None
        if len(node.all_input_nodes) > 1:  # a size that is computed on the way
            return False
        return bool(np.all(np.less_equal(kernel, stride)) and np.all(np.equal(dilation, 1)))

    def passes(self, node: fx.Node) -> bool:
        """Whether a node changes no distance, or is part of a layer."""
        folded = node.op == "call_module" and node.target in self.folds
        return folded or self.called(node) in RELU | SHAPES or self.at_rest(node)

    def behind(self, node: fx.Node, moved: bool = False) -> tuple[bool, str | None]:
        """(whether relu is all, name of a BatchNorm to fold) for what uses the answers of node."""
        users = [user for user in node.users if user.target not in READS]
        if users and all(map(self.is_relu, users)):
            return True, None
        if len(users) != 1:
            return False, None
        user = users[0]
        if self.at_rest(user):
            return self.behind(user, moved)
        if self.called(user) in SHAPES or self.apart(user) is not None:
            return self.behind(user, True)
        norm, part = self.part(user), self.part(node)
        width = getattr(part, "out_features", getattr(part, "out_channels", None))
        fits = type(norm) in NORMS and norm.num_features == width and not moved
        fits = fits and norm.running_mean is not None and self.calls[user.target] == 1
        return (True, user.target) if fits and self.behind(user) == (True, None) else (False, None)

    def below(self, site: fx.Node) -> tuple[int | None, float]:
        """The layer whose answers enter, and by what they are stretched on the way (or inf)."""
        own = self.places[site]
        node = site.args[0] if site.args else site.kwargs.get("input")
        while isinstance(node, fx.Node) and node.op != "placeholder":
            if node in self.places and self.calls[node.target] == 1:
                return (self.places[node], 1.0) if self.places[node] < own else (None, math.inf)
            if not (self.passes(node) or self.apart(node)):
                return None, math.inf
            node = node.args[0] if node.args else None
        return None, 1.0 if isinstance(node, fx.Node) else math.inf

    def foreign(self, nodes: list[fx.Node]) -> str:
        """The first node that is no part of a chain of dense layers with ReLU between them."""
        for node in nodes:
            dense = node in self.places and isinstance(self.parts[node.target], nn.Linear)
            known = node.op in ("placeholder", "output", "get_attr")
            if not (dense or known or self.passes(node) or _of_shapes(node)):
                part = self.part(node)
                return type(part).__name__ if part is not None else f"{node.target}"
        return ""


def _of_shapes(node: fx.Node) -> bool:
    """Whether a node only reads a tensor's shape, as in x.view(x.size(0), -1)."""
    return node.target in (*READS, operator.getitem) and all(
        user.target in (*SHAPES, operator.getitem) for user in node.users
    )


def _overlap(part: nn.Module) -> float:
    """s_l of promises.py: how often one pixel is seen, under a root. 1 for a dense layer."""
    if not isinstance(part, nn.Conv2d):
        return 1.0
    if part.padding_mode != "zeros":
        return math.inf  # pixels at the border are seen again
    axes = zip(part.kernel_size, part.stride, part.dilation, strict=True)
    return math.sqrt(math.prod(math.ceil(k * math.gcd(d, s) / s) for k, s, d in axes))
