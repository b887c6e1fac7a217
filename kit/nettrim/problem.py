"""Net-Trim, one layer: the sparsest weights, in the l1 sense, that keep what the layer does.

    minimise    |W|_1 = sum of |W_nm|
    subject to  |(W'X - Y)_Omega|_F <= epsilon       where the neuron is active, follow it
                (W'X)_C <= V_C,   C = complement      where it is silent, stay silent

X (N, P) holds the P samples that enter the layer as columns, Y (M, P) what it answers, neuron m by
neuron m, sample by sample. Omega is where Y > 0 (more than rounding, 1e-9 max Y): it says on which
piece of its bent line the ReLU is, and with that the set of admissible W is convex. Omega all True
is the last, linear layer.

Source: Net-Trim, arXiv 1611.05162, supplement (S.1) with V = 0, (S.3) with V; the joint ball and V
as in Fast Convex Pruning, arXiv 1806.06457, eq. (1). One ball per neuron: arXiv 1611.05162, first
version, in constrained form.
"""

import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kit.arguments import flag, number_or_each, numeric, real_array
from kit.results import Array

ALIKE, FAR = 10, 100  # units stay if rows of X differ by 2^ALIKE at most, all within 2^FAR of 1


@dataclass(frozen=True, eq=False)
class NetTrim:
    """The program for one layer: min |W|_1 s.t. |(W'X - Y)_Omega|_F <= epsilon, (W'X)_C <= V_C.

    epsilon  absolute, >= 0: a number is one ball for the whole layer, (M,) is one for each neuron
    V        upper limit of W'X where Omega is False, a number or (M, P)
    Omega    (M, P) of booleans; None means Y > 1e-9 max(Y); all True means a linear layer
    penalise_bias  False: the last row of W, which weighs the last row of X (ones, for a bias), is
             free: |W|_1 leaves it out

    Raises ValueError, in one sentence, for shapes that do not match, empty arrays, numbers that are
    not finite and real, epsilon < 0, and a negative Y unless Omega is all True.
    """

    X: Array  # (N, P)
    Y: Array  # (M, P)
    epsilon: float | Array
    V: float | Array = 0.0
    Omega: Array | None = None
    penalise_bias: bool = True
    price: Array = field(init=False, repr=False)  # (N,) what |W|_1 counts for a row: 1, free: 0

    def __post_init__(self) -> None:
        X, Y = real_array("X", self.X, 2), real_array("Y", self.Y, 2)
        if X.shape[1] != Y.shape[1]:
            raise ValueError(
                f"X and Y must have one column per sample, got shapes {X.shape} and {Y.shape}"
            )
        Omega = _mask(self.Omega, Y)
        if Y.min() < 0 and not (self.Omega is not None and Omega.all()):
            raise ValueError(
                f"Y must be >= 0, as a ReLU answers (or give Omega all True for a linear layer), "
                f"got {Y.min():g}"
            )
        paid = len(X) - (not flag("penalise_bias", self.penalise_bias))
        epsilon, V = read_radius(self.epsilon, len(Y)), real_array("V", self.V)
        if V.shape not in ((), Y.shape):
            raise ValueError(f"V must be a number or have the shape of Y, {Y.shape}, got {V.shape}")
        V, price = np.broadcast_to(V, Y.shape).copy(), np.where(np.arange(len(X)) < paid, 1.0, 0.0)
        read = {"X": X, "Y": Y, "epsilon": epsilon, "V": V, "Omega": Omega, "price": price}
        for name, value in read.items():
            object.__setattr__(self, name, value)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(N, M, P): inputs, neurons, samples."""
        return self.X.shape[0], *self.Y.shape

    @property
    def joint(self) -> bool:
        """True if one ball holds the whole layer, False if every neuron has its own."""
        return isinstance(self.epsilon, float)

    @property
    def paid(self) -> int:
        """How many rows of W are in |W|_1, the first ones: N, or N - 1."""
        return len(self.X) - (not self.penalise_bias)

    @property
    def target(self) -> Array:
        """T (M, P): Y on Omega, V elsewhere."""
        return np.where(self.Omega, self.Y, self.V)

    def neurons(self, keep: Array) -> "NetTrim":
        """The same program for some of the neurons; keep (M,) of booleans.

        One ball for the layer stays one ball: right if the others meet the target on Omega.
        """
        epsilon = self.epsilon if self.joint else self.epsilon[keep]
        V, Omega = self.V[keep], self.Omega[keep]
        return variant(self, Y=self.Y[keep], epsilon=epsilon, V=V, Omega=Omega)

    def __repr__(self) -> str:
        N, M, P = self.shape
        ball = f"epsilon {self.epsilon:.3g}" if self.joint else f"{M} balls"
        kind = "linear" if self.Omega.all() else f"{self.Omega.mean():.0%} active"
        return f"NetTrim({N} inputs, {M} neurons, {P} samples, {kind}, {ball})"


def variant(problem: NetTrim, **fields: Any) -> NetTrim:
    """The same layer with other fields, which are right already: neither read nor copied.

    `lengths` of X (rounding.py), kept on the object once computed, goes along: None if X changes.
    """
    new = copy.copy(problem)
    for name, value in fields.items():
        object.__setattr__(new, name, value)
    return new


def scaled(problem: NetTrim) -> tuple[NetTrim, Array, int]:
    """The same program with rows of X, and Y, about 1; k (N,) and l, the powers of 2 below.

    X_n = 2^k_n X'_n, Y = 2^l Y': W_n = 2^(l - k_n) W'_n, and |W|_1 = sum_n price_n |W'_n| with
    price_n = 2^-k_n, up to a factor. Powers of 2 cost no rounding. Units that are good already
    (rows within ALIKE of each other, all within FAR of 1) stay, and X is not copied.
    """
    tall = np.abs(problem.X).max(axis=1)
    rows, out = np.frexp(tall)[1], int(np.frexp(unit(problem))[1])
    rows[tall == 0] = rows[tall > 0].max() if tall.any() else 0
    least, most = int(rows.min()), int(rows.max())
    if most - least <= ALIKE and max(abs(most), abs(least), abs(out)) <= FAR:
        return problem, np.zeros(len(rows), int), 0
    epsilon = np.ldexp(problem.epsilon, -out)
    new = variant(
        problem,
        X=np.ldexp(problem.X, -rows[:, None]),
        Y=np.ldexp(problem.Y, -out),
        V=np.ldexp(problem.V, -out),
        epsilon=float(epsilon) if problem.joint else epsilon,
        lengths=None,  # of the other X
        price=problem.price * np.ldexp(1.0, np.clip((least + most) // 2 - rows, -1000, 1000)),
    )
    return new, rows, out


def in_good_units(problem: NetTrim) -> tuple[NetTrim, float]:
    """The same program with rows about 1, and what its |W|_1 is to be multiplied by, exactly.

    Where rows are decades apart, X q of the largest cancels to less than its rounding; in good
    units what is paid for it is as large. The problem itself where an entry would underflow.
    """
    layer, rows, out = scaled(problem)
    if layer is problem:
        return problem, 1.0
    shifts = {"X": rows[:, None], "Y": out, "V": out, "epsilon": out}
    back = {name: np.ldexp(getattr(layer, name), k) for name, k in shifts.items()}
    same = all(np.array_equal(back[name], getattr(problem, name)) for name in back)
    least, most = int(rows.min()), int(rows.max())
    factor = float(np.ldexp(1.0, out - (least + most) // 2))
    good = same and most - least < 1000 and np.finfo(float).tiny < factor < np.inf
    return (layer, factor) if good else (problem, 1.0)


def unit(problem: NetTrim) -> float:
    """max|Y|, in which outputs are measured (max|V| or 1 where Y is all 0)."""
    return float(np.abs(problem.Y).max() or np.abs(problem.V).max() or 1.0)


def unbounded(problem: NetTrim) -> Array:
    """Which neurons (M,) have a free weight that no sample bounds on one side."""
    if problem.penalise_bias:
        return np.zeros(len(problem.Y), bool)
    x = problem.X[-1]
    above, below = (((problem.Omega | (side > 0)) & (x != 0)).any(axis=1) for side in (x, -x))
    return ~(above & below)


def _mask(value: object, Y: Array) -> Array:
    if value is None:
        return 1e-9 * Y.max() < Y
    mask = numeric("Omega", value)
    if mask.dtype != bool:
        raise ValueError(f"Omega must hold booleans, got {mask.dtype}")
    if mask.shape != Y.shape:
        raise ValueError(f"Omega must have the shape of Y, {Y.shape}, got {mask.shape}")
    return mask.copy()


def read_radius(value: object, M: int) -> float | Array:
    """Return epsilon, which must be a number, or (M,), >= 0."""
    words = f"a number, or one for each of {M} neurons"
    epsilon = number_or_each("epsilon", value, M, words, 0)
    return epsilon if epsilon.ndim else float(epsilon)
