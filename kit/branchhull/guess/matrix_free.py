"""The guess of newton.py without a matrix: B and C only have to multiply, as fast transforms do.

Nothing here looks at a row, and every least squares problem goes to conjugate gradients, scaled by
the mean eigenvalue of each of the two diagonal blocks of J'J, trace / K and trace / N (one random
vector each measures them). Corrections are computed in float32 where the operators let them; what
they correct, in float64. All L rows are used: a transform costs the same for some of them. Memory:
some 20 vectors of L numbers.

The upper bound needs max d / (p q), and among a million rows there are some with p 1e-6 of the
others: there rounding alone costs 1e-9 or so. Source: derived.
"""

from collections.abc import Iterator

import numpy as np

from kit.branchhull.guess.newton import Equations, State
from kit.branchhull.problem import BranchHull, canonical
from kit.branchhull.rows import Matrix
from kit.results import Array


def matrix_free(problem: BranchHull) -> Iterator[State]:
    """Yield one state per Newton step and a last one with a dual, if any is found."""
    Bt, Ct, d = canonical(problem.data)
    squares = _mean_square(Bt), _mean_square(Ct)
    yield from Equations(Bt, Ct, d, (Bt, Ct), squares).search()


def _mean_square(A: Matrix) -> Array:
    """About the mean square of A's entries, for each column, from one vector of random signs."""
    signs = np.random.default_rng(0).choice([-1.0, 1.0], A.shape[1])
    mean = float(np.mean((A @ signs) ** 2)) / A.shape[1] or 1.0
    return np.full(A.shape[1], mean, np.float32)
