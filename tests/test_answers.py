"""Right answers are accepted however they are found and however they round; no check spells one."""

import ast
import functools
import re
from pathlib import Path

import numpy as np
import pytest
import spelled
from answers import branchhull, nettrim

from kit.course import notebooks
from kit.course.grader import exam
from kit.course.guard import Guarded

ROOT = Path(__file__).parents[1]
FOUND = {**vars(branchhull), **vars(nettrim)}
ANSWERS = {  # exercise -> check -> beginning of the names of its answers
    "10_lifted_operator": {
        "check": "measure_",
        "check_adjoint": "adjoint_",
        "check_factors": "factors_",
    },
    "11_projection": {"check": "project_by", "check_zero": "project_by", "check_slack": "slack_by"},
    "12_certificate": {"check": "bound_by", "check_feasible": "feasible_"},
    "13_admm_step": {"check": "admm_", "check_newton": "newton_"},
    "14_phase_transition": {"check": "measurements_", "check_half": "half_"},
    "16_slack": {"check": "smallest_", "check_balanced": "balanced_"},
    "17_gains": {"check": "matrices_", "check_read": "read_"},
    "18_differences": {"check": "differences_", "check_adjoint": "back_", "check_bound": "tv_"},
    "20_omega_and_v": {"check": "targets_", "check_misses": "misses_"},
    "21_neuron_dual": {"check": "dual_by", "check_weights": "weights_"},
    "23_cascade_epsilon": {"check": "epsilon_", "check_promises": "promises_"},
    "24_sample_size": {"check": "promised_", "check_certificate": "certificate_"},
    "25_refit": {"check": "refit_", "check_largest": "largest_"},
}


class Rounded(Guarded):
    """An answer whose numbers are a few roundings off, as another machine's are."""

    def __call__(self, *args, **kwargs):
        rng = np.random.default_rng(1)

        def off(value):
            if isinstance(value, tuple | list):
                return type(value)(map(off, value))
            if isinstance(value, float) or getattr(value, "dtype", np.dtype(int)).kind == "f":
                noise = rng.choice([-1e-14, 1e-14], np.shape(value))
                return value * (1 + noise) + 0.1 * noise
            return value

        return off(super().__call__(*args, **kwargs))


def in_lists(answer, kind=list):
    """The answer with lists, or tuples, in place of all arrays and of the tuple around them."""

    def listed(value):
        if isinstance(value, tuple | list):
            return kind(map(listed, value))
        return kind(value.tolist()) if np.ndim(value) else value

    @functools.wraps(answer)
    def wrapped(*args):
        return listed(answer(*args))

    return wrapped


@pytest.mark.parametrize("stem", ANSWERS)
def test_three_more_right_ways_are_accepted_and_rounding_and_lists_do_not_count(stem):
    one = exam.exam(ROOT / "solutions" / f"{stem}.ipynb")
    checks = {check.judge.__name__: check for check in one.checks()}
    assert set(checks) == set(ANSWERS[stem])
    for name, start in ANSWERS[stem].items():
        answers = [f for key, f in FOUND.items() if key.startswith(start)]
        assert len(answers) == 3, (name, len(answers))
        for answer in answers:
            lists, tuples = in_lists(answer), in_lists(answer, tuple)
            for way, seed in ((answer, 3), (Rounded(answer), 4), (lists, 5), (tuples, 6)):
                said = checks[name](way, seed=seed)
                assert said.ok, (stem, answer.__name__, way is answer, said)


def functions(source: str) -> list[ast.FunctionDef]:
    tree = ast.parse(re.sub(r"^%.*$", "", source, flags=re.MULTILINE))
    return [node for node in tree.body if isinstance(node, ast.FunctionDef)]


def given_away(stem: str) -> list[str]:
    """Expressions of answers that the visible code of a check spells."""
    found, checks, kept = set(), [], set()
    for cell in notebooks.read(ROOT / "solutions" / f"{stem}.py").cells:
        if cell.cell_type != "code":
            continue
        tags = notebooks.tags(cell)
        hole = "### BEGIN SOLUTION" in cell.source
        if hole or "answer" in tags:
            found |= {one for f in functions(cell.source) for one in spelled.answers(f)}
            kept |= {a.arg for f in functions(cell.source) for a in f.args.args if hole}
        if "check" in tags:
            hidden = r" *### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS\n"
            checks += functions(re.sub(hidden, "", cell.source, flags=re.DOTALL))
    return [one for f in checks for one in spelled.expressions(f, kept) if one in found]


@pytest.mark.parametrize("stem", ANSWERS)
def test_no_check_spells_an_answer(stem):
    assert given_away(stem) == []


def test_an_answer_is_recognised_in_another_spelling():
    answer = "def f(X, q, gap):\n    s = np.abs(X @ q)\n    t = 1 - s / s.max()\n    return gap / t"
    other = (
        "def check(f):\n    w = X @ q\n    return gap / (-(np.abs(w) / np.max(abs(w))) + 1)[rest]"
    )
    (one,) = spelled.answers(functions(answer)[0])
    assert one in set(spelled.expressions(functions(other)[0], {"X", "q", "gap"}))
    turned = other.replace("+ 1", "+ 2")
    assert one not in set(spelled.expressions(functions(turned)[0], {"X", "q", "gap"}))


def without_tolerance(source: str) -> list[str]:
    """Comparisons in a check that see the answer and leave no room for rounding.

    Where exactness is meant, a comment on the line says why: `# exact: a shape`.
    """
    lines, found = source.splitlines(), []
    for node in ast.walk(ast.parse(source)):
        parts = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        equal = isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq)
        called = isinstance(node, ast.Call) and ast.unparse(node.func)
        whole = called and re.search(r"array_equ|(?<!^np)\.(any|all)$", called)
        line = lines[node.lineno - 1] if equal or whole else ""
        if parts & {"f", "answer"} and line and "# exact: " not in line:
            found.append(line.strip())
    return found


def test_no_check_compares_without_tolerance():
    for stem in ANSWERS:
        cells = notebooks.read(ROOT / "solutions" / f"{stem}.py").cells
        checks = [cell.source for cell in cells if "check" in notebooks.tags(cell)]
        assert checks and [line for one in checks for line in without_tolerance(one)] == [], stem
    for slip in ("f(x)[0] == 2", "not f(x).any()", "np.array_equal(f(x), y)", "g(f) != 0"):
        assert without_tolerance(slip) == [slip] and not without_tolerance(f"{slip}  # exact: a")
    assert without_tolerance("np.abs(f(x)[W == 0]).max() < 1e-9") == []
