"""judge tells mistakes apart; every solution's right answers pass, every wrong one gets its hint.

A `wrong` cell of solutions/*.py ends in its call of a check, and quotes in its docstring (or in a
comment) a part of the hint that it must get: "Hint: ...". An `answer` cell ends in its call too.
"""

import ast
import inspect
import pickle
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from kit.course import exercises, notebooks, practice
from kit.course.checks import Feedback, Property, Seen, judge, returns, same, takes
from kit.course.grader import wire
from kit.course.guard import Guarded
from kit.course.values import values, zeros_like

ROOT = Path(__file__).parents[1]
SOLUTIONS = sorted((ROOT / "solutions").glob("*.py"))


# judge ------------------------------------------------------------------------------------------


def double(x):
    return 2 * x


def check_double(answer):
    """An exercise in small: return 2 x."""
    x = np.array([1.0, -2.0, 3.0])
    return judge(
        answer,
        takes("x"),
        *returns("one array as long as x", lambda f: f(x), x.shape),
        ("keep the sign", lambda f: np.all(f(x) * x > 0)),
        ("double x", lambda f: Seen(np.allclose(f(x), 2 * x, atol=0.1), f"You give {f(x)[0]:g}.")),
        ("double x exactly", lambda f: np.all(f(x) == 2 * x), "Only rounding is left."),
        mistakes=(
            (lambda f: np.allclose(f(x), np.abs(2 * x)), "Where did the sign go?"),
            (lambda f: f(x).nonsense, "never given: the question cannot be asked"),
            (lambda f: np.allclose(f(x), x), "You give back what you got."),
        ),
    )


def todo(x):
    raise NotImplementedError("your turn")


def overwrites(x):
    x *= 2
    return x


def stops(x):
    if x.size:
        raise IndexError("too many")


@pytest.mark.parametrize(
    "answer, kind, message",
    [
        (todo, "nothing yet", "Fill in the cell"),
        (None, "nothing yet", "Fill in the cell"),
        (..., "nothing yet", "Fill in the cell"),
        (lambda x: None, "type", "end it with `return ...`"),
        (double(np.ones(3)), "type", "be a function of x, handed in by its name"),
        (lambda: 1, "type", "be a function of x"),
        (lambda x: "six", "type", "It returned a str."),
        (lambda x: x + 1j, "type", "It returned one complex array of shape (3,)."),
        (lambda x: [1, [2, 3]], "type", "It returned 2 parts (one array, one number)."),
        (lambda x: np.append(x, 1), "shape", "Found shape (4,)."),
        (lambda x: x / np.array([0.0, 1, 1]), "mistake", "no nan and no inf. 1 of yours are not."),
        (lambda x: -x, "mistake", "It should keep the sign."),
        (lambda x: np.abs(2 * x), "mistake", "Where did the sign go?"),
        (lambda x: x, "mistake", "You give back what you got. You give 1."),
        (lambda x: 3 * x, "mistake", "It should double x. You give 3."),
        (lambda x: 2.001 * x, "nearly", "Only rounding is left."),
        (overwrites, "mistake", "overwrites its argument x"),
        (lambda x: sys.exit(), "mistake", "`SystemExit`"),
        (double, "right", "All 7 properties hold."),
        (lambda x: list(x + x), "right", "All 7 properties hold."),
    ],
)
def test_each_kind_of_answer(answer, kind, message):
    feedback = check_double(answer)
    assert (feedback.kind, feedback.ok) == (kind, kind == "right")
    assert message in feedback.message


def in_parts(answer, *hidden):
    return judge(
        answer,
        *returns("a number", lambda f: f(1.0), ()),
        ("be positive", lambda f: f(1.0) > 0),
        ("grow", lambda f: f(2.0) > f(1.0)),
        ("double x", lambda f: f(3.0) == 6),
        hidden=hidden,
    )


def test_partial_credit_counts_what_holds_before_the_first_failure():
    answers = (lambda x: "a", lambda x: -x, lambda x: 2.0, lambda x: x, lambda x: 2 * x)
    shares = [in_parts(answer).share for answer in answers]
    assert shares == [0, 0, pytest.approx(1 / 3), pytest.approx(2 / 3), 1]


def test_what_zeros_have_as_well_earns_nothing():
    def check(answer):
        return judge(
            answer,
            *returns("two numbers", lambda f: f(1.0), (), ()),
            ("be linear", lambda f: np.allclose(f(2.0), 2 * np.array(f(1.0)))),
            ("be even in the first", lambda f: f(1.0)[0] == f(-1.0)[0]),
            ("give |x|", lambda f: f(-3.0)[0] == 3),
            ("give x too", lambda f: f(-3.0)[1] == -3),
        )

    shares = [check(f).share for f in (lambda x: (0 * x, 0.0), lambda x: (abs(x), 0.0))]
    assert shares == [0, 1 / 2] and check(lambda x: (abs(x), x)).share == 1


