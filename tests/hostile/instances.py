"""Instances by (seed, family): what is hostile is the family's, everything else is drawn at random.

Every hostile thing is one short function that changes a plain instance; "mixed" takes two of them.
"""

from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import LinearOperator

from kit.branchhull import Bilinear, BranchHull
from kit.nettrim import NetTrim


@dataclass(frozen=True, eq=False)
class Product:
    """A BranchHull instance: dense copies of the data, and how the kit is given them."""

    B: np.ndarray
    C: np.ndarray
    y: np.ndarray
    signs: np.ndarray
    objective: str
    h: np.ndarray  # the truth
    m: np.ndarray
    lam: float | None = None
    gamma: float = 1.0
    mu: float | None = None
    shape: tuple | None = None
    form: str = "dense"

    def problem(self):
        """The kit's program."""
        B, C = (FORMS[self.form](A) for A in (self.B, self.C))
        extra = {"lam": self.lam, "gamma": self.gamma, "mu": self.mu, "shape": self.shape}
        return BranchHull(Bilinear(B, C, self.y, self.signs), self.objective, **extra)

    def measured(self, rng, noise=0.0, **changes):
        """The instance with other B, C, h, m, measured anew."""
        new = replace(self, **changes)
        w, x = new.B @ new.h, new.C @ new.m
        signs = np.where(w == 0, rng.choice([-1.0, 1.0], w.size), np.sign(w))
        y = w * x * (1 + noise * rng.standard_normal(w.size))
        return replace(new, y=y, signs=signs)


@dataclass(frozen=True, eq=False)
class Layer:
    """A Net-Trim instance; W is the planted layer (it need not be feasible)."""

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


FORMS = {
    "dense": lambda A: A,
    "sparse": csr_array,
    "products": lambda A: LinearOperator(A.shape, lambda v: A @ v, lambda v: A.T @ v, dtype=float),
    "blocks": lambda A: LinearOperator(
        A.shape, lambda v: A @ v, lambda v: A.T @ v, lambda V: A @ V, float, lambda V: A.T @ V
    ),
    "matvec only": lambda A: LinearOperator(A.shape, lambda v: A @ v, dtype=float),
}


def wide(rng, decades, n):
    """n numbers, log-uniform over the decades."""
    return 10.0 ** rng.uniform(*decades, n)


