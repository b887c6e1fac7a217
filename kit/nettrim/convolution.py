"""Convolutional layers: the same program, with the matrix product in two forms that agree.

A layer of M filters w_m (C, a, b) with biases answers, at every place (i, j) of every sample p,

    A(W)[m, (p, i, j)] = bias_m
                         + sum over c, u, v of  w_m[c, u, v] X[p, c, s i + u - t, s j + v - t]

with stride s and zero padding t. It is linear in W (N, M), N = C a b + 1, one column for each
filter, the bias as last row; so it is W'X~ for the matrix X~ of all PATCHES (N, P H' W'), and
Net-Trim holds as it stands, with places of samples in the role of samples (im2col).

X~ holds every pixel a b / s^2 times. The OPERATOR form keeps X and runs over the a b offsets:

    A(W)   = sum over (u, v) of  w[:, u, v]' (X shifted by (u, v))       + bias
    A*(Z)  : w[c, u, v] = <Z, X_c shifted by (u, v)>,  bias = sum of Z:  <A(W), Z> = <W, A*(Z)>

and only one line of the ADMM changes, W3 = (A*A + I)^-1 (A*(B) + C), by conjugate gradients:

    R = S = rhs - (A*A + I) W;  repeat: T = A(S); a = |R|^2 / (|T|^2 + |S|^2); W += a S;
    R' = R - a (A*(T) + S);  S = R' + (|R'|^2 / |R|^2) S

The authors' note on the operator form of Net-Trim, and Algorithm 1 of arXiv 1806.06457. Theirs
keeps the bias fixed and starts every solve at 0; here the bias is a row like any other, and a solve
starts where the last one ended (derived).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from kit.arguments import instance, number, real_array, several, whole
from kit.nettrim.admm import State, project_layer
from kit.nettrim.problem import NetTrim
from kit.prox import soft_threshold
from kit.results import Array


@dataclass(frozen=True, eq=False)
class Convolution:
    """The operator A of a layer: images X (P, C, H, W), filters of `kernel`, stride, padding.

    Raises ValueError for a kernel that does not fit into the padded image.
    """

    X: Array  # (P, C, H, W)
    kernel: tuple[int, int]
    stride: int = 1
    padding: int = 0

    def __post_init__(self) -> None:
        X = real_array("X", self.X, 4)
        kernel = tuple(whole("kernel", k, least=1) for k in several("kernel", self.kernel))
        stride = whole("stride", self.stride, least=1)
        padding = whole("padding", self.padding, least=0)
        room = tuple(n + 2 * padding for n in X.shape[2:])
        if len(kernel) != 2 or kernel[0] > room[0] or kernel[1] > room[1]:
            raise ValueError(f"kernel must be two numbers that fit into {room}, got {kernel}")
        edge = (padding, padding)
        padded = np.pad(X, ((0, 0), (0, 0), edge, edge))
        places = tuple((n - k) // stride + 1 for n, k in zip(room, kernel, strict=True))
        values = {"X": X, "kernel": kernel, "stride": stride, "padding": padding}
        for name, value in {**values, "_padded": padded, "places": places}.items():
            object.__setattr__(self, name, value)

    @property
    def shape(self) -> tuple[int, int]:
        """(N, P H' W'): rows and columns of the matrix of patches, that of ones included."""
        return self.X.shape[1] * int(np.prod(self.kernel)) + 1, len(self.X) * int(
            np.prod(self.places)
        )

    def shifted(self, u: int, v: int) -> Array:
        """What offset (u, v) of the filter sees at every place: (C, P H' W')."""
        s, (h, w) = self.stride, self.places
        part = self._padded[:, :, u : u + s * h : s, v : v + s * w : s][:, :, :h, :w]
        return part.transpose(1, 0, 2, 3).reshape(self.X.shape[1], -1)

    def apply(self, W: Array) -> Array:
        """A(W) (M, P H' W') for W (N, M)."""
        filters = self._filters(W)
        Z = np.repeat(W[-1][:, None], self.shape[1], axis=1)
        for u, v in np.ndindex(self.kernel):
            Z += filters[:, u, v].T @ self.shifted(u, v)
        return Z

    def adjoint(self, Z: Array) -> Array:
        """A*(Z) (N, M) for Z (M, P H' W')."""
        filters = np.empty((self.X.shape[1], *self.kernel, len(Z)))
        for u, v in np.ndindex(self.kernel):
            filters[:, u, v] = self.shifted(u, v) @ Z.T
        return np.vstack([filters.reshape(self.shape[0] - 1, len(Z)), Z.sum(axis=1)])

    def patches(self) -> Array:
        """The matrix X~ (N, P H' W') with A(W) = W'X~."""
        rows = np.empty((self.X.shape[1], *self.kernel, self.shape[1]))
        for u, v in np.ndindex(self.kernel):
            rows[:, u, v] = self.shifted(u, v)
        return np.vstack([rows.reshape(self.shape[0] - 1, -1), np.ones(self.shape[1])])

    def _filters(self, W: Array) -> Array:
        if W.ndim != 2 or len(W) != self.shape[0]:
            raise ValueError(f"W must have {self.shape[0]} rows, got shape {W.shape}")
        return W[:-1].reshape(self.X.shape[1], *self.kernel, -1)

    def __repr__(self) -> str:
        P, C, H, W = self.X.shape
        a, b = self.kernel
        return f"Convolution({P} images {C}x{H}x{W}, filters {a}x{b}, {self.shape[1]} places)"


