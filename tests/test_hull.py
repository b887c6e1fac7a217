"""One hull: the laws of a projection, and agreement with two other ways to compute it."""

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.branchhull import hull

coordinate = st.floats(-1e3, 1e3)
# below 1e-290 the coordinates of a point on the branch can be subnormal, and lose digits by that
size = st.just(0.0) | st.floats(1e-290, 1e3)


def random_points(n, seed=0):
    rng = np.random.default_rng(seed)
    return *rng.normal(0, 3, (2, n)), rng.exponential(1, n)


def distance(p, q, u, v):
    return np.hypot(u - p, v - q)


@given(coordinate, coordinate, size)
def test_projection_lands_in_the_hull_and_stays(p, q, d):
    u, v = hull.project(p, q, d)
    assert hull.violation(u, v, d) == 0
    assert u * v >= d * (1 - 1e-12)
    again = hull.project(u, v, d)
    assert np.array_equal(again[0], u) and np.array_equal(again[1], v)


@given(coordinate, coordinate, coordinate, coordinate, size)
def test_projection_is_non_expansive(p, q, p2, q2, d):
    before = distance(p, q, p2, q2)
    after = distance(*hull.project(p, q, d), *hull.project(p2, q2, d))
    assert after <= before * (1 + 1e-9) + 1e-9


@given(coordinate, coordinate, st.floats(1e-6, 1e3), st.floats(1e-6, 1e3))
def test_no_point_of_the_hull_is_nearer(p, q, d, u):
    nearest = distance(p, q, *hull.project(p, q, d))
    assert nearest <= distance(p, q, u, d / u) * (1 + 1e-9) + 1e-9


def test_points_inside_come_back_unchanged():
    p, q, d = random_points(1000)
    inside = (p > 0) & (q > 0) & (p * q >= d)
    assert inside.sum() > 50
    u, v = hull.project(p, q, d)
    assert np.array_equal(u[inside], p[inside]) and np.array_equal(v[inside], q[inside])


def test_projection_solves_the_quartic_of_the_published_code():
    # w^4 - w' w^3 + y x' w - y^2 = 0 with w = u, w' = p, x' = q, y = d
    p, q, d = random_points(10_000, seed=1)
    u, v = hull.project(p, q, d)
    outside = hull.violation(p, q, d) > 0
    p, q, d, u, v = (a[outside] for a in (p, q, d, u, v))
    assert outside.sum() > 5000
    residual = u**4 - p * u**3 + d * q * u - d**2
    scale = u**4 + np.abs(p * u**3) + np.abs(d * q * u) + d**2
    assert np.max(np.abs(residual) / scale) < 1e-13
    assert np.max(np.abs(u * v / d - 1)) < 1e-15


def test_slack_projection_solves_its_quartic_and_splits_the_step():
    # 2 w^4 - 2 w' w^3 + y (x' + xi') w - y^2 = 0
    p, q, d = random_points(10_000, seed=2)
    xi = np.random.default_rng(3).normal(0, 3, p.size)
    u, v, z = hull.project_with_slack(p, q, xi, d)
    outside = hull.violation(p, q + xi, d) > 0
    assert np.allclose(v - q, z - xi, atol=1e-12)
    assert np.allclose(np.r_[u - p, v - q, z - xi][np.tile(~outside, 3)], 0, atol=1e-12)
    p, q, xi, d, u = (a[outside] for a in (p, q, xi, d, u))
    residual = 2 * u**4 - 2 * p * u**3 + d * (q + xi) * u - d**2
    scale = 2 * u**4 + np.abs(2 * p * u**3) + np.abs(d * (q + xi) * u) + d**2
    assert np.max(np.abs(residual) / scale) < 1e-13


def test_projection_agrees_with_a_conic_solver():
    p, q, d = random_points(200, seed=4)
    u, v = cp.Variable(200), cp.Variable(200)
    cone = cp.SOC(u + v, cp.vstack([u - v, 2 * np.sqrt(d)]), axis=0)
    cp.Problem(cp.Minimize(cp.sum_squares(u - p) + cp.sum_squares(v - q)), [cone]).solve(
        solver=cp.CLARABEL
    )
    ours = np.array(hull.project(p, q, d))
    assert np.max(np.abs(ours - [u.value, v.value])) < 1e-3  # Clarabel's accuracy in the points
    # a conic solver's point may be infeasible by its tolerance; ours is never farther away
    theirs = distance(p, q, u.value, v.value)
    assert np.all(distance(p, q, *ours) <= theirs + 1e-8)


@pytest.mark.parametrize(
    ("p", "q", "d", "expected"),
    [
        (0, 0, 4, (2, 2)),  # the vertex
        (-3, -3, 1, (1, 1)),  # on the axis of symmetry, wrong quadrant
        (3, 2, 1, (3, 2)),  # inside
        (-1, 2, 0, (0, 2)),  # d = 0: the quadrant
        (-1e8, -1e8, 1e-20, (1e-10, 1e-10)),
        (1e8, -1e8, 1e-12, (1e8, 1e-20)),
    ],
)
def test_known_projections(p, q, d, expected):
    assert np.allclose(hull.project(p, q, d), expected, rtol=1e-7, atol=0)


@settings(max_examples=30)
@given(st.floats(0, 10), st.floats(0, 10), size)
def test_the_support_function_is_twice_the_root(al, be, d):
    p = np.geomspace(1e-6, 1e6, 2001)
    values = al * p + be * d / p
    assert values.min() >= 2 * np.sqrt(al * be * d) * (1 - 1e-12)


def test_violation_says_no():
    assert hull.violation(1, 1, 4) == 1
    assert hull.violation(-2, 5, 0) == 2
    assert hull.violation(2, 2, 4) == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((np.nan, 1, 1), "p must be finite"),
        ((1, np.inf, 1), "q must be finite"),
        ((1, 1, -1), "d must be >= 0"),
        ((1j, 1, 1), "p must be real"),
        (("a", 1, 1), "p must hold numbers"),
        ((np.ones(3), np.ones(2), 1), "p, q and d must fit"),
        (([], [], []), "p must not be empty"),
    ],
)
def test_bad_input_is_told_in_one_sentence(arguments, word):
    with pytest.raises(ValueError, match=word):
        hull.project(*arguments)
    with pytest.raises(ValueError, match=word):
        hull.violation(*arguments)


def test_integers_and_float32_are_converted():
    for kind in (int, np.float32):
        u, v = hull.project(*np.array([[-1, 2], [1, 3], [1, 1]], dtype=kind))
        assert u.dtype == v.dtype == float