def plain_product(rng, top=12, rows=60):
    objective = str(rng.choice(["l2", "l1", "l1", "tv"]))
    K, N = rng.integers(2, top + 1, 2)
    L = int(min(rows, np.ceil((K + N) * rng.choice([1.2, 2.0, 3.0, 4.0]))))
    extra, B, identity = {}, rng.standard_normal((L, K)), False
    h, m = (rng.standard_normal(n) * (rng.random(n) < rng.choice([0.4, 1.0])) for n in (K, N))
    h[0], m[0] = h[0] or 1.0, m[0] or 1.0
    if objective == "tv":
        p, q = rng.integers(2, 9, 2)
        L, identity = int(p * q), rng.random() < 0.6
        h = 1 + np.add.outer(np.arange(q) < rng.integers(1, q + 1), np.zeros(p)).ravel() / 2
        h *= 1 if rng.random() < 0.7 else np.where(np.arange(L) < L // 2, 1, -1)
        B = np.eye(L)
        if not identity:
            K = min(K, L)
            B, h = rng.standard_normal((L, K)), rng.standard_normal(K)
            B[:, 0], h[0] = 1, 2
        extra = {"mu": float(rng.choice([0, 0.1, 1, 2, 5])), "shape": (int(p), int(q))}
    if objective != "l2":
        slack = rng.random() < 0.5
        extra |= {"lam": float(wide(rng, (-2, 3), 1)[0]) if slack else None}
        extra |= {"gamma": float(rng.choice([1.0, wide(rng, (-2, 2), 1)[0]]))}
    C = rng.standard_normal((L, N))
    noise = float(rng.choice([0, wide(rng, (-6, -0.7), 1)[0]]))
    return Product(B, C, C[:, 0], C[:, 0], objective, h, m, **extra).measured(rng, noise)


def fixed(case):
    """Has to stay as it is: B = I."""
    return case.objective == "tv" and case.B.shape[0] == case.B.shape[1]


def scaled_columns(rng, case):
    s, z = (wide(rng, (-6, 6), A.shape[1]) for A in (case.B, case.C))
    s, z = (v if rng.random() < 0.7 else v * 0 + 1 for v in (s, z))
    s = s * 0 + 1 if fixed(case) else s
    new = {"h": case.h / s, "m": case.m / z} if rng.random() < 0.5 else {}
    return case.measured(rng, B=case.B * s, C=case.C * z, **new)


def scaled_rows(rng, case):
    s, z = (wide(rng, (-8, 8), (len(case.B), 1)) for _ in range(2))
    s = s * 0 + 1 if fixed(case) and rng.random() < 0.7 else s
    return case.measured(rng, B=case.B * s, C=case.C * z)


def scaled_units(rng, case):
    b, c = wide(rng, (-9, 9), 2)
    new = {} if fixed(case) else {"B": case.B * b}
    gamma = case.gamma if case.objective == "l2" else case.gamma * c
    return replace(case, C=case.C * c, gamma=float(gamma), **new)


def weights(rng, case):
    if case.objective == "l2":
        return scaled_units(rng, case)
    new = {"gamma": wide(rng, (-15, 15), 1)[0]}
    new |= {} if case.lam is None else {"lam": wide(rng, (-12, 12), 1)[0]}
    new |= {} if not case.mu else {"mu": wide(rng, (-12, 12), 1)[0]}
    return replace(case, **{name: float(value) for name, value in new.items()})


def with_columns(rng, case, change):
    """B or C, or both, changed by `change`, measured anew."""
    which = rng.choice(["B", "C", "both"]) if not fixed(case) else "C"
    names = ("B", "C") if which == "both" else (which,)
    return case.measured(rng, **{name: change(getattr(case, name)) for name in names})


def parallel(rng, case):
    near = 10.0 ** -rng.integers(4, 9)
    return with_columns(
        rng,
        case,
        lambda A: (
            A[:, :1] + near * A
            if rng.random() < 0.5
            else np.c_[A[:, :1] + near * A[:, -1:], A[:, 1:]]
        ),
    )


def duplicated(rng, case):
    def columns(A):
        A = A.copy()
        A[:, -1] = A[:, 0] * rng.choice([1, -1, 2])
        return A

    case = with_columns(rng, case, columns)
    if case.objective != "tv" and rng.random() < 0.5:
        rows = np.r_[: len(case.y), rng.integers(0, len(case.y), 5)]
        parts = {name: getattr(case, name)[rows] for name in ("B", "C", "y", "signs")}
        parts["y"][-2:] *= rng.choice([1, 1 + 1e-9, 1.5])
        case = replace(case, **parts)
    return case


def flat(rng, case):
    """Rows b and -b with y = 0 and the same sign: b'h = 0, a feasible set without interior."""
    if case.objective == "tv":
        return zeros(rng, case)
    n = int(rng.integers(1, 1 + max(1, case.B.shape[1] // 3)))
    b = rng.standard_normal((n, case.B.shape[1]))
    h = case.h - np.linalg.lstsq(b, b @ case.h, rcond=None)[0]
    if rng.random() < 0.5:
        b, h = np.eye(case.B.shape[1])[:n], np.r_[np.zeros(n), case.h[n:]]
    case = case.measured(rng, h=h)
    new = {"B": np.r_[case.B, b, -b], "C": np.r_[case.C, rng.standard_normal((2 * n, len(case.m)))]}
    return replace(
        case, **new, y=np.r_[case.y, np.zeros(2 * n)], signs=np.r_[case.signs, np.ones(2 * n)]
    )


def zeros(rng, case):
    return replace(case, y=np.where(rng.random(case.y.size) < 0.3, 0, case.y))


def zero_rows(rng, case):
    rows = rng.integers(0, len(case.y), 2)
    A = {name: getattr(case, name).copy() for name in ("B", "C")}
    for name in A if not fixed(case) else "C":
        A[name][rows] = 0
    if rng.random() < 0.7:  # else: infeasible without slack
        return case.measured(rng, **A)
    return replace(case, **A)


def outliers(rng, case):
    y = case.y.copy()
    rows = rng.integers(0, y.size, 1 + y.size // 10)
    y[rows] *= rng.choice([1, 1, -1], rows.size) * wide(rng, (-1, 5), rows.size)
    return replace(case, y=y)


def wrong_signs(rng, case):
    flip = np.where(rng.random(case.y.size) < 0.1, -1, 1)
    return replace(case, signs=case.signs * flip)


def whole_numbers(rng, case):
    A = {name: rng.integers(-3, 4, getattr(case, name).shape).astype(float) for name in ("B", "C")}
    A = {"C": A["C"]} if fixed(case) else A
    A |= {name: np.round(2 * getattr(case, name)) for name in ("h", "m")}
    return case.measured(rng, **A)


def low_rank(rng, case):
    def reduced(A):
        r = int(rng.integers(1, A.shape[1] + 1))
        return A[:, :r] @ rng.standard_normal((r, A.shape[1]))

    return with_columns(rng, case, reduced)


def thin(rng, case):
    cut = [("B", "h"), ("C", "m")][int(rng.integers(2)) if not fixed(case) else 1]
    return case.measured(
        rng, **{cut[0]: getattr(case, cut[0])[:, :1], cut[1]: getattr(case, cut[1])[:1]}
    )


def tight(rng, case):
    if case.objective == "tv":
        return case
    L = min(len(case.y), sum(case.problem().data.shape[1:]) + int(rng.integers(-2, 3)))
    return replace(case, **{n: getattr(case, n)[: max(L, 1)] for n in ("B", "C", "y", "signs")})


def formed(*forms):
    def change(rng, case):
        A = {n: getattr(case, n) * (rng.random(getattr(case, n).shape) < 0.4) for n in ("B", "C")}
        small = rng.random() < 0.5 and not fixed(case)
        if case.objective != "l2" and "sparse" not in forms:  # operators are taken by l2 only
            case = replace(case, objective="l2", lam=None, gamma=1.0, mu=None, shape=None)
        return replace(case.measured(rng, **(A if small else {})), form=str(rng.choice(forms)))

    return change


HOSTILE_PRODUCTS = {
    "plain": lambda rng, case: case,
    "noise": lambda rng, case: case.measured(rng, wide(rng, (-9, 0.5), 1)[0]),
    "outliers": outliers,
    "wrong signs": wrong_signs,
    "columns": scaled_columns,
    "rows": scaled_rows,
    "y": lambda rng, case: replace(case, y=case.y * wide(rng, (-100, 100), 1)),
    "units": scaled_units,
    "weights": weights,
    "parallel": parallel,
    "heavy": lambda rng, case: with_columns(rng, case, lambda A: rng.standard_t(0.7, A.shape)),
    "thin": thin,
    "tight": tight,
    "flat": flat,
    "zeros": zeros,
    "low rank": low_rank,
    "duplicated": duplicated,
    "zero rows": zero_rows,
    "whole numbers": whole_numbers,
    "sparse": formed("sparse"),
    "operator": formed("products", "blocks", "products", "blocks", "matvec only"),
    "larger": lambda rng, case: plain_product(rng, top=40, rows=240),
}


def plain_layer(rng, N=None, M=None, P=None, **fixed_parts):
    N = N or int(rng.integers(2, 13))
    M, P = M or int(rng.integers(1, 5)), P or int(rng.integers(N + 1, 41))
    X = fixed_parts.get("X", rng.standard_normal((N, P)))
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
    Y, V, Omega = np.maximum(Z, 0), np.zeros(Z.shape), None
    if kind == "linear":
        Y, Omega = Z + 0.1 * rng.standard_normal(Z.shape) * np.abs(Z).mean(), np.ones(Z.shape, bool)
    Omega = Y > 1e-9 * Y.max() if Omega is None else Omega
    if kind == "cascade":
        X = X * (1 + 0.1 * rng.standard_normal(X.shape))
        V = W.T @ X
    error = np.where(Omega, W.T @ X - Y, 0)
    share = float(rng.choice([0.02, 0.1, 0.3, 0.6]))
    joint = rng.random() < 0.5
    length = (
        (lambda A: float(np.linalg.norm(A))) if joint else (lambda A: np.linalg.norm(A, axis=1))
    )
    epsilon = 1.05 * length(error) if kind == "cascade" else share * length(np.where(Omega, Y, 0))
    return Layer(X, Y, epsilon, V, Omega, not (bias and rng.random() < 0.4), W)


def given(change):
    """A layer over the inputs that `change` draws, shape (N, P)."""

    def layer(rng, case):
        return plain_layer(rng, X=change(rng, case.X.shape))

    return layer


def radius(share):
    def change(rng, case):
        rows = np.linalg.norm(np.where(case.Omega, case.Y, 0), axis=1)
        joint = isinstance(case.epsilon, float)
        return replace(case, epsilon=share * float(np.linalg.norm(rows)) if joint else share * rows)

    return change


def of_units(x=(0, 0), y=(0, 0), each=False):
    """Inputs times x (every one its own, or one for all), outputs times y; W goes along."""

    def change(rng, case):
        a, b = wide(rng, x, (len(case.X), 1) if each else 1), float(wide(rng, y, 1)[0])
        a = np.r_[a[:-1], [[1.0]]] if each and not case.bias else a
        scaled = {"Y": case.Y * b, "V": case.V * b, "epsilon": case.epsilon * b}
        return replace(case, X=case.X * a, W=case.W / (a if each else a[0]) * b, **scaled)

    return change


def wild(rng, shape):
    X = rng.standard_normal(shape)
    X[:, rng.integers(0, shape[1], 1 + shape[1] // 20)] *= wide(rng, (2, 6), 1)
    return X


def with_dead(rng, case):
    dead = rng.random(len(case.Y)) < 0.5
    new = {"Y": np.where(dead[:, None], 0, case.Y), "V": np.where(dead[:, None], 0, case.V)}
    everything = bool(case.Omega.all())
    Omega = case.Omega if everything else case.Omega & ~dead[:, None]
    return replace(case, Omega=Omega, **new)


def doubled(rng, shape):
    X = rng.standard_normal(shape)
    X[-1] = X[0] * rng.choice([1, -1, 3])
    X[rng.integers(0, shape[0])] = 0
    return X


def repeated(rng, shape):
    return rng.standard_normal(shape)[:, rng.integers(0, 1 + shape[1] // 3, shape[1])]


def unplanted(rng, case):
    Y = np.maximum(rng.standard_normal(case.Y.shape), 0)
    epsilon = float(rng.choice([0.3, 0.7, 0.95]) * np.linalg.norm(Y))
    return replace(case, Y=Y, Omega=Y > 0, V=0 * Y - rng.choice([0, 0, 0.1]), epsilon=epsilon)


HOSTILE_LAYERS = {
    "plain": lambda rng, case: case,
    "ties": given(lambda rng, shape: rng.integers(0, 2, shape).astype(float)),
    "pixels": given(
        lambda rng, shape: rng.integers(0, 256, shape) * (rng.random(shape) < 0.5) * 1.0
    ),
    "repeated": given(repeated),
    "low rank": given(
        lambda rng, s: rng.standard_normal((s[0], 2)) @ rng.standard_normal((2, s[1]))
    ),
    "few samples": lambda rng, case: plain_layer(rng, 12, None, int(rng.integers(1, 12))),
    "dead": with_dead,
    "epsilon 0": radius(0.0),
    "epsilon 1e-8": radius(1e-8),
    "inputs": of_units(x=(-6, 6), each=True),
    "units": of_units(x=(-12, 12), y=(-12, 12)),
    "Y": of_units(y=(-100, 100)),
    "wild sample": given(wild),
    "heavy": given(lambda rng, shape: rng.standard_t(0.7, shape)),
    "doubled": given(doubled),
    "unplanted": unplanted,
    "larger": lambda rng, case: plain_layer(rng, 30, 6, 120),
}

PROGRAMS = {
    "branchhull": (plain_product, HOSTILE_PRODUCTS),
    "nettrim": (plain_layer, HOSTILE_LAYERS),
}


def families():
    """Every (program, family); "mixed" is two families, one after the other."""
    return [(p, f) for p, (_, table) in PROGRAMS.items() for f in [*table, "mixed"]]


def instance(program, family, seed):
    """The instance of that name: the same on every machine with the same numpy."""
    plain, table = PROGRAMS[program]
    rng = np.random.default_rng([seed, crc32(f"{program} {family}".encode())])
    case = plain(rng)
    names = [str(n) for n in rng.choice(list(table), 2, False)] if family == "mixed" else [family]
    with np.errstate(all="ignore"):
        for name in names:
            case = table[name](rng, case)
    return case
