"""Notebooks stay true: pairs in step, lessons executed, exercises fresh and without answers."""

import configparser
import copy
import os
import re
import shutil
from pathlib import Path

import leaks
import nbformat
import pytest

from kit.course import exercises, notebooks

ROOT = Path(__file__).parents[1]


def names(*folders: str, suffixes: tuple[str, ...] = (".ipynb",)) -> list[str]:
    """Notebooks of some folders, as folder/stem."""
    paths = [path for folder in folders for path in (ROOT / folder).glob("*.*")]
    return sorted({f"{p.parent.name}/{p.stem}" for p in paths if p.suffix in suffixes})


@pytest.mark.parametrize(
    "name", names("notebooks", "exercises", "solutions", suffixes=(".py", ".ipynb"))
)
def test_pair_is_in_step(name):
    source, notebook = (ROOT / (name + suffix) for suffix in (".py", ".ipynb"))
    assert source.exists() and notebook.exists()
    assert notebooks.differences(notebooks.read(source), notebooks.read(notebook)) == []


@pytest.mark.parametrize("name", names("notebooks", "solutions"))
def test_notebook_is_executed_and_clean(name):
    stored = notebooks.read(ROOT / f"{name}.ipynb")
    nbformat.validate(stored)
    assert notebooks.faults(stored) == []
    assert notebooks.clean(stored) == stored


@pytest.mark.parametrize("name", names("notebooks"))
def test_lesson_shows_something(name):
    stored = notebooks.read(ROOT / f"{name}.ipynb")
    assert any(cell.get("outputs") for cell in stored.cells)


def test_exercises_are_what_the_solutions_make_of_them():
    pytest.importorskip("nbgrader")
    assert exercises.build_exercises(check=True) == []


@pytest.mark.parametrize("name", names("solutions"))
def test_no_solution_travels(name):
    stem = Path(name).name
    files = leaks.travelling(ROOT / "exercises")
    others = {Path(other).name for other in names("exercises")} - {stem}
    mine = [path for path in files if not path.name.startswith(tuple(others))]
    assert leaks.leaks(notebooks.read(ROOT / f"{name}.py"), mine, stem) == []


# The checkers say no ------------------------------------------------------------------------------


@pytest.fixture
def stored():
    """Notebook as it should be stored: a text, a cell that prints, one that ends in a value."""
    v4 = nbformat.v4
    values = v4.new_output("execute_result", {"text/plain": "2"}, execution_count=2)
    return v4.new_notebook(
        cells=[
            v4.new_markdown_cell("Text", id="a"),
            v4.new_code_cell(
                "for k in range(2):\n    print(k)",
                id="b",
                execution_count=1,
                outputs=[v4.new_output("stream", name="stdout", text="0\n1\n")],
            ),
            v4.new_code_cell("1 + 1", id="c", execution_count=2, outputs=[values]),
            v4.new_code_cell("x = 1", id="d", execution_count=3),
        ]
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda nb: nb.cells[0].update(cell_type="raw"),
        lambda nb: nb.cells[1].update(source="for k in range(3):\n    print(k)"),
        lambda nb: nb.cells[2].metadata.update(tags=["check"]),
        lambda nb: nb.cells.pop(),
        lambda nb: nb.cells.reverse(),
    ],
)
def test_a_pair_out_of_step_is_found(stored, change):
    other = copy.deepcopy(stored)
    assert notebooks.differences(stored, other) == []
    change(other)
    assert notebooks.differences(stored, other)


def clear(nb):
    for cell in nb.cells[1:]:
        cell.update(outputs=[], execution_count=None)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (clear, "never run"),
        (lambda nb: nb.cells[3].update(execution_count=None), "never run"),
        (lambda nb: nb.cells[1].update(outputs=[]), "shows nothing"),
        (lambda nb: nb.cells[2].update(outputs=[]), "shows nothing"),
        (lambda nb: nb.cells[1].outputs[0].update(name="stderr"), "stderr"),
        (lambda nb: nb.cells[1].outputs[0].update(text="x.py:1: UserWarning: odd"), "warning"),
        (lambda nb: nb.cells[2].outputs[0].data.update({notebooks.WIDGET: {}}), "widget view"),
        (lambda nb: nb.cells[2].outputs[0].update(output_type="error"), "an error"),
        (lambda nb: nb.metadata.update(widgets={}), "state of widgets"),
        (lambda nb: nb.cells[2].update(source="1 + 1;"), "semicolon"),
    ],
)
def test_a_fault_is_found(stored, change, fault):
    assert notebooks.faults(stored) == []
    change(stored)
    assert any(fault in sentence for sentence in notebooks.faults(stored))


