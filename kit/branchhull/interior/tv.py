"""The interior point method for the image program: banded steps if B = I, full ones otherwise.

Mehrotra's steps in Nesterov-Todd scaling; the cone program and the reduced equations of a step are
in newton_tv.py. Rows of Ct are scaled to norm 1 first, for the sake of the starting point: the
one-bit correlation m = Ct'sqrt d, an image that fits it, and the point of the central path nearby.
Sources: as l2.py; the start derived.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, lstsq, qr

from kit.branchhull.interior import cones
from kit.branchhull.interior.cones import SIGNS, UNIT
from kit.branchhull.interior.newton_tv import Model, Newton, Point
from kit.branchhull.problem import BranchHull
from kit.branchhull.rows import dense
from kit.branchhull.tv import Dual, is_identity, parts
from kit.branchhull.variation import differences
from kit.results import Array

SHORT = 0.01  # a step below it is tried again, without its second-order terms
LOST = 1e12  # a dual grown by this factor: infeasible, or nearly


@dataclass(frozen=True, eq=False)
class State:
    """One iterate: the candidate, its dual, and what the loop records of it."""

    h: Array  # (K,)
    m: Array  # (N,)
    xi: Array | None  # (L,)
    dual: Dual
    objective: float  # TV(B h) + mu |B h|_1 + gamma |m|_1 + lam |xi|_1, by the bounds tau and g
    mu: float  # mean product of slack and dual: distance from complementarity, in scaled units
    step: float  # length of the step that led here, in (0, 1]


def tv_interior(problem: BranchHull) -> Iterator[State]:
    """Yield one state per iteration; ends by itself when no further step can be computed.

    problem  objective "tv", and a minimiser: mu > 0, or signs that are mixed
    """
    t, sig, _, Ct, d = parts(problem)
    L, K, N = problem.data.shape
    if not d.any():
        zero, xi = np.zeros(L), None if problem.lam is None else np.zeros(L)
        w = np.zeros_like(differences(zero, problem.shape))
        yield State(np.zeros(K), np.zeros(N), xi, Dual(zero, zero, w, zero), 0.0, 0.0, 1.0)
        return
    B, shape, order = None, problem.shape, np.arange(L)
    if not is_identity(problem.data.B):
        B, turned = dense(problem.data.B), False
        columns = _independent(B)
        B = B[:, columns]
    else:  # blocks are columns, and they are to be short
        turned = shape[0] > shape[1]
    if turned:
        order, shape = order.reshape(shape[::-1]).T.ravel(), shape[::-1]
    back = np.argsort(order)
    rows = np.linalg.norm(Ct, axis=1)
    rows = np.where(rows > 0, rows, 1.0)
    unit = np.sqrt(d / rows).mean()  # of h and of m
    model = Model(
        t[order],
        (Ct / rows[:, None])[order],
        (d / rows)[order] / unit**2,
        shape,
        problem.mu,
        problem.gamma,
        None if problem.lam is None else problem.lam * rows[order],
        np.ones(L),
        B,
    )
    point, step = _start(model), 1.0
    largest = model.weights(point.lam).max()
    while True:
        al, be = model.weights(point.lam)[:, back]
        minus, plus, *_ = np.split(point.l, model.cuts)
        w = minus - plus
        if turned:
            cut = (shape[0] - 1) * shape[1]
            down, across = w[:cut].reshape(shape[1], -1), w[cut:].reshape(-1, shape[0])
            w = np.concatenate([across.T.ravel(), down.T.ravel()])
        yield State(
            unit * (point.z[0][back] if B is None else _spread(point.z[0], columns, K)),
            unit * point.z[1],
            unit * sig * rows * point.z[4][back] if model.lam is not None else None,
            Dual(al, be / rows, w, np.full(L, problem.mu)),
            float(unit * sum(c @ z for c, z in zip(model.cost(), point.z, strict=True))),
            point.complementarity,
            step,
        )
        try:
            model, point = model.balanced(point)
            point, step = _advance(model, point)
        except (LinAlgError, ValueError):  # not definite, or not finite any more
            return
        if not (step > 1e-10 and model.weights(point.lam).max() <= LOST * largest):
            return


def _advance(model: Model, at: Point) -> tuple[Point, float]:
    """One step of Mehrotra's: the affine direction tells how much to centre."""
    mu, newton = at.complementarity, Newton(model, at)
    eta, w, root = newton.eta, newton.w, newton.root
    constant = np.stack([0 * model.d, 0 * model.d, 2 * np.sqrt(model.d)])
    gaps = (
        at.s - model.rows(at.z) - constant,
        at.r - model.bounds(at.z),
        [c - a for c, a in zip(model.cost(), model.columns(at.lam, at.l), strict=True)],
    )
    nu, nu_l = cones.apply(eta, w, at.lam), np.sqrt(at.r * at.l)
    _, ds, dlam, dr, dl = newton.direction(gaps, -nu, -nu_l)
    affine = min(1.0, _longest(at, ds, dlam, dr, dl))
    second = cones.product(cones.apply_inverse(eta, w, ds), cones.apply(eta, w, dlam))
    second_l = (dr / root) * (dl * root)

    def corrected(centre: float, share: float) -> tuple[tuple, float]:
        """A step to products of `centre`, with a share of the second-order terms; its length."""
        rhs = cones.divide(nu, centre * UNIT - cones.product(nu, nu) - share * second)
        rhs_l = (centre - nu_l**2 - share * second_l) / nu_l
        found = newton.direction(gaps, rhs, rhs_l, refined=True)
        return found, min(1.0, 0.995 * _longest(at, *found[1:]))

    found, step = corrected((1 - affine) ** 3 * mu, 1.0)
    if step < SHORT:  # far from the path the second-order terms of a long step mislead
        other, longer = corrected(0.3 * mu, 0.0)
        if longer > step:
            found, step = other, longer
    dz, ds, dlam, dr, dl = found
    while step > 1e-10 and not (
        cones.inside(at.s + step * ds) and cones.inside(at.lam + step * dlam)
    ):
        step *= 0.8  # rounding near the boundary
    z = tuple(old + step * new for old, new in zip(at.z, dz, strict=True))
    moved = Point(z, at.s + step * ds, at.lam + step * dlam, at.r + step * dr, at.l + step * dl)
    return moved, step


