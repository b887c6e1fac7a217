"""The paper's ADMM for one Net-Trim layer, all neurons at once.

    min |W|_1  s.t.  |(W'X - Y)_Omega|_F <= epsilon,  (W'X)_C <= V_C

Split into three copies, W1 = W3'X (M, P) and W2 = W3 (N, M); U1, U2 are the scaled multipliers, and
everything starts at 0:

    W1 <- nearest point of the constraint set to  W3'X - U1      (ball on Omega, min(., V) on C)
    W2 <- soft threshold of  W3 - U2  at level 1/rho
    W3 <- (X X' + I)^-1 ( X (W1 + U1)' + W2 + U2 )               (one Cholesky; rho drops out)
    U1 <- U1 + W1 - W3'X
    U2 <- U2 + W2 - W3

Fast Convex Pruning, arXiv 1806.06457, Algorithm 1 (matrix case); the authors' code first divides X,
Y, V and epsilon by c0 = 0.3 sqrt(max X X'), which leaves W as it is: so here. Over-relaxation
(relax = 1: the paper's) replaces W1 by relax W1 + (1 - relax) W3'X, and W2 by
relax W2 + (1 - relax) W3, in the last three lines, where W3 is the one before the update.

The answer is W2, whose zeros are exact. The dual (derived): stationarity in W3 is X U1' + U2 = 0,
in W2 it is -rho U2 in the subdifferential of |W2|_1, so Q = rho U1 / c0 in the units of X.

rho sets the threshold 1/rho, which must fit the size of the weights. Default (ours): 1/rho is the
mean absolute weight of the ridge solution (X X' + I)^-1 X T'.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from kit.arguments import number
from kit.nettrim.problem import NetTrim
from kit.prox import soft_threshold
from kit.results import Array


@dataclass(frozen=True, eq=False)
class State:
    """One iteration: the answer so far, its dual, and the scalars that become curves."""

    W: Array  # (N, M), exact zeros
    Q: Array  # (M, P)
    objective: float  # |W|_1
    primal: float  # |(W1 - W3'X, W2 - W3)|_F / |(W3'X, W3)|_F
    change: float  # |W3 - last W3|_F / |(W3'X, W3)|_F


def project_layer(Z: Array, Y: Array, Omega: Array, V: Array, epsilon: float | Array) -> Array:
    """Nearest point to Z (M, P) of { |(Z - Y)_Omega|_F <= epsilon, Z <= V elsewhere }."""
    step = np.where(Omega, Z - Y, 0)
    each, radius = 1 if np.ndim(epsilon) else None, np.reshape(epsilon, (-1, 1))
    length = np.linalg.norm(step, axis=each, keepdims=True)  # (1, 1) or (M, 1)
    shrink = np.where(length > radius, radius / np.where(length > 0, length, 1), 1)
    return np.where(Omega, Y + shrink * step, np.minimum(Z, V))


def admm(problem: NetTrim, *, rho: float | None = None, relax: float = 1.0) -> Iterator[State]:
    """Yield one state per iteration, for ever; `kit.iterate.drive` decides when to stop.

    rho    > 0, scaled as in the paper's code; None: 1 / (mean |ridge solution|)
    relax  over-relaxation, 0 < relax < 2; 1 is the paper's iteration, 1.7 is usually faster

    Raises ValueError for parameters out of range.
    """
    relax = number("relax", relax, least=0, above=True)
    if relax >= 2:
        raise ValueError(f"relax must be < 2, got {relax:g}")
    N, M, P = problem.shape
    c0 = 0.3 * np.linalg.norm(problem.X, axis=1).max() or 1.0
    X, Y, V, epsilon = (v / c0 for v in (problem.X, problem.Y, problem.V, problem.epsilon))
    gram = cho_factor(X @ X.T + np.eye(N))
    if rho is None:
        size = np.abs(cho_solve(gram, X @ (problem.target / c0).T)).mean()
        rho = 1 / size if size > 0 else 1.0
    rho = number("rho", rho, least=0, above=True)
    W3, U1, U2 = np.zeros((N, M)), np.zeros((M, P)), np.zeros((N, M))
    Z = W3.T @ X
    while True:
        W1 = project_layer(Z - U1, Y, problem.Omega, V, epsilon)
        W2 = soft_threshold(W3 - U2, problem.price[:, None] / rho)  # a free row has price 0
        U1 += relax * W1 + (1 - relax) * Z
        U2 += relax * W2 + (1 - relax) * W3
        last, W3 = W3, cho_solve(gram, X @ U1.T + U2)
        Z = W3.T @ X
        U1 -= Z
        U2 -= W3
        size = max(np.hypot(np.linalg.norm(Z), np.linalg.norm(W3)), np.finfo(float).tiny)
        primal = np.hypot(np.linalg.norm(W1 - Z), np.linalg.norm(W2 - W3)) / size
        change = np.linalg.norm(W3 - last) / size
        objective = float((problem.price @ np.abs(W2)).sum())
        yield State(W2, (rho / c0) * U1, objective, float(primal), float(change))
