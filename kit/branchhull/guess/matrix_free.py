"""Guess and certify without a matrix: B and C only have to multiply, as fast transforms do.

The guess is that of dense.py, and its docstring has the formulas; nothing here looks at a row.

    J dz  = w (q o Bt dh + p o Ct dm),    J'v = ( Bt'(w q v), Ct'(w p v) ),    w = 1 / |(p, q)|

Every least squares problem goes to conjugate gradients on J'J, scaled by the mean eigenvalue of
each of its two diagonal blocks, trace / K and trace / N (one random vector each measures them). The
vector (h, -m), which J does not see, never enters: right-hand sides are orthogonal to it. With L
well above K + N the eigenvalues lie together, and a digit takes about two steps.

    Newton     J'J dz = J'w (d - p q), to a relative residual that falls with the size of p q - d
    dual       nu <- nu + J x with J'J x = 2 z - J'nu, what is negative reflected, again and again

Corrections are computed in float32 where the operators let them; what they correct, in float64. All
L rows are used: a transform costs the same for some of them. Memory: some 20 vectors of L numbers.

The upper bound needs max d / (p q), and among a million rows there are some with p 1e-6 of the
others: there rounding alone costs 1e-9 or so. Source: derived.
"""

from collections.abc import Iterator

import numpy as np

from kit.branchhull.guess.dense import CLOSE, PATIENCE, State, balance
from kit.branchhull.problem import BranchHull, canonical
from kit.branchhull.rows import Matrix, pull
from kit.results import Array

NEWTON, REFLECTIONS, GRADIENTS = 40, 25, 40  # the most steps of each kind
TIGHT = 1e-5  # relative error of J'nu = 2 z; the gap is about its square


def matrix_free(problem: BranchHull) -> Iterator[State]:
    """Yield one state per Newton step and a last one with a dual, if any is found."""
    Bt, Ct, d = canonical(problem.data)
    if d.size < sum(problem.data.shape[1:]) or not d.any():
        return
    means = _mean_square(Bt), _mean_square(Ct)
    root = np.sqrt(d)
    h, m = pull(Bt, root), pull(Ct, root)
    on = d > 0
    h, m = balance(np.median(d[on] / np.abs((Bt @ h) * (Ct @ m))[on]) * h, m)
    last = np.inf
    for k in range(NEWTON):
        J = _Jacobian(Bt, Ct, Bt @ h, Ct @ m, means)
        miss = J.w * (d - J.p * J.q)
        miss[~on] = 0  # there only p >= 0 is asked
        left = float(np.linalg.norm(miss) / np.linalg.norm(J.w * d))
        yield State(h, m, None, float(h @ h + m @ m), left)
        if not np.isfinite(left):
            return
        if k >= PATIENCE and not left < 0.5 * last:
            break
        last = left
        dh, dm = J.solve(J.columns(miss), min(0.1, max(left, 1e-4)))
        h, m = balance(h + dh, m + dm)
    if left > CLOSE:
        return
    nu = _weights(J, h, m, on)
    if nu is not None:
        yield State(h, m, np.stack([nu * J.of_B, nu * J.of_C]), float(h @ h + m @ m), left)


def _weights(J: "_Jacobian", h: Array, m: Array, on: Array) -> Array | None:
    """nu >= 0 with J'nu = 2 (h, m), 0 where d = 0; None if it is not found."""
    nu = on.astype(np.float32)
    back = J.columns(nu)
    nu *= 2 * (h @ h + m @ m) / (h @ back[0] + m @ back[1])
    for _ in range(REFLECTIONS):
        rest = tuple(2 * z - b for z, b in zip((h, m), J.columns(nu), strict=True))
        if np.sqrt(_dot(rest, rest)) <= TIGHT * 2 * np.sqrt(h @ h + m @ m):
            return nu
        nu = nu + J.rows(*J.solve(rest, 0.1)) * on
        nu = np.where(nu < 0, -1.8 * nu, nu)
    return None


class _Jacobian:
    """J at a point with products p, q, in float32 except for the point itself."""

    def __init__(
        self, Bt: Matrix, Ct: Matrix, p: Array, q: Array, means: tuple[float, float]
    ) -> None:
        self.Bt, self.Ct, self.p, self.q = Bt, Ct, p, q
        self.w = 1 / np.maximum(np.hypot(p, q), np.finfo(float).tiny)
        self.of_B, self.of_C = (self.w * q).astype(np.float32), (self.w * p).astype(np.float32)
        # the mean eigenvalues of the diagonal blocks
        self.blocks = tuple(
            mean * float(np.vdot(f, f)) / A.shape[1]
            for mean, f, A in zip(means, (self.of_B, self.of_C), (Bt, Ct), strict=True)
        )

    def rows(self, dh: Array, dm: Array) -> Array:
        """J dz (L,)."""
        return self.of_B * (self.Bt @ dh) + self.of_C * (self.Ct @ dm)

    def columns(self, v: Array) -> tuple[Array, Array]:
        """J'v, in its two parts."""
        return pull(self.Bt, self.of_B * v), pull(self.Ct, self.of_C * v)

    def solve(self, right: tuple[Array, Array], accuracy: float) -> tuple[Array, Array]:
        """z with J'J z = right to this relative accuracy, by conjugate gradients in float32."""
        rest = tuple(r.astype(np.float32) for r in right)
        z = tuple(np.zeros_like(r) for r in rest)
        step, size, goal = None, 0.0, 0.0
        for k in range(GRADIENTS):
            scaled = tuple(r / np.float32(b) for r, b in zip(rest, self.blocks, strict=True))
            before, size = size, _dot(rest, scaled)
            if k == 0:
                step, goal = scaled, accuracy**2 * size
            else:
                turn = np.float32(size / before)
                step = tuple(s + turn * t for s, t in zip(scaled, step, strict=True))
            if not size > goal:
                break
            image = self.columns(self.rows(*step))
            steep = _dot(step, image)
            if not steep > 0:  # J does not see this direction
                break
            length = np.float32(size / steep)
            z = tuple(a + length * s for a, s in zip(z, step, strict=True))
            rest = tuple(r - length * i for r, i in zip(rest, image, strict=True))
        return z


def _dot(x: tuple[Array, Array], y: tuple[Array, Array]) -> float:
    return float(sum(np.vdot(a, b) for a, b in zip(x, y, strict=True)))


def _mean_square(A: Matrix) -> float:
    """About the mean of |a_l|^2 over the rows, from one vector of random signs."""
    signs = np.random.default_rng(0).choice([-1.0, 1.0], A.shape[1])
    return float(np.mean((A @ signs) ** 2)) or 1.0
