"""Net-Trim on a network: every layer by itself (parallel), and what that promises for the whole.

    W^_l = argmin |U|_1  s.t.  U in C_eps_l( Y_(l-1), Y_l, 0 ),    eps_l = epsilon |Y_l|_F

Y_l are the outputs of the given network; the last layer is linear, Omega everything. The bias is
the last row of the weights and is penalised like any weight (as in the authors' code).
Net-Trim, arXiv 1611.05162: supplement (S.1), (S.5) for the last layer, Theorem 1 and Prop. S.1.

The promise (derived: Theorem 1 for networks that are not link-normalised, with measured quantities
where they are sharper). Let W^_l be any weights, Y^_l what the new network answers, Y^_0 = Y_0, and

    e_l = |relu(W^_l'Y_(l-1)) - Y_l|_F        the layer alone, on the ORIGINAL input.

Prop. 1: if W^_l is feasible then e_l <= eps_l, since |relu(z) - y| <= |z - y| on Omega, where
y > 0, and relu(z) = 0 = y off Omega, where z <= 0. An iterative method may exceed its constraints a
little, so take e'_l = max(eps_l, e_l). relu does not increase distances, so with
D_l = |Y^_l - Y_l|_F

    D_l <= |relu(W^_l'Y^_(l-1)) - relu(W^_l'Y_(l-1))|_F + e_l <= |W^_l|_2 D_(l-1) + e'_l,
    D_l <= sum_(j <= l) e'_j  prod_(j < i <= l) |W^_i|_2 =: bound_l.

|.|_2 is the largest singular value of the new weights WITHOUT the bias row: the row of ones is the
same for both inputs, and cancels. This is below the paper's constant, |W^|_2 <= |W^|_F <= |W^|_1
<= |W|_1 (the last because the old weights are feasible and the new ones optimal), which is 1 in a
link-normalised network: there D_l <= sum_j eps_j, Theorem 1. A layer left alone has e_l = 0.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from tqdm.auto import tqdm

from kit.arguments import choice, real_array, several, shown, whole
from kit.nettrim.networks import (
    Network,
    forward,
    link_normalise,
    link_restore,
    read_samples,
    with_ones,
)
from kit.nettrim.problem import NetTrim
from kit.nettrim.solve import solve
from kit.results import Array, Pruned


@dataclass(frozen=True, eq=False)
class PrunedNetwork:
    """A pruned network, the certified answers it is made of, and measured beside promised errors.

    layers       one Pruned for every layer, None where a layer was left alone; with normalise=True
                 they belong to the link-normalised network
    epsilon      eps_l, absolute (0 where left alone)
    realised     e_l = |relu(W^_l'Y_(l-1)) - Y_l|_F, one layer alone
    discrepancy  |Y^_l - Y_l|_F, all layers together
    bound        what the discrepancy cannot exceed (module docstring)
    """

    network: Network
    layers: tuple[Pruned | None, ...]
    epsilon: Array  # (n_layers,)
    realised: Array  # (n_layers,)
    discrepancy: Array  # (n_layers,)
    bound: Array  # (n_layers,)

    def __repr__(self) -> str:
        lines = [
            f"Pruned{self.network!r}",
            "  layer  zeros  epsilon    error  discrepancy    bound",
        ]
        rows = zip(self.epsilon, self.realised, self.discrepancy, self.bound, strict=True)
        for k, (zeros, row) in enumerate(zip(self.network.zeros, rows, strict=True)):
            e, r, d, b = row
            lines.append(f"  {k:5d}  {zeros:5.0%}  {e:7.3g}  {r:7.3g}  {d:11.3g}  {b:7.3g}")
        return "\n".join(lines)


def prune(
    network: Network,
    X: Array,
    *,
    epsilon: float | Iterable[float],
    mode: str = "parallel",
    layers: Iterable[int] | None = None,
    normalise: bool = False,
    method: str = "auto",
    n_jobs: int = 1,
    progress: bool = True,
    **options: Any,
) -> PrunedNetwork:
    """Prune layers of a network on samples X (N, P) by Net-Trim, each by itself.

    epsilon    relative, >= 0: eps_l = epsilon |Y_l|_F; one number, or one for each pruned layer
    mode       "parallel": every layer sees the original input
    layers     which layers, from 0; None for all
    normalise  solve for the link-normalised network and scale back. Layer l then minimises
               S_(l-1) |U|_1 + |bias|_1 (link_normalise): only the price of a bias changes, and
               nothing in the first layer. epsilon is relative and does not change
    method, **options  handed to kit.nettrim.solve (tol, max_iter, feasibility, relax, ...)
    n_jobs     processes of joblib, one layer each; they take seconds to start
    progress   show a bar (tqdm.auto)

    Raises ValueError for arguments out of range. A method that does not converge is no error: see
    the certificates in `layers`; discrepancy <= bound holds for the network that is returned.
    """
    X = read_samples(network, X)
    choice("mode", mode, ("parallel",))
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int | np.integer) or n_jobs == 0:
        raise ValueError(f"n_jobs must be a whole number other than 0, got {shown(n_jobs)}")
    chosen = _layers(layers, len(network))
    share = _shares(epsilon, chosen, len(network))
    work, scales = link_normalise(network) if normalise else (network, np.ones(len(network)))
    jobs = {k: _layer(work, X, k, share[k]) for k in chosen}
    answers = _solve_all(jobs, method, n_jobs, progress, options)
    weights, biases = list(work.weights), list(work.biases)
    for k, answer in answers.items():
        weights[k], biases[k] = answer.W[:-1], answer.W[-1]
    trimmed = Network(tuple(weights), tuple(biases))
    if normalise:
        trimmed = link_restore(trimmed, scales)
        kept = set(range(len(network))) - set(chosen)  # exactly, not to rounding
        weights = [(network if k in kept else trimmed).weights[k] for k in range(len(network))]
        biases = [(network if k in kept else trimmed).biases[k] for k in range(len(network))]
        trimmed = Network(tuple(weights), tuple(biases))
    return _measure(network, trimmed, X, share, tuple(answers.get(k) for k in range(len(network))))


def _measure(
    old: Network, new: Network, X: Array, share: Array, layers: tuple[Pruned | None, ...]
) -> PrunedNetwork:
    """Measured and promised errors, by the formulas of the module docstring."""
    Y, Y_new = forward(old, X), forward(new, X)
    inputs, L = [X, *Y[:-1]], len(old)
    realised, bound = np.zeros(L), np.zeros(L)
    epsilon = share * [np.linalg.norm(y) for y in Y]
    for k in range(L):
        Z = new.weights[k].T @ inputs[k] + new.biases[k][:, None]
        alone = np.maximum(Z, 0) if k < L - 1 else Z
        realised[k] = np.linalg.norm(alone - Y[k]) if layers[k] is not None else 0.0
        stretch = np.linalg.norm(new.weights[k], 2)
        bound[k] = max(epsilon[k], realised[k]) + (stretch * bound[k - 1] if k else 0.0)
    discrepancy = np.array([np.linalg.norm(a - b) for a, b in zip(Y_new, Y, strict=True)])
    return PrunedNetwork(new, layers, epsilon, realised, discrepancy, bound)


def _layer(network: Network, X: Array, k: int, share: float) -> NetTrim:
    """Layer k as a Net-Trim program, with the bias as last row; eps = share |Y|_F."""
    outputs = forward(network, X)
    below, Y = (outputs[k - 1] if k else X), outputs[k]
    Omega = np.ones(Y.shape, bool) if k == len(network) - 1 else None
    return NetTrim(with_ones(below), Y, share * np.linalg.norm(Y), Omega=Omega)


def _solve_all(
    jobs: dict[int, NetTrim], method: str, n_jobs: int, progress: bool, options: dict[str, Any]
) -> dict[int, Pruned]:
    with tqdm(total=len(jobs), desc="layers", disable=not progress) as bar:
        if n_jobs == 1:
            answers = {}
            for k, problem in jobs.items():
                callback = _watch(bar, k) if progress else None
                answers[k] = _solve_one(k, problem, method, options, callback)[1]
                bar.update()
            return answers
        found = Parallel(n_jobs, return_as="generator_unordered")(
            delayed(_solve_one)(k, problem, method, options, None) for k, problem in jobs.items()
        )
        answers = {}
        for k, answer in found:
            answers[k] = answer
            bar.update()
    return dict(sorted(answers.items()))


def _solve_one(
    k: int,
    problem: NetTrim,
    method: str,
    options: dict[str, Any],
    callback: Callable[[object], object] | None,
) -> tuple[int, Pruned]:
    return k, solve(problem, method, callback=callback, **options)


def _watch(bar: tqdm, k: int) -> Callable[[object], object]:
    """A callback that shows the iteration in the bar and calls nothing off."""
    count = 0

    def show(_state: object) -> bool:
        nonlocal count
        count += 1
        if count % 25 == 0:
            bar.set_postfix_str(f"layer {k}, iteration {count}")
        return False

    return show


def _layers(layers: Iterable[int] | None, L: int) -> list[int]:
    if layers is None:
        return list(range(L))
    chosen = sorted(whole("layers", k, least=0) for k in several("layers", layers))
    if not chosen or chosen[-1] >= L or len(set(chosen)) < len(chosen):
        raise ValueError(f"layers must name layers 0 to {L - 1}, each once, got {chosen}")
    return chosen


def _shares(epsilon: object, chosen: list[int], L: int) -> Array:
    values = real_array("epsilon", epsilon)
    if values.shape not in ((), (len(chosen),)):
        raise ValueError(
            f"epsilon must be a number or one for each of {len(chosen)} layers, "
            f"got shape {values.shape}"
        )
    if values.min() < 0:
        raise ValueError(f"epsilon must be >= 0, got {values.min():g}")
    share = np.zeros(L)
    share[chosen] = values
    return share
