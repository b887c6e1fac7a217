"""A judge of answers: every bound is derived again, from the returned arrays, in rational numbers.

BranchHull, canonical: p = Bt h >= 0, q = Ct m + |xi|, p q >= d = |y|, and F, G the two halves of
the objective. Upper: any point with p, q > 0 where d > 0 becomes feasible by rescaling, and costs
2 F G r (l2) or 2 sqrt(F G r), r = max d / (p q). Lower: for any al, be >= 0, S = sum sqrt(al be d),

    2 S <= al'p + be'q <= a F + b G    for all feasible points, hence  2 S^2 / (a b)  or  2 S / sqrt(a b),

a, b the dual norms of Bt'al and Ct'be (and of be / lam); for tv, Bt'al = B'D'w + Bt'r and a is
max(|w|_inf, max r / mu), or |w|_inf + sum r+ if both signs occur (|B h| passes 0 on the way).
Net-Trim: |W|_1 >= sum s_m a_m - epsilon |(s_m b_m)|_2 for 0 <= s_m <= 1 / |X q_m|_inf, with
a = <q, T>, b = |q_Omega|_2, q <= 0 off Omega, X q = 0 in a free row. The derivations are in
the docstrings of the kit's certificates; none of their code is used.

What is found is (kind, size, words): "wrong" is a false statement by more than ROUNDING, or a bound
of SOLVED that the returned arrays miss by more than UNPROVED; "strict" is the same by less.
"""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
from scipy.sparse import diags_array, eye_array, kron, vstack

from .exact import ULP, cone_point, dec, integers, onto_null, rational, root, size, solve, times

ROUNDING = 1e-12  # relative: a false bound that is off by more is not rounding
UNPROVED = 1e-10  # relative: bounds of SOLVED that the returned arrays miss by more are not proved
FEASIBLE = 64 * ULP  # p and q may be short by this share of the terms they are sums of
INF = Decimal("inf")


def differences(shape):
    """D: down the columns, then across, of a (p, q) image stored by columns."""
    D = [diags_array([-1.0, 1.0], offsets=[0, 1], shape=(n - 1, n)) for n in shape]
    return vstack([kron(eye_array(shape[1]), D[0]), kron(D[1], eye_array(shape[0]))]).toarray()


