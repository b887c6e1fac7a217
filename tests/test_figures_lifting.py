"""The figures of the misfit and of lifting: facts recomputed by other means."""

import numpy as np
import pytest

from kit import branchhull
from kit.course.figures import lifting


def test_misfit_is_the_best_over_all_lengths():
    data, truth = lifting.angle_instance(5, 1)
    rng = np.random.default_rng(0)
    for a, b in rng.uniform(0, 180, (20, 2)):
        h, m = (np.array([np.cos(t), np.sin(t)]) for t in np.radians([a, b]))
        product = (data.B @ h) * (data.C @ m)
        scale = np.linalg.lstsq(product[:, None], data.y, rcond=None)[0][0]
        rest = np.sum((data.y - scale * product) ** 2) / np.sum(data.y**2)
        assert lifting.misfit(data, np.array(a), np.array(b)) == pytest.approx(rest)
    angles = [np.degrees(np.arctan2(*v[::-1])) for v in (truth.h, truth.m)]
    assert lifting.misfit(data, *map(np.array, angles)) == pytest.approx(0, abs=1e-12)


def test_a_walk_goes_down_and_ends_flat():
    data, _ = lifting.angle_instance()
    path = lifting.walk(data, 90, 130)
    assert np.all(np.diff(path[:, 2]) <= 1e-12)
    a, b, end = path[-1]
    assert lifting.misfit(data, np.array(a), np.array(b)) == pytest.approx(end, rel=1e-3)
    near = lifting.misfit(data, a + np.array([-2, 0, 2, 0]), b + np.array([0, -2, 0, 2]))
    assert end > 1e-3 and np.all(near > end), "the default start is caught in a local minimum"


@pytest.mark.parametrize(("L", "seed", "minima"), [(6, 3, 2), (10, 0, 1), (20, 1, 1)])
def test_landscape_counts_minima_and_says_where_it_ended(L, seed, minima):
    _, facts = lifting.landscape(L, seed)
    assert facts["local minima of the map"] == minima
    assert facts["reached the truth"] == (facts["misfit at the end"] < 1e-6)
    good, of = lifting.starts_that_arrive(lifting.angle_instance(L, seed)[0], 60)
    assert of == 9 and (good == of if minima == 1 else 0 < good < of)


def test_phase_states_where_each_curve_crosses_one_half():
    L = np.array([10, 20, 30])
    shares = {"a": np.array([0.1, 0.5, 1.0]), "b": np.array([0.0, 0.1, 0.2])}
    _, facts = lifting.phase(L, shares, np.array([0.6, 0.9, 1.0]), 10)
    assert facts == {"law": 10, "a": 20, "b": None}


def test_singular_values_tell_the_rank():
    data, _ = branchhull.gaussian(np.random.default_rng(0), 30, 4, 4)
    s = branchhull.solve_lifted(data).singular_values
    _, facts = lifting.singular_values({"answer": s, "two": np.array([2.0, 1.0])})
    assert facts["answer"] < 1e-3 and facts["two"] == 0.5
