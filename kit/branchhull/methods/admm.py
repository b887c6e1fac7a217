"""The ADMM of the papers, for the l2 program (arXiv 1809.08359, eqs (4)-(6), without slack).

In canonical form, with z = (m, h), u = (q, p) in H = {p q >= d, p >= 0} and E = diag(Ct, Bt):

    minimise |z|_2^2    s.t.    u = E z,    u in H

    u <- proj_H( E z - alpha )
    z <- (E'E + (2/rho) I)^-1 E'(alpha + u)
    alpha <- alpha + u - E z

E is block diagonal, so the z-step is two Cholesky factors, computed once. All variables start at
0, and there is no over-relaxation. At a fixed point 2 z = rho E'alpha: rho alpha is the dual
(be, al), and it is certified as it stands at every tenth iteration.

The data are first scaled to size 1 (problem.normalise); then one rho serves data in any units.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from kit.arguments import number
from kit.branchhull.hull import project_unchecked
from kit.branchhull.problem import BranchHull, canonical, normalise
from kit.results import Array


@dataclass(frozen=True, eq=False)
class State:
    """One iterate: the candidate, its dual, and what the loop records of it."""

    h: Array  # (K,)
    m: Array  # (N,)
    dual: Array  # (2, L): al, be
    objective: float  # |h|^2 + |m|^2
    primal: float  # |u - E z|
    dual_residual: float  # rho |E'(u - u_last)|


def admm(problem: BranchHull, *, rho: float = 2.0) -> Iterator[State]:
    """Yield one state per iteration, for ever; `kit.iterate.drive` decides when to stop.

    rho > 0  the penalty of the augmented Lagrangian |z|^2 + rho/2 |u - E z + alpha|^2, in the
             scaled units above. 2 suits noiseless data; noisy data want more (20 to 60) and many
             iterations at any rho.
    """
    rho = number("rho", rho, least=0, above=True)
    Bt, Ct, d, (zoom, of_al, of_be) = normalise(*canonical(problem.data))
    (L, K), N = Bt.shape, Ct.shape[1]
    factor_B = cho_factor(Bt.T @ Bt + 2 / rho * np.eye(K))
    factor_C = cho_factor(Ct.T @ Ct + 2 / rho * np.eye(N))
    p, q, u_p, u_q, al, be = np.zeros((6, L))
    while True:
        last_p, last_q = u_p, u_q
        u_p, u_q = project_unchecked(p - al, q - be, d)
        h, m = cho_solve(factor_B, (al + u_p) @ Bt), cho_solve(factor_C, (be + u_q) @ Ct)
        p, q = Bt @ h, Ct @ m
        al, be = al + u_p - p, be + u_q - q
        yield State(
            zoom * h,
            zoom * m,
            rho * np.stack([of_al * al, of_be * be]),
            float(zoom**2 * (h @ h + m @ m)),
            float(zoom * np.hypot(np.linalg.norm(u_p - p), np.linalg.norm(u_q - q))),
            float(rho * np.hypot(*map(np.linalg.norm, ((u_p - last_p) @ Bt, (u_q - last_q) @ Ct)))),
        )
