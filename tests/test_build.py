"""Building notebooks: the same bytes twice, exercises with holes, leaks found, nbval strict."""

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import leaks
import nbformat
import pytest

from kit.course import build, exercises, launch, notebooks

ROOT = Path(__file__).parents[1]

LESSON = """\
# %% [markdown]
# # How long is it?

# %%
from facts import length

print(f"length {length([3.0, 4.0]):.3f}, rounding ≈ {1e-9:.1e}")

# %%
1 + 1

# %% tags=["raises-exception"]
length(None)
"""
FACTS = "def length(x):\n    return sum(part * part for part in x) ** 0.5\n"

WIDGETS = """\
# %%
from tqdm.auto import tqdm
for _ in tqdm(range(3)):
    pass

# %%
from IPython.display import display
from ipywidgets import IntSlider

class Explorer:
    def _repr_mimebundle_(self, **_):
        return IntSlider()._repr_mimebundle_() | {"image/png": "AAAA", "text/plain": "three points"}

Explorer()
"""

SOLUTION = '''\
# %% [markdown]
# # Project
# Move a point to the nearest one of a ball.

# %%
import numpy as np

points = np.array([[3.0, 4.0], [0.3, 0.4]])


# %%
def project(point, radius):
    """Nearest point of the ball."""
    ### BEGIN SOLUTION
    length = np.hypot(*point)
    return point * min(1.0, radius / length)
    ### END SOLUTION


# %% tags=["check", "secret-tag"]
def check(answer):
    ### BEGIN HIDDEN TESTS
    assert np.allclose(answer(points[1], 2.0), points[1])
    ### END HIDDEN TESTS
    return np.hypot(*answer(points[0], 1.0)) <= 1 + 1e-12


# %%
check(project)

# %% [markdown]
# ## Go further


# %%
def further(point):
    ### BEGIN SOLUTION
    return np.abs(point) + 1.0
    ### END SOLUTION


# %% [markdown]
# The end.

# %% tags=["answer"]
check(lambda point, radius: point / max(1.0, np.hypot(*point) / radius))

# %% tags=["wrong"]
# Mistake: multiplies.
# Hint: look
check(lambda point, radius: point * radius)
'''


@pytest.fixture
def course(tmp_path):
    """Project with one solution and the exercise built from it."""
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "11_project.py").write_text(SOLUTION)
    exercises.build_exercises(tmp_path)
    return tmp_path


# Lessons ------------------------------------------------------------------------------------------


def test_ids_come_from_the_cells_and_are_unique(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("# %%\nx = 1\n\n# %%\nx = 1\n\n# %% [markdown]\n# x = 1\n")
    ids = [cell.id for cell in notebooks.read(path).cells]
    assert len(set(ids)) == 3 and ids == [cell.id for cell in notebooks.read(path).cells]
    path.write_text("# %%\ny = 1\n\n" + path.read_text())
    assert [cell.id for cell in notebooks.read(path).cells][1:] == ids


def test_building_twice_gives_the_same_bytes(tmp_path):
    path = tmp_path / "tiny.py"
    (tmp_path / "facts.py").write_text(FACTS)
    path.write_text(LESSON)
    assert notebooks.lesson(path) == []
    first = path.with_suffix(".ipynb").read_bytes()
    assert notebooks.lesson(path) == []
    assert path.with_suffix(".ipynb").read_bytes() == first
    nb = notebooks.read(path.with_suffix(".ipynb"))
    assert notebooks.differences(notebooks.read(path), nb) == []
    assert nb.cells[1].outputs[0].text == "length 5.000, rounding ≈ 1.0e-09\n"
    assert "version" not in nb.metadata.language_info
    text = first.decode()
    assert str(tmp_path) not in text and "iopub" not in text
    assert nb.cells[3].outputs[0].traceback[0].startswith("TypeError: ")


def test_widgets_leave_their_picture_and_caption(tmp_path):
    path = tmp_path / "widgets.py"
    path.write_text(WIDGETS)
    assert ["progress bar" in fault for fault in notebooks.lesson(path)] == [True]
    nb = notebooks.read(path.with_suffix(".ipynb"))
    assert nb.cells[0].outputs == []
    assert nb.cells[1].outputs[0].data == {"image/png": "AAAA", "text/plain": "three points"}
    assert "widgets" not in nb.metadata and "widget-view" not in nbformat.writes(nb)


def test_clean_returns_a_copy():
    nb = nbformat.v4.new_notebook()
    nb.metadata.update({"widgets": {"a": 1}, "language_info": {"version": "3"}})
    nb.cells = [nbformat.v4.new_code_cell("1", metadata={"execution": {"iopub.status.busy": "x"}})]
    cleaned = notebooks.clean(nb)
    assert cleaned.metadata == {"language_info": {}} and cleaned.cells[0].metadata == {}
    assert nb.metadata.widgets == {"a": 1}


def test_a_lesson_that_raises_is_told_and_stops_nobody(tmp_path, capsys, monkeypatch):
    def execute(nb, *_where):
        if "1 / 0" in nb.cells[0].source:
            raise RuntimeError("division by zero")
        nb.cells[0].execution_count = 1
        return nb

    monkeypatch.setattr(notebooks, "execute", execute)
    for name, text in (("a", "# %%\n1 / 0\n"), ("b", "# %%\nx = 2\n")):
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "a.ipynb").write_text("old")
    assert build.build_lessons(sorted(tmp_path.glob("*.py"))) == 1
    assert (tmp_path / "a.ipynb").read_text() == "old" and (tmp_path / "b.ipynb").exists()
    assert "not built: division by zero" in capsys.readouterr().out


