"""Lesson 13: its figures' facts against independent computations, its two ledger entries."""

from itertools import islice

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from kit import branchhull
from kit.branchhull import BranchHull
from kit.branchhull.methods.admm import admm
from kit.course.figures import solvers
from kit.experiments.rates import local_rate, measured_rate, steps_of_admm


@pytest.mark.parametrize(
    ("p", "q", "d"), [(-2.5, 1.5, 1.0), (0.1, 0.2, 3.0), (-40, -3, 1e-3), (50, 0, 1)]
)
def test_the_equation_gives_the_nearest_point_in_a_few_steps(p, q, d):
    _, facts = solvers.equation(p, q, d)
    u, v = facts["nearest"]

    def distance(t):
        return np.hypot(np.exp(t) - p, d / np.exp(t) - q)

    best = minimize_scalar(distance, (np.log(u) - 1, np.log(u) + 1.1), tol=1e-12).fun
    assert np.hypot(u - p, v - q) == pytest.approx(best, rel=1e-12)
    assert u * v == pytest.approx(d, rel=1e-12)
    assert facts["differs from hull.project by"] <= 1e-12 * max(abs(p), abs(q))
    assert facts["steps to 6 digits"] <= facts["steps"] <= 12


def test_a_point_inside_is_told():
    with pytest.raises(ValueError, match="outside the hull"):
        solvers.equation(2.0, 2.0, 1.0)


def test_what_the_lesson_says_about_the_methods():
    _, facts = solvers.compare((0.0, 0.05))
    clean, noisy = facts[0.0], facts[0.05]
    assert clean["interior"]["to 1e-06"] <= 10 and noisy["interior"]["to 1e-06"] <= 15
    assert clean["guess"]["last gap"] < 1e-9 and noisy["guess"]["last gap"] == np.inf
    assert 30 <= clean["admm, rho = 2"]["to 1e-06"] <= 100
    assert noisy["admm, rho = 2"]["to 1e-02"] is None
    assert 100 <= noisy["admm, rho = 20"]["to 1e-02"] <= 300
    assert noisy["admm, rho = 20"]["to 1e-06"] is None
    for of_noise in (clean, noisy):  # in iterations Clarabel is as good; in digits it is not
        assert abs(of_noise["Clarabel"]["to 1e-06"] - of_noise["interior"]["to 1e-06"]) <= 4
        assert of_noise["interior"]["last gap"] < 1e-12 < of_noise["Clarabel"]["last gap"] < 1e-6


@pytest.mark.parametrize("method", solvers.RUNNERS)
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_an_iterate_is_counted_and_judged_as_it_is(method, noise):
    problem = solvers.bed(noise)
    state = list(islice(solvers.RUNNERS[method](problem), 4))[-1]
    _, facts = solvers.iterates(method, noise, 4)
    Bt, Ct, d = branchhull.canonical(problem.data)
    p, q = Bt @ state.h, Ct @ state.m
    below = (p <= 0) | (q <= 0) | (p * q < d * (1 - solvers.TOUCHES))
    assert facts["rows below the branch"] == below.sum()
    parts = [facts[f"rows {name}"] for name in ("below the branch", "that touch", "above")]
    assert sum(parts) == 160
    gap = branchhull.certify(problem, state.h, state.m, state.dual).gap
    if np.isfinite(gap):
        assert facts["proved gap"] == pytest.approx(gap, rel=0.5)
    else:
        assert facts["proved gap"] == "nothing yet"


def test_at_the_end_all_rows_touch_without_noise_and_few_with_it():
    assert solvers.iterates("guess", 0.0, 1000)[1]["rows that touch"] == 160
    facts = solvers.iterates("interior", 0.05, 1000)[1]
    assert facts["its last"] and facts["rows below the branch"] == 0
    assert 30 <= facts["rows that touch"] < 40  # fewer than unknowns
    assert facts["iteration"] < 30


def test_settings_that_were_not_run_are_told():
    for wrong in ({"method": "newton"}, {"noise": 0.03}, {"iteration": 9}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            solvers.iterates(**wrong)


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


def test_the_creeping_figure_counts_iterations_a_digit():
    _, facts = solvers.creeping({"a": (0.9 ** np.arange(300), 0.9), "b": (np.ones(50), 0.999)})
    assert facts == {"a": 22, "b": 2300}
