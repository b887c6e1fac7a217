"""Random and hostile Net-Trim layers: a plain one, and functions (rng, case) that spoil it."""

from dataclasses import dataclass, replace

import numpy as np

from kit.nettrim import NetTrim

from .make_products import wide


@dataclass(frozen=True, eq=False)
class Layer:
    """The data, and the planted layer W (which need not be feasible)."""

    X: np.ndarray
    Y: np.ndarray
    epsilon: float | np.ndarray
    V: np.ndarray
    Omega: np.ndarray
    bias: bool  # is the last row of W paid for
    W: np.ndarray

    def problem(self):
        """The kit's program."""
        return NetTrim(self.X, self.Y, self.epsilon, self.V, self.Omega, penalise_bias=self.bias)

    def __repr__(self):
        balls = "one ball" if isinstance(self.epsilon, float) else "own balls"
        free = "" if self.bias else ", free bias"
        return f"X {self.X.shape}, M={len(self.Y)}, {balls}{free}"


def plain(rng, N=None, M=None, P=None, X=None):
    """A ReLU layer, a linear one or a cascade's, one ball or many, with or without (free) bias."""
    N = N or int(rng.integers(2, 13))
    M, P = M or int(rng.integers(1, 5)), P or int(rng.integers(N + 1, 41))
    drawn = rng.standard_normal((N, P))
    X = drawn if X is None else X
    N, P = X.shape
    X = np.maximum(X, 0) if rng.random() < 0.3 else X.copy()
    bias = rng.random() < 0.6
    if bias:
        X[-1] = 1
    W = rng.standard_normal((N, M)) * (rng.random((N, M)) < rng.choice([0.3, 1.0]))
    size = np.abs(X).max(1, keepdims=True)
    W /= np.where(size > 0, size, 1)
    kind = str(rng.choice(["relu", "relu", "linear", "cascade"]))
    Z = W.T @ X
    Y, V = np.maximum(Z, 0), np.zeros(Z.shape)
    if kind == "linear":
        Y = Z + 0.1 * rng.standard_normal(Z.shape) * np.abs(Z).mean()
    Omega = (1e-9 * Y.max() < Y) | (kind == "linear")
    if kind == "cascade":
        X = X * (1 + 0.1 * rng.standard_normal(X.shape))
        V = W.T @ X
    share = float(rng.choice([0.02, 0.1, 0.3, 0.6]))
    apart = np.where(Omega, W.T @ X - Y, 0) * 1.05 if kind == "cascade" else share * Y * Omega
    epsilon = np.linalg.norm(apart, axis=None if rng.random() < 0.5 else 1)
    epsilon = float(epsilon) if epsilon.ndim == 0 else epsilon
    return Layer(X, Y, epsilon, V, Omega, not (bias and rng.random() < 0.4), W)


def inputs(draw):
    """A layer over the inputs that `draw` makes, shape (N, P)."""
    return lambda rng, case: plain(rng, X=draw(rng, case.X.shape))


def wild(rng, shape):
    X = rng.standard_normal(shape)
    X[:, rng.integers(0, shape[1], 1 + shape[1] // 20)] *= wide(rng, (2, 6))
    return X


def doubled(rng, shape):
    X = rng.standard_normal(shape)
    X[-1] = X[0] * rng.choice([1, -1, 3])
    X[rng.integers(0, shape[0])] = 0
    return X


def repeated(rng, shape):
    return rng.standard_normal(shape)[:, rng.integers(0, 1 + shape[1] // 3, shape[1])]


def pixels(rng, shape):
    return rng.integers(0, 256, shape) * (rng.random(shape) < 0.5) * 1.0


def low_rank(rng, shape):
    return rng.standard_normal((shape[0], 2)) @ rng.standard_normal((2, shape[1]))


def radius(share):
    """epsilon is this share of |Y|."""

    def change(rng, case):
        axis = None if isinstance(case.epsilon, float) else 1
        size = share * np.linalg.norm(np.where(case.Omega, case.Y, 0), axis=axis)
        return replace(case, epsilon=float(size) if axis is None else size)

    return change


def units(x=(0, 0), y=(0, 0), each=False):
    """Inputs times x (every one its own, or one for all), outputs times y; W goes along."""

    def change(rng, case):
        a = wide(rng, x, (len(case.X), 1)) if each else wide(rng, x)
        b = float(wide(rng, y))
        a = np.r_[a[:-1], [[1.0]]] if each and not case.bias else a
        scaled = {name: getattr(case, name) * b for name in ("Y", "V", "epsilon")}
        return replace(case, X=case.X * a, W=case.W / a * b, **scaled)

    return change


def dead(rng, case):
    gone = (rng.random(len(case.Y)) < 0.5)[:, None]
    Y, V = (np.where(gone, 0, A) for A in (case.Y, case.V))
    return replace(case, Y=Y, V=V, Omega=case.Omega if case.Omega.all() else case.Omega & ~gone)


def unplanted(rng, case):
    Y = np.maximum(rng.standard_normal(case.Y.shape), 0)
    epsilon = float(rng.choice([0.3, 0.7, 0.95]) * np.linalg.norm(Y))
    return replace(case, Y=Y, Omega=Y > 0, V=0 * Y - rng.choice([0, 0, 0.1]), epsilon=epsilon)


FAMILIES = {
    "plain": lambda rng, case: case,
    "ties": inputs(lambda rng, shape: rng.integers(0, 2, shape).astype(float)),
    "pixels": inputs(pixels),
    "repeated": inputs(repeated),
    "low rank": inputs(low_rank),
    "few samples": lambda rng, case: plain(rng, 12, None, int(rng.integers(1, 12))),
    "dead": dead,
    "epsilon 0": radius(0.0),
    "epsilon 1e-8": radius(1e-8),
    "inputs": units(x=(-6, 6), each=True),
    "units": units(x=(-12, 12), y=(-12, 12)),
    "Y": units(y=(-100, 100)),
    "wild sample": inputs(wild),
    "heavy": inputs(lambda rng, shape: rng.standard_t(0.7, shape)),
    "doubled": inputs(doubled),
    "unplanted": unplanted,
    "larger": lambda rng, case: plain(rng, 30, 6, 120),
    "absurd": units(x=(-140, 140), y=(-140, 140)),
}
