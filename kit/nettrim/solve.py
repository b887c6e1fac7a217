"""One face for every Net-Trim method; the answer is certified here, by the same code for all."""

import inspect
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from kit.arguments import called, choice, instance, number, shown, whole
from kit.iterate import drive
from kit.nettrim.admm import admm
from kit.nettrim.certificate import certify
from kit.nettrim.exact.layer import Answer, solve_layer
from kit.nettrim.problem import NetTrim, read_radius, scaled, variant
from kit.nettrim.reference import reference
from kit.nettrim.rounding import length, lengths
from kit.results import Array, Pruned, Report, Run, Status, settle

LARGE = 2_000_000  # N M P: up to which cvxpy is offered
NOTHING = 1e-14  # residual of free weights alone, of |Y|, that counts as 0
EDGE = 1e-12  # relative excess over the common ball at which they still count as inside
_blas = cache(ThreadpoolController)  # looked up at the first solve: it takes longer than a neuron

# A method takes the problem, Limits, the feasibility of `certify`, and then options of its own.
Limits = dict[str, Any]  # tol, max_iter (None: the method's), callback


def by_cvxpy(problem: NetTrim, limits: Limits, feasibility: float) -> Answer:
    """Clarabel through cvxpy, to 1e-10 whatever tol is: see kit/nettrim/reference.py."""
    W, Q, run, notes = reference(problem, limits["max_iter"] or 200, feasibility)
    if limits["callback"] is not None:
        notes = (*notes, "cvxpy shows no iterations: callback was not used.")
    return W, Q, run, notes


def by_admm(
    problem: NetTrim,
    limits: Limits,
    feasibility: float,
    *,
    rho: float | None = None,
    relax: float = 1.0,
    every: int = 25,
) -> Answer:
    """The paper's ADMM, certified at every `every`-th iteration: see kit/nettrim/admm.py."""
    state, run = drive(
        admm(problem, rho=rho, relax=relax),
        lambda state: certify(problem, state.W, state.Q, feasibility),
        every=whole("every", every, least=1),
        **limits | {"max_iter": limits["max_iter"] or 2000},
    )
    return state.W, state.Q, run, ()


def by_exact(problem: NetTrim, limits: Limits, feasibility: float, *, n_jobs: int = 1) -> Answer:
    """Each neuron's path of exact solutions along lambda: see kit/nettrim/exact/path.py.

    feasibility is not used: neurons with a gap above tol, or a violation above 1e-8, go to cvxpy.
    n_jobs  threads that solve neurons side by side, >= 1
    """
    jobs = whole("n_jobs", n_jobs, least=1)
    return solve_layer(problem, [problem.epsilon], n_jobs=jobs, **limits)[0]


def by_auto(problem: NetTrim, limits: Limits, feasibility: float, *, n_jobs: int = 1) -> Answer:
    """The exact method, whose last resort is cvxpy."""
    W, Q, run, notes = by_exact(problem, limits, feasibility, n_jobs=n_jobs)
    return W, Q, run, ("auto took exact.", *notes)


METHODS: dict[str, Callable[..., Answer]] = {
    "auto": by_auto,
    "exact": by_exact,
    "cvxpy": by_cvxpy,
    "admm": by_admm,
}


def methods_for(problem: NetTrim) -> dict[str, str]:
    """For each method "" if it fits the problem, else the reason why not."""
    size = int(np.prod(instance("problem", problem, NetTrim).shape))
    reason = f"N M P = {size:,} is above {LARGE:,}: the model would take minutes and gigabytes"
    return {name: reason if name == "cvxpy" and size > LARGE else "" for name in METHODS}


def solve(
    problem: NetTrim,
    method: str = "auto",
    *,
    tol: float = 1e-6,
    max_iter: int | None = None,
    callback: Callable[[Any], object] | None = None,
    feasibility: float = 1e-6,
    **options: Any,
) -> Pruned:
    """Solve min |W|_1 s.t. |(W'X - Y)_Omega|_F <= epsilon, (W'X)_C <= V_C; certify the answer.

    method       a name in METHODS; methods_for(problem) says which fit
    tol          SOLVED means certified gap <= tol at a violation <= feasibility, nothing else
    max_iter     None: 2000 for admm, 200 for cvxpy; for exact: steps a neuron, None: no limit
    callback     state -> anything; a true value stops. exact calls it after each neuron, with a
                 Progress (and, with one ball for the layer, in each round of lambda)
    **options    of the method; for auto and exact: n_jobs; for admm: rho, relax, every

    Neurons for which 0 meets their constraints with room for all the others (never active, or
    inside their own ball) get a column of zeros and are not handed to the method. Infeasible data
    have status INFEASIBLE when the dual is a ray that proves it. Raises ValueError for unknown
    methods and options.

    Which method when. exact: always. cvxpy: to check. admm: to see the papers' method.
    """
    fits = methods_for(problem)
    choice("method", method, METHODS)
    known = [*inspect.signature(METHODS[method]).parameters][3:]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ValueError(f"{method} has no option {unknown}; its options are {known}")
    if fits[method]:
        raise ValueError(f"method {method!r} does not fit this layer: {fits[method]}")
    limits = _limits(tol, max_iter, callback)
    feasibility = number("feasibility", feasibility, least=0)

    def run(part: NetTrim, _radii: list) -> list[Answer]:
        return [METHODS[method](part, limits, feasibility, **options)]

    return _certified([problem], method, run, limits["tol"], feasibility)[0]


