"""What a certificate claims, held against bounds that were derived again.

What is found is (kind, size, words). "strict": a bound that is false, as a rational number, by no
more than ROUNDING. "wrong": by more; or a bound of SOLVED that the returned arrays do not prove.
"""

import math
from decimal import Decimal

import numpy as np

ROUNDING = 1e-12  # relative: a false bound that is off by more is not rounding
INF = Decimal("inf")


def apart(a, b):
    """|a - b| relative to b."""
    return 0.0 if a == b else float(min(abs(a - b) / abs(b), Decimal(10**9))) if b else math.inf


def false_by(excess, words):
    """A statement that is false by `excess`."""
    return [("wrong" if excess > ROUNDING else "strict", float(excess), words)]


def whole(arrays, proof, infeasible=False):
    """No NaN, no inf where none belongs, and lower <= upper."""
    if any(v is not None and not np.isfinite(v).all() for v in arrays):
        return [("nan", 1.0, "an array holds NaN or inf")]
    if np.isnan([proof.upper, proof.lower, proof.violation]).any():
        return [("nan", 1.0, "the certificate holds NaN")]
    if proof.lower > proof.upper:
        excess = (proof.lower - proof.upper) / max(abs(proof.upper), 5e-324)
        return false_by(excess, "lower above upper")
    if proof.lower == math.inf and not infeasible:
        return false_by(1, "lower is inf, and the status is not INFEASIBLE")
    return []


def contradicted(proof, values, bounds):
    """lower above a feasible value, or upper below a proved bound (None: there is none)."""
    found, tiny = [], Decimal("1e-50")
    upper, lower = Decimal(proof.upper), Decimal(proof.lower)
    best = min((v for v in values if v is not None), default=INF)
    least = max((b for b in bounds if b is not None), default=Decimal(0))
    if lower.is_finite() and lower > best * (1 + tiny):
        found += false_by(apart(lower, best), "lower is above a feasible value")
    if upper.is_finite() and upper < least * (1 - tiny):
        found += false_by(apart(upper, least), "upper is below a proved bound")
    return found


def unsupported(proof, own, bound, tol):
    """The returned arrays miss the bounds of SOLVED by more than tol / 100.

    By less it is no finding: the kit may know a better repair of a rounded dual than the judge.
    """
    upper, lower = Decimal(proof.upper), Decimal(proof.lower)
    above = 1.0 if own is None else apart(own, upper) * (own > upper)
    below = 1.0 if bound is None else apart(bound, lower) * (bound < lower)
    words = "no feasible point near the answer has value upper", "the dual does not prove lower"
    claims = zip((above, below), words, strict=True)
    return [("wrong", e, w) for e, w in claims if e > tol / 100]
