"""Lifting: solve for the matrix h m', then take it apart again.

    Z     = argmin |Z|_*  s.t.  b_l' Z c_l = y_l        the convex program of nuclear_norm.py
    h, m  = sqrt(s_1) u_1,  sqrt(s_1) v_1               its leading singular pair: |h| = |m|

If Z has rank 1, (h, m) reproduces y; if it has not, lifting has failed, although the program is
solved. The signs are not used, save for one bit: (h, m) or (-h, -m).

How many measurements? Measured on Gaussian data, half of the trials recover at about

    K = N          5      10     20     30
    L / (K + N)    1.5    2.1    2.6    2.8 to 3.0     and BranchHull, 2 (K+N-2) / (K+N),
                   1.6    1.8    1.9    1.9            with the signs

(60, 200, 30 and 16 trials a point: the last column is rough).

Two programs, two certificates. `solve_lifted` returns the nuclear norm program's own. The answer of
`lift` is to be compared with other methods' answers, so its report.certificate is that of the l2
BranchHull program, of (h, m) without a dual: lower = -inf. Its report.run (status, gap, history)
and a note speak of the nuclear norm program. Source: arXiv 1211.5608.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kit.arguments import called, number, whole
from kit.branchhull.problem import Bilinear, with_entries
from kit.branchhull.rivals.local import unit_size, unproved
from kit.branchhull.rivals.nuclear_norm import admm, bounds, certify_lifted
from kit.iterate import drive
from kit.results import Array, Certificate, Recovered, Run, settle

RANK_ONE = 1e-3  # sigma_2 / sigma_1 below this is called rank 1


@dataclass(frozen=True, eq=False)
class Lifted:
    """Answer of the nuclear norm program, with that program's own certificate."""

    Z: Array  # (K, N)
    nu: Array  # (L,), the dual: every positive multiple of it proves the same
    certificate: Certificate  # lower <= least |Z|_* <= upper
    run: Run

    @property
    def second(self) -> float:
        """sigma_2 / sigma_1 of Z: 0 for a matrix of rank 1, and for the zero matrix."""
        s = np.linalg.svd(self.Z, compute_uv=False)
        return float(s[1] / s[0]) if s.size > 1 and s[0] > 0 else 0.0

    def __repr__(self) -> str:
        return f"Lifted(Z {self.Z.shape}, s2/s1 {self.second:.1e})\n{self.run}\n{self.certificate}"


def solve_lifted(
    data: Bilinear,
    *,
    tol: float = 1e-6,
    max_iter: int = 10_000,
    callback: Callable[[Any], object] | None = None,
    rho: float = 2.0,
) -> Lifted:
    """min |Z|_* s.t. b_l' Z c_l = y_l; SOLVED means that this program's certified gap is <= tol.

    Solved by ADMM: 30 to 1000 steps with a small singular value decomposition each.

    tol       relative gap, by certify_lifted
    callback  state -> anything, called at every iteration; a true value stops
    rho       see nuclear_norm.py

    Memory grows as L^2 and a step as K N min(K, N): made for L up to some thousands.
    Data that no Z fits (noise, with L > K N) end as INFEASIBLE. Raises ValueError for bad
    arguments.
    """
    with_entries(data)
    called("callback", callback)
    small, of_h, of_m = unit_size(data)
    last, run = drive(
        (replace(state, Z=of_h * state.Z * of_m) for state in admm(small, rho=rho)),
        lambda state: bounds(small, state.Z / of_h / of_m, state.nu),
        tol=number("tol", tol, least=0),
        max_iter=whole("max_iter", max_iter, least=1),
        callback=callback,
    )
    certificate = certify_lifted(data, last.Z, last.nu)
    return Lifted(last.Z, last.nu, certificate, settle(run, certificate, tol))


def lift(data: Bilinear, **options: Any) -> Recovered:
    """h and m from the leading singular pair of the nuclear norm program's answer.

    The options are those of solve_lifted, which returns Z itself. SOLVED says that the nuclear
    norm program is solved, not that Z has rank 1: the notes tell sigma_2 / sigma_1 and the
    residual. The dual is None and report.certificate has lower = -inf (module docstring).
    """
    lifted = solve_lifted(data, **options)
    U, s, Vt = np.linalg.svd(lifted.Z, full_matrices=False)
    h, m = np.sqrt(s[0]) * U[:, 0], np.sqrt(s[0]) * Vt[0]
    own = lifted.certificate
    rank = "of rank 1" if lifted.second <= RANK_ONE else "not of rank 1, so lifting has failed"
    rank = rank if s[0] > 0 else "0"
    notes = (
        f"status and gap are the nuclear norm program's: {own.lower:.9g} <= least |Z|_* <= "
        f"{own.upper:.9g}, gap {own.gap:.1e}; the certificate is BranchHull's, without a dual.",
        f"sigma_2 / sigma_1 = {lifted.second:.1e}: Z is {rank}.",
    )
    proved = "what is proved follows"
    return unproved(data, h, m, "lift, admm", lifted.run, notes, proved)
