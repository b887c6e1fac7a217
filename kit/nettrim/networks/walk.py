"""One walk over the layers of a network, whatever it is made of: in parallel, or as a cascade.

A `Model` is a network that can be run on its samples: plain arrays (here), or a PyTorch module
(kit/nettrim/networks/modules.py). The walk asks it what a layer really sees and answers as the
network stands now, and writes new weights; it knows nothing else of it.

The proof by running comes last. Both networks run on the samples once more, and for every layer
what is believed, W~'X~ from the weights and from what entered, is compared with what came out, and
the error with what is promised. Where they differ by more than rounding, nothing is returned.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from joblib import Parallel, delayed
from tqdm.auto import tqdm

from kit.arguments import several, whole
from kit.nettrim.networks.layer import Block, Layer, Task, prune_layer
from kit.nettrim.networks.network import Network, with_ones
from kit.nettrim.networks.promises import Link, surrogate
from kit.results import Array

Blocks = list[Array]
THREADED = ("exact", "auto")  # methods with neurons side by side


@dataclass(frozen=True)
class Site:
    """A layer with weights in a network.

    linear   nothing but the ball can be asked: no ReLU stands alone behind it
    last     no other layer sees its answers
    below    the layer whose answers are its inputs, stretched by at most `stretch` (promises.py)
    bias     whether it has one
    refusal  "", or why it cannot be pruned: a sentence about this layer
    """

    name: str
    linear: bool
    last: bool
    below: int | None
    stretch: float = 1.0
    bias: bool = True
    refusal: str = ""


class Model(Protocol):
    """A network with its samples."""

    sites: tuple[Site, ...]
    tolerance: float  # rounding, relative: what belief and happening may differ by

    def seen(self, k: int) -> tuple[Blocks, Blocks]:
        """What enters layer k, X~ (N + 1, P) block by block, and what comes out (M, P)."""

    def weights(self, k: int) -> Blocks:
        """W~ (N + 1, M) of layer k, block by block, bias last, as they are now."""

    def write(self, k: int, blocks: Blocks) -> None:
        """Give layer k new weights."""


class Arrays:
    """A Network as a Model."""

    tolerance = 1e-9

    def __init__(self, network: Network, X: Array) -> None:
        L = len(network)
        self.X, self.Ws = X, list(network.weights)
        self.bs = list(network.biases)
        self.sites = tuple(
            Site(str(k), k == L - 1, k == L - 1, k - 1 if k else None) for k in range(L)
        )

    def seen(self, k: int) -> tuple[Blocks, Blocks]:
        Y = self.X
        for j in range(k):
            Y = np.maximum(self.Ws[j].T @ Y + self.bs[j][:, None], 0)
        return [with_ones(Y)], [self.Ws[k].T @ Y + self.bs[k][:, None]]

    def weights(self, k: int) -> Blocks:
        return [np.vstack([self.Ws[k], self.bs[k]])]

    def write(self, k: int, blocks: Blocks) -> None:
        self.Ws[k], self.bs[k] = blocks[0][:-1], blocks[0][-1]


@dataclass(frozen=True, eq=False)
class Plan:
    """What is asked: everything `prune` was given that the walk needs."""

    mode: str
    chosen: tuple[int, ...]
    share: Array  # (L,) relative epsilon
    growth: Array  # (L,) sqrt(gamma_l), 1 where a layer is left alone or the first
    kappa: float
    balls: str
    penalise_bias: bool
    refit: str | None
    method: str
    options: dict[str, Any]
    n_jobs: int
    progress: bool


@dataclass(frozen=True, eq=False)
class Judged:
    """What the last run of both networks has shown of a layer."""

    link: Link
    discrepancy: float
    size: float  # |Y_l|_F
    zeros: float  # share of weights, biases not counted
    shape: tuple[int, int]


def which_layers(layers: Any, names: Sequence[str]) -> list[int]:
    """The layers named, by place or by name, in order; all for None."""
    if layers is None:
        return list(range(len(names)))
    asked = several("layers", layers)
    chosen = sorted(
        names.index(k) if isinstance(k, str) and k in names else whole("layers", k, least=0)
        for k in asked
    )
    if not chosen or chosen[-1] >= len(names) or len(set(chosen)) < len(chosen):
        shown = f", or by name {list(names)}" if names[0] != "0" else ""
        raise ValueError(
            f"layers must name layers 0 to {len(names) - 1}{shown}, each once, got {list(asked)}"
        )
    return chosen


def walk(old: Model, new: Model, plan: Plan) -> dict[int, Layer]:
    """Prune the chosen layers of `new`, in their order; `old` stays as it is."""
    total = sum(sum(W.shape[1] for W in old.weights(k)) for k in plan.chosen)
    with tqdm(total=total, unit="neuron", disable=not plan.progress) as bar:
        if plan.mode == "parallel" and plan.n_jobs != 1 and len(plan.chosen) > 1:
            return _shared_out(old, new, plan, bar)
        options = dict(plan.options)
        if plan.n_jobs != 1 and plan.method in THREADED:
            options.setdefault("n_jobs", plan.n_jobs)
        done: dict[int, Layer] = {}
        for at, k in enumerate(plan.chosen):
            task = _task(old, new, plan, k)
            bar.set_description(f"layer {at + 1}/{len(plan.chosen)} {task.name}")
            watch = _Watch(bar) if plan.progress else None
            done[k] = prune_layer(task, plan.method, options, watch)
            new.write(k, list(done[k].blocks))
            neurons = sum(W.shape[1] for W in done[k].blocks)
            bar.update(neurons - (watch.count if watch else 0))
        return done


def _shared_out(old: Model, new: Model, plan: Plan, bar: tqdm) -> dict[int, Layer]:
    """Layers on workers of joblib, or of whatever backend is in charge."""
    jobs: Iterator = (
        delayed(_numbered)(k, _task(old, new, plan, k), plan.method, plan.options)
        for k in plan.chosen
    )
    done = {}
    for k, layer in Parallel(plan.n_jobs, return_as="generator_unordered")(jobs):
        done[k] = layer
        bar.update(sum(W.shape[1] for W in layer.blocks))
    for k in plan.chosen:
        new.write(k, list(done[k].blocks))
    return dict(sorted(done.items()))


def _numbered(k: int, task: Task, method: str, options: dict[str, Any]) -> tuple[int, Layer]:
    return k, prune_layer(task, method, options, None)


def _task(old: Model, new: Model, plan: Plan, k: int) -> Task:
    site, weights = old.sites[k], old.weights(k)
    X = old.seen(k)[0]
    Z = [W.T @ x for W, x in zip(weights, X, strict=True)]
    below, V = X, [None] * len(X)
    if plan.mode == "cascade":
        below = new.seen(k)[0]
        exact = all(map(np.array_equal, X, below))  # to the last bit: nothing before was pruned
        if not exact:
            V = [W.T @ x for W, x in zip(weights, below, strict=True)]
    exact = V[0] is None
    return Task(
        site.name,
        tuple(map(Block, below, Z, V)),
        site.linear,
        float((plan.share if exact else plan.growth)[k]),
        plan.kappa if site.linear and site.last else 1.0,
        plan.balls,
        plan.penalise_bias or not site.bias,  # without a bias its row of X~ is 0
        plan.refit,
    )


class _Watch:
    """A callback that counts neurons in the bar and calls nothing off."""

    def __init__(self, bar: tqdm) -> None:
        self.bar, self.seen, self.states = bar, set(), 0

    @property
    def count(self) -> int:
        return len(self.seen)

    def __call__(self, state: object) -> bool:
        self.states += 1
        neuron = getattr(state, "neuron", None)
        if neuron is None and self.states % 25 == 0:
            self.bar.set_postfix_str(f"iteration {self.states}")
        elif neuron is not None and neuron not in self.seen:
            self.seen.add(neuron)
            self.bar.update()
        return False


def judge(old: Model, new: Model, done: dict[int, Layer], growth: Array) -> list[Judged]:
    """Run both, layer by layer: measured errors; ValueError if it is not as believed."""
    return [_judge(old, new, k, done.get(k), float(growth[k])) for k in range(len(old.sites))]


def _judge(old: Model, new: Model, k: int, layer: Layer | None, growth: float) -> Judged:
    site, rounding = old.sites[k], old.tolerance
    if site.refusal:  # left alone, and what it does is not known
        nothing = dict.fromkeys(("2", "F", "1", "bias"), 1.0)
        link = Link(None, np.inf, False, 0.0, 1.0, 0.0, np.inf, nothing, nothing)
        return Judged(link, np.nan, np.nan, np.nan, (0, 0))
    before, after = old.weights(k), new.weights(k)
    (X, Z), (X_new, Z_new) = old.seen(k), new.seen(k)
    for which, W, x, z in (("", before, X, Z), ("pruned ", after, X_new, Z_new)):
        for w, inputs, happened in zip(W, x, z, strict=True):
            error = np.linalg.norm(w.T @ inputs - happened)
            scale = np.linalg.norm(happened) + np.linalg.norm(w) * np.linalg.norm(inputs) / 100
            if not error <= rounding * scale:
                raise ValueError(
                    f"network must do in layer {site.name!r} what its weights say, but the "
                    f"{which}layer's answers differ by {error / max(scale, 1e-300):.1e}: its "
                    f"weights are changed on the way"
                )
    act = (lambda A: A) if site.linear else (lambda A: np.maximum(A, 0))
    Y = [act(z) for z in Z]
    pairs = list(zip(Z_new, Y, strict=True))
    alone = [act(w.T @ x) - y for w, x, y in zip(after, X, Y, strict=True)] if layer else []
    link = Link(
        site.below,
        site.stretch,
        all(map(np.array_equal, X, X_new)),
        layer.radius if layer else 0.0,
        growth,
        _norm(alone),
        _norm([surrogate(z, y, site.linear) for z, y in pairs]),
        _norms(before),
        _norms(after),
    )
    counted = [W[:-1] for W in after]
    return Judged(
        link,
        _norm([act(z) - y for z, y in pairs]),
        _norm(Y),
        1 - sum(map(np.count_nonzero, counted)) / sum(W.size for W in counted),
        (len(counted[0]), sum(W.shape[1] for W in counted)),
    )


def _norm(parts: list) -> float:
    return float(np.linalg.norm([np.linalg.norm(part) for part in parts])) if parts else 0.0


def _norms(blocks: Blocks) -> dict[str, float]:
    weights = [W[:-1] for W in blocks]
    return {
        "2": max(float(np.linalg.norm(W, 2)) for W in weights),
        "F": _norm(weights),
        "1": float(sum(np.abs(W).sum() for W in weights)),
        "bias": float(sum(np.abs(W[-1]).sum() for W in blocks)),
    }