class ProductJudge:
    """Bounds for one BranchHull instance."""

    def __init__(self, case):
        self.case, self.on, self.d = case, case.y != 0, rational(np.abs(case.y))
        self.slack = case.lam is not None
        self.Bt = case.B * case.signs[:, None]
        self.Ct = case.C * (case.signs * np.sign(case.y))[:, None]
        self.tv = case.objective == "tv"
        self.D = differences(case.shape) if self.tv else None
        self._cone = None

    def cone(self):
        """A point of the cone of h, found once."""
        if self._cone is None:
            self._cone = (cone_point(self.Bt, self.on),)
        return self._cone[0]

    def halves(self, h, m, xi):
        """F and G, to 60 digits (l2: the norms)."""
        case = self.case
        if case.objective == "l2":
            return size(h), size(m)
        F = sum(abs(h), Fraction(0))
        if self.tv:
            image = times(case.B, h)
            F = sum(abs(times(self.D, image)), Fraction(0))
            F += Fraction(case.mu) * sum(abs(image), Fraction(0))
        G = Fraction(case.gamma) * sum(abs(m), Fraction(0))
        return dec(F), dec(G + (Fraction(case.lam) * sum(xi, Fraction(0)) if self.slack else 0))

    def value(self, h, m, xi=None):
        """Objective at (h, m, xi) as it is."""
        F, G = self.halves(rational(h), rational(m), None if xi is None else abs(rational(xi)))
        return F * F + G * G if self.case.objective == "l2" else F + G

    def upper(self, h, m):
        """Value of a feasible point made of (h, m), or None; exact up to the square roots."""
        h, m, on = rational(h), rational(m), self.on
        if not on.any():
            return Decimal(0)
        p, q = times(self.Bt, h), times(self.Ct, m)[on]
        if any(p < 0):
            if self.cone() is None:
                return None
            g, E = self.cone()
            h = onto_null(self.Bt[E], h)
            p, up = times(self.Bt, h), times(self.Bt, g)
            h = h + g * max([-a / b for a, b in zip(p, up, strict=True) if a < 0 < b], default=0)
            p = times(self.Bt, h)
        if any(p < 0) or any(p[on] <= 0) or not (self.slack or all(q > 0)):
            return None
        need = self.d[on] / p[on]
        if not self.slack:
            F, G = self.halves(h, m, None)
            r = dec(max(need / q))
            return 2 * F * G * r if self.case.objective == "l2" else 2 * root(F * G * r)
        corners = [a / b for a, b in zip(need, q, strict=True) if b > 0]
        trials = [c for c in corners if 0.5 <= c <= 2] if len(corners) > 99 else corners
        best = INF
        for c in [Fraction(1), Fraction(0), *trials]:
            F, G = self.halves(h, c * m, np.maximum(need - c * q, 0))
            best = min(best, 2 * root(F * G))
        return best

    def shortfall(self, h, m, xi):
        """How far below 0 or d the returned point is, in shares of its own terms (of |b| |h| where
        only b'h >= 0 is asked, for there the terms are 0 themselves): 0 is feasible."""
        case, terms = self.case, np.abs(self.Bt) @ np.abs(h)
        lengths = np.linalg.norm(self.Bt, axis=1) * np.linalg.norm(h)
        terms = np.where(self.on, terms, np.maximum(terms, lengths))
        p, q = times(self.Bt, h), times(self.Ct, m)
        reach = np.abs(self.Ct) @ np.abs(m)
        if xi is not None:
            q = q + rational(xi * case.signs * np.sign(case.y))
            reach = reach + np.abs(xi)
        worst = 0.0
        for e in (0.0, ULP, 4 * ULP, 16 * ULP, FEASIBLE, 1e-12, 1e-9, 1e-6, 1e-3, 1.0):
            P = p + rational(e * terms)
            Q = q + rational(e * reach)
            if all(P >= 0) and all((P * Q * Fraction(1 + e) >= self.d)[self.on]):
                return worst if e == 0 else e
        return math.inf

    def lower(self, dual):
        """The bound that the returned dual proves; Decimal inf for an exact ray."""
        case, on = self.case, self.on
        parts = (dual.al, dual.be) if self.tv else dual
        al, be = (rational(np.maximum(v, 0)) for v in parts)
        be = np.where(on, be, Fraction(0))
        S = sum(
            (root(a * b * d) for a, b, d in zip(al, be, self.d, strict=True) if a * b * d),
            Decimal(0),
        )
        if S == 0:
            return Decimal(0)
        pull = times(self.Ct.T, be)
        if case.objective == "l2":
            a, b = size(times(self.Bt.T, al)), size(pull)
            return 2 * S * S / (a * b) if a and b else INF
        b = dec(max(abs(pull)) / Fraction(case.gamma))
        if self.slack:
            b = max(b, dec(max(be) / Fraction(case.lam)))
        pulls = self.image_norms(al, dual) if self.tv else [dec(max(abs(times(self.Bt.T, al))))]
        best = Decimal(0)
        for a in pulls:
            best = max(best, 2 * S / root(a * b) if a and b else INF)
        return best

    def image_norms(self, al, dual):
        """Every norm a of the module's text that some repair of (w, r) gives."""
        case, t, w = self.case, self.case.signs, rational(dual.w if self.D.size else np.zeros(0))
        B, A = rational(case.B), []
        back = times(self.D.T, w) if self.D.size else rational(np.zeros(t.size))
        pull, target = rational(t) * back, times(self.Bt.T, al)
        identity = case.B.shape[0] == case.B.shape[1] and np.array_equal(case.B, np.eye(t.size))
        Bt = rational(self.Bt)
        if identity:
            A = [(w, al - pull)]
        else:
            r = rational(dual.r if case.mu else 0 * t)
            left = target - times(self.Bt.T, pull + r)
            length = np.linalg.norm(self.Bt, axis=1)
            for power in (0, 1, 2):
                weight = rational(np.where(length > 0, length, 1.0) ** -float(power))[:, None]
                z = solve(Bt.T @ (weight * Bt), left)
                A += [] if z is None else [(w, r + (weight * Bt) @ z)]
            DB = times(self.D, case.B) if self.D.size else rational(np.zeros((0, B.shape[1])))
            z = solve(DB.T @ DB, left) if len(DB) else None
            A += [] if z is None else [(w + DB @ z, r)]
        norms = []
        for v, r in A:
            steep, rest = max(abs(v), default=Fraction(0)), np.maximum(r, Fraction(0))
            norms += [max(steep, max(rest) / Fraction(case.mu))] if case.mu else []
            norms += [steep + sum(rest)] if np.ptp(t) > 0 or max(rest) == 0 else []
        return [dec(a) for a in norms]

    def ray(self, dual):
        """Is Bt'al = 0 (or Ct'be = 0) to the rounding of each column's own terms? Which rows?"""
        al, be = (np.maximum(v, 0) for v in ((dual.al, dual.be) if self.tv else dual))
        sides = [(self.Bt, al)] if self.slack else [(self.Bt, al), (self.Ct, be * self.on)]
        for A, v in sides:
            if not any(v[self.on] > 0):
                continue
            off, terms = times(A.T, v), np.abs(A).T @ v
            if all(abs(float(x)) <= 8 * len(v) * ULP * y for x, y in zip(off, terms, strict=True)):
                return True
        return False

    def feasible_anyway(self):
        """A point of both cones, well inside where d > 0 (by 1e-11 of its terms): no ray can be."""
        for A, rows in ((self.Bt, self.on), (self.Ct[self.on], self.on[self.on])):
            found = cone_point(A, rows)
            if found is None:
                return False
            p, g = times(A, found[0]), np.abs(found[0].astype(float))
            if not all(p[rows] > rational(1e-11 * (np.abs(A) @ g))[rows]):
                return False
            if self.slack:
                break
        return True


