"""One entry for every method: solve(problem, method), graded by the same certificate."""

import inspect
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.sparse import issparse

from kit.arguments import called, choice, instance, number, whole
from kit.branchhull.candidates import METHODS, Answer, Callback, by_auto, finite
from kit.branchhull.certificate import certify
from kit.branchhull.problem import BranchHull
from kit.branchhull.ray import infeasible_ray
from kit.branchhull.repair import repair
from kit.branchhull.rows import MANY, Matrix, dense, is_dense, is_operator
from kit.branchhull.tv import dependent, unattained
from kit.results import Certificate, Recovered, Report, Run, Status, settle

# name -> (problem -> "" or why the method does not fit); a method that fits always needs no line
WHY_NOT: dict[str, Callable[[BranchHull], str]] = {
    "guess": lambda problem: "it is for l2 and l1" if problem.objective == "tv" else "",
    "matrix-free": lambda problem: "" if problem.objective == "l2" else "it is for l2 only",
}


ANY_MATRIX = {"auto", "matrix-free"}  # for l2 these take sparse B and C, and operators


def methods_for(problem: BranchHull) -> dict[str, str]:
    """Name of each method -> "" where it fits the problem, or the reason why it does not."""
    instance("problem", problem, BranchHull)
    reasons = dict.fromkeys(METHODS, "")
    if _too_large(problem):
        reasons = dict.fromkeys(METHODS, "it needs dense B and C, and these are too large for it")
        if problem.objective == "l2":
            reasons |= dict.fromkeys(ANY_MATRIX, "")
    return reasons | {name: why for name in WHY_NOT if (why := WHY_NOT[name](problem))}


def _looked_at(problem: BranchHull) -> dict[str, Matrix]:
    """What has to be dense for most methods: B and C, save for an image's B that is sparse."""
    data, sparse_image = problem.data, problem.objective == "tv" and issparse(problem.data.B)
    return {"C": data.C} if sparse_image else {"B": data.B, "C": data.C}


def _too_large(problem: BranchHull) -> bool:
    """Whether B and C are not dense, and too large to be made so."""
    parts = _looked_at(problem).values()
    return not is_dense(*parts) and sum(A.shape[0] * A.shape[1] for A in parts) > MANY


def _made_dense(problem: BranchHull) -> BranchHull:
    """The problem with arrays for B and C."""
    parts = _looked_at(problem)
    if is_dense(*parts.values()):
        return problem
    made = {name: dense(A) for name, A in parts.items()}
    return replace(problem, data=replace(problem.data, **made))


