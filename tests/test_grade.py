"""The grader: notebooks in any state, code nobody has read, marks that cannot be forged."""

import ast
import copy
import csv
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from test_ways import in_the_marks

from kit.course import cells as course_cells
from kit.course.cells import code_cells
from kit.course.grader import exam, judge, report, sandbox, wire
from kit.course.grader import folder as folders
from kit.course.grader.__main__ import contained, grade, main
from kit.course.grader.folder import Handed, Mark
from kit.course.program import Notebook
from kit.course.values import Opaque, values

ROOT = Path(__file__).parents[1]
STEM = "11_projection"
pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the grader contains by Linux means"
)

HELPERS = """\
def half():
    return np.sqrt(2)


def turned(p, q):
    return (p + q) / ROOT2, (p - q) / ROOT2
"""
SOLVED = '''\
def project(p, q, d):
    """Mine."""
    x, z = turned(p, q)
    low = np.maximum(np.maximum(x, 0), (x + abs(z)) / 2)
    high = np.maximum(np.sqrt(2 * d + z * z), low)
    for _ in range(70):
        X = (low + high) / 2
        t = np.where(2 * X > x, z / np.where(2 * X > x, 2 * X - x, 1), 0)
        small = X * X * (1 - t * t) < 2 * d
        low, high = np.where(small, X, low), np.where(small, high, X)
    big = X * (1 + abs(t)) / ROOT2
    little = d / np.where(big > 0, big, 1)
    u, v = np.where(z >= 0, big, little), np.where(z >= 0, little, big)
    stay = (p >= 0) & (q >= 0) & (p * q >= d)
    return np.where(stay, p, u), np.where(stay, q, v)
'''


def given() -> dict:
    return json.loads((ROOT / "exercises" / f"{STEM}.ipynb").read_text())


def code(source: str) -> dict:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": []}


def solved() -> dict:
    """The exercise with `project` solved by help of two cells that need each other."""
    notebook = given()
    for k, cell in enumerate(notebook["cells"]):
        if "".join(cell["source"]).startswith("def project("):
            cell["source"] = SOLVED
            notebook["cells"][k:k] = [code(HELPERS), code("ROOT2 = half()")]
            return notebook
    raise AssertionError


def with_project(body: str, *more: str) -> dict:
    """The exercise with this body of `project`, and more cells at its end."""
    notebook = given()
    for cell in notebook["cells"]:
        if "".join(cell["source"]).startswith("def project("):
            cell["source"] = "def project(p, q, d):\n" + body
    notebook["cells"] += [code(source) for source in more]
    return notebook


# Reading -----------------------------------------------------------------------------------------


def read(*sources) -> Notebook:
    cells = [source if isinstance(source, dict) else code(source) for source in sources]
    data = json.dumps({"cells": cells, "metadata": None}).encode()
    return Notebook(*code_cells(data))


def program(handed: Notebook, name: str, given: Notebook | None = None) -> list:
    """Sources of the statements of the last program of a function."""
    found = handed.programs("check", name, given or Notebook([]))
    return [ast.unparse(s.node) for s in found[-1]] if found else []


def test_definitions_are_found_whatever_is_around_them():
    handed = read(
        "%matplotlib inline\nx = 1\nprint(x)",
        {"cell_type": "code", "source": ["def f(y):\n", "    return x * y\n"]},
        "def f(x):\n    raise NotImplementedError('your turn')",
        "@staticmethod\ndef g(x): return x\n\nwhat's this",
        {"cell_type": "markdown", "source": "def h(): pass"},
        {"cell_type": "code"},
    )
    assert program(handed, "f") == ["x = 1", "def f(y):\n    return x * y"]
    assert program(handed, "g") == ["@staticmethod\ndef g(x):\n    return x"]
    assert program(handed, "h") == []
    assert handed.notes == [
        "Code cell 4 is not Python: line 4: unterminated string literal (detected at line 4). "
        "The parts of it that are Python count."
    ]


def test_of_a_notebook_only_what_a_function_needs_is_run():
    handed = read(
        "import numpy as np, os\nfrom math import pi, tau",
        "slow = [0 for _ in iter(int, 1)]\nA, B = 1, 2",
        "def unused():\n    return slow",
        "def helper(x):\n    return x + A",
        "def f(x, slow=None):\n    return helper(x) * pi + np.sum([slow for slow in x])",
        "check(f)",
        "A = 'another experiment'",
    )
    first, last = handed.programs("check", "f", Notebook([]))
    names = {name for s in first for name in s.binds}
    assert names == {"np", "pi", "A", "B", "helper", "f"}
    changed = {ast.unparse(s.node) for s in last} ^ {ast.unparse(s.node) for s in first}
    assert changed == {"A, B = (1, 2)", "A = 'another experiment'"}


