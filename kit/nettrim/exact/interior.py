"""One neuron at a given lambda by an interior point method: where pivots in blocks do not end.

(1) of the package, with l = lambda p, G = A A', u = a - b, z = A y - G u - C mu (its c) and slacks
s = v - C'u. The optimum has, all of these >= 0,

    a, l - z:  a_j (l_j - z_j) = 0     b, l + z:  b_j (l_j + z_j) = 0     s, mu:  s_i mu_i = 0

(a free input has l_j = z_j = 0, and neither a nor b). Newton's step to products tau instead of 0
is, with d_j = a_j / (l_j - z_j) + b_j / (l_j + z_j), a system in du alone,

    (G + diag(1/d) + C diag(mu/s) C') du = right-hand side,

one Cholesky factor for Mehrotra's two steps: the first with tau = 0, the second with the tau that
the first makes likely, and its products. All numbers go as far as they stay positive.

Those products are held between tau / APART and tau APART. Unheld, they are what the first step
would leave if it were taken in full, and for silent neurons, Y and V next to 0 and lambda far below
|A y|, four kinds of step follow each other for ever, with the gap at 1e-9.

With targets e, f, h of the three products, r = e / (l - z) - a - f / (l + z) + b, and the misfits
rest = A y - G u - C mu - z and away = v - C'u - s, Newton's equations reduce to

    dz = (du - r) / d              dmu = g + (mu / s) C'du        g = h / s - mu - (mu / s) away
    ds = away - C'du               right-hand side = rest - C g + r / d

Few silent samples count. The program is solved with some of them, roughly; those it violates most
join; and so on until none is violated, the last times accurately. mu of the others is 0. If no u
has C'u <= v, mu grows without end, and its direction tells why: C mu = 0, v'mu < 0.

Near the end l - z and l + z are rounding where they should be next to 0, so they are variables of
their own; the equations get worse as mu / s grows, and the best point so far is what counts.

Source: Mehrotra, SIAM J. Optimization 2 (1992); targets held: Gondzio, Comput. Optim. Appl. 6
(1996); Mehrotra's steps that repeat: Cartis, Oxford NA report 05/20 (2005); working sets: derived.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from kit.nettrim.exact.neuron import gram
from kit.results import Array

STEPS, INSIDE = 60, 0.999  # of Newton; how far to go, of the way to the boundary
APART = 10  # factor by which products may be meant to differ from tau
WORSE = 3  # steps in which the gap may not become less, once it is ENOUGH
ROUGH, FINE = 1e-3, 1e-13  # sum of products, of the objective: while rows join; at the end
ENOUGH = 1e-8  # the same where rounding allows no less
ROUGH_ERROR, FINE_ERROR = 1e-2, 2e-6  # of the linear equations, relative, likewise
ROWS, ROUNDS = 1000, 40  # silent samples to begin with, and that join at once; how often
RIDGE = 1e-14  # of H's diagonal: without, one layer in three hundred of the hostile ones broke
OVER, NOISE = 1e-9, 1e-13  # C'u above its limit, of the largest |C'u|, and absolute: violated


@dataclass(frozen=True, eq=False)
class Point:
    """A solution, or what was reached: u (N,), mu (c,), and which rows are active."""

    u: Array
    mu: Array
    side: Array  # (N,) -1, 0, 1
    on: Array  # (c,) of booleans
    steps: int  # of Newton
    found: bool  # False: perhaps there is none, and mu is a ray


def interior(G: Array, Ay: Array, C: Array, v: Array, l: Array, scale: float) -> Point:
    """The solution at prices l (N,), for C (c, N); scale is that of the objective, |y|^2."""
    rows, tol, steps = np.argsort(v - C @ Ay)[:ROWS], ROUGH, 0
    with np.errstate(all="ignore"):
        for _ in range(ROUNDS):
            tol = tol if len(rows) < len(v) else FINE
            point = _newton(G, Ay, C[rows], v[rows], l, scale, tol)
            steps += point.steps
            over = C @ point.u - v
            size = np.abs(over + v).max(initial=0)
            over[rows] = 0
            new = np.flatnonzero(over > OVER * size + NOISE)
            if not point.found or (new.size == 0 and tol == FINE):
                break
            tol = ROUGH if new.size > len(rows) // 20 else FINE
            if new.size > ROWS:
                new = new[np.argpartition(-over[new], ROWS)[:ROWS]]
            rows = np.concatenate([rows, new])
    mu, on = np.zeros(len(v)), np.zeros(len(v), bool)
    mu[rows], on[rows] = point.mu, point.on
    return Point(point.u, mu, point.side, on, steps, point.found and new.size == 0)


def _newton(G: Array, Ay: Array, C: Array, v: Array, l: Array, scale: float, tol: float) -> Point:
    """The same with all of these rows, to `tol`."""
    N, c, paid = len(Ay), len(v), l > 0
    unit = np.abs(Ay).max() / max(G.diagonal().max(), 1e-300) or 1.0
    l, size = l[paid], l.max()
    u, z, up, down = np.zeros(N), np.zeros(len(l)), l, l  # up = l - z, down = l + z
    a, b = np.full((2, len(l)), unit)
    s, mu = np.maximum(v, unit), np.full(c, max(size, np.abs(Ay).max()) / 10)  # C mu is about A y
    best, least, worse, steps = None, np.inf, 0, 0
    while steps < STEPS and worse < WORSE:
        steps += 1
        full = np.zeros(N)
        full[paid] = z
        away, rest = v - C @ u - s, Ay - G @ u - mu @ C - full
        gap, most = a @ up + b @ down + s @ mu, max(scale, l @ (a + b))
        error = np.abs(away).max(initial=0) / unit + np.abs(rest).max() / size
        close = error <= (ROUGH_ERROR if tol == ROUGH else FINE_ERROR)
        worse = 0 if close and gap < least / 2 else worse + (least <= ENOUGH * most)
        if close and gap < least:
            best, least = (u, a, b, up, down, s, mu), gap
        if least <= tol * most:
            break
        weight, d = mu / s, a / up + b / down
        H = G + gram(C, np.arange(c), weight)
        H[paid, paid] += 1 / d
        factor, failed = dpotrf(H.T, lower=1)
        if failed:
            H.flat[:: N + 1] *= 1 + RIDGE
            factor, failed = dpotrf(H.T, lower=1)
        if failed or not np.isfinite(H.trace()):
            break
        e, f, h = np.zeros(len(z)), np.zeros(len(z)), np.zeros(c)
        for corrector in (False, True):  # targets of the products
            r, g = e / up - a - f / down + b, h / s - mu - weight * away
            right = rest - g @ C
            right[paid] += r / d
            du = dpotrs(factor, right, lower=1)[0]
            dz, Cu = (du[paid] - r) / d, C @ du
            da, db = (e + a * dz) / up - a, (f - b * dz) / down - b
            ds, dmu = away - Cu, g + weight * Cu
            t = _longest((a, b, s, up, down, mu), (da, db, ds, -dz, dz, dmu))
            if not corrector:
                left = (a + t * da) @ (up - t * dz) + (b + t * db) @ (down + t * dz)
                left += (s + t * ds) @ (mu + t * dmu)
                tau = (left / gap) ** 3 * gap / (2 * len(z) + c)
                products = da * dz, -db * dz, -ds * dmu
                e, f, h = (np.clip(tau + one, tau / APART, tau * APART) for one in products)
        t *= INSIDE
        u, z, up, down = u + t * du, z + t * dz, up - t * dz, down + t * dz
        a, b, s, mu = a + t * da, b + t * db, s + t * ds, mu + t * dmu
    found = least <= max(tol, ENOUGH) * most
    if best is not None:
        u, a, b, up, down, s, mu = best
    side = np.ones(N)
    side[paid] = (a * l > up * unit) * 1.0 - (b * l > down * unit)
    return Point(u, mu, side, mu * unit > s * size, steps, bool(found))


def _longest(numbers: tuple[Array, ...], steps: tuple[Array, ...]) -> float:
    """The largest t <= 1 for which all x + t dx >= 0."""
    x, dx = np.concatenate(numbers), np.concatenate(steps)
    falls = dx < 0
    return float((-x[falls] / dx[falls]).min(initial=1))
