"""BranchHull in cvxpy, line for line: slow, and hard to get wrong.

p q >= d with p, q >= 0 is the second-order cone |(p - q, 2 sqrt d)| <= p + q. One vectorised cone
constraint compiles a thousand times faster than one atom a row. Clarabel's dual variable of the
cone is (t, v), with t (p + q) + v_1 (p - q) = al p + be q, so al = t + v_1 and be = t - v_1.

SCS does better with the power cone p^(1/2) q^(1/2) >= sqrt d, whose dual variable is (al, be, .)
itself. With slack, q = Ct m + xi with xi >= 0 (less would only cost); the data are scaled first, so
that xi has a price of its own in each row (problem.normalise). For tv |D B h| <= tau is written out
so that the duals of its two bounds give w.
"""

import time
import warnings

import numpy as np

from kit.arguments import choice
from kit.branchhull.problem import BranchHull, canonical, normalise
from kit.branchhull.tv import Dual, parts
from kit.branchhull.variation import difference_matrix
from kit.results import Array, Run, Status

ENDED_WELL = ("optimal", "optimal_inaccurate")
SOLVERS = ("CLARABEL", "SCS")


def reference(
    problem: BranchHull, *, tol: float, max_iter: int | None = None, solver: str = "CLARABEL"
) -> tuple[Array, Array, Array | Dual | None, Run]:
    """Solve by cvxpy with Clarabel or SCS; return (h, m, dual, run), zeros and None if it failed.

    tol / 100 is handed on as gap and feasibility tolerance, no smaller than 1e-10, since making the
    answer feasible, or for tv the dual, costs a part of it. Seconds include cvxpy's compilation,
    and history["compiling"] (1,) is that part of them. max_iter None: 200 iterations of Clarabel,
    100,000 of SCS, which is not for tv.
    """
    import cvxpy as cp  # takes seconds, and only who asks for the reference needs it

    tv = problem.objective == "tv"
    choice("solver", solver, SOLVERS[:1] if tv else SOLVERS)
    L, K, N = problem.data.shape
    if tv:
        t, _, Bt, Ct, d = parts(problem)
        zoom, of_al, of_be = np.sqrt(d).mean() or 1.0, np.ones(L), np.ones(L)
        d = d / zoom**2
    else:
        Bt, Ct, d, (zoom, of_al, of_be) = normalise(*canonical(problem.data))
    h, m, on = cp.Variable(K), cp.Variable(N), d > 0
    p, q = Bt @ h, Ct[on] @ m
    constraints = [p >= 0]
    if problem.objective == "l2":
        cost = cp.sum_squares(h) + cp.sum_squares(m)
    elif problem.objective == "l1":
        cost = cp.norm1(h) + problem.gamma * cp.norm1(m)
    else:
        D = difference_matrix(problem.shape)
        tau, Dh = cp.Variable(D.shape[0]), D @ cp.multiply(t, p)
        constraints += [tau - Dh >= 0, tau + Dh >= 0]
        cost = cp.sum(tau) + problem.mu * cp.sum(p) + problem.gamma * cp.norm1(m)
    if problem.slack and on.any():
        xi = cp.Variable(np.count_nonzero(on), nonneg=True)
        q, cost = q + xi, cost + problem.lam / of_be[on] @ xi
    if on.any():
        root = np.sqrt(d[on])
        constraints.append(
            cp.SOC(p[on] + q, cp.vstack([p[on] - q, 2 * root]), axis=0)
            if solver == "CLARABEL"
            else cp.PowCone3D(p[on], q, root, 0.5)
        )
    program = cp.Problem(cp.Minimize(cost), constraints)
    small = max(tol / 100, 1e-10)
    options = {"tol_gap_abs": small, "tol_gap_rel": small, "tol_feas": small}
    options["max_iter"] = max_iter or 200
    if solver == "SCS":
        options = {"eps_abs": small, "eps_rel": small, "max_iters": max_iter or 100_000}
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():  # cvxpy warns of inaccuracy; the certificate measures it
            warnings.simplefilter("ignore")
            program.solve(solver=solver, **options)
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
    dual = np.zeros((2, L))
    if on.any() and solver == "CLARABEL":
        lead, lean = constraints[-1].dual_value
        dual[:, on] = np.ravel(lead) + np.outer([1, -1], np.asarray(lean)[0])
    elif on.any():
        dual[:, on] = np.asarray(constraints[-1].dual_value)[:2].reshape(2, -1)
    # rows with d = 0 push h by the multiplier of p >= 0
    dual[0] += np.ravel(constraints[0].dual_value)
    dual *= np.stack([of_al, of_be])
    if tv:
        w = constraints[1].dual_value - constraints[2].dual_value
        dual = Dual(*dual, w, np.full(L, problem.mu))
    return zoom * h.value, zoom * m.value, dual, run