def test_a_statement_meets_the_names_of_its_moment():
    handed = read(
        "def part():\n    return 1\ndef make():\n    return part()",
        "ONE = make()",
        "def part():\n    return 2\ndef make():\n    return 3\nTWO = part()",
        "def f():\n    return ONE, TWO, make()",
    )
    names: dict = {}
    exec("\n".join(program(handed, "f")), names)
    assert names["f"]() == (1, 2, 3)


@pytest.mark.parametrize(
    "text", ["", "no json", "[" * 100_000, '{"cells": 3}', "3", '{"cells": [{"cell_type": 3}]}']
)
def test_what_is_no_notebook_is_told(text):
    found = Notebook(*code_cells(text.encode()))
    assert found.statements == [] and len(found.notes) == 1


@pytest.mark.parametrize(
    ("source", "empty"),
    [
        ("def f(x):\n    raise NotImplementedError", True),
        ('def f(x):\n    """Text."""\n    raise NotImplementedError("your turn")', True),
        ("def f(x): ...", True),
        ("def f(x):\n    return x\n    raise NotImplementedError", False),
        ("def f(x):\n    raise ValueError", False),
    ],
)
def test_a_stub_is_told_from_an_answer(source, empty):
    assert (read(source).versions("check", "f") == []) == empty


def test_blank_lines_by_the_ten_thousand_cost_nothing(monkeypatch):
    tried, parsed = [], course_cells.parsed
    monkeypatch.setattr(
        course_cells, "parsed", lambda source: tried.append(source) or parsed(source)
    )
    for blank in (0, 6_000):
        read("x = 1\n" + "\n" * blank + "%time y = 2\nwhat's this\n" + " \n" * blank)
    lines = [source.count("\n") for source in tried]
    assert 0 < len(lines) < 20 and len(lines) % 2 == 0, lines  # as many parts as without


def test_an_answer_is_recognised_behind_other_names():
    text = (ROOT / "kit/branchhull/hull.py").read_text()
    known = exam.shapes(text)
    assert {"_root", "project_with_slack", "split_unchecked"} <= set(known.values())
    start = text.index("def split_unchecked")
    mine = text[start : text.index("\n\n\n", start)].replace("sigma", "s").replace("xi", "slack")
    mine = mine.replace("def split_unchecked", "def f").replace("known to be fine", "mine")
    assert [known[form] for form in exam.shapes(mine)] == ["split_unchecked"]
    other = exam.shapes(mine.replace("ROOT2 * s + q", "ROOT2 * s - q"))
    assert not set(other) & set(known)
    assert exam.shapes("def f(x):\n    return x + 1") == {}  # too short to belong to anyone


def test_of_the_kit_only_what_an_exercise_gives_is_there():
    for stem, one in exam.exams().items():
        modules = one.task["kit"]
        texts = "\n".join(modules.values())
        for name in ("solve", "certify", "project_with_slack", "METHODS", "refit"):
            assert f"def {name}(" not in texts and f"import {name}" not in texts, (stem, name)
        assert ("def project(" in texts) == (stem == "13_admm_step")
        if stem == STEM:
            assert set(modules) == {
                "__init__.py",
                "arguments.py",
                "branchhull/__init__.py",
                "branchhull/hull.py",
                "results.py",
            }
            assert "def violation(" in modules["branchhull/hull.py"]
    assert exam.modules(["import numpy"]) == {}


# The wire ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        2.5,
        "text",
        [np.arange(6.0).reshape(2, 3), np.arange(2), "text"],
        np.array([True, False]),
        np.array([1 + 2j]),
        1 - 2j,
        np.float64(2.5),
        np.True_,
        np.longdouble(1) / 3,
        np.zeros((0, 3)),
        float("nan"),
    ],
)
def test_values_travel(value):
    found = values(value)
    (back,) = wire.read(wire.line([found]))
    assert repr(back) == repr(found) and type(back) is type(found)


