"""Ledger of paper 2: Net-Trim's consistency theorems, certificates, and numbers of samples."""

from collections.abc import Callable, Mapping

import numpy as np

from kit import nettrim
from kit.experiments.ledger import Pair, Rng, Theorem, theorem
from kit.experiments.neurons import dual_size, neuron, neuron_chance
from kit.nettrim import NetTrim, Network
from kit.results import Array

GAMMA = 1.1
LINKED = {"the network is link-normalised: |W_l|_1 = 1": {"normalised": False}}
CHAIN = LINKED | {"every layer is feasible": {"stretch": 30.0}}  # and what breaks each hypothesis
PARALLEL = LINKED | {"every layer is feasible, and |W^_l|_1 <= |W_l|_1": {"stretch": 30.0}}
SLACK = 1e-5  # relative: a certified answer may exceed its constraints by 1e-6


def _layer(rng: Rng, N: int = 8, M: int = 5, P: int = 60) -> tuple[Array, Array, Array]:
    """X (N, P), W (N, M) and Y = relu(W'X) of a random layer."""
    X, W = rng.standard_normal((N, P)), rng.standard_normal((N, M))
    return X, W, np.maximum(W.T @ X, 0)


@theorem(
    "Proposition 1",
    "|relu(W^'X) - Y|_F <= epsilon for every W^ in C_epsilon(X, Y, 0)",
    "Net-Trim, arXiv 1611.05162, supplement 4.1",
    "<=",
    {"W^'X <= 0 where Y = 0": {"V": 1e3}, "|(W^'X - Y)_Omega|_F <= epsilon": {"stretch": 0.8}},
    tol=SLACK,
)
def proposition_1(rng: Rng, V: float = 0.0, stretch: float = 1.0) -> Pair:
    """Error of a pruned layer over epsilon = 0.1 |Y|_F; V lets silent neurons speak."""
    X, _, Y = _layer(rng, N=15, P=20)
    epsilon = 0.1 * np.linalg.norm(Y)
    W = stretch * nettrim.solve(NetTrim(X, Y, epsilon, V)).W
    return np.linalg.norm(np.maximum(W.T @ X, 0) - Y) / epsilon, 1.0


def _on_chain(
    setting: tuple[str, int, float | Array],
    name: str,
    statement: str,
    source: str,
    hypotheses: Mapping[str, dict] = CHAIN,
    norm: Callable[[Array], float] | None = None,
) -> Theorem:
    """Error of a layer of a pruned network 6-10-8-3 on 60 samples <= what is promised:

    promised_l = epsilon_l |Y_l|_F + norm(W_l) promised_(l-1), in a cascade from the second layer on
    sqrt(gamma) norm(W_l) promised_(l-1)

    setting  mode, layer, relative epsilon
    norm     None: 1, for a link-normalised network, where none is above it; else for one as drawn

    stretch: the pruned weights are so many times as large.
    """
    mode, layer, epsilon = setting

    def measure(rng: Rng, normalised: bool = True, stretch: float = 1.0) -> Pair:
        weights = tuple(rng.standard_normal(size) for size in ((6, 10), (10, 8), (8, 3)))
        net = Network(weights, tuple(np.zeros(W.shape[1]) for W in weights))
        net, X = nettrim.link_normalise(net)[0] if normalised else net, rng.standard_normal((6, 60))
        new = nettrim.prune(net, X, epsilon=epsilon, mode=mode, gamma=GAMMA, progress=False).network
        grown = Network(tuple(stretch * W for W in new.weights), new.biases)
        outputs, targets = (nettrim.forward(network, X)[: layer + 1] for network in (grown, net))
        promised = 0.0
        for k, share in enumerate(np.broadcast_to(epsilon, 3)[: layer + 1]):
            own = share * np.linalg.norm(targets[k])
            passed = promised * (norm(net.weights[k]) if norm else 1.0)
            promised = own + passed if k == 0 or mode == "parallel" else np.sqrt(GAMMA) * passed
        return np.linalg.norm(outputs[layer] - targets[layer]) / promised, 1.0

    drawn = (lambda rng, stretch=1.0: measure(rng, False, stretch)) if norm else measure
    return Theorem(name, statement, source, "<=", hypotheses, drawn, SLACK)


