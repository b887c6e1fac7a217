"""BranchHull's answers judged in rational numbers, from the returned arrays alone.

Canonical: p = Bt h >= 0, q = Ct m + |xi|, p q >= d = |y|; F, G are the two halves of the objective.
Upper: a point with p, q > 0 where d > 0 is feasible after rescaling, and then costs 2 F G r (l2) or
2 sqrt(F G r), r = max d / (p q). Lower: for any al, be >= 0, with S = sum sqrt(al be d),

    2 S <= al'p + be'q <= a F + b G    for all feasible points, so 2 S^2 / (a b) or 2 S / sqrt(a b),

a, b dual norms of Bt'al and of Ct'be (and be / lam). For tv, Bt'al = B'D'w + Bt'r, and a is
max(|w|_inf, max r / mu), or |w|_inf + sum r+ if both signs occur (the image passes 0 on the way).
"""

from decimal import Decimal
from fractions import Fraction

import numpy as np
from scipy.sparse import diags_array, eye_array, kron, vstack

from .claims import INF, apart, contradicted, false_by, unsupported, whole
from .exact import ULP, cone_point, dec, onto_null, rational, root, size, solve, times

TOL = 1e-8  # the gap that SOLVED promises
FEASIBLE = 64 * ULP  # p and q may be short by this share of the terms they are sums of
NULL = 8 * ULP  # times the number of terms: a sum below this share of its terms is 0
INSIDE = 1e-11  # a point that is inside by this share of its terms is not there by rounding


def differences(shape):
    """D: down the columns, then across, of a (p, q) image stored by columns."""
    D = [diags_array([-1.0, 1.0], offsets=[0, 1], shape=(n - 1, n)) for n in shape]
    return vstack([kron(eye_array(shape[1]), D[0]), kron(D[1], eye_array(shape[0]))]).toarray()


def null(A, v):
    """Is A'v = 0, column by column, to the rounding of the column's own terms?"""
    off, terms = times(A.T, v), np.abs(A).T @ np.abs(v)
    return all(abs(float(x)) <= NULL * len(v) * t for x, t in zip(off, terms, strict=True))


