"""The rival for positive signals: take logarithms, and the product is a sum.

    minimise    TV(u) + eta |a|_1
    subject to  u + C a = log y

With y = w o x, u = log w is piecewise constant where w is, and log x = C a. The constraint removes
u, and what is left is a linear program in a and in bounds on |D (log y - C a)| and |a|: small, and
solved by HiGHS. It needs y > 0, and log x (not x) in the subspace. The level of u is not seen by
TV: w and x come back up to a factor, as from BranchHull. Source: derived; not in the papers.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import bmat, csr_array, eye_array

from kit.arguments import number, real_array
from kit.branchhull.variation import difference_matrix, image_shape, total_variation
from kit.results import Array


@dataclass(frozen=True, eq=False)
class LogAnswer:
    """w o x = y with log w of small total variation; bounds on the optimal value, as a proof."""

    w: Array  # (L,)
    x: Array  # (L,)
    upper: float  # the value of this answer
    lower: float  # what the linear program's dual proves


def log_domain(y: Array, C: Array, shape: tuple[int, int], *, eta: float = 0.0) -> LogAnswer:
    """Solve the program above by HiGHS's interior point method.

    y (L,) > 0, C (L, N), shape (p, q) with p q = L, columns stacked, eta >= 0.
    Raises ValueError for y that is not positive and for shapes that do not match.
    """
    y, C, eta = real_array("y", y, 1), real_array("C", C, 2), number("eta", eta, least=0)
    if y.min() <= 0:
        raise ValueError(f"y must be > 0 to have a logarithm, got {y.min():g}")
    shape = image_shape(shape, y.size)
    if len(C) != y.size:
        raise ValueError(f"C must have a row for each of the {y.size} entries of y, got {len(C)}")
    if eta == 0:  # only the span matters: an orthonormal basis of it is kinder to HiGHS
        U, s, _ = np.linalg.svd(C, full_matrices=False)
        C = U[:, s > 1e-12 * s[0]] * np.sqrt(y.size)
    D, N = difference_matrix(shape), C.shape[1]
    DC, log_y = csr_array(D @ C), np.log(y)
    target, E = D @ log_y, D.shape[0]
    one, each = eye_array(E), eye_array(N)
    answer = linprog(
        np.concatenate([np.zeros(N), np.ones(E), np.full(N, eta)]),
        A_ub=bmat([[-DC, -one, None], [DC, -one, None], [each, None, -each], [-each, None, -each]]),
        b_ub=np.concatenate([-target, target, np.zeros(2 * N)]),
        bounds=[(None, None)] * N + [(0, None)] * (E + N),
        method="highs-ipm",
    )
    if answer.status != 0:
        raise ValueError(f"y and C must make a solvable linear program: {answer.message}")
    a = answer.x[:N]
    u = log_y - C @ a
    upper = total_variation(u, shape) + eta * np.abs(a).sum()
    return LogAnswer(
        np.exp(u), np.exp(C @ a), float(upper), float(_lower(answer, target, D @ C, eta))
    )


def _lower(answer: object, target: Array, DC: Array, eta: float) -> float:
    """w'target for |w| <= 1 with |(D C)'w| <= eta: a bound from any dual, after a repair."""
    E = target.size
    w = answer.ineqlin.marginals[E : 2 * E] - answer.ineqlin.marginals[:E]
    w = -w
    w -= DC @ np.linalg.lstsq(DC, w, rcond=None)[0] if eta == 0 else 0.0
    size = np.abs(w).max()
    if eta > 0:
        size = max(size, np.abs(DC.T @ w).max() / eta)
    return abs(w @ target) / size if size > 0 else 0.0
