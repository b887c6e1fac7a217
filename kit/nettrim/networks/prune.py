"""Net-Trim on a network: every layer by itself (parallel), or one after the other (cascade).

    parallel  W^_l = argmin |U|_1  s.t.  U in C_eps_l( Y_(l-1),  Y_l, 0 ),   eps_l = epsilon |Y_l|_F
    cascade   W^_l = argmin |U|_1  s.t.  U in C_eps_l( Y^_(l-1), Y_l, V_l ),  V_l = W_l'Y^_(l-1)
              eps_l^2 = gamma sum over Omega of (V_l - Y_l)^2,  and epsilon |Y_l|_F where a layer
              still sees the original input (V = 0)

Y_l are the answers of the given network, Y^_l those of the pruned one, Y^_(l-1) what the pruned
network really feeds into layer l, whatever stands between; Omega is where Y_l > 0; in a layer
without a ReLU behind it, the last one say, Omega is everything. The old W_l is feasible in every
one of these programs, for gamma >= 1. The bias is the last row of the weights, penalised like any
weight (as in the authors' code) unless penalise_bias=False. kappa < 1 asks a linear last layer for
kappa eps_L; then nothing says that a cascade's last program is feasible.
Net-Trim, arXiv 1611.05162: supplement (S.1)-(S.7); section 2 of it for kappa.

What is promised, and proved, about the result: kit/nettrim/networks/promises.py.
"""

import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from kit.arguments import choice, flag, instance, number, real_array, shown
from kit.nettrim.networks import estimators, promises
from kit.nettrim.networks.layer import Layer
from kit.nettrim.networks.network import Network, forward, link_normalise, link_restore
from kit.nettrim.networks.network import read_samples as read
from kit.nettrim.networks.refit import REFITS
from kit.nettrim.networks.report import PrunedNetwork
from kit.nettrim.networks.walk import Arrays, Judged, Model, Plan, judge, walk, which_layers
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
    epsilon    relative, >= 0: eps_l = epsilon |Y_l|_F. A number, or in parallel mode one for each
               pruned layer; in a cascade it is the first pruned layer's, the others follow
    mode       "parallel": every layer sees the original input; "cascade": what is pruned before it
    gamma      cascade only, >= 1: eps_l^2 = gamma (error that the old weights would leave)^2; a
               number, or one for each pruned layer after the first
    kappa      0 < kappa <= 1: a linear last layer gets kappa eps_L. Where that is infeasible, it is
               solved with kappa = 1, and the notes say so
    layers     which layers, from 0 in the order they run, or by name; None for all
    balls      "layer": one ball for all neurons, as in the papers; "neuron": one each, of the same
               total size, eps_lm = epsilon |Y_lm|_2; the promises are the same
    normalise  solve for the link-normalised network and scale back (no modules). Layer l minimises
               S_(l-1) |U|_1 + |bias|_1 (link_normalise): only the price of a bias changes, and
               nothing in the first layer. epsilon is relative and does not change
    penalise_bias  False: the bias row is free
    refit      None, "least-squares", "relu": see kit/nettrim/networks/refit.py. In a cascade the
               next layer sees the refitted one
    method, **options  handed to kit.nettrim.solve (tol, max_iter, feasibility, relax, ...)
    n_jobs     workers: in parallel mode, of joblib, one layer each (inside
               joblib.parallel_config(backend="dask") those of a Dask cluster); for a cascade or a
               single layer, threads of the exact method
    progress   show a bar (tqdm.auto): neurons done, and an estimate of what is left

    Out comes the same kind of network: an estimator's copy, a module of the same class with the
    same state_dict keys and flags. Both networks run on the samples, and layer by layer what they
    do is compared with what is believed and promised. Raises ValueError where that differs, for
    arguments out of range, and for a layer that cannot be pruned, with the way out. A method that
    does not converge is no error: see the certificates in `layers`.
    """
    choice("mode", mode, ("parallel", "cascade"))
    choice("balls", balls, ("layer", "neuron"))
    if refit is not None:
        choice("refit", refit, REFITS[1:])
    flag("normalise", normalise)
    flag("penalise_bias", penalise_bias)
    kappa = number("kappa", kappa, least=0, above=True)
    if kappa > 1:
        raise ValueError(f"kappa must be at most 1, got {kappa:g}")
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int | np.integer) or n_jobs == 0:
        raise ValueError(f"n_jobs must be a whole number other than 0, got {shown(n_jobs)}")
    flag("progress", progress)

    def plan(chosen: list[int], L: int) -> Plan:
        share, growth = _shares(epsilon, chosen, L, mode), _growth(gamma, chosen, L)
        asked = (kappa, balls, penalise_bias, refit, method, options, int(n_jobs), progress)
        return Plan(mode, tuple(chosen), share, growth, *asked)

    if is_module(network):
        if normalise:
            raise ValueError("normalise must be False for a module, got True")
        return _prune_module(network, X, layers, plan)
    if estimators.is_estimator(network):
        inside, samples = estimators.read(network, X)
        done = _prune_arrays(inside, samples, layers, normalise, plan)
        twin = estimators.to_sklearn(done.network, network)
        estimators.check(twin, X)
        return replace(done, network=twin)
    samples = read(instance("network", network, Network), X)
    return _prune_arrays(network, samples, layers, normalise, plan)


def is_module(value: object) -> bool:
    """Whether value is a module of PyTorch, which is not imported for the question."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module)


