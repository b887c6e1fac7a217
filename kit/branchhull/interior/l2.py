"""The model of the l2 program for loop.py: up to about 25 iterations.

In the scaled units of scaled.Scaled, minimise |w x|^2 over the cones. A step is the work of two
full products and one Cholesky factor, used twice: normal.py. An error e of the dual equations costs
e^2 in the bound, so they may be missed by the root of the gap. Where the weights w differ, the last
digits count: all rows are multiplied out, and steps are refined.

Start: the one-bit correlations h = Bt'sqrt d, m = Ct'sqrt d, their rows moved well inside the
cones, and the dual on the central path, lam = mu s^-1 with L mu = 2 |w x|^2: what s'lam is at a
point whose duality gap is twice its value. (A mu a hundred times smaller costs ten iterations.)
Source: derived; the method as in loop.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kit.branchhull.interior.loop import follow
from kit.branchhull.interior.model import Model, Point, State, central
from kit.branchhull.interior.normal import FAR, Normal
from kit.branchhull.problem import BranchHull
from kit.results import Array

MISSED = 0.01  # what an entry of the dual equations may miss, in shares of sqrt(gap) max|x|
REFINED = 6  # at most so many more solutions of a step, where the weights differ


@dataclass(frozen=True, eq=False)
class Vectors(Model):
    """What l2 and l1 share: Bt and Ct are arrays, and the normal equations have a diagonal."""

    Bt: Array  # (L, K)
    Ct: Array  # (L, N)
    even: bool  # whether all weights are the same

    def pq(self, x: Array) -> tuple[Array, Array]:
        return self.Bt @ x[: self.Bt.shape[1]], self.Ct @ x[self.Bt.shape[1] :]

    def pull(self, al: Array, be: Array) -> Array:
        return np.concatenate([al @ self.Bt, be @ self.Ct])

    @cached_property
    def short(self) -> tuple[Array, Array]:
        """Bt and Ct in float32."""
        return self.Bt.astype(np.float32), self.Ct.astype(np.float32)

    def factor(self, S: Array, D: Array, det: Array, gap: float) -> Normal:
        short = self.short if self.even and gap > FAR else None
        diagonal = S if S.size else 2 * self.square
        return Normal((self.Bt, self.Ct), short, D, det, diagonal, every=not self.even)


class Squares(Vectors):
    """minimise |w x|^2: no t, no v."""

    def bounded(self, x: Array) -> Array:
        return x[:0]

    def back(self, f: Array) -> Array:
        return np.zeros_like(self.square)

    def tolerance(self, at: Point, gap: float) -> tuple[Array, float]:
        return np.full(at.x.size, np.abs(at.x).max()), MISSED * np.sqrt(gap)


def interior_point(problem: BranchHull) -> Iterator[State]:
    """Yield one state per iteration; ends by itself when no further step can be computed."""
    made = problem.data.scaled
    weight, e, cost = made.weights()
    even, none, K = bool(np.ptp(weight) == 0), np.zeros(0), made.Bt.shape[1]
    model = Squares(
        d=made.d, c=0 * weight, k=none, kappa=none, square=weight**2, a=1.0, apart=False,
        refinements=0 if even else REFINED, Bt=made.Bt, Ct=made.Ct, even=even,
    )  # fmt: skip
    for dual, at, step in follow(model, _start(model)):
        value = (made.zoom * cost) ** 2 * model.value(at)
        point = made.restore(at.x[:K], at.x[K:], e)
        yield State(*point, dual * np.stack(made.rows), value, model.left(at), step)


def _start(model: Squares) -> Point:
    """x from one-bit correlations; s and lam inside the cones, lam on the central path."""
    d, on, root, none = model.d, model.d > 0, np.sqrt(model.d), np.zeros(0)
    h, m = root @ model.Bt, root @ model.Ct
    w_h, w_m = np.split(np.sqrt(model.square), [h.size])
    tilt = np.linalg.norm(w_m * m) / (np.linalg.norm(w_h * h) or 1.0)
    tilt = np.sqrt(tilt or 1.0)  # so that both halves cost the same
    p, q = model.pq(x := np.concatenate([tilt * h, m / tilt]))
    reach = np.median(p[on] * q[on] / d[on]) if on.any() else 1.0
    c = reach**-0.25 if reach > 0 else 1.0  # half of the way: a median p q / d of 1 is no better
    floor = np.sqrt(d.mean()) or 1.0
    p, q = np.maximum(c * p, floor), np.maximum(c * q, floor)
    grow = np.sqrt(np.maximum(1.0, 1.5 * d / (p * q)))
    s, inverse = central(model, grow * p, grow * q)
    mu = 2 * (model.square @ (c * x) ** 2) / d.size or 1.0
    return Point(c * x, none, none, s, none, mu * inverse, none)
