"""One hull: the convex set above one branch of a hyperbola.

    H_d = { (p, q) : p q >= d, p >= 0, q >= 0 },   d >= 0

In BranchHull p = t b'h and q = s t c'm for one measurement, and d = |y| (canonical form).
For d = 0 the hull is the quadrant.

Projection (derived; BranchHull's ADMM, arXiv 1809.08359, projects by the roots of a quartic). Let
(p, q) be outside. The nearest point (u, v) lies on the branch u v = d, and for some mu >= 0

    u - p = mu v,    v - q = mu u.

Turn the axes by 45 degrees and put x = (u + v)/sqrt2, A = 2 x - sqrt2 p, B = 2 x - sqrt2 q. Adding
and subtracting the two equations and eliminating mu gives

    u = sqrt2 x B / (A + B),    v = sqrt2 x A / (A + B),

so that one equation in x remains, u v = d. Both A and B must be positive, so x > max(0, p, q)/sqrt2
=: low. In logarithms it is

    phi(x) = log(2 x^2 A B / (A + B)^2) = log d,
    phi'(x) = 2/x + 2 (A - B)^2 / (A B (A + B)) > 0,

increasing, and almost linear in t = log(x - low): Newton's method in t takes few steps at any
size and ratio of p, q, d. A bracket guards it: x >= (p + q)/sqrt2 because mu >= 0, and
x^2 = 2 d + (u - v)^2/2 <= 2 d + (p - q)^2/2 because the step shrinks the difference.

The larger of u, v comes from the formula, the smaller from d / larger, so that the point is on the
branch to the last bit.
"""

import numpy as np

from kit.arguments import real_array
from kit.results import Array

ROOT2 = np.sqrt(2.0)


def violation(p: Array, q: Array, d: Array) -> Array:
    """How far (p, q) is outside H_d: max(0, -p, -q, sqrt(d) - sqrt(p+ q+)), entry by entry.

    p, q, d broadcast against each other; 0 means inside. In the units of p, q and sqrt(d).
    Raises ValueError if an argument is not finite and real, or d < 0.
    """
    p, q, d = _read(p, q, d)
    short = np.sqrt(d) - np.sqrt(np.maximum(p, 0)) * np.sqrt(np.maximum(q, 0))
    # a point that `project` has put on the branch is inside, whatever its last bit says
    short = np.where(short <= 4 * np.finfo(float).eps * np.sqrt(d), 0.0, short)
    return np.maximum.reduce([np.zeros_like(short), -p, -q, short])


def project(p: Array, q: Array, d: Array) -> tuple[Array, Array]:
    """Nearest point of H_d: argmin over (u, v) of (u - p)^2 + (v - q)^2  s.t.  u v >= d, u, v >= 0.

    p, q, d >= 0 broadcast against each other (any shape); points inside come back unchanged.
    To the last digits for d = 0 and for d >= 1e-290; below, floating point numbers lose digits.
    Raises ValueError if an argument is not finite and real, or d < 0. Source: derived (above).
    """
    return project_unchecked(*_read(p, q, d))


def project_with_slack(p: Array, q: Array, xi: Array, d: Array) -> tuple[Array, Array, Array]:
    """Nearest point of { (u, v, z) : u (v + z) >= d, u >= 0, v + z >= 0 } to (p, q, xi).

    Only v + z is constrained: with sigma = (v + z)/sqrt2 the set is u sigma >= d/sqrt2 and
    (v - z)/sqrt2 stays as it is, so the increment is split equally. Source: derived.
    """
    p, q, d = _read(p, q, d)
    xi = real_array("xi", xi)
    if xi.shape not in ((), p.shape):
        raise ValueError(f"xi must have the shape of p, q and d, {p.shape}, got {xi.shape}")
    return split_unchecked(p, q, xi, d)


def split_unchecked(p: Array, q: Array, xi: Array, d: Array) -> tuple[Array, Array, Array]:
    """As `project_with_slack`, for float64 arrays of one shape that are known to be fine."""
    u, sigma = project_unchecked(p, (q + xi) / ROOT2, d / ROOT2)
    return u, (ROOT2 * sigma + q - xi) / 2, (ROOT2 * sigma - q + xi) / 2


def project_unchecked(p: Array, q: Array, d: Array) -> tuple[Array, Array]:
    """As `project`, for float64 arrays of one shape that are known to be fine (inner loops)."""
    u, v = np.maximum(p, 0.0), np.maximum(q, 0.0)
    outside = (d > 0) & (u * v < d * (1 - 4 * np.finfo(float).eps))
    if outside.any():
        u, v = np.array(u), np.array(v)
        u[outside], v[outside] = _nearest_on_branch(p[outside], q[outside], d[outside])
    return u, v


def _nearest_on_branch(p: Array, q: Array, d: Array) -> tuple[Array, Array]:
    """The formulas of the module docstring, for points outside with d > 0, shapes (n,)."""
    scale = np.maximum(np.maximum(np.abs(p), np.abs(q)), np.sqrt(d))
    p, q = ROOT2 * p / scale, ROOT2 * q / scale
    # below e^-600 of the largest coordinate nothing changes any more in float64
    u, v = _root(p, q, np.maximum(np.log(d) - 2 * np.log(scale), -600))
    larger = np.maximum(scale * np.maximum(u, v), np.sqrt(d))
    smaller = d / larger
    return np.where(u >= v, larger, smaller), np.where(u >= v, smaller, larger)


def _root(p: Array, q: Array, log_d: Array) -> tuple[Array, Array]:
    """u, v at the root of phi = log_d, all entries at once; p, q come times sqrt2."""
    low = np.maximum(np.maximum(p, q), 0) / 2
    A0, B0 = 2 * low - p, 2 * low - q
    tiny = np.finfo(float).tiny
    high = np.sqrt(2 * np.exp(log_d) + (p - q) ** 2 / 4) - low
    t_low = np.log(np.maximum((p + q) / 2 - low, tiny)) - 1e-3
    t_high = np.log(np.maximum(high, tiny)) + 1e-3
    t = t_high
    for _ in range(100):
        e = np.exp(t)
        x, A, B = low + e, A0 + 2 * e, B0 + 2 * e
        u, v = ROOT2 * x * (B / (A + B)), ROOT2 * x * (A / (A + B))
        far = np.log(u) + np.log(v) - log_d
        t_low, t_high = np.where(far < 0, t, t_low), np.where(far < 0, t_high, t)
        step = far / (2 * e * (1 / x + (A - B) / A * ((A - B) / B) / (A + B)))
        if np.all((np.abs(step) <= 2e-15 * (1 + np.abs(t))) | (t_high - t_low <= 2e-15)):
            break
        new = t - step
        t = np.where((new >= t_low) & (new <= t_high), new, (t_low + t_high) / 2)
    return u, v


def _read(p: Array, q: Array, d: Array) -> tuple[Array, Array, Array]:
    p, q, d = real_array("p", p), real_array("q", q), real_array("d", d)
    if (d < 0).any():
        raise ValueError(f"d must be >= 0, got {d.min():g}")
    try:
        return tuple(np.broadcast_arrays(p, q, d))
    except ValueError:
        raise ValueError(
            f"p, q and d must fit each other, got shapes {p.shape}, {q.shape} and {d.shape}"
        ) from None
