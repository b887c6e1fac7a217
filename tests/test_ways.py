"""Whatever the check in the notebook calls right is marked in full: many ways of writing code.

The notebook's side is IPython itself, cell by cell. The grader's side is what its sandbox does,
here in this process: the file's bytes are read, the program of each function is run, its answers
travel through the wire to the course's check.
"""

import contextlib
import io
import pickle
import re
import sys
import types
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from sampled import sampled
from ways import FILES, WAYS, cells

from kit.course import practice
from kit.course.cells import code_cells
from kit.course.checks import Feedback
from kit.course.grader import exam, wire, worker
from kit.course.guard import Guarded
from kit.course.program import Notebook

ROOT = Path(__file__).parents[1]
STEMS = [path.stem for path in sorted((ROOT / "solutions").glob("*.ipynb"))]
QUICK = "16_slack"
WRONG = {  # what goes wrong with reason: a hidden max is needed
    "11_projection": {  # its second check is of the same function, its third function calls that
        "helper redefined after the check": "check_zero check_slack",
        "constant changed after the check": "check_zero",
        "another name": "check_zero check_slack",
        "handed over as a lambda": "check_zero check_slack",
    },
    "18_differences": {"star import of much": "check_bound"},
    "21_neuron_dual": {"star import of much": "check"},
}


@cache
def known(stem: str) -> tuple:
    """The exam of an exercise, its checks, and the source of each function of the solution."""
    one = exam.exam(ROOT / "solutions" / f"{stem}.ipynb")
    sources = {}
    for text in one.cells:
        if "### BEGIN SOLUTION" in text:
            name = re.search(r"^def (\w+)\(", text, re.MULTILINE)[1]
            sources[name] = re.sub(r" *### (BEGIN|END) SOLUTION\n?", "", text).strip()
    return one, {check.judge.__name__: check for check in one.checks()}, sources


@cache
def given_in(stem: str) -> Notebook:
    given = known(stem)[0].task["given"]
    return Notebook(given, first=-len(given))


def written(stem: str, way: str) -> list[str]:
    """The code cells of an exercise, solved that way."""
    one, _, sources = known(stem)
    first = {function: check for check, function in reversed(one.task["checks"].items())}
    found = []
    # a check called in the cells of its function must be there before them
    given = one.task["given"]
    order = sorted(given[1:], key=lambda text: "@exercise(" not in text)
    for text in [given[0], *order]:
        stub = re.match(r"def (\w+)\(", text.strip())
        if stub and stub[1] in sources:
            found += cells(way, sources[stub[1]], first[stub[1]])
        else:
            found.append(text)
    return found


class Shell(InteractiveShell):
    """IPython without a screen."""

    def enable_gui(self, gui=None):
        """No window is opened."""


def in_the_notebook(codes: list[str]) -> dict[str, bool]:
    """Check -> whether it ever said right."""
    practice.forget()
    shell = Shell(user_ns={"__name__": "__main__"})
    said: dict[str, bool] = {}
    state = np.geterr()
    with warnings.catch_warnings(), capture_output():
        for code in codes:
            if code.startswith("# never run"):
                continue
            result = shell.run_cell(code, store_history=False)
            if isinstance(result.result, Feedback):
                check = re.findall(r"^(check\w*)\(", code, re.MULTILINE)[-1]
                said[check] = said.get(check, False) or result.result.ok
    np.seterr(**state)
    return said


class There(Guarded):
    """A function as the worker holds it, called as the grader calls it."""

    def __call__(self, *args, **kwargs):
        args, kwargs = pickle.loads(pickle.dumps((args, kwargs)))
        result = super().__call__(*args, **kwargs)
        return wire.read(wire.line([result]))[0]


def in_the_marks(stem: str, data: bytes) -> dict[str, bool]:
    """Check -> whether any program of its function is marked in full."""
    one, checks, _ = known(stem)
    handed = Notebook(*code_cells(data))
    task = one.task["checks"]
    handed.hand_over(task)
    found = {}
    main = sys.modules["__main__"]
    state = np.geterr()
    for check, function in task.items():
        found[check] = False
        for program in reversed(handed.programs(check, function, given_in(stem))):
            names = types.ModuleType("__main__")
            sys.modules["__main__"] = names
            try:
                with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                    worker.run(program, vars(names))
            finally:
                sys.modules["__main__"] = main
                np.seterr(**state)
            answer = vars(names).get(function)
            if callable(answer) and checks[check](There(answer), seed=5).ok:
                found[check] = True
                break
    return found


def notebook_of(codes: list[str]) -> dict:
    return {"cells": [{"cell_type": "code", "source": code} for code in codes]}


def agree(stem: str, way: str, file: str = "utf-8") -> None:
    """Both sides say the same, and that is right but for what WRONG tells."""
    codes = written(stem, way)
    there = in_the_notebook(codes)
    marked = in_the_marks(stem, FILES[file](notebook_of(codes)))
    seen = {check: there.get(check, False) for check in marked}  # a cell may stop before its check
    assert seen == marked, (stem, way, file)
    wrong = {check for check in marked if not marked[check]}
    assert wrong == set(WRONG.get(stem, {}).get(way, "").split()), (stem, way, file)


def test_there_are_sixty_ways_and_more():
    assert len(WAYS) + len(FILES) >= 60 and len(STEMS) == 13


@pytest.mark.parametrize("way", WAYS)
def test_notebook_and_marks_agree(way):
    agree(QUICK, way)


@pytest.mark.parametrize("file", FILES)
def test_whatever_the_file_is(file):
    agree(QUICK, "letters of other alphabets" if file != "latin-1" else "as it is", file)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("stem", sampled(STEMS, {"11", "12", "18", "21"}))
def test_notebook_and_marks_agree_for_every_exercise(stem):
    for way in WAYS:
        agree(stem, way)


@pytest.mark.parametrize(
    "source",
    [
        "def smallest_slack(p, q, d):\n    return np.maximum(d - p * q, 0)",
        "def smallest_slack(p, q, d):\n    return 'no'",
        "def smallest_slack(p, q, d):\n    return undefined",
        "smallest_slack = 3",
        "async def smallest_slack(p, q, d):\n    return 1",
        "def smallest_slack(p, q, d):\n    yield 1",
        "import nowhere\nsmallest_slack = nowhere.f",
        "%%timeit -n 1 -r 1\ndef smallest_slack(p, q, d):\n    return np.maximum(d / p - q, 0)",
    ],
)
def test_what_is_not_right_there_is_not_marked_here(source):
    codes = [source if "def smallest_slack" in c else c for c in known(QUICK)[0].task["given"]]
    assert not in_the_notebook(codes).get("check", False)
    assert not in_the_marks(QUICK, FILES["utf-8"](notebook_of(codes)))["check"]


def test_a_solution_without_a_loop_and_one_with_cost_the_same_on_both_sides():
    """What a check measures of a call is measured where the function runs."""
    loop = "def measure(B, C, Z):\n    return np.array([b @ Z @ c for b, c in zip(B, C)])"
    codes = [
        loop if "def measure(" in c else c for c in known("10_lifted_operator")[0].task["given"]
    ]
    assert not in_the_notebook(codes)["check"]
    assert not in_the_marks("10_lifted_operator", FILES["utf-8"](notebook_of(codes)))["check"]
