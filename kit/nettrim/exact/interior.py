"""One neuron at a given lambda by an interior point method: where pivots in blocks do not end.

    min (1/2) |A'u - y|^2 + sum_j l_j |u_j|   s.t.   C'u <= v         l = lambda p, G = A A'

With u = a - b, c = A y - G u - C mu and s = v - C'u the optimum has, all of them >= 0,

    a, l - c:  a_j (l_j - c_j) = 0     b, l + c:  b_j (l_j + c_j) = 0     s, mu:  s_i mu_i = 0

(a free input has l_j = c_j = 0, and neither a nor b). Newton's step towards products tau instead
of 0 is, with d_j = a_j / (l_j - c_j) + b_j / (l_j + c_j) and c eliminated, a system in du alone,

    (G + diag(1/d) + C diag(mu/s) C') du = right-hand side,

one Cholesky factor for Mehrotra's two steps: the first with tau = 0, the second with the tau that
the first makes likely, and its products. a, b, s and mu, l -+ c go as far as they stay positive.

Few silent samples count. The program is solved with some of them, roughly; those it violates most
join; and so on until none is violated, the last times accurately. mu of the others is 0.

Source: Mehrotra, SIAM J. Optimization 2 (1992); working sets of rows: derived.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from kit.nettrim.exact.neuron import gram
from kit.results import Array

STEPS, SHORTER = 60, 0.999  # of Newton; of the way to the boundary
ROUGH, FINE = 1e-3, 1e-13  # sum of products, of the objective, while rows join, and at the end
ENOUGH = 1e-8  # what will do where rounding allows no less
ROWS, ROUNDS = 1000, 40  # silent samples to begin with, and that join at once; how often
OVER, TINY = 1e-9, 1e-13  # C'u above its limit, of the largest |C'u|: violated; and absolute


@dataclass(frozen=True, eq=False)
class Point:
    """A solution: u (N,), mu (c,), and which inputs (sign) and silent samples are active."""

    u: Array
    mu: Array
    side: Array  # (N,) -1, 0, 1
    on: Array  # (c,) of booleans
    steps: int


def interior(G: Array, Ay: Array, C: Array, v: Array, l: Array, scale: float) -> Point | None:
    """The solution at prices l (N,), for C (c, N); None where there is none, or it is not found.

    scale  of the objective: |y|^2
    """
    with np.errstate(all="ignore"):
        return _by_rows(G, Ay, C, v, l, scale)


def _by_rows(G: Array, Ay: Array, C: Array, v: Array, l: Array, scale: float) -> Point | None:
    rows = np.argsort(v - C @ Ay)[:ROWS]
    if len(rows) == 0:
        return _newton(G, Ay, C, v, l, scale, FINE)
    tol, steps = ROUGH, 0
    for _ in range(ROUNDS):
        point = _newton(G, Ay, C[rows], v[rows], l, scale, tol)
        if point is None:
            return None
        steps += point.steps
        over = C @ point.u - v
        size = np.abs(over + v).max()
        over[rows] = 0
        new = np.flatnonzero(over > OVER * size + TINY)
        if new.size == 0 and tol == FINE:
            mu, on = np.zeros(len(v)), np.zeros(len(v), bool)
            mu[rows], on[rows] = point.mu, point.on
            return Point(point.u, mu, point.side, on, steps)
        tol = ROUGH if new.size > len(rows) // 20 else FINE
        if new.size > ROWS:
            new = new[np.argpartition(-over[new], ROWS)[:ROWS]]
        rows = np.concatenate([rows, new])
    return None


def _newton(
    G: Array, Ay: Array, C: Array, v: Array, l: Array, scale: float, tol: float
) -> Point | None:
    paid = l > 0
    N, c, unit = len(Ay), len(v), np.abs(Ay).max() / max(G.diagonal().max(), 1e-300) or 1.0
    l, size = l[paid], l.max()
    u, z = np.zeros(N), np.zeros(np.count_nonzero(paid))
    a, b = np.full((2, len(z)), unit)
    s, mu = np.maximum(v, unit), np.full(c, size / 10)
    gap, good, close = np.inf, ENOUGH * scale, 2e-6 if tol < ENOUGH else 1e-2
    for k in range(STEPS):
        up, down, full = l - z, l + z, np.zeros(N)
        full[paid] = z
        away, rest = v - C @ u - s, Ay - G @ u - mu @ C - full
        last, gap = gap, a @ up + b @ down + s @ mu
        near = np.abs(away).max(initial=0) / unit + np.abs(rest).max() / size
        if near <= close:
            if gap <= tol * max(scale, l @ (a + b)) or (gap > last / 2 and gap <= good):
                break
        weight, d = mu / s, a / up + b / down
        H = G + gram(C, np.arange(c), weight)
        H[paid, paid] += 1 / d
        factor, failed = dpotrf(H.T, lower=1)
        if failed or not np.isfinite(H.trace()):
            if near <= close and gap <= good:
                break
            return None

        def step(one: Array, other: Array, third: Array) -> tuple[Array, ...]:
            """From what the products a (l - z), b (l + z), s mu are to become."""
            r, g = one / up - a - other / down + b, third / s - mu - weight * away
            right = rest - g @ C
            right[paid] += r / d
            du = dpotrs(factor, right, lower=1)[0]
            dz, Cu = (du[paid] - r) / d, C @ du
            da, db = (one + a * dz) / up - a, (other - b * dz) / down - b
            return du, dz, da, db, away - Cu, g + weight * Cu

        zero = np.zeros(len(z))
        du, dz, da, db, ds, dmu = step(zero, zero, np.zeros(c))
        t = _room((a, da), (b, db), (s, ds), (up, -dz), (down, dz), (mu, dmu))
        left = (a + t * da) @ (up - t * dz) + (b + t * db) @ (down + t * dz)
        left += (s + t * ds) @ (mu + t * dmu)
        tau = (left / gap) ** 3 * gap / (2 * len(z) + c)
        du, dz, da, db, ds, dmu = step(tau + da * dz, tau - db * dz, tau - ds * dmu)
        t = SHORTER * _room((a, da), (b, db), (s, ds), (up, -dz), (down, dz), (mu, dmu))
        u, z, a, b, s, mu = u + t * du, z + t * dz, a + t * da, b + t * db, s + t * ds, mu + t * dmu
    else:
        return None
    side = np.where(paid, 0.0, 1.0)
    side[paid] = np.where(a * size > (l - z) * unit, 1.0, 0) - np.where(
        b * size > (l + z) * unit, 1.0, 0
    )
    return Point(u, mu, side, mu * unit > s * size, k)


def _room(*pairs: tuple[Array, Array]) -> float:
    """The largest t <= 1 for which all x + t dx >= 0."""
    return min(1.0, *(float((-x[dx < 0] / dx[dx < 0]).min(initial=1)) for x, dx in pairs))
