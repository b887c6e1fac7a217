"""The papers' ADMM for the image program (arXiv 1809.08359, eqs (4)-(6), with P = [D B; mu B]).

In canonical form, with z = (m, h, v), v = sig xi, unknowns measured as gamma m and lam v,

    u = (q, p, v) in { p (q + v) >= d, p >= 0 },    u = E z,    E = diag(Ct / gamma, Bt, I / lam)
    V = Q z,    Q = diag(I, [D B; mu B], I),        objective |V|_1,

and the iteration is that of admm.py for l1. In the z-step the matrix for h is
(1 + mu^2) B'B + (D B)'(D B), which for B = I the cosine transform diagonalises (the differences
repeat nothing, so D'D is the Laplacian with reflecting edges). At a fixed point E'alpha + Q'beta =
0: rho (alpha, -beta) is the dual (be, al, w), certified as it stands.

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
from kit.branchhull.methods.admm import Map, splitting
from kit.branchhull.problem import BranchHull
from kit.branchhull.rows import dense
from kit.branchhull.tv import Dual, is_identity, parts
from kit.branchhull.variation import adjoint, differences, total_variation
from kit.results import Array


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
    gamma, mu, shape = problem.gamma, problem.mu, problem.shape
    unit, lam = np.sqrt(d).mean() or 1.0, np.full(d.size, problem.lam) if problem.slack else None
    E, B, transposed = differences(d, shape).size, problem.data.B, problem.data.B.T

    def paid(h: Array) -> Array:
        image = B @ h
        return np.concatenate([differences(image, shape), mu * image])

    def back(f: Array) -> Array:
        return transposed @ (adjoint(f[:E], shape) + mu * f[E:])

    maps = paid, back, _picture_solver(problem)
    for z, alpha, beta, primal, _ in splitting(Bt, Ct / gamma, d / unit**2, lam, rho, *maps):
        image, w = B @ z[0], -rho * beta[0]
        xi = unit * sig * z[2] / lam if problem.slack else None
        out = unit * z[0], unit * z[1] / gamma, xi
        yield State(
            *out,
            Dual(rho * alpha[0], rho * alpha[1], w[:E], mu * t * w[E:]),
            problem.value(*out),
            unit * total_variation(image, shape),
            float(unit * np.abs(image).mean()),
            float(unit * primal),
        )


def _picture_solver(problem: BranchHull) -> Map:
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
