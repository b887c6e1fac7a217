"""The model of the image program for loop.py: banded steps if B = I, full ones otherwise.

The program, over h, m, the slack v = sig xi >= 0, and bounds tau, g on |D B h|, |m|:

    minimise    mu t'B h + sum tau + gamma sum g + lam'v
    subject to  (a p + q / a, a p - q / a, 2 sqrt d) in Q,   p = t o B h,  q = Ct m + v,
                tau - D B h, tau + D B h, g - m, g + m, v >= 0.

Rows with d = 0 have no q and no v. lam has an entry for every row, for rows of Ct are scaled to
norm 1. The factors a > 0 change nothing in exact arithmetic: they turn every cone into itself. With
a^2 = q / p at the iterate both coordinates have the same size, and no digits are lost between them
where prices are far apart (`balanced`).

gamma may have any unit: with e the power of two next to it, e m, e v and e d take the places of m,
v and d, gamma / e and lam / e those of the prices, and the value is the same.

Start: the one-bit correlation m = Ct'sqrt d, an image that fits it, and the point of the central
path nearby. Source: derived; the method as in loop.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import lstsq, qr

from kit.branchhull.interior.banded import Bordered, Joint
from kit.branchhull.interior.loop import EXACT, follow
from kit.branchhull.interior.model import Model, Point, State, central
from kit.branchhull.problem import BranchHull
from kit.branchhull.rows import dense
from kit.branchhull.tv import Dual, is_identity, parts
from kit.branchhull.variation import adjoint, differences
from kit.results import Array

REFINEMENTS = 5  # at most
JOINT = 3e7  # operations / 2 up to which a step is computed by one QR factorisation


@dataclass(frozen=True, eq=False)
class Variation(Model):
    """minimise c'x + k't + lam'v with bounds on the differences of B h and on m."""

    t: Array  # (L,), signs of B h
    C: Array  # (L, N), Ct with rows of norm 1
    B: Array | None  # (L, K); None for the identity
    shape: tuple[int, int]
    costs: Array  # (K + N,): what the dual equations are measured by

    def image(self, x: Array) -> Array:
        """B h (L,)."""
        h = x[: x.size - self.C.shape[1]]
        return h if self.B is None else self.B @ h

    def pulled(self, f: Array) -> Array:
        """B'f (K,)."""
        return f if self.B is None else f @ self.B

    def pq(self, x: Array) -> tuple[Array, Array]:
        return self.t * self.image(x), self.C @ x[x.size - self.C.shape[1] :]

    def pull(self, al: Array, be: Array) -> Array:
        return np.concatenate([self.pulled(self.t * al), be @ self.C])

    def bounded(self, x: Array) -> Array:
        N = self.C.shape[1]
        return np.concatenate([differences(self.image(x), self.shape), x[x.size - N :]])

    def back(self, f: Array) -> Array:
        E = f.size - self.C.shape[1]
        return np.concatenate([self.pulled(adjoint(f[:E], self.shape)), f[E:]])

    def tolerance(self, at: Point, gap: float) -> tuple[Array, float]:
        return self.costs, EXACT

    def factor(self, S: Array, D: Array, det: Array, gap: float) -> Bordered | Joint:
        E = S.size - self.C.shape[1]
        if (E + 2 * det.size) * self.c.size**2 < JOINT:
            return Joint(self, S[:E], S[E:], D, det)
        return Bordered(self, S[:E], S[E:], D)

    def balanced(self, at: Point) -> tuple["Variation", Point]:
        """With a^2 = q / p: the cones' s1 is 0 at the point."""
        on, big, small = self.d > 0, at.s[0] + at.s[1], at.s[0] - at.s[1]
        turn = np.where(on, np.sqrt(small / big), 1.0)
        al, be = (at.lam[0] + at.lam[1]) / turn, (at.lam[0] - at.lam[1]) * turn
        s = np.stack([np.where(on, np.sqrt(big * small), at.s[0]), 0 * turn, at.s[2]])
        lam = np.stack(
            [np.where(on, (al + be) / 2, at.lam[0]), np.where(on, (al - be) / 2, 0.0), at.lam[2]]
        )
        return replace(self, a=self.a * turn), replace(at, s=s, lam=lam)