def program(A: Convolution, Y: Array, epsilon: float | Array, **settings: Array) -> NetTrim:
    """The layer as a NetTrim by patches: Y (M, P H' W') its answers, settings V and Omega."""
    return NetTrim(instance("A", A, Convolution).patches(), Y, epsilon, **settings)


def admm_by_operator(
    A: Convolution,
    problem: NetTrim,
    *,
    rho: float,
    relax: float = 1.0,
    steps: int = 10,
) -> Iterator[State]:
    """The ADMM of kit/nettrim/admm.py with A in place of X; yields its states, for ever.

    problem  gives Y, Omega, V, epsilon; its X is not used
    rho      > 0, as there (0.3 sqrt(max A*A) scales both alike)
    steps    of conjugate gradients in an iteration; the published code takes 10, from 0
    """
    instance("A", A, Convolution)
    rho, relax = (
        number("rho", rho, least=0, above=True),
        number("relax", relax, least=0, above=True),
    )
    steps = whole("steps", steps, least=1)
    M = len(problem.Y)
    squares = np.append(_squares(A), A.shape[1])  # the diagonal of A*A
    c0 = 0.3 * np.sqrt(squares.max()) or 1.0
    A = replace(A, X=A.X / c0)
    Y, V, epsilon = (v / c0 for v in (problem.Y, problem.V, problem.epsilon))
    W3, U1, U2 = np.zeros((A.shape[0], M)), np.zeros(Y.shape), np.zeros((A.shape[0], M))
    Z = np.zeros(Y.shape)
    while True:
        W1 = project_layer(Z - U1, Y, problem.Omega, V, epsilon)
        W2 = soft_threshold(W3 - U2, 1 / rho)
        U1 += relax * W1 + (1 - relax) * Z
        U2 += relax * W2 + (1 - relax) * W3
        last, W3 = W3, conjugate_gradients(A, _adjoint(A, U1, c0) + U2, W3, steps, c0)
        Z = _apply(A, W3, c0)
        U1 -= Z
        U2 -= W3
        size = max(np.hypot(np.linalg.norm(Z), np.linalg.norm(W3)), np.finfo(float).tiny)
        primal = np.hypot(np.linalg.norm(W1 - Z), np.linalg.norm(W2 - W3)) / size
        change = np.linalg.norm(W3 - last) / size
        yield State(W2, (rho / c0) * U1, float(np.abs(W2).sum()), float(primal), float(change))


def conjugate_gradients(
    A: Convolution, right: Array, W: Array, steps: int, ones: float = 1.0
) -> Array:
    """Solve A*A(W) + W = right (N, M) from a start W; the row of ones counts as 1 / ones."""
    R = right - _adjoint(A, _apply(A, W, ones), ones) - W
    S, size = R, np.sum(R * R)
    for _ in range(steps):
        if size <= (1e-15 * np.linalg.norm(right)) ** 2:
            break
        T = _apply(A, S, ones)
        a = size / (np.sum(T * T) + np.sum(S * S))
        W = W + a * S
        R = R - a * (_adjoint(A, T, ones) + S)
        size, before = np.sum(R * R), size
        S = R + (size / before) * S
    return W


def _apply(A: Convolution, W: Array, ones: float) -> Array:
    return A.apply(np.vstack([W[:-1], W[-1:] / ones]))


def _adjoint(A: Convolution, Z: Array, ones: float) -> Array:
    W = A.adjoint(Z)
    W[-1] /= ones
    return W


def _squares(A: Convolution) -> Array:
    """Squared norms of the rows of patches, the ones left out: (C a b,)."""
    parts = [np.sum(A.shifted(u, v) ** 2, axis=1) for u, v in np.ndindex(A.kernel)]
    return np.stack(parts, axis=1).ravel()
