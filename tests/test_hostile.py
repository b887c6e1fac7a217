"""The judge of hostile instances says yes to right answers, no to wrong ones, and what it found."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hostile.exact import cone_point, rational, solve, times
from hostile.trial import PROGRAMS, families, instance, trial

from kit.results import Certificate, Status

COUNT, SEED = 300, 77
LIES = {"wrong", "strict", "false infeasible", "exception", "nan", "warning", "slow"}
# shares of many that may end without a proof, and say so; of few, one
MAY_STAY_OPEN = {"branchhull": 0.01, "nettrim": 0.003}

EXAMPLES = [("branchhull", "plain", seed) for seed in (0, 1, 2, 3, 5, 7)]
EXAMPLES += [("nettrim", "plain", seed) for seed in (0, 1, 2, 3)]


def kinds(case, answer, program):
    return {kind for kind, *_ in PROGRAMS[program][2](case, answer)}


def altered(answer, upper=1.0, lower=1.0, status=None, **arrays):
    """The answer with its bounds multiplied, and other arrays or another status."""
    proof, run = answer.report.certificate, answer.report.run
    proof = Certificate(proof.upper * upper, proof.lower * lower, proof.violation)
    run = replace(run, status=status or run.status)
    return replace(answer, report=replace(answer.report, certificate=proof, run=run), **arrays)


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda example: f"{example[0]} {example[2]}")
def solved(request):
    program, family, seed = request.param
    case = instance(program, family, seed)
    answer = PROGRAMS[program][1](case.problem())
    assert answer.report.run.status is Status.SOLVED
    assert "wrong" not in kinds(case, answer, program)
    return program, case, answer


def test_bounds_a_little_too_good_are_refuted(solved):
    program, case, answer = solved
    for change in ((1, 1 + 1e-5), (1 - 1e-5, 1), (1 + 1e-5, 1 + 1e-5)):
        assert "wrong" in kinds(case, altered(answer, *change), program), change


def test_a_disturbed_point_or_dual_is_refuted(solved):
    program, case, answer = solved
    names = ["W"] if program == "nettrim" else ["h", "m"] if answer.m.any() else ["h"]
    for name in names:
        point = getattr(answer, name) * (1 - 1e-5)
        assert "wrong" in kinds(case, altered(answer, **{name: point}), program), name
    assert "wrong" in kinds(case, altered(answer, dual=None), program)
    if isinstance(answer.dual, np.ndarray):
        noise = 1 + 1e-2 * np.random.default_rng(0).standard_normal(answer.dual.shape)
        assert "wrong" in kinds(case, altered(answer, dual=answer.dual * noise), program)


def test_feasible_data_are_not_called_infeasible(solved):
    program, case, answer = solved
    claim = altered(answer, np.inf, np.inf, Status.INFEASIBLE)
    assert {"wrong", "false infeasible"} <= kinds(case, claim, program)


def test_nan_is_seen(solved):
    program, case, answer = solved
    name = "W" if program == "nettrim" else "h"
    assert "nan" in kinds(case, altered(answer, **{name: getattr(answer, name) * np.nan}), program)


def test_a_ray_of_one_column_only_is_none():
    """al = (1, 1) cancels the large column of B and not the small one: (0, 1) is feasible."""
    case = instance("branchhull", "plain", 0)
    ones = np.ones(2)
    data = {"B": np.array([[1e6, 1e-6], [-1e6, 1e-6]]), "C": np.ones((2, 1)), "y": ones}
    data |= {"signs": ones, "h": np.array([0.0, 1.0]), "m": ones[:1]}
    case = replace(case, **data, objective="l1", lam=None)
    proof, run = Certificate(np.inf, np.inf), SimpleNamespace(status=Status.INFEASIBLE)
    report = SimpleNamespace(certificate=proof, run=run)
    point = {"h": case.h, "m": case.m, "xi": None}
    claim = SimpleNamespace(**point, dual=np.array([ones, 0 * ones]), report=report)
    assert kinds(case, claim, "branchhull") == {"wrong", "false infeasible"}


def test_rational_arithmetic_does_not_round():
    assert times(np.array([[1e16, 1.0, -1e16]]), np.ones(3))[0] == 1
    A = rational(np.array([[1.0, 1.0], [1.0, 1 + 2.0**-52]]))
    assert list(solve(A, A @ rational(np.array([3.0, -7.0])))) == [3, -7]
    assert solve(rational(np.ones((2, 2))), rational(np.array([1.0, 2.0]))) is None
    rows = np.array([[1.0, 1e9], [-1.0, -1e9], [0.0, 1e-9]])
    point, equal = cone_point(rows, np.array([False, False, True]))
    assert point[0] == -(10**9) * point[1] and point[1] > 0 and list(equal) == [True, True, False]
    assert cone_point(np.array([[1.0], [-1.0]]), np.array([True, False])) is None
    assert all(isinstance(x, Fraction) for x in point)


def test_instances_are_named_by_family_and_seed():
    for name in families():
        first, second = instance(*name, 5), instance(*name, 5)
        assert all(np.array_equal(getattr(first, k), v) for k, v in vars(second).items()), name


@pytest.mark.slow
def test_three_hundred_hostile_answers():
    """`python -m tests.hostile` does the same with ten thousand, from any seed."""
    names = families()
    rows = [trial(*names[i % len(names)], SEED * 10**6 + i // len(names)) for i in range(COUNT)]
    lies = [row for row in rows if LIES & {kind for kind, *_ in row["found"]}]
    assert not lies, lies
    total = Counter(row["program"] for row in rows)
    left = Counter(row["program"] for row in rows if row["unfinished"])
    assert all(left[p] <= max(1, share * total[p]) for p, share in MAY_STAY_OPEN.items()), left


def test_upper_is_the_value_of_the_point_that_comes_back():
    """Weights 12 decades apart: the rounding of the slack cost 5e-6 that upper did not count."""
    assert not trial("branchhull", "weights", 20320101000115, peers=False)["found"]
