"""One neuron of a layer, in units in which all its numbers are about 1.

min |u|_1   s.t.   |A'u - y| <= radius,   C'u <= v          A = X_Omega, C = X_C of this neuron
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kit.nettrim.problem import NetTrim, unit
from kit.nettrim.rounding import power
from kit.results import Array

PIECE = 2048  # samples whose products are added at once: they stay in the cache
SHARE = 0.01  # of |X_j|^2 that A_j must have, or A A' is not computed as a difference


@dataclass(frozen=True, eq=False)
class Samples:
    """The inputs of a layer, shared by its neurons, also with a sample's numbers side by side."""

    X: Array  # (N, P), of the layer, in its own units
    columns: Array  # (P, N) = X'
    scale: tuple[float, float, float]  # max|X|, max|Y|, sqrt(P)
    tall: Array  # (P,) powers of 2 just above max|X_p| / max|X|, 1 for 0

    @cached_property
    def gram(self) -> Array:
        """X X' (N, N)."""
        return self.part(np.arange(len(self.columns)))

    def part(self, some: Array) -> Array:
        """X_some X_some' (N, N)."""
        G = np.zeros((len(self.X),) * 2)
        for k in range(0, len(some), PIECE):
            rows = self.columns[some[k : k + PIECE]]
            G += rows.T @ rows
        return G


@dataclass(frozen=True, eq=False)
class Neuron:
    """One neuron in units of max|X| and max|Y|, its squared error divided by P.

    A and C are the columns `active` and `silent` of X, in those units, a silent sample divided by
    its own size besides, and its limit too. The samples are the layer's, shared: entries are read
    where they are needed.
    """

    layer: Samples
    active: Array  # (a,) the samples of Omega
    silent: Array  # (c,) the others
    y: Array  # (a,)
    v: Array  # (c,)
    paid: int  # inputs with a price: the first ones, all N or all but the last
    prices: Array  # (N,) of the inputs, 0 for a free one

    @property
    def X(self) -> Array:
        """(N, P), of the layer, in its own units."""
        return self.layer.X

    @property
    def scale(self) -> tuple[float, float, float]:
        """max|X|, max|Y|, sqrt(P)."""
        return self.layer.scale

    @property
    def r(self) -> Array:
        """The right-hand side (A y, v, y) of the table."""
        return np.concatenate([self.correlate(self.y, None), self.v, self.y])

    @property
    def price(self) -> Array:
        """Of the inputs, and 0 for the samples: (N + c,)."""
        return np.concatenate([self.prices, np.zeros(self.v.size)])

    @cached_property
    def size(self) -> Array:
        """(c,) what a silent sample is divided by."""
        return self.scale[0] * self.layer.tall[self.silent]

    def rows(self, inputs: Array) -> Array:
        """A_j for some inputs j (k,): (k, a)."""
        part = self.X.take(inputs, 0).take(self.active, 1)
        part /= self.scale[0] * self.scale[2]
        return part

    def masked(self, inputs: Array) -> Array:
        """A_j for some inputs j (k,), with 0 for the silent samples: (k, P), faster than rows."""
        weight = np.zeros(self.X.shape[1])
        weight[self.active] = 1 / (self.scale[0] * self.scale[2])
        part = self.X.take(inputs, 0)
        part *= weight
        return part

    def samples(self, inputs: Array) -> Array:
        """C' for some inputs j (k,): (c, k)."""
        part = self.layer.columns[self.silent]
        part /= self.size[:, None]
        return part if np.array_equal(inputs, np.arange(len(self.X))) else part.take(inputs, 1)

    def gram(self) -> Array:
        """A A' (N, N): of X X' what is not of C, where that is shorter and loses no digits."""
        unit, layer = (self.scale[0] * self.scale[2]) ** 2, self.layer
        if 2 * self.v.size < self.y.size:
            G = layer.gram - layer.part(self.silent)
            if (G.diagonal() >= SHARE * layer.gram.diagonal()).all():
                return G / unit
        return layer.part(self.active) / unit

    def correlate(self, rest: Array, nu: Array | None) -> Array:
        """A rest + C nu for all inputs: (N,), one product with X; or (k, N) for k of each."""
        q = np.zeros((*rest.shape[:-1], self.X.shape[1]))
        q[..., self.active] = rest / (self.scale[0] * self.scale[2])
        if nu is not None:
            q[..., self.silent] = nu / self.size
        return q @ self.layer.columns

    def residual(self, inputs: Array, u: Array) -> Array:
        """A'u - y (2, a) for two rows of weights on some inputs, y taken from the first."""
        weights = np.zeros((2, len(self.X)))
        weights[:, inputs] = u / (self.scale[0] * self.scale[2])
        out = (weights @ self.X).take(self.active, 1)
        out[0] -= self.y
        return out

    def table(self, e: Array) -> Array:
        """H[:, e] and A'e_e for the rows e (k,) of the table: (k, N + c + a)."""
        (N, P), c, (x, _y, root) = self.X.shape, self.v.size, self.scale
        inputs, samples = np.flatnonzero(e < N), np.flatnonzero(e >= N)
        out = np.zeros((len(e), N + c + self.y.size))
        if inputs.size:
            rows, part = np.zeros((inputs.size, P)), self.X.take(e[inputs], 0)
            rows[:, self.active] = part.take(self.active, 1) / (x * root)
            out[inputs, N + c :] = rows.take(self.active, 1)
            out[inputs, N : N + c] = part.take(self.silent, 1) / self.size
            out[inputs, :N] = (rows / (x * root)) @ self.layer.columns
        some = e[samples] - N
        out[samples, :N] = self.layer.columns[self.silent[some]] / -self.size[some, None]
        return out


