"""The ledger: every theorem holds inside its hypotheses and fails outside each of them."""

from dataclasses import replace

import numpy as np
import pytest

from kit.experiments import theorems
from kit.experiments.ledger import Theorem, examine, table, theorem
from kit.experiments.theorems import LEDGER


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", LEDGER)
def test_holds_inside_and_fails_outside_every_hypothesis(name, seed):
    inside, *outside = examine(LEDGER[name], np.random.default_rng(seed))
    assert inside.holds, inside
    assert len(outside) == len(LEDGER[name].hypotheses)
    for finding in outside:
        assert not finding.holds, finding


@pytest.mark.parametrize("name", LEDGER)
def test_no_hypothesis_can_be_left_out(name):
    entry = LEDGER[name]
    for sentence in entry.hypotheses:
        fewer = {key: value for key, value in entry.hypotheses.items() if key != sentence}
        with pytest.raises(ValueError, match="hypotheses must"):
            replace(entry, hypotheses=fewer)


def test_a_statement_that_is_too_strong_is_found_out():
    entry = LEDGER["Hoeffding's tail"]
    stronger = replace(entry, measure=lambda rng, share=1.5: (entry.measure(rng, share)[0], 1e-12))
    assert not examine(stronger, np.random.default_rng(0))[0].holds


@theorem("Toy", "a <= b", "nowhere", "<=", {"a is small": {"a": 3.0}})
def toy(rng, a=1.0):
    """Two numbers."""
    return a, 2.0


def test_a_function_becomes_a_theorem_and_prints_what_came_out():
    assert isinstance(toy, Theorem)
    findings = examine(toy, np.random.default_rng(0))
    assert [f.holds for f in findings] == [True, False]
    assert " ".join(repr(findings[1]).split()) == "Toy: fails 3 <= 2 without: a is small"
    text = table(findings)
    assert text.startswith("Toy: a <= b\n") and "holds   1 <= 2" in text
    assert "fails   3 <= 2" in text and "without: a is small" in text
    near = table([replace(findings[1], measured=2.0001)])
    assert "fails   2.0001 <= 2 " in near  # a difference that counts is seen
    assert "0 <= 2" in table([replace(findings[0], measured=1e-12)])  # rounding is not printed
    chance = replace(toy, tol=0.2)  # a share that happens to be below tol is
    assert "0.07 <= 2" in table([replace(findings[0], theorem=chance, measured=0.07)])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "name must be words"),
        ({"relation": "<"}, "relation must be one of"),
        ({"tol": -1}, "tol must be"),
        ({"measure": 3}, "measure must be a function"),
        ({"hypotheses": {}}, "hypotheses must be a dictionary"),
        ({"hypotheses": {"a": {"a": 1}, "b": {}}}, "hypotheses must break"),
        ({"hypotheses": {"b": {"b": 3.0}}}, "hypotheses must break"),
    ],
)
def test_half_a_theorem_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        replace(toy, **change)
    with pytest.raises(ValueError, match="entry must be a Theorem"):
        examine(3, np.random.default_rng(0))


def test_the_command_prints_the_table():
    text = theorems.main(["tangent", "hoeffding"])
    assert text.count("inside the hypotheses") == 2 and "Wendel" not in text
