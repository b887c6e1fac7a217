"""Net-Trim's bounds hold in exact arithmetic: checked with fractions on small layers."""

from fractions import Fraction
from math import isqrt

import numpy as np
import pytest

from kit.nettrim import NetTrim, certificate, certify, rounding, solve
from kit.results import Status

DIGITS = 10**60


def root(square, up):
    """A fraction next to sqrt(square), above or below."""
    scaled = square.numerator * DIGITS * DIGITS // square.denominator
    return Fraction(isqrt(scaled) + (1 if up else 0), DIGITS)


def exact(array):
    return [[Fraction(float(v)) for v in row] for row in np.atleast_2d(array)]


class Exactly:
    """All quantities of one layer and one (W, Q) as fractions; square roots as brackets."""

    def __init__(self, problem, W, Q):
        N, M, P = self.shape = problem.shape
        self.problem, self.paid = problem, problem.paid
        self.X, self.Y, self.V = exact(problem.X), exact(problem.Y), exact(problem.V)
        self.epsilon = [Fraction(float(e)) for e in np.broadcast_to(problem.epsilon, M)]
        self.W, self.Q = exact(W), exact(np.where(problem.Omega, Q, np.minimum(Q, 0)))
        self.Z = [
            [sum(self.W[n][m] * self.X[n][p] for n in range(N)) for p in range(P)] for m in range(M)
        ]
        self.value = sum(abs(self.W[n][m]) for n in range(self.paid) for m in range(M))

    def square(self, m):
        on = self.problem.Omega[m]
        return sum((z - y) ** 2 for z, y, o in zip(self.Z[m], self.Y[m], on, strict=True) if o)

    def feasible(self):
        squares, on = [self.square(m) for m in range(self.shape[1])], self.problem.Omega
        if self.problem.joint:
            squares = [sum(squares)]
        fits = all(s <= e * e for s, e in zip(squares, self.epsilon, strict=False))
        return fits and all(
            self.Z[m][p] <= self.V[m][p] for m, p in zip(*np.nonzero(~on), strict=True)
        )

    def dual_bound(self, relaxed):
        """(a - epsilon b)_+ / c for one neuron, from above: no lower bound from Q may exceed it."""
        on, q = self.problem.Omega[0], self.Q[0]
        epsilon, V = self.epsilon[0], self.V[0]
        if relaxed:
            epsilon = max(epsilon, root(self.square(0), True))
            V = [max(v, z) for v, z in zip(V, self.Z[0], strict=True)]
        a = sum(k * (y if o else v) for k, y, v, o in zip(q, self.Y[0], V, on, strict=True))
        b = root(sum(k * k for k, o in zip(q, on, strict=True) if o), False)
        c = max(abs(sum(x * k for x, k in zip(row, q, strict=True))) for row in self.X[: self.paid])
        gain = max(a - epsilon * b, Fraction(0))
        return gain / c if c else (Fraction(0) if gain == 0 else None)


def drawn(seed, M=1, free=False):
    """A layer of N <= 3, P <= 6, in odd units, with a near optimal (W, Q) or a random one."""
    rng = np.random.default_rng([3, seed])
    N, P = int(rng.integers(1 + free, 4)), int(rng.integers(1, 7))
    X = rng.standard_normal((N, P)) if seed % 3 else rng.integers(-2, 3, (N, P)).astype(float)
    X *= 10.0 ** rng.uniform(-6, 6, (N, 1)) if seed % 5 == 1 else 10.0 ** rng.uniform(-2, 2)
    if seed % 7 == 2:
        X[:, 0] *= 1e6
    if free:
        X[-1] = (rng.random(P) < 0.7) if seed % 2 else 1
    Y = np.maximum(rng.standard_normal((N, M)).T @ X, 0)
    if seed % 4 == 3:
        Y = np.maximum(rng.standard_normal((M, P)), 0)
    epsilon = float(rng.choice([0, 0.01, 0.3])) * np.linalg.norm(Y, axis=1)
    if M > 1 and seed % 2:
        epsilon = float(np.linalg.norm(epsilon))
    V = rng.choice([0, 0.1, -0.1]) * np.abs(rng.standard_normal(Y.shape)) * Y.max()
    return NetTrim(X, Y, epsilon, V=V, penalise_bias=not free), rng


def candidates(problem, rng):
    """(W, Q): the answer, the answer with noise, and anything."""
    answer = solve(problem, "exact")
    yield answer.W, answer.dual
    noise = 10.0 ** rng.uniform(-16, 0)
    yield (
        answer.W * (1 + noise * rng.standard_normal(answer.W.shape)),
        answer.dual * (1 + noise * rng.standard_normal(answer.dual.shape)),
    )
    W = np.linalg.lstsq(problem.X.T, problem.Y.T, rcond=None)[0]
    yield W, rng.standard_normal(problem.Y.shape) + problem.Y


def wrong(seeds):
    """How often a bound is on the wrong side of the exact one."""
    count = 0
    for seed in seeds:
        problem, rng = drawn(seed)
        for W, Q in candidates(problem, rng):
            found, true = certify(problem, W, Q), Exactly(problem, W, Q)
            feasible = found.violation <= 1e-6
            bound = true.dual_bound(relaxed=feasible)
            count += found.violation == 0 and not true.feasible()
            count += np.isfinite(found.upper) and Fraction(found.upper) < true.value
            if np.isfinite(found.lower) and bound is not None:
                count += Fraction(found.lower) > bound
    return count


