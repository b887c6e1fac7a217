"""The algebra of three-dimensional Lorentz cones Q = {v0 >= |(v1, v2)|}, one a column of (3, L).

o is the Jordan product, J = diag(1, -1, -1), and W the Nesterov-Todd scaling of a pair s, lam in
the interior of Q: the symmetric matrix with W lam = W^-1 s. Each measurement is such
a cone (loop.py). Source: standard; see Vandenberghe's paper on coneqp, 2010.
"""

import numpy as np

from kit.results import Array

SIGNS = np.array([[1.0], [-1.0], [-1.0]])  # J
UNIT = np.array([[1.0], [0.0], [0.0]])  # the neutral element of o


def det(v: Array) -> Array:
    """v0^2 - v1^2 - v2^2, factored to lose fewer digits near the boundary."""
    radius = np.hypot(v[1], v[2])
    return (v[0] - radius) * (v[0] + radius)


def scaling(s: Array, lam: Array, det_s: Array, det_lam: Array) -> tuple[Array, Array]:
    """eta (L,) and w (3, L): W = eta (2 v v' - J), v = (w + UNIT) / sqrt(2 w0 + 2)."""
    s, lam = s / np.sqrt(det_s), lam / np.sqrt(det_lam)
    gamma = np.sqrt((1 + dot(s, lam)) / 2)
    return (det_s / det_lam) ** 0.25, (s + SIGNS * lam) / (2 * gamma)


def dot(u: Array, v: Array) -> Array:
    """Inner products of the columns (L,); np.sum over three rows would take longer."""
    return u[0] * v[0] + u[1] * v[1] + u[2] * v[2]


def apply(eta: Array, w: Array, v: Array) -> Array:
    """W v with W = eta [w0, w1'; w1, I + w1 w1' / (1 + w0)]."""
    inner = w[1] * v[1] + w[2] * v[2]
    lead = v[0] + inner / (1 + w[0])
    out = lead * w
    out += v
    out[0] = w[0] * v[0] + inner
    out *= eta
    return out


def apply_inverse(eta: Array, w: Array, v: Array) -> Array:
    """W^-1 v: as W with J w in place of w and 1 / eta in place of eta."""
    inner = w[1] * v[1] + w[2] * v[2]
    lead = inner / (1 + w[0]) - v[0]
    out = lead * w
    out += v
    out[0] = w[0] * v[0] - inner
    out /= eta
    return out


def product(u: Array, v: Array) -> Array:
    """The Jordan product u o v."""
    out = u[0] * v
    out += v[0] * u
    out[0] = dot(u, v)
    return out


def divide(nu: Array, v: Array) -> Array:
    """The x with nu o x = v."""
    first = (nu[0] * v[0] - nu[1] * v[1] - nu[2] * v[2]) / det(nu)
    out = (v - first * nu) / nu[0]
    out[0] = first
    return out


def to_boundary(v: Array, c: Array, dv: Array) -> float:
    """The largest step t with v + t dv in all cones (inf if there is no end); c is det(v)."""
    a = det(dv)
    b = v[0] * dv[0] - v[1] * dv[1] - v[2] * dv[2]
    disc = b * b - a * c
    fastest = np.where(disc >= 0, (np.sqrt(np.maximum(disc, 0)) - b) / c, 0.0).max()
    return float(1 / fastest) if fastest > 0 else np.inf


def blocks(eta: Array, w: Array, turn: Array) -> tuple[Array, Array]:
    """Dpp, Dpq, Dqq (3, L) of W^-2 turned to (p, q), and their det (L,): no cancellations.

    turn (L,) is 1, and 0 for a row without q.
    """
    Dpp = np.where(turn > 0, 2 * (w[0] - w[1]) ** 2, 1.0)
    D = np.array([Dpp, turn * 2 * w[2] ** 2, turn * 2 * (w[0] + w[1]) ** 2]) / eta**2
    return D, turn * 4 * (1 + 2 * w[2] ** 2) / eta**4


def ratio(v: Array, dv: Array) -> float:
    """The largest step t with v + t dv >= 0, for v > 0 (inf if there is no end)."""
    fastest = (-dv / v).max(initial=0.0)
    return float(1 / fastest) if fastest > 0 else np.inf
