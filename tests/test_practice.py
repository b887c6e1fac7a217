"""Check, hint, solution: tries draw afresh, hints come one by one, the record is the reader's."""

import functools
import json

import numpy as np
import pytest

from kit.course import practice
from kit.course.checks import judge, returns, same
from kit.course.practice import exercise, forget, progress


@exercise("11_double", "double", hints=("Look at x.", "Add it to itself."), points=2)
def check(answer, seed=0):
    x = np.random.default_rng(seed).normal(size=3)
    return judge(
        answer,
        *returns("one array", lambda f: f(x), (3,)),
        ("double x", lambda f: np.allclose(f(x), 2 * x)),
    )


@exercise("11_double", "double", hints=("No hint of the other.",))
def check_negative(answer, seed=0):
    return judge(answer, ("double -1", lambda f: f(-1.0) == -2))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(practice, "_memory", {})
    monkeypatch.setattr(practice, "KIT", tmp_path / "none")


@pytest.fixture
def my(tmp_path, monkeypatch):
    """The reader's copy, with the notebook's folder as the working folder."""
    folder = tmp_path / "my" / "exercises"
    folder.mkdir(parents=True)
    (folder.parent / ".origin.json").write_text("{}")
    monkeypatch.chdir(folder)
    return folder.parent


def todo(x):
    raise NotImplementedError


def by_heart():
    """An answer that has learnt the first instance by heart."""
    x = np.random.default_rng(0).normal(size=3)
    return lambda _: 2 * x


def test_an_answer_learnt_by_heart_passes_once():
    assert check(by_heart()).ok
    assert not check(by_heart()).ok
    assert check(by_heart(), seed=0).ok and not check(by_heart(), seed=1).ok


def test_hints_come_one_by_one_and_then_all_together():
    said = [repr(check.hint()) for _ in range(3)]
    assert "1 of 2" in said[0] and "Look at x." in said[0] and "Add" not in said[0]
    assert "2 of 2" in said[1] and "Add it to itself." in said[1]
    assert "all 2" in said[2] and "Look" in said[2] and "Add" in said[2]
    bare = practice.Exercise("a", "b", lambda answer, seed: None)
    assert "no hint" in bare.hint().text


def test_two_checks_of_one_function_have_a_record_each():
    check.hint()
    assert check(lambda x: 2 * x).ok
    assert "1 of 1" in check_negative.hint().text
    assert not check_negative(np.abs).ok
    said = progress().text
    assert "| 11_double/check | 1 | 1 | yes |" in said
    assert "| 11_double/check_negative | 1 | 1 | not yet |" in said


def test_the_kits_own_function_is_no_answer():
    feedback = check(same)
    assert not feedback.ok and feedback.message.startswith("This is the kit's own `kit.course.")
    assert "the kit's own" in check(functools.partial(same, tol=1)).message


def solutions(folder):
    (folder / "solutions").mkdir()
    text = "# %%\nimport numpy\n\n\n# %%\ndef double(x):\n    ### BEGIN SOLUTION\n"
    text += "    return x + x\n    ### END SOLUTION\n\n\n# %%\ndouble(1)\n"
    (folder / "solutions" / "11_double.py").write_text(text)


def test_the_solution_opens_after_three_tries(tmp_path):
    solutions(tmp_path)
    check(todo)
    assert "3 more tries" in check.solution().text  # an empty cell is no try
    check(np.abs)
    check(np.abs, seed=4)
    check(np.abs)
    assert "one more try" in check.solution().text
    assert "return" not in check.solution().text
    check(np.abs)
    assert "def double(x):\n    return x + x\n```" in check.solution().text
    assert "SOLUTION" not in check.solution().text


def test_the_solution_opens_after_success(tmp_path):
    solutions(tmp_path)
    assert check(lambda x: 2 * x).ok
    check(np.abs)  # a later slip does not close it
    assert "return x + x" in check.solution().text


def test_where_there_are_no_solutions_a_sentence_says_so():
    check(lambda x: 2 * x)
    assert "not in this copy" in check.solution().text


def test_the_record_is_kept_in_my_seen_and_deleted(my):
    check(np.abs)
    check.hint()
    check(lambda x: 2 * x)
    kept = json.loads((my / "progress.json").read_text())
    assert kept == {"11_double/check": {"tries": 2, "right": True, "hints": 1}}
    practice._memory.clear()  # a new kernel
    assert "| 11_double/check | 2 | 1 | yes |" in progress().text
    assert "my/progress.json" in progress()._repr_markdown_()
    forget()
    assert list(my.glob("progress*")) == [] and "Nothing tried yet" in progress().text
    forget()  # twice is no error


def test_elsewhere_nothing_is_written(tmp_path):
    (tmp_path / "my").mkdir()  # of this name, but not made by `run.py lab`
    check(np.abs)
    assert list(tmp_path.rglob("*.json")) == []
    assert "| 11_double/check | 1 | 0 | not yet |" in progress().text
    assert "restarted kernel" in progress().text


@pytest.mark.parametrize("spoilt", ["", "[1]", '{"a": 3}', '{"a": {}}', '{"a": {"tries": "x"}}'])
def test_a_spoilt_record_begins_anew(my, spoilt):
    (my / "progress.json").write_text(spoilt)
    assert not check(np.abs).ok
    assert json.loads((my / "progress.json").read_text())["11_double/check"]["tries"] == 1


def test_a_folder_that_cannot_be_written_stops_nobody(my):
    (my / "progress.json").mkdir()
    assert check(lambda x: 2 * x).ok