def test_what_numpy_makes_one_array_of_is_that_array():
    rows = np.arange(6.0).reshape(2, 3)
    for same in (rows.tolist(), tuple(rows), [[0, 1, 2.0], range(3, 6)], rows.astype(object)):
        assert repr(values(same)) == repr(rows)
    mixed = values((rows.tolist(), [[True, False]]))
    assert [part.dtype.kind for part in mixed] == ["f", "b"]  # truth values are no numbers
    assert values([True, 2.0]) == [np.True_, 2.0] and values([1, [2, 3]])[0] == 1


def test_what_is_no_value_travels_by_name_only():
    deep: list = []
    for _ in range(40):
        deep = [deep, 1]
    for value in (object(), np.array([object()]), {1: 2}, deep, lambda: 0, iter([])):
        assert "Opaque" in repr(wire.read(wire.line([values(value)])))
    (back,) = wire.read(wire.line([values([print, 1])]))
    assert back == [Opaque("builtin_function_or_method"), 1]


@pytest.mark.parametrize(
    "forged",
    [
        "3",
        "[",
        '[{"a": 1}]',
        '{"opaque": 1}',
        '[{"type": "O", "shape": [1], "data": "AAAAAAAAAAA="}]',
        '[{"type": "<f8", "shape": [3], "data": "AAAAAAAAAAA="}]',
        '[{"type": "<f8", "shape": [-1, -1], "data": "AAAAAAAAAAA="}]',
        '[{"type": "<f8,O", "shape": [1], "data": "AAAA"}]',
        '[{"type": "<f8", "shape": 5}]',
        "[" * 100_000,
    ],
)
def test_nothing_else_is_read(forged):
    with pytest.raises(ValueError):
        wire.read(forged.encode())


# What is written ---------------------------------------------------------------------------------


def put(folder: Path, *names: str, text: str = "{}") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


STEMS = ("11_projection", "25_refit")


def test_layouts_are_recognised(tmp_path):
    put(tmp_path, "ada/11_projection.ipynb", "bob/11_projection/Untitled.ipynb", "x/final.IPYNB")
    put(tmp_path, "cy_11_projection.ipynb", "25_refit/dan.ipynb", "25_refit/eve/mine.ipynb")
    put(tmp_path, "Fay Ray_123_assignsubmission_file_/25_refit.ipynb")
    put(tmp_path, "grayheidi_LATE_77_88_11_projection-1.ipynb", ".git/x.ipynb", "__MACOSX/x.ipynb")
    put(tmp_path, "ada/.ipynb_checkpoints/11_projection-checkpoint.ipynb", "ada/.DS_Store")
    found = {
        (one.student, one.notebook, " ".join(one.notes)) for one in folders.collect(tmp_path, STEMS)
    }
    first, second = STEMS
    assert found == {
        *((name, first, "") for name in ("ada", "bob", "cy", "grayheidi")),
        *((name, second, "") for name in ("dan", "eve", "Fay Ray")),
        ("x", "", ""),
    }


def test_nbgraders_course_folder_and_its_submitted_are_recognised(tmp_path):
    put(tmp_path, "nbgrader_config.py", "source/11_projection/11_projection.ipynb")
    put(tmp_path, "submitted/ada/11_projection/11_projection.ipynb")
    put(tmp_path, "submitted/ada/11_projection/timestamp.txt")
    for folder in (tmp_path, tmp_path / "submitted"):
        assert [one.student for one in folders.collect(folder, STEMS)] == ["ada"]


def test_every_folder_and_file_is_a_row_or_a_note(tmp_path):
    put(tmp_path, "a/work.zip", "b/11_projection.py", "c/essay.pdf", "d/11_projection.ipynb.txt")
    put(tmp_path, "e/11_projection.ipynb/inner.txt", "loose.docx")
    (tmp_path / "f").mkdir()
    put(tmp_path, "g/11_projection.ipynb")
    (tmp_path / "h").mkdir()
    (tmp_path / "h" / "11_projection.ipynb").symlink_to(tmp_path / "g" / "11_projection.ipynb")
    (tmp_path / "i").mkdir()
    os.mkfifo(tmp_path / "i" / "11_projection.ipynb")
    notes = {one.student: " ".join(one.notes) for one in folders.collect(tmp_path, STEMS)}
    assert set(notes) == {*"abcdefghi", "loose"} and notes["d"] == notes["g"] == ""
    for name, word in zip(
        "abcefhi",
        ["unpack", "11_projection.py", "essay.pdf", "inner", "empty", "link", "ordinary"],
        strict=True,
    ):
        assert word in notes[name], name


