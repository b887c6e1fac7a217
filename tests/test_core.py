"""The floor everything stands on: results, proximal maps, the one loop, reading arguments."""

import math
import subprocess
import sys
from dataclasses import dataclass
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kit import arguments, prox
from kit.iterate import drive
from kit.results import Certificate, Pruned, Recovered, Report, Run, Status, settle

VECTORS = arrays(float, 5, elements=st.floats(-10, 10))


def test_every_status_is_a_sentence():
    for status in Status:
        assert str(status).endswith(".") and str(status)[0].isupper()


@pytest.mark.parametrize(
    ("upper", "lower", "gap"),
    [
        (2.0, 1.0, 0.5),
        (0.0, 0.0, 0.0),
        (math.inf, math.inf, math.inf),
        (math.inf, 1.0, math.inf),
        (1.0, -math.inf, math.inf),
        (-2.0, -3.0, 0.5),
    ],
)
def test_gap(upper, lower, gap):
    assert Certificate(upper, lower).gap == gap


@pytest.mark.parametrize(
    ("upper", "lower", "before", "after"),
    [
        (1.0, 1.0, Status.MAX_ITER, Status.SOLVED),
        (1.0, 0.5, Status.SOLVED, Status.FAILED),  # a method's own opinion does not count
        (1.0, 0.5, Status.MAX_ITER, Status.MAX_ITER),
        (1.0, 0.5, Status.STOPPED, Status.STOPPED),
        (1.0, 0.5, Status.INFEASIBLE, Status.FAILED),  # without a ray nothing is proved
        (math.inf, math.inf, Status.MAX_ITER, Status.INFEASIBLE),
    ],
)
def test_the_certificate_has_the_last_word(upper, lower, before, after):
    assert settle(Run(before, 3, 0.1), Certificate(upper, lower), 1e-6).status is after


def test_answers_print_what_a_reader_wants_to_know():
    report = Report("admm", Run(Status.SOLVED, 7, 0.5), Certificate(1.0, 1.0), ("a note",))
    text = repr(Recovered(np.ones(2), np.ones(3), None, None, report))
    for word in ("h (2,)", "m (3,)", "Solved", "gap", "7 iterations", "a note"):
        assert word in text
    pruned = Pruned(np.array([[0.0, 1.0], [1e-9, 0.0]]), None, report)
    assert pruned.zeros == 0.5 and "50.0% exact zeros" in repr(pruned)


@given(VECTORS, VECTORS, st.floats(0, 5))
def test_soft_threshold_minimises(v, other, level):
    def value(u):
        return level * np.abs(u).sum() + np.sum((u - v) ** 2) / 2

    assert value(prox.soft_threshold(v, level)) <= value(other) + 1e-9


def test_soft_threshold_gives_exact_zeros():
    assert np.array_equal(prox.soft_threshold(np.array([-3, -1, 0.5, 2]), 1), [-2, 0, 0, 1])


@given(VECTORS, st.floats(0, 5))
def test_moreau_the_prox_of_the_norm_and_the_projection_on_its_dual_ball_add_up(v, level):
    assert np.allclose(prox.soft_threshold(v, level) + np.clip(v, -level, level), v)


def test_singular_values_are_shrunk():
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((6, 4))
    before = np.linalg.svd(Z, compute_uv=False)
    after = np.linalg.svd(prox.shrink_singular_values(Z, 1.0), compute_uv=False)
    assert np.allclose(after, np.maximum(before - 1, 0))


@dataclass(frozen=True)
class Half:
    """A state whose certified gap is 2^-k."""

    k: int
    value: float


def halves():
    for k in count(1):
        yield Half(k, 0.5**k)


def half_gap(state):
    return Certificate(1.0, 1.0 - state.value)


def test_drive_stops_when_the_gap_is_certified():
    last, run = drive(halves(), half_gap, tol=1e-3, max_iter=100, every=1)
    assert run.status is Status.SOLVED and run.iterations == last.k == 10
    assert np.array_equal(run.history["value"], 0.5 ** np.arange(1, 11))
    assert np.array_equal(run.history["gap"], run.history["value"])
    assert run.history["seconds"].shape == (10,) and run.elapsed >= run.history["seconds"][-1]
    assert "k" not in run.history  # only floats are curves


