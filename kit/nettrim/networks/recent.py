"""Two recent rivals of Net-Trim, from their papers' formulas: FISTAPruner and ALPS.

Both change the weights of a layer W (N + 1, M) on its inputs X~ towards Z = W_0'X~, and so see them
through H = X~X~' alone: |W'X~ - Z|_F^2 = tr (W - W_0)'H (W - W_0). The bias, last row, is free.

FISTAPRUNER (Zhao et al., arXiv 2408.03728) minimises

    1/2 |W'X~ - Z|_F^2 + lambda |W|_1

by FISTA, with L the largest eigenvalue of H, t_1 = 1, V_1 = W_1:

    W_(k+1) = S_(lambda / L)( V_k - H (V_k - W_0) / L ),    t_(k+1) = (1 + sqrt(1 + 4 t_k^2)) / 2,
    V_(k+1) = W_(k+1) + (t_k - 1) / t_(k+1) (W_(k+1) - W_k),

then keeps the largest weights, as many as wanted. What rounding costs is E_round = |W_round'X~ -
W'X~|_F, of E_total = |W_round'X~ - Z|_F. If its share is above xi, lambda is too small: bisection
on lambda; the best E_total met is the answer. That it is this convex model, solved by FISTA, stands
in the paper's abstract; the bisection is rebuilt from memory, and xi and the bracket are ours.

ALPS (Meng et al., arXiv 2406.07831) keeps the number of weights as a constraint:

    min |W'X~ - Z|_F^2  s.t.  |W|_0 <= k,    by ADMM on copies W = D, D with k weights at most:
    W <- (H + rho)^-1 (H W_0 - V + rho D),   D <- k largest of W + V / rho,   V <- V + rho (W - D).

Columns of the form are scaled to H_nn = 1, H damped by 1 % of its mean diagonal. Every three steps
rho grows, by 1.3, 1.2 or 1.1 as the support of D has changed in more than 10 %, more than 0.5 %, or
any of its k places, and the end is where it has not changed; a first rho that is too large already
is divided by 5. Then least squares on the support (there: ten steps of conjugate gradients; here
solved). Schedule as in the authors' published code.
"""

from collections.abc import Iterable

import numpy as np

from kit.nettrim.networks.rivals import Method, Trained, gram, largest, least_squares
from kit.prox import soft_threshold
from kit.results import Array

XI, BISECTIONS = 0.3, 12  # share of the rounding in the error; halvings of log lambda
STEPS, STILL = 2000, 1e-7  # of FISTA: at most, and the relative change at which it ends


def fista(layer: Trained, lam: float, start: Array) -> Array:
    """argmin 1/2 |W'X~ - Z|_F^2 + lam |W without biases|_1, from W = start."""
    H = layer.X @ layer.X.T
    L = np.linalg.eigvalsh(H)[-1] or 1.0
    price = np.full((len(H), 1), lam / L)
    price[-1] = 0
    W = V = start
    t = 1.0
    for _ in range(STEPS):
        new = soft_threshold(V - H @ (V - layer.W) / L, price)
        after = (1 + np.sqrt(1 + 4 * t * t)) / 2
        V = new + (t - 1) / after * (new - W)
        moved, W, t = np.linalg.norm(new - W), new, after
        if moved <= STILL * np.linalg.norm(W):
            break
    return W


def fistapruner(layer: Trained, keep: Iterable[int]) -> list[Array]:
    """FISTA, rounding, bisection on lambda, for each number of weights in keep."""
    H = layer.X @ layer.X.T
    most = np.abs(H @ layer.W).max()  # from here on W = 0 but for the biases
    answers = []
    for k in keep:
        low, high, best, W = 1e-6 * most, most, (np.inf, layer.W), layer.W
        for _ in range(BISECTIONS):
            lam = np.sqrt(low * high)
            W = fista(layer, lam, W)
            rounded = largest(W, np.abs(W[:-1]), k)
            lost, total = (np.linalg.norm((rounded - U).T @ layer.X) for U in (W, layer.W))
            best = min(best, (total, rounded), key=lambda pair: pair[0])
            low, high = (lam, high) if lost > XI * total else (low, lam)
        answers.append(best[1])
    return answers


def alps(layer: Trained, keep: Iterable[int]) -> list[Array]:
    """ADMM with exact support, then least squares on it, for each number of weights in keep."""
    H = gram(layer.X, 0.01)
    scale = np.sqrt(np.diag(H))[:, None]
    H = H / scale / scale.T
    values, Q = np.linalg.eigh(H)
    return [least_squares(layer, _support(H, values, Q, layer.W * scale, k) / scale) for k in keep]


def _support(H: Array, values: Array, Q: Array, W0: Array, k: int) -> Array:
    """W0 scaled, (N + 1, M) -> the D of the last step, with k weights and the biases."""

    def cut(W: Array) -> Array:
        return largest(W, np.abs(W[:-1]), k)

    goal, rho, growing = H @ W0, 0.1, False
    D, V = cut(W0), np.zeros_like(W0)
    before = D[:-1] != 0
    for step in range(1, 301):
        W = Q @ ((Q.T @ (goal - V + rho * D)) / (values + rho)[:, None])
        D = cut(W + V / rho)
        V = V + rho * (W - D)
        if step % 3:
            continue
        changed, before = np.count_nonzero(before != (D[:-1] != 0)), D[:-1] != 0
        if changed > 0.005 * k or (changed and growing):
            rho *= 1.3 if changed > 0.1 * k else 1.2 if changed > 0.005 * k else 1.1
            growing = True
        elif growing:
            break
        else:  # rho is too large: nothing moves; from the start with less
            rho /= 5
            if changed:
                D, V = cut(W0), np.zeros_like(W0)
    return D


RECENT: dict[str, Method] = {"fistapruner": fistapruner, "alps": alps}
