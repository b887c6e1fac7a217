"""B and C as they come: dense, scipy sparse, or a LinearOperator that is only multiplied with.

A LinearOperator must have both products, A x and A'v (matvec and rmatvec), in real numbers. Its
entries are never seen: it is believed to be finite, and methods that look at rows are closed to it.
"""

import numpy as np
from scipy.sparse import csr_array, issparse
from scipy.sparse.linalg import LinearOperator

from kit.arguments import real_array
from kit.results import Array

MANY = 2 * 10**7  # entries that may be made dense

Matrix = Array | csr_array | LinearOperator


def matrix(name: str, value: object) -> Matrix:
    """Return value as float64: an array (L, n), a csr_array, or the LinearOperator itself.

    Raises ValueError with the argument's name for what is not a real, finite, non-empty matrix.
    """
    if isinstance(value, LinearOperator):
        if np.dtype(value.dtype).kind not in "fiub":
            raise ValueError(f"{name} must be real, got an operator of {value.dtype}")
        if 0 in value.shape:
            raise ValueError(f"{name} must not be empty, got shape {value.shape}")
        try:
            value.rmatvec(np.zeros(value.shape[0]))
        except NotImplementedError:  # nothing is solved without A'v: its entries are read
            if np.prod(value.shape, dtype=float) > MANY:
                raise ValueError(
                    f"{name} must multiply by its transpose too (rmatvec), got a LinearOperator of "
                    f"shape {value.shape} that does not"
                ) from None
            return real_array(name, dense(value), 2)
        return value
    if issparse(value):
        if value.ndim != 2 or 0 in value.shape:
            raise ValueError(f"{name} must not be empty, got shape {value.shape}")
        if value.nnz:
            real_array(name, value.data)
        return csr_array(value).astype(float)
    return real_array(name, value, 2)


def is_dense(*matrices: Matrix) -> bool:
    """Whether all of them are arrays."""
    return all(isinstance(A, np.ndarray) for A in matrices)


def is_operator(*matrices: Matrix) -> bool:
    """Whether one of them is a LinearOperator, of which no row can be seen."""
    return any(isinstance(A, LinearOperator) for A in matrices)


def dense(A: Matrix) -> Array:
    """The array (L, n) of a matrix of any kind; an operator is multiplied with n unit vectors."""
    if isinstance(A, LinearOperator):
        return np.stack([np.ravel(A.matvec(unit)) for unit in np.eye(A.shape[1])], axis=1)
    return A if isinstance(A, np.ndarray) else A.toarray()


def scale(A: Matrix, s: Array) -> Matrix:
    """A with rows (s (L, 1)) or columns (s (n,)) times s, of the kind that A is.

    Of an operator only rows, and s are signs.
    """
    if isinstance(A, np.ndarray):
        return s * A
    return csr_array(A.multiply(s)) if issparse(A) else _Scaled(A, s.ravel())


def pull(A: Matrix, v: Array) -> Array:
    """A'v (n,)."""
    return A.rmatvec(v) if isinstance(A, LinearOperator) else A.T @ v


def norms(A: Matrix, axis: int = 1) -> Array | None:
    """The l2 norms of the rows (L,), for axis 0 of the columns (n,); None for an operator."""
    if isinstance(A, np.ndarray):
        return np.sqrt(np.einsum(("lk,lk->k", "lk,lk->l")[axis], A, A))
    return None if is_operator(A) else np.sqrt(np.ravel(A.multiply(A).sum(axis=axis)))


class _Scaled(LinearOperator):
    """diag(s) A for an operator A and signs s: float32 in, float32 out, if A does so."""

    def __init__(self, A: LinearOperator, s: Array) -> None:
        super().__init__(np.dtype(float), A.shape)
        self.A, self.s = A, s.astype(np.float32)

    def _matvec(self, x: Array) -> Array:
        return self.s * np.ravel(self.A.matvec(np.ravel(x)))

    def _rmatvec(self, v: Array) -> Array:
        return np.ravel(self.A.rmatvec(self.s * np.ravel(v)))
