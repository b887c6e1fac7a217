"""One entry for every method: solve(problem, method), graded by the same certificate.

A method is a function (problem, *, tol, max_iter, callback, **options) -> (h, m, dual, Run).
To add one: write it in a file of its own, and add a line to METHODS and, if it does not fit every
problem, a reason to `methods_for`.
"""

import inspect
from collections.abc import Callable

from kit.arguments import number
from kit.branchhull.admm import admm
from kit.branchhull.certificate import certify, infeasible_ray, repair
from kit.branchhull.interior_point import interior_point
from kit.branchhull.problem import BranchHull
from kit.branchhull.reference import reference
from kit.iterate import drive
from kit.results import Array, Recovered, Report, Run, Status, settle

Answer = tuple[Array, Array, Array | None, Run]


def run_admm(
    problem: BranchHull,
    *,
    tol: float,
    max_iter: int | None = None,
    callback: Callable | None = None,
    rho: float = 10.0,
) -> Answer:
    """The paper's ADMM until the certified gap is <= tol; max_iter is 10,000 unless given."""
    last, run = drive(
        admm(problem, rho=rho),
        lambda state: certify(problem, state.h, state.m, state.dual),
        tol=tol,
        max_iter=10_000 if max_iter is None else max_iter,
        callback=callback,
    )
    return last.h, last.m, last.dual, run


def run_interior(
    problem: BranchHull,
    *,
    tol: float,
    max_iter: int | None = None,
    callback: Callable | None = None,
) -> Answer:
    """The specialised interior point method; max_iter is 100 unless given."""
    last, run = drive(
        interior_point(problem),
        lambda state: certify(problem, state.h, state.m, state.dual),
        tol=tol,
        max_iter=100 if max_iter is None else max_iter,
        every=1,
        callback=callback,
    )
    return last.h, last.m, last.dual, run


METHODS: dict[str, Callable[..., Answer] | None] = {
    "auto": None,  # chosen by `choose`
    "cvxpy": reference,
    "admm": run_admm,
    "interior": run_interior,
}


def methods_for(problem: BranchHull) -> dict[str, str]:
    """Name of each method -> "" where it fits the problem, or the reason why it does not."""
    return dict.fromkeys(METHODS, "")


def choose(problem: BranchHull) -> tuple[str, str]:
    """The method "auto" takes, and why."""
    return "interior", "auto chose interior: about ten iterations on any data, noisy or not"


def solve(
    problem: BranchHull,
    method: str = "auto",
    *,
    tol: float = 1e-8,
    max_iter: int | None = None,
    callback: Callable | None = None,
    **options: object,
) -> Recovered:
    """Solve the program; the certificate is computed here, by the same code for every method.

    method    a name in METHODS. Which one when:
              "interior"  the specialised interior point method: 10 to 20 iterations on any data,
                          noisy or not, to a gap of 1e-8.
              "cvxpy"     Clarabel through cvxpy: the reference, independent of all other code here.
                          It stalls at gaps of 1e-9 to 1e-7: ask for tol=1e-6.
              "admm"      the papers' method: noiseless data with L well above 2 (K + N) take about
                          a hundred cheap iterations; noisy data take thousands.
              "auto"      picks, and says in report.notes what it picked and why.
    tol       the relative gap that counts as solved, by `certify`
    max_iter  iteration limit; None for the method's own
    callback  state -> anything, called at every iteration; a true value stops the run
    options   the method's own, such as rho for "admm"

    h and m come back scaled to be feasible, with |h| = |m|, wherever a rescaling can do it.
    Infeasible data come back with status INFEASIBLE, the ray in `dual`, and the conflicting
    measurements named in report.notes. Raises ValueError for an unknown method or option.
    """
    if not isinstance(problem, BranchHull):
        raise ValueError(f"problem must be a BranchHull, got {type(problem).__name__}")
    if method not in METHODS:
        raise ValueError(f"method must be one of {sorted(METHODS)}, got {method!r}")
    tol = number("tol", tol, least=0)
    notes: tuple[str, ...] = ()
    if method == "auto":
        method, why = choose(problem)
        notes = (why,)
    known = [name for name in inspect.signature(METHODS[method]).parameters if name != "problem"]
    for name in options:
        if name not in known:
            raise ValueError(f"{name} is not an option of method {method!r}, which takes {known}")
    h, m, dual, run = METHODS[method](
        problem, tol=tol, max_iter=max_iter, callback=callback, **options
    )
    h, m, feasible = repair(problem, h, m)
    if not feasible and run.status is not Status.STOPPED:
        ray = infeasible_ray(problem)
        if ray is not None:
            dual, sentence = ray
            notes += (sentence,)
    certificate = certify(problem, h, m, dual)
    report = Report(method, settle(run, certificate, tol), certificate, notes)
    return Recovered(h, m, None, dual, report)