def test_hidden_properties_count_and_are_not_told():
    secret = ("double 0 as well", lambda f: f(0.0) == 0)
    verdict = in_parts(lambda x: 2 * x if x else 1.0, secret)
    assert not verdict.ok and verdict.share == 3 / 4
    assert "marking" in verdict.message and "as well" not in verdict.message
    assert in_parts(lambda x: 2 * x, secret).message == "All 6 properties hold."
    assert in_parts(lambda x: x, secret).message == "It should double x."


def test_same_is_relative_to_the_size_and_wants_equal_shapes():
    assert same([1e6, 1], [1e6 + 0.1, 1]) and not same([1.1], [1.0])
    assert not same(np.ones(2), np.ones((2, 1))) and not same([np.nan], [np.nan])
    assert same([], [])


def test_an_exception_is_one_sentence_with_its_line():
    feedback = check_double(stops)
    line = stops.__code__.co_firstlineno + 2
    assert feedback.message == (
        f"Your function stops in line {line} of its cell with `IndexError: too many`."
    )
    assert "\n" not in feedback.message


def test_the_line_is_the_one_in_the_readers_own_cell():
    names = {"np": np}
    source = "def f(x):\n    y = x + 1\n    return np.linalg.inv(y)\n"
    exec(compile(source, "cell 7", "exec"), names)
    assert "in line 3 of its cell with `LinAlgError" in check_double(names["f"]).message


def test_sizes_that_do_not_fit_are_told_in_plain_words():
    message = check_double(lambda x: np.ones((2, 4)) @ np.ones((6, 2))).message
    assert "sizes that do not fit, 4 and 6" in message and "gufunc" not in message


@pytest.mark.parametrize(
    "slip", [lambda x: np.sqrt(2) * x, lambda x: x - x, lambda x: 1.0 + x, lambda x: x[x > 0]]
)
def test_a_list_that_is_calculated_with_is_told(slip):
    told = "TypeError: .*np.asarray makes an array of a list"
    for kind in (list, tuple):
        assert re.search(told, check_double(lambda x, kind=kind: slip(kind(x))).message)
    assert "asarray" not in check_double(lambda x: len(3)).message


def test_a_function_that_spoils_its_input_spoils_nothing_for_the_next():
    assert check_double(overwrites).kind == "mistake"
    x = [np.zeros(2)]
    judge(lambda x: x[0].fill(1) or 0, ("be called", lambda f: f(x) == 0))
    assert not x[0].any()


@dataclass(frozen=True)
class Data:
    A: np.ndarray


def test_spoiling_is_seen_inside_containers():
    def spoils(data):
        data.A[0] = 7
        return 0

    data = Data(np.zeros(2))
    assert "argument data" in judge(spoils, ("be 0", lambda f: f(data) == 0)).message
    assert "argument data" in judge(spoils, ("be 0", lambda f: f(data=data) == 0)).message


def test_values_are_judged_like_functions():
    tests = (*returns("a number", lambda value: value, ()), ("be positive", lambda x: x > 0))
    assert judge(3.5, *tests).ok
    assert judge(np.float64(3.5), *tests).ok
    assert judge("3.5", *tests).message == "It should return a number. It returned a str."
    assert judge([1, 2], *tests).kind == "shape"
    assert judge(np.nan, *tests).kind == "mistake"
    assert judge(-1, *tests).message == "It should be positive."
    two = returns("a matrix and a vector", lambda value: value, (2, 2), (2,))
    assert judge((np.eye(2), np.ones(2)), *two).ok
    assert judge(np.eye(2), *two).kind == "shape"
    assert judge(1.0, *two).kind == "type"


def test_a_property_that_cannot_be_asked_does_not_hold():
    assert judge(3, ("be a pair", lambda value: len(value) == 2)).message == "It should be a pair."


def test_mistakes_are_not_looked_for_in_the_wrong_shape():
    feedback = judge(
        3.0, Property("be a list", lambda x: False, kind="type"), mistakes=((bool, "a hint"),)
    )
    assert feedback == Feedback("type", False, "It should be a list.", failed="be a list")


def test_what_a_notebook_stores_is_stable_and_has_no_traceback():
    feedback = check_double(lambda x: -x)
    assert repr(feedback) == "Not yet. It should keep the sign."
    assert feedback._repr_markdown_() == "**Not yet.** It should keep the sign."


def test_warnings_of_an_answer_stay_out_of_the_way(recwarn):
    assert check_double(lambda x: np.log(x)).kind == "mistake"
    assert not recwarn.list


