"""Newton's matrix of a picture, H = D'S D + diag(P): block tridiagonal, factored column by column.

D takes the differences of neighbouring pixels (variation.py), S >= 0 and P > 0 are diagonal. Over
the q columns of a p x q picture H has tridiagonal blocks A_j on the diagonal and diagonal ones,
O_j = -diag(S of the differences between columns j and j + 1), beside it. With H = Lo Lo',

    Lo_jj Lo_jj' = A_j - O K O,    K = (Lo_j-1,j-1 Lo_j-1,j-1')^-1 the inverse of the block before,

so that a factor costs about 3 p^3 q operations, in products of p x p matrices, and a solve 4 p^2 q.
Source: the block Cholesky factorisation, as in any book.
"""

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, solve_triangular
from scipy.linalg.lapack import dpotrf, dtrtri

from kit.branchhull.variation import differences
from kit.results import Array


class Picture:
    """H of a p x q picture, factored; half_solved is Lo^-1 border, for a border (L, n).

    S (E,) in the order of `differences`, P (L,). The border is overwritten. Raises LinAlgError if H
    is not positive definite to working accuracy.
    """

    def __init__(self, shape: tuple[int, int], S: Array, P: Array, border: Array) -> None:
        self.shape = p, q = shape
        down, self.across = S[: (p - 1) * q].reshape(q, p - 1), S[(p - 1) * q :].reshape(q - 1, p)
        diagonal = P.reshape(q, p).copy()
        diagonal[:, 1:] += down
        diagonal[:, :-1] += down
        diagonal[1:] += self.across
        diagonal[:-1] += self.across
        self.inverse = np.empty((q, p, p))  # of the diagonal blocks of Lo
        Z, i = border.reshape(q, p, -1), np.arange(p)
        for j in range(q):
            A = np.zeros((p, p), order="F")
            A[i, i], A[i[1:], i[:-1]] = diagonal[j], -down[j]
            if j:
                last, o = self.inverse[j - 1], self.across[j - 1][:, None]
                A -= o * (last.T @ last) * o.T
                Z[j] += o * (last.T @ Z[j - 1])
            factor, bad = dpotrf(A, lower=1, clean=1, overwrite_a=1)
            if bad:
                raise LinAlgError("the picture's block is not positive definite")
            self.inverse[j] = dtrtri(factor, lower=1, overwrite_c=1)[0]
            Z[j] = self.inverse[j] @ Z[j]
        self.half_solved = Z.reshape(p * q, -1)

    def solve(self, f: Array) -> Array:
        """H^-1 f (L,)."""
        p, q = self.shape
        z = f.reshape(q, p).copy()
        for j in range(q):
            if j:
                z[j] += self.across[j - 1] * (self.inverse[j - 1].T @ z[j - 1])
            z[j] = self.inverse[j] @ z[j]
        for j in reversed(range(q)):
            if j < q - 1:
                z[j] += self.inverse[j] @ (self.across[j] * z[j + 1])
            z[j] = self.inverse[j].T @ z[j]
        return z.ravel()


class Projected:
    """B'H B of a full B (L, K), factored; half_solved is Lo^-1 B'border. As Picture otherwise.

    Lo' is the R of a QR factorisation: with weights up to 1 / mu the Cholesky factor of the product
    costs the last digits of one instance in a hundred.
    """

    def __init__(self, B: Array, shape: tuple[int, int], S: Array, P: Array, border: Array) -> None:
        X, Y = np.sqrt(S)[:, None] * differences(B, shape), np.sqrt(P)[:, None] * B
        self.factor = np.linalg.qr(np.concatenate([X, Y]), mode="r").T
        self.half_solved = solve_triangular(self.factor, B.T @ border, lower=True)

    def solve(self, f: Array) -> Array:
        """(B'H B)^-1 f (K,)."""
        return cho_solve((self.factor, True), f)
