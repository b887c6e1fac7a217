"""What an answer says beyond W: which zeros are proved, and which lambda it has.

Proved zeros (derived). Let |(X Q')_jm| <= 1 for a Q with Q <= 0 on C. Every optimal U has

    <Q, T> - epsilon |Q_Omega|_F  <=  <X Q', U>  <=  sum |(X Q')_jm| |U_jm|,

the left side being the lower bound, and sum |U_jm| = optimum <= upper. Subtract:

    sum (1 - |(X Q')_jm|) |U_jm|  <=  upper - lower,
    so  |U_jm|  <=  (upper - lower) / (1 - |(X Q')_jm|).

Q is the dual with its rows rescaled, and every number is rounded to its side, as in `certify`.

Penalty (derived). The ball's program and the penalised one of the first paper,

    min (1/2) |(U'X - Y)_Omega|_F^2 + lambda |U|_1   s.t.  (U'X)_C <= V_C,

have the same solution if epsilon is its residual: their optimality conditions differ by the factor
lambda, (Y - U'X)_Omega = lambda Q_Omega for the Q with max|X Q'| = 1. Taking norms,

    lambda = epsilon max|X Q'| / |Q_Omega|_F.

The first paper's code writes |.|^2 + lambda |u|_1 without the 1/2: its lambda is twice this one.
"""

import numpy as np

from kit.arguments import instance
from kit.nettrim.certificate import Terms, balanced, certify, relaxed
from kit.nettrim.problem import NetTrim
from kit.nettrim.rounding import total
from kit.results import Array, Pruned
from kit.rounding import U


def proved_zeros(problem: NetTrim, W: Array, dual: Array, feasibility: float = 1e-6) -> Array:
    """For each exact zero of W (N, M): how large that weight can be in ANY optimal U; else inf.

    Bounds (N, M) as in the module docstring, for the program that `certify` speaks of: with a
    violation v > 0 of W, 0 < v <= feasibility, that is the one with epsilon and V relaxed just so
    far that W is feasible. All inf where W is further outside, or no dual is given.
    Raises ValueError for shapes that do not fit.
    """
    certificate = certify(problem, W, dual, feasibility)
    bound = np.full(np.shape(W), np.inf)
    if dual is None or not np.isfinite(certificate.gap):
        return bound
    with np.errstate(all="ignore"):
        _, epsilon, V = relaxed(problem, W := np.asarray(W, float))
        terms = Terms(problem, np.asarray(dual, float), epsilon, V)
        s, paid = terms.multiples(), W[: problem.paid]
        gap = certificate.upper - terms.lower(s)
        if not problem.joint:  # each neuron has a gap of its own
            upper, error = total(np.abs(paid.T))
            gap = np.maximum(upper + error - s * terms.gain * (1 - 4 * U), 0)
        share = s * terms.ratio * (1 + 4 * U)
        found = np.where(share < 1, gap / (1 - share) * (1 + 8 * U), np.inf)
        bound[: problem.paid] = np.minimum(found, certificate.upper)  # one is no more than all
    return np.where(W == 0, bound, np.inf)


def penalty(problem: NetTrim, answer: Pruned) -> float | Array:
    """The lambda of the penalised program with the same answer: a number, or (M,) with a ball each.

    epsilon max|X Q'| / |Q_Omega|_F: 0 for epsilon = 0; inf where Q_Omega = 0, the ball holding
    nothing back (W = 0 is right for every lambda that is large enough). Raises ValueError for an
    answer without a dual.
    """
    instance("problem", problem, NetTrim)
    if getattr(answer, "dual", None) is None:
        raise ValueError("answer must be a Pruned with a dual, to read lambda from")
    certify(problem, answer.W, answer.dual)  # says what does not fit
    Q = balanced(problem, np.where(problem.Omega, answer.dual, np.minimum(answer.dual, 0)))
    price = np.abs(problem.X @ Q.T)[: problem.paid].max(axis=0, initial=0)
    size = np.linalg.norm(np.where(problem.Omega, Q, 0), axis=1)
    if problem.joint:
        price, size = price.max(), np.linalg.norm(size)
    with np.errstate(divide="ignore", invalid="ignore"):
        lam = np.where(size > 0, problem.epsilon * price / size, np.inf)
    return float(lam) if problem.joint else lam