SUPPLEMENT = "Net-Trim, arXiv 1611.05162, supplement"
PROMISES = "derived (kit.nettrim.networks.promises, lesson 23)"
FIRST = np.array([0.3, 1e-3, 1e-3])  # later layers add little of their own, and pass on much

theorem_1 = _on_chain(
    ("parallel", 1, FIRST),
    "Theorem 1",
    "parallel: |Y^_l - Y_l|_F <= sum over j <= l of epsilon_j",
    f"{SUPPLEMENT} 4.2",
    PARALLEL,
)
proposition_s1 = _on_chain(
    ("parallel", 2, FIRST),
    "Proposition S.1",
    "the bound of Theorem 1 holds at a last layer that is linear: |W^'Y - Y_L|_F <= epsilon_L",
    f"{SUPPLEMENT} section 2",
    PARALLEL,
)
theorem_1_any = _on_chain(
    ("parallel", 2, 0.3),
    "Theorem 1, any network",
    "parallel: |Y^_l - Y_l|_F <= sum_j epsilon_j prod over j < i <= l of |W_i|_1",
    PROMISES,
    {"every layer is feasible, and W^_i no larger than W_i": {"stretch": 20.0}},
    lambda W: np.abs(W).sum(),
)
theorem_2 = _on_chain(
    ("cascade", 1, 0.3),
    "Theorem 2",
    "cascade: |Y^_l - Y_l|_F <= epsilon_1 sqrt(gamma_2 ... gamma_l)",
    f"{SUPPLEMENT} 4.3",
)
proposition_s1_cascade = _on_chain(
    ("cascade", 2, 0.3),
    "Proposition S.1, cascade",
    "the bound of Theorem 2 holds at a last layer that is linear",
    f"{SUPPLEMENT} section 2",
)
theorem_2_any = _on_chain(
    ("cascade", 2, 0.3),
    "Theorem 2, any network",
    "cascade: |Y^_l - Y_l|_F <= epsilon_1 prod over 2 <= j <= l of sqrt(gamma_j) |W_j|_F",
    PROMISES,
    {"every layer is feasible": {"stretch": 20.0}},
    np.linalg.norm,
)


@theorem(
    "One layer is no longer than it was",
    "|W^|_1 <= |W|_1 for every epsilon >= 0",
    "derived: the old weights are feasible",
    "<=",
    {"V = 0, or the given weights meet it": {"V": -1.0}},
    tol=SLACK,
)
def shorter(rng: Rng, V: float = 0.0) -> Pair:
    """|W^|_1 / |W|_1 at epsilon = 1 % of |Y|_F; V = -1 asks silent neurons to be more so."""
    X, W, Y = _layer(rng)
    answer = nettrim.solve(NetTrim(X, Y, 0.01 * np.linalg.norm(Y), V))
    return (answer.report.certificate.upper / np.abs(W).sum(), 1.0)


@theorem(
    "Net-Trim: weak duality",
    "|u|_1 >= (q't - epsilon |q_Omega|_2) / |X q|_inf for feasible u, and any q <= 0 off Omega "
    "with X q not 0",
    "derived (kit.nettrim.certificate, lesson 21)",
    ">=",
    {"u is feasible": {"shrink": 0.8}, "q <= 0 off Omega": {"sign": -1.0}},
    tol=1e-6,
)
def weak_duality(rng: Rng, shrink: float = 1.0, sign: float = 1.0) -> Pair:
    """|shrink u|_1 / |u|_1 of the optimum, and the bound from its dual, over the same."""
    X, _, Y = _layer(rng, M=1)
    problem = NetTrim(X, Y, 0.05 * np.linalg.norm(Y), 5.0)  # V > 0: a wrong sign would help
    answer = nettrim.solve(problem)
    q = answer.dual[0]
    off = ~problem.Omega[0]
    q = np.where(off, np.minimum(q, 0), q)
    q[off] -= 1e-3 * np.abs(q).max()  # still a dual, of a slightly lower bound
    q[off] *= sign
    bound = q @ problem.target[0] - problem.epsilon * np.linalg.norm(q[~off])
    size = np.abs(answer.W).sum()
    return shrink, bound / np.abs(X @ q).max() / size


