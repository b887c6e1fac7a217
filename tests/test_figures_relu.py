"""The figures of one ReLU neuron: their facts are those of the mathematics, recomputed here."""

import numpy as np
import pytest
from scipy.optimize import linprog

from kit import nettrim
from kit.course.figures import relu


@pytest.mark.parametrize("y", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("epsilon", [0.0, 0.5])
def test_the_intervals_of_one_sample(y, epsilon):
    _, facts = relu.bent_line(y, epsilon)
    z = np.linspace(-3, 3, 1201)
    low, high = facts["true"]
    truly = np.abs(np.maximum(z, 0) - y) <= epsilon + 1e-12
    if y == epsilon == 0:
        assert facts["true"] == facts["Net-Trim"] == (-np.inf, 0)
    assert np.array_equal(truly, (z >= low - 1e-9) & (z <= high + 1e-9))
    assert facts["Net-Trim"][0] >= low and facts["Net-Trim"][1] <= high


@pytest.mark.parametrize("angle", [15.0, 60.0, -150.0])
@pytest.mark.parametrize("epsilon", [0.0, 0.3, 0.7])
def test_the_convex_set_is_inside_the_true_one_and_equal_to_it_without_tolerance(angle, epsilon):
    X, _, y = relu.plane_neuron(12, angle)
    radius = epsilon * np.linalg.norm(y)
    true, convex = relu.true_answers(X, y, radius), relu.allowed(X, y, radius, 0 * y)
    assert np.all(true[convex >= 0] >= -1e-12)
    direct = np.linalg.norm(np.maximum(relu.grid() @ X, 0) - y, axis=-1)
    assert np.allclose(true, radius - direct)
    if epsilon:
        assert (true >= 0).sum() > (convex >= 0).sum() > 0


@pytest.mark.parametrize("angle", [15.0, 60.0, 150.0])
@pytest.mark.parametrize("samples", [3, 12, 40])
def test_neuron_states_a_certified_value_and_keeps_the_promise(samples, angle):
    _, facts = relu.neuron(samples, angle, 0.3)
    X, w, y = relu.plane_neuron(samples, angle)
    u = np.array(facts["u"])
    assert facts["|u|_1"] == pytest.approx(np.abs(u).sum(), abs=2e-4)
    assert facts["no smaller than"] <= facts["|u|_1"] <= np.abs(w).sum() + 1e-4
    assert facts["no smaller than"] == pytest.approx(facts["|u|_1"], abs=2e-4)
    error = np.linalg.norm(np.maximum(u @ X, 0) - y) / np.linalg.norm(y)
    assert facts["error / |y|"] == pytest.approx(error, abs=1e-3) and error <= 0.3 + 1e-3
    inside = relu.allowed(X, y, 0.3 * np.linalg.norm(y), 0 * y) >= 0
    assert np.abs(relu.grid()).sum(axis=-1)[inside].min() >= facts["|u|_1"] - 1e-3


def test_without_tolerance_the_answer_is_that_of_a_linear_program():
    X, _, y = relu.plane_neuron(3, 60.0)
    on = y > 0
    both = np.vstack([X, -X]).T
    lp = linprog(np.ones(4), both[~on], np.zeros((~on).sum()), both[on], y[on], method="highs")
    assert relu.neuron(3, 60.0, 0.0)[1]["|u|_1"] == pytest.approx(lp.fun, abs=1e-3)


@pytest.mark.parametrize("shift", [0.05, 0.4, 0.9])
@pytest.mark.parametrize("gamma", [1.1, 3.0])
def test_the_cascade_keeps_w_and_its_promise_and_the_positive_part_gives_room(shift, gamma):
    tight, room = (relu.moved(shift, gamma, positive)[1] for positive in (False, True))
    for facts in (tight, room):
        assert facts["w allowed on the right"]
        assert facts["error"] <= facts["promised"] + 1e-4
        assert facts["|u|_1"] <= facts["|w|_1"] + 1e-4
    assert room["|u|_1"] <= tight["|u|_1"] + 1e-4
    assert not (facts["w allowed with V = 0"] and facts["V = 0: proved empty"])


def test_an_empty_set_is_empty_by_another_program_too():
    assert relu.moved(0.4)[1]["V = 0: proved empty"]
    assert not relu.moved(0.05)[1]["V = 0: proved empty"]
    X, w, y = relu.plane_neuron()
    Xhat, on = X + 0.4 * relu.STEPS[:, :12], y > 0
    radius = float(np.sqrt(1.1) * np.linalg.norm((w @ Xhat - y)[on]))
    problem = nettrim.NetTrim(Xhat, y[None], radius, 0.0, on[None])
    assert "INFEASIBLE" in repr(nettrim.solve(problem, "cvxpy").report.run)


def test_settings_that_make_no_sense_are_told():
    with pytest.raises(ValueError, match="no sample is active"):
        relu.neuron(samples=1, angle=180.0)
    with pytest.raises(ValueError, match="samples must be at most 40"):
        relu.neuron(samples=41)
    with pytest.raises(ValueError, match="gamma"):
        relu.moved(gamma=0.5)
