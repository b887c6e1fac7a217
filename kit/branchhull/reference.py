"""BranchHull in cvxpy, line for line: slow, and hard to get wrong.

p q >= d with p, q >= 0 is the second-order cone |(p - q, 2 sqrt d)| <= p + q. One vectorised cone
constraint compiles a thousand times faster than one atom a row. Clarabel's dual variable of the
cone is (t, v), with t (p + q) + v_1 (p - q) = al p + be q, so al = t + v_1 and be = t - v_1.
"""

import time
import warnings

import cvxpy as cp
import numpy as np

from kit.branchhull.problem import BranchHull, canonical, normalise
from kit.results import Array, Run, Status

ENDED_WELL = ("optimal", "optimal_inaccurate")


def reference(
    problem: BranchHull, *, tol: float, max_iter: int = 200
) -> tuple[Array, Array, Array | None, Run]:
    """Solve by cvxpy with Clarabel; return (h, m, dual, run), zeros and None if it failed.

    tol is handed to Clarabel as gap and feasibility tolerance, no smaller than 1e-10. Seconds
    include cvxpy's compilation.
    """
    L, K, N = problem.data.shape
    Bt, Ct, d, (zoom, of_al, of_be) = normalise(*canonical(problem.data))
    h, m = cp.Variable(K), cp.Variable(N)
    p, q = Bt @ h, Ct @ m
    on = d > 0
    constraints = [p >= 0]
    if on.any():
        root = 2 * np.sqrt(d[on])
        constraints.append(cp.SOC((p + q)[on], cp.vstack([(p - q)[on], root]), axis=0))
    program = cp.Problem(cp.Minimize(cp.sum_squares(h) + cp.sum_squares(m)), constraints)
    small = max(tol / 10, 1e-10)
    options = {"tol_gap_abs": small, "tol_gap_rel": small, "tol_feas": small, "max_iter": max_iter}
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():  # cvxpy warns of inaccuracy; the certificate measures it
            warnings.simplefilter("ignore")
            program.solve(solver=cp.CLARABEL, **options)
        ended, iterations = program.status, int(program.solver_stats.num_iters)
    except cp.SolverError:
        ended, iterations = "failed", 0
    run = Run(
        Status.SOLVED if ended in ENDED_WELL else Status.FAILED,
        iterations,
        time.perf_counter() - start,
    )
    if h.value is None or m.value is None:
        return np.zeros(K), np.zeros(N), None, run
    dual = np.zeros((2, L))
    if on.any():
        t, v = constraints[1].dual_value
        dual[:, on] = np.ravel(t) + np.outer([1, -1], np.asarray(v)[0])
        dual *= np.stack([of_al, of_be])
    return h.value * zoom, m.value * zoom, dual, run