def judge_product(case, answer, extra=()):
    """What is wrong with an answer; extra: further points (h, m) and duals that peers found."""
    judge, found = ProductJudge(case), []
    proof, status = answer.report.certificate, answer.report.run.status.name
    dual = answer.dual
    arrays = [answer.h, answer.m, answer.xi]
    arrays += [] if dual is None else [dual.al, dual.be, dual.w, dual.r] if judge.tv else [dual]
    if status == "INFEASIBLE":
        if dual is None or not judge.ray(dual):
            found.append(("wrong", 1.0, "the ray of INFEASIBLE is none, beyond rounding"))
        if judge.feasible_anyway():
            found.append(("false infeasible", 1.0, "a point well inside both cones is feasible"))
        return found + finite(arrays, proof, infeasible=True)
    found += finite(arrays, proof)
    if found:
        return found
    own = judge.upper(answer.h, answer.m)
    bound = None if dual is None else judge.lower(dual)
    values = [judge.upper(h, m) for h, m in [(case.h, case.m), *extra[:1]]]
    bounds = [judge.lower(v) for v in extra[1:]]
    found += contradictions(proof, [own, *values], [bound, *bounds])
    if status == "UNATTAINED":
        flat = judge.tv and case.mu == 0 and proof.lower == 0
        if not flat or judge.halves(
            rational(answer.h),
            rational(answer.m),
            abs(rational(answer.xi)) if judge.slack else None,
        )[0] > dec(1e-9) * dec(max(np.abs(case.B @ answer.h))):
            found.append(("wrong", 1.0, "UNATTAINED, but the point has no TV near 0"))
    if status == "SOLVED":
        short = judge.shortfall(answer.h, answer.m, answer.xi)
        if short > FEASIBLE:
            found.append(("wrong", short, "the point is short by more than rounding"))
        found += supported(proof, own, bound)
        value = judge.value(answer.h, answer.m, answer.xi)
        off = apart(value, Decimal(proof.upper))
        if off > 1e-9:
            found.append(("wrong", off, "the objective at the point is not upper"))
    return found


def finite(arrays, proof, infeasible=False):
    """NaN or inf anywhere it must not be."""
    if any(v is not None and not np.isfinite(v).all() for v in arrays):
        return [("nan", 1.0, "an array holds NaN or inf")]
    numbers = (proof.upper, proof.lower, proof.violation)
    if any(np.isnan(numbers)):
        return [("nan", 1.0, "the certificate holds NaN")]
    if proof.lower > proof.upper:
        size = (proof.lower - proof.upper) / max(abs(proof.upper), 5e-324)
        return [("wrong" if size > ROUNDING else "strict", size, "lower above upper")]
    return (
        [("wrong", 1.0, "lower is inf, upper is not")]
        if proof.lower == np.inf and not infeasible
        else []
    )


def apart(a, b):
    """|a - b| relative to b."""
    return 0.0 if a == b else float(min(abs(a - b) / abs(b), Decimal(10**9))) if b else math.inf


def graded(excess, words):
    """A statement that is false by `excess`."""
    return [("wrong" if excess > ROUNDING else "strict", float(excess), words)]


