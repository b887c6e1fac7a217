"""What each method finds: a candidate (h, m, dual, Run, notes), which `solve` then judges.

A method is a function (problem, limits, *, options) -> Answer.
To add one: write it in a file of its own, and add a line to METHODS and, if it does not fit every
problem, a reason to WHY_NOT in solve.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from kit.branchhull.certificate import certify
from kit.branchhull.guess.dense import guess
from kit.branchhull.guess.l1 import guess_l1
from kit.branchhull.guess.matrix_free import matrix_free
from kit.branchhull.interior.l1 import interior_l1
from kit.branchhull.interior.l2 import interior_point
from kit.branchhull.interior.tv import tv_interior
from kit.branchhull.methods.admm import admm, admm_l1
from kit.branchhull.methods.admm_tv import tv_admm
from kit.branchhull.methods.reference import reference
from kit.branchhull.problem import BranchHull
from kit.branchhull.ray import infeasible_ray
from kit.branchhull.rows import is_dense
from kit.branchhull.tv import Dual
from kit.iterate import drive
from kit.results import Array, Certificate, Run, Status

Callback = Callable[[Any], object] | None
Limits = dict[str, Any]  # tol, max_iter (None: the method's own), callback

NO_PROOF = Certificate(np.inf, -np.inf)
LIKELY = 1.6  # L / (K + N) from which on a guess may be certified: half of them are at 2


class Answer(NamedTuple):
    """What a method found, not judged yet."""

    h: Array
    m: Array
    dual: Array | Dual | None
    run: Run
    notes: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether no other method is to be asked: it is certified, or the callback stopped it."""
        return self.run.status in (Status.SOLVED, Status.STOPPED)

    def after(self, *notes: str) -> "Answer":
        """The answer with other notes before its own."""
        return self._replace(notes=(*notes, *self.notes))


def by_cvxpy(problem: BranchHull, limits: Limits, *, solver: str = "CLARABEL") -> Answer:
    """Clarabel or SCS through cvxpy: see reference.py. There are no states to call back."""
    silent = ("cvxpy shows no iterations: callback was not used.",)
    answer = reference(problem, tol=limits["tol"], max_iter=limits["max_iter"], solver=solver)
    return Answer(*answer, () if limits["callback"] is None else silent)


def by_admm(problem: BranchHull, limits: Limits, *, rho: float = 2.0) -> Answer:
    """The papers' ADMM, certified at every tenth iteration: methods/."""
    states = {"l2": admm, "l1": admm_l1, "tv": tv_admm}[problem.objective](problem, rho=rho)
    return _best(problem, states, limits, 10_000, every=10)


def by_interior(problem: BranchHull, limits: Limits) -> Answer:
    """The specialised interior point methods: interior/."""
    method = {"l2": interior_point, "l1": interior_l1, "tv": tv_interior}[problem.objective]

    def near(state: Any) -> bool:
        return state.left <= 100 * limits["tol"]

    # a certificate takes a fifth (K = N = 200) to a third (K = N = 50) of an iteration's time
    return _best(problem, method(problem), limits, 200, every=4, near=near)


def by_guess(problem: BranchHull, limits: Limits) -> Answer:
    """Guess and certify, else the interior point method: see guess/dense.py and guess/l1.py."""
    answer = _guessed(problem, limits)
    if answer.done:
        return answer
    notes = (*answer.notes, "so the interior point method was asked.")
    return by_interior(problem, limits)._replace(notes=notes)


def by_matrix_free(problem: BranchHull, limits: Limits) -> Answer:
    """Guess by products alone: see guess/matrix_free.py."""
    return _guessed(problem, limits, matrix_free)


def by_auto(problem: BranchHull, limits: Limits) -> Answer:
    """guess, interior; where these fail, cvxpy as well, and the better certificate wins."""
    if problem.objective == "tv":
        return _or_cvxpy(problem, limits, "auto took interior: the one method made for images.")
    L, K, N = problem.data.shape
    if not is_dense(problem.data.B, problem.data.C):
        answer = by_matrix_free(problem, limits)
        return answer.after("auto took matrix-free: B or C is not dense.")
    why = "auto took interior: L is too small for a guess."
    if problem.objective == "l1" or L >= LIKELY * (K + N):
        answer = _guessed(problem, limits)
        if answer.done:
            hope = "sparse answers are often found" if problem.objective == "l1" else "L is large"
            return answer.after(f"auto took guess: {hope}.")
        why = f"auto took interior: {answer.notes[0].rstrip(',')}."
    return _or_cvxpy(problem, limits, why)


