"""How fast the ADMM ends: the rate that its Jacobian predicts is the one measured."""

from itertools import islice

import numpy as np
import pytest

from kit import branchhull
from kit.branchhull import BranchHull
from kit.branchhull.methods.admm import admm
from kit.experiments.rates import local_rate, measured_rate, steps_of_admm


def small(noise):
    return BranchHull(branchhull.gaussian(np.random.default_rng(3), 40, 5, 5, noise=noise)[0])


@pytest.mark.parametrize(("noise", "rho"), [(0.0, 2.0), (0.0, 6.0), (0.05, 20.0), (0.2, 20.0)])
def test_the_rate_is_that_of_the_iteration(noise, rho):
    problem = small(noise)
    steps = steps_of_admm(problem, 1500, rho)
    end = int(np.argmax(steps < 1e-10)) or steps.size
    if noise:
        answer = branchhull.solve(problem, "interior", tol=1e-12)
    else:  # of many duals its own
        *_, answer = islice(admm(problem, rho=rho), 800)
    predicted = local_rate(problem, answer.h, answer.m, answer.dual, rho)
    assert measured_rate(steps, end // 2, end) == pytest.approx(predicted, abs=4e-3)
    assert abs(local_rate(problem, answer.h, answer.m, answer.dual, 5 * rho) - predicted) > 4e-3


def test_the_rate_does_not_depend_on_units():
    problem = small(0.05)
    data = problem.data
    rows = np.geomspace(0.1, 10, 40)
    other = BranchHull(
        branchhull.Bilinear(data.B * rows[:, None], 100 * data.C, 100 * data.y * rows, data.signs)
    )
    rates = []
    for one in (problem, other):
        answer = branchhull.solve(one, "interior", tol=1e-12)
        rates.append(local_rate(one, answer.h, answer.m, answer.dual, 20.0))
    assert rates[0] == pytest.approx(rates[1], abs=1e-6)
