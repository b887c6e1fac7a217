"""One neuron of a layer, normalised: in units in which all its numbers are about 1.

    min sum_j p_j |u_j|   s.t.   |A'u - y| <= radius,   C'u <= v      A = X_Omega, C = X_C

With x = max|X|, z = max|Y|, P samples and h_i, the power of 2 just above max|X_i| / x,

  A = X_Omega / (x sqrt(P)),  y = Y_Omega / (z sqrt(P)),  C_i = X_i / (x h_i),  v_i = V_i / (z h_i),

the weights are w = u z / x, and their residual is z sqrt(P) |A'u - y|. Numbers rho on Omega and nu
on C with A rho + C nu = X q have q = (rho / sqrt(P), nu / h) / x. `spread` divides by h, its
callers by x, by sqrt(P) and, for a dual, by lambda.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kit.nettrim.problem import NetTrim, unbounded, unit
from kit.nettrim.rounding import power
from kit.results import Array

PIECE = 2048  # samples whose products are added at once: they stay in the cache
NUMBERS = 10**5  # of C that are read at once in a product with two vectors, for the same reason
FEW = 3  # of N / FEW inputs the rows of X are copied for a product with them
LEFT = 0.01  # share of |X_j|^2 that |A_j|^2 must be for A A' to be computed as a difference


def gram(rows: Array, some: Array, weight: Array | None = None) -> Array:
    """rows_some' diag(weight) rows_some (N, N), by pieces of the samples `some`."""
    G = np.zeros((rows.shape[1],) * 2)
    for k in range(0, len(some), PIECE):
        part = rows.take(some[k : k + PIECE], 0)
        if weight is not None:
            part *= np.sqrt(weight[some[k : k + PIECE], None])
        G += part.T @ part
    return G


@dataclass(frozen=True, eq=False)
class Layer:
    """What the neurons of a layer share."""

    X: Array  # (N, P), as given
    columns: Array  # (P, N) = X', so that a sample's numbers are side by side
    scale: tuple[float, float, float]  # max|X|, max|Y|, sqrt(P)
    tall: Array  # (P,) h of the module docstring; 1 where X_p = 0
    unbounded: Array  # (M,) which neurons have a free weight that no sample bounds on one side

    @cached_property
    def gram(self) -> Array:
        """X X' (N, N)."""
        return gram(self.columns, np.arange(len(self.columns)))


@dataclass(frozen=True, eq=False)
class Neuron:
    """One neuron as above. Entries of A and C are read where they are needed."""

    layer: Layer
    active: Array  # (a,) the samples of Omega
    silent: Array  # (c,) the others
    y: Array  # (a,)
    v: Array  # (c,)
    prices: Array  # (N,) p, 0 for a free input

    def masked(self, inputs: Array) -> Array:
        """A_j for some inputs j (k,), with 0 for the silent samples: (k, P)."""
        weight = np.zeros(self.layer.X.shape[1])
        weight[self.active] = 1 / (self.layer.scale[0] * self.layer.scale[2])
        part = self.layer.X.take(inputs, 0)
        part *= weight
        return part

    def samples(self, inputs: Array) -> Array:
        """C' for some inputs j (k,): (c, k)."""
        part = self.layer.columns.take(self.silent, 0)
        part /= self.layer.scale[0] * self.layer.tall[self.silent, None]
        return part if len(inputs) == part.shape[1] else part.take(inputs, 1)  # all: in order

    def gram(self) -> Array:
        """A A' (N, N): X X' less the part of C where that is shorter and loses no digits."""
        unit, layer = (self.layer.scale[0] * self.layer.scale[2]) ** 2, self.layer
        if 2 * self.v.size < self.y.size:
            G = layer.gram - gram(layer.columns, self.silent)
            if (G.diagonal() >= LEFT * layer.gram.diagonal()).all():
                return G / unit
        return gram(layer.columns, self.active) / unit

    def spread(self, active: Array, silent: Array | float) -> Array:
        """Numbers for Omega, as they are, and for C, divided by h, as one q (P,); or k rows."""
        q = np.zeros((*active.shape[:-1], self.layer.X.shape[1]))
        q[..., self.active], q[..., self.silent] = active, silent / self.layer.tall[self.silent]
        return q

    def correlate(self, rho: Array, nu: Array | float, inputs: Array | None = None) -> Array:
        """A rho + C nu (N,), or (k, N) for k rows of each: for all inputs or some; one product."""
        x, _y, root = self.layer.scale
        q = self.spread(rho / (x * root), nu / x)
        return q @ (self.layer.columns if inputs is None else self.layer.X[inputs].T)

    def residual(self, inputs: Array, u: Array) -> Array:
        """A'u - y (2, a) for two rows of weights on some inputs, y taken from the first."""
        weights, N = u / (self.layer.scale[0] * self.layer.scale[2]), len(self.layer.X)
        if FEW * len(inputs) < N:  # to copy their rows takes less time than to read all
            product = weights @ self.layer.X[inputs]
        else:
            every = np.zeros((2, N))
            every[:, inputs] = weights
            product = every @ self.layer.X
        out = product.take(self.active, 1)
        out[0] -= self.y
        return out


def times_samples(C: Array, u: Array) -> Array:
    """C'u (2, c) for C' (c, n), u (2, n), in pieces: the second product has them in the cache."""
    out, piece = np.zeros((2, len(C))), 1 + NUMBERS // u.shape[1]
    for k in range(0, len(C), piece):
        part = C[k : k + piece]
        out[0, k : k + piece], out[1, k : k + piece] = part @ u[0], part @ u[1]
    return out


def read_samples(problem: NetTrim) -> Layer:
    """What all neurons of a layer share."""
    X, size = problem.X, np.maximum(problem.X.max(axis=0), -problem.X.min(axis=0))
    scale = float(size.max() or 1.0), unit(problem), float(np.sqrt(X.shape[1]))
    return Layer(X, np.ascontiguousarray(X.T), scale, power(size / scale[0]), unbounded(problem))


def read_neuron(problem: NetTrim, m: int, layer: Layer) -> Neuron:
    """Neuron m of a layer, normalised.

    A free weight that is unbounded (see there) enters silent samples only, and meets all of these
    if it is large enough, whatever the other weights are. So they are left out; a price keeps that
    weight, which then enters nothing, at 0; and `bias_within` sets it in the end.
    """
    _x, y, root = layer.scale
    on = problem.Omega[m]
    active, silent = np.flatnonzero(on), np.flatnonzero(~on)
    prices = problem.price
    if layer.unbounded[m]:
        silent = silent[problem.X[-1, silent] == 0]
        prices = np.append(prices[:-1], 1.0)
    target, limits = problem.Y[m, active] / (y * root), problem.V[m, silent] / y
    return Neuron(layer, active, silent, target, limits / layer.tall[silent], prices)


def bias_within(problem: NetTrim, m: int, w: Array) -> float:
    """The free weight of an unbounded neuron: nearest to 0 of those with (W'X)_C <= V; w (N,)."""
    x, left = problem.X[-1], problem.V[m] - w[:-1] @ problem.X[:-1]
    limit = (left / np.where(x == 0, 1, x))[x != 0]
    up = (x > 0).any()
    return float(min(limit.min(initial=0), 0) if up else max(limit.max(initial=0), 0))
