"""BranchHull: what is measured, what is not, and the program between them.

    y = (B h) o (C m),    signs = sign(B h) known,    L measurements, K + N unknowns

    minimise    |h|_2^2 + |m|_2^2
    subject to  sign(y_l) (b_l'h) (c_l'm) >= |y_l|,    signs_l b_l'h >= 0,    l = 1..L

Each constraint is the convex hull of one branch of the hyperbola (b'h)(c'm) = y. Source:
BranchHull, arXiv 1702.04342; the constraints as on the poster of arXiv 1809.08359.
"""

from dataclasses import dataclass

import numpy as np

from kit.arguments import choice, instance, real_array
from kit.results import Array

OBJECTIVES = ("l2",)


@dataclass(frozen=True, eq=False)
class Bilinear:
    """What is measured: y = (B h) o (C m), and the signs of B h.

    signs are knowledge of their own and are never computed from y: a sign is +1 or -1 even where
    y = 0. Raises ValueError, in one sentence, for shapes that do not match, numbers that are not
    finite and real, and signs other than +1 and -1.
    """

    B: Array  # (L, K)
    C: Array  # (L, N)
    y: Array  # (L,)
    signs: Array  # (L,), each -1 or 1

    def __post_init__(self) -> None:
        for name, ndim in (("B", 2), ("C", 2), ("y", 1), ("signs", 1)):
            object.__setattr__(self, name, real_array(name, getattr(self, name), ndim))
        L = self.y.size
        for name in ("B", "C", "signs"):
            rows = len(getattr(self, name))
            if rows != L:
                raise ValueError(
                    f"{name} must have a row for each of the {L} entries of y, got {rows}"
                )
        strange = self.signs[np.abs(self.signs) != 1]
        if strange.size:
            raise ValueError(f"signs must be -1 or 1, got {strange[0]:g}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(L, K, N): measurements, unknowns of h, unknowns of m."""
        return self.y.size, self.B.shape[1], self.C.shape[1]

    def __repr__(self) -> str:
        L, K, N = self.shape
        return f"Bilinear({L} measurements of {K} + {N} unknowns)"


@dataclass(frozen=True, eq=False)
class Truth:
    """What only a simulation knows. No solver can be given one."""

    h: Array  # (K,)
    m: Array  # (N,)

    def __post_init__(self) -> None:
        for name in ("h", "m"):
            object.__setattr__(self, name, real_array(name, getattr(self, name), 1))

    def __repr__(self) -> str:
        return f"Truth(h {self.h.shape}, m {self.m.shape})"


@dataclass(frozen=True, eq=False)
class BranchHull:
    """The convex program: an objective over the intersection of L hulls.

    objective  "l2": |h|_2^2 + |m|_2^2
    """

    data: Bilinear
    objective: str = "l2"

    def __post_init__(self) -> None:
        instance("data", self.data, Bilinear)
        choice("objective", self.objective, OBJECTIVES)

    def value(self, h: Array, m: Array) -> float:
        """|h|_2^2 + |m|_2^2, feasible or not."""
        return float(h @ h + m @ m)

    def __repr__(self) -> str:
        return f"BranchHull({self.objective}, {self.data})"


def canonical(data: Bilinear) -> tuple[Array, Array, Array]:
    """The one place that handles signs: (Bt, Ct, d) with p = Bt h >= 0, q = Ct m, p q >= d.

    Bt = diag(signs) B (L, K),  Ct = diag(sign(y) signs) C (L, N),  d = |y| (L,). A row with y = 0
    has d = 0 and a zero row of Ct: there q is free and only p >= 0 remains. Source: derived.
    """
    instance("data", data, Bilinear)
    t, s = data.signs[:, None], np.sign(data.y)[:, None]
    return t * data.B, t * s * data.C, np.abs(data.y)


def normalise(
    Bt: Array, Ct: Array, d: Array
) -> tuple[Array, Array, Array, tuple[float, Array, Array]]:
    """Scale canonical data to size 1, for methods whose steps depend on units.

    Every row of Bt and of Ct gets the norm 1, and max d becomes 1; p q >= d stays what it
    is. Returns (Bt, Ct, d, (zoom, of_al, of_be)), all scaled: if (h, m) answers the scaled data,
    (zoom h, zoom m) answers the data, and a dual (al, be) becomes (of_al al, of_be be), up to one
    common factor, which no certificate sees. A row of zeros stays one.
    """
    size_B, size_C = (np.linalg.norm(A, axis=1) for A in (Bt, Ct))
    size_B, size_C = (np.where(size == 0, 1.0, size) for size in (size_B, size_C))
    d = d / size_B / size_C
    largest = max(d.max(), np.finfo(float).tiny)
    scaled = Bt / size_B[:, None], Ct / size_C[:, None], d / largest
    return *scaled, (np.sqrt(largest), 1 / size_B, 1 / size_C)
