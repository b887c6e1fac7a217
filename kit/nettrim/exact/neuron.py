"""One neuron of a layer, in units in which all its numbers are about 1.

min |u|_1   s.t.   |A'u - y| <= radius,   C'u <= v          A = X_Omega, C = X_C of this neuron
"""

from dataclasses import dataclass

import numpy as np

from kit.nettrim.problem import NetTrim, unit
from kit.results import Array


@dataclass(frozen=True, eq=False)
class Neuron:
    """One neuron in units of max|X| and max|Y|, its squared error divided by P.

    A and C are the columns `active` and `silent` of X, in those units; X is the layer's, shared and
    never copied as a whole: its entries are read where they are needed.
    """

    X: Array  # (N, P), of the layer, in its own units
    active: Array  # (a,) the samples of Omega
    silent: Array  # (c,) the others
    y: Array  # (a,)
    v: Array  # (c,)
    scale: tuple[float, float, float]  # max|X|, max|Y|, sqrt(P)
    paid: int  # inputs with a price: the first ones, all N or all but the last
    prices: Array  # (N,) of the inputs, 0 for a free one

    @property
    def r(self) -> Array:
        """The right-hand side (A y, v, y) of the table."""
        return np.concatenate([self.correlate(self.y, None), self.v, self.y])

    @property
    def price(self) -> Array:
        """Of the inputs, and 0 for the samples: (N + c,)."""
        return np.concatenate([self.prices, np.zeros(self.v.size)])

    def rows(self, inputs: Array) -> Array:
        """A_j for some inputs j (k,): (k, a)."""
        part = self.X.take(inputs, 0).take(self.active, 1)
        part /= self.scale[0] * self.scale[2]
        return part

    def correlate(self, rest: Array, nu: Array | None) -> Array:
        """A rest + C nu for all inputs: (N,), one product with X."""
        q = np.zeros(self.X.shape[1])
        q[self.active] = rest / (self.scale[0] * self.scale[2])
        if nu is not None:
            q[self.silent] = nu / self.scale[0]
        return self.X @ q

    def columns(self, e: Array) -> Array:
        """H[:, e] and A'e_e for the rows e (k,) of the table: (k, N + c + a)."""
        (N, P), c, (x, _y, root) = self.X.shape, self.v.size, self.scale
        inputs, samples = np.flatnonzero(e < N), np.flatnonzero(e >= N)
        out = np.zeros((len(e), N + c + self.y.size))
        if inputs.size:
            rows, part = np.zeros((inputs.size, P)), self.X.take(e[inputs], 0)
            rows[:, self.active] = part.take(self.active, 1) / (x * root)
            out[inputs, N + c :] = rows.take(self.active, 1)
            out[inputs, N : N + c] = part.take(self.silent, 1) / x
            out[inputs, :N] = (rows / (x * root)) @ self.X.T
        out[samples, :N] = self.X.take(self.silent[e[samples] - N], 1).T / -x
        return out


def units(problem: NetTrim) -> tuple[float, float, float]:
    """max|X|, max|Y|, sqrt(P): what makes the table's entries about 1, the same for all neurons."""
    X, P = problem.X, problem.shape[2]
    return float(max(X.max(), -X.min()) or 1.0), unit(problem), float(np.sqrt(P))


def read_neuron(problem: NetTrim, m: int) -> Neuron:
    """Neuron m of a layer, in the layer's units."""
    _x, y, root = scale = units(problem)
    on = problem.Omega[m]
    active, silent = np.flatnonzero(on), np.flatnonzero(~on)
    paid, prices = problem.paid, problem.price
    if loose(problem, m):  # the free weight looks after its samples: the others do without it
        silent = silent[problem.X[-1, silent] == 0]
        paid, prices = len(prices), np.append(prices[:-1], 1.0)
    target, limits = problem.Y[m, active] / (y * root), problem.V[m, silent] / y
    return Neuron(problem.X, active, silent, target, limits, scale, paid, prices)


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
    q[neuron.active], q[neuron.silent] = active, silent
    return q


def read_ray(neuron: Neuron, ray: Array) -> Array:
    """The ray of NoPoint (N + c,) as q (P,)."""
    return spread(neuron, np.zeros(neuron.y.size), ray[len(ray) - neuron.v.size :])
