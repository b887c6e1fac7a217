"""One walk over the layers of a network, whatever it is made of: in parallel, or as a cascade.

A `Model` is a network that can be run on its samples: Arrays (here), or Modules of PyTorch
(kit/nettrim/networks/modules.py). The walk asks it what a layer really sees and answers as the
network stands now, and writes new weights; it knows nothing else of it.

The proof by running comes last. Both networks run on the samples once more, and for every layer
what is believed, W~'X~ from the weights and from what entered, is compared with what came out, and
the error with what is promised. Where they differ by more than rounding, nothing is returned.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from tqdm.auto import tqdm

from kit.arguments import several, whole
from kit.nettrim.networks.layer import Layer, Plan, Site, Watch, program, prune_layer
from kit.nettrim.networks.network import Network, forward, with_ones
from kit.nettrim.networks.promises import Link
from kit.nettrim.networks.refit import surrogate
from kit.results import Array

Model = Any  # has the fields and methods of Arrays
THREADED = ("exact", "auto")  # methods with neurons side by side


class Arrays:
    """A Network with its samples, as a Model. A convolution has G groups of neurons, others 1."""

    tolerance = 1e-9  # rounding, relative: what belief and happening may differ by
    notes = ()

    def __init__(self, network: Network, X: Array) -> None:
        L = len(network)
        self.X, self.Ws, self.bs = X, list(network.weights), list(network.biases)
        self.sites = tuple(
            Site(str(k), k == L - 1, k == L - 1, k - 1 if k else None) for k in range(L)
        )

    @property
    def network(self) -> Network:
        """The network as it stands now."""
        return Network(tuple(self.Ws), tuple(self.bs))

    def fork(self) -> "Arrays":
        """The same on a copy of the network."""
        return self.on(self.X)

    def on(self, X: Array) -> "Arrays":
        """The same network on other samples."""
        return Arrays(self.network, X)

    def outputs(self) -> Iterator[Array]:
        """What comes out of the network, in parts of any shape."""
        yield forward(self.network, self.X)[-1]

    def seen(self, k: int) -> tuple[Array, Array]:
        """What enters layer k, X~ (G, N + 1, P), and what comes out, (G, M, P)."""
        Y = self.X if k == 0 else np.maximum(self.seen(k - 1)[1][0], 0)
        return with_ones(Y)[None], (self.Ws[k].T @ Y + self.bs[k][:, None])[None]

    def weights(self, k: int) -> Array:
        """W~ (G, N + 1, M) of layer k, bias last, as they are now."""
        return np.vstack([self.Ws[k], self.bs[k]])[None]

    def write(self, k: int, W: Sequence[Array]) -> None:
        """Give layer k new weights W~, G times (N + 1, M)."""
        self.Ws[k], self.bs[k] = W[0][:-1], W[0][-1]


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
    """Prune the chosen layers of `new`, in their order; `old` stays as it is.

    Layers that do not see each other go to workers of joblib, or of whatever backend is in charge;
    else the neurons of a layer share out the workers, where the method can do that.
    """
    apart = plan.mode == "parallel" and plan.n_jobs != 1 and len(plan.chosen) > 1
    if plan.n_jobs != 1 and not apart and plan.method in THREADED:
        plan = replace(plan, options={"n_jobs": plan.n_jobs, **plan.options})
    total = sum(old.weights(k)[:, 0].size for k in plan.chosen)
    done: dict[int, Layer] = {}
    with tqdm(total=total, unit="neuron", disable=not plan.progress) as bar:

        def here(k: int) -> Layer:
            at = plan.chosen.index(k) + 1
            bar.set_description(f"layer {at}/{len(plan.chosen)} {old.sites[k].name}")
            return prune_layer(*_task(old, new, plan, k), _watch(bar) if plan.progress else None)

        if apart:
            jobs = (delayed(prune_layer)(*_task(old, new, plan, k), None) for k in plan.chosen)
            found = Parallel(plan.n_jobs, return_as="generator")(jobs)
        else:
            found = map(here, plan.chosen)
        neurons = 0
        for k, layer in zip(plan.chosen, found, strict=True):
            done[k] = layer
            new.write(k, layer.blocks)
            neurons += sum(W.shape[1] for W in layer.blocks)
            bar.update(neurons - bar.n)
    return done


def _task(old: Model, new: Model, plan: Plan, k: int) -> tuple:
    """What `prune_layer` is asked for layer k, but for who watches."""
    site, weights = old.sites[k], old.weights(k)
    X = below = old.seen(k)[0]
    Z, V = weights.mT @ X, [None] * len(X)
    if plan.mode == "cascade":
        below = new.seen(k)[0]
        if not np.array_equal(X, below):  # to the last bit: else nothing before changed
            V = weights.mT @ below
    share = float((plan.share if V[0] is None else plan.growth)[k])
    jobs = [program(site, plan, share, *triple) for triple in zip(below, Z, V, strict=True)]
    return site, plan, jobs, Z if plan.refit else []


def _watch(bar: tqdm) -> Watch:
    """A callback that counts neurons in the bar and calls nothing off."""
    seen, states = set(), count(1)

    def watch(state: object) -> bool:
        neuron, k = getattr(state, "neuron", None), next(states)
        if neuron is None and k % 25 == 0:
            bar.set_postfix_str(f"iteration {k}")
        elif neuron is not None and neuron not in seen:
            seen.add(neuron)
            bar.update()
        return False

    return watch


def rewritten(model: Model, Ws: Iterable[Array]) -> Model:
    """A copy of the network with other weights W~ in its first layers."""
    twin = model.fork()
    for k, W in enumerate(Ws):
        twin.write(k, [W])
    return twin


def moved(old: Model, new: Model) -> float:
    """|outputs after - outputs before|_F / |outputs before|_F."""
    pairs = list(zip(old.outputs(), new.outputs(), strict=True))
    size = _norm([before for before, _ in pairs])
    return _norm([after - before for before, after in pairs]) / size if size else 0.0


def judge(old: Model, new: Model, k: int, layer: Layer | None, plan: Plan, price: float) -> Link:
    """Run both: measured errors of layer k; ValueError if it is not as believed.

    price  of a bias in units of the layer's weights, in the objective
    """
    site = old.sites[k]
    if site.refusal:  # left alone, and what it does is not known
        return Link()
    before, after = old.weights(k), new.weights(k)
    (X, Z), (X_new, Z_new) = old.seen(k), new.seen(k)
    for which, W, x, z in (("", before, X, Z), ("pruned ", after, X_new, Z_new)):
        for w, inputs, happened in zip(W, x, z, strict=True):
            error = np.linalg.norm(w.T @ inputs - happened)
            scale = np.linalg.norm(happened) + np.linalg.norm(w) * np.linalg.norm(inputs) / 100
            if not error <= old.tolerance * scale:
                raise ValueError(
                    f"network must do in layer {site.name!r} what its weights say, but the "
                    f"{which}layer's answers differ by {error / max(scale, 1e-300):.1e}: its "
                    f"weights are changed on the way"
                )
    act = (lambda A: A) if site.linear else (lambda A: np.maximum(A, 0))
    Y, counted = act(Z), after[:, :-1]
    if plan.mode == "cascade":
        norms = _largest(before[:, :-1]), _norm(before[:, :-1])
    elif layer and plan.refit:  # which knows no bound
        norms = _largest(counted), np.inf
    else:
        priced = np.abs(before[:, :-1]).sum() + price * np.abs(before[:, -1]).sum()
        norms = _largest(counted), float(priced)
    return Link(
        site.below,
        site.stretch,
        np.array_equal(X, X_new),
        layer.radius if layer else 0.0,
        float(plan.growth[k] * (layer.kappa if layer else 1.0)),
        _norm(act(after.mT @ X) - Y) if layer else 0.0,
        surrogate(Z_new, Y, site.linear),
        norms,
        _norm(act(Z_new) - Y),
        _norm(Y),
        1 - np.count_nonzero(counted) / counted.size,
        (counted.shape[1], counted[:, 0].size),
    )


def _norm(parts: Iterable[Array]) -> float:
    return float(np.linalg.norm([np.linalg.norm(part) for part in parts]))


def _largest(W: Array) -> float:
    """The largest singular value."""
    return float(np.linalg.norm(W, 2, axis=(1, 2)).max())