def contradictions(proof, values, bounds):
    """lower above a feasible value, upper below a proved bound."""
    found, tiny = [], Decimal("1e-50")
    best = min((v for v in values if v is not None), default=INF)
    least = max((b for b in bounds if b is not None), default=Decimal(0))
    if math.isfinite(proof.lower) and Decimal(proof.lower) > best * (1 + tiny):
        found += graded(apart(Decimal(proof.lower), best), "lower is above a feasible value")
    if math.isfinite(proof.upper) and Decimal(proof.upper) < least * (1 - tiny):
        found += graded(apart(Decimal(proof.upper), least), "upper is below a proved bound")
    return found


def supported(proof, own, bound):
    """SOLVED: the returned arrays prove the two bounds."""
    words = "no feasible point near the answer has value upper", "the dual does not prove lower"
    excesses = [
        1.0 if own is None else apart(own, Decimal(proof.upper)) * (own > Decimal(proof.upper)),
        1.0
        if bound is None
        else apart(bound, Decimal(proof.lower)) * (bound < Decimal(proof.lower)),
    ]
    return [
        ("wrong" if e > UNPROVED else "strict", e, w)
        for e, w in zip(excesses, words, strict=True)
        if e > 1e-14
    ]


class LayerJudge:
    """Bounds for one Net-Trim layer."""

    def __init__(self, case):
        self.case = case
        self.T = rational(np.where(case.Omega, case.Y, case.V))
        self.paid = len(case.X) - (not case.bias)
        self.joint = isinstance(case.epsilon, float)
        self.eps = [Fraction(e) for e in np.atleast_1d(case.epsilon).tolist()]

    def cost(self, W):
        return sum(abs(rational(W))[: self.paid].ravel(), Fraction(0))

    def residuals(self, W):
        """Squares of |(W'X - Y)_Omega|: one, or one a neuron; and (W'X - V) off Omega."""
        Z = times(self.case.X.T, W).T - self.T
        rows = (np.where(self.case.Omega, Z, Fraction(0)) ** 2).sum(axis=1)
        return [sum(rows)] if self.joint else list(rows), Z[~self.case.Omega]

    def feasible(self, W):
        squares, above = self.residuals(W)
        return all(s <= e * e for s, e in zip(squares, self.eps, strict=True)) and all(above <= 0)

    def upper(self, W, inner=None):
        """|W|_1 of a feasible point on the way from W to the feasible point `inner`, or None."""
        W = rational(W)
        for share in (
            (0, 1e-12, 1e-9, 1e-8, 1e-7, 1e-6, 1e-4, 1e-2, 1) if inner is not None else (0,)
        ):
            mixed = W * (1 - Fraction(share)) + (rational(inner) * Fraction(share) if share else 0)
            if self.feasible(mixed):
                return dec(self.cost(mixed))
        return None

    def violation(self, W):
        """The kit's measure of it, exactly (a float at the end)."""
        squares, above = self.residuals(W)
        rest, _ = self.residuals(np.zeros_like(W))
        unit = max(abs(self.case.Y).max(), 0) or abs(self.case.V).max() or 1.0
        worst = float(dec(max(above, default=Fraction(0))) / dec(unit))
        for s, e, y in zip(squares, self.eps, rest, strict=True):
            scale = max(dec(e), root(y) / 1000) or dec(unit)
            worst = max(worst, float((root(s) - dec(e)) / scale))
        return max(worst, 0.0)

    def moved(self, Q):
        """q <= 0 off Omega, X q = 0 in the free row, moved on Omega only; rows that cannot are 0."""
        case = self.case
        Q = rational(np.where(case.Omega, Q, np.minimum(Q, 0)))
        if case.bias:
            return Q
        free = np.where(case.Omega, rational(case.X[-1]), Fraction(0))
        for m, off in enumerate(Q @ rational(case.X[-1])):
            length = sum(free[m] * free[m])
            Q[m] = Q[m] - free[m] * (off / length) if length else Q[m] * (0 if off else 1)
        return Q

    def parts(self, Q):
        """a, b^2, c of the module's text, exactly."""
        Q = self.moved(Q)
        a, b2 = (
            (Q * self.T).sum(axis=1),
            (np.where(self.case.Omega, Q, Fraction(0)) ** 2).sum(axis=1),
        )
        pulled = (
            abs(times(self.case.X[: self.paid], Q.T)) if self.paid else [[Fraction(0)] * len(Q)]
        )
        return a, b2, np.max(pulled, axis=0)

    def lower(self, Q):
        """The best bound that Q proves, rows rescaled; Decimal inf for an exact ray."""
        a, b2, c = self.parts(Q)
        rows = [(dec(x), root(y), dec(z)) for x, y, z in zip(a, b2, c, strict=True) if x > 0]
        if not self.joint:
            keep = [i for i, x in enumerate(a) if x > 0]
            gains = [(x - dec(self.eps[i]) * y, z) for i, (x, y, z) in zip(keep, rows, strict=True)]
            return sum((g / z if z else INF for g, z in gains if g > 0), Decimal(0))
        e, best = dec(self.eps[0]), Decimal(0)
        priced = [(x, y, 1 / z if z else INF) for x, y, z in rows if e * y]
        plain = sum((x / z if z else INF for x, y, z in rows if not e * y), Decimal(0))
        if plain == INF:
            return INF
        priced.sort(key=lambda row: e * row[1] ** 2 * row[2] / row[0])
        for k in range(1, len(priced) + 1):
            rest = 1 - sum(((x / (e * y)) ** 2 for x, y, _ in priced[k:]), Decimal(0))
            capped = root(sum(((y * z) ** 2 for _, y, z in priced[:k]), Decimal(0)))
            if rest <= 0 or capped == INF:
                continue
            far = capped / root(rest)
            s = [min(z, x * far / (e * y * y)) for x, y, z in priced]
            price = e * root(
                sum(((y * t) ** 2 for (_, y, _), t in zip(priced, s, strict=True)), Decimal(0))
            )
            best = max(best, sum(x * t for (x, _, _), t in zip(priced, s, strict=True)) - price)
        return best + plain

    def ray(self, Q):
        """Is there a combination of rows with X q = 0 to rounding and <q, t> > epsilon |q|?"""
        case, Q = self.case, np.where(self.case.Omega, Q, np.minimum(Q, 0))
        off, terms = times(case.X, Q.T), np.abs(case.X) @ np.abs(Q.T)
        null = (np.abs(off.astype(float)) <= 8 * Q.shape[1] * ULP * terms).all(axis=0)
        a, b2 = (
            (rational(Q) * self.T).sum(axis=1),
            (np.where(case.Omega, rational(Q), Fraction(0)) ** 2).sum(axis=1),
        )
        if not self.joint:
            return any(
                n and x > 0 and x * x > e * e * y
                for n, x, y, e in zip(null, a, b2, self.eps, strict=True)
            )
        rows = [(x, y) for n, x, y in zip(null, a, b2, strict=True) if n and x > 0]
        return (
            any(not y for _, y in rows)
            or sum((x * x / y for x, y in rows), Fraction(0)) > self.eps[0] ** 2
        )