def solve(
    problem: BranchHull,
    method: str = "auto",
    *,
    tol: float = 1e-8,
    max_iter: int | None = None,
    callback: Callback = None,
    **options: object,
) -> Recovered:
    """Solve the program; the certificate is computed here, by the same code for every method.

    method    a name in METHODS. Which one when:
              "interior"  the specialised interior point method: up to about 25 iterations, noisy
                          data or not, to a gap of 1e-8; more where columns are decades apart.
              "guess"     noiseless data, L from about twice K + N on: about 4 times faster than
                          "interior" at L = 4 (K + N), 4 to 7 at 32 (K + N). Where it fails
                          (noise), "interior" is asked, and up to 20 % of its time was lost.
              "matrix-free"  the guess by products with B and C alone: for fast transforms and
                          sparse matrices, up to millions of rows; noiseless data, L well above
                          2 (K + N).
              "cvxpy"     Clarabel through cvxpy: the reference, independent of all other code here.
                          It may stall at a gap of nearly 1e-6: ask for tol=1e-6.
              "admm"      the papers' method: noiseless data with L well above 2 (K + N) take about
                          a hundred cheap iterations; noisy data take thousands.
              For l1: "guess" finds sparse answers of noiseless data from L of about 10 nonzeros
              in all on, at K = N = 400, L = 1600 in a thirteenth of the time of "interior" and a
              two-hundredth of SCS's, which take any data. With slack, weight or noise "interior"
              takes up to about 25 steps; "admm" with rho 1 to 2 a hundred without noise, 10 to 30
              and thousands with it. What the program will find, verdict (data/verdict.py) says
              in one linear program.
              For images (tv): "interior" takes up to about 45 iterations, with B = I seconds at
              115 x 115 with 400 unknowns of light; "cvxpy" (Clarabel) takes ten times as long and
              stalls above 1e-8; "admm" takes thousands of cheap iterations to 1e-4.
              "auto"      picks, and says in report.notes what it picked and why.
    tol       the relative gap that counts as solved, by `certify`
    max_iter  iteration limit; None for the method's own
    callback  state -> anything, called at every iteration; a true value stops the run
    options   the method's own, such as rho for "admm"

    h, m and xi come back feasible and balanced, |h| = |m| for l2 and |h|_1 = gamma |m|_1 +
    lam |xi|_1 for l1 (for tv TV + mu |B h|_1 on the left), wherever a rescaling can do it; xi is
    None without slack.
    Infeasible data come back with status INFEASIBLE, the ray in `dual`, and the conflicting
    measurements named in report.notes. A tv program without a minimiser (mu = 0: see tv.py) comes
    back at once with status UNATTAINED, lower = 0 and the proof in report.notes; only "admm" runs
    on it, as published. Raises ValueError for an unknown method or option.
    """
    data = instance("problem", problem, BranchHull).data
    choice("method", method, METHODS)
    reason = methods_for(problem)[method]
    if reason:
        raise ValueError(f"method must fit the problem, and {method!r} does not: {reason}")
    limits = {
        "tol": number("tol", tol, least=0),
        "max_iter": None if max_iter is None else whole("max_iter", max_iter, least=1),
        "callback": called("callback", callback),
    }
    known = [*limits, *[*inspect.signature(METHODS[method]).parameters][2:]]
    for name in options:
        if name not in known:
            raise ValueError(f"{name} is not an option of method {method!r}, which takes {known}")
    if not (problem.objective == "l2" and method in ANY_MATRIX):
        problem = _made_dense(problem)
    trap = unattained(problem) if problem.objective == "tv" else None
    if trap is not None and method != "admm":  # the papers' ADMM has a path worth looking at
        h, m, xi, sentence = trap
        certificate = Certificate(problem.value(h, m, xi), 0.0)
        report = Report(method, Run(Status.UNATTAINED, 0, 0.0), certificate, (sentence,))
        return Recovered(h, m, xi, None, report)
    with np.errstate(all="ignore"):  # at the last digits; what is not finite ends the run
        candidate = METHODS[method](problem, limits, **options)
        by_products = method == "matrix-free" or (method == "auto" and not is_dense(data.B, data.C))
        if problem.objective == "l2" and by_products and not candidate.done:
            if _too_large(problem):
                said = "and B and C are too large to be made dense."
                candidate = candidate._replace(notes=(*candidate.notes, said))
            else:
                said = "so another method was asked, on dense B and C."
                problem = _made_dense(problem)
                candidate = by_auto(problem, limits).after(*candidate.notes, said)
        return _judged(problem, method, candidate, limits["tol"], trap)


def _judged(
    problem: BranchHull, method: str, candidate: Answer, tol: float, trap: tuple | None
) -> Recovered:
    """What a method found, made feasible, or a ray in its place; certified, once."""
    h, m, dual, run, notes = candidate
    if not finite(h, m):
        h, m = np.zeros_like(h), np.zeros_like(m)
    if dual is not None and not finite(dual):
        dual = None
    h, m, xi, value = repair(problem, h, m, tol / 10_000)
    seen = not is_operator(problem.data.B, problem.data.C)
    if seen and value == math.inf and run.status is not Status.STOPPED:
        ray = infeasible_ray(problem)
        if ray is not None:
            dual, sentence = ray
            notes += (sentence,)
    if not problem.data.y.any() and dual is None:
        dual = np.zeros((2, problem.data.y.size))  # 0 is feasible, and nothing is smaller
    certificate = certify(problem, h, m, dual, xi, wide=tol / 10_000)
    run = settle(run, certificate, tol)
    if trap is not None:
        run, notes = replace(run, status=Status.UNATTAINED), (*notes, trap[3])
    elif problem.objective == "tv" and run.status in (Status.FAILED, Status.MAX_ITER):
        notes += dependent(problem)
    report = Report(method, run, certificate, notes)
    return Recovered(h, m, xi, dual, report)
