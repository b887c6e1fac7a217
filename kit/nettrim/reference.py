"""One Net-Trim layer in cvxpy, line for line, solved by Clarabel: slow, accurate, easy to check.

    min |W|_1   s.t.   R == W'X,   |(R - Y)_Omega|_F <= epsilon,   R_C <= V_C

The copy R costs M P unknowns and buys the dual: the multiplier of R == W'X is Q itself, accurate to
the solver's last digit, where a Q rebuilt from the multiplier of the norm is not.

Infeasible data. Then  min t  s.t.  R == W'X,  |(R - Y)_Omega|_F <= epsilon + t,  R_C <= V_C + t
has t > 0, and its multiplier of R == W'X is a Farkas ray: X Q' = 0 (W is free and costs nothing),
Q_C <= 0 and <Q, T> - epsilon |Q_Omega|_F = t > 0. Source: derived.

Program: Fast Convex Pruning, arXiv 1806.06457, eq. (1).
"""

import time
import warnings

import numpy as np

from kit.nettrim.certificate import cleared
from kit.nettrim.problem import NetTrim, unit
from kit.results import Array, Run, Status

ACCURACY = {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}


def reference(
    problem: NetTrim, max_iter: int = 200, feasibility: float = 1e-6
) -> tuple[Array, Array | None, Run, tuple[str, ...]]:
    """Solve by Clarabel through cvxpy: (W (N, M), Q (M, P), Run, notes).

    Entries of W below 1e-6 max|W| are set to 0 where W stays feasible to `feasibility`: an
    interior point method never writes an exact zero. Seconds include cvxpy's compilation.
    """
    import cvxpy as cp  # takes seconds, and only who asks for the reference needs it

    start = time.perf_counter()
    notes: tuple[str, ...] = ()
    W, Q, iterations, verdict = _attempt(problem, max_iter, phase_one=False)
    status = Status.SOLVED if verdict == cp.OPTIMAL else Status.FAILED
    if verdict in (cp.INFEASIBLE, cp.INFEASIBLE_INACCURATE):
        W, Q, more, verdict = _attempt(problem, max_iter, phase_one=True)
        iterations, notes = iterations + more, ("Clarabel found no feasible W.",)
        if Q is not None:
            Q = np.array([sharpen_ray(problem.X, problem.Omega[m], q) for m, q in enumerate(Q)])
        W, status = np.zeros(problem.shape[:2]), Status.INFEASIBLE
    elif W is None:
        W, notes = np.zeros(problem.shape[:2]), (f"Clarabel gave up: {verdict}.",)
    elif verdict == cp.USER_LIMIT:
        status = Status.MAX_ITER
    else:
        W = cleared(problem, W, 1e-6, feasibility)
    return W, Q, Run(status, iterations, time.perf_counter() - start), notes


def _attempt(
    problem: NetTrim, max_iter: int, *, phase_one: bool
) -> tuple[Array | None, Array | None, int, str]:
    """Build and solve in units of max|X| and max|Y|; back to the units of the problem."""
    import cvxpy as cp

    N, M, P = problem.shape
    x, y = np.abs(problem.X).max() or 1.0, unit(problem)
    X, Y, V = problem.X / x, problem.Y / y, problem.V / y
    W, R = cp.Variable((N, M)), cp.Variable((M, P))
    t = cp.Variable(nonneg=True) if phase_one else 0.0
    link, entries = R == W.T @ X, cp.vec(R, order="C")  # row by row, as numpy's R[mask]
    constraints = [link]
    balls = [np.ones(M, bool)] if problem.joint else np.eye(M, dtype=bool)
    for neurons, radius in zip(balls, np.atleast_1d(problem.epsilon) / y, strict=True):
        on = problem.Omega & neurons[:, None]
        if on.any():
            off = entries[np.flatnonzero(on)] - Y[on]
            zero = radius == 0 and not phase_one
            constraints.append(off == 0 if zero else cp.norm(off, 2) <= radius + t)
    silent = ~problem.Omega
    if silent.any():
        constraints.append(entries[np.flatnonzero(silent)] <= V[silent] + t)
    goal = t if phase_one else cp.sum(problem.price @ cp.abs(W))
    model = cp.Problem(cp.Minimize(goal), constraints)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "may be inaccurate": the certificate tells
        try:
            model.solve(solver=cp.CLARABEL, max_iter=max_iter, **ACCURACY)
        except cp.SolverError as error:
            return None, None, 0, str(error)
    iterations = model.solver_stats.num_iters or 0
    if W.value is None or link.dual_value is None:
        return None, None, iterations, model.status
    return W.value * (y / x), link.dual_value / x, iterations, model.status


def sharpen_ray(X: Array, on: Array, q: Array) -> Array:
    """Bring X q of one neuron's ray from a solver's accuracy to rounding; zeros on C stay zeros."""
    q = np.where(on, q, np.minimum(q, 0))
    free = on | (q < -1e-7 * np.abs(q).max())
    q[~free] = 0
    if free.any():
        for _ in range(3):
            q[free] -= np.linalg.lstsq(X[:, free], X @ q, rcond=1e-12)[0]
    return q