def path(
    problem: NetTrim,
    epsilons: Iterable[float | Array],
    *,
    tol: float = 1e-6,
    max_iter: int | None = None,
    callback: Callable[[Any], object] | None = None,
    feasibility: float = 1e-6,
    n_jobs: int = 1,
) -> list[Pruned]:
    """`solve` one layer for many epsilons by the exact method, each neuron on one path for all.

    Twenty epsilons from 50 % to 5 % of |Y| cost, on two layers of a digits network, 1.6 to 5 times
    the solve at 50 %, the dearest, and 5 to 12 times that at 10 %.

    epsilons  numbers: one ball for the layer; or (M,) each: one for every neuron; not both kinds.
              problem.epsilon is not used. Any order; the answers come in the same
    the rest  as in solve; Run counts the steps and seconds of the whole path

    Raises ValueError for epsilons that are negative, of other shapes, of both kinds, or none.
    """
    single = isinstance(epsilons, str | dict) or getattr(epsilons, "ndim", 1) == 0
    if single or not isinstance(epsilons, Iterable):
        raise ValueError(f"epsilons must be a list of numbers or of arrays, got {shown(epsilons)}")
    lengths(instance("problem", problem, NetTrim))  # once, for all layers
    M = problem.shape[1]
    layers = [variant(problem, epsilon=read_radius(epsilon, M)) for epsilon in epsilons]
    if len({layer.joint for layer in layers}) != 1:
        raise ValueError("epsilons must be numbers, or one array (M,) each, and at least one")
    limits = _limits(tol, max_iter, callback)
    feasibility = number("feasibility", feasibility, least=0)
    jobs = whole("n_jobs", n_jobs, least=1)

    def run(part: NetTrim, radii: list) -> list[Answer]:
        return solve_layer(part, radii, n_jobs=jobs, **limits)

    return _certified(layers, "exact", run, limits["tol"], feasibility)


def _limits(tol: object, max_iter: object, callback: object) -> Limits:
    return {
        "tol": number("tol", tol, least=0),
        "max_iter": None if max_iter is None else whole("max_iter", max_iter, least=1),
        "callback": called("callback", callback),
    }


def _certified(
    problems: list[NetTrim],
    method: str,
    run: Callable[[NetTrim, list[float | Array]], list[Answer]],
    tol: float,
    feasibility: float,
) -> list[Pruned]:
    """What `run` finds for one layer with many epsilons; the certificate has the last word.

    `run` sees good units, and no neurons of `_zero`.
    """
    N, M, P = problems[0].shape
    lengths(problems[0])  # kept on it, and so on every variant with the same X
    layer, rows, out = scaled(problems[0])
    lengths(layer)
    radii = [np.ldexp(problem.epsilon, -out) for problem in problems]
    zero, free = _zero(layer, np.min(radii, axis=0))
    if zero.all():
        how, said = Run(Status.SOLVED, 0, 0.0), ("W = 0 meets the constraints.",)
        found = [(np.zeros((N, 0)), np.zeros((0, P)), how, said) for _ in radii]
    else:
        part = layer.neurons(~zero) if zero.any() else layer
        with _blas().limit(limits=1):  # two threads that wait for each other were 10 times slower
            found = run(part, [float(e) if layer.joint else e[~zero] for e in radii])
    answers = []
    for problem, (w, q, how, said) in zip(problems, found, strict=True):
        if zero.any() and not zero.all():
            said = (*said, f"0 is enough for {zero.sum()} of {M} neurons.")
        W, Q = np.zeros((N, M)), None if q is None else np.zeros((M, P))
        W[-1] = free  # of `zero`; the next line sets those of the others
        W[:, ~zero] = w
        W[~layer.X.any(axis=1)] = 0  # what weighs nothing
        if q is not None:
            Q[~zero] = np.ldexp(q, -int(rows.max()))  # any factor will do: X q stays finite
        W = np.ldexp(W, out - rows[:, None])
        certificate = certify(problem, W, Q, feasibility)
        report = Report(method, settle(how, certificate, tol), certificate, said)
        answers.append(Pruned(W, Q, report))
    return answers


def _zero(problem: NetTrim, epsilon: float | Array) -> tuple[Array, Array]:
    """(zero, free): the neurons (M,) whose weights that cost may all be 0, and their free weights.

    Free is the bias's weight if penalise_bias is False (else 0): that of least squares on Omega,
    clipped to what V allows on the other samples. A neuron is in `zero` if what it then misses is
    within its epsilon; with one epsilon for the layer, if all neurons together miss no more than
    it, or if the neuron misses nothing, whatever the others do.
    """
    Omega, V, Y = problem.Omega, problem.V, np.where(problem.Omega, problem.Y, 0)
    x = problem.X[-1] * (not problem.penalise_bias)
    limit = np.where(Omega | (x == 0), np.inf, V / np.where(x == 0, 1, np.abs(x)))
    most = limit.min(axis=1, where=x > 0, initial=np.inf)
    least = -limit.min(axis=1, where=x < 0, initial=np.inf)
    allowed = (least <= most) & (Omega | (x != 0) | (V >= 0)).all(axis=1)
    size = (Omega * x * x).sum(axis=1)
    free = np.clip(Y @ x / np.where(size > 0, size, 1), least, np.maximum(least, most))
    whole, left = length(Y), length(Y - Omega * np.multiply.outer(free, x))
    left = np.where(left <= NOTHING * whole, 0, left)
    if not problem.joint:
        zero = allowed & (left <= epsilon)
    elif allowed.all() and length(left) <= epsilon * (1 + EDGE):
        zero = allowed
    else:
        zero = allowed & (left == 0)
    return zero, np.where(zero, free, 0)
