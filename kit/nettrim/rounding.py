"""What rounding can have done to the sums of a Net-Trim layer: upper bounds, errors beside sums.

A sum of n products, added in any order, is off by at most n U / (1 - n U) of the sum of |terms|
(kit/rounding.py). By Cauchy and Schwarz, with tall_p = max_n |X_np| and wide_n = max_p |X_np|,

    (|X| |q|)_n  <=  |X_n / tall|_2 |q o tall|_2         for X q: `inputs_times`
    (|w|'|X|)_p  <=  |w o wide|_2 |X_p / wide|_2         for w'X: `outputs`

so that neither inputs nor samples in odd units make the bounds loose. The lengths of X's rows and
columns are computed once for a layer. Totals are taken in extended precision, and lengths
in units of their largest entry, so that no square under- or overflows.
"""

from dataclasses import dataclass

import numpy as np

from kit.nettrim.problem import NetTrim
from kit.results import Array
from kit.rounding import TINY, U

BLOCK = 256  # terms of a sum by one matrix product: smaller is sharper, and slower


@dataclass(frozen=True, eq=False)
class Lengths:
    """The factors of X in these bounds."""

    tall: Array  # (P,) max |X_p|, or 1
    wide: Array  # (N,) max |X_n|, or 1
    rows: Array  # (N,) |X_n / tall|, from above
    columns: Array  # (P,) |X_p / wide|, from above


def lengths(problem: NetTrim) -> Lengths:
    """Those of X, kept on the layer; `variant` hands them on to layers with the same X."""
    found = problem.__dict__.get("lengths")
    if found is None:
        X = problem.X
        tall, wide = (np.maximum(X.max(axis=k), -X.min(axis=k)) for k in (0, 1))
        tall, wide = np.where(tall > 0, tall, 1), np.where(wide > 0, wide, 1)
        rows, columns = np.zeros(len(X)), np.zeros(len(tall))
        for k in range(0, len(X), BLOCK):
            part = slice(k, k + BLOCK)
            rows[part] = _length(X[part] / tall, 1)
            columns = np.hypot(columns, _length(X[part] / wide[part, None], 0)) * (1 + 4 * U)
        found = Lengths(tall, wide, rows, columns)
        object.__setattr__(problem, "lengths", found)
    return found


def inputs_times(problem: NetTrim, Q: Array) -> tuple[Array, Array]:
    """X Q', and a bound of its error, entry by entry; 0 where a row of either is 0.

    2 n U is more than n U / (1 - n U), and 5 more terms are room for the caller to add the two.
    """
    size = lengths(problem)
    return _products(problem.X, Q.T, size.rows, length(Q * size.tall))


def outputs(problem: NetTrim, W: Array) -> tuple[Array, Array]:
    """W'X, and a bound of its error, in the same way."""
    size = lengths(problem)
    return _products(W.T, problem.X, length(W.T * size.wide), size.columns)


def _products(A: Array, B: Array, rows: Array, columns: Array) -> tuple[Array, Array]:
    value = np.zeros((len(A), B.shape[1]))
    for k in range(0, len(B), BLOCK):
        value += A[:, k : k + BLOCK] @ B[k : k + BLOCK]
    n = min(len(B), BLOCK) + len(B) // BLOCK + 5
    error = np.multiply.outer(2 * n * U * rows, columns)
    some = np.multiply.outer(4 * len(B) * TINY * (rows > 0), columns > 0)
    return value, error + some


def total(terms: Array) -> tuple[Array, Array]:
    """Sums over the last axis of terms that are rounded themselves, and a bound of their error."""
    value, size = (v.sum(axis=-1, dtype=np.longdouble) for v in (terms, np.abs(terms)))
    n, some = terms.shape[-1], terms.any(axis=-1)
    extended = n * float(np.finfo(np.longdouble).eps)
    error = (4 * U + 2 * extended) * size + 2 * n * TINY * some
    return value.astype(float), error.astype(float)


def above(numbers: Array) -> Array:
    """sum |numbers| over the last axis, from above."""
    value, error = total(np.abs(numbers))
    return (value + error) * (1 + 2 * U)


def length(v: Array) -> Array:
    """|v|_2 over the last axis, from above, for v whose entries are rounded; 0 for 0."""
    one = power(np.abs(v).max(axis=-1, initial=0, keepdims=True))
    square = ((v / one) ** 2).sum(axis=-1, dtype=np.longdouble)
    extended = v.shape[-1] * float(np.finfo(np.longdouble).eps)
    return np.sqrt(square).astype(float) * (1 + 8 * U + 2 * extended) * one[..., 0]


def _length(A: Array, axis: int) -> Array:
    """`length` over one axis of a matrix: sooner, and less sharp."""
    one = power(np.maximum(A.max(axis=axis), -A.min(axis=axis)))
    A = A / np.expand_dims(one, axis)
    square = np.einsum("ij,ij->j" if axis == 0 else "ij,ij->i", A, A)
    return np.sqrt(square) * (1 + (8 + A.shape[axis]) * U) * one


def power(size: Array) -> Array:
    """The power of 2 just above size >= 0, to divide by without rounding; 1 for 0."""
    return np.ldexp(1.0, np.minimum(np.frexp(size)[1], 1023))
