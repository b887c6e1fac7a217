"""Units in which data are about 1: powers of two, so that changing them rounds nothing.

Sensors report in volts or microvolts, and unknowns are counted in metres or miles. Methods, bounds
and their rounding errors are all computed here, whatever the units of rows, columns and y were.
"""

from dataclasses import dataclass

import numpy as np

from kit.branchhull.rows import Matrix, is_dense, is_operator, norms, scale
from kit.results import Array

UNEVEN = 16  # columns whose norms differ by more are scaled; the others cost no pass over the data
SAMPLE = 4096  # rows from which the norms of columns are estimated
MODERATE = 2.0**-200, 2.0**200  # largest entries outside are scaled first: squares must not vanish


@dataclass(frozen=True, eq=False)
class Scaled:
    """Canonical data whose rows have norms about 1, in units that are powers of two.

        Bt' = diag(row_h) Bt diag(column_h),   Ct' = diag(row_m) Ct diag(column_m),
        d'  = row_h row_m d / zoom^2,          1/4 <= max d' < 2

    Nothing is rounded on the way, so what is proved of the scaled data is proved of the data. With
    h = column_h h', m = column_m m' and p' = Bt'h', q' = Ct'm', p q >= d means p'q' >= zoom^2 d';
    a dual (al, be) is (row_h al', row_m be'), each up to a factor: bounds see neither. Columns are
    scaled where their norms differ by more than 16; an operator's rows and columns stay.
    """

    Bt: Matrix  # (L, K)
    Ct: Matrix  # (L, N)
    d: Array  # (L,)
    rows: tuple[Array, Array]  # (L,) each: row_h, row_m
    columns: tuple[Array, Array]  # (K,), (N,): column_h, column_m
    zoom: float
    sizes: tuple[Array | None, Array | None]  # (L,) upper bounds of the norms of the scaled rows

    def weights(self, gamma: float = 1.0, lam: float | None = None) -> tuple[Array, float, float]:
        """What h' and m' cost, and the units they are returned in: (weight (K + N,), e, cost).

        h = (zoom / e) column_h h', m = zoom e column_m m'. With e and cost powers of two such that
        what h' costs, and the cheaper of what q' costs by m' or by slack, have geometric mean 1, is
        weight = (column_h / e, gamma e column_m) / cost, and |h| + gamma |m| = zoom cost
        |weight (h', m')| for l1, and squared for l2.
        """
        logs = [np.log2(column).mean() for column in self.columns]
        of_q = logs[1] + np.log2(gamma)
        if lam is not None:
            of_q = min(of_q, np.log2(lam) - np.log2(self.rows[1]).mean())
        e = 2.0 ** np.round((logs[0] - of_q) / 2)
        cost = 2.0 ** np.round((logs[0] + of_q) / 2)
        weight = np.concatenate([self.columns[0] / e, gamma * e * self.columns[1]]) / cost
        return weight, float(e), float(cost)

    def restore(self, h: Array, m: Array, e: float) -> tuple[Array, Array]:
        """(h, m) of the data for (h', m') with p'q' >= d', e as in `weights`."""
        return self.zoom / e * self.columns[0] * h, self.zoom * e * self.columns[1] * m


def scaled(B: Matrix, C: Matrix, d: Array, signs: Array, sig: Array) -> Scaled:
    """The data of a Bilinear, d = |y| and the others as there, in units of their own."""
    sides, rows, columns, sizes = zip(_even(B, signs), _even(C, sig), strict=True)
    exponents = sum(np.log2(row) for row in rows) + np.frexp(d)[1]
    top = 2 * round((exponents[d > 0].max() if d.any() else 0) / 2)
    shrunk = np.ldexp(np.frexp(d)[0], (exponents - top).astype(int))
    return Scaled(*sides, shrunk, rows, columns, 2.0 ** (top / 2), sizes)


def _even(A: Matrix, signs: Array) -> tuple[Matrix, Array, Array, Array | None]:
    """diag(row signs) A diag(column), powers of two row and column, and bounds of the row norms."""
    row, column = np.ones(A.shape[0]), np.ones(A.shape[1])
    if is_operator(A):
        return scale(A, signs[:, None]), row, column, None
    largest = np.abs(A).max() if is_dense(A) else np.abs(A.data).max(initial=0)
    if largest > 0 and not MODERATE[0] < largest < MODERATE[1]:
        column /= _power(largest)
    while True:
        work = A if (column == 1).all() else scale(A, column)
        size = _or_one(norms(work))
        row = 1 / _power(size)
        even = scale(work, (row * signs)[:, None])
        across = _or_one(norms(even[:: 1 + row.size // SAMPLE], 0))
        if across.max() <= UNEVEN * across.min() or np.ptp(column) > 0:
            return even, row, column, size * row * (1 + 2.0**-30)
        column = column * _power(np.exp(np.mean(np.log(across))) / across)


def _or_one(v: Array) -> Array:
    return np.where(v > 0, v, 1.0)


def _power(v: Array) -> Array:
    """The power of two nearest to v > 0, on the scale of logarithms."""
    return 2.0 ** np.round(np.log2(v))