def test_names_in_both_unicode_forms_are_one_student(tmp_path):
    put(tmp_path, "Ame\u0301lie/11_projection.ipynb", "Am\u00e9lie/25_refit.ipynb")
    os.makedirs(os.fsencode(tmp_path) + b"/Jos\xe9")
    found = folders.collect(tmp_path, STEMS)
    assert [one.student for one in found] == ["Am\u00e9lie", "Am\u00e9lie", "Jos\u00e9"]


def test_feedback_is_escaped_and_tells_only_what_is_for_the_student(tmp_path):
    marks = [Mark("check", "f", 2, 0.5, "Not <b>yet</b>, see `x`.", "=copied from kit")]
    marks[0].part, marks[0].failed = "Go further: more", "be `exact`"
    one = Handed(Path("x.ipynb"), "=A/../b", "11", ["A <note>."], marks)
    students = {"=A/../b": [one], "c\ud800": []}
    report.write(tmp_path, students, {"seed": 1})
    files = sorted(p.name for p in (tmp_path / "feedback").iterdir())
    assert files == ["_A_.._b.html", "c_.html"]
    page = (tmp_path / "feedback" / files[0]).read_text()
    assert (
        "Not &lt;b&gt;yet&lt;/b&gt;, see <code>x</code>." in page
        and "A &lt;note&gt;." in page
        and "copied" not in page
    )
    rows = list(csv.reader(io.StringIO((tmp_path / "marks.csv").read_text())))
    row = dict(zip(*rows, strict=True))
    assert row["student"] == "'=A/../b" and (row["points"], row["most"]) == ("0.5", "2")
    assert row["for_you"] == "'=copied from kit" and row["property"] == "be `exact`"
    assert "Go further: more" in page and "0.5 of 2" in page and "@media print" in page
    assert (tmp_path / "totals.csv").read_text().split() == [
        "student,11,total",
        "'=A/../b,0.5,0.5",
        "c?,,0",
    ]
    assert "11,'=A/../b,0.5,2" in (tmp_path / "nbgrader.csv").read_text()
    canvas = (tmp_path / "canvas.csv").read_text().split("\n")
    assert canvas[0].startswith("Student,ID,") and canvas[1].startswith("Points Possible,")
    assert (tmp_path / "totals.png").read_bytes()[:4] == b"\x89PNG"


def test_of_several_files_of_an_exercise_the_best_counts():
    marked = [
        Handed(Path(name), "ada", STEM, [], [Mark("check", "f", 4, points)])
        for name, points in (("a", 1), ("b", 3), ("c", 2))
    ]
    assert [r.path.name for r in report.best(marked)["ada"]] == ["b"]
    lost = Handed(Path("d"), "ada", "", ["No notebook."])
    assert [r.path.name for r in report.best([*marked, lost])["ada"]] == ["b", "d"]


def test_an_exam_holds_the_hidden_and_gives_away_the_public():
    one = exam.exams()[STEM]
    assert one.parts == {
        "check": "Core: write it",
        "check_zero": "Go further 1: d = 0",
        "check_slack": "Go further 2: with slack",
    }
    public = "\n".join(one.task["given"])
    assert "def scan(" in public and "raise NotImplementedError" in public
    assert "maximum.reduce" not in public
    assert not one.published.intersection(exam.shapes(public))
    assert [check.function for check in one.checks()] == list(one.task["checks"].values())


def test_the_exercise_is_the_one_whose_functions_are_there():
    marker = judge.Marker(exam.exams(), {}, 0, sandbox.Limits())

    def which(bound, hint="", stems=()):
        notes, stem = marker._which([], bound, stems, hint)
        return stem, " ".join(notes)

    assert which(["project", "project_with_slack"], "12_certificate") == (
        STEM,
        "Its name says 12_certificate, and it holds 11_projection: marked as that.",
    )
    assert which(["lower_bound"], "21_neuron_dual") == ("21_neuron_dual", "")
    assert which(["lower_bound"], "", ["12_certificate"]) == ("12_certificate", "")
    assert which([], STEM) == (STEM, "")
    assert which(["x"])[0] == "" and "unclear" in which(["x"])[1]


# Whole -------------------------------------------------------------------------------------------