def test_drive_certifies_every_so_often_and_at_the_end():
    last, run = drive(halves(), half_gap, tol=1e-3, max_iter=100, every=8)
    assert run.iterations == 16 and run.history["gap"][0] == math.inf
    _, run = drive(halves(), half_gap, tol=1e-3, max_iter=11, every=8)
    assert run.status is Status.SOLVED and run.iterations == 11
    _, run = drive(halves(), half_gap, tol=0, max_iter=5, every=8)
    assert run.status is Status.MAX_ITER and run.history["gap"][-1] == 0.5**5
    assert last.k == 16


def test_drive_certifies_where_the_end_may_be_near():
    options = {"tol": 1e-3, "max_iter": 100, "every": 50}
    _, run = drive(halves(), half_gap, near=lambda state: state.value <= 2e-3, **options)
    assert run.iterations == 10 and run.history["gap"][7] == math.inf
    assert run.history["gap"][8] == 0.5**9


def test_drive_hands_states_to_the_callback_and_obeys_it():
    seen = []
    _, run = drive(
        halves(), half_gap, tol=0, max_iter=9, callback=lambda s: seen.append(s.k) or s.k == 4
    )
    assert run.status is Status.STOPPED and seen == [1, 2, 3, 4]
    assert run.history["gap"][-1] == 0.5**4  # certified as it was left


def test_drive_ends_on_the_last_finite_state():
    def broken():
        yield Half(1, 0.5)
        yield Half(2, math.nan)

    last, run = drive(broken(), half_gap, tol=0, max_iter=9)
    assert run.status is Status.FAILED and last.k == 1 and run.iterations == 1


def test_drive_says_when_the_method_gave_up():
    _, run = drive(iter([Half(1, 0.5)]), half_gap, tol=0, max_iter=9)
    assert run.status is Status.FAILED


@pytest.mark.parametrize(
    ("options", "word"),
    [({"tol": -1, "max_iter": 3}, "tol"), ({"tol": 0, "max_iter": 0}, "max_iter")],
)
def test_drive_refuses_in_words(options, word):
    with pytest.raises(ValueError, match=word):
        drive(halves(), half_gap, **options)


@pytest.mark.parametrize(
    ("reader", "value", "sentence"),
    [
        (lambda v: arguments.real_array("X", v), [[1, 2], [3]], "rows of unequal length"),
        (lambda v: arguments.real_array("X", v), [1, math.nan], "NaN or inf in 1 of 2"),
        (lambda v: arguments.real_array("X", v), np.array(["a"]), "must hold numbers"),
        (lambda v: arguments.real_array("X", v), [], "must not be empty"),
        (lambda v: arguments.real_array("X", v, 2), [1.0], "must have 2 dimension"),
        (lambda v: arguments.number("x", v), "1", "must be a finite number"),
        (lambda v: arguments.number("x", v), math.inf, "must be a finite number"),
        (lambda v: arguments.number("x", v, least=0, above=True), 0, "> 0"),
        (lambda v: arguments.whole("n", v, least=1), 1.0, "whole number"),
        (lambda v: arguments.whole("n", v, least=1), True, "whole number"),
        (arguments.generator, np.random, "numpy Generator"),
    ],
)
def test_arguments_are_refused_in_one_sentence(reader, value, sentence):
    with pytest.raises(ValueError, match=sentence) as refusal:
        reader(value)
    assert "\n" not in str(refusal.value)


def test_arguments_are_converted():
    assert arguments.real_array("X", np.float32([1, 2])).dtype == float
    assert arguments.number("x", np.int64(3)) == 3.0
    assert arguments.whole("n", np.int64(3), least=1) == 3


def test_importing_the_kit_does_not_wait_for_cvxpy():
    code = "import sys, kit.branchhull, kit.nettrim; print('cvxpy' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
