"""Net-Trim on a network: every layer by itself (parallel), or one after the other (cascade).

    parallel  W^_l = argmin |U|_1  s.t.  U in C_eps_l( Y_(l-1),  Y_l, 0 ),   eps_l = epsilon |Y_l|_F
    cascade   W^_l = argmin |U|_1  s.t.  U in C_eps_l( Y^_(l-1), Y_l, V_l ),  V_l = W_l'Y^_(l-1)
              eps_l^2 = gamma sum over Omega of (V_l - Y_l)^2,  and epsilon |Y_l|_F where a layer
              still sees the original input (V = 0)

Y_l are the answers of the given network, Y^_l those of the pruned one, Y^_(l-1) what the pruned
network really feeds into layer l, whatever stands between; Omega is where Y_l > 0; in a layer
without a ReLU behind it, the last one say, Omega is everything. The old W_l is feasible in every
one of these programs, for gamma >= 1. The bias is the last row of the weights, penalised like any
weight (as in the authors' code) unless penalise_bias=False. With kappa < 1 nothing says that a
cascade's last program is feasible. Net-Trim, arXiv 1611.05162: supplement (S.1)-(S.7), section 2.

What is promised, and proved, about the result: kit/nettrim/networks/promises.py.
"""

import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from kit.arguments import choice, flag, number, number_or_each, workers
from kit.nettrim.networks import estimators, promises
from kit.nettrim.networks.layer import Layer, Plan
from kit.nettrim.networks.network import Network, link_normalise, link_restore, read_samples
from kit.nettrim.networks.refit import REFITS
from kit.nettrim.networks.report import PrunedNetwork
from kit.nettrim.networks.walk import Arrays, Model, judge, moved, walk, which_layers
from kit.results import Array


def prune(
    network: Any,
    X: Any,
    *,
    epsilon: float | Iterable[float],
    mode: str = "parallel",
    gamma: float | Iterable[float] = 1.1,
    kappa: float = 1.0,
    layers: Iterable[int | str] | None = None,
    balls: str = "layer",
    normalise: bool = False,
    penalise_bias: bool = True,
    refit: str | None = None,
    method: str = "auto",
    n_jobs: int = 1,
    progress: bool = True,
    **options: Any,
) -> PrunedNetwork:
    """Prune layers of a network on samples by Net-Trim, in parallel or as a cascade.

    network    a Network; a fitted MLPClassifier or MLPRegressor, alone, in a Pipeline or a search;
               a torch.nn.Module that torch.fx can follow: its Linear and Conv2d layers
    X          samples as the network takes them: columns (N, P) of a Network; rows of an estimator;
               of a module tensors or arrays (P, ...) for one run, a Dataset, or a DataLoader, which
               is read once and whose batches, or tuples' first entries, run one by one
    epsilon    >= 0, eps_l = epsilon |Y_l|_F: a number, or in parallel mode one for each pruned
               layer; in a cascade it is the first pruned layer's, the others follow
    mode       "parallel": every layer sees the original input; "cascade": what is pruned before it
    gamma      cascade only, >= 1, eps_l^2 = gamma (error that the old weights would leave)^2: a
               number, or one for each pruned layer after the first
    kappa      0 < kappa <= 1: a linear last layer gets kappa eps_L; where that is infeasible it
               gets eps_L, and the notes say so
    layers     which layers, from 0 in the order they run, or by name; None for all
    balls      "layer": one ball for all neurons, as in the papers; "neuron": one each, of the same
               total size, eps_lm = epsilon |Y_lm|_2; the promises are the same
    normalise  solve for the link-normalised network and scale back (no modules): layer l minimises
               S_(l-1) |U|_1 + |bias|_1 (link_normalise), so only the price of a bias changes
    penalise_bias  False: the bias row is free
    refit      None, "least-squares", "relu": see kit/nettrim/networks/refit.py. In a cascade the
               next layer sees the refitted one
    method, **options  handed to kit.nettrim.solve (tol, max_iter, feasibility, relax, ...)
    n_jobs     workers of joblib in parallel mode, one layer each (joblib.parallel_config may send
               them to Dask); for a cascade or a single layer, threads of the exact method
    progress   show a bar (tqdm.auto): neurons done, and an estimate of what is left

    Out comes the same kind of network: an estimator's copy, a module of the same class with the
    same state_dict keys and flags. Raises ValueError where it does not do, run on the samples, what
    is believed and promised, for arguments out of range, and for a layer that cannot be pruned,
    with the way out. A method that does not converge is no error: see the certificates in `layers`.
    """
    choice("mode", mode, ("parallel", "cascade"))
    choice("balls", balls, ("layer", "neuron"))
    choice("refit", refit, REFITS)
    flag("normalise", normalise)
    flag("penalise_bias", penalise_bias)
    kappa = number("kappa", kappa, least=0, above=True)
    if kappa > 1:
        raise ValueError(f"kappa must be at most 1, got {kappa:g}")
    n_jobs = workers("n_jobs", n_jobs)
    flag("progress", progress)

    def plan(chosen: list[int], L: int) -> Plan:
        n, share, growth = len(chosen), np.zeros(L), np.ones(L)
        own = mode == "parallel"
        words = f"a number {'or' if own else 'in a cascade, not'} one for each of {n} layers"
        share[chosen] = number_or_each("epsilon", epsilon, n if own else None, words, 0)
        words = f"a number or one for each of {n - 1} layers after the first"
        growth[chosen[1:]] = np.sqrt(number_or_each("gamma", gamma, n - 1, words, 1))
        asked = (kappa, balls, penalise_bias, refit, method, options, n_jobs, progress)
        return Plan(mode, tuple(chosen), share, growth, *asked)

    if is_module(network):
        if normalise:
            raise ValueError("normalise must be False for a module, got True")
        return _prune_module(network, X, layers, plan)
    if estimators.is_estimator(network):
        inside, samples = estimators.from_sklearn(network), estimators.entering(network, X)
        estimators.check(network, X)
        done = _prune_arrays(inside, samples, layers, normalise, plan)
        twin = estimators.to_sklearn(done.network, network)
        estimators.check(twin, X)
        return replace(done, network=twin)
    return _prune_arrays(network, read_samples(network, X), layers, normalise, plan)