# Exercises ----------------------------------------------------------------------------------------


def test_exercise_has_holes_and_no_answers(course):
    nb = notebooks.read(course / "exercises" / "11_project.ipynb")
    text = "\n".join(cell.source for cell in nb.cells)
    assert '"""Nearest point of the ball."""\n    raise NotImplementedError("your turn")' in text
    assert "SOLUTION" not in text and "HIDDEN" not in text and "allclose" not in text
    assert len(nb.cells) == 8 and all(not cell.get("outputs") for cell in nb.cells)
    assert nb.cells[3].metadata == {"tags": ["check"], "jupyter": {"source_hidden": True}}
    assert set(nb.metadata) == {"kernelspec"}
    source = notebooks.read(course / "exercises" / "11_project.py")
    assert notebooks.differences(nb, source) == []


def test_exercise_is_formatted(course):
    for command in (["format", "--check"], ["check", "--select", "E,F,I"]):
        whole = [sys.executable, "-m", "ruff", *command, "--isolated", "--line-length", "100"]
        result = subprocess.run([*whole, str(course / "exercises")], capture_output=True, text=True)
        assert result.returncode == 0, result.stdout


def test_fresh_exercises_stay_and_stale_ones_are_told(course):
    built = course / "exercises" / "11_project.py"
    assert exercises.build_exercises(course, check=True) == []
    built.write_text(built.read_text() + "# an edit\n")
    assert exercises.build_exercises(course, check=True) == ["11_project.py"]
    assert exercises.build_exercises(course) == ["11_project.py"]
    assert exercises.build_exercises(course, check=True) == []
    (course / "exercises" / "11_project.ipynb").unlink()
    assert exercises.build_exercises(course, check=True) == ["11_project.ipynb"]
    exercises.build_exercises(course)
    (course / "exercises" / "99_orphan.ipynb").write_text("{}")
    assert "no solution" in exercises.build_exercises(course, check=True)[0]


def test_the_command_says_in_a_sentence_what_is_stale(course, monkeypatch, capsys):
    monkeypatch.setattr(build, "ROOT", course)
    shutil.copy(ROOT / "jupytext.toml", course)
    assert build.main(["exercises", "--check"]) == 1  # the solution's own notebook is missing
    assert "11_project.ipynb" in capsys.readouterr().out
    notebook = notebooks.read(course / "solutions/11_project.py")
    notebooks.write(notebook, course / "solutions/11_project.ipynb")
    assert build.main(["exercises", "--check"]) == 0
    assert build.main(["exercises"]) == 0
    capsys.readouterr()
    monkeypatch.setitem(sys.modules, "nbgrader", None)
    assert build.main(["exercises"]) == 1
    assert "python3 run.py exercises" in capsys.readouterr().out


