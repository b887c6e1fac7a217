"""The ADMM of the papers (arXiv 1809.08359, eqs (4)-(6)) for the l2 and the l1 program.

In canonical form, with z = (m, h), u = (q, p) in H = {p q >= d, p >= 0} and E = diag(Ct, Bt):

    minimise |z|_2^2    s.t.    u = E z,    u in H

    u <- proj_H( E z - alpha )
    z <- (E'E + (2/rho) I)^-1 E'(alpha + u)
    alpha <- alpha + u - E z

E is block diagonal, so the z-step is two Cholesky factors, computed once. All variables start at
0, and there is no over-relaxation. At a fixed point 2 z = rho E'alpha: rho alpha is the dual
(be, al), and it is certified as it stands at every tenth iteration.

The l1 program, with slack and weight. In units in which gamma = 1 and the slack has a price kappa
in each row, z = (m, h, kappa xi), u = (q, p, xi) in H = {p (q + xi) >= d, p >= 0}, E = diag(Ct, Bt,
1/kappa), and Q z is what is paid for, Q = I here (and a picture's differences in admm_tv.py):

    minimise |V|_1    s.t.    u = E z,    V = Q z,    u in H

    u <- proj_H( E z - alpha )
    V <- S_{1/rho}( Q z - beta )                    soft threshold at 1/rho
    z <- (E'E + Q'Q)^-1 ( E'(alpha + u) + Q'(beta + V) )
    alpha <- alpha + u - E z,    beta <- beta + V - Q z

E'E + Q'Q has a block for m, one for h, and a diagonal. Without slack the last parts of u, V, z are
not there. After each z-step E'alpha + Q'beta = 0, and at a fixed point |rho beta| <= 1: rho alpha
is the dual (be, al, v). The threshold is 1/rho, as on the papers' poster; in their published code
it is rho.

The data are first scaled to size 1 (problem.normalise); then one rho serves data in any units.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from kit.arguments import number
from kit.branchhull.hull import project_unchecked, split_unchecked
from kit.branchhull.problem import BranchHull, canonical, normalise
from kit.branchhull.rows import Matrix
from kit.prox import soft_threshold
from kit.results import Array

Map = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class State:
    """One iterate: the candidate, its dual, and what the loop records of it."""

    h: Array  # (K,)
    m: Array  # (N,)
    dual: Array  # (2, L): al, be
    objective: float  # |h|^2 + |m|^2, or |h|_1 + gamma |m|_1 + lam |xi|_1
    primal: float  # |u - E z|, for l1 |(u - E z, V - Q z)|
    dual_residual: float  # rho |E'(u - u_last)|, for l1 with + Q'(V - V_last)


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


def admm_l1(problem: BranchHull, *, rho: float = 2.0) -> Iterator[State]:
    """As `admm`, for the l1 program; h and m are those of z.

    rho > 0  the penalty of |V|_1 + rho/2 |u - E z + alpha|^2 + rho/2 |V - Q z + beta|^2, in the
             scaled units above. 1 or 2 suit data without noise; with noise 10 to 30 do better, and
             take thousands of iterations.
    """
    rho = number("rho", rho, least=0, above=True)
    Bt, Ct, d, (zoom, of_al, of_be) = normalise(*canonical(problem.data))
    kappa = problem.lam / of_be if problem.slack else None
    factor = cho_factor(Bt.T @ Bt + np.eye(Bt.shape[1]))
    maps = (lambda h: h), (lambda f: f), (lambda f: cho_solve(factor, f))
    for z, alpha, _, primal, moved in splitting(Bt, Ct / problem.gamma, d, kappa, rho, *maps):
        yield State(
            zoom * z[0],
            zoom * z[1] / problem.gamma,
            rho * alpha[:2] * np.stack([of_al, of_be]),
            float(zoom * sum(np.abs(part).sum() for part in z)),
            float(zoom * primal),
            float(moved),
        )


def splitting(
    Bt: Matrix,
    C: Array,
    d: Array,
    kappa: Array | None,
    rho: float,
    paid: Map,
    back: Map,
    solve: Map,
) -> Iterator[tuple[list[Array], Array, list[Array], float, float]]:
    """The iteration for z = [h, m, kappa xi], u = (p, q, xi) and Q z = [paid(h), m, kappa xi].

    paid, back, solve  Q on h, its transpose, and f -> (Bt'Bt + back paid)^-1 f
    yields             z, alpha, beta, |(u - E z, V - Q z)|, and rho |E'(u - u_last) + Q'(V -
                       V_last)|: since E'alpha + Q'beta = 0 after each z-step, that is what the
                       right-hand side of the z-step has moved by
    """
    factor, (L, K), N = cho_factor(C.T @ C + np.eye(C.shape[1])), Bt.shape, C.shape[1]
    z = [np.zeros(K), np.zeros(N), *([] if kappa is None else [np.zeros(L)])]
    Qz, last, (Ez, alpha) = [paid(z[0]), *z[1:]], z, np.zeros((2, len(z), L))
    beta, transposed = [np.zeros_like(part) for part in Qz], Bt.T
    project = project_unchecked if kappa is None else split_unchecked
    while True:
        u = np.stack(project(*(Ez - alpha), d))
        V = [soft_threshold(q - b, 1 / rho) for q, b in zip(Qz, beta, strict=True)]
        g, f = alpha + u, [b + v for b, v in zip(beta, V, strict=True)]
        f = [transposed @ g[0] + back(f[0]), g[1] @ C + f[1], *(x + g[2] / kappa for x in f[2:])]
        z = [solve(f[0]), cho_solve(factor, f[1]), *(x / (1 + kappa**-2) for x in f[2:])]
        Ez = np.stack([Bt @ z[0], C @ z[1], *(x / kappa for x in z[2:])])
        Qz = [paid(z[0]), *z[1:]]
        off_u, off_V = u - Ez, [v - q for v, q in zip(V, Qz, strict=True)]
        alpha, beta = alpha + off_u, [b + off for b, off in zip(beta, off_V, strict=True)]
        moved = sum(np.sum((new - old) ** 2) for new, old in zip(f, last, strict=True))
        primal = np.vdot(off_u, off_u) + sum(off @ off for off in off_V)
        last = f
        yield z, alpha, beta, np.sqrt(primal), rho * np.sqrt(moved)
