"""Measured errors of a pruned network beside what the two theorems promise.

Y_l is what layer l of the given network answers, Y^_l what the new one answers, and
D_l = |Y^_l - Y_l|_F. Write z^_l for what enters the ReLU of layer l. Net-Trim, arXiv 1611.05162:
Prop. 1, Theorems 1 and 2, Prop. S.1 (linear last layer); all forms below that hold without link
normalisation, for convolutions, or after a refit, are derived.

One layer. Let f(z) = sum over Omega of (z - y)^2 + sum over C of relu(z - 0)^2. Then

    |relu(z) - Y|_F^2 <= f(z)                                                           (Prop. 1)

since |relu(z) - y| <= |z - y| where y > 0, and relu(z) - y = relu(z) where y = 0.

A CHAIN. Let what enters layer l be made from the answers of layer l - 1 by maps that do not
increase distances: relu, dropout at rest, flattening, pooling with windows that do not overlap. A
convolution lays every entry into s_l^2 of its patches at most, s_l^2 = number of places of a filter
that see one pixel (1 for a dense layer): patches of two images differ by s_l times what they do.
Where anything else stands between two layers, a sum say, nothing is promised: inf.

PARALLEL. The layer alone, on the ORIGINAL input, errs by e_l = |relu(W^_l'Y_(l-1)) - Y_l|_F, and
e_l <= eps_l if W^_l is feasible. An iterative method may exceed its constraints a little, so take
e'_l = max(eps_l, e_l). relu does not increase distances, so

    D_l <= |relu(W^_l'Y^_(l-1)) - relu(W^_l'Y_(l-1))|_F + e_l <= s_l |W^_l|_2 D_(l-1) + e'_l,
    D_l <= sum_(j <= l) e'_j  prod_(j < i <= l) s_i |W^_i|_2                              (bound)

|.|_2 is the largest singular value of the new weights WITHOUT the bias row: the row of ones is the
same for both inputs, and cancels. Theorem 1 knows only the old weights: |W^|_2 <= |W^|_F <= |W^|_1
<= |W|_1, the last because the old weights are feasible and the new ones optimal,

    D_l <= sum_(j <= l) eps_j  prod_(j < i <= l) s_i |W_i|_1                            (theorem)

with the bias in the norm where it is in the objective. Link-normalised, the constant is 1.

CASCADE. On the pruned input, V = W_l'Y^_(l-1), eps_l^2 = gamma_l sum over Omega (V - Y_l)^2. So

    D_l^2 <= f(z^_l) <= eps_l^2 + sum over C of relu(V)^2 <= gamma_l |W_l'(Y^_(l-1) - Y_(l-1))|_F^2,

as relu(v) <= |v - w'y| where w'y <= 0. Hence, with g_l = sqrt(gamma_l) (1 where left alone), and
g_L = kappa sqrt(gamma_L) in a linear last layer,

    D_l <= g_l s_l |W_l|_2 D_(l-1)   bound    (in its place sqrt f(z^_l), measured, where larger)
    D_l <= eps_1 prod_(1 < j <= l) g_j s_j |W_j|_F                                      (theorem)

Link-normalised, |W_j|_F <= 1 leaves Theorem 2: eps_1 prod sqrt(gamma_j). A layer that still sees
the original input, to the last bit, starts anew with its own eps.

A REFIT changes W^ after the program. "relu" lowers f, starting from the feasible answer: e_l <=
eps_l and D_l^2 <= f stay, and with them both bounds and the theorem of the cascade; the norm of the
refitted weights is not limited by |W|_1, so the theorem of the parallel mode promises nothing
behind a refitted layer. "least-squares" may leave the constraints: no theorem is left; the bound of
the parallel mode holds for any weights, the one of the cascade is inf.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kit.results import Array


@dataclass(frozen=True, eq=False)
class Link:
    """A layer, measured once the network is pruned: what its promise needs, and the report tells.

    Without arguments a layer that was left alone, and of which nothing is known.
    """

    below: int | None = None  # the layer whose answers are its inputs; None: samples, or several
    stretch: float = np.inf  # s_l; inf where something else stands between
    exact: bool = False  # its inputs are those of the original network, to the last bit
    epsilon: float = 0.0  # eps_l, 0 where left alone
    growth: float = 1.0  # g_l, of a cascade
    alone: float = 0.0  # e_l
    f: float = np.inf  # sqrt f(z^_l)
    norms: tuple[float, float] = (1.0, 1.0)  # of its weights, in the bound and in the theorem
    discrepancy: float = np.nan  # |Y^_l - Y_l|_F
    size: float = np.nan  # |Y_l|_F
    zeros: float = np.nan  # share of weights, biases not counted
    shape: tuple[int, int] = (0, 0)  # (N, M)


def parallel(links: Sequence[Link]) -> tuple[Array, Array]:
    """(bound, theorem), each (L,): the bound holds for ANY new weights."""
    bound, theorem = np.zeros(len(links)), np.zeros(len(links))
    for k, one in enumerate(links):
        bound[k] = max(one.epsilon, one.alone) + _passed(one, bound, 0)
        theorem[k] = one.epsilon + _passed(one, theorem, 1)
    return bound, theorem


def cascade(links: Sequence[Link]) -> tuple[Array, Array]:
    """(bound, theorem), each (L,)."""
    bound, theorem = np.zeros(len(links)), np.zeros(len(links))
    for k, one in enumerate(links):
        first = one.epsilon if one.exact else 0.0
        bound[k] = max(first or one.growth * _passed(one, bound, 0), one.f)
        theorem[k] = first or one.growth * _passed(one, theorem, 1)
    return bound, theorem


def _passed(one: Link, total: Array, which: int) -> float:
    """What the error of the layer below can become: 0 without one, inf where nothing is known."""
    if one.exact:
        return 0.0
    before = np.inf if one.below is None else total[one.below]
    return 0.0 if before == 0 else one.stretch * one.norms[which] * before