def _or_cvxpy(problem: BranchHull, limits: Limits, why: str) -> Answer:
    """The interior point method's answer; where it is none, the better of it and of cvxpy's."""
    first = by_interior(problem, limits)
    status = first.run.status
    given_up = status is Status.MAX_ITER and limits["max_iter"] is None
    if not (status is Status.FAILED or given_up) or infeasible_ray(problem):
        return first.after(why)
    second = by_cvxpy(problem, limits | {"max_iter": None, "callback": None})
    gaps = [certify(problem, h, m, dual).gap for h, m, dual, *_ in (first, second)]
    if gaps[1] >= gaps[0]:
        said = f"cvxpy was tried as well, and was no better: {gaps[1]:.1e}."
        return first._replace(notes=(why, said))
    return second._replace(notes=(f"{why} It ended at {gaps[0]:.1e}, and cvxpy was asked.",))


def _guessed(
    problem: BranchHull, limits: Limits, method: Callable[[BranchHull], Iterator[Any]] | None = None
) -> Answer:
    """The guess, SOLVED if it is certified; else FAILED, and a note says where it ended."""
    states = (method or (guess if problem.objective == "l2" else guess_l1))(problem)
    # no certificate before the end: a guess is right or it is not
    last, run = drive(states, lambda _: NO_PROOF, **_at_most(limits, 100), every=1000)
    if last is None:
        h, m = (np.zeros(n) for n in problem.data.shape[1:])
        few = "fewer equations than unknowns (where y = 0 there is none), nothing to guess,"
        return Answer(h, m, None, run, (few,))
    proof = NO_PROOF
    if last.dual is not None:
        proof = certify(problem, last.h, last.m, last.dual, wide=limits["tol"] / 100)
    if last.dual is None and last.residual > 1e-9:
        note = f"no point was found on all hyperbolas (residual {last.residual:.0e}),"
    elif last.dual is None:
        note = "a point on all hyperbolas was found, but no proof that it is the smallest,"
    else:
        note = f"the guess was certified only to {proof.gap:.0e},"
    if proof.gap <= limits["tol"]:
        run, note = replace(run, status=Status.SOLVED), "the guess is certified."
    elif run.status is not Status.STOPPED:
        run = replace(run, status=Status.FAILED)
    return Answer(last.h, last.m, last.dual, run, (note,))


def _best(
    problem: BranchHull, states: Iterator[Any], limits: Limits, most: int, **when: Any
) -> Answer:
    """The method's best point and best dual of those certified: any point goes with any dual."""
    with_point = with_dual = certified = None  # states: of the least upper, the largest lower, last
    upper, lower = np.inf, -np.inf

    def certificate(state: Any) -> Certificate:
        nonlocal with_point, with_dual, certified, upper, lower
        certified = state
        if not finite(state.dual, state.h, state.m):
            return NO_PROOF
        own = certify(problem, state.h, state.m, state.dual, wide=limits["tol"] / 100)
        if own.lower == own.upper == np.inf:
            with_point = with_dual = state
            return own
        if with_point is None or own.upper <= upper:
            with_point, upper = state, own.upper
        if with_dual is None or own.lower >= lower:
            with_dual, lower = state, own.lower
        return Certificate(upper, lower, own.violation)

    last, run = drive(states, certificate, **_at_most(limits, most), **when)
    if last is None:  # weights of sizes whose products are no numbers
        h, m = (np.zeros(n) for n in problem.data.shape[1:])
        return Answer(h, m, None, run, ("No first point was found.",))
    if certified is not last:
        certificate(last)
    if with_point is None or run.status is Status.STOPPED:
        return Answer(last.h, last.m, last.dual, run)
    earlier = with_point is not last or with_dual is not last
    notes = ("The best point and the best dual are those of earlier iterates.",) if earlier else ()
    return Answer(with_point.h, with_point.m, with_dual.dual, run, notes)


def _at_most(limits: Limits, own: int) -> Limits:
    """The limits with the method's own max_iter where none is given."""
    return limits | {"max_iter": limits["max_iter"] or own}


def finite(*parts: Array | Dual) -> bool:
    """Whether all numbers in them are."""
    arrays = [v for p in parts for v in (vars(p).values() if isinstance(p, Dual) else (p,))]
    return all(np.isfinite(v).all() for v in arrays)


METHODS: dict[str, Callable[..., Answer]] = {
    "auto": by_auto,
    "guess": by_guess,
    "interior": by_interior,
    "cvxpy": by_cvxpy,
    "admm": by_admm,
    "matrix-free": by_matrix_free,
}