def judge_layer(case, answer, extra=()):
    """What is wrong with an answer; extra: a further W and Q that peers found."""
    judge, found = LayerJudge(case), []
    proof, status, Q = answer.report.certificate, answer.report.run.status.name, answer.dual
    inner = case.W if judge.feasible(case.W) else None
    if status == "INFEASIBLE":
        if Q is None or not judge.ray(Q):
            found.append(("wrong", 1.0, "the ray of INFEASIBLE is none, beyond rounding"))
        if inner is not None or any(judge.feasible(W) for W in extra[:1]):
            found.append(("false infeasible", 1.0, "a feasible W is known"))
        return found + finite([answer.W, Q], proof, infeasible=True)
    found += finite([answer.W, Q], proof)
    if found:
        return found
    bound = None if Q is None else judge.lower(Q)
    values = [judge.upper(answer.W, inner), None if inner is None else dec(judge.cost(inner))]
    values += [judge.upper(W, inner) for W in extra[:1]]
    found += contradictions(proof, values, [])
    if math.isfinite(proof.upper):
        cost, violation = dec(judge.cost(answer.W)), judge.violation(answer.W)
        if apart(cost, Decimal(proof.upper)) > ROUNDING:
            found.append(("wrong", apart(cost, Decimal(proof.upper)), "upper is not |W|_1"))
        if violation > 1e-6 * (1 + 1e-3):
            found.append(("wrong", violation, "a finite upper beside a violation above 1e-6"))
    if status == "SOLVED":
        found += supported(proof, Decimal(proof.upper), bound)
    return found


def judge(case, answer, extra=()):
    """(kind, size, words) for everything that is wrong with an answer."""
    return (judge_layer if hasattr(case, "Omega") else judge_product)(case, answer, extra)
