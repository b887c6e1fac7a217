"""The papers' ADMM for the image program (arXiv 1809.08359, eqs (4)-(6), with P = [D B; mu B]).

In canonical form, with z = (m, h, v), v = sig xi, unknowns measured as gamma m and lam v,

    u = (q, p, v) in { p (q + v) >= d, p >= 0 },    u = E z,    E = diag(Ct / gamma, Bt, I / lam)
    V = Q z,    Q = diag(I, [D B; mu B], I),        objective |V|_1

    u <- nearest point of the set to E z - alpha                (hull.py, entry by entry)
    V <- soft threshold of Q z - beta at 1 / rho
    z <- (E'E + Q'Q)^-1 (E'(alpha + u) + Q'(beta + V))
    alpha <- alpha + u - E z,    beta <- beta + V - Q z

All start at 0. The z-step is block diagonal: a Cholesky factor for m; for h the matrix
(1 + mu^2) B'B + (D B)'(D B), which for B = I the cosine transform diagonalises (the differences
repeat nothing, so D'D is the Laplacian with reflecting edges); a division for v. At a fixed point
E'alpha + Q'beta = 0: rho (alpha, -beta) is the dual (be, al, w), certified as it stands.

mu = 0 is the published program. It has no minimiser, and the iteration shows it: TV sinks to 0
and the mean grows. The published pictures are moments of this path. Data are scaled to mean
sqrt d = 1 first; the published code calls 1 / rho what is rho here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.fft import dctn, idctn
from scipy.linalg import cho_factor, cho_solve

from kit.arguments import number
from kit.branchhull.hull import project_unchecked
from kit.branchhull.problem import BranchHull
from kit.branchhull.rows import dense
from kit.branchhull.tv import Dual, is_identity, parts
from kit.branchhull.variation import adjoint, differences, total_variation
from kit.prox import soft_threshold
from kit.results import Array

ROOT2 = np.sqrt(2.0)


@dataclass(frozen=True, eq=False)
class State:
    """One iterate: the candidate, its dual, and what the loop records of it."""

    h: Array  # (K,)
    m: Array  # (N,)
    xi: Array | None  # (L,)
    dual: Dual
    objective: float  # TV + mu |B h|_1 + gamma |m|_1 + lam |xi|_1
    variation: float  # TV(B h) alone
    brightness: float  # mean |B h|: it grows without bound where there is no minimiser
    primal: float  # distance of u from E z and of V from Q z


def tv_admm(problem: BranchHull, *, rho: float = 1.0) -> Iterator[State]:
    """Yield one state per iteration, for ever; `kit.iterate.drive` decides when to stop.

    rho > 0  the penalty, in the scaled units above: the soft threshold is 1 / rho
    """
    rho = number("rho", rho, least=0, above=True)
    t, sig, Bt, Ct, d = parts(problem)
    gamma, mu, shape, slack = problem.gamma, problem.mu, problem.shape, problem.lam is not None
    unit = np.sqrt(d).mean() or 1.0
    d, C = d / unit**2, Ct / gamma
    L, N = C.shape
    solve_h = _picture_solver(problem, Bt)
    solve_m = cho_factor(C.T @ C + np.eye(N))
    lam = problem.lam if slack else 1.0
    h, m, v, q, p = np.zeros(Bt.shape[1]), np.zeros(N), *np.zeros((3, L))
    a_q, a_p, a_v, b_v, b_mu = np.zeros((5, L))
    b_m, b_D = np.zeros(N), np.zeros_like(differences(p, shape))
    Dh = b_D
    while True:
        u_p, u_q, u_v = _project(p - a_p, q - a_q, v / lam - a_v, d, slack)
        V_m, V_D, V_mu, V_v = (
            soft_threshold(x, 1 / rho) for x in (m - b_m, Dh - b_D, mu * t * p - b_mu, v - b_v)
        )
        m = cho_solve(solve_m, (a_q + u_q) @ C + b_m + V_m)
        image = t * (a_p + u_p) + adjoint(b_D + V_D, shape) + mu * (b_mu + V_mu)
        h = solve_h(Bt.T @ (t * image))
        q, p = C @ m, Bt @ h
        Dh = differences(t * p, shape)
        a_q, a_p = a_q + u_q - q, a_p + u_p - p
        b_m, b_D, b_mu = b_m + V_m - m, b_D + V_D - Dh, b_mu + V_mu - mu * t * p
        left = [u_q - q, u_p - p, V_m - m, V_D - Dh, V_mu - mu * t * p]
        if slack:
            v = ((a_v + u_v) / lam + b_v + V_v) / (1 + lam**-2)
            a_v, b_v = a_v + u_v - v / lam, b_v + V_v - v
            left += [u_v - v / lam, V_v - v]
        out = unit * h, unit * m / gamma, unit * sig * v / lam if slack else None
        yield State(
            *out,
            Dual(rho * a_p, rho * a_q, -rho * b_D, -rho * mu * t * b_mu),
            problem.value(*out),
            unit * total_variation(t * p, shape),
            float(unit * np.abs(p).mean()),
            float(unit * np.sqrt(sum(x @ x for x in left))),
        )


def _project(
    p: Array, q: Array, v: Array, d: Array, slack: bool
) -> tuple[Array, Array, Array | None]:
    """hull.project_with_slack without its checks, or hull.project where there is no slack."""
    if not slack:
        return *project_unchecked(p, q, d), v
    u, sigma = project_unchecked(p, (q + v) / ROOT2, d / ROOT2)
    return u, (ROOT2 * sigma + q - v) / 2, (ROOT2 * sigma - q + v) / 2


def _picture_solver(problem: BranchHull, Bt: object):
    """The function f -> ((1 + mu^2) B'B + (D B)'(D B))^-1 f."""
    (p, q), mu = problem.shape, problem.mu
    if is_identity(problem.data.B):
        down, across = (2 - 2 * np.cos(np.pi * np.arange(n) / n) for n in (p, q))
        spectrum = 1 + mu**2 + across[:, None] + down

        def solve(f: Array) -> Array:
            return idctn(dctn(f.reshape(q, p), norm="ortho") / spectrum, norm="ortho").ravel()

        return solve
    B = dense(problem.data.B)
    DB = differences(B, problem.shape)
    factor = cho_factor((1 + mu**2) * B.T @ B + DB.T @ DB + 1e-13 * np.eye(B.shape[1]))
    return lambda f: cho_solve(factor, f)
