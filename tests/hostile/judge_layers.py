"""Net-Trim's answers judged in rational numbers, from the returned arrays alone.

For any Q with q <= 0 off Omega (and X q = 0 in a free row), a = <q, T>, b = |q_Omega|_2:

    |W|_1 >= sum s_m a_m - epsilon |(s_m b_m)|_2    for 0 <= s_m <= 1 / |X q_m|_inf,

and any s will do. Upper is |W|_1, by the kit's contract, where W is feasible up to 1e-6.
"""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np

from .claims import INF, ROUNDING, apart, contradicted, false_by, unsupported, whole
from .exact import ULP, dec, rational, root, times
from .judge_products import NULL

TOL = 1e-6  # the gap that SOLVED promises
FEASIBILITY = 1e-6 * (1 + 1e-3)  # the kit's limit, and a little for its own rounding
STEPS = (0, 1e-12, 1e-9, 1e-8, 1e-7, 1e-6, 1e-4, 1e-2, 1)  # from W towards a feasible point


class Layer:
    """Bounds for one layer."""

    def __init__(self, case):
        self.case, self.joint = case, isinstance(case.epsilon, float)
        self.T = rational(np.where(case.Omega, case.Y, case.V))
        self.paid = len(case.X) - (not case.bias)
        self.eps = [Fraction(e) for e in np.atleast_1d(case.epsilon).tolist()]
        self.inner = case.W if self.feasible(case.W) else None

    def cost(self, W):
        """|W|_1 without the free row."""
        return dec(sum(abs(rational(W))[: self.paid].ravel(), Fraction(0)))

    def residuals(self, W):
        """|(W'X - Y)_Omega|^2, one or one a neuron; and (W'X - V) off Omega."""
        off = times(self.case.X.T, W).T - self.T
        rows = (np.where(self.case.Omega, off, Fraction(0)) ** 2).sum(axis=1)
        return [sum(rows)] if self.joint else list(rows), off[~self.case.Omega]

    def feasible(self, W, rounded=False):
        """Exactly, or to the rounding of W'X."""
        case, (squares, above) = self.case, self.residuals(W)
        terms = NULL * len(case.X) * (np.abs(W).T @ np.abs(case.X)) if rounded else 0 * case.Y
        terms, most = rational(terms), [e * e * (1 + Fraction(NULL) * rounded) for e in self.eps]
        inside = all(s <= e for s, e in zip(squares, most, strict=True))
        return inside and all(above <= terms[~case.Omega])

    def upper(self, W):
        """|W|_1 of the first feasible point on the way from W to the planted layer, or None."""
        W, inner = rational(W), rational(W if self.inner is None else self.inner)
        for share in map(Fraction, STEPS[: 1 if self.inner is None else None]):
            mixed = W + share * (inner - W)
            if self.feasible(mixed):
                return self.cost(mixed)
        return None

    def violation(self, W):
        """The kit's measure of it: beyond epsilon, and above V, each in its unit."""
        squares, above = self.residuals(W)
        rest, _ = self.residuals(np.zeros_like(W))
        unit = dec(abs(self.case.Y).max() or abs(self.case.V).max() or 1.0)
        worst = max([dec(max(above, default=Fraction(0))) / unit, Decimal(0)])
        for s, e, y in zip(squares, self.eps, rest, strict=True):
            worst = max(worst, (root(s) - dec(e)) / (max(dec(e), root(y) / 1000) or unit))
        return float(worst)

    def moved(self, Q):
        """Q as the bound needs it; in a free row moved on Omega, and a row that cannot be is 0."""
        case = self.case
        Q = np.where(case.Omega, rational(Q), np.minimum(rational(Q), Fraction(0)))
        if case.bias:
            return Q
        free = np.where(case.Omega, rational(case.X[-1]), Fraction(0))
        for m, off in enumerate(Q @ rational(case.X[-1])):
            length = sum(free[m] * free[m])
            Q[m] = Q[m] - free[m] * (off / length) if length else Q[m] * (0 if off else 1)
        return Q

    def sums(self, Q):
        """a and b^2 of every neuron."""
        active = np.where(self.case.Omega, Q, Fraction(0))
        return (Q * self.T).sum(axis=1), (active**2).sum(axis=1)

    def sharpened(self, Q, every, roundings):
        """Q + dQ with |X (Q + dQ)| below c also in rows of X so large that the rounding of Q alone,
        in shares of all of q, is more than c allows; c is the largest |X q| in all others, dQ least
        squares. every: rows that have nothing to lose are held as well; where they are nearly
        parallel to the others, that is too much. roundings: how many a row's sum is taken to have;
        with too many a row counts as large that is not, and c, of all others, as too small."""
        case, Q = self.case, self.moved(Q)
        lengths = (np.linalg.norm(A.astype(float), axis=1) for A in (case.X, Q))
        noise = roundings * ULP * np.outer(*lengths)
        size = np.abs(times(case.X, Q.T).astype(float))
        noisy = noise > 1e-9 * np.maximum(size - noise, 0).max(axis=0)
        for m, q in enumerate(Q):
            F, on = noisy[:, m].copy(), case.Omega[m] | (q < 0)
            c = size[~F, m].max(initial=0)
            F[self.paid :] = True
            tall = np.where(case.X[F].any(axis=1), np.abs(case.X[F]).max(axis=1), 1)
            A, c = case.X[F][:, on] / tall[:, None], c * (1 - ULP)
            for _ in range(3):
                off = times(case.X[F], Q[m]).astype(float)
                over = np.sign(off) * np.maximum(np.abs(off) - c, 0)
                far = (over != 0) | every
                far[len(far) - (not case.bias) :] = True
                Q[m, on] -= rational(np.linalg.lstsq(A[far], (over / tall)[far], rcond=1e-13)[0])
        return self.moved(Q)

    def lower(self, Q):
        """The bound that Q proves, INF for an exact ray: the best one of Q and four Q + dQ."""
        ways = [self.sharpened(Q, every, n) for every in (True, False) for n in (64, 4)]
        return max(map(self.proved, [self.moved(Q), *ways]))

    def proved(self, Q):
        """The bound for a Q that is as it has to be."""
        pulled = abs(times(self.case.X, Q.T))[: self.paid]
        caps = [1 / dec(c) if c else INF for c in np.vstack([pulled, 0 * Q[:, :1].T]).max(axis=0)]
        rows = [(dec(a), root(b), c) for a, b, c in zip(*self.sums(Q), caps, strict=True)]
        if not self.joint:
            gains = ((a - dec(e) * b, c) for (a, b, c), e in zip(rows, self.eps, strict=True))
            return sum((g * c for g, c in gains if g > 0), Decimal(0))
        e, best = dec(self.eps[0]), Decimal(0)
        plain = sum((a * c for a, b, c in rows if a > 0 and not e * b), Decimal(0))
        rows = [row for row in rows if row[0] > 0 and e * row[1]]
        rows.sort(key=lambda row: e * row[1] ** 2 * row[2] / row[0])
        for k in range(1, len(rows) + 1):  # the first k at their caps, the others as is best
            rest = 1 - sum(((a / (e * b)) ** 2 for a, b, _ in rows[k:]), Decimal(0))
            capped = root(sum(((b * c) ** 2 for _, b, c in rows[:k]), Decimal(0)))
            if rest > 0 and capped < INF:
                far = capped / root(rest)
                s = [min(c, a * far / (e * b * b)) for a, b, c in rows]
                price = root(sum((b * t) ** 2 for (_, b, _), t in zip(rows, s, strict=True)))
                gain = sum(a * t for (a, _, _), t in zip(rows, s, strict=True))
                best = max(best, gain - e * price)
        return best + plain

    def ray(self, Q):
        """Is there a sum of rows with X q = 0 to rounding, and <q, t> > epsilon |q_Omega|?"""
        X, Q = self.case.X, np.where(self.case.Omega, Q, np.minimum(Q, 0))
        off, terms = times(X, Q.T).astype(float), np.abs(X) @ np.abs(Q.T)
        flat = (np.abs(off) <= NULL * Q.shape[1] * terms).all(axis=0)
        rows = [(a, b) for a, b in zip(*self.sums(rational(Q)), strict=True)]
        if not self.joint:
            rows = zip(flat, rows, self.eps, strict=True)
            return any(ok and a > 0 and a * a > e * e * b for ok, (a, b), e in rows)
        rows = [row for ok, row in zip(flat, rows, strict=True) if ok and row[0] > 0]
        return not all(b for _, b in rows) or sum(a * a / b for a, b in rows) > self.eps[0] ** 2


