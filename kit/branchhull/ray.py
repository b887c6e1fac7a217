"""Data that no point explains, and the proof: a dual ray.

Motzkin's theorem of the alternative. In canonical form there is no feasible point exactly when
there is a ray: al >= 0 with Bt'al = 0 and sum al d > 0, or, without slack, be >= 0 with Ct'be = 0
and sum be d > 0. (With slack q can be anything, and only h can be in trouble.) Floating-point
numbers solve Bt'al = 0 only up to rounding: a ray is accepted when every entry of Bt'al is below
RAY of the sum of its own terms, computed without error. So it proves that data which differ from
the given ones by so little in each entry of B, relatively, are infeasible.
"""

import numpy as np
from scipy.linalg import lstsq
from scipy.optimize import linprog
from scipy.sparse import csr_array, hstack

from kit.arguments import instance
from kit.branchhull.problem import BranchHull
from kit.branchhull.rows import Matrix, dense, is_operator, norms
from kit.branchhull.tv import Dual, is_identity
from kit.branchhull.variation import differences
from kit.results import Array
from kit.rounding import U, exact

RAY = 16 * U  # |Bt'al| below this share of its own terms, entry by entry, counts as 0


def infeasible_ray(problem: BranchHull) -> tuple[Array, str] | None:
    """A proof that no point is feasible, and the same in words; None if the data are feasible.

    Returns (dual (2, L), sentence), where one row of dual is the ray and the other is 0 (for tv a
    Dual with these two). Solves two linear programs: the largest t <= 1 with Bt h >= t where d > 0
    and Bt h >= 0 where d = 0. With slack there is only the one for h, with B = I not even that.
    Raises ValueError where B or C is a LinearOperator.
    """
    data = instance("problem", problem, BranchHull).data
    made, on = data.scaled, data.y != 0
    if is_operator(made.Bt, made.Ct):
        raise ValueError("problem must show the rows of B and C, and an operator does not")
    sides = (
        (made.Bt, np.ones_like(on), "h gives B h the given signs"),
        (made.Ct, on, "m gives C m the signs of y * signs"),
    )
    for side, (A, rows, what) in enumerate(sides[:1] if problem.slack else sides):
        if side == 0 and is_identity(data.B):
            continue  # h = signs is one
        ray = _ray(A[np.flatnonzero(rows)], on[rows])
        if ray is None:
            continue
        dual = np.zeros((2, on.size))
        dual[side, rows] = ray
        if not proves_empty(problem, *dual):
            continue
        culprits = np.flatnonzero(dual[side])
        listed = ", ".join(map(str, culprits[:10])) + (", ..." if culprits.size > 10 else "")
        dual[side] *= made.rows[side]
        if problem.objective == "tv":
            dual = Dual(*dual, 0 * differences(data.y, problem.shape), 0 * data.y)
        return dual, f"no {what} at all of the measurements {listed} (counted from 0)"
    return None


def proves_empty(problem: BranchHull, al: Array, be: Array) -> bool:
    """Whether al' or be' (in scaled units, at most 1) is a ray: see the module docstring."""
    made = problem.data.scaled
    sides = list(zip((made.Bt, made.Ct), (al, be), made.sizes, strict=True))
    for A, v, size in sides[: 1 if problem.slack else 2]:
        if size is None or not (v > 0)[made.d > 0].any():
            continue
        if np.abs(A.T @ v).max() > 1e-9 * (v @ size):
            continue
        on = np.flatnonzero(v)
        terms = dense(A[on]).T
        if (np.abs(exact(terms, v[on])) <= RAY * (np.abs(terms) @ v[on])).all():
            return True
    return False


def _ray(A: Matrix, on: Array) -> Array | None:
    """v >= 0 with A'v = 0 and v > 0 somewhere on the rows `on`; None if none is found.

    A has rows of norm about 1. The largest t <= 1 with A h >= t on `on` and A h >= 0 elsewhere is 0
    or 1, for h can be scaled; if it is 0, the multipliers of the rows are the ray.
    """
    if not on.any():
        return None
    empty = on & (norms(A) == 0)
    if empty.any():
        return empty.astype(float)
    n = A.shape[1]
    answer = linprog(
        np.r_[np.zeros(n), -1.0],
        A_ub=hstack([-csr_array(A), csr_array(on.astype(float)[:, None])]),
        b_ub=np.zeros(A.shape[0]),
        bounds=[(None, None)] * n + [(0, 1)],
        method="highs",
    )
    if answer.status != 0 or -answer.fun > 1e-9:
        return None
    v = np.maximum(-answer.ineqlin.marginals, 0)
    support = np.flatnonzero(v > 1e-9 * v.max())
    # put the ray on the null space to the last bit, on its own support
    basis, v = dense(A[support]).T, v[support]
    for _ in range(3):
        v = v - lstsq(basis, exact(basis, v), cond=1e-12)[0]
    if not v.size or v.min() <= 0:
        return None
    ray = np.zeros(A.shape[0])
    ray[support] = v
    return ray