def tv_interior(problem: BranchHull) -> Iterator[State]:
    """Yield one state per iteration; ends by itself when no further step can be computed.

    problem  objective "tv", and a minimiser: mu > 0, or signs that are mixed
    """
    t, sig, _, Ct, d = parts(problem)
    (L, K, N), slack = problem.data.shape, problem.slack
    zero = np.zeros(L)
    if not d.any():
        dual = Dual(zero, zero, np.zeros_like(differences(zero, problem.shape)), zero)
        yield State(np.zeros(K), np.zeros(N), dual, 0.0, 0.0, 1.0, zero if slack else None)
        return
    B, shape, order, kept = None, problem.shape, np.arange(L), np.arange(K)
    turned = is_identity(problem.data.B) and shape[0] > shape[1]
    if not is_identity(problem.data.B):
        B = dense(problem.data.B)
        kept = _independent(B)
        B = B[:, kept]
    elif turned:  # blocks are columns, and they are to be short
        order, shape = order.reshape(shape[::-1]).T.ravel(), shape[::-1]
    back = np.argsort(order)
    rows = np.linalg.norm(Ct, axis=1)
    rows = np.where(rows > 0, rows, 1.0)
    e = 2.0 ** np.round(np.log2(problem.gamma))
    gamma, d = problem.gamma / e, e * d
    unit = np.sqrt(d / rows).mean()  # of h and of e m
    E, mu, t = differences(zero, shape).size, problem.mu, t[order]
    cost = mu * t if B is None else (mu * t) @ B
    size = np.ones(L) if B is None else np.abs(B).sum(axis=0)
    model = Variation(
        d=(d / rows)[order] / unit**2,
        c=np.concatenate([cost, np.zeros(N)]),
        k=np.concatenate([np.ones(E), np.full(N, gamma)]),
        kappa=problem.lam / e * rows[order] if slack else np.zeros(0),
        square=np.zeros(kept.size + N),
        a=np.ones(L),
        refinements=REFINEMENTS,
        apart=False,
        t=t,
        C=(Ct / rows[:, None])[order],
        B=B,
        shape=shape,
        costs=np.concatenate([size * (mu or 1.0), np.full(N, gamma)]),
    )
    for dual, at, step in follow(model, _start(model, mu)):
        al, be = dual[:, back]
        low, high, _ = model.split(at.l)
        w = (low - high)[:E]
        if turned:
            cut = (shape[0] - 1) * shape[1]
            down, across = w[:cut].reshape(shape[1], -1), w[cut:].reshape(-1, shape[0])
            w = np.concatenate([across.T.ravel(), down.T.ravel()])
        h = np.zeros(K)
        h[kept] = at.x[:-N][back] if B is None else at.x[:-N]
        yield State(
            unit * h,
            unit / e * at.x[-N:],
            Dual(al, be / rows, w, np.full(L, mu)),
            unit * model.value(at),
            model.left(at),
            step,
            unit / e * sig * rows * at.v[back] if slack else None,
        )


def _start(model: Variation, mu: float) -> Point:
    """The one-bit correlation m, an image that fits it, and the central path nearby."""
    root, slack = np.sqrt(model.d), model.kappa.size > 0
    m = root @ model.C
    reach = np.median((model.C @ m)[model.d > 0] / root[model.d > 0])
    m = m / reach if reach > 0 else 0 * m
    q = np.maximum(model.C @ m, 0.3)
    p = 1.5 * np.maximum(model.d, 0.1) / q
    F = np.abs(differences(model.t * p, model.shape)).sum() + mu * p.sum()
    G = model.k[-1] * np.abs(m).sum()
    if slack:
        G += model.kappa @ np.maximum(q - model.C @ m, 0)
    c = np.sqrt(max(G, 1e-3 * F) / F)
    p, q, m = c * p, q / c, m / c
    b, h = 2 * c * F / p.size, model.t * p
    x = np.concatenate([h if model.B is None else lstsq(model.B, h)[0], m])
    t = (b + np.sqrt(b * b + (model.k * model.bounded(x)) ** 2)) / model.k
    v = np.maximum(q - model.C @ m, 0) + b / model.kappa if slack else model.kappa
    s, inverse = central(model, p, q)
    r = model.bounds(x, t, v)
    return Point(x, t, v, s, r, b * inverse, b / r)


def _independent(B: Array) -> Array:
    """Columns of B that span what all of them span: only B h counts, and these give all of it."""
    size = np.linalg.norm(B, axis=0)
    R, order = qr(B / np.where(size > 0, size, 1.0), mode="r", pivoting=True)
    pivots = np.abs(np.diagonal(R))
    return np.sort(order[: np.count_nonzero(pivots > 1e-10 * pivots[0])])
