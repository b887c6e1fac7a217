"""The normal equations of a step, (diag(E) + G'D G) x = r with G = diag(Bt, Ct), for l2 and l1.

D holds the 2 x 2 blocks (Dpp, Dpq, Dqq) of all rows. With X = sqrt(Dpp) Bt, Y = sqrt(Dqq) Ct and
the correlations rho = Dpq / sqrt(Dpp Dqq) the matrix is

    [ diag(E_h) + X'X    X'diag(rho) Y    ]
    [ .                  diag(E_m) + Y'Y  ],      three products of L rows.

Heavy and light rows. Most rows are soon far from the boundary of their cones, and their weights
fall with mu while those of the others grow. So only the heavy rows are multiplied out. The light
ones are replaced by their mean, a multiple of I in either block; what that misses is small beside
E, or beside the heavy rows where E is small as well. The matrix so made, in float32 while that is
enough, is factored, and conjugate gradients with it as preconditioner solve the true equations: one
to five steps, in which all rows are multiplied with. If they do not converge, or the factor fails,
all rows are multiplied out, in float64. Of columns that are alike no matrix is definite to the last
digit: then 1e-14 to 1e-12 of its diagonal is added, and conjugate gradients take it off again.

Which rows are light (derived). With rows of norm 1 the light rows add about sum(light) / K to a
column. The heavy ones hold 2 / 3 as many columns as they are, those of smallest E, by at least the
smallest of their weights; the other columns are held by E. The light rows are to add at most a
quarter of what holds a column.

By rows. Where the heavy rows are few the matrix is solved from the other side. A coordinate of l1
on its way to 0 has a large entry of E and is eliminated (c), one that is not stays (k), and with
y = D G x

    [ E_k    0    G_k' ]
    [  0    E_c   G_c' ]        S = D^-1 + G_c E_c^-1 G_c'
    [ G_k   G_c  -D^-1 ],       (E_k + G_k'S^-1 G_k) x_k = ...

S consists of two full blocks of their size joined by diagonals: two Cholesky factors. To eliminate
all coordinates (Woodbury's identity) would divide by entries of E that tend to 0.

Source: derived.
"""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, solve_triangular

from kit.results import Array

FAR = 1e-5  # relative gap down to which float32 makes a preconditioner
LIGHT = 0.25  # what light rows may add, in shares of what holds a column
HOLD = 1.5  # heavy rows for each column that they hold
WORTH = 0.3  # the share of light rows from which on copying the heavy ones pays
SMALL = 1e7  # L (K + N)^2 below which all rows are multiplied out sooner than chosen
RIDGE = 1e-12  # of the diagonal at most, where columns are alike to rounding
STEPS = 10  # of conjugate gradients, then all rows are multiplied out

Pair = tuple[Array, Array]


class Normal:
    """The equations at one point, factored once, solved as often as needed."""

    def __init__(
        self, G: Pair, short: Pair | None, D: Array, det: Array, E: Array, *, every: bool
    ) -> None:
        """G = (Bt, Ct), rows of norm about 1; short the same in float32, None for float64 only.

        D (3, L); det (L,), that of the blocks, without cancellation; E (K + N,) > 0; every:
        multiply all rows out. Raises LinAlgError if the matrix is not definite to working accuracy.
        """
        self.G, self.D, self.det, self.E, self.ridge = G, D, det, E, 0.0
        every |= det.size * E.size**2 < SMALL
        self.short, self.heavy = (None, None) if every else (short, self._heavy())
        self._factor()

    def solve(self, r: Array, allowed: Array | float) -> Array:
        """x, with no entry of r - (diag(E) + G'D G) x above `allowed`, if rounding lets it."""
        x = self.factor.solve(r)
        if self._exact() and isinstance(self.factor, _ByColumns) and not self.ridge:
            return x
        rest, step, last = r - self._product(x), 0.0, np.inf
        for _ in range(STEPS):
            if (np.abs(rest) <= allowed).all():
                return x
            scaled = self.factor.solve(rest)
            size = rest @ scaled
            step, last = scaled + size / last * step, size
            image = self._product(step)
            length = size / (step @ image)
            x, rest = x + length * step, rest - length * image
        if self._exact() or (np.abs(rest) <= allowed).all():
            return x
        self.short, self.heavy = None, None
        self._factor()
        return self.solve(r, allowed)

    def _exact(self) -> bool:
        return self.short is None and self.heavy is None

    def _product(self, x: Array) -> Array:
        (B, C), (Dpp, Dpq, Dqq) = self.G, self.D
        p, q = B @ x[: B.shape[1]], C @ x[B.shape[1] :]
        pulled = np.concatenate([(Dpp * p + Dpq * q) @ B, (Dpq * p + Dqq * q) @ C])
        return self.E * x + pulled

    def _heavy(self) -> Array | None:
        """Which rows are multiplied out (L,); None for all of them."""
        weight = self.D[0] + self.D[2]
        order = np.argsort(weight)
        tau = weight[order]
        mean = (np.cumsum(tau) - tau) / min(A.shape[1] for A in self.G)
        E = np.append(np.sort(self.E), np.inf)
        held = (np.arange(weight.size, 0, -1) / HOLD).astype(int)  # columns, by the heavy rows
        level = np.minimum(np.maximum(tau, E[0]), E[np.minimum(held, E.size - 1)])
        fine = np.flatnonzero(mean <= LIGHT * level)
        if not fine.size or fine[-1] < WORTH * weight.size:
            return None
        heavy = np.zeros(weight.size, bool)
        heavy[order[fine[-1] :]] = True
        return heavy

    def _factor(self) -> None:
        """Factor what was chosen; where that is not definite, more digits, then more rows."""
        while True:
            try:
                self.factor = self._chosen()
                return
            except (LinAlgError, ValueError):  # not definite, or not finite any more
                if self.ridge > RIDGE / 2:
                    raise
                if self._exact():
                    self.ridge = 100 * self.ridge or RIDGE / 100
                self.short, self.heavy = None, self.heavy if self.short else None

    def _chosen(self) -> "_ByColumns | _ByRows":
        (B, C), D, det, E = self.short or self.G, self.D, self.det, self.E
        if self.heavy is not None:
            h, light = self.heavy, ~self.heavy
            E, K = E.copy(), B.shape[1]
            E[:K] += D[0, light].sum() / K
            E[K:] += D[2, light].sum() / (E.size - K)
            D, det = D[:, h], det[h]
            if E.size > 2 * det.size:
                B, C = self.G
            B, C = B[h], C[h]
        if E.size > 2 * det.size and E.size > 64:
            return _ByRows(B, C, D, det, E)
        return _ByColumns(B, C, D, E, self.ridge)