def marked(tmp_path, notebooks: dict, jobs: int = 1, **options) -> dict:
    """Grade notebooks by name; name -> (points, verdicts joined)."""
    folder = tmp_path / "in"
    for name, handed in notebooks.items():
        path = folder / name / f"{STEM}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(handed if isinstance(handed, str) else json.dumps(handed))
    limits = sandbox.Limits(**{"seconds": 4, **options})
    students = grade(
        folder, tmp_path / "out", seed=5, limits=limits, jobs=jobs, say=lambda *_: None
    )
    return {
        name: (one[0].points, " ".join([*(m.verdict for m in one[0].marks), *one[0].notes]))
        for name, one in students.items()
    }


def mangle(notebook: dict, rng: random.Random) -> dict:
    """The same answers in a notebook that has been through much."""
    notebook = copy.deepcopy(notebook)
    cells = notebook["cells"]
    mine = [
        c for c in cells if any(s in "".join(c["source"]) for s in (SOLVED, HELPERS, "ROOT2 ="))
    ]
    stubs = [c for c in cells if "raise NotImplementedError" in "".join(c["source"])]

    def drop():
        others = [c for c in cells if c not in mine]
        for cell in rng.sample(others, rng.randrange(len(others) + 1)):
            cells.remove(cell)

    def double():
        cells.extend(copy.deepcopy([*rng.choices(cells, k=4), rng.choice(mine)]))

    def spoil():
        for cell in cells:
            cell["metadata"] = rng.choice([None, [], "x", {"tags": 3}, {"nbgrader": {"grade": 1}}])
            cell["execution_count"] = rng.choice([None, "x", -4, [1]])
            cell["outputs"] = rng.choice([None, [{"output_type": 7}], "text", []])
            cell.pop("id", None)

    def foreign():
        cells.extend(
            [
                code("exit()"),
                code("1 / 0"),
                code("def broken(:\n"),
                code("%%bash\necho hello"),
                code("!ls\nx = !pwd"),
                code("project = project"),
                {"cell_type": "raw", "source": "raw"},
            ]
        )

    def tail():
        mine[-1]["source"] = "".join(mine[-1]["source"]) + "\n\nproject(1, 2,\n"

    def again():
        cells.extend(copy.deepcopy(stubs))

    def as_lists():
        for cell in cells:
            cell["source"] = "".join(cell["source"]).splitlines(keepends=True)

    steps = [drop, double, spoil, foreign, tail, again, as_lists, lambda: rng.shuffle(cells)]
    for step in rng.sample(steps, rng.randrange(2, len(steps) + 1)):
        step()
    if rng.random() < 0.3:
        return {"nbformat": 3, "worksheets": [{"cells": cells}]}
    for key in rng.sample(["metadata", "nbformat", "nbformat_minor"], rng.randrange(4)):
        notebook[key] = rng.choice([None, "x", [], {"kernelspec": 3}])
    return notebook


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_notebook_mangled_fifty_ways_scores_the_same(tmp_path):
    mangled = [mangle(solved(), random.Random(k)) for k in range(50)]
    right = {"check": True, "check_zero": True, "check_slack": False}
    for k, handed in enumerate(mangled):
        assert in_the_marks(STEM, json.dumps(handed).encode()) == right, k
    notebooks = {f"m{k}": mangled[k] for k in range(0, 50, 17)} | {"empty": given()}
    found = marked(tmp_path, notebooks, jobs=2)
    assert {points for name, (points, _) in found.items() if name != "empty"} == {5}
    assert found["empty"][0] == 0


STEAL = f"""\
    from pathlib import Path
    text = Path({str(ROOT / "solutions" / (STEM + ".py"))!r}).read_text()
    names = {{"np": np}}
    start = text.index("def project(")
    exec(text[start : text.index("# %%", start)], names)
    return names["project"](p, q, d)
"""
FORGE = """\
    import json, os
    said = json.dumps({"marks": [{"check": "check", "function": "project", "most": 4, "points": 4,
        "verdict": "Right.", "private": ""}], "path": "", "notebook": "", "ok": True}).encode()
    for fd in range(3, 128):
        try:
            os.write(fd, len(said).to_bytes(8, "big") + said)
        except OSError:
            pass
    print("score: 7 of 7")
    return p, q
"""
OVERWRITE = """\
import kit.course.checks, kit.course.practice
kit.course.checks.judge = lambda *a, **k: kit.course.checks.Feedback("right", True, "", 1.0)
kit.course.practice.Exercise.__call__ = kit.course.checks.judge
judge = kit.course.checks.judge
def check(answer, seed=0): return kit.course.checks.Feedback("right", True, "All.", 1.0)
check_slack = check_zero = check
"""
LITTER = """\
    import os, subprocess
    for _ in range(4):
        if os.fork() == 0:
            os.setsid()
            os.execvp("sleep", ["sleep", "31337.25"])
    return p, q
"""
WRITE = """\
    from pathlib import Path
    for place in PLACES:
        try:
            (Path(place) / "planted-by-a-submission").write_text("x")
        except OSError:
            pass
    return p, q
"""


