"""Does the program find the truth? One linear program decides: no solver, no tolerance on errors.

At the balanced truth z = (h, m) write p = Bt h, q = Ct m (canonical form). The constraint of an
active row, p q = d > 0, has the gradient a = (q b ; p c); a row with d = 0 is active where p = 0,
with a = (b ; 0). The set is convex and has interior points along a (Slater), so z is a minimiser
exactly when the objective's gradient (a subgradient, for l1) is in the cone of the active rows:

    l2:  there are nu >= 0 with  A'nu = (h ; m)
    l1:  there are nu >= 0 with  A_T'nu = sign(z_T)  and  |A'nu| <= 1 outside T,  T = {z != 0}

Always A (h ; -m) = 0: the scale that no measurement sees, and its weight sum nu d = |h|^2, or
|h|_1, is fixed.

Margin, positive where there is room to spare, negative where there is none:

    l2:  the largest t with some nu >= t (in shares of the equal weights |h|^2 / sum d), A'nu = z;
         1 at most, -inf where A'nu = z has no solution at all
    l1:  1 - 1/s with the largest s for which A_T'nu = s sign(z_T), |A'nu| <= 1 outside T: at best
         the subgradient outside T needs only the share 1/s of its room; -inf where s = 0

Uniqueness (derived). l2: the objective is strictly convex, so there is one minimiser. l1: let the
margin be positive, take that nu / s, and let z + e v be another minimiser for a small e. First
order: the cost moves by at least v'A'nu / s >= 0, so v = 0 outside T and a'v = 0 where nu > 0.
Second order: a'v = q dp + p dq = 0 leaves (p + e dp)(q + e dq) - d = e^2 dp dq = -e^2 (q/p) dp^2,
negative unless dp = dq = 0. So Bt v_h = 0 and Ct v_m = 0 on the rows with nu > 0, and v = 0 as
soon as these rows of Bt and Ct have full rank on the columns of T: this is checked.

The weight gamma changes nothing here: m -> gamma m, C -> C / gamma makes it 1. Sources: optimality
and the l2 law derived (mathematics of arXiv 1702.04342 and 1809.08359); uniqueness derived.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from kit.arguments import choice, instance
from kit.branchhull.data.signals import balance
from kit.branchhull.problem import Bilinear, Truth, canonical
from kit.results import Array

ACTIVE = 1e-9  # relative distance below which p q counts as d
ROOM = 1e-7  # margins below it are the linear program's own rounding
CAP = 1e3  # no s above it is looked for


@dataclass(frozen=True)
class Verdict:
    """Is the balanced truth the minimiser, proved the only one? True or False in an if."""

    optimal: bool  # it is a minimiser
    unique: bool  # and proved to be the only one; for l1 the proof asks for a margin above 0
    margin: float  # > 0: room to spare; < 0: how far from it (module docstring); 0 is the edge

    def __bool__(self) -> bool:
        return self.optimal and self.unique


def verdict(data: Bilinear, truth: Truth, objective: str = "l2") -> Verdict:
    """Is the balanced truth the minimiser without slack, proved the only one? With the margin.

    objective  "l2" or "l1"; any gamma gives the same verdict. A truth that the data contradict (a
               wrong sign, noise that raises |y|) is not feasible and gets the margin -inf. Where y
               is all 0 the minimiser is 0. Raises ValueError for shapes that do not match.
    """
    instance("data", data, Bilinear)
    instance("truth", truth, Truth)
    choice("objective", objective, ("l2", "l1"))
    _, K, N = data.shape
    if (truth.h.size, truth.m.size) != (K, N):
        raise ValueError(
            f"truth must have {K} and {N} entries, got {truth.h.size} and {truth.m.size}"
        )
    Bt, Ct, d = canonical(data)
    h, m = balance(truth.h, truth.m, objective)
    if not (d.any() and h.any() and m.any()):
        nothing = not (d.any() or h.any() or m.any())
        return Verdict(nothing, nothing, 1.0 if nothing else -math.inf)
    p, q, on = Bt @ h, Ct @ m, d > 0
    reach, edge = p * q - d, ACTIVE * np.maximum(np.abs(p * q), d)
    zero = ACTIVE * np.linalg.norm(Bt, axis=1) * np.linalg.norm(h)
    if (p[on] <= 0).any() or (reach < -edge).any() or (p < -zero).any():
        return Verdict(False, False, -math.inf)
    active = np.where(on, reach <= edge, p <= zero)
    A = np.hstack([np.where(on, q, 1.0)[:, None] * Bt, np.where(on, p, 0.0)[:, None] * Ct])
    size, z = np.linalg.norm(A, axis=1), np.concatenate([h, m])
    rows = np.flatnonzero(active & (size > 0))
    A, size = A[rows] / size[rows, None], size[rows]
    if not rows.size:
        return Verdict(False, False, -math.inf)
    if objective == "l2":
        margin = _least_weight(A.T * ((h @ h) / d.sum() * size), z)
        return Verdict(margin >= -ROOM, margin >= -ROOM, margin)
    nu, s = _most_room(A.T, np.sign(z))
    margin = 1 - 1 / s if s > 0 else -math.inf
    heavy = rows[nu > 1e-9 * nu.max()] if s > 0 else rows[:0]
    unique = margin > ROOM and all(
        np.linalg.matrix_rank(M[heavy][:, v != 0]) == np.count_nonzero(v)
        for M, v in ((Bt, h), (Ct, m))
    )
    return Verdict(margin >= -ROOM, unique, margin)


def recovers(data: Bilinear, truth: Truth, objective: str = "l2") -> bool:
    """bool(verdict(data, truth, objective))."""
    return bool(verdict(data, truth, objective))


def _least_weight(columns: Array, z: Array) -> float:
    """max t  s.t.  columns nu = z, nu >= t: with nu = t + v, v >= 0. -inf without a solution."""
    size = np.abs(z).max()
    answer = milp(
        np.r_[-1.0, np.zeros(columns.shape[1])],
        constraints=LinearConstraint(
            np.c_[columns.sum(axis=1), columns] / size, z / size, z / size
        ),
        bounds=Bounds(np.r_[-np.inf, np.zeros(columns.shape[1])], np.inf),
    )
    return float(answer.x[0]) if answer.status == 0 else -math.inf


def _most_room(columns: Array, signs: Array) -> tuple[Array, float]:
    """max s  s.t.  columns nu = s signs where signs != 0, |columns nu| <= 1 elsewhere, nu >= 0."""
    room = (signs == 0).astype(float)
    answer = milp(
        np.r_[np.zeros(columns.shape[1]), -1.0],
        constraints=LinearConstraint(np.c_[columns, -signs], -room, room),
        bounds=Bounds(0, np.r_[np.full(columns.shape[1], np.inf), CAP]),
    )
    if answer.status != 0:  # s = 0 is always feasible: only a numerical failure can bring us here
        return np.zeros(columns.shape[1]), 0.0
    s = float(answer.x[-1])
    return answer.x[:-1], s if s > ROOM else 0.0
