"""How fast the ADMM of BranchHull ends: the rate that its Jacobian predicts, and the measured one.

The iteration of kit.branchhull.methods.admm in one vector, s = alpha + u (2 L numbers, p's first):

    E z = P s,  alpha = (I - P) s,    P = E (E'E + (2/rho) I)^-1 E'
    s <- (I - P) s + proj_H( (2 P - I) s )

Near the end it is linear, with the Jacobian

    M = I - P + D (2 P - I),    D = the derivative of proj_H, one 2 x 2 block a row:
        I                             where the row does not touch (alpha = 0),
        t t' / (1 + |alpha| kappa)    where it does; t = (p, -q) / r, kappa = 2 d / r^3,

r = |(p, q)|. A projection on a curve forgets what is across, and shrinks what is along by the
curvature kappa.
Eigenvalues equal to 1 belong to other duals of the same answer, and cost no step. Source: derived.
"""

from itertools import islice

import numpy as np
from scipy.linalg import block_diag

from kit.arguments import instance, number, real_array, whole
from kit.branchhull.methods.admm import admm
from kit.branchhull.problem import BranchHull, canonical, normalise
from kit.results import Array

TOUCH = 1e-6  # |alpha| above this share of the largest: the row touches
ONE = 1e-7  # eigenvalues this near to 1 are 1


def local_rate(problem: BranchHull, h: Array, m: Array, dual: Array, rho: float = 2.0) -> float:
    """The factor a step by which the ADMM nears (h, m, dual): largest |eigenvalue| of M below 1.

    h, m, dual  an answer to the l2 program, certified as well as can be: touching rows are those
                with a weight. Dense eigenvalues of a 2 L x 2 L matrix: for L of a few hundred.

    Raises ValueError for arguments that do not fit each other.
    """
    instance("problem", problem, BranchHull)
    dual = real_array("dual", dual, 2)
    if dual.shape != (2, problem.data.y.size):
        raise ValueError(f"dual must be (2, L) for L = {problem.data.y.size}, got {dual.shape}")
    number("rho", rho, least=0, above=True)
    Bt, Ct, d, (zoom, of_al, of_be) = normalise(*canonical(problem.data))
    h, m, dual = h / zoom, m / zoom, dual / np.stack([of_al, of_be])
    dual = dual * 2 * np.linalg.norm(h) / np.linalg.norm(Bt.T @ dual[0])  # so that 2 h = Bt'al
    p, q, L = Bt @ h, Ct @ m, d.size
    P = block_diag(
        *(A @ np.linalg.solve(A.T @ A + 2 / rho * np.eye(A.shape[1]), A.T) for A in (Bt, Ct))
    )
    force, size = np.hypot(*dual) / rho, np.hypot(p, q)
    touches = force > TOUCH * force.max()
    along = np.stack([p, -q]) / size / np.sqrt(1 + force * 2 * d / size**3)
    blocks = np.where(touches, along[:, None] * along[None], np.eye(2)[:, :, None])
    D = np.block([[np.diag(blocks[i, j]) for j in range(2)] for i in range(2)])
    M = np.eye(2 * L) - P + D @ (2 * P - np.eye(2 * L))
    sizes = np.abs(np.linalg.eigvals(M))
    return float(sizes[sizes < 1 - ONE].max())


def steps_of_admm(problem: BranchHull, count: int, rho: float = 2.0) -> Array:
    """|s_k - s_(k-1)| for k = 2 .. count, from the states of the ADMM; (count - 1,)."""
    instance("problem", problem, BranchHull)
    count = whole("count", count, least=2)
    Bt, Ct, _, (zoom, of_al, of_be) = normalise(*canonical(problem.data))
    path = [
        state.dual / np.stack([of_al, of_be]) / rho + [Bt @ state.h / zoom, Ct @ state.m / zoom]
        for state in islice(admm(problem, rho=rho), count)
    ]
    return np.linalg.norm(np.diff(path, axis=0), axis=(1, 2))


def measured_rate(steps: Array, first: int, last: int) -> float:
    """The factor a step between two iterations: slope of log |s_k - s_(k-1)|, least squares."""
    k = np.arange(first, last)
    return float(np.exp(np.polyfit(k, np.log(steps[first:last]), 1)[0]))
