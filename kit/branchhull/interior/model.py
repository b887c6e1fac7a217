"""What loop.py is given: the maps of a program, and a point. Its docstring has the letters."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kit.branchhull.interior.cones import SIGNS, det, dot, ratio, to_boundary
from kit.results import Array

Blocks = tuple[Array, Array, Array]  # of x, t and v


@dataclass(frozen=True, eq=False)
class State:
    """One iterate: the candidate, its dual, and what the loop records of it."""

    h: Array  # (K,)
    m: Array  # (N,)
    dual: object  # (2, L): al, be; for tv a Dual
    objective: float  # the program's value once the iterate is feasible
    left: float  # the relative gap that the products of the iterate stand for
    step: float  # the shorter of the two steps that led here, in (0, 1]
    xi: Array | None = None  # (L,), of tv


@dataclass(frozen=True, eq=False)
class Point:
    """An iterate, or a step: x, t, v, s, r are primal, lam and l dual."""

    x: Array  # (n,)
    t: Array  # (T,)
    v: Array  # (L,), or (0,) without slack
    s: Array  # (3, L) in the cones
    r: Array  # (2 T [+ L],) > 0, slacks of the inequalities
    lam: Array  # (3, L), duals of s
    l: Array  # duals of r

    @property
    def count(self) -> int:
        """How many cones and inequalities there are."""
        return self.s.shape[1] + self.r.size

    @cached_property
    def mu(self) -> float:
        """The mean of all products s'lam and r l."""
        return float((dot(self.s, self.lam).sum() + self.r @ self.l) / self.count)

    @cached_property
    def dets(self) -> tuple[Array, Array]:
        """det of s and of lam: positive inside."""
        return det(self.s), det(self.lam)

    def moved(self, step: "Point", a: float, b: float) -> "Point":
        """The point after a times the primal and b times the dual step."""
        primal = (getattr(self, n) + a * getattr(step, n) for n in ("x", "t", "v", "s", "r"))
        return Point(*primal, self.lam + b * step.lam, self.l + b * step.l)

    def lengths(self, step: "Point", apart: bool) -> tuple[float, float]:
        """How far the primal and the dual step may go until something is 0."""
        a = min(to_boundary(self.s, self.dets[0], step.s), ratio(self.r, step.r))
        b = min(to_boundary(self.lam, self.dets[1], step.lam), ratio(self.l, step.l))
        return (a, b) if apart else (min(a, b),) * 2


@dataclass(frozen=True, eq=False)
class Model:
    """A program of loop.py's docstring in scaled units; l2, l1 and tv complete it."""

    d: Array  # (L,)
    c: Array  # (n,)
    k: Array  # (T,)
    kappa: Array  # (L,), or (0,) without slack
    square: Array  # (n,): w^2
    a: Array | float  # (L,) > 0: the cones' p and q are a p and q / a, the same cones
    refinements: int  # at most so many of a corrector's dx
    apart: bool  # whether the primal and the dual step have lengths of their own

    def pq(self, x: Array) -> tuple[Array, Array]:
        """(Bt h, Ct m)."""
        raise NotImplementedError

    def pull(self, al: Array, be: Array) -> Array:
        """(Bt'al ; Ct'be)."""
        raise NotImplementedError

    def bounded(self, x: Array) -> Array:
        """A x (T,)."""
        raise NotImplementedError

    def back(self, f: Array) -> Array:
        """A'f (n,)."""
        raise NotImplementedError

    def tolerance(self, at: Point, gap: float) -> tuple[Array, float]:
        """What the dual equations of x are measured by, and the share they may be missed by."""
        raise NotImplementedError

    def factor(self, S: Array, D: Array, det: Array, gap: float) -> object:
        """What solves (2 w^2 + A'S A + G'D G) x = f by solve(f, allowed); gap is what is left."""
        raise NotImplementedError

    def balanced(self, at: Point) -> tuple["Model", Point]:
        """The same program and point in units `a` that suit the point."""
        return self, at

    @cached_property
    def turn(self) -> Array:
        """1.0 where d > 0, else 0.0."""
        return (self.d > 0).astype(float)

    def cones(self, x: Array, v: Array, root: Array | float = 0.0) -> Array:
        """(p + q, p - q, root) (3, L)."""
        p, q = self.pq(x)
        q = q + self.turn * v if v.size else q
        p, q = self.a * p, q / self.a
        out = np.empty((3, p.size))
        out[0], out[1], out[2] = p + q, self.turn * (p - q), root
        return out

    def bounds(self, x: Array, t: Array, v: Array) -> Array:
        """(t - A x, t + A x, v) in one vector."""
        Ax = self.bounded(x)
        return np.concatenate([t - Ax, t + Ax, v])

    def split(self, r: Array) -> Blocks:
        """The three parts of such a vector."""
        T = self.k.size
        return r[:T], r[T : 2 * T], r[2 * T :]

    def weights(self, lam: Array) -> Array:
        """(al, be) (2, L) of a dual point of the cones; be = 0 where d = 0."""
        al, be = lam[0] + self.turn * lam[1], self.turn * (lam[0] - lam[1])
        return np.array([self.a * al, be / self.a])

    def columns(self, lam: Array, l: Array) -> Blocks:
        """The adjoint of `cones` and `bounds` together."""
        al, be = self.weights(lam)
        low, high, own = self.split(l)
        return self.pull(al, be) + self.back(high - low), low + high, be[: own.size] + own

    def left(self, at: Point) -> float:
        """The relative gap: all products s'lam and r l, in shares of the value."""
        return at.mu * at.count / (self.value(at) or 1.0)

    def value(self, at: Point) -> float:
        """The objective at the bounds t and v."""
        linear = self.c @ at.x + self.k @ at.t + self.kappa @ at.v
        return float(linear + self.square @ (at.x * at.x))


def central(model: Model, p: Array, q: Array) -> tuple[Array, Array]:
    """s of (p, q), and s^-1, the dual point of the central path with s'lam = 1."""
    on = model.d > 0
    s = np.stack([np.where(on, p + q, p), np.where(on, p - q, 0), 2 * np.sqrt(model.d)])
    return s, SIGNS * s / det(s)
