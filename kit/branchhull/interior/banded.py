"""The equations of a step of the image program: the picture is banded if B = I, C is a border.

loop.py leaves, with S over the differences, M the same for m, and the blocks P, R, Q of the rows,

    [ B'(D'S D + diag(P)) B    B't diag(R) Ct          ] [dh]
    [ .                        Ct'diag(Q) Ct + diag(M) ] [dm]  =  right-hand side.

If B = I, H = D'S D + diag(P) is block tridiagonal over the q columns of a p x q picture: blocks A_j
on the diagonal and diagonal ones, O_j = -diag(S of the differences between columns j and j + 1),
beside it. With H = Lo Lo',

    Lo_jj Lo_jj' = A_j - O K O,    K = (Lo_j-1,j-1 Lo_j-1,j-1')^-1 the inverse of the block before,

so that a factor costs about 3 p^3 q operations, in products of p x p matrices, and a solve 4 p^2 q
(`Picture`). Along with Z = Lo^-1 diag(t R) Ct, the N equations that remain have the matrix
Ct'diag(Q) Ct + diag(M) - Z'Z. With p <= q a step costs about 3 p^2 L + 4 p L N + 2 L N^2, nearly
all in products of matrices. With any other B the first block is full, of size K (`Projected`), and
costs 6 L K^2.

The border is a difference, and loses digits where C is nearly dependent and the signs lie. Small
problems are therefore solved by one QR factorisation of the roots of all weights (`Joint`): per row
of the cones sqrt(P) (t B, R / P Ct) and sqrt(det / P) Ct, per bound sqrt(S) D B and sqrt(M). It
solved seven of the nine instances in 1,250 that the differences did not.

Source: the block Cholesky factorisation, as in any book; the reduction is derived.
"""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, solve_triangular
from scipy.linalg.lapack import dpotrf, dtrtri

from kit.branchhull.variation import differences
from kit.results import Array


class Bordered:
    """Picture or Projected, factored, and the border that C makes of it.

    model  of tv.py: t (L,), C (L, N), and B (L, K), or None for the identity
    S (E,), M (N,); D (3, L): P, R and Q
    """

    def __init__(self, model: object, S: Array, M: Array, D: Array) -> None:
        self.B, self.C, self.R, shape = model.B, model.C, model.t * D[1], model.shape
        border = self.R[:, None] * self.C
        if self.B is None:
            self.picture = Picture(shape, S, D[0], border)
        else:
            self.picture = Projected(self.B, shape, S, D[0], border)
        X, Z = np.sqrt(D[2])[:, None] * self.C, self.picture.half_solved
        rest = X.T @ X - Z.T @ Z
        diagonal = np.diag_indices_from(rest)
        rest[diagonal] = rest[diagonal] * (1 + 1e-14) + M
        self.border = cho_factor(rest, lower=True, overwrite_a=True)

    def solve(self, f: Array, allowed: Array) -> Array:
        """(dh, dm) of the right-hand side f; what is allowed does not matter here."""
        n = f.size - self.C.shape[1]
        h = self.picture.solve(f[:n])
        m = cho_solve(
            self.border, f[n:] - (self.R * (h if self.B is None else self.B @ h)) @ self.C
        )
        back = self.R * (self.C @ m)
        return np.concatenate(
            [h - self.picture.solve(back if self.B is None else back @ self.B), m]
        )


class Joint:
    """R' of a QR factorisation of all weights' roots: the matrix is R'R, no product formed.

    det (L,) is P Q - R^2 where there is a q, without cancellation. The others as in Bordered.
    """

    def __init__(self, model: object, S: Array, M: Array, D: Array, det: Array) -> None:
        t, C, shape, root = model.t, model.C, model.shape, np.sqrt(D[0])[:, None]
        B = np.eye(t.size) if model.B is None else model.B
        of_h = [np.sqrt(S)[:, None] * differences(B, shape), root * B]
        rest = np.sqrt(det / D[0])[:, None] * C
        of_m = [(t * D[1])[:, None] / root * C, rest, np.diag(np.sqrt(M))]
        (L, N), K, E = C.shape, B.shape[1], S.size
        A = np.zeros((E + 2 * L + N, K + N))
        A[: E + L, :K] = np.concatenate(of_h)
        A[E:, K:] = np.concatenate(of_m)
        self.factor = np.linalg.qr(A, mode="r").T

    def solve(self, f: Array, allowed: Array) -> Array:
        """(dh, dm) of the right-hand side f; what is allowed does not matter here."""
        return cho_solve((self.factor, True), f)


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
