"""Data whose B and C only multiply: random columns of the cosine transform, of any size."""

import numpy as np
from scipy.fft import dct, idct
from scipy.sparse.linalg import LinearOperator

from kit.branchhull import Bilinear, Truth


def dct_data(rng, L, K, N, *, noise=0.0):
    """Measurements as `gaussian` makes them, with B, C of the orthonormal DCT-III as operators."""
    B, C = (dct_columns(L, np.sort(rng.choice(L, n, replace=False))) for n in (K, N))
    h, m = rng.standard_normal(K), rng.standard_normal(N)
    w = B @ h
    y = w * (C @ m) * (1 + noise * rng.standard_normal(L))
    return Bilinear(B, C, y, np.where(w < 0, -1.0, 1.0)), Truth(h, m)


def dct_columns(L, columns):
    def times(x):
        padded = np.zeros(L, x.dtype)
        padded[columns] = np.ravel(x)
        return idct(padded, norm="ortho", overwrite_x=True)

    def transposed(v):
        return dct(np.ravel(v), norm="ortho")[columns]

    return LinearOperator((L, columns.size), matvec=times, rmatvec=transposed, dtype=float)
