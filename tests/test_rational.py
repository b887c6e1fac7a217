"""The bounds of BranchHull in rational arithmetic: lower <= a bound <= a feasible value <= upper.

Every float is a rational number, so B, C, y, the answer and the dual are taken as they are. Square
roots are bracketed by integers. Nothing here uses a formula of the kit's code.
"""

from fractions import Fraction
from math import isqrt

import numpy as np
import pytest
from hostile import exact

from kit import branchhull as b
from kit import rounding
from kit.branchhull import batch, tv
from kit.branchhull.variation import differences
from kit.results import Status

FINE = 10**60  # denominators of square roots: far below what a float can tell


def rational(array):
    return [[Fraction(x) for x in row] for row in np.atleast_2d(np.asarray(array, float)).tolist()]


def root_above(x):
    """A rational number >= sqrt(x), and nearer to it than 1 / FINE of it or of 1."""
    return Fraction(isqrt(x.numerator * FINE * FINE // x.denominator) + 1, FINE)


def dot(u, v):
    return sum((x * y for x, y in zip(u, v, strict=True)), Fraction(0))


def canonical(data):
    signs, y = rational(data.signs)[0], rational(data.y)[0]
    s = [(v > 0) - (v < 0) for v in y]
    Bt = [[t * x for x in row] for t, row in zip(signs, rational(data.B), strict=True)]
    Ct = [[t * u * x for x in row] for t, u, row in zip(signs, s, rational(data.C), strict=True)]
    return Bt, Ct, [abs(v) for v in y]


def value_squared(program, h, m):
    """(2 F G r)^2 for l2, (2 sqrt(F G r))^2 for l1: what the cheapest scaling of (h, m) costs."""
    Bt, Ct, d = canonical(program.data)
    h, m = rational(h)[0], rational(m)[0]
    reach = [(v, dot(p, h), dot(q, m)) for v, p, q in zip(d, Bt, Ct, strict=True) if v > 0]
    assert all(p > 0 and q > 0 for _, p, q in reach)
    r = max(v / (p * q) for v, p, q in reach)
    if program.objective == "l2":
        return 4 * dot(h, h) * dot(m, m) * r * r
    F, G = sum(map(abs, h)), Fraction(program.gamma) * sum(map(abs, m))
    return 4 * F * G * r


def feasible(data, h, m):
    Bt, Ct, d = canonical(data)
    h, m = rational(h)[0], rational(m)[0]
    pairs = [(v, dot(p, h), dot(q, m)) for v, p, q in zip(d, Bt, Ct, strict=True)]
    return all(p >= 0 and q >= 0 and p * q >= v for v, p, q in pairs)


def bound_squared(program, dual):
    """The square of the lower bound that al, be >= 0 prove, rounded up by less than 1 / FINE."""
    Bt, Ct, d = canonical(program.data)
    al, be = ([max(x, Fraction(0)) for x in row] for row in rational(dual))
    be = [x if v > 0 else Fraction(0) for x, v in zip(be, d, strict=True)]
    S = sum(root_above(x * y * v * FINE) for x, y, v in zip(al, be, d, strict=True))
    S2 = S * S / FINE
    of_h = [dot(al, column) for column in zip(*Bt, strict=True)]
    of_m = [dot(be, column) for column in zip(*Ct, strict=True)]
    if program.objective == "l2":
        return 4 * S2 * S2 / (dot(of_h, of_h) * dot(of_m, of_m))
    return 4 * S2 / (max(map(abs, of_h)) * max(map(abs, of_m)) / Fraction(program.gamma))


def programs(count, seed):
    """Small programs: ordinary, whole numbers, columns and rows of very unequal size."""
    rng = np.random.default_rng(seed)
    for k in range(count):
        K, N = rng.integers(1, 4, 2)
        L = int(rng.integers(2, 9))
        B, C = rng.standard_normal((L, K)), rng.standard_normal((L, N))
        if k % 4 == 1:
            B, C = rng.integers(-3, 4, (L, K)), rng.integers(-3, 4, (L, N))
        if k % 4 == 2:
            B, C = B * 10.0 ** rng.uniform(-3, 3, K), C * 10.0 ** rng.uniform(-3, 3, (L, 1))
        h, m = rng.standard_normal(K), rng.standard_normal(N)
        w = B @ h
        y = w * (C @ m) * (1 + (k % 3) * 0.1 * rng.uniform(-1, 1, L))
        data = b.Bilinear(B, C, y, np.where(w < 0, -1, 1))
        options = {"gamma": float(rng.uniform(0.1, 10))} if k % 2 else {}
        yield b.BranchHull(data, "l1" if k % 2 else "l2", **options)


def lies(count, seed):
    """How many of the certified programs have a bound on the wrong side of the exact one."""
    wrong = seen = 0
    for program in programs(count, seed):
        answer = b.solve(program)
        proof = answer.report.certificate
        if answer.report.run.status is not Status.SOLVED or proof.upper == 0:
            continue
        seen += 1
        if (program.data.y == 0).any():  # there p >= 0 is asked up to rounding only
            wrong += proof.lower > proof.upper
            continue
        value, bound = (
            value_squared(program, answer.h, answer.m),
            bound_squared(program, answer.dual),
        )
        lower, upper = Fraction(proof.lower), Fraction(proof.upper)
        wrong += not (lower * lower <= bound and value <= upper * upper and lower <= upper)
    assert seen > 0.5 * count
    return wrong


def test_bounds_hold_as_rational_numbers():
    assert lies(160, seed=0) == 0


@pytest.mark.slow
def test_many_bounds_hold_as_rational_numbers():
    assert lies(3000, seed=1) == 0


def test_without_the_error_bounds_some_do_not(monkeypatch):
    monkeypatch.setattr(rounding, "growth", lambda n: 0.0)
    assert lies(60, seed=0) > 0


def batch_lies():
    """How many bounds of a batch of guesses are on the wrong side of the exact one."""
    drawn = [b.gaussian(np.random.default_rng([9, k]), 20, 2, 2)[0] for k in range(40)]
    stacks = [np.stack([getattr(data, name) for data in drawn]) for name in ("B", "C", "y")]
    found = b.solve_batch(*stacks, np.stack([data.signs for data in drawn]))
    assert found.guessed.sum() > 30
    wrong = 0
    for k in np.flatnonzero(found.guessed):
        program, h, m = b.BranchHull(drawn[k]), found.h[k], found.m[k]
        size = dot(rational(h)[0], rational(h)[0]) + dot(rational(m)[0], rational(m)[0])
        bound = bound_squared(program, found.dual[k])
        lower, upper = Fraction(found.lower[k]), Fraction(found.upper[k])
        wrong += not (feasible(program.data, h, m) and lower * lower <= bound and size <= upper)
    return wrong


def test_bounds_of_a_batch_hold_as_rational_numbers(monkeypatch):
    assert batch_lies() == 0
    monkeypatch.setattr(batch, "growth", lambda n: 0.0)
    monkeypatch.setattr(batch, "up", lambda n: 1.0)
    assert batch_lies() > 0


def test_sharper_products_are_within_their_bounds_of_the_exact_ones():
    rng = np.random.default_rng(0)
    for n in (1, 7, 200):
        A = rng.standard_normal((20, n)) * 10.0 ** rng.integers(-6, 6, (20, 1))
        x = rng.standard_normal(n) * 10.0 ** rng.integers(-3, 3, n)
        true = [dot(row, rational(x)[0]) for row in rational(A)]
        for v, e in (rounding.sharp(A, x), rounding.times(A, x, np.linalg.norm(A, axis=1) * 1.01)):
            assert all(
                abs(Fraction(a) - t) <= Fraction(width)
                for a, t, width in zip(v.tolist(), true, e.tolist(), strict=True)
            )
        assert all(a == float(t) for a, t in zip(rounding.exact(A, x).tolist(), true, strict=True))
        v, e = rounding.sharp(A, x)
        assert (
            e <= 1e-12 * np.abs(A) @ np.abs(x) * np.maximum(1, n / 7)
        ).all()  # and they are narrow


@pytest.mark.parametrize("order", [2, np.inf])
def test_sums_over_rows_that_cancel_are_below_their_bound(order):
    rng, root = np.random.default_rng(1), {2: 2, np.inf: 1}[order]
    for k in range(40):
        v, A = rng.random(300), rng.standard_normal((300, 4)) * 10.0 ** rng.integers(-2, 2, 4)
        A -= np.outer(v, v @ A) / (v @ v)  # what is left of A'v is mostly rounding
        v[0] += 1e-9
        size = np.linalg.norm(A, axis=1) * 1.01
        sums = [abs(dot(column, rational(v)[0])) for column in rational(A.T)]
        true = sum(s**2 for s in sums) if order == 2 else max(sums)
        for wide in 10.0 ** np.arange(-14, 0):  # by row norms, by column norms, by parts
            bound = Fraction(rounding.pulled(A, v, size, np.ones(4), order, wide)[1])
            assert bound**root >= true, (k, wide)


# Inputs on which a certificate once lied, and what is right


def solve(B, C, y, signs, *arguments, **options):
    return b.solve(b.BranchHull(b.Bilinear(B, C, y, signs), *arguments, **options))


def test_an_image_with_columns_of_very_unequal_size():
    answer = solve(
        np.diag([1e6, 1e-6]),
        [[1.0], [5.0]],
        [1.0, 1.0],
        [1, 1],
        "tv",
        mu=0.1,
        lam=1.0,
        shape=(1, 2),
    )
    proof = answer.report.certificate
    assert answer.report.run.status is Status.SOLVED
    assert proof.lower <= np.sqrt(0.8) <= proof.upper  # 0.894, by hand


def test_a_column_of_tiny_numbers_counts_as_it_is():
    rows, y = [[1e6, 1e-6], [-1e6, 1e-6]], [1.0, 1.0]
    answer = solve(rows, [[1.0], [1.0]], y, [1, 1])
    assert answer.report.run.status is Status.SOLVED  # h = (0, 1e6) is feasible
    assert answer.report.certificate.upper == pytest.approx(2e6)
    image = solve(np.eye(2), [[1.0], [1.0]], y, [1, 1], "tv", mu=1e13, shape=(1, 2))
    assert image.report.run.status is Status.SOLVED
    assert solve([[1.0, 1], [-1.0, -1]], [[1.0], [1.0]], y, [1, 1]).report.run.status is (
        Status.INFEASIBLE
    )


@pytest.mark.parametrize("unit", [1e-200, 1e-100, 1e100, 1e200])
@pytest.mark.parametrize("objective", ["l2", "l1"])
def test_units_of_B_and_y(unit, objective):
    data, _ = b.gaussian(np.random.default_rng(0), 40, 4, 4)
    plain = solve(data.B, data.C, data.y, data.signs, objective).report.certificate.upper
    power = 1.0 if objective == "l2" else 0.5
    for B, y, factor in (
        (data.B * unit, data.y, unit**-power),
        (data.B, data.y * unit, unit**power),
    ):
        answer = solve(B, data.C, y, data.signs, objective)
        assert answer.report.run.status is Status.SOLVED
        assert answer.report.certificate.upper == pytest.approx(plain * factor, rel=2e-8)


@pytest.mark.parametrize("objective", ["l2", "l1"])
def test_columns_in_units_of_their_own(objective):
    data, _ = b.gaussian(np.random.default_rng(1), 60, 6, 6)
    B = data.B * 10.0 ** np.linspace(-4, 4, 6)
    answer = solve(B, data.C, data.y, data.signs, objective)
    assert answer.report.run.status is Status.SOLVED
    if objective == "l2":
        assert answer.report.certificate.upper == pytest.approx(27833.1, rel=1e-5)


def test_a_free_weight_only_changes_units():
    data, _ = b.gaussian(np.random.default_rng(2), 40, 4, 4, noise=0.1)
    for gamma in (1e-15, 1.0, 1e15):
        answer = solve(data.B, data.C, data.y, data.signs, "l1", gamma=gamma)
        assert answer.report.run.status is Status.SOLVED
        if gamma == 1:
            plain = answer.report.certificate.upper
    assert answer.report.certificate.upper == pytest.approx(plain * np.sqrt(1e15), rel=2e-8)


def test_a_duplicated_column_and_random_products_are_infeasible():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        B, C = rng.standard_normal((120, 3)), rng.standard_normal((120, 30))
        C[:, 1] = C[:, 0]
        w = B @ rng.standard_normal(3)
        answer = solve(B, C, rng.standard_normal(120), np.sign(w))
        assert answer.report.run.status is Status.INFEASIBLE


def test_rows_with_zeros_that_leave_no_interior():
    B = np.array([[1, 1], [1, -0.3], [-1, 0.3]])
    assert solve(B, np.ones((3, 2)), [1.0, 0, 0], [1, 1, 1]).report.run.status is Status.SOLVED


def nearest(A, e):
    """A (A'A)^-1 e, exactly: the smallest v with A'v = e."""
    return A @ exact.solve(A.T @ A, e)


@pytest.mark.parametrize("near", [1.0, 1e-4, 1e-8])
def test_duals_of_images_are_moved_onto_their_equations_as_far_as_is_said(near):
    """B'(D'w + t r) = B't al, where w alone has to hold it (mu = 0) and where r may help."""
    rng, shape = np.random.default_rng(round(-np.log10(near))), (4, 3)
    for unit in (1.0, 3.0, 1e-3):
        B = (rng.standard_normal((12, 1)) + near * rng.standard_normal((12, 4))) * [unit, 1, 1, 1]
        s, t = rng.standard_normal(12), rng.choice([-1.0, 1.0], 12)
        R = exact.rational(B)
        DR = np.array([differences(column, shape) for column in R.T]).T
        v, off = tv._onto_equation(differences(B, shape), B, s, 0 * s)
        moved = nearest(DR, R.T @ exact.rational(s) - DR.T @ exact.rational(v))
        assert max(abs(moved)) <= off < 1e-13 / near * np.abs(v).max()
        r, width = tv._onto_range(B, s, t, t, np.abs(s))
        moved = nearest(R, R.T @ (exact.rational(s) + exact.rational(t) * exact.rational(r)))
        assert all(abs(moved) <= exact.rational(width)) and width.max() < 1e-11
