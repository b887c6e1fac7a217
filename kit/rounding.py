"""How far a computed number may lie from the exact one, so that a bound holds in exact arithmetic.

u = 2^-53 is the unit roundoff. A sum of n products, added in any order, satisfies

    |fl(a'x) - a'x| <= growth(n) |a|'|x|,    growth(n) = n u / (1 - n u),

for n roundings touch each term at most (Higham, Accuracy and Stability, 2002, section 3.1); what
underflows adds less than 2^-1074 a term. |a|'|x| <= |a|_2 |x|_2 makes the bound cheap. Where it is
too wide, `sharp` splits A = A1 + A2 and x = x1 + x2 so that A1 x1 is computed without any error: A1
and x1 hold so few bits above a common unit that the sums of their products fit into 53 (Ozaki,
Ogita, Oishi, Rump, 2012). What is left, A1 x2 + A2 x, is some 2^20 times smaller, and so is its
error. `exact` adds one row after the other with math.fsum, where a row's own terms are to count.

Numbers are to be of moderate size (below 1e100), as those of `scaled.Scaled` are.
"""

import math

import numpy as np
from scipy.sparse import issparse

from kit.results import Array

U = 2.0**-53  # unit roundoff of float64
TINY = 2.0**-1022  # far above what underflow can add to a sum of fewer than 2^52 terms
WIDE = 1e-13  # an error above this share of its value is worth a sharper sum
BLOCK = 512  # rows of a product that are added at once: fewer roundings touch a term
AT_ONCE = 4 * 10**7  # entries of which sharper sums are made: a second


def growth(n: int) -> float:
    """n u / (1 - n u): the relative error of a sum of n products, in shares of |a|'|x|."""
    return n * U / (1 - n * U)


def up(n: int) -> float:
    """A factor that covers the roundings of a formula with a sum of n numbers >= 0 in it."""
    return 1 + growth(n + 32)


def exact(A: Array, x: Array) -> Array:
    """A x (rows,) for dense A (rows, n) and x (n,), each entry rounded once, from the exact sum.

    Each product is the sum of two numbers (Dekker and Veltkamp, 1971).
    """
    high = A * x
    A_top, x_top = _top(A), _top(x)
    A_rest, x_rest = A - A_top, x - x_top
    low = ((A_top * x_top - high) + A_top * x_rest + A_rest * x_top) + A_rest * x_rest
    return np.array([math.fsum(row) for row in np.hstack([high, low]).tolist()])


def _top(v: Array) -> Array:
    """The upper half of the digits of v; v - top holds the others exactly."""
    shifted = 134217729.0 * v  # 2^27 + 1
    return shifted - (shifted - v)


def sharp(A: Array, x: Array) -> tuple[Array, Array]:
    """A x (rows,) for dense A (rows, n), and bounds of the errors, by splitting as above."""
    n = x.size
    bits = (53 - math.ceil(math.log2(n + 1))) // 2
    tops = [_exponent(np.abs(A).max(axis=1, initial=0.0))[:, None], _exponent(np.abs(x).max())]
    shifts = [np.ldexp(1.5, 52 - bits + top) for top in tops]  # they round to multiples of 2^-bits
    A1, x1 = (A + shifts[0]) - shifts[0], (x + shifts[1]) - shifts[1]
    rest = A1 @ (x - x1) + (A - A1) @ x
    v = A1 @ x1 + rest
    largest = np.ldexp(1.0, (tops[0][:, 0] + tops[1]).astype(int))
    return v, 2 * U * np.abs(v) + up(n) * growth(n + 4) * n * largest * 2.0**-bits + TINY


def _exponent(v: Array) -> Array:
    """e with v <= 2^e, for v >= 0."""
    return np.frexp(v)[1]


def times(A: object, x: Array, size: Array | None, wide: float = WIDE) -> tuple[Array, Array]:
    """A x (L,), and how far each entry may be from the exact one (L,).

    A     (L, n) dense or sparse; an operator's entries are not seen, and its products are believed
          to be right to four roundings of themselves and of their root mean square
    size  (L,) at least |a_l|_2, the norms of the rows; None for an operator
    wide  rows whose error exceeds this share of their value are computed again, more sharply
    """
    v = np.asarray(A @ x, float)
    if size is None:
        return v, 4 * U * (np.abs(v) + np.linalg.norm(v) / math.sqrt(v.size))
    n = A.shape[1]
    if issparse(A):
        most = int(np.diff(A.indptr).max())
        error = up(most) * growth(most) * (abs(A) @ np.abs(x)) + TINY
    else:
        terms = np.count_nonzero(x)  # to add 0 rounds nothing
        error = up(terms) * growth(terms) * np.linalg.norm(x) * size + TINY
    rows = np.flatnonzero(error > wide * np.abs(v))
    if rows.size and rows.size * n <= AT_ONCE:
        taken = A[rows].toarray() if issparse(A) else A[rows]
        v[rows], error[rows] = sharp(taken, x)
    return v, error


def pulled(
    A: object, v: Array, size: Array | None, weight: Array, order: float, wide: float = WIDE
) -> tuple[Array, float]:
    """A'v (n,), and an upper bound of |A'v / weight|, in the 2-norm or the largest entry.

    A, size, wide  as in `times`;  v (L,);  weight (n,) > 0;  order 2 or inf
    """
    unit, g = 2.0 ** np.frexp(weight.min())[1], np.zeros(A.shape[1])
    weight = weight / unit  # so that no square leaves the range of numbers
    if size is None:
        g = np.asarray(A.rmatvec(v), float)
        return g, float(up(g.size) * np.linalg.norm(g / weight, order) / unit)
    terms = 0.0
    for first in range(0, v.size, BLOCK):
        some = slice(first, first + BLOCK)
        g += A[some].T @ v[some]
        terms += float(np.abs(v[some]) @ size[some])
    most = min(v.size, BLOCK + v.size // BLOCK + 1)
    share = up(most) * growth(most)
    error = np.full(g.size, share * terms + TINY)
    enough = weight * wide * np.linalg.norm(g / weight, order)
    if order == 2:
        enough /= math.sqrt(g.size)
    columns = np.flatnonzero(error > enough)
    if columns.size and columns.size * v.size <= AT_ONCE:
        taken = A[:, columns].toarray() if issparse(A) else A[:, columns]
        # |v|'|A_k| <= |v|_2 |A_k|_2; what underflows in a square is below TINY
        length = up(v.size) * np.sqrt(np.einsum("lk,lk->k", taken, taken) + v.size * TINY)
        error[columns] = share * up(v.size) * np.linalg.norm(v) * length + TINY
        still = error[columns] > enough[columns]
        columns, taken = columns[still], taken[:, still]
    if columns.size and columns.size * v.size <= AT_ONCE:
        g[columns], error[columns] = sharp(np.ascontiguousarray(taken.T), v)
    return g, float(up(g.size) * np.linalg.norm((np.abs(g) + error) / weight, order) / unit)
