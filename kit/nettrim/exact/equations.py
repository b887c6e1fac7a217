"""The equations (3) of the package, M x + C mu = f,  C'x = g, by two Cholesky factors.

M = A_S A_S', x = u_S and C = C_SK: a row of C for each active input, a column for each active
sample. f and g have two columns, the value at lambda = 0 and the slope.

x = M^-1 (f - C mu) in the second gives (C'M^-1 C) mu = C'M^-1 f - g. M has no inverse where
Omega has fewer samples than S inputs. So M + t C C' stands for M and f + t C g for f: since C'x = g
the two systems are the same. Of inputs that are copies of each other it is still singular, and
RIDGE lets the factor exist. The second matrix is rounded by the first factor: its ridge is larger.
"""

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from kit.results import Array

RIDGE = 1e-12  # of a diagonal: what keeps a factor where rows are copies of others


class Equations:
    """For M (s, s) and C (s, k) or None. The caller refines once: that undoes the ridges."""

    def __init__(self, M: Array, C: Array | None) -> None:
        self.M, self.C, self.t = M, C, 0.0
        if C is not None:
            self.t = M.trace() / max(np.vdot(C, C), 1e-300)
            M = M + self.t * (C @ C.T)
        self.factor = _factor(M, RIDGE)
        if C is not None:
            self.inner = dpotrs(self.factor, C, lower=1)[0]
            self.outer = _factor(C.T @ self.inner, 1e3 * RIDGE)

    def solve(self, f: Array, g: Array) -> tuple[Array, Array]:
        """x (s, 2) and mu (k, 2)."""
        if len(f) == 0:
            return f, g
        if self.C is None:
            return dpotrs(self.factor, f, lower=1)[0], g
        x = dpotrs(self.factor, f + self.t * (self.C @ g), lower=1)[0]
        mu = dpotrs(self.outer, self.C.T @ x - g, lower=1)[0]
        return x - self.inner @ mu, mu

    def missing(self, x: Array, mu: Array, f: Array, g: Array) -> tuple[Array, Array]:
        """f and g less what x and mu give."""
        f = f - self.M @ x
        return (f, g) if self.C is None else (f - self.C @ mu, g - self.C.T @ x)


def lambda_at(square: Array, lam: float, radius: float) -> float:
    """The lambda at which a line's |A'u - y| is radius; 0 if it stays above, inf if below.

    square (2, 2) holds the inner products of the line's two rows of A'u - y. So |A'u - y|^2 -
    radius^2 = excess + 2 slope t + bend t^2 at lam + t, which is solved for the larger t.
    """
    (value, slope), bend = square[0], square[1, 1]
    excess = value + 2 * lam * slope + lam**2 * bend - radius**2
    slope = slope + lam * bend
    if bend == 0 or slope * slope < bend * excess:
        return 0.0 if excess > 0 else np.inf
    root = np.sqrt(slope * slope - bend * excess)
    return lam + (-excess / (slope + root) if slope > 0 else (root - slope) / bend)


def _factor(M: Array, ridge: float) -> Array:
    if len(M) == 0:
        return M
    M = M.copy()
    M.flat[:: len(M) + 1] *= 1 + ridge
    factor, failed = dpotrf(M.T, lower=1, overwrite_a=1)
    if failed:
        raise np.linalg.LinAlgError("the active rows are dependent")
    return factor
