"""Random and hostile BranchHull instances: a plain one, and functions (rng, case) that spoil it."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import LinearOperator

from kit.branchhull import Bilinear, BranchHull

FORMS = {
    "dense": lambda A: A,
    "sparse": csr_array,
    "products": lambda A: LinearOperator(A.shape, lambda v: A @ v, lambda v: A.T @ v, dtype=float),
    "blocks": lambda A: LinearOperator(
        A.shape, lambda v: A @ v, lambda v: A.T @ v, lambda V: A @ V, float, lambda V: A.T @ V
    ),
    "matvec only": lambda A: LinearOperator(A.shape, lambda v: A @ v, dtype=float),
}


@dataclass(frozen=True, eq=False)
class Product:
    """Dense copies of the data, the truth, and the form in which the kit is given B and C."""

    B: np.ndarray
    C: np.ndarray
    objective: str
    h: np.ndarray
    m: np.ndarray
    lam: float | None = None
    gamma: float = 1.0
    mu: float | None = None
    shape: tuple | None = None
    y: np.ndarray | None = None
    signs: np.ndarray | None = None
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
        return replace(new, y=w * x * (1 + noise * rng.standard_normal(w.size)), signs=signs)

    def spoiled(self, rng, change):
        """B or C, or both, changed by `change`, and measured anew."""
        which = "C" if self.fixed else rng.choice(["B", "C", "both"])
        names = ("B", "C") if which == "both" else (which,)
        return self.measured(rng, **{name: change(getattr(self, name)) for name in names})

    @property
    def fixed(self):
        """B = I and has to stay so: h is an image."""
        return self.objective == "tv" and self.B.shape[0] == self.B.shape[1]

    def __repr__(self):
        sizes = f"L={len(self.B)} K={len(self.h)} N={len(self.m)} {self.shape or ''}"
        weights = f"lam={self.lam} gamma={self.gamma} mu={self.mu}"
        return f"{self.objective} {self.form} {sizes} {weights}"


def wide(rng, decades, n=None):
    """n numbers, log-uniform over the decades."""
    return 10.0 ** rng.uniform(*decades, n)


def plain(rng, top=12, rows=60):
    """l2, l1 (twice as often) or tv, with or without slack and noise."""
    objective = str(rng.choice(["l2", "l1", "l1", "tv"]))
    K, N = rng.integers(2, top + 1, 2)
    L = int(min(rows, np.ceil((K + N) * rng.choice([1.2, 2.0, 3.0, 4.0]))))
    extra, B = {}, rng.standard_normal((L, K))
    h, m = (rng.standard_normal(n) * (rng.random(n) < rng.choice([0.4, 1.0])) for n in (K, N))
    h[0], m[0] = h[0] or 1.0, m[0] or 1.0
    if objective == "tv":
        p, q = (int(n) for n in rng.integers(2, 9, 2))
        L, identity = p * q, rng.random() < 0.6
        h = 1 + np.add.outer(np.arange(q) < rng.integers(1, q + 1), np.zeros(p)).ravel() / 2
        h *= 1 if rng.random() < 0.7 else np.where(np.arange(L) < L // 2, 1, -1)
        B = np.eye(L)
        if not identity:
            K = min(K, L)
            B, h = rng.standard_normal((L, K)), rng.standard_normal(K)
            B[:, 0], h[0] = 1, 2
        extra = {"mu": float(rng.choice([0, 0.1, 1, 2, 5])), "shape": (p, q)}
    if objective != "l2":
        extra["lam"] = float(wide(rng, (-2, 3))) if rng.random() < 0.5 else None
        extra["gamma"] = float(rng.choice([1.0, wide(rng, (-2, 2))]))
    C = rng.standard_normal((L, N))
    noise = float(rng.choice([0, wide(rng, (-6, -0.7))]))
    return Product(B, C, objective, h, m, **extra).measured(rng, noise)


def outliers(rng, case):
    y = case.y.copy()
    rows = rng.integers(0, y.size, 1 + y.size // 10)
    y[rows] *= rng.choice([1, 1, -1], rows.size) * wide(rng, (-1, 5), rows.size)
    return replace(case, y=y)


def wrong_signs(rng, case):
    return replace(case, signs=case.signs * np.where(rng.random(case.y.size) < 0.1, -1, 1))


def columns(rng, case):
    s, z = (wide(rng, (-6, 6), A.shape[1]) for A in (case.B, case.C))
    s, z = (v if rng.random() < 0.7 else v * 0 + 1 for v in (s, z))
    s = s * 0 + 1 if case.fixed else s
    new = {"h": case.h / s, "m": case.m / z} if rng.random() < 0.5 else {}
    return case.measured(rng, B=case.B * s, C=case.C * z, **new)


def rows(rng, case):
    s, z = (wide(rng, (-8, 8), (len(case.B), 1)) for _ in range(2))
    s = s * 0 + 1 if case.fixed and rng.random() < 0.7 else s
    return case.measured(rng, B=case.B * s, C=case.C * z)


def units(rng, case, decades=(-9, 9)):
    """B and C in other units, gamma with them: the same problem."""
    b, c = wide(rng, decades, 2)
    new = {} if case.fixed else {"B": case.B * b}
    gamma = case.gamma if case.objective == "l2" else case.gamma * c
    return replace(case, C=case.C * c, gamma=float(gamma), **new)


def weights(rng, case):
    """gamma, lam, mu of any size."""
    if case.objective == "l2":
        return units(rng, case)
    new = {"gamma": wide(rng, (-15, 15))}
    new |= {} if case.lam is None else {"lam": wide(rng, (-12, 12))}
    new |= {"mu": wide(rng, (-12, 12))} if case.mu else {}
    return replace(case, **{name: float(value) for name, value in new.items()})


def parallel(rng, case):
    near = 10.0 ** -rng.integers(4, 9)

    def change(A):
        if rng.random() < 0.5:
            return A[:, :1] + near * A
        return np.c_[A[:, :1] + near * A[:, -1:], A[:, 1:]]

    return case.spoiled(rng, change)


def thin(rng, case):
    A, v = ("C", "m") if case.fixed or rng.integers(2) else ("B", "h")
    return case.measured(rng, **{A: getattr(case, A)[:, :1], v: getattr(case, v)[:1]})


def tight(rng, case):
    if case.objective == "tv":
        return case
    L = max(1, min(len(case.y), case.h.size + case.m.size + int(rng.integers(-2, 3))))
    return replace(case, **{n: getattr(case, n)[:L] for n in ("B", "C", "y", "signs")})


def flat(rng, case):
    """Rows b and -b with y = 0 and the same sign: b'h = 0, a feasible set without interior."""
    if case.objective == "tv":
        return zeros(rng, case)
    K = case.h.size
    n = int(rng.integers(1, 1 + max(1, K // 3)))
    b = rng.standard_normal((n, K))
    h = case.h - np.linalg.lstsq(b, b @ case.h, rcond=None)[0]
    if rng.random() < 0.5:
        b, h = np.eye(K)[:n], np.r_[np.zeros(n), case.h[n:]]
    case = case.measured(rng, h=h)
    B, C = np.r_[case.B, b, -b], np.r_[case.C, rng.standard_normal((2 * n, case.m.size))]
    y, signs = np.r_[case.y, np.zeros(2 * n)], np.r_[case.signs, np.ones(2 * n)]
    return replace(case, B=B, C=C, y=y, signs=signs)


def zeros(rng, case):
    return replace(case, y=np.where(rng.random(case.y.size) < 0.3, 0, case.y))


def low_rank(rng, case):
    def change(A):
        r = int(rng.integers(1, A.shape[1] + 1))
        return A[:, :r] @ rng.standard_normal((r, A.shape[1]))

    return case.spoiled(rng, change)


def duplicated(rng, case):
    def change(A):
        return np.c_[A[:, :-1], A[:, 0] * rng.choice([1, -1, 2])]

    case = case.spoiled(rng, change)
    if case.objective != "tv" and rng.random() < 0.5:
        rows = np.r_[: len(case.y), rng.integers(0, len(case.y), 5)]
        parts = {name: getattr(case, name)[rows] for name in ("B", "C", "y", "signs")}
        parts["y"][-2:] *= rng.choice([1, 1 + 1e-9, 1.5])
        case = replace(case, **parts)
    return case


def zero_rows(rng, case):
    rows = rng.integers(0, len(case.y), 2)
    new = {name: getattr(case, name).copy() for name in ("B", "C")}
    for name in "C" if case.fixed else "BC":
        new[name][rows] = 0
    feasible = rng.random() < 0.7  # else y is not 0 there
    return case.measured(rng, **new) if feasible else replace(case, **new)


def whole_numbers(rng, case):
    new = {name: rng.integers(-3, 4, getattr(case, name).shape) * 1.0 for name in ("B", "C")}
    new = {"C": new["C"]} if case.fixed else new
    new |= {name: np.round(2 * getattr(case, name)) for name in ("h", "m")}
    return case.measured(rng, **new)


def formed(*forms):
    """B and C in one of the forms, in half of the cases with 60 % zeros."""

    def change(rng, case):
        new = {n: getattr(case, n) * (rng.random(getattr(case, n).shape) < 0.4) for n in ("B", "C")}
        sparse = rng.random() < 0.5 and not case.fixed
        if case.objective != "l2" and "sparse" not in forms:  # operators are taken by l2 only
            case = replace(case, objective="l2", lam=None, gamma=1.0, mu=None, shape=None)
        return replace(case.measured(rng, **(new if sparse else {})), form=str(rng.choice(forms)))

    return change


FAMILIES = {
    "plain": lambda rng, case: case,
    "noise": lambda rng, case: case.measured(rng, wide(rng, (-9, 0.5))),
    "outliers": outliers,
    "wrong signs": wrong_signs,
    "columns": columns,
    "rows": rows,
    "y": lambda rng, case: replace(case, y=case.y * wide(rng, (-100, 100))),
    "units": units,
    "weights": weights,
    "parallel": parallel,
    "heavy": lambda rng, case: case.spoiled(rng, lambda A: rng.standard_t(0.7, A.shape)),
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
    "larger": lambda rng, case: plain(rng, top=40, rows=240),
    "absurd": lambda rng, case: units(rng, case, (-140, 140)),
}
