"""BranchHull: what is measured, what is not, and the program between them.

    y = (B h) o (C m),    signs = sign(B h) known,    L measurements, K + N unknowns

    minimise    an objective, "l2", "l1" or "tv": see the class BranchHull
    subject to  sign(y_l) (b_l'h) (c_l'm + xi_l) >= |y_l|,    signs_l b_l'h >= 0,    l = 1..L

Each constraint is the convex hull of one branch of the hyperbola (b'h)(c'm) = y. The slack xi is
there only where lam is given: it moves the branch of a measurement that lies. Sources: BranchHull,
arXiv 1702.04342 (l2); l1-BranchHull, arXiv 1809.08359 and 1906.11636 (l1, slack, TV; gamma from
their published code; mu derived, for without it the TV program has no minimiser).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kit.arguments import choice, instance, number, real_array, shown
from kit.branchhull.rows import Matrix, is_dense, matrix, norms, scale
from kit.branchhull.scaled import MODERATE, Scaled, scaled
from kit.branchhull.variation import image_shape, total_variation
from kit.results import Array


@dataclass(frozen=True, eq=False)
class Bilinear:
    """What is measured: y = (B h) o (C m), and the signs of B h.

    signs are knowledge of their own and are never computed from y: a sign is +1 or -1 even where
    y = 0. B and C are dense, scipy sparse, or a LinearOperator (see rows.py). Raises ValueError, in
    one sentence, for shapes that do not match, numbers that are not finite and real, and signs
    other than +1 and -1.
    """

    B: Matrix  # (L, K)
    C: Matrix  # (L, N)
    y: Array  # (L,)
    signs: Array  # (L,), each -1 or 1

    def __post_init__(self) -> None:
        for name in ("B", "C"):
            object.__setattr__(self, name, matrix(name, getattr(self, name)))
        for name in ("y", "signs"):
            object.__setattr__(self, name, real_array(name, getattr(self, name), 1))
        L = self.y.size
        for name in ("B", "C", "signs"):
            rows = getattr(self, name).shape[0]
            if rows != L:
                raise ValueError(
                    f"{name} must have a row for each of the {L} entries of y, got {rows}"
                )
        strange = self.signs[np.abs(self.signs) != 1]
        if strange.size:
            raise ValueError(f"signs must be -1 or 1, got {strange[0]:g}")
        _read_only(self.B, self.C, self.y, self.signs)  # copies; what is made of them is made once

    @property
    def shape(self) -> tuple[int, int, int]:
        """(L, K, N): measurements, unknowns of h, unknowns of m."""
        return self.y.size, self.B.shape[1], self.C.shape[1]

    @property
    def sig(self) -> Array:
        """sign(y) signs (L,), the signs of C m; a slack of this sign moves q up. 0 where y = 0."""
        return np.sign(self.y) * self.signs

    @cached_property
    def canonical(self) -> tuple[Matrix, Matrix, Array]:
        """What the function `canonical` returns, made once: every certificate asks for it."""
        Bt, Ct = scale(self.B, self.signs[:, None]), scale(self.C, self.sig[:, None])
        return _read_only(Bt, Ct, np.abs(self.y))

    @cached_property
    def scaled(self) -> Scaled:
        """The canonical form in units of its own, made once: see Scaled."""
        return scaled(self.B, self.C, np.abs(self.y), self.signs, self.sig)

    def __getstate__(self) -> dict[str, object]:
        """What travels to another process: not what can be made there."""
        return {name: getattr(self, name) for name in ("B", "C", "y", "signs")}

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
               "l1": |h|_1 + gamma |m|_1 + lam |xi|_1
               "tv": TV(B h) + mu |B h|_1 + gamma |m|_1 + lam |xi|_1
    lam > 0    price of the slack; None: no slack, xi = 0 (l1 and tv only)
    gamma > 0  weight of |m|_1 (l1 and tv only). It rescales the answer's h and m against each
               other, and matters to what is found only next to a slack
    mu >= 0    weight of |B h|_1 (tv only, and must be given); with 0 there may be no minimiser
    shape      (p, q), the image that B h is, columns stacked, p q = L, for tv

    Raises ValueError, in one sentence, for what does not belong together.
    """

    data: Bilinear
    objective: str = "l2"
    lam: float | None = None
    gamma: float = 1.0
    mu: float | None = None
    shape: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        instance("data", self.data, Bilinear)
        choice("objective", self.objective, ("l2", "l1", "tv"))
        if self.lam is not None:
            object.__setattr__(self, "lam", number("lam", self.lam, least=0, above=True))
        object.__setattr__(self, "gamma", number("gamma", self.gamma, least=0, above=True))
        if self.objective == "l2" and self.lam is not None:
            raise ValueError(f"lam must be None: the l2 program has no slack, got {self.lam:g}")
        if self.objective == "l2" and self.gamma != 1:
            raise ValueError(f"gamma must be 1: the l2 program has no weight, got {self.gamma:g}")
        if self.objective == "tv":
            if self.mu is None:
                raise ValueError("mu must be given for tv (0 is allowed), got None")
            object.__setattr__(self, "mu", number("mu", self.mu, least=0))
            if self.shape is None:
                raise ValueError("shape must be given for tv: a pair (p, q) with p q = L, got None")
            object.__setattr__(self, "shape", image_shape(self.shape, self.data.y.size))
        else:
            for name in ("mu", "shape"):
                if getattr(self, name) is not None:
                    raise ValueError(
                        f"{name} must be None: only tv has one, got {shown(getattr(self, name))}"
                    )

    @property
    def slack(self) -> bool:
        """Whether the program has a slack xi."""
        return self.lam is not None

    def value(self, h: Array, m: Array, xi: Array | None = None) -> float:
        """The objective at (h, m, xi), feasible or not; xi None counts as 0.

        Raises ValueError for a xi where the program has none.
        """
        F, G = self.halves(h, m, xi)
        return F * F + G * G if self.objective == "l2" else F + G

    def halves(self, h: Array, m: Array, xi: Array | None = None) -> tuple[float, float]:
        """What h costs and what m and xi cost, |h|_2 and |m|_2 for l2: equal at an optimum."""
        if xi is not None and not self.slack:
            raise ValueError("xi must be None: the program has no slack (lam is None)")
        if self.objective == "l2":
            return _norm(h), _norm(m)
        if self.objective == "l1":
            F = np.abs(h).sum()
        else:
            image = self.data.B @ h
            F = total_variation(image, self.shape) + self.mu * np.abs(image).sum()
        slack = 0.0 if xi is None else self.lam * np.abs(xi).sum()
        return float(F), float(self.gamma * np.abs(m).sum() + slack)

    def __repr__(self) -> str:
        given = [
            f"{name}={value}"
            for name, value in (("lam", self.lam), ("mu", self.mu), ("shape", self.shape))
            if value is not None
        ]
        given += [f"gamma={self.gamma:g}"] if self.gamma != 1 else []
        return f"BranchHull({', '.join([self.objective, *given, repr(self.data)])})"