@pytest.mark.parametrize(
    "broken",
    [
        SOLUTION.replace("    ### END SOLUTION\n", ""),
        SOLUTION.replace("    ### BEGIN SOLUTION\n", ""),
        SOLUTION.replace("### END HIDDEN TESTS", "### END SOLUTION"),
        SOLUTION.replace("### END SOLUTION", "### BEGIN SOLUTION"),
        SOLUTION.replace("### BEGIN SOLUTION", "# BEGIN SOLUTION"),
    ],
)
def test_marks_without_partner_are_errors(course, broken):
    (course / "solutions" / "11_project.py").write_text(broken)
    with pytest.raises(SystemExit, match=r"11_project\.py: cell \d"):
        exercises.build_exercises(course)


# Leaks --------------------------------------------------------------------------------------------

LINE = "return point * min(1.0, radius / length)"
HIDDEN = "assert np.allclose(answer(points[1], 2.0), points[1])"
OTHER = "check(lambda point, radius: point / max(1.0, np.hypot(*point) / radius))"


def edit(change):
    """Planting that changes the exercise's notebook as JSON."""

    def plant(course):
        path = course / "exercises" / "11_project.ipynb"
        nb = json.loads(path.read_text())
        change(nb)
        path.write_text(json.dumps(nb))

    return plant


def append(suffix, text):
    """Planting that adds a line to one of the exercise's files."""

    def plant(course):
        path = course / "exercises" / f"11_project{suffix}"
        path.write_text(path.read_text() + text)

    return plant


def checkpoint(course):
    folder = course / "exercises" / ".ipynb_checkpoints"
    folder.mkdir()
    notebooks.write(
        notebooks.read(course / "solutions/11_project.py"), folder / "11_project-c.ipynb"
    )


def symbolic_link(course):
    (course / "exercises" / "hint.py").symlink_to("../solutions/11_project.py")


PACKED = base64.b64encode(f"# my notes\n{LINE}\n".encode()).decode()
OUTPUT = {"output_type": "stream", "name": "stdout", "text": [f"{LINE}\n"]}
PLANTED = {
    "source": edit(lambda nb: nb["cells"][2]["source"].append(f"\n    {LINE}\n")),
    "hidden test": edit(lambda nb: nb["cells"][2]["source"].append(HIDDEN)),
    "other answer": edit(lambda nb: nb["cells"][0]["source"].append(OTHER)),
    "mark": edit(lambda nb: nb["cells"][2]["source"].append("### BEGIN SOLUTION")),
    "output": edit(lambda nb: nb["cells"][2]["outputs"].append(OUTPUT)),
    "attachment": edit(
        lambda nb: nb["cells"][0].update(attachments={"a.txt": {"text/plain": PACKED}})
    ),
    "metadata": edit(lambda nb: nb["cells"][2]["metadata"].update(hint=LINE)),
    "paired .py": append(".py", f"\n{LINE}\n"),
    "comment": append(".py", f"\n#     {LINE.replace(' ', '  ')}\n"),
    "link": edit(lambda nb: nb["cells"][0]["source"].append("[x](../solutions/11_project.ipynb)")),
    "symbolic link": symbolic_link,
    "checkpoint": checkpoint,
}


def found(course):
    solution = notebooks.read(course / "solutions" / "11_project.py")
    return leaks.leaks(solution, leaks.travelling(course / "exercises"), "11_project")


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_leak_is_found(course, kind):
    assert found(course) == []
    PLANTED[kind](course)
    assert found(course), kind


def test_a_solution_left_in_plain_sight_is_found(course):
    path = course / "solutions" / "11_project.py"
    shown = "\n# %%\nlength = np.hypot(*point)\nreturn point * min(1.0, radius / length)\n"
    path.write_text(SOLUTION + shown)
    exercises.build_exercises(course)
    assert found(course)
    path.write_text(SOLUTION + "\n# %%\nlength = np.hypot(*point)\n")  # one line of two is no leak
    exercises.build_exercises(course)
    assert found(course) == []


