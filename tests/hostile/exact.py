"""Linear algebra without rounding: every float is a rational number, and so is every sum of them.

A matrix is integers over one common denominator (a power of 2 for floats), so that products cost
little; only square roots are rounded, to 60 digits.
"""

import math
from decimal import Context, Decimal, setcontext
from fractions import Fraction

import numpy as np
from scipy.optimize import linprog

setcontext(Context(prec=60, Emin=-(10**6), Emax=10**6))
ULP = 2.0**-52


def integers(A):
    """(object array of int, denominator) of an array of floats or Fractions."""
    A = np.asarray(A)
    pairs = [x.as_integer_ratio() for x in A.ravel().tolist()]
    D = math.lcm(1, *{d for _, d in pairs})
    out = np.empty(A.size, object)
    out[:] = [n * (D // d) for n, d in pairs]
    return out.reshape(A.shape), D


def times(A, b):
    """A b, exactly: an object array of Fractions."""
    (a, x), (b, y) = integers(A), integers(b)
    product = np.asarray(a @ b, object)
    flat = np.empty(product.size, object)
    flat[:] = [Fraction(int(n), x * y) for n in product.ravel()]
    return flat.reshape(product.shape)


def rational(v):
    """The same numbers as Fractions."""
    out = np.empty(np.size(v), object)
    out[:] = [Fraction(x) for x in np.ravel(v).tolist()]
    return out.reshape(np.shape(v))


def dec(x):
    """A Decimal of 60 digits."""
    x = Fraction(x)
    return Decimal(x.numerator) / Decimal(x.denominator)


def root(x):
    """The square root of a rational number or Decimal >= 0."""
    return (x if isinstance(x, Decimal) else dec(x)).sqrt()


def size(v):
    """|v|_2 to 60 digits."""
    return root(sum((x * x for x in v), Fraction(0)))


def solve(A, b):
    """One z with A z = b, exactly, 0 in its free entries; None if there is none."""
    rows = [[*row, right] for row, right in zip(A.tolist(), list(b), strict=True)]
    n, pivots = len(A[0]), []
    for done in range(len(rows)):
        best = max(
            ((i, j) for i in range(done, len(rows)) for j in range(n) if rows[i][j]),
            key=lambda ij: abs(rows[ij[0]][ij[1]]),
            default=None,
        )
        if best is None:
            return None if any(row[n] for row in rows[done:]) else _read(rows, pivots, n)
        i, j = best
        rows[done], rows[i] = rows[i], rows[done]
        pivot = rows[done]
        for k, row in enumerate(rows):
            if k != done and row[j]:
                f = row[j] / pivot[j]
                rows[k] = [x - f * y if y else x for x, y in zip(row, pivot, strict=True)]
        pivots.append(j)
    return _read(rows, pivots, n)


def _read(rows, pivots, n):
    z = rational(np.zeros(n))
    for row, j in zip(rows, pivots, strict=False):
        z[j] = row[n] / row[j]
    return z


def onto_null(E, v):
    """v moved, exactly, to E v = 0: in as few entries as the rank of E."""
    E = rational(E)
    return v + solve(E, -(E @ v)) if len(E) else v


def cone_point(A, must):
    """(g, E): rational g with A g >= 0, > 0 on the rows `must`; E the rows where it has to be 0.

    None where no such g is found. A linear program proposes, rational arithmetic decides.
    """
    if not must.any():
        return rational(np.zeros(A.shape[1])), np.zeros(len(A), bool)
    columns = np.exp2(-np.round(np.log2(np.where(A.any(0), np.abs(A).max(0), 1))))
    unit = A * columns
    unit = unit / np.where(unit.any(1), np.abs(unit).max(1), 1)[:, None]
    L, n = A.shape
    cost, bounds = np.r_[np.zeros(n), -np.ones(L)], [(None, None)] * n + [(0, 1)] * L
    plan = linprog(cost, np.c_[-unit, np.eye(L)], np.zeros(L), bounds=bounds, method="highs")
    if plan.x is None:
        return None
    E = (plan.x[n:] < 0.5) & A.any(1)
    g = onto_null(A[E], rational(plan.x[:n] * columns))
    p = times(A, g)
    good = all(p >= 0) and all(p[must] > 0)
    return (g, E) if good else None
