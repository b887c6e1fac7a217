"""Clarabel and SCS through cvxpy, on the raw data, graded by the judge's own bounds."""

import warnings

import cvxpy as cp
import numpy as np

from .judge import LayerJudge, ProductJudge


class Dual:
    """Weights for the image program."""

    def __init__(self, al, be, w, r):
        self.al, self.be, self.w, self.r = al, be, w, r


def product(case, solver, **options):
    """((h, m), dual) of a conic solver."""
    judge = ProductJudge(case)
    on, d = judge.on, np.abs(case.y)
    h, m = cp.Variable(case.B.shape[1]), cp.Variable(case.C.shape[1])
    xi = cp.Variable(len(d)) if judge.slack else None
    p, q = judge.Bt @ h, judge.Ct @ m
    q = q if xi is None else q + xi
    rows = np.flatnonzero(on)
    cone = cp.SOC((p + q)[rows], cp.vstack([(p - q)[rows], 2 * np.sqrt(d[rows])]), axis=0)
    rules, cost = [cone], cp.sum_squares(h) + cp.sum_squares(m)
    off = p[np.flatnonzero(~on)] >= 0
    rules += [off] if not on.all() else []
    if judge.tv:
        jumps = cp.Variable(judge.D.shape[0])
        tie = jumps == judge.D @ (case.B @ h)
        rules.append(tie)
        cost = cp.norm1(jumps) + case.mu * cp.sum(p) + case.gamma * cp.norm1(m)
    elif case.objective == "l1":
        cost = cp.norm1(h) + case.gamma * cp.norm1(m)
    if xi is not None:
        cost += case.lam * cp.norm1(xi)
    cp.Problem(cp.Minimize(cost), rules).solve(solver=solver, **options)
    top, rest = cone.dual_value
    al, be = np.zeros(len(d)), np.zeros(len(d))
    first = (
        np.reshape(rest, (2, -1))[0] if np.shape(rest)[0] == 2 else np.reshape(rest, (-1, 2))[:, 0]
    )
    al[on], be[on] = np.ravel(top) + first, np.ravel(top) - first
    if not on.all():
        al[~on] = off.dual_value
    best = []
    for sign in (1, -1):
        pair = (al, be) if sign == 1 else (np.where(on, be, al), np.where(on, al, 0))
        pair = tuple(np.maximum(v, 0) for v in pair)
        if judge.tv:
            for w in (tie.dual_value, -tie.dual_value):
                r = pair[0] - case.signs * (judge.D.T @ w)
                best.append(Dual(*pair, w, r))
        else:
            best.append(np.stack(pair))
    return (h.value, m.value), max(best, key=judge.lower)


def layer(case, solver, **options):
    """(W, Q) of a conic solver."""
    judge = LayerJudge(case)
    W, Z = cp.Variable(case.W.shape), cp.Variable(case.Y.shape)
    tie, rules = W.T @ case.X == Z, []
    error = cp.multiply(case.Omega.astype(float), Z - case.Y)
    if judge.joint:
        rules.append(cp.norm(error, "fro") <= case.epsilon)
    else:
        rules += [cp.norm(error[i]) <= e for i, e in enumerate(case.epsilon)]
    if not case.Omega.all():
        rules.append(Z[~case.Omega] <= case.V[~case.Omega])
    cp.Problem(cp.Minimize(cp.sum(cp.abs(W[: judge.paid]))), [tie, *rules]).solve(
        solver=solver, **options
    )
    return W.value, max((tie.dual_value, -tie.dual_value), key=judge.lower)


def best(program, case):
    """The better of the two answers, for the judge, and the gap that each solver reached."""
    gaps, answers = {}, {}
    settings = {"CLARABEL": {}, "SCS": {"eps_abs": 1e-8, "eps_rel": 1e-8, "max_iters": 20_000}}
    for solver, options in settings.items():
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                point, dual = (product if program == "branchhull" else layer)(
                    case, solver, **options
                )
            if program == "branchhull":
                judge = ProductJudge(case)
                upper, lower = judge.upper(*point), judge.lower(dual)
            else:
                judge = LayerJudge(case)
                inner = case.W if judge.feasible(case.W) else None
                upper, lower = judge.upper(point, inner), judge.lower(dual)
                if upper is None and judge.violation(point) <= 1e-6:
                    upper = judge.cost(point)
            gaps[solver] = (
                float("inf") if not upper else float((upper - type(upper)(lower)) / upper)
            )
            answers[gaps[solver]] = (point, dual)
        except (
            cp.error.SolverError,
            ValueError,
            TypeError,
            AttributeError,
            ArithmeticError,
        ) as error:
            gaps[solver] = repr(error)[:80]
    return answers[min(answers)] if answers else (), gaps