def _read_only(*parts: Matrix) -> tuple[Matrix, ...]:
    for part in parts:
        if isinstance(part, np.ndarray):
            part.setflags(write=False)
    return parts


def _norm(v: Array) -> float:
    """|v|_2, where squares may leave the range of numbers."""
    largest = float(np.abs(v).max(initial=0.0))
    if largest == 0 or MODERATE[0] < largest < MODERATE[1]:
        return float(np.linalg.norm(v))
    return largest * float(np.linalg.norm(v / largest))


def with_entries(data: Bilinear) -> Bilinear:
    """Return data, whose B and C must be arrays, for methods that look at their entries."""
    if not is_dense(instance("data", data, Bilinear).B, data.C):
        raise ValueError("data must have dense B and C here, got sparse ones or operators")
    return data


def canonical(data: Bilinear) -> tuple[Matrix, Matrix, Array]:
    """The one place that handles signs: (Bt, Ct, d) with p = Bt h >= 0, q = Ct m, p q >= d.

    Bt = diag(signs) B (L, K),  Ct = diag(sign(y) signs) C (L, N),  d = |y| (L,). A row with y = 0
    has d = 0 and a zero row of Ct: there q is free and only p >= 0 remains. Bt and Ct are of the
    kind that B and C are; arrays are read-only, for the same ones serve everybody. Source: derived.
    """
    return instance("data", data, Bilinear).canonical


def normalise(
    Bt: Array, Ct: Array, d: Array
) -> tuple[Array, Array, Array, tuple[float, Array, Array]]:
    """Scale canonical data to size 1, for methods whose steps depend on units.

    Every row of Bt and of Ct gets the norm 1, and max d becomes 1; p q >= d stays what it
    is. Returns (Bt, Ct, d, (zoom, of_al, of_be)), all scaled: if (h, m) answers the scaled data,
    (zoom h, zoom m) answers the data, and a dual (al, be) becomes (of_al al, of_be be), up to one
    common factor, which no certificate sees. A row of zeros stays one.
    """
    size_B, size_C = (np.where(size == 0, 1.0, size) for size in (norms(Bt), norms(Ct)))
    d = d / size_B / size_C
    largest = max(d.max(), np.finfo(float).tiny)
    scaled = Bt / size_B[:, None], Ct / size_C[:, None], d / largest
    return *scaled, (np.sqrt(largest), 1 / size_B, 1 / size_C)
