"""The rival for positive signals: take logarithms, and the product is a sum.

    minimise    TV(u)    subject to  u + C a = log y

With y = w o x, u = log w is piecewise constant where w is, and log x = C a. The constraint removes
u, and what is left is a linear program in a and in bounds on |D (log y - C a)|: small, and solved
by HiGHS. It needs y > 0, and log x (not x) in the subspace. The level of u is not seen by
TV: w and x come back up to a factor, as from BranchHull. Source: derived; not in the papers.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import bmat, csr_array, eye_array

from kit.arguments import real_array
from kit.branchhull.variation import difference_matrix, image_shape, total_variation
from kit.results import Array


@dataclass(frozen=True, eq=False)
class LogAnswer:
    """w o x = y with log w of small total variation; bounds on the optimal value, as a proof."""

    w: Array  # (L,)
    x: Array  # (L,)
    upper: float  # the value of this answer
    lower: float  # what the linear program's dual proves


def log_domain(y: Array, C: Array, shape: tuple[int, int]) -> LogAnswer:
    """Solve the program above by HiGHS's interior point method.

    y (L,) > 0, C (L, N), shape (p, q) with p q = L, columns stacked. The lower bound is w'D log y
    for any |w| <= 1 with (D C)'w = 0: HiGHS's w, projected and shrunk to meet both.
    Raises ValueError for y that is not positive and for shapes that do not match.
    """
    y, C = real_array("y", y, 1), real_array("C", C, 2)
    if y.min() <= 0:
        raise ValueError(f"y must be > 0 to have a logarithm, got {y.min():g}")
    shape = image_shape(shape, y.size)
    if len(C) != y.size:
        raise ValueError(f"C must have a row for each of the {y.size} entries of y, got {len(C)}")
    # only the span matters: an orthonormal basis of it is kinder to HiGHS
    U, s, _ = np.linalg.svd(C, full_matrices=False)
    C = U[:, s > 1e-12 * s[0]] * np.sqrt(y.size)
    D, N, log_y = difference_matrix(shape), C.shape[1], np.log(y)
    DC, target, E = D @ C, D @ log_y, D.shape[0]
    one = eye_array(E)
    answer = linprog(
        np.concatenate([np.zeros(N), np.ones(E)]),
        A_ub=bmat([[csr_array(-DC), -one], [csr_array(DC), -one]]),
        b_ub=np.concatenate([-target, target]),
        bounds=[(None, None)] * N + [(0, None)] * E,
        method="highs-ipm",
    )
    if answer.status != 0:
        raise ValueError(f"y and C must make a solvable linear program: {answer.message}")
    a = answer.x[:N]
    w = answer.ineqlin.marginals[:E] - answer.ineqlin.marginals[E:]
    w -= DC @ np.linalg.lstsq(DC, w, rcond=None)[0]
    size, u = np.abs(w).max(initial=0.0), log_y - C @ a
    lower = abs(w @ target) / size if size > 0 else 0.0
    return LogAnswer(np.exp(u), np.exp(C @ a), total_variation(u, shape), float(lower))
