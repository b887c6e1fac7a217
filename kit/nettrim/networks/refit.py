"""Weights fitted anew on a given support: what l1 shrank, grows back; what is 0 stays 0.

For one neuron with weights u on a support S (the bias always in it, as biases are not counted):

    least squares   min over u on S of  |X~'u - z|_2^2,  z (P,) wanted before the ReLU: closed form,
                    and the step that every pruning method since Optimal Brain Surgeon ends with
    relu            min over u on S of  f(u) = sum over y > 0 of (u'x - y)^2
                                             + sum over y = 0 of relu(u'x)^2

f is convex, at least |relu(X~'u) - y|^2 (promises.py), and falls from the start, so a
layer that Net-Trim has pruned keeps its promise through this refit. Newton's method: f is the sum
of squares of u'x - y over A = {y > 0} + {u'x > 0}; solve that least squares problem, go as far
towards it as f falls, take the new A. Source: derived.
"""

import numpy as np

from kit.arguments import choice, real_array
from kit.results import Array

REFITS = (None, "least-squares", "relu")


def refit(W: Array, X: Array, Y: Array, kind: str, *, steps: int = 50) -> Array:
    """Weights (N, M) like W, zeros in the same places, the others fitted to the samples.

    W     (N, M) start; the last row is the bias, free in the neurons that have any weight left
    X     (N, P) with its row of ones
    Y     (M, P) what is wanted before the ReLU; for "relu" below 0 is as good as 0
    kind  "least-squares" or "relu"

    Raises ValueError for shapes that do not match and other kinds.
    """
    choice("kind", kind, REFITS[1:])
    W, X, Y = (real_array(name, A, 2) for name, A in (("W", W), ("X", X), ("Y", Y)))
    if X.shape[1] != Y.shape[1]:
        raise ValueError(f"Y must have {X.shape[1]} samples as X has, got {Y.shape[1]}")
    if W.shape != (len(X), len(Y)):
        raise ValueError(f"W must have shape {(len(X), len(Y))} for these X and Y, got {W.shape}")
    new, plain = W.copy(), kind == "least-squares"
    G, c = (X @ X.T, X @ Y.T) if plain else (None, None)
    for m in range(len(Y)):
        S = W[:, m] != 0
        if not S[:-1].any():
            continue
        S[-1] = True
        if plain:
            new[S, m] = np.linalg.lstsq(G[np.ix_(S, S)], c[S, m], rcond=1e-12)[0]
        else:
            new[S, m] = _relu(W[S, m], X[S], np.maximum(Y[m], 0), steps)
    return new


def surrogate(Z: Array, Y: Array, linear: bool) -> float:
    """sqrt f(Z), f = sum over Y > 0 of (Z - Y)^2 + sum elsewhere of relu(Z)^2; linear: |Z - Y|_F.

    Z, Y of one shape. At least |relu(Z) - Y|_F, convex in Z, and epsilon for a tight answer of
    Net-Trim.
    """
    return float(np.linalg.norm(Z - Y if linear else np.where(Y > 0, Z - Y, np.maximum(Z, 0))))


def _relu(u: Array, X: Array, y: Array, steps: int) -> Array:
    """Newton's method for f on one neuron: u (S,), X (S, P), y (P,) >= 0."""
    z = u @ X
    value = surrogate(z, y, linear=False)
    for _ in range(steps):
        A = (y > 0) | (z > 0)
        G, c = X[:, A] @ X[:, A].T, X[:, A] @ y[A]
        step = np.linalg.lstsq(G, c - G @ u, rcond=1e-12)[0]
        move, length = step @ X, 1.0
        while length > 1e-6 and surrogate(z + length * move, y, linear=False) > value:
            length /= 2
        found = surrogate(z + length * move, y, linear=False)
        if not found < value * (1 - 5e-13):
            break
        u, z, value = u + length * step, z + length * move, found
    return u
