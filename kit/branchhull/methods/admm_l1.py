"""The papers' ADMM for the l1 program, with slack and weight (arXiv 1809.08359, eqs (4)-(6)).

In canonical form and in units in which gamma = 1 and the slack has a price kappa in each row, with
z = (m, h, kappa xi), u = (q, p, xi) in H = {p (q + xi) >= d, p >= 0}, E = diag(Ct, Bt, 1/kappa):

    minimise |v|_1    s.t.    u = E z,    v = z,    u in H

    u <- proj_H( E z - alpha )
    v <- S_{1/rho}( z - beta )                      soft threshold at 1/rho
    z <- (E'E + I)^-1 ( E'(alpha + u) + beta + v )
    alpha <- alpha + u - E z,    beta <- beta + v - z

E'E + I has a block for m, one for h, and a diagonal: two Cholesky factors, computed once. Without
slack the last parts of u, v, z are not there. All variables start at 0, without over-relaxation.
After each z-step E'alpha + beta = 0, and at a fixed point |rho beta| <= 1: rho alpha is the dual
(be, al, v), certified as it stands at every tenth iteration.

The threshold is 1/rho, as on the papers' poster; in their published code it is rho. The data are
first scaled to size 1 (problem.normalise), so that one rho serves data in any units.
"""

from collections.abc import Iterator

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from kit.arguments import number
from kit.branchhull.hull import ROOT2, project_unchecked
from kit.branchhull.methods.admm import State
from kit.branchhull.problem import BranchHull, canonical, normalise
from kit.prox import soft_threshold


def admm_l1(problem: BranchHull, *, rho: float = 2.0) -> Iterator[State]:
    """Yield one state per iteration, for ever; `kit.iterate.drive` decides when to stop.

    rho > 0  the penalty of |v|_1 + rho/2 |u - E z + alpha|^2 + rho/2 |v - z + beta|^2, in the
             scaled units above. h and m are those of z. 1 or 2 suit data without noise; with noise
             10 to 30 do better, and take thousands of iterations.
    """
    rho = number("rho", rho, least=0, above=True)
    Bt, Ct, d, (zoom, of_al, of_be) = normalise(*canonical(problem.data))
    Ct, (L, K), N = Ct / problem.gamma, Bt.shape, Ct.shape[1]
    kappa = problem.lam / of_be if problem.slack else None
    factor_B = cho_factor(Bt.T @ Bt + np.eye(K))
    factor_C = cho_factor(Ct.T @ Ct + np.eye(N))
    size = K + N + (L if problem.slack else 0)
    h_, m_, x_ = slice(K), slice(K, K + N), slice(K + N, None)
    u, alpha = np.zeros((2, 3 if problem.slack else 2, L))
    z, v, beta = np.zeros((3, size))

    def forward(z: np.ndarray) -> np.ndarray:
        parts = [Bt @ z[h_], Ct @ z[m_]] + ([z[x_] / kappa] if problem.slack else [])
        return np.stack(parts)

    def back(u: np.ndarray) -> np.ndarray:
        return np.concatenate([u[0] @ Bt, u[1] @ Ct, *([u[2] / kappa] if problem.slack else [])])

    while True:
        last_u, last_v, Ez = u, v, forward(z)
        u = np.stack(_project(*(Ez - alpha), d))
        v = soft_threshold(z - beta, 1 / rho)
        pull = back(alpha + u) + beta + v
        z = np.concatenate([cho_solve(factor_B, pull[h_]), cho_solve(factor_C, pull[m_]), pull[x_]])
        if problem.slack:
            z[x_] /= 1 + kappa**-2
        Ez = forward(z)
        alpha, beta = alpha + u - Ez, beta + v - z
        yield State(
            zoom * z[h_],
            zoom * z[m_] / problem.gamma,
            rho * alpha[:2] * np.stack([of_al, of_be]),
            float(zoom * np.abs(z).sum()),
            float(zoom * np.hypot(np.linalg.norm(u - Ez), np.linalg.norm(v - z))),
            float(rho * np.linalg.norm(back(u - last_u) + v - last_v)),
        )


def _project(p: np.ndarray, q: np.ndarray, *xi_d: np.ndarray) -> tuple[np.ndarray, ...]:
    """Nearest point of H; with xi only q + xi is constrained, and the step is split equally."""
    if len(xi_d) == 1:
        return project_unchecked(p, q, *xi_d)
    xi, d = xi_d
    p, total = project_unchecked(p, (q + xi) / ROOT2, d / ROOT2)
    return p, (ROOT2 * total + q - xi) / 2, (ROOT2 * total - q + xi) / 2
