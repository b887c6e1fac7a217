"""Measured errors of a pruned network beside what the two theorems promise.

Y_l is what layer l of the given network answers, Y^_l what the new one answers, and
D_l = |Y^_l - Y_l|_F. Write z^_l for what enters the ReLU of layer l. Net-Trim, arXiv 1611.05162:
Prop. 1, Theorems 1 and 2, Prop. S.1 (linear last layer); all forms below that hold without link
normalisation, or after a refit, are derived.

One layer. Let f(z) = sum over Omega of (z - y)^2 + sum over C of relu(z - 0)^2. Then

    |relu(z) - Y|_F^2 <= f(z)                                                           (Prop. 1)

since |relu(z) - y| <= |z - y| where y > 0, and relu(z) - y = relu(z) where y = 0.

PARALLEL. The layer alone, on the ORIGINAL input, errs by e_l = |relu(W^_l'Y_(l-1)) - Y_l|_F, and
e_l <= eps_l if W^_l is feasible. An iterative method may exceed its constraints a little, so take
e'_l = max(eps_l, e_l). relu does not increase distances, so

    D_l <= |relu(W^_l'Y^_(l-1)) - relu(W^_l'Y_(l-1))|_F + e_l <= |W^_l|_2 D_(l-1) + e'_l,
    D_l <= sum_(j <= l) e'_j  prod_(j < i <= l) |W^_i|_2                                    (bound)

|.|_2 is the largest singular value of the new weights WITHOUT the bias row: the row of ones is the
same for both inputs, and cancels. Theorem 1 knows only the old weights: |W^|_2 <= |W^|_F <= |W^|_1
<= |W|_1, the last because the old weights are feasible and the new ones optimal,

    D_l <= sum_(j <= l) eps_j  prod_(j < i <= l) |W_i|_1                                  (theorem)

with the bias in the norm where it is in the objective. Link-normalised, the constant is 1.

CASCADE. On the pruned input, V = W_l'Y^_(l-1), eps_l^2 = gamma_l sum over Omega (V - Y_l)^2. So

    D_l^2 <= f(z^_l) <= eps_l^2 + sum over C of relu(V)^2 <= gamma_l |W_l'(Y^_(l-1) - Y_(l-1))|_F^2,

as relu(v) <= |v - w'y| where w'y <= 0. Hence, with g_l = sqrt(gamma_l) (1 where left alone), and
g_L = kappa sqrt(gamma_L) in the linear last layer,

    D_l <= g_l |W_l|_2 D_(l-1)       bound    (in its place sqrt f(z^_l), measured, where larger)
    D_l <= eps_1 prod_(1 < j <= l) g_j |W_j|_F                                            (theorem)

Link-normalised, |W_j|_F <= 1 leaves Theorem 2: eps_1 prod sqrt(gamma_j).

A REFIT changes W^ after the program. "relu" lowers f, starting from the feasible answer: e_l <=
eps_l and D_l^2 <= f stay, and with them both bounds and the theorem of the cascade; the norm of the
refitted weights is not limited by |W|_1, so the theorem of the parallel mode promises nothing
behind a refitted layer. "least-squares" may leave the constraints: no theorem is left; the bound of
the parallel mode holds for any weights, the one of the cascade is inf.
"""

import numpy as np

from kit.nettrim.networks import Network, forward
from kit.results import Array


def surrogate(Z: Array, Y: Array, linear: bool) -> float:
    """sqrt f(Z), f = sum over Y > 0 of (Z - Y)^2 + sum elsewhere of relu(Z)^2; linear: |Z - Y|_F.

    Z, Y (M, P). At least |relu(Z) - Y|_F, convex in Z, and epsilon for a tight answer of Net-Trim.
    """
    return float(np.linalg.norm(Z - Y if linear else np.where(Y > 0, Z - Y, np.maximum(Z, 0))))


def parallel(
    old: Network, new: Network, X: Array, epsilon: Array, pruned: list[int]
) -> tuple[Array, Array]:
    """(e_l, bound_l) of every layer (module docstring), for ANY new weights; epsilon (L,)."""
    Y, L = forward(old, X), len(old)
    realised, bound = np.zeros(L), np.zeros(L)
    for k, below in enumerate([X, *Y[:-1]]):
        Z = new.weights[k].T @ below + new.biases[k][:, None]
        alone = np.maximum(Z, 0) if k < L - 1 else Z
        realised[k] = np.linalg.norm(alone - Y[k]) if k in pruned else 0.0
        stretch = np.linalg.norm(new.weights[k], 2)
        bound[k] = max(epsilon[k], realised[k]) + (stretch * bound[k - 1] if k else 0.0)
    return realised, bound


def cascade(
    old: Network, new: Network, X: Array, epsilon: Array, growth: Array, first: int
) -> tuple[Array, Array]:
    """(e_l, bound_l) of every layer: e_l = D_l here. growth (L,) holds g_l, first the layer."""
    Y, Y_new, L = forward(old, X), forward(new, X), len(old)
    realised, bound = np.zeros(L), np.zeros(L)
    for k in range(first, L):
        below = Y_new[k - 1] if k else X
        Z = new.weights[k].T @ below + new.biases[k][:, None]
        realised[k] = np.linalg.norm(Y_new[k] - Y[k])
        stretch = np.linalg.norm(old.weights[k], 2)
        promised = growth[k] * stretch * bound[k - 1] if k > first else epsilon[k]
        bound[k] = max(promised, surrogate(Z, Y[k], k == L - 1))
    return realised, bound


def theorem_1(epsilon: Array, norms: Array) -> Array:
    """sum_(j <= l) eps_j prod_(j < i <= l) norms_i: (L,), from epsilon (L,) and |W_i|_1 (L,)."""
    total = np.zeros(len(epsilon))
    for k, (radius, norm) in enumerate(zip(epsilon, norms, strict=True)):
        before = norm * total[k - 1] if k and total[k - 1] else 0.0
        total[k] = radius + before
    return total


def theorem_2(epsilon: float, growth: Array, norms: Array, first: int) -> Array:
    """eps prod_(first < j <= l) growth_j norms_j: (L,), 0 before the first pruned layer."""
    total = np.zeros(len(norms))
    for k in range(first, len(norms)):
        total[k] = growth[k] * norms[k] * total[k - 1] if k > first else epsilon
    return total