@pytest.fixture
def plain(monkeypatch):
    """Of Q itself, not of the Q + dQ that serves cheap inputs: what can be compared exactly."""
    monkeypatch.setattr(certificate.Terms, "_sharpen", lambda *_: None)


@pytest.mark.usefixtures("plain")
def test_bounds_are_on_their_side_of_the_exact_ones():
    assert wrong(range(120)) == 0


@pytest.mark.slow
@pytest.mark.usefixtures("plain")
def test_thousands_of_bounds_are_on_their_side():
    assert wrong(range(1000, 2500)) == 0


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("unit", [0.0, -(2.0**-53)])
def test_without_the_bound_of_rounding_they_are_not(monkeypatch, unit):
    for module in (certificate, rounding):
        monkeypatch.setattr(module, "U", unit)
        monkeypatch.setattr(module, "TINY", 0.0)
    assert wrong(range(30)) > 10


@pytest.mark.parametrize("M, free", [(2, False), (1, True), (2, True)])
def test_lower_is_below_every_feasible_point(M, free):
    """Of several neurons, one ball and balls of their own, and a free row, also with holes.

    A point that is feasible as a rational is made from the answer for a ball that is a little
    smaller, and the answer's bound may not exceed its value; the two are within 1e-9.
    """
    points = near = 0
    for seed in range(70):
        problem, _ = drawn(seed, M, free)
        answer = solve(problem, "exact")
        found = answer.report.certificate
        if answer.report.run.status is Status.INFEASIBLE:
            continue
        assert found.lower <= found.upper
        if not np.max(problem.epsilon) > 0:
            continue
        inner = NetTrim(
            problem.X,
            problem.Y,
            problem.epsilon * (1 - 1e-11),
            V=problem.V - 1e-11 * problem.Y.max(),
            Omega=problem.Omega,
            penalise_bias=problem.penalise_bias,
        )
        W = solve(inner, "exact").W
        true = Exactly(problem, W, np.zeros(problem.Y.shape))
        if true.feasible():
            points += 1
            assert Fraction(found.lower) <= true.value, seed
            near += true.value - Fraction(found.lower) <= Fraction(1, 10**7) * true.value
    assert points > 15 and near > 0.9 * points


def test_one_input_has_an_optimum_in_closed_form():
    """min |u| s.t. |u x - y| <= epsilon: for x = (3, 4), y = k x it is k - epsilon / 5, exactly."""
    for seed in range(100):
        rng = np.random.default_rng([9, seed])
        scale = 2.0 ** rng.integers(-300, 300)
        k, epsilon = Fraction(float(rng.integers(1, 2**20))), float(rng.random())
        problem = NetTrim([[3.0, 4.0]], scale * float(k) * np.array([[3.0, 4.0]]), scale * epsilon)
        found = solve(problem, "exact").report.certificate
        optimum = (k - Fraction(epsilon) / 5) * Fraction(scale)
        assert Fraction(found.lower) <= optimum and found.gap < 1e-9, seed
        if found.violation == 0:
            assert optimum <= Fraction(found.upper)


def test_a_free_bias_pays_for_what_rounding_leaves():
    """Of the dual with all entries equal only rounding is left beside the free row."""
    X, Y = [[1.0, 2, 4], [1, 1, 1]], np.full((1, 3), 5.0)
    problem = NetTrim(X, Y, 0.1, penalise_bias=False)
    found = certify(problem, np.array([[0.0], [5.0]]), np.full((1, 3), 0.7))
    assert found.lower == found.upper == found.gap == 0
    for seed in range(300):  # any dual, and a W whose value is 0
        q = np.random.default_rng(seed).standard_normal((1, 3))
        assert certify(problem, np.array([[0.0], [5.0]]), q).lower == 0


def test_a_ray_is_a_ray_in_each_row_and_not_in_the_largest():
    """X q = (0, 2e-6): nothing beside the first row's terms, but all of the second's."""
    X = np.array([[1e6, -1e6], [1e-6, 1e-6]])
    problem = NetTrim(X, np.ones((1, 2)), 0.1)
    found = certify(problem, np.zeros((2, 1)), np.ones((1, 2)))
    assert np.isfinite(found.lower)
    answer = solve(problem)
    assert answer.report.run.status is Status.SOLVED
    assert Exactly(problem, answer.W, answer.dual).value >= Fraction(
        answer.report.certificate.lower
    )
    truly = NetTrim(np.array([[1e6, -1e6], [1e-6, -1e-6]]), np.ones((1, 2)), 0.1)
    assert solve(truly).report.run.status is Status.INFEASIBLE


@pytest.mark.parametrize("x, y", [(1e200, 1.0), (1.0, 1e200), (1e-200, 1e100), (1e-150, 1e-290)])
def test_far_units(x, y):
    """X or Y times 1e200: the same answer, a gap >= 0, no NaN, no warning."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4, 20))
    Y = np.maximum(rng.standard_normal((2, 4)) @ X, 0)
    plain = solve(NetTrim(X, Y, 0.1 * np.linalg.norm(Y)), "exact").report.certificate
    answer = solve(NetTrim(x * X, y * Y, y * 0.1 * np.linalg.norm(Y)), "exact")
    found = answer.report.certificate
    assert answer.report.run.status is Status.SOLVED and 0 <= found.gap < 1e-9
    assert found.violation < 1e-9
    assert found.upper / y * x == pytest.approx(plain.upper, rel=1e-9)
