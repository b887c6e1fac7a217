"""The figures of the toolbox: hull, bound and splitting against independent computations."""

from itertools import islice

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from kit.course.figures import toolbox


@pytest.mark.parametrize("points", [3, 9, 40])
@pytest.mark.parametrize("direction", [0.0, 35.0, 200.0])
def test_a_linear_function_does_not_see_the_hull(points, direction):
    _, facts = toolbox.hull_of(points, direction)
    S, c = toolbox.POINTS[:points], np.array([np.cos(np.radians(direction)), 0])
    c[1] = np.sin(np.radians(direction))
    weights = linprog(S @ c, A_eq=np.ones((1, points)), b_eq=[1.0])  # over all averages
    assert facts["lowest on the hull"] == pytest.approx(weights.fun)
    assert facts["lowest on the set"] == pytest.approx((S @ c).min())
    assert facts["corners"] <= facts["points"] == points


def nearest(A, b):
    constraint = {"type": "ineq", "fun": lambda x: A @ x - b}
    return minimize(lambda x: x @ x, np.ones(2), constraints=[constraint], tol=1e-12).fun


@pytest.mark.parametrize("angle", [0.0, 20.0, 100.0, 160.0])
@pytest.mark.parametrize("rho", [0.3, 1.0, 5.0])
def test_every_iterate_is_a_proof_from_both_sides_and_they_meet(angle, rho):
    A, b = toolbox.plane_program(angle)
    optimum = nearest(A, b)
    path = list(islice(toolbox.split(A, b, rho), 2000))
    assert all(s.lower <= optimum + 1e-6 and s.upper >= optimum - 1e-6 for s in path)
    assert path[-1].upper - path[-1].lower < 1e-5 * optimum
    _, facts = toolbox.closing(60, rho, angle)
    assert facts["optimum at least"] - 1e-6 <= optimum <= facts["optimum at most"] + 1e-6


def test_any_weights_bound_and_any_point_is_judged_after_repair():
    A, b = toolbox.plane_program(100.0)
    optimum, rng = nearest(A, b), np.random.default_rng(0)
    bounds = [toolbox.bound(A, b, lam) for lam in rng.exponential(1, (200, 2))]
    assert max(bounds) <= optimum + 1e-9 and max(bounds) > 0.9 * optimum
    values = [toolbox.value(A, b, x) for x in rng.standard_normal((200, 2))]
    assert min(values) >= optimum - 1e-9 and np.inf in values
    assert toolbox.bound(A, b, np.array([3.4, -1.0])) != pytest.approx(optimum)


def test_the_map_of_weights_has_the_optimum_as_its_highest_level():
    _, facts = toolbox.bounds_over_weights(100.0)
    assert facts["highest bound"] == pytest.approx(nearest(*toolbox.plane_program(100.0)), rel=1e-3)
    with pytest.raises(ValueError, match="steps must be at most 60"):
        toolbox.closing(steps=61)
