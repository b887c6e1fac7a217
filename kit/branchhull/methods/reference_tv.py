"""The image program in cvxpy, line for line: any B, slow, and hard to get wrong.

    minimise    sum tau + mu sum p + gamma |m|_1 + lam sum v
    subject to  |D B h| <= tau,  p = Bt h >= 0,  q = Ct m + v,  v >= 0,
                |(p - q, 2 sqrt d)| <= p + q

v = sig xi >= 0 is the slack in canonical form: none of the other sign can help. tau is written out
so that the duals of its two bounds give w.
"""

import time
import warnings

import numpy as np

from kit.branchhull.methods.reference import ENDED_WELL
from kit.branchhull.problem import BranchHull
from kit.branchhull.tv import Dual, parts
from kit.branchhull.variation import difference_matrix
from kit.results import Array, Run, Status


def tv_reference(
    problem: BranchHull, *, tol: float, max_iter: int | None = None
) -> tuple[Array, Array, Dual | None, Run]:
    """Solve by cvxpy with Clarabel; return (h, m, dual, run), zeros and None if it failed.

    A hundredth of tol is handed to Clarabel as gap and feasibility tolerance, no smaller than
    1e-10: the repair of the dual for a general B costs about as much. Seconds
    include cvxpy's compilation.
    """
    import cvxpy as cp  # takes seconds, and only who asks for the reference needs it

    t, _, Bt, Ct, d = parts(problem)
    (L, N), K = Ct.shape, Bt.shape[1]
    on = np.flatnonzero(d > 0)
    unit = np.sqrt(d).mean() or 1.0
    D = difference_matrix(problem.shape)
    h, m, tau = cp.Variable(K), cp.Variable(N), cp.Variable(D.shape[0])
    p, q = Bt @ h, Ct @ m
    image = cp.multiply(t, p)
    cost = cp.sum(tau) + problem.mu * cp.sum(p) + problem.gamma * cp.norm1(m)
    constraints = [tau - D @ image >= 0, tau + D @ image >= 0, p >= 0]
    if problem.lam is not None:
        v = cp.Variable(L, nonneg=True)
        q, cost = q + v, cost + problem.lam * cp.sum(v)
    if on.size:
        root = 2 * np.sqrt(d[on]) / unit
        cone = cp.SOC((p + q)[on], cp.vstack([(p - q)[on], root]), axis=0)
        constraints.append(cone)
    program = cp.Problem(cp.Minimize(cost), constraints)
    small = max(tol / 100, 1e-10)
    options = {
        "tol_gap_abs": small,
        "tol_gap_rel": small,
        "tol_feas": small,
        "max_iter": max_iter or 200,
    }
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
        {"compiling": np.array([program.compilation_time or 0.0])},
    )
    if h.value is None or m.value is None:
        return np.zeros(K), np.zeros(N), None, run
    al, be = np.zeros((2, L))
    if on.size:
        first, second = constraints[3].dual_value
        lead, lean = np.ravel(first), np.asarray(second)[0]
        al[on], be[on] = lead + lean, lead - lean
    w = constraints[0].dual_value - constraints[1].dual_value
    # p >= 0 has a dual of its own where d = 0
    al = al + np.where(d > 0, 0.0, constraints[2].dual_value)
    return unit * h.value, unit * m.value, Dual(al, be, w, np.full(L, problem.mu)), run