def needs_namespaces() -> None:
    try:
        sandbox.measure(sandbox.Limits())
    except (sandbox.Ended, OSError):
        pytest.skip("no namespaces here: marking is refused, as the guide says")


def running(word: str) -> bool:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in path.read_bytes():
                return True
        except OSError:
            continue
    return False


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_hostile_submissions_score_what_they_deserve_and_harm_nobody(tmp_path):
    needs_namespaces()
    big_output = with_project("    return p, q")
    big_output["cells"][2]["outputs"] = [{"output_type": "stream", "text": "x" * (40 << 20)}]
    others = str(tmp_path / "in" / "honest_first")
    places = [str(ROOT), str(ROOT / "kit"), "/tmp", "/usr", str(Path.home()), others]
    write = WRITE.replace("PLACES", repr(places))
    hostile = {
        "endless_loop": with_project("    while True:\n        pass"),
        "endless_cell": with_project("    return p, q", "while True:\n    pass"),
        "endless_assignment": with_project("    return p, q", "x = [1 for _ in iter(int, 1)]"),
        "huge_array": with_project("    return np.ones(10 << 27), q"),
        "huge_answer": with_project("    return np.ones(1 << 24), np.ones(1 << 24)"),
        "children": with_project(LITTER),
        "exit": with_project("    exit()"),
        "exit_cell": with_project("    return p, q", "exit()", "x = exit()"),
        "hard_exit": with_project("    import os\n    os._exit(0)"),
        "kill_all": with_project("    import os\n    os.kill(-1, 9)\n    return p, q"),
        "writes_outside": with_project(write),
        "reads_solutions": with_project(STEAL),
        "overwrites_check": with_project("    return p, q", OVERWRITE),
        "prints_mark": with_project(FORGE),
        "output": with_project("    print('x' * (20 << 20))\n    return p, q"),
        "stored_output": big_output,
        "not_json": "this is no notebook {",
        "fills_disk": with_project(
            "    for k in range(9):\n        open(f'f{k}', 'w').write('x' * (60 << 20))\n"
        ),
    }
    honest = {"honest_first": solved(), "zz_honest_last": solved()}
    stages = set(Path(tempfile.gettempdir()).glob("kit-stage-*"))
    found = marked(tmp_path, {**hostile, **honest}, jobs=2)
    points = {name: one[0] for name, one in found.items()}
    assert points["honest_first"] == points["zz_honest_last"] == 5
    untouched = 0.8  # `return p, q` leaves the points inside alone: one of five that count
    allowed = {name: untouched for name in hostile}
    assert {n: p for n, p in points.items() if n in hostile and p > allowed[n]} == {}
    assert points["overwrites_check"] == points["exit_cell"] == points["endless_cell"] == untouched
    assert points["stored_output"] == points["output"] == untouched
    said = {name: one[1] for name, one in found.items()}
    assert "longer than the 4 seconds" in said["endless_loop"]
    assert "MemoryError" in said["huge_array"]
    assert "FileNotFoundError" in said["reads_solutions"]
    assert "SystemExit" in said["exit"] and "ends the process" in said["hard_exit"]
    assert not running("31337.25")
    planted = [tmp_path, ROOT, ROOT / "kit", Path("/tmp"), Path("/usr"), Path.home()]
    assert [p for p in planted if list(p.glob("planted-by-a-submission"))] == []
    assert list(tmp_path.rglob("planted*")) == []
    assert set(Path(tempfile.gettempdir()).glob("kit-stage-*")) <= stages