class _ByColumns:
    """One Cholesky factor of size K + N, in the precision of B and C."""

    def __init__(self, B: Array, C: Array, D: Array, E: Array, ridge: float) -> None:
        x, y, K = np.sqrt(D[0]), np.sqrt(D[2]), B.shape[1]
        rho = D[1] / np.maximum(x * y, np.finfo(float).tiny)
        x, y, rho = (f.astype(B.dtype)[:, None] for f in (x, y, rho))
        B, C = x * B, y * C
        M = np.zeros((E.size,) * 2, B.dtype)
        M[:K, :K], M[K:, K:] = B.T @ B, C.T @ C  # numpy computes half of each
        B *= rho
        M[K:, :K] = C.T @ B
        own = np.diag_indices(E.size)
        M[own] += E.astype(B.dtype)
        M[own] *= 1 + ridge
        self.factor = cho_factor(M, lower=True, overwrite_a=True)

    def solve(self, r: Array) -> Array:
        right = r.astype(self.factor[0].dtype)
        return cho_solve(self.factor, right, check_finite=False).astype(float)


class _ByRows:
    """Two factors of size L and one of the number of coordinates that are kept."""

    def __init__(self, B: Array, C: Array, D: Array, det: Array, E: Array) -> None:
        (L, K), self.B, self.C = B.shape, B, C
        on = det > 0  # elsewhere no q
        inverse = np.stack([D[2], -D[1], D[0]]) / np.where(on, det, 1)
        inverse[:, ~on] = np.stack([1 / D[0], 0 * det, 1 + 0 * det])[:, ~on]
        smallest = np.argsort(E)[: 2 * L]  # no answer needs more than 2 L coordinates
        self.kept = np.sort(smallest[E[smallest] < 1])
        weight = np.sqrt(1 / E)
        weight[self.kept] = 0
        self.weight = weight**2
        X, Y = B * weight[:K], C * weight[K:]
        P, Q = X @ X.T, Y @ Y.T
        own = np.diag_indices(L)
        P[own] += inverse[0]
        Q[own] += inverse[2]
        self.link = inverse[1]
        self.P = cho_factor(P, lower=True, overwrite_a=True)
        half = solve_triangular(self.P[0], np.diag(self.link), lower=True)
        self.Q = cho_factor(Q - half.T @ half, lower=True, overwrite_a=True)
        kept_h, kept_m = self.kept[self.kept < K], self.kept[self.kept >= K] - K
        G = np.zeros((2 * L, self.kept.size))
        G[:L, : kept_h.size], G[L:, kept_h.size :] = B[:, kept_h], C[:, kept_m]
        self.G = G
        self.small = cho_factor(np.diag(E[self.kept]) + G.T @ self._inside(G), lower=True)

    def solve(self, r: Array) -> Array:
        x, K = self.weight * r, self.B.shape[1]
        g = np.concatenate([self.B @ x[:K], self.C @ x[K:]])
        x[self.kept] = cho_solve(self.small, r[self.kept] - self.G.T @ self._inside(g))
        a, b = np.split(self._inside(self.G @ x[self.kept] + g), 2)
        free = self.weight > 0
        x[free] = (self.weight * (r - np.concatenate([a @ self.B, b @ self.C])))[free]
        return x

    def _inside(self, g: Array) -> Array:
        """S^-1 g for g (2 L,) or (2 L, columns)."""
        a, b = np.split(g, 2)
        link = self.link if g.ndim == 1 else self.link[:, None]
        b = cho_solve(self.Q, b - link * cho_solve(self.P, a))
        return np.concatenate([cho_solve(self.P, a - link * b), b])