def is_module(value: object) -> bool:
    """Whether value is a module of PyTorch, which is not imported for the question."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module)


def _prune_module(module: Any, X: Any, layers: Any, plan: Any) -> PrunedNetwork:
    from kit.nettrim.networks import modules

    with modules.resting(module):
        old, chosen = modules.read(module, X, layers)
        asked, new = plan(chosen, len(old.sites)), old.fork()
        found = _report(old, new, walk(old, new, asked), asked, np.ones(len(old.sites)))
    for name, part in found.network.named_modules():
        part.training = module.get_submodule(name).training
    return found


def _prune_arrays(
    network: Network, X: Array, layers: Any, normalise: bool, plan: Any
) -> PrunedNetwork:
    L = len(network)
    asked = plan(which_layers(layers, [str(k) for k in range(L)]), L)
    work, scales = link_normalise(network) if normalise else (network, np.ones(L))
    model = Arrays(work, X)
    done = walk(model.fork(), model, asked)
    old, new = Arrays(network, X), model
    if normalise:  # back, layers left alone exactly
        new = Arrays(link_restore(model.network, scales), X)
        for k in set(range(L)) - set(done):
            new.write(k, old.weights(k))
        done = {k: replace(one, radius=float(scales[k] * one.radius)) for k, one in done.items()}
    prices = 1 / np.array([1.0, *scales[:-1]])  # of a bias, in this layer's units
    return _report(old, new, done, asked, prices)


def _report(
    old: Model, new: Model, done: dict[int, Layer], plan: Plan, prices: Array
) -> PrunedNetwork:
    """The proof by running, and measured beside promised errors."""
    prices = prices * plan.penalise_bias
    links = [judge(old, new, k, done.get(k), plan, price) for k, price in enumerate(prices)]
    bound, theorem = (promises.parallel if plan.mode == "parallel" else promises.cascade)(links)
    discrepancy, sizes, zeros, epsilon, alone = (
        np.array([getattr(one, name) for one in links])
        for name in ("discrepancy", "size", "zeros", "epsilon", "alone")
    )
    if plan.refit == "least-squares":
        theorem[min(done) :] = np.inf
        if plan.mode == "cascade":
            bound[min(done) :] = np.inf
    broken = discrepancy > bound * (1 + 1e-6) + old.tolerance * sizes
    if broken.any():
        k = int(np.argmax(broken))
        raise ValueError(
            f"network must keep what is promised, but layer {old.sites[k].name!r} moved by "
            f"{discrepancy[k]:.3g}, more than {bound[k]:.3g}: it is not what its trace says"
        )
    unknown = [old.sites[k].name for k in np.flatnonzero((discrepancy > 0) & np.isinf(bound))]
    notes = [note for one in done.values() for note in one.notes]
    if unknown and plan.refit != "least-squares":
        notes.append(f"No chain leads to {', '.join(unknown)}: measured, nothing promised.")
    return PrunedNetwork(
        new.network,
        tuple(done[k].answer if k in done else None for k in range(len(links))),
        epsilon,
        alone if plan.mode == "parallel" else discrepancy.copy(),
        discrepancy,
        bound,
        theorem,
        (*notes, *old.notes),
        tuple(site.name for site in old.sites),
        tuple(one.shape for one in links),
        zeros,
        sizes,
        moved(old, new),
    )