def units(problem: NetTrim) -> tuple[float, float, float]:
    """max|X|, max|Y|, sqrt(P): what makes the table's entries about 1, the same for all neurons."""
    X, P = problem.X, problem.shape[2]
    return float(max(X.max(), -X.min()) or 1.0), unit(problem), float(np.sqrt(P))


def read_samples(problem: NetTrim) -> Samples:
    """What all neurons of a layer share."""
    scale, X = units(problem), problem.X
    tall = power(np.maximum(X.max(axis=0), -X.min(axis=0)) / scale[0])
    return Samples(X, np.ascontiguousarray(X.T), scale, tall)


def read_neuron(problem: NetTrim, m: int, layer: Samples | None = None) -> Neuron:
    """Neuron m of a layer, in the layer's units."""
    layer = read_samples(problem) if layer is None else layer
    _x, y, root = layer.scale
    on = problem.Omega[m]
    active, silent = np.flatnonzero(on), np.flatnonzero(~on)
    paid, prices = problem.paid, problem.price
    if loose(problem, m):  # the free weight looks after its samples: the others do without it
        silent = silent[problem.X[-1, silent] == 0]
        paid, prices = len(prices), np.append(prices[:-1], 1.0)
    target, limits = problem.Y[m, active] / (y * root), problem.V[m, silent] / y
    return Neuron(layer, active, silent, target, limits / layer.tall[silent], paid, prices)


def loose(problem: NetTrim, m: int) -> bool:
    """Whether neuron m has a free weight that no sample bounds on one side."""
    x, on = problem.X[-1], problem.Omega[m]
    sides = (on | (x > 0)) & (x != 0), (on | (x < 0)) & (x != 0)
    return not problem.penalise_bias and not (sides[0].any() and sides[1].any())


def hold(problem: NetTrim, m: int, w: Array) -> float:
    """The free weight of a loose neuron: nearest to 0 of those with (W'X)_C <= V; w (N,)."""
    x, room = problem.X[-1], problem.V[m] - w[:-1] @ problem.X[:-1]
    limit = (room / np.where(x == 0, 1, x))[x != 0]
    up = (x > 0).any()
    return float(min(limit.min(initial=0), 0) if up else max(limit.max(initial=0), 0))


def spread(neuron: Neuron, active: Array, silent: Array) -> Array:
    """Numbers for Omega and for the silent samples as one q (P,)."""
    q = np.zeros(neuron.X.shape[1])
    q[neuron.active], q[neuron.silent] = active, silent * (neuron.scale[0] / neuron.size)
    return q


def read_ray(neuron: Neuron, ray: Array) -> Array:
    """The ray of NoPoint (N + c,) as q (P,)."""
    return spread(neuron, np.zeros(neuron.y.size), ray[len(ray) - neuron.v.size :])
