"""Proofs about BranchHull that need no solver: a value anyone can reach, a bound nobody can beat.

Canonical form: p = Bt h, q = Ct m + sig xi, d = |y|, p q >= d, p >= 0 (problem.canonical). Write
F, G for the two halves of the objective, |h| and |m| for l2, |h|_1 and gamma |m|_1 + lam |xi|_1 for
l1: the program is the minimum of F^2 + G^2 (l2) or F + G (l1), and both halves scale.

Upper bound: the cheapest feasible point that scaling makes of (h, m): repair.py.

Lower bound (derived). Let al, be >= 0 and S = sum sqrt(al be d). For any feasible (h, m, xi), since
al p + be q >= 2 sqrt(al be p q) >= 2 sqrt(al be d),

    2 S <= sum (al p + be q) = (Bt'al)'h + (Ct'be)'m + be'xi <= a F + b G,

where  a = |Bt'al|_2,    b = |Ct'be|_2                                                (l2)
       a = |Bt'al|_inf,  b = |Ct'be|_inf / gamma                                      (l1)
                         b = max(|Ct'be|_inf / gamma, |be|_inf / lam)                 (with slack).

This holds for (c al, be / c) too; the best c gives S <= sqrt(a b F G), and so for ANY al, be >= 0

    F^2 + G^2 >= 2 F G >= 2 S^2 / (a b)  (l2),    F + G >= 2 sqrt(F G) >= 2 S / sqrt(a b)  (l1).

Equality holds at the optimum with 2 h = Bt'al, 2 m = Ct'be (l2); for l1 with Bt'al and
Ct'be / gamma at most 1 in size, and equal to the signs of h and m where these are not 0.

Rounding. a and b are taken at their upper ends, S at its lower one, with the error bounds of
kit/rounding.py in the units of scaled.py. So lower <= optimum <= upper holds in exact arithmetic
for the numbers that were handed over (an operator's products are believed; p >= 0 where d = 0 is
asked up to rounding: repair.py).

A dual ray proves that there is no feasible point, lower = upper = inf, for data that differ from
these by rounding: ray.py. Where (h, m) can be made feasible it proves nothing, and lower = 0.
"""

import math

import numpy as np

from kit.arguments import instance, real_array
from kit.branchhull.problem import Bilinear, BranchHull
from kit.branchhull.ray import proves_empty
from kit.branchhull.repair import products, repair, violation
from kit.branchhull.tv import Dual, check_dual, steepness
from kit.results import Array, Certificate
from kit.rounding import WIDE, pulled, up


def certify(
    problem: BranchHull,
    h: Array,
    m: Array,
    dual: Array | None,
    xi: Array | None = None,
    *,
    wide: float = WIDE,
) -> Certificate:
    """Bounds lower <= optimum <= upper from any (h, m) and any dual; needs no solver.

    h (K,), m (N,)  the answer; upper is the value of the feasible point that `repair` makes of it,
                    inf if it can make none
    dual (2, L)     the pair (al, be) in canonical form; negative entries count as 0; None for -inf;
                    for tv a Dual(al, be, w, r) of tv.py
    xi (L,)         the slack, only where the program has one; None: whatever slack (h, m) needs
    wide            rounding may widen the bounds by about this share; less costs time

    violation is that of (h, m, xi) itself: the largest of 1 - sqrt(p+ q+ / d) over the rows with
    d > 0 and of -p / max|p| over those with d = 0, between 0 and 1. lower = upper = inf for a dual
    ray beside a point that cannot be made feasible. Raises ValueError for shapes that do not match
    and for a xi that the program does not have.
    Source: derived (module docstring).
    """
    instance("problem", problem, BranchHull)
    L, K, N = problem.data.shape
    h, m = real_array("h", h, 1, K), real_array("m", m, 1, N)
    if xi is not None:
        if not problem.slack:
            raise ValueError("xi must be None: the program has no slack (lam is None)")
        xi = real_array("xi", xi, 1, L)
    lower = -math.inf if dual is None else _lower(problem, dual, wide)
    at = products(problem.data, h, m, wide)
    short = violation(problem, *at, xi)
    *_, upper = repair(problem, h, m, wide, at)
    if lower == math.inf > upper:
        lower = 0.0
    return Certificate(upper, lower, short)


def _lower(problem: BranchHull, dual: Array | Dual, wide: float) -> float:
    """The bound of the module docstring, or of tv.py, at what rounding leaves of it."""
    made, tv = problem.data.scaled, problem.objective == "tv"
    if tv:
        check_dual(instance("dual", dual, Dual), problem)
        given = dual.al, dual.be
    else:
        given, L = real_array("dual", dual, 2), problem.data.y.size
        if given.shape != (2, L):
            raise ValueError(f"dual must be the pair (al, be) of shape (2, {L}), got {given.shape}")
    # scaled.py: al = row_h al', be = row_m be', d = zoom^2 d' / (row_h row_m), each up to a factor
    al, be = _scaled_dual(problem.data, *given)
    if proves_empty(problem, al, be):
        return math.inf
    order = 2 if problem.objective == "l2" else np.inf
    if tv:
        al, a = steepness(problem, dual)  # of al in the data's units; S takes al'
        al = al / made.rows[0]
    else:
        a = pulled(made.Bt, al, made.sizes[0], made.columns[0], order, wide)[1]
    b = pulled(made.Ct, be, made.sizes[1], made.columns[1], order, wide)[1] / problem.gamma
    if problem.slack:
        b = max(b, (be * made.rows[1]).max() / problem.lam)
    # numpy adds in pairs: fewer than 64 roundings touch a term
    S = made.zoom * np.sum(np.sqrt(al) * np.sqrt(be) * np.sqrt(made.d))
    if S == 0 or a == 0 or b == 0:  # the last two only for operators, where it proves nothing
        return 0.0
    if problem.objective == "l2":
        return float(2 * (S / a) * (S / b) / up(200))
    return float(2 * math.sqrt(S / a) * math.sqrt(S / b) / up(200))


def _scaled_dual(data: Bilinear, al: Array, be: Array) -> tuple[Array, Array]:
    """(al', be'), not negative, in units of their own; no q, and so no be, where d = 0."""
    sides = []
    for v, row in zip((al, np.where(data.y == 0, 0.0, be)), data.scaled.rows, strict=True):
        exponents = np.frexp(v)[1] - np.log2(row)
        positive = v > 0
        top = exponents[positive].max() if positive.any() else 0
        shifted = np.maximum(exponents - top, -1000).astype(int)
        sides.append(np.where(positive, np.ldexp(np.frexp(v)[0], shifted), 0.0))
    return tuple(sides)