@theorem(
    "Proposition 2",
    "w is the only optimum at epsilon = 0 if X_Omega v = sign(w) on its support, |X_Omega v| < 1 "
    "off it, and the rows of X_Omega on the support are independent",
    "Net-Trim, arXiv 1611.05162, supplement 4.4",
    "=",
    {"there is such a v": {"P": 6}},
    tol=1e-5,
)
def proposition_2(rng: Rng, P: int = 60) -> Pair:
    """Distance of the solver's answer to w, relative, for a neuron with 3 of 30 weights."""
    X, w = neuron(rng, P, 30, 3)
    y = np.maximum(w @ X, 0)[None]
    answer = nettrim.solve(NetTrim(X, y, 1e-9 * np.linalg.norm(y)), "exact")
    return np.linalg.norm(answer.W[:, 0] - w) / np.linalg.norm(w), 0.0


@theorem(
    "Theorem 3",
    "P = (11 s + 7) mu log N Gaussian samples give w with probability >= 1 - N^(1 - mu)",
    "Net-Trim, arXiv 1611.05162, supplement 4.5",
    ">=",
    {
        "there are so many samples": {"share": 0.06},
        "the samples are independent": {"repeats": 25},
        "w has s nonzeros": {"extra": 60},
    },
)
def theorem_3(rng: Rng, share: float = 1.0, repeats: int = 1, extra: int = 0) -> Pair:
    """Share of 5 neurons recovered at N = 150, s = 2, mu = 1.2; repeats: each sample so often."""
    N, s, mu, hits = 150, 2, 1.2, 0
    P = int(share * (11 * s + 7) * mu * np.log(N))
    for _ in range(5):
        X, w = neuron(rng, -(-P // repeats), N, s + extra)
        hits += dual_size(np.repeat(X, repeats, axis=1), w) < 1
    return hits / 5, 1 - N ** (1 - mu)


@theorem(
    "A neuron is l1 with a binomial number of equations",
    "P(recovered) = sum_k P(Bin(P, 1/2) = k) P(l1 finds w from k Gaussian equations), for Gaussian "
    "samples",
    "derived (lesson 24); the chance of l1 by its statistical dimension, arXiv 1303.6672, and the "
    "normal shape of its cone's intrinsic volumes, arXiv 1411.6265",
    "=",
    {"samples are symmetric about 0": {"shift": 2.0}, "w has s nonzeros": {"extra": 4}},
    tol=4 * np.sqrt(0.25 / 100) + 0.03,  # chance, and the normal approximation
)
def binomial(rng: Rng, shift: float = 0.0, extra: int = 0) -> Pair:
    """Share of 100 neurons recovered at N = 30, s = 3, P = 21; shift: samples moved along w."""
    N, s, P, hits = 30, 3, 21, 0
    for _ in range(100):
        X, w = neuron(rng, P, N, s + extra)
        X = X + shift * (w / np.linalg.norm(w))[:, None]
        hits += dual_size(X, w) < 1
    return hits / 100, neuron_chance(P, N, s)


@theorem(
    "Zeros that are proved",
    "every optimal u has |u_j| <= gap / (1 - |(X q)_j|) where |(X q)_j| < 1, with q <= 0 off Omega "
    "scaled to |X q|_inf <= 1, gap absolute",
    "derived (kit.nettrim.reading, lesson 22)",
    "<=",
    {"the gap is not understated": {"share": 1e-3}},
    tol=1e-7,
)
def proved_zeros(rng: Rng, share: float = 1.0) -> Pair:
    """Largest |u_j| (1 - |(X q)_j|) / (share gap) over some feasible u."""
    X, W, Y = _layer(rng, M=1)
    problem = NetTrim(X, Y, 0.6 * np.linalg.norm(Y))
    answer = nettrim.solve(problem)
    q = answer.dual[0] / np.abs(X @ answer.dual[0]).max()
    bound = q @ problem.target[0] - problem.epsilon * np.linalg.norm(q[problem.Omega[0]])
    slack = 1 - np.abs(X @ q)
    step = np.linspace(0.1, 1, 10)[:, None]
    us = (1 - step) * answer.W[:, 0] + step * W[:, 0]  # between the optimum and the old weights
    gaps = np.abs(us).sum(axis=1, keepdims=True) - bound
    return np.max(np.abs(us) * slack / (share * gaps)), 1.0