def compared(text: str) -> str:
    """What the strict comparison sees of a text."""
    rules = configparser.RawConfigParser()
    rules.read(ROOT / "tests" / "nbval_sanitize.cfg", encoding="utf-8")
    for rule in map(dict, map(rules.items, rules.sections())):
        text = re.sub(rule["regex"], rule["replace"], text)
    return text


@pytest.mark.parametrize("other", ["≈ 3.1e-10", "≈ -12", "≈  0.25", "≈ 1e+3"])
def test_a_number_after_about_may_differ_and_no_other(other):
    text = "L = 30: error ≈ 1.2e-09, 14 of 20"
    assert compared(text) == compared(text.replace("≈ 1.2e-09", other))
    assert compared(text) != compared(text.replace("14", "15"))
    assert compared(text) != compared(text.replace("30", "31"))
    assert compared(text) != compared(text.replace("≈ 1.2e-09", "≈ nan"))
    assert compared(text) != compared(text.replace("≈ 1.2e-09", "= 1.2e-09"))


def test_a_number_after_about_has_two_digits(stored):
    cell = stored.cells[1]
    for text, right in (
        ("≈ 0.012, ≈ 1.2e-12, ≈ -3, ≈ 1200, 3.14159 = pi", True),
        ("≈ 1.23", False),
        ("≈ 54.3 % of 12", False),
    ):
        cell.outputs[0].text = text
        assert (notebooks.faults(stored) == []) == right


def test_a_folded_cell_stays_folded():
    cell = nbformat.v4.new_code_cell("1", metadata={"tags": [notebooks.FOLDED]})
    assert notebooks.plain([cell]).cells[0].metadata.jupyter == {"source_hidden": True}


def test_cells_that_need_not_show_anything(stored):
    cell = stored.cells[3]
    for source in (
        "def f():\n    print(1)",
        "%matplotlib inline\nimport numpy as np",
        "if False:\n    print(1)",
        "rows.append(1)",
        "None",
    ):
        cell.source = source
        assert notebooks.faults(stored) == []
    cell.update(source="f(print(3))")
    assert notebooks.faults(stored)
    cell.metadata.tags = ["nbval-ignore-output"]
    assert notebooks.faults(stored) == []
    cell.update(execution_count=None)
    cell.metadata.tags = ["nbval-skip", "skip-execution"]
    assert notebooks.faults(stored) == []


# Links --------------------------------------------------------------------------------------------


def links(text: str) -> list[str]:
    """Relative targets of the links of a markdown text."""
    found = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    return [target for target in found if ":" not in target]


@pytest.mark.parametrize("name", names("notebooks"))
def test_links_of_a_lesson_lead_somewhere(name):
    path = ROOT / f"{name}.ipynb"
    prose = [cell.source for cell in notebooks.read(path).cells if cell.cell_type == "markdown"]
    assert [t for t in links("\n".join(prose)) if not (path.parent / t).exists()] == []


def test_readme_lists_every_lesson_in_order_and_nothing_else():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[.*?\]\((notebooks/\d\d\w+)\.ipynb\)", readme, flags=re.MULTILINE)
    assert listed == [name for name in names("notebooks") if Path(name).name[0].isdigit()]
    assert [t for t in links(readme) if not (ROOT / t).exists()] == []


def test_a_broken_link_is_found():
    assert links("[a](b.ipynb) and [c](https://d.e), [f](g/h.md#i)") == ["b.ipynb", "g/h.md"]


@pytest.mark.parametrize("name", ["notebooks/glossary", "exercises/16_slack"])
def test_a_notebook_that_is_newer_than_its_source_opens_in_jupyter(tmp_path, name):
    """`run.py lessons` writes the .ipynb after the .py; jupytext must not mind."""
    from jupyter_server.services.contents.largefilemanager import LargeFileManager
    from jupytext.sync_contentsmanager import build_sync_jupytext_contents_manager_class

    for file in (ROOT / "jupytext.toml", *(ROOT / f"{name}{end}" for end in (".py", ".ipynb"))):
        shutil.copyfile(file, tmp_path / file.name)
    os.utime(next(tmp_path.glob("*.py")), (0, 0))
    manager = build_sync_jupytext_contents_manager_class(LargeFileManager)()
    manager.root_dir = str(tmp_path)
    assert manager.get(Path(name).name + ".ipynb")["content"]["cells"]