def _longest(at: Point, ds: Array, dlam: Array, dr: Array, dl: Array) -> float:
    """The largest step that stays in all cones."""
    ends = [1 / max((-dv / v).max(), 1e-300) for v, dv in ((at.r, dr), (at.l, dl))]
    return min(cones.to_boundary(at.s, ds), cones.to_boundary(at.lam, dlam), *ends)


def _start(model: Model) -> Point:
    """The one-bit correlation m, an image that fits it, and the central path nearby."""
    on, root = model.d > 0, np.sqrt(model.d)
    m = root @ model.Ct
    reach = np.median((model.Ct @ m)[on] / root[on])
    m = m / reach if reach > 0 else 0 * m
    q = np.maximum(model.Ct @ m, 0.3)
    p = 1.5 * np.maximum(model.d, 0.1) / q
    F = np.abs(differences(model.t * p, model.shape)).sum() + model.mu * p.sum()
    G = model.gamma * np.abs(m).sum()
    if model.lam is not None:
        G += model.lam @ np.maximum(q - model.Ct @ m, 0)
    c = np.sqrt(max(G, 1e-3 * F) / F)
    p, q, m = c * p, q / c, m / c
    b, h = 2 * c * F / p.size, model.t * p
    if model.B is not None:
        h = lstsq(model.B, h)[0]
    z = [
        h,
        m,
        b + np.sqrt(b * b + differences(model.image(h), model.shape) ** 2),
        (b + np.sqrt(b * b + (model.gamma * m) ** 2)) / model.gamma,
    ]
    if model.lam is not None:
        z.append(np.maximum(q - model.Ct @ m, 0) + b / model.lam)
    s = np.stack([np.where(on, p + q, p), np.where(on, p - q, 0), 2 * root])
    r = model.bounds(z)
    return Point(tuple(z), s, b * SIGNS * s / cones.det(s), r, b / r)


def _independent(B: Array) -> Array:
    """Columns of B that span what all of them span: only B h counts, and these give all of it."""
    size = np.linalg.norm(B, axis=0)
    R, order = qr(B / np.where(size > 0, size, 1.0), mode="r", pivoting=True)
    pivots = np.abs(np.diagonal(R))
    return np.sort(order[: np.count_nonzero(pivots > 1e-10 * pivots[0])])


def _spread(values: Array, where: Array, length: int) -> Array:
    out = np.zeros(length)
    out[where] = values
    return out