# Budget -------------------------------------------------------------------------------------------


def test_budget_counts_words_cells_and_seconds(tmp_path, capsys):
    path = tmp_path / "short.py"
    path.write_text(
        "# %% [markdown]\n# Five words, [two linked](there.ipynb), and\n#\n# $$x + y = z$$\n#\n"
        "# $x$ - the *end*.\n\n# %%\nsum(k for k in range(10**7))\n\n# %%\n1\n"
    )
    assert build.budget(path, run=False) == {"words": 8, "cells": 2}
    assert 0.2 < build.budget(path)["seconds"] < 30
    path.write_text("# %% [markdown]\n# " + "word " * 1801)
    assert build.main(["budget", "--unrun", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "1801 words*" in printed and "0 cells " in printed


# Strict comparison --------------------------------------------------------------------------------


def nbval(folder: Path) -> dict[str, bool]:
    """Run nbval as run.py does over a folder; name of each notebook -> whether it passed."""
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml")]
    command += ["--rootdir", str(folder), "-p", "no:cacheprovider", *launch.STRICT, str(folder)]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    result = subprocess.run(command, cwd=ROOT, env=kept, capture_output=True, text=True)
    assert result.returncode in (0, 1), result.stdout + result.stderr
    lines = [line for line in result.stdout.splitlines() if line.startswith("FAILED")]
    return {
        path.stem: not any(path.name in line for line in lines)
        for path in sorted(folder.rglob("*.ipynb"))
    }


@pytest.mark.slow
def test_strict_comparison_fails_when_it_should(tmp_path):
    def folder(name: str) -> Path:
        made = tmp_path / name
        made.mkdir()
        (made / "facts.py").write_text(FACTS)
        return made

    path = folder("right") / "right.py"
    path.write_text(LESSON)
    assert notebooks.lesson(path) == []
    right = path.with_suffix(".ipynb")
    altered = right.read_text().replace("length 5.000", "length 5.001")
    (folder("altered") / "altered.ipynb").write_text(altered)
    about = right.read_text().replace("≈ 1.0e-09", "≈ 2.3e-08")
    assert about != right.read_text()
    (folder("about") / "about.ipynb").write_text(about)
    other = folder("other_fact")
    shutil.copyfile(right, other / "other_fact.ipynb")
    (other / "facts.py").write_text(FACTS.replace("part * part", "1.001 * part * part"))
    cleared = notebooks.read(right)
    for cell in cleared.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    notebooks.write(cleared, folder("cleared") / "cleared.ipynb")

    assert nbval(tmp_path) == {
        "right": True,
        "about": True,  # a number after ≈, which may differ
        "altered": False,  # a stored number changed by hand
        "other_fact": False,  # the kit computes something else than what is stored
        "cleared": True,  # nbval compares nothing then, which is why `faults` exists
    }
    assert notebooks.faults(cleared)


def test_colab_s_cell_fetches_the_kit_where_it_is_not_there_and_rests_elsewhere(tmp_path):
    from kit.course import build
    from kit.course.notebooks import differences, read

    assert build.main(["colab", str(tmp_path), "https://example.org/kit.git"]) == 0
    name = "00_start_here.ipynb"
    nb, stored = read(tmp_path / name), read(build.ROOT / "notebooks" / name)
    first = next(k for k, cell in enumerate(nb.cells) if cell.cell_type == "code")
    cell = nb.cells.pop(first)
    assert differences(nb, stored) == []  # nothing else has changed
    exec(cell.source, {})  # the kit is here: nothing happens
    fetched = []

    class Git:
        """Notes what would be run."""

        @staticmethod
        def run(command, check):
            fetched.append(command)

    source = cell.source.replace('find_spec("kit")', 'find_spec("no_such_kit")')
    source = source.replace("import subprocess", "").replace('os.chdir("branch', 'print("branch')
    exec(source, {"subprocess": Git})
    assert fetched[0][:2] == ["git", "clone"] and "https://example.org/kit.git" in fetched[0]
    assert fetched[1][-1] == "./branch-kit[pictures]"