OWN = """\
    import importlib as i, sys
    sys.setprofile(None)
    m = i.import_module('kit.branchhull.hull')
    return getattr(m, 'pro' + 'ject')(p, q, d)
"""
THREAD = """\
    import threading
    out = []
    def run():
        from kit.branchhull.hull import project as theirs
        out.append(theirs(p, q, d))
    t = threading.Thread(target=run); t.start(); t.join()
    return out[0]
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_kits_own_code_earns_nothing_by_whatever_way(tmp_path):
    needs_namespaces()
    text = (ROOT / "kit/branchhull/hull.py").read_text()
    copied = text[text.index("import numpy") :].replace("def project(", "def kit_project(")
    copied = copied.replace("def project_unchecked(", "def project(")
    stub = "    raise NotImplementedError"
    both = "from kit.branchhull.hull import project, project_with_slack"
    cells = [cell for cell in given()["cells"] if "raise NotImpl" not in "".join(cell["source"])]
    found = marked(
        tmp_path,
        {
            "imported": {"cells": [*cells, code(both)]},
            "assigned": with_project(stub, "import kit.branchhull.hull as h\nproject = h.project"),
            "partial": with_project(
                stub, "import functools\n" + both + "\nproject = functools.partial(project)"
            ),
            "called": with_project(
                "    from kit.branchhull import hull\n    return hull.project(p, q, d)"
            ),
            "secretly": with_project(OWN),
            "thread": with_project(THREAD),
            "copied": with_project(stub, copied),
            "zeros": with_project("    return 0 * p, 0 * q"),
            "allowed": with_project("    violation(p, q, d)\n    return p, q"),
        },
        jobs=2,
    )
    allowed = found.pop("allowed")
    assert {name: points for name, (points, _) in found.items() if points} == {}
    assert "write your own" in found["imported"][1] and "write your own" in found["copied"][1]
    assert allowed[0] > 0 and "the kit's own" not in allowed[1]
    rows = (tmp_path / "out" / "marks.csv").read_text()
    assert "copied from kit.branchhull.hull.project_unchecked" in rows


STAY = """\
    import pathlib, tempfile
    left = pathlib.Path(tempfile.gettempdir(), "left-by-another")
    code = left.read_text() if left.exists() else ""
    left.write_text("WHO")
    if code not in ("", "WHO"):
        raise RuntimeError("found what another student left")
    return p, q
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_one_student_stops_nobody_and_nothing_outlives_a_submission(tmp_path):
    needs_namespaces()
    found = marked(
        tmp_path,
        {
            "half": with_project("    raise RuntimeError('\\ud800')"),
            "left": with_project(STAY.replace("WHO", "left")),
            "lefty": with_project(STAY.replace("WHO", "lefty")),
            "many": with_project(
                "    import os\n    for k in range(10**6): open(f'f{k}', 'w').close()"
            ),
            "spaces": {"cells": [code("\n" * 900_000 + "x = ("), *solved()["cells"]]},
            "honest": solved(),
        },
        jobs=2,
    )
    assert found["honest"][0] == found["spaces"][0] == 5
    assert found["left"] == found["lefty"] and "another student" not in found["lefty"][1]
    assert "RuntimeError" in found["half"][1] and "No space left" in found["many"][1]
    assert len((tmp_path / "out" / "totals.csv").read_text().splitlines()) == 7


@pytest.mark.slow
def test_what_the_sandbox_keeps_out_is_measured():
    needs_namespaces()
    found = sandbox.measure(sandbox.Limits())
    assert found.pop("user") != 0 or os.getuid() != 0
    assert len(found) == 6 and not any(found.values())
    assert not any("CAN " in sentence for sentence in contained(sandbox.Limits()))
    open_door = sandbox.measure(sandbox.Limits(contained=False))
    assert open_door["read solutions"] and open_door["reach the network"]
    said = contained(sandbox.Limits(contained=False))
    assert "WITHOUT" in said[0] and any("CAN reach the network" in one for one in said)


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_users_sandbox_keeps_out_as_much():
    command = "from kit.course.grader.sandbox import Limits, measure; print(measure(Limits()))"
    other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": "/home"}
    done = subprocess.run([*other, sys.executable, "-c", command], env=env, capture_output=True)
    if done.returncode and b"Ended" in done.stderr:
        pytest.skip("no user namespaces here")
    found = done.stdout.decode()
    assert "True" not in found and found.count("False") == 6


def test_where_nothing_can_be_contained_marking_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "MOUNTS", "exit 1")
    with pytest.raises(SystemExit, match="--uncontained"):
        main([str(tmp_path)])


