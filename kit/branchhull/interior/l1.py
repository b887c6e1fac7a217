"""The model of the l1 program for loop.py, with weight and with slack.

In the scaled units of scaled.Scaled, with x = (h, m) of weights w, |x| <= t, slack v = |xi| >= 0 of
price kappa (lam in the units of each row): minimise w't + kappa'v over the cones. What a dual
equation may miss is a tenth of the gap, for that is what it costs in the bound; ten times as much
in the predictor (with a predictor that is not corrected at all wide problems stall).

The objective is linear, so the primal and the dual step have lengths of their own. The start is
dual feasible: the cones' central path, shrunk until the other dual variables are positive.
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

    def missed(self, at: Point, gap: float) -> tuple[Array, float]:
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
        yield State(
            *made.restore(at.x[:K], at.x[K:], e), dual * np.stack(made.rows), value, at.mu, step
        )


def _start(model: Moduli) -> Point:
    """x from one-bit correlations, all in the interior, the dual feasible."""
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
    s, lam = central(model, grow * p, grow * q)
    al, be = model.weights(lam)
    steepest = np.max(np.abs(model.pull(al, be)) / weight)
    if kappa.size:
        steepest = max(steepest, np.max(be / kappa))
    lam *= 0.5 / max(steepest, 1e-300)
    al, be = model.weights(lam)
    mu = np.mean(np.sum(s * lam, axis=0))
    room = max(2 * mu, 0.05 * np.median(weight * np.abs(x)), 1e-3)
    t, pull = np.abs(x) + room / weight, model.pull(al, be)
    own = kappa - be[: kappa.size]
    l = np.concatenate([(weight + pull) / 2, (weight - pull) / 2, own])
    return Point(x, t, mu / own, s, model.bounds(x, t, mu / own), lam, l)