def _prune_module(module: Any, X: Any, layers: Any, plan: Any) -> PrunedNetwork:
    from kit.nettrim.networks import modules

    with modules.resting(module):
        old, chosen = modules.read(module, X, layers)
        asked = plan(chosen, len(old.sites))
        new = old.fork()
        done = walk(old, new, asked)
        moved = modules.moved(old, new)
        found = _report(new.module, old, new, done, asked, moved, {})
    for name, part in found.network.named_modules():
        part.training = module.get_submodule(name).training
    left = old.traced.left
    note = (f"Left as they are: {', '.join(left)}.",) if left else ()
    return replace(found, notes=found.notes + note)


def _prune_arrays(
    network: Network, X: Array, layers: Any, normalise: bool, plan: Any
) -> PrunedNetwork:
    L = len(network)
    asked = plan(which_layers(layers, [str(k) for k in range(L)]), L)
    work, scales = link_normalise(network) if normalise else (network, np.ones(L))
    model = Arrays(work, X)
    done = walk(Arrays(work, X), model, asked)
    trimmed = Network(tuple(model.Ws), tuple(model.bs))
    if normalise:  # back, layers left alone exactly
        trimmed = link_restore(trimmed, scales)
        kept = [trimmed if k in done else network for k in range(L)]
        trimmed = Network(
            tuple(kept[k].weights[k] for k in range(L)), tuple(kept[k].biases[k] for k in range(L))
        )
    done = {k: replace(one, radius=float(scales[k] * one.radius)) for k, one in done.items()}
    before, after = forward(network, X)[-1], forward(trimmed, X)[-1]
    size = np.linalg.norm(before)
    moved = float(np.linalg.norm(after - before) / size) if size else 0.0
    prices = {k: 1 / scales[k - 1] for k in range(1, L)}  # of a bias, in this layer's units
    return _report(trimmed, Arrays(network, X), Arrays(trimmed, X), done, asked, moved, prices)


def _report(
    network: Any,
    old: Model,
    new: Model,
    done: dict[int, Layer],
    plan: Plan,
    moved: float,
    prices: dict[int, float],
) -> PrunedNetwork:
    """The proof by running, and measured beside promised errors."""
    growth = plan.growth.copy()
    if plan.mode == "cascade":
        for k, one in done.items():
            growth[k] *= one.kappa
    judged = judge(old, new, done, growth)
    links = [_priced(one, k, done, plan, prices) for k, one in enumerate(judged)]
    bound, theorem = (promises.parallel if plan.mode == "parallel" else promises.cascade)(links)
    discrepancy = np.array([one.discrepancy for one in judged])
    touched = discrepancy > 0
    if plan.refit == "least-squares":
        theorem[min(done) :] = np.inf
        if plan.mode == "cascade":
            bound[min(done) :] = np.inf
    sizes = np.array([one.size for one in judged])
    broken = discrepancy > bound * (1 + 1e-6) + old.tolerance * sizes
    if broken.any():
        k = int(np.argmax(broken))
        raise ValueError(
            f"network must keep what is promised, but layer {old.sites[k].name!r} moved by "
            f"{discrepancy[k]:.3g}, more than {bound[k]:.3g}: it is not what its trace says"
        )
    realised = [one.link.alone if plan.mode == "parallel" else one.discrepancy for one in judged]
    unknown = [old.sites[k].name for k in np.flatnonzero(touched & np.isinf(bound))]
    notes = [note for one in done.values() for note in one.notes]
    if unknown and plan.refit != "least-squares":
        notes.append(f"No chain leads to {', '.join(unknown)}: measured, nothing promised.")
    return PrunedNetwork(
        network,
        tuple(done[k].answer if k in done else None for k in range(len(judged))),
        np.array([one.link.epsilon for one in judged]),
        np.array(realised),
        discrepancy,
        bound,
        theorem,
        tuple(done[k].refitted if k in done else None for k in range(len(judged))),
        tuple(notes),
        tuple(site.name for site in old.sites),
        tuple(one.shape for one in judged),
        np.array([one.zeros for one in judged]),
        sizes,
        moved,
    )


def _priced(
    one: Judged, k: int, done: dict[int, Layer], plan: Plan, prices: dict[int, float]
) -> promises.Link:
    """The link with |W_l|_1 as the objective has it; inf after a refit, which knows no bound."""
    l1 = one.link.old["1"]
    if plan.penalise_bias:
        l1 += prices.get(k, 1.0) * one.link.old["bias"]
    if plan.refit and k in done:
        l1 = np.inf
    return replace(one.link, old={**one.link.old, "1": l1})


def _shares(epsilon: object, chosen: list[int], L: int, mode: str) -> Array:
    values = real_array("epsilon", epsilon)
    many = "a number or one" if mode == "parallel" else "a number in a cascade, not one"
    if values.shape not in (((), (len(chosen),)) if mode == "parallel" else ((),)):
        raise ValueError(
            f"epsilon must be {many} for each of {len(chosen)} layers, got shape {values.shape}"
        )
    if values.min() < 0:
        raise ValueError(f"epsilon must be >= 0, got {values.min():g}")
    share = np.zeros(L)
    share[chosen] = values
    return share


def _growth(gamma: object, chosen: list[int], L: int) -> Array:
    """sqrt(gamma_l): gamma is a factor of the squared error."""
    values = real_array("gamma", gamma)
    if values.shape not in ((), (len(chosen) - 1,)):
        raise ValueError(
            f"gamma must be a number or one for each of {len(chosen) - 1} layers after the first, "
            f"got shape {values.shape}"
        )
    if values.min() < 1:
        raise ValueError(f"gamma must be >= 1, got {values.min():g}")
    growth = np.ones(L)
    growth[chosen[1:]] = np.sqrt(values)
    return growth
