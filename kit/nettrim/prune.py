"""Net-Trim on a network: every layer by itself (parallel), or one after the other (cascade).

    parallel  W^_l = argmin |U|_1  s.t.  U in C_eps_l( Y_(l-1),  Y_l, 0 ),   eps_l = epsilon |Y_l|_F
    cascade   W^_l = argmin |U|_1  s.t.  U in C_eps_l( Y^_(l-1), Y_l, V_l ),  V_l = W_l'Y^_(l-1)
              eps_l^2 = gamma sum over Omega of (V_l - Y_l)^2,  and epsilon |Y_l|_F in the first
              pruned layer, which still sees the original input (V = 0)

Y_l are the outputs of the given network, Y^_l those of the pruned one; Omega is where Y_l > 0; the
last layer is linear, Omega everything. The old W_l is feasible in every one of these programs, for
gamma >= 1. The bias is the last row of the weights, penalised like any weight (as in the authors'
code) unless penalise_bias=False. kappa < 1 asks the last layer for kappa eps_L; then nothing says
that a cascade's last program is feasible.
Net-Trim, arXiv 1611.05162: supplement (S.1)-(S.7); section 2 of it for kappa.

What is promised, and proved, about the result: kit/nettrim/promises.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kit.arguments import choice, flag, real_array, shown
from kit.nettrim import promises
from kit.nettrim.layerwise import (
    Layer,
    Plan,
    Solver,
    in_cascade,
    in_parallel,
    risk,
    which_layers,
)
from kit.nettrim.networks import (
    Network,
    forward,
    link_normalise,
    link_restore,
    read_samples,
)
from kit.nettrim.refit import REFITS
from kit.results import Array, Certificate, Pruned


@dataclass(frozen=True, eq=False)
class PrunedNetwork:
    """A pruned network, the certified answers it is made of, and measured beside promised errors.

    layers       one Pruned for every layer, None where a layer was left alone; with normalise=True
                 they belong to the link-normalised network; before a refit
    epsilon      eps_l, absolute (0 where left alone)
    realised     error of one layer alone: parallel |relu(W^_l'Y_(l-1)) - Y_l|_F on the original
                 input, cascade |Y^_l - Y_l|_F
    discrepancy  |Y^_l - Y_l|_F, all layers together
    bound        what the discrepancy cannot exceed, by norms of the weights that are there now
    theorem      what Theorem 1 or 2 promises before anything is solved, for networks that are not
                 link-normalised; inf where a refit leaves no promise
    refitted     certificates of the refitted layers in the program of their layer, None elsewhere
    notes        what was decided on the way
    """

    network: Network
    layers: tuple[Pruned | None, ...]
    epsilon: Array  # (n_layers,)
    realised: Array  # (n_layers,)
    discrepancy: Array  # (n_layers,)
    bound: Array  # (n_layers,)
    theorem: Array  # (n_layers,)
    refitted: tuple[Certificate | None, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        lines = [
            f"Pruned{self.network!r}",
            "  layer  zeros  epsilon    error  discrepancy    bound  theorem",
        ]
        columns = self.epsilon, self.realised, self.discrepancy, self.bound, self.theorem
        rows = zip(*columns, strict=True)
        for k, (zeros, row) in enumerate(zip(self.network.zeros, rows, strict=True)):
            e, r, d, b, t = row
            lines.append(
                f"  {k:5d}  {zeros:5.0%}  {e:7.3g}  {r:7.3g}  {d:11.3g}  {b:7.3g}  {t:7.3g}"
            )
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def prune(
    network: Network,
    X: Array,
    *,
    epsilon: float | Iterable[float],
    mode: str = "parallel",
    gamma: float | Iterable[float] = 1.1,
    kappa: float = 1.0,
    layers: Iterable[int] | None = None,
    balls: str = "layer",
    normalise: bool = False,
    penalise_bias: bool = True,
    refit: str | None = None,
    method: str = "auto",
    n_jobs: int = 1,
    progress: bool = True,
    **options: Any,
) -> PrunedNetwork:
    """Prune layers of a network on samples X (N, P) by Net-Trim, in parallel or as a cascade.

    epsilon    relative, >= 0: eps_l = epsilon |Y_l|_F. A number, or in parallel mode one for each
               pruned layer; in a cascade it is the first pruned layer's, the others follow
    mode       "parallel": every layer sees the original input; "cascade": what is pruned before it
    gamma      cascade only, >= 1: eps_l^2 = gamma (error that the old weights would leave)^2; a
               number, or one for each pruned layer after the first
    kappa      0 < kappa <= 1: the last layer gets kappa eps_L. Where that is infeasible, it is
               solved with kappa = 1, and the notes say so
    layers     which layers, from 0; None for all
    balls      "layer": one ball for all neurons, as in the papers; "neuron": one each, of the same
               total size, eps_lm = epsilon |Y_lm|_2; the promises are the same
    normalise  solve for the link-normalised network and scale back. Layer l then minimises
               S_(l-1) |U|_1 + |bias|_1 (link_normalise): only the price of a bias changes, and
               nothing in the first layer. epsilon is relative and does not change
    penalise_bias  False: the bias row is free
    refit      None, "least-squares", "relu": see kit/nettrim/refit.py. In a cascade the next layer
               sees the refitted one
    method, **options  handed to kit.nettrim.solve (tol, max_iter, feasibility, relax, ...)
    n_jobs     workers of joblib in parallel mode, one layer each (inside
               joblib.parallel_config(backend="dask") those of a Dask cluster); they take seconds to
               start. A cascade has no layers to share out
    progress   show a bar (tqdm.auto)

    Raises ValueError for arguments out of range. A method that does not converge is no error: see
    the certificates in `layers`; discrepancy <= bound holds for the network that is returned.
    """
    X = read_samples(network, X)
    choice("mode", mode, ("parallel", "cascade"))
    choice("balls", balls, ("layer", "neuron"))
    _check_refit(refit)
    flag("normalise", normalise)
    flag("penalise_bias", penalise_bias)
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int | np.integer) or n_jobs == 0:
        raise ValueError(f"n_jobs must be a whole number other than 0, got {shown(n_jobs)}")
    L = len(network)
    chosen = which_layers(layers, L)
    kappa = risk(kappa)
    share, growth = _shares(epsilon, chosen, L, mode), _growth(gamma, chosen, L)
    work, scales = link_normalise(network) if normalise else (network, np.ones(L))
    plan = Plan(work, X, tuple(chosen), share, growth, kappa, balls, penalise_bias, refit)
    run = in_parallel if mode == "parallel" else in_cascade
    done = run(plan, Solver(method, options, n_jobs, progress))
    trimmed = _assemble(network, work, {k: one.W for k, one in done.items()}, scales, normalise)
    if mode == "cascade" and L - 1 in done and chosen[0] != L - 1:
        growth[L - 1] *= done[L - 1].kappa
    radius = np.array([scales[k] * done[k].radius if k in done else 0.0 for k in range(L)])
    return _measured(network, trimmed, X, plan, mode, radius, growth, done, scales)


def _assemble(
    old: Network, work: Network, found: dict[int, Array], scales: Array, normalise: bool
) -> Network:
    """The network with the new layers; layers left alone are those of `old`, exactly."""
    L = len(old)
    weights = [found[k][:-1] if k in found else work.weights[k] for k in range(L)]
    biases = [found[k][-1] if k in found else work.biases[k] for k in range(L)]
    new = Network(tuple(weights), tuple(biases))
    if not normalise:
        return new
    new = link_restore(new, scales)
    kept = [new if k in found else old for k in range(L)]
    return Network(
        tuple(kept[k].weights[k] for k in range(L)), tuple(kept[k].biases[k] for k in range(L))
    )


def _measured(
    old: Network,
    new: Network,
    X: Array,
    plan: Plan,
    mode: str,
    epsilon: Array,
    growth: Array,
    done: dict[int, Layer],
    scales: Array,
) -> PrunedNetwork:
    """Measured and promised errors, by the formulas of kit/nettrim/promises.py."""
    L, first, free = len(old), plan.chosen[0], plan.refit == "least-squares"
    if mode == "parallel":
        realised, bound = promises.parallel(old, new, X, epsilon, list(done))
        price = 1 / np.append(1.0, scales[:-1])  # of a bias beside a weight, in this layer's units
        l1 = np.array([np.abs(W).sum() for W in old.weights])
        if plan.penalise_bias:
            l1 += price * [np.abs(b).sum() for b in old.biases]
        l1[[k for k in done if plan.refit]] = np.inf
        theorem = promises.theorem_1(epsilon, l1)
    else:
        realised, bound = promises.cascade(old, new, X, epsilon, growth, first)
        frobenius = np.array([np.linalg.norm(W) for W in old.weights])
        theorem = promises.theorem_2(epsilon[first], growth, frobenius, first)
        bound[first:] = np.inf if free else bound[first:]
    theorem[first:] = np.inf if free else theorem[first:]
    pairs = zip(forward(new, X), forward(old, X), strict=True)
    discrepancy = np.array([np.linalg.norm(a - b) for a, b in pairs])
    layers = tuple(done[k].answer if k in done else None for k in range(L))
    refitted = tuple(done[k].refitted if k in done else None for k in range(L))
    notes = tuple(note for one in done.values() for note in one.notes)
    return PrunedNetwork(
        new, layers, epsilon, realised, discrepancy, bound, theorem, refitted, notes
    )


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


def _check_refit(kind: object) -> None:
    if kind is not None:
        choice("refit", kind, REFITS[1:])
