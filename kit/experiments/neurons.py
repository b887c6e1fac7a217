"""Trials of paper 2: how many samples give a neuron back, and what pruning a network costs.

A neuron is recovered when its weights are the only optimum of Net-Trim with epsilon = 0. A dual
certificate decides that, and a row keeps the number that decides.
"""

from functools import lru_cache

import numpy as np
from scipy.optimize import linprog
from scipy.stats import binom, norm

from kit.arguments import real_array, whole
from kit.nettrim import Network, forward, prune
from kit.results import Array


def neuron(rng: np.random.Generator, P: int, N: int, s: int) -> tuple[Array, Array]:
    """X (N, P) standard normal, w (N,) with s standard normal entries at random places."""
    w = np.zeros(N)
    w[rng.permutation(N)[:s]] = rng.standard_normal(s)
    return rng.standard_normal((N, P)), w


def dual_size(X: Array, w: Array) -> float:
    """min over v of max |X v| off the support of w; X v = sign(w) on it, v_p = 0 where w'x_p <= 0.

    X (N, P), w (N,). w is optimal for min |u|_1 s.t. u'x = w'x where w'x > 0, u'x <= 0 elsewhere,
    iff this is <= 1, and then alone if it is < 1 and the active samples see the support: silent
    samples with w'x < 0 have no multiplier. inf if there is no such v. Source: Net-Trim,
    arXiv 1611.05162, Prop. 2; a linear program in v.
    """
    X, w = real_array("X", X, 2), real_array("w", w, 1)
    if len(w) != len(X):
        raise ValueError(f"w must have {len(X)} entries, as X has rows, got {len(w)}")
    A, on = X[:, w @ X > 0], w != 0
    k = A.shape[1]
    if k == 0:
        return np.inf
    off, one = A[~on], np.ones((np.count_nonzero(~on), 1))
    answer = linprog(
        np.r_[np.zeros(k), 1.0],
        A_ub=np.block([[off, -one], [-off, -one]]),
        b_ub=np.zeros(2 * len(off)),
        A_eq=np.c_[A[on], np.zeros(np.count_nonzero(on))],
        b_eq=np.sign(w[on]),
        bounds=[(None, None)] * k + [(0, None)],
        options={"presolve": False},  # for so small a program it takes longer than it saves
    )
    return float(answer.fun) if answer.status == 0 else np.inf


def neuron_recovery(rng: np.random.Generator, P: int, N: int, s: int) -> list[dict]:
    """20 neurons on P Gaussian samples: dual_size (recovered iff < 1), number of active samples."""
    rows = []
    for X, w in (neuron(rng, P, N, s) for _ in range(20)):
        rows.append({"dual": dual_size(X, w), "active": int(np.count_nonzero(w @ X > 0))})
    return rows


def l1_cone(N: int, s: int) -> tuple[float, float]:
    """Statistical dimension delta of the l1 descent cone at an s-sparse point of R^N, and a spread.

    delta = E |projection of g on the cone|^2 = E min over tau >= 0 of
            sum on the support (g_i - tau)^2 + sum off it (|g_i| - tau)_+^2,      g normal;
    sigma^2 = variance of that minimum - 2 delta, the variance of the cone's intrinsic volumes.

    k Gaussian equations give the point by l1 with a chance of about Phi((k - delta) / sigma).
    By simulation from a fixed stream, to about 1 % of delta and 5 % of sigma. Source: Amelunxen,
    Lotz, McCoy and Tropp, arXiv 1303.6672; McCoy and Tropp, arXiv 1308.5265, for the variance;
    Goldstein, Nourdin and Peccati, arXiv 1411.6265, for the normal shape.
    """
    N, s = whole("N", N, least=1), whole("s", s, least=1)
    if s > N:
        raise ValueError(f"s must be at most N = {N}, got {s}")
    return _l1_cone(N, s)


@lru_cache
def _l1_cone(N: int, s: int) -> tuple[float, float]:
    draws = 20_000
    g = np.random.default_rng(0).standard_normal((draws, N))
    on, off = g[:, :s], np.sort(np.abs(g[:, s:]), axis=1)[:, ::-1]
    # with the j largest entries off the support above tau, the best tau is a mean of s + j numbers
    total = np.c_[on.sum(axis=1), off].cumsum(axis=1)
    squares = np.c_[(on**2).sum(axis=1), off**2].cumsum(axis=1)
    tau = np.maximum(total / np.arange(s, N + 1), 0)
    first = (tau >= np.c_[off, np.zeros(draws)]).argmax(axis=1)  # the next entry is below tau
    at = np.arange(draws), first
    distance = squares[at] - 2 * tau[at] * total[at] + (s + first) * tau[at] ** 2
    delta = distance.mean()
    return float(delta), float(np.sqrt(max(distance.var() - 2 * delta, 1e-9)))


def neuron_chance(P: Array | int, N: int, s: int) -> Array:
    """About how likely P Gaussian samples are to give a neuron: sum_k P(Bin(P, 1/2) = k) f(k).

    f(k) = Phi((k - delta) / sigma) is the chance of l1 with k Gaussian equations (l1_cone). That a
    neuron is l1 with a binomial number of Gaussian equations is exact (lesson 24; derived); f is a
    normal approximation without a constant to fit. It crosses 1/2 at P of about 2 delta.
    """
    delta, sigma = l1_cone(N, s)
    P = np.asarray(P)[..., None]
    k = np.arange(P.max() + 1)
    return (binom.pmf(k, P, 0.5) * norm.cdf((k - delta) / sigma)).sum(axis=-1)


def teacher(rng: np.random.Generator) -> tuple[Network, Array]:
    """A network 20-40-40-10 in which half of the weights are 0, and 150 Gaussian samples."""
    sizes = ((20, 40), (40, 40), (40, 10))
    weights = tuple(rng.standard_normal(size) * (rng.random(size) < 0.5) for size in sizes)
    return Network(weights, tuple(np.zeros(n) for _, n in sizes)), rng.standard_normal((20, 150))


def pruned_network(rng: np.random.Generator, epsilon: float, mode: str) -> dict:
    """A teacher pruned in parallel or as a cascade: error and promise at the output, zeros.

    error, bound, theorem: relative to |Y_L|_F (PrunedNetwork); zeros: share of all weights.
    """
    network, X = teacher(rng)
    pruned = prune(network, X, epsilon=epsilon, mode=mode, progress=False)
    size = np.linalg.norm(forward(network, X)[-1])
    left = sum(np.count_nonzero(W) for W in pruned.network.weights)
    return {
        "error": pruned.discrepancy[-1] / size,
        "bound": pruned.bound[-1] / size,
        "theorem": pruned.theorem[-1] / size,
        "zeros": 1 - left / sum(W.size for W in network.weights),
    }
