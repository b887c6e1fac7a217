"""Trials of paper 1: is the truth recovered, from how many measurements, and who else recovers it?

Recovery is decided by a certificate of optimality at the truth, which needs no solver and no
threshold; the errors of solvers stand beside it. A row keeps the number that decides.
"""

import numpy as np
from scipy.optimize import nnls
from scipy.stats import binom

from kit import branchhull
from kit.arguments import instance
from kit.branchhull import Bilinear, BranchHull, Truth
from kit.results import Array

EXACT = 1e-9  # a residual of a certificate below this is rounding; others were above 1e-5


def wendel(L: Array | int, K: int, N: int) -> Array:
    """P(Bin(L - 1, 1/2) >= K + N - 2): the chance that l2 BranchHull recovers Gaussian data.

    The truth is optimal iff 0 is in the convex hull of L symmetric random vectors in K + N - 2
    dimensions (lesson 14). Source: derived; the count is Wendel's, Math. Scand. 11, 1962.
    """
    return binom.sf(K + N - 3, np.asarray(L) - 1, 0.5)


def l2_residual(data: Bilinear, truth: Truth) -> float:
    """min over lam >= 0 of |A'lam - z|_2 / |z|_2: 0 iff the truth z = (h~, m~) solves the program.

    Row l of A (L, K + N) is the gradient s_l (x~_l b_l, w~_l c_l) of the l-th constraint at the
    balanced truth, where all constraints are active; z is optimal iff z is in the cone of the rows.
    Nonnegative least squares decides it; the answer is 1e-15 or a number of visible size.
    """
    h, m = branchhull.balance(truth.h, truth.m)
    s = np.sign(instance("data", data, Bilinear).y)[:, None]
    A = s * np.hstack([(data.C @ m)[:, None] * data.B, (data.B @ h)[:, None] * data.C])
    size, z = np.linalg.norm(A, axis=1), np.r_[h, m]
    A = A / np.where(size > 0, size, 1)[:, None]
    return nnls(A.T, z / np.linalg.norm(z), maxiter=30 * len(A))[1]


def l2_certificate(rng: np.random.Generator, L: int, K: int, N: int) -> list[dict]:
    """residual of the certificate at the truth, for 20 Gaussian instances."""
    return [{"residual": l2_residual(*branchhull.gaussian(rng, L, K, N))} for _ in range(20)]


def l2_map(rng: np.random.Generator, L: int, K: int) -> list[dict]:
    """20 instances, N = K: residual of the certificate, error of Gauss-Newton from the signs."""
    rows = []
    for data, truth in (branchhull.gaussian(rng, L, K, K) for _ in range(20)):
        local = branchhull.descend(data, rng, "gauss-newton", start="signs")
        error = branchhull.recovery_error(local.h, local.m, truth)
        rows.append({"residual": l2_residual(data, truth), "newton": error})
    return rows


METHODS = (
    "certificate",
    "branchhull",
    "lifting",
    "alternating",
    "gradient",
    "gauss-newton",
    "gauss-newton, signs",
)


def l2_method(rng: np.random.Generator, L: int, K: int, N: int, method: str) -> dict:
    """error of a method, and whether it proved its answer; all methods see the same instance.

    "certificate" asks no solver: its error is the residual. The descents have one start.
    """
    data, truth = branchhull.gaussian(rng, L, K, N)
    if method == "certificate":
        return {"error": l2_residual(data, truth), "proved": True}
    answer = {
        "branchhull": lambda: branchhull.solve(BranchHull(data)),
        "lifting": lambda: branchhull.lift(data),
        "alternating": lambda: branchhull.alternate(data, rng, starts=1),
        "gradient": lambda: branchhull.descend(data, rng),
        "gauss-newton": lambda: branchhull.descend(data, rng, "gauss-newton"),
        "gauss-newton, signs": lambda: branchhull.descend(data, rng, "gauss-newton", start="signs"),
    }[method]()
    error = branchhull.recovery_error(answer.h, answer.m, truth)
    return {"error": error, "proved": bool(answer.report.certificate.gap <= 1e-8)}
