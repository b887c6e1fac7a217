"""Total variation of a picture: differences of neighbouring pixels, and what goes with them.

A picture of shape (p, q) is a vector of its columns, L = p q. D v holds the p - 1 differences
inside each column and the p differences between neighbouring columns, each once, and
TV(v) = |D v|_1: anisotropic. (The published code of arXiv 1809.08359 repeats the last difference of
every column: its vertical part has p rows a column. The kit repeats nothing.)
"""

import numpy as np
from scipy.sparse import csr_array, diags_array, eye_array, kron, vstack

from kit.arguments import real_array, shown, whole
from kit.results import Array


def differences(v: Array, shape: tuple[int, int]) -> Array:
    """D v: differences down the columns, then across; v (L,) or (L, n) stored by columns."""
    p, q = shape
    image = v.reshape(q, p, *v.shape[1:])
    down, across = image[:, 1:] - image[:, :-1], image[1:] - image[:-1]
    return np.concatenate([down.reshape(-1, *v.shape[1:]), across.reshape(-1, *v.shape[1:])])


def adjoint(w: Array, shape: tuple[int, int], sign: float = -1.0) -> Array:
    """D'w (L,) for w over the differences, in the order of `differences`; |D|'w for sign 1."""
    p, q = shape
    down, across = w[: (p - 1) * q].reshape(q, p - 1), w[(p - 1) * q :].reshape(q - 1, p)
    image = np.zeros((q, p))
    image[:, 1:] += down
    image[:, :-1] += sign * down
    image[1:] += across
    image[:-1] += sign * across
    return image.ravel()


def difference_matrix(shape: tuple[int, int]) -> csr_array:
    """D as a sparse matrix, for cvxpy and HiGHS."""
    p, q = shape
    down, across = (diags_array([-1.0, 1.0], offsets=[0, 1], shape=(n - 1, n)) for n in (p, q))
    return vstack([kron(eye_array(q), down), kron(across, eye_array(p))]).tocsr()


def total_variation(v: Array, shape: tuple[int, int]) -> float:
    """TV(v) = |D v|_1, anisotropic, of a picture (p, q) whose columns make up v (L,)."""
    v = real_array("v", v, 1)
    return float(np.abs(differences(v, image_shape(shape, v.size))).sum())


def image_shape(shape: object, L: int) -> tuple[int, int]:
    """Return shape, which must be a pair (p, q) of whole numbers >= 1 with p q = L."""
    p, q = pair(shape)
    if p * q != L:
        raise ValueError(f"shape must hold the L = {L} pixels, got {p} x {q}")
    return p, q


def pair(shape: object, least: int = 1) -> tuple[int, int]:
    """Return shape, which must be a pair (p, q) of whole numbers of at least so much."""
    try:
        p, q = shape
    except (TypeError, ValueError):
        raise ValueError(f"shape must be a pair (p, q), got {shown(shape)}") from None
    return whole("shape p", p, least=least), whole("shape q", q, least=least)