class Product:
    """Bounds for one instance."""

    def __init__(self, case):
        self.case, self.on, self.d = case, case.y != 0, rational(np.abs(case.y))
        self.slack, self.tv = case.lam is not None, case.objective == "tv"
        self.toward = case.signs * np.sign(case.y)
        self.Bt, self.Ct = case.B * case.signs[:, None], case.C * self.toward[:, None]
        self.D = differences(case.shape) if self.tv else None
        self.cone = None

    def halves(self, h, m, xi):
        """F and G (l2: the norms), to 60 digits."""
        case = self.case
        if case.objective == "l2":
            return size(h), size(m)
        F, G = sum(abs(h), Fraction(0)), Fraction(case.gamma) * sum(abs(m), Fraction(0))
        if self.tv:
            image = times(case.B, h)
            F = sum(abs(times(self.D, image)), Fraction(case.mu) * sum(abs(image)))
        return dec(F), dec(G + (Fraction(case.lam) * sum(abs(xi)) if self.slack else 0))

    def value(self, h, m, xi):
        """The objective at the point as it is."""
        F, G = self.halves(rational(h), rational(m), None if xi is None else rational(xi))
        return F * F + G * G if self.case.objective == "l2" else F + G

    def upper(self, h, m):
        """The value of a feasible point made of (h, m); None if none is found."""
        h, m, on = rational(h), rational(m), self.on
        if not on.any():
            return Decimal(0)
        p, q = times(self.Bt, h), times(self.Ct, m)[on]
        if any(p < 0):  # onto the rows that must be 0, then along a point inside all others
            self.cone = self.cone or (cone_point(self.Bt, on),)
            if self.cone[0] is None:
                return None
            g, E = self.cone[0]
            h = onto_null(self.Bt[E], h)
            p, up = times(self.Bt, h), times(self.Bt, g)
            lift = max([-a / b for a, b in zip(p, up, strict=True) if a < 0 < b], default=0)
            h, p = h + lift * g, p + lift * up
        if any(p < 0) or any(p[on] == 0) or not (self.slack or all(q > 0)):
            return None
        need = self.d[on] / p[on]
        if not self.slack:
            F, G = self.halves(h, m, None)
            r = dec(max(need / q))
            return 2 * F * G * r if self.case.objective == "l2" else 2 * root(F * G * r)
        scales = [
            1,
            0,
            *(a / b for a, b in zip(need, q, strict=True) if 2 * a > b > 0 and 2 * b > a),
        ]
        halves = (self.halves(h, c * m, np.maximum(need - c * q, 0)) for c in scales)
        return min(2 * root(F * G) for F, G in halves)

    def short(self, h, m, xi):
        """Are p, q at the returned point short by more than FEASIBLE of their terms?

        Where d = 0, of |b| |h|: b'h may have to be 0, and then its terms may be 0 as well.
        """
        terms, reach = np.abs(self.Bt) @ np.abs(h), np.abs(self.Ct) @ np.abs(m)
        terms[~self.on] = (np.linalg.norm(self.Bt, axis=1) * np.linalg.norm(h))[~self.on]
        p, q = times(self.Bt, h), times(self.Ct, m)
        if xi is not None:
            q, reach = q + rational(xi * self.toward), reach + np.abs(xi)
        p, q = p + rational(FEASIBLE * terms), q + rational(FEASIBLE * reach)
        return any(p < 0) or any((p * q * Fraction(1 + FEASIBLE) < self.d)[self.on])

    def lower(self, dual, rounded=False):
        """The bound that a dual proves, INF for an exact ray; rounded: noise in it counts as 0."""
        case, parts = self.case, (dual.al, dual.be) if self.tv else dual
        al, be = (rational(np.maximum(v, 0)) for v in parts)
        be = np.where(self.on, be, Fraction(0))
        S = sum((root(a * b * d) for a, b, d in zip(al, be, self.d, strict=True)), Decimal(0))
        if S == 0:
            return S
        pull = times(self.Ct.T, be)
        if case.objective == "l2":
            a, b = size(times(self.Bt.T, al)), size(pull)
            return 2 * S * S / (a * b) if a and b else INF
        b = max(abs(pull)) / Fraction(case.gamma)
        b = max(b, max(be) / Fraction(case.lam)) if self.slack else b
        norms = self.image_norms(al, dual, rounded) if self.tv else [max(abs(times(self.Bt.T, al)))]
        return max((2 * S / root(a * b) if a and b else INF for a in norms), default=Decimal(0))

    def image_norms(self, al, dual, rounded):
        """The norms a that (w, r) has after repairs of Bt'al = B'D'w + Bt'r in rational numbers."""
        case, t, w = self.case, rational(self.case.signs), rational(dual.w)
        pull = t * times(self.D.T, w) if self.D.size else 0 * t
        if case.B.shape == (len(t), len(t)) and np.array_equal(case.B, np.eye(len(t))):
            repairs = [(w, al - pull)]
        else:
            Bt, r = rational(self.Bt), rational(dual.r) if case.mu else 0 * t
            left, repairs = times(self.Bt.T, al - pull - r), []
            length = np.linalg.norm(self.Bt, axis=1)
            for power in (0.0, 1.0, 2.0):
                weighted = rational(np.where(length > 0, length, 1) ** -power)[:, None] * Bt
                z = solve(Bt.T @ weighted, left)
                repairs += [] if z is None else [(w, r + weighted @ z)]
            DB = times(self.D, case.B) if self.D.size else np.zeros((0, Bt.shape[1]), object)
            z = solve(DB.T @ DB, left) if len(DB) else None
            repairs += [] if z is None else [(w + DB @ z, r)]
            repairs += [(w, r)] if rounded and null(self.Bt, (al - pull - r).astype(float)) else []
        norms = []
        for v, r in repairs:
            steep, rest = max(abs(v), default=Fraction(0)), np.maximum(r, Fraction(0))
            norms += [max(steep, max(rest) / Fraction(case.mu))] if case.mu else []
            norms += [steep + sum(rest)] if len(set(t)) > 1 or max(rest) == 0 else []
        return norms

    def ray(self, dual):
        """Does it prove that no point is feasible, to the rounding of each column's own terms?"""
        al, be = (np.maximum(v, 0) for v in ((dual.al, dual.be) if self.tv else dual))
        sides = ((self.Bt, al), (self.Ct, be * self.on))[: 1 if self.slack else 2]
        return any((v[self.on] > 0).any() and null(A, v) for A, v in sides)

    def feasible(self):
        """Is there a point in both cones, INSIDE where d > 0? Then no ray can be."""
        sides = ((self.Bt, self.on), (self.Ct[self.on], self.on[self.on]))
        for A, rows in sides[: 1 if self.slack else 2]:
            found = cone_point(A, rows)
            if found is None:
                return False
            terms = np.abs(A) @ np.abs(found[0].astype(float))
            if not all((times(A, found[0]) >= rational(INSIDE * terms))[rows]):
                return False
        return True


def judge(case, answer, points=(), duals=()):
    """What is wrong with an answer; points (h, m) and duals are those that peers found."""
    product, proof = Product(case), answer.report.certificate
    status, dual, h, m, xi = (
        answer.report.run.status.name,
        answer.dual,
        answer.h,
        answer.m,
        answer.xi,
    )
    pieces = () if dual is None else (dual.al, dual.be, dual.w, dual.r) if product.tv else (dual,)
    found = whole((h, m, xi, *pieces), proof, status == "INFEASIBLE")
    if status == "INFEASIBLE":
        if dual is None or not product.ray(dual):
            found += false_by(1, "the ray of INFEASIBLE is none, beyond rounding")
        if product.feasible():
            found.append(("false infeasible", 1.0, "a point well inside both cones is feasible"))
    if found:
        return found
    own, bound = product.upper(h, m), None if dual is None else product.lower(dual)
    values = [product.upper(*point) for point in ((case.h, case.m), *points)]
    found += contradicted(proof, [own, *values], [bound, *map(product.lower, duals)])
    if status == "UNATTAINED" and not (case.mu == 0 and proof.lower == 0 and _is_flat(product, h)):
        found += false_by(1, "UNATTAINED, but the point has no TV near 0")
    if status == "SOLVED":
        if product.short(h, m, xi):
            found += false_by(1, "the point is short by more than rounding")
        off = apart(product.value(h, m, xi), Decimal(proof.upper))
        found += false_by(off, "the objective at the point is not upper") if off > TOL else []
        lies = unsupported(proof, own, bound, TOL)
        if lies and dual is not None and product.tv:
            lies = unsupported(proof, own, product.lower(dual, rounded=True), TOL)
        found += lies
    return found


def _is_flat(product, h):
    image = times(product.case.B, rational(h))
    return max(abs(times(product.D, image)), default=0) <= Fraction(1e-9) * max(abs(image))