# the exercises ----------------------------------------------------------------------------------


@dataclass
class Judged:
    """A cell whose last line calls a check: what it said, and what the cell quotes of the hint."""

    name: str
    tags: list[str]
    feedback: Feedback
    hint: str
    names: dict


def run(notebook) -> list[Judged]:
    """Run a notebook's code in one namespace; return the cells that end in a Feedback."""
    practice.forget()
    names, judged = {}, []
    for k, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        code = re.sub(r"^%.*$", "", cell.source, flags=re.MULTILINE)
        tree = ast.parse(code)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"cell {k}", "exec"), names)
        value = last and eval(compile(ast.Expression(last.value), f"cell {k}", "eval"), names)
        if isinstance(value, Feedback):
            quoted = re.search(r"Hint: (.+)", cell.source)
            name = ast.unparse(last)
            judged.append(
                Judged(name, notebooks.tags(cell), value, quoted[1] if quoted else "", names)
            )
    return judged


@pytest.fixture(scope="module", params=SOLUTIONS, ids=lambda path: path.stem)
def notebook(request):
    return notebooks.read(request.param)


@pytest.fixture(scope="module")
def judged(notebook):
    return run(notebook)


def test_right_answers_pass(judged):
    right = [cell for cell in judged if "wrong" not in cell.tags]
    assert [cell.name for cell in right if not cell.feedback.ok] == []
    assert len(right) >= 2
    assert any("answer" in cell.tags for cell in right)


def test_wrong_answers_get_each_its_own_hint(judged):
    wrong = [cell for cell in judged if "wrong" in cell.tags]
    assert len(wrong) >= 5
    for cell in wrong:
        assert not cell.feedback.ok, cell.name
        assert cell.hint, f"{cell.name}: quote the hint in the cell"
        assert cell.hint in cell.feedback.message, cell.name
        others = [other.name for other in wrong if cell.hint in other.feedback.message]
        assert others == [cell.name]


TRUE_OF_ZEROS = (  # hints, or plain sentences, that say of zeros what is so
    "It should ",
    "Your result depends on one entry of d only, or on none",
    "Your number is the same for every target.",
    "Your gains are 0 from the second time on.",
    "V = 0 is for the original input.",
    "gamma has no effect.",
    "You only stretch each neuron.",
)


def test_zeros_are_told_of_no_mistake_that_they_do_not_make(judged):
    for cell in judged:
        check, _, answer = cell.name.partition("(")
        answer = cell.names.get(answer.rstrip(")"))
        if "wrong" in cell.tags or not callable(answer):
            continue

        def zero(*given, f=answer):
            return zeros_like(values(f(*given)))

        zero.__signature__ = inspect.signature(answer)
        feedback = cell.names[check](zero)
        assert feedback.message.startswith(TRUE_OF_ZEROS), feedback.message


def test_every_tagged_cell_is_judged(notebook, judged):
    tagged = [c for c in notebook.cells if {"wrong", "answer"}.intersection(notebooks.tags(c))]
    assert len(tagged) == sum(bool({"wrong", "answer"}.intersection(c.tags)) for c in judged)


def test_hints_do_not_depend_on_the_seed(notebook, monkeypatch):
    monkeypatch.setattr(practice, "EMPTY", {**practice.EMPTY, "tries": 20})
    again = run(notebook)
    test_right_answers_pass(again)
    test_wrong_answers_get_each_its_own_hint(again)


def test_every_check_belongs_to_the_notebook_and_has_hints(judged):
    names = judged[0].names
    found = [value for value in names.values() if isinstance(value, practice.Exercise)]
    assert found
    for one in found:
        assert (ROOT / "solutions" / f"{one.notebook}.py").exists()
        assert callable(names[one.function]) and one.hints and one.points > 0


class Wired(Guarded):
    """The function as the grader calls it: by pickles there, by packed values back."""

    def __call__(self, *args):
        result = super().__call__(*pickle.loads(pickle.dumps(args)))
        return wire.read(wire.line([result]))[0]


def test_what_a_check_hands_over_can_travel_to_a_sandbox(judged):
    names = judged[0].names
    for one in [value for value in names.values() if isinstance(value, practice.Exercise)]:
        feedback = one(Wired(names[one.function]), seed=77)
        assert feedback.ok, (one.key, feedback)
        assert feedback.share == 1


def test_the_exercise_says_that_nothing_is_there_yet(notebook):
    pytest.importorskip("nbgrader")
    feedback = [cell.feedback for cell in run(exercises.exercise(notebook))]
    assert feedback
    assert {one.kind for one in feedback} == {"nothing yet"}