def test_a_folder_with_nothing_in_it_is_told_the_layout(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path / "nowhere")])
    assert "FOLDER/student/NN_name.ipynb" in capsys.readouterr().err


RIGHT = "def smallest_slack(p, q, d):\n    return np.maximum(d / p - q, 0)"
LOOP = RIGHT.replace("return", "while True: pass\n    return")
HALF = "def smallest_slack(p, q, d):\n    return np.abs(d / p - q)"


def slack(answer: str = RIGHT, *more: str) -> str:
    """Exercise 16 with its core answered."""
    handed = json.loads((ROOT / "exercises" / "16_slack.ipynb").read_text())
    for cell in handed["cells"]:
        if "".join(cell["source"]).startswith("def smallest_slack("):
            cell["source"] = answer
    handed["cells"] += [code(source) for source in more]
    return json.dumps(handed)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_class_of_sixty_with_all_that_happens(tmp_path, capsys):
    needs_namespaces()
    wanted = {}

    def hand_in(name: str, student: str, points: float | None, data: str | bytes) -> None:
        path = tmp_path / "class" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        wanted[student] = points

    for k in range(11):  # right, half right and empty, in four layouts
        for what, points, text in (
            ("r", 2, slack()),
            ("h", 1, slack(HALF)),
            ("e", 0, slack("pass")),
        ):
            name = f"{what}{k:02d}"
            path = (
                f"{name}/16_slack.ipynb",
                f"16_slack/{name}.ipynb",
                f"{name}_16_slack.ipynb",
                f"{name}_4711_assignsubmission_file_/work.ipynb",
            )[k % 4]
            hand_in(path, name, points, text)
    for k in "ab":  # two of each mishap
        hand_in(f"broken{k}/16_slack.ipynb", f"broken{k}", 2, slack(RIGHT, "def (:", "1 / 0"))
        hand_in(f"slow{k}/16_slack.ipynb", f"slow{k}", 2, slack(RIGHT, "while True:\n    pass"))
        hand_in(f"named{k}/25_refit.ipynb", f"named{k}", 2, slack())
        latin = slack(RIGHT, "name = 'M\u00fcller'").replace("\\u00fc", "\u00fc")
        hand_in(f"latin{k}/16_slack.ipynb", f"latin{k}", 2, latin.encode("latin-1", "replace"))
        hand_in(f"Ame\u0301lie {k}/16_slack.ipynb", f"Am\u00e9lie {k}", 2, slack())
        hand_in(f"upper{k}/16_SLACK.IPYNB", f"upper{k}", 2, slack())
        hand_in(f"text{k}/16_slack.ipynb.txt", f"text{k}", 2, slack())
        hand_in(f"endless{k}/16_slack.ipynb", f"endless{k}", 0, slack(LOOP))
        hand_in(f"zip{k}/16_slack.zip", f"zip{k}", None, "PK")
        hand_in(f"script{k}/16_slack.py", f"script{k}", None, RIGHT)
        hand_in(f"paper{k}/16_slack.pdf", f"paper{k}", None, "%PDF")
        hand_in(f"nothing{k}/16_slack.ipynb", f"nothing{k}", 0, "no notebook")
        (tmp_path / "class" / f"absent{k}").mkdir()
        wanted[f"absent{k}"] = None
    (tmp_path / "class" / "__MACOSX").mkdir()
    while len(wanted) < 60:
        name = f"more{len(wanted)}"
        hand_in(f"{name}/16_slack.ipynb", name, 2, slack())
    assert len(wanted) == 60
    start = time.monotonic()
    command = [str(tmp_path / "class"), "--seed", "3", "--seconds", "4"]
    assert main(command) == 0
    spent = time.monotonic() - start
    said = capsys.readouterr().out
    assert "[60/60]" in said and "60 students" in said
    with (tmp_path / "class_marks" / "totals.csv").open() as file:
        rows = list(csv.DictReader(file))
    found = {row["student"]: float(row["16_slack"]) if row["16_slack"] else None for row in rows}
    assert set(found) == set(wanted) and len(rows) == 60
    off = {name: (found[name], wanted[name]) for name in found if found[name] != wanted[name]}
    assert {
        name: pair for name, pair in off.items() if not (name[0] == "h" and 0 < pair[0] < 2)
    } == {}
    assert spent < 600