def judge(case, answer, points=(), duals=()):
    """What is wrong with an answer; points (W,) are those that peers found."""
    layer, proof = Layer(case), answer.report.certificate
    status, W, Q = answer.report.run.status.name, answer.W, answer.dual
    found = whole((W, Q), proof, status == "INFEASIBLE")
    if status == "INFEASIBLE":
        if Q is None or not layer.ray(Q):
            found += false_by(1, "the ray of INFEASIBLE is none, beyond rounding")
        if any(layer.feasible(A, rounded=True) for A in (case.W, *(A for (A,) in points))):
            found.append(("false infeasible", 1.0, "a feasible W is known"))
    if found:
        return found
    values = [layer.upper(W), *(layer.upper(*point) for point in points)]
    values += [] if layer.inner is None else [layer.cost(layer.inner)]
    found += contradicted(proof, values, [])
    if math.isfinite(proof.upper):
        off, violation = apart(layer.cost(W), Decimal(proof.upper)), layer.violation(W)
        if off > ROUNDING:
            found += false_by(off, "upper is not |W|_1")
        if violation > FEASIBILITY:
            found += false_by(violation, "upper is finite, and the violation above 1e-6")
    if status == "SOLVED":
        bound = None if Q is None else layer.lower(Q)
        found += unsupported(proof, Decimal(proof.upper), bound, TOL)
    return found
