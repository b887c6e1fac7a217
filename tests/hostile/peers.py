"""Clarabel and SCS through cvxpy, on the data as they are, graded by the judge's own bounds."""

import warnings
from decimal import Decimal
from types import SimpleNamespace

import cvxpy as cp
import numpy as np

from .judge_layers import FEASIBILITY, Layer
from .judge_products import Product

SETTINGS = {"CLARABEL": {}, "SCS": {"eps_abs": 1e-8, "eps_rel": 1e-8, "max_iters": 20_000}}


def product(case, solver):
    """((h, m), dual, upper, lower) of a conic solver."""
    judge = Product(case)
    on, off = np.flatnonzero(judge.on), np.flatnonzero(~judge.on)
    h, m, xi = (cp.Variable(n) for n in (case.B.shape[1], case.C.shape[1], len(case.y)))
    p, q = judge.Bt @ h, judge.Ct @ m + (xi if judge.slack else 0)
    size = 2 * np.sqrt(np.abs(case.y[on]))
    cone = cp.SOC((p + q)[on], cp.vstack([(p - q)[on], size]), axis=0)
    rules = [cone, p[off] >= 0] if off.size else [cone]
    if judge.tv:
        jumps = cp.Variable(len(judge.D))
        rules.append(jumps == judge.D @ (case.B @ h))
        cost = cp.norm1(jumps) + case.mu * cp.sum(p)
    else:
        cost = cp.norm1(h) if case.objective == "l1" else cp.sum_squares(h) + cp.sum_squares(m)
    cost += case.gamma * cp.norm1(m) if case.objective != "l2" else 0
    cost += case.lam * cp.norm1(xi) if judge.slack else 0
    cp.Problem(cp.Minimize(cost), rules).solve(solver=solver, **SETTINGS[solver])
    top, side = cone.dual_value
    side = np.reshape(side, (-1, 2))[:, 0] if np.shape(side)[-1] == 2 else np.ravel(side)[: on.size]
    duals = []
    for sign in (1, -1):  # whichever sign cvxpy gives: any al, be >= 0 prove a bound
        al, be = np.zeros((2, len(case.y)))
        al[on], be[on] = np.maximum(np.ravel(top) + [[sign], [-sign]] * side, 0)
        if off.size:
            al[off] = np.maximum(rules[1].dual_value, 0)
        for w in (rules[-1].dual_value, -rules[-1].dual_value) if judge.tv else ():
            for r in (al - case.signs * (judge.D.T @ w), np.full(len(al), case.mu)):
                duals.append(SimpleNamespace(al=al, be=be, w=w, r=r))
        duals += [] if judge.tv else [np.stack([al, be])]
    dual = max(duals, key=judge.lower)
    return (h.value, m.value), dual, judge.upper(h.value, m.value), judge.lower(dual)


def layer(case, solver):
    """((W,), Q, upper, lower) of a conic solver."""
    judge, Omega = Layer(case), case.Omega
    W, Z = cp.Variable(case.W.shape), cp.Variable(case.Y.shape)
    error, rules = cp.multiply(Omega.astype(float), Z - case.Y), [W.T @ case.X == Z]
    balls = [(error, case.epsilon)] if judge.joint else zip(error, case.epsilon, strict=True)
    rules += [cp.norm(part, "fro" if judge.joint else 2) <= radius for part, radius in balls]
    rules += [] if Omega.all() else [Z[~Omega] <= case.V[~Omega]]
    cost = cp.Minimize(cp.sum(cp.abs(W[: judge.paid])))
    cp.Problem(cost, rules).solve(solver=solver, **SETTINGS[solver])
    Q = max((rules[0].dual_value, -rules[0].dual_value), key=judge.lower)
    upper = judge.upper(W.value)
    if upper is None and judge.violation(W.value) <= FEASIBILITY:
        upper = judge.cost(W.value)
    return (W.value,), Q, upper, judge.lower(Q)


def ask(case):
    """({solver: gap, or what it raised}, points, duals)."""
    gaps, points, duals = {}, [], []
    for solver in SETTINGS:
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                found = (layer if hasattr(case, "Omega") else product)(case, solver)
        except (cp.error.SolverError, TypeError, ValueError, ArithmeticError) as error:
            gaps[solver] = f"{type(error).__name__}: {error}"[:60]  # TypeError: no point came back
            continue
        point, dual, upper, lower = found
        gaps[solver] = (
            float((upper - lower) / upper) if upper else float("inf") * (upper != Decimal(0))
        )
        points, duals = [*points, point], [*duals, dual]
    return gaps, points, duals
