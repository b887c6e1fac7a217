"""The model of the l1 program for loop.py, with weight and with slack.

In the scaled units of scaled.Scaled, with x = (h, m) of weights w, |x| <= t, slack v = |xi| >= 0 of
price kappa (lam in the units of each row): minimise w't + kappa'v over the cones. What a dual
equation may miss is a tenth of the gap, for that is what it costs in the bound; ten times as much
in the predictor (with a predictor that is not corrected at all wide problems stall).

The objective is linear, so the primal and the dual step have lengths of their own.

Start. x from one-bit correlations, (p, q) moved inside the cones, and all products s'lam and r l
equal to b, twice the mean cost of an entry (derived). With l1, l2 = b / (t -+ x), the equation
w = l1 + l2 gives t = (b + sqrt(b^2 + (w x)^2)) / w. The cone's be is b p / (2 (p q - d)), and
q >= d / p + b / kappa keeps it below kappa / 2; then v = b / (kappa - be). What is left to be met
is s = (p + q, p - q, 2 sqrt d) of x and v, and the dual equations of x.
Source: derived; the method as in loop.py.
"""

from collections.abc import Iterator

import numpy as np

from kit.branchhull.interior.l2 import REFINED, Vectors
from kit.branchhull.interior.loop import follow
from kit.branchhull.interior.model import Point, State, central
from kit.branchhull.problem import BranchHull
from kit.results import Array


class Moduli(Vectors):
    """minimise w't + kappa'v: bounds on x itself."""

    def bounded(self, x: Array) -> Array:
        return x

    def back(self, f: Array) -> Array:
        return f

    def tolerance(self, at: Point, gap: float) -> tuple[Array, float]:
        return self.k, min(1.0, 0.1 * gap)


def interior_l1(problem: BranchHull) -> Iterator[State]:
    """Yield one state per iteration; ends by itself when no further step can be computed."""
    made = problem.data.scaled
    weight, e, cost = made.weights(problem.gamma, problem.lam)
    kappa = problem.lam * e / cost / made.rows[1] if problem.slack else np.zeros(0)
    even, zero, K = bool(np.ptp(weight) == 0), 0 * weight, made.Bt.shape[1]
    model = Moduli(
        d=made.d, c=zero, k=weight, kappa=kappa, square=zero, a=1.0, apart=True,
        refinements=0 if even else REFINED, Bt=made.Bt, Ct=made.Ct, even=even,
    )  # fmt: skip
    for dual, at, step in follow(model, _start(model)):
        value = made.zoom * cost * model.value(at)
        point = made.restore(at.x[:K], at.x[K:], e)
        yield State(*point, dual * np.stack(made.rows), value, model.left(at), step)


def _start(model: Moduli) -> Point:
    """x from one-bit correlations, and a point of the central path near it (module docstring)."""
    d, kappa, weight, on, root = model.d, model.kappa, model.k, model.d > 0, np.sqrt(model.d)
    h, m = root @ model.Bt, root @ model.Ct
    p, q = model.Bt @ h, model.Ct @ m
    reach = np.median(p[on] * q[on] / d[on]) if on.any() else 1.0
    # balanced halves, and p q about d in the middle
    w_h, w_m = np.split(weight, [h.size])
    F, G = w_h @ np.abs(h) or 1.0, w_m @ np.abs(m) or 1.0
    if kappa.size:  # where slack is cheaper than m, begin with slack
        m = m * min(1.0, kappa @ np.maximum(q, 0) / G)
        G = min(G, kappa @ np.maximum(q, 0)) or 1.0
    c = reach**-0.5 if reach > 0 else 1.0
    scale_h, scale_m = np.sqrt(c * G / F), np.sqrt(c * F / G)
    x, p, q = np.concatenate([scale_h * h, scale_m * m]), scale_h * p, scale_m * q
    floor_p, floor_q = (0.1 * (np.abs(f[on]).mean() if on.any() else 1.0) or 1.0 for f in (p, q))
    p, q = np.maximum(p, floor_p), np.maximum(q, floor_q)
    grow = np.sqrt(np.maximum(1.0, 1.5 * d / (p * q)))
    p, q = grow * p, grow * q
    cost = weight @ np.abs(x) + kappa @ np.maximum(q - model.Ct @ x[h.size :], 0)[: kappa.size]
    b = 2 * cost / (2 * weight.size + d.size) or 1.0
    if kappa.size:
        q = np.where(on, np.maximum(q, d / p + b / kappa), q)
    s, inverse = central(model, p, q)
    t = (b + np.sqrt(b * b + (weight * x) ** 2)) / weight
    v = b / (kappa - b * model.weights(inverse)[1]) if kappa.size else kappa
    r = model.bounds(x, t, v)
    return Point(x, t, v, s, r, b * inverse, b / r)
