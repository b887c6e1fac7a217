"""The grader: notebooks in any state, code nobody has read, marks that cannot be forged."""

import copy
import csv
import io
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from kit.course import grade, judge, sandbox, submission, wire
from kit.course.judge import Mark, Result

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


def read(tmp_path, notebook) -> submission.Submission:
    path = tmp_path / "x.ipynb"
    path.write_text(notebook if isinstance(notebook, str) else json.dumps(notebook))
    return submission.read(path)


def test_definitions_are_found_whatever_is_around_them(tmp_path):
    cells = [
        code("%matplotlib inline\nx = 1\nprint(x)"),
        code(["def f(x):\n", "    return x\n"]),
        code("def f(x):\n    raise NotImplementedError('your turn')"),
        code("@staticmethod\ndef g(x): return x\n\nwhat's this"),
        {"cell_type": "markdown", "source": "def h(): pass"},
        {"cell_type": "code"},
        "no cell",
    ]
    found = read(tmp_path, {"cells": cells, "metadata": None})
    assert [s.names for s in found.statements] == [("x",), ("f",), ("f",), ("g",)]
    assert [s.source for s in found.versions("f")] == ["def f(x):\n    return x"]
    assert found.statements[3].source.startswith("@staticmethod")
    assert found.versions("h") == [] and not found.mentions("h")
    assert found.notes == ["Code cell 4 is not Python as a whole; the parts of it that are count."]


@pytest.mark.parametrize(
    "text", ["", "no json", "[" * 100_000, '{"cells": 3}', "3", '{"cells": [{"cell_type": 3}]}']
)
def test_what_is_no_notebook_is_told(tmp_path, text):
    found = read(tmp_path, text)
    assert found.statements == [] and len(found.notes) == 1


def test_links_are_not_followed(tmp_path):
    (tmp_path / "a.ipynb").write_text(json.dumps(solved()))
    (tmp_path / "b.ipynb").symlink_to("a.ipynb")
    assert submission.read(tmp_path / "b.ipynb").statements == []


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
def test_a_stub_is_told_from_an_answer(tmp_path, source, empty):
    found = read(tmp_path, {"cells": [code(source)]})
    assert (found.versions("f") == []) == empty and found.mentions("f")


def test_an_answer_is_recognised_behind_other_names():
    text = (ROOT / "kit/branchhull/hull.py").read_text()
    known = submission.shapes(text)
    assert {"_root", "project_with_slack", "boundary"} <= set(known.values())
    start = text.index("def project_with_slack")
    mine = text[start : text.index("\n\n\n", start)].replace("sigma", "s").replace("xi", "slack")
    mine = mine.replace("def project_with_slack", "def f").replace("Nearest", "My nearest")
    assert known[submission.shape(mine)] == "project_with_slack"
    assert submission.shape(mine.replace("ROOT2 * s + q", "ROOT2 * s - q")) not in known
    assert submission.shape("def f(x):\n    return x + 1") == ""  # too short to belong to anyone


# The wire ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        2.5,
        "text",
        (np.arange(6.0).reshape(2, 3), [1, np.array(2)]),
        {"a": np.array([True, False])},
        np.array([1 + 2j]),
        np.zeros((0, 3)),
        float("nan"),
    ],
)
def test_values_travel(value):
    back = wire.unpack(json.loads(json.dumps(wire.pack(value))))
    assert repr(back) == repr(value) and type(back) is type(value)


def test_what_is_no_value_travels_by_name_only():
    deep: list = []
    for _ in range(40):
        deep = [deep]
    for value in (object(), np.array([object()]), {1: 2}, deep, lambda: 0):
        assert "Opaque" in repr(wire.unpack(wire.pack(value)))


@pytest.mark.parametrize(
    "forged",
    [
        3,
        [],
        ["x", 1],
        ["a", "O", [1], "AAAAAAAAAAA="],
        ["a", "<f8", [3], "AAAAAAAAAAA="],
        ["a", "<f8", [-1, -1], "AAAAAAAAAAA="],
        ["a", "<f8,O", [1], "AAAA"],
        ["v", {"a": 1}],
        ["t", 5],
    ],
)
def test_nothing_else_is_read(forged):
    with pytest.raises(wire.Broken):
        wire.unpack(forged)


def test_messages_that_come_late_too_large_or_broken():
    a, b = socket.socketpair()
    with pytest.raises(wire.Late):
        wire.receive(a, time.monotonic() + 0.05)
    b.sendall((1 << 50).to_bytes(8, "big"))
    with pytest.raises(wire.Broken, match="MB"):
        wire.receive(a, time.monotonic() + 5)
    b.close()
    with pytest.raises(wire.Broken):
        wire.receive(a, time.monotonic() + 5)
    a.close()


# What is written ---------------------------------------------------------------------------------


def test_students_and_exercises_are_found_by_name_and_by_content(tmp_path):
    for name in ("ada/11_projection.ipynb", "bob/11_projection/Untitled.ipynb", "x/final.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(json.dumps(given()))
    (tmp_path / "cy_11_projection.ipynb").write_text("{")
    (tmp_path / "dan.ipynb").write_text("{}")
    hidden = tmp_path / "ada" / ".ipynb_checkpoints"
    hidden.mkdir()
    (hidden / "11_projection-checkpoint.ipynb").write_text("{}")
    asked = grade.exercises()
    assert {"project", "project_with_slack"} <= asked[STEM]
    found = {(one.student, one.notebook) for one in grade.collect(tmp_path, asked)}
    assert found == {(s, STEM) for s in ("ada", "bob", "cy", "x")} | {("dan", "")}


def dead_process() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_a_killed_grader_left_is_removed_and_nothing_else(tmp_path):
    killed = (
        "import os; from kit.course.sandbox import Sandbox; Sandbox([], 'limits').start();"
        "os.kill(os.getpid(), 9)"
    )
    env = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", killed], env=env).returncode == -9
    (left,) = [path.name for path in tmp_path.iterdir()]
    dead = dead_process()
    for kept in (f"{os.getpid()}-running", "no-number", f"{dead}-full/file"):
        (tmp_path / f"{sandbox.STAGE}{kept}").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / f"{sandbox.STAGE}{dead}-link").symlink_to(tmp_path / "other")
    before = {path.name for path in tmp_path.iterdir()}
    assert sandbox.tidy(str(tmp_path)) == [left]
    assert {path.name for path in tmp_path.iterdir()} == before - {left}


def test_feedback_is_escaped_and_tells_only_what_is_for_the_student(tmp_path):
    marks = [Mark("check", "f", 2, 0.5, "Not <b>yet</b>.", "=copied from kit")]
    students = {"=A/../b": {"11": Result("x.ipynb", "11", marks, ["A <note>."])}, "c": {}}
    grade.write(tmp_path, students, {"seed": 1})
    files = sorted(p.name for p in (tmp_path / "feedback").iterdir())
    assert files == ["_A_.._b.html", "c.html"]
    page = (tmp_path / "feedback" / files[0]).read_text()
    assert "Not &lt;b&gt;yet" in page and "A &lt;note&gt;." in page and "copied" not in page
    rows = list(csv.reader(io.StringIO((tmp_path / "marks.csv").read_text())))
    assert rows[1][0] == "'=A/../b" and rows[1][4:6] == ["0.5", "2"]
    assert rows[1][7] == "'=copied from kit"
    assert "0.5" in (tmp_path / "totals.csv").read_text()


def test_of_several_files_of_an_exercise_the_best_counts(tmp_path):
    found = [grade.Found(Path(name), "ada", STEM) for name in ("a", "b", "c")]
    results = [
        Result(name, STEM, [Mark("check", "f", 4, points)])
        for name, points in (("a", 1), ("b", 3), ("c", 2))
    ]
    assert grade.best(found, results)["ada"][STEM].path == "b"
    lost = grade.best([*found, grade.Found(Path("d"), "bob", "")], results)
    assert "unclear" in lost["bob"]["d"].notes[0]


def test_an_exam_holds_the_hidden_and_gives_away_the_public():
    exam = judge.load(STEM)
    assert set(exam.checks) == {"check", "check_zero", "check_slack"}
    public = "\n".join(source for source, *_ in exam.public)
    assert "def scan(" in public and "raise NotImplementedError" in public
    assert "maximum.reduce" not in public
    assert "project_with_slack" in exam.published.values() and "scan" not in exam.published.values()


# Whole -------------------------------------------------------------------------------------------


def marked(tmp_path, notebooks: dict, jobs: int = 1, **options) -> dict:
    """Grade notebooks by name; name -> (points, verdicts joined)."""
    folder = tmp_path / "in"
    for name, notebook in notebooks.items():
        path = folder / name / f"{STEM}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(notebook if isinstance(notebook, str) else json.dumps(notebook))
    limits = sandbox.Limits(**{"seconds": 4, **options})
    students = grade.grade(
        folder, tmp_path / "out", seed=5, limits=limits, jobs=jobs, say=lambda *_: None
    )
    return {
        name: (grade.points(r[STEM]), " ".join(m.verdict for m in r[STEM].marks))
        for name, r in students.items()
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
    notebooks = {f"m{k:02d}": mangle(solved(), random.Random(k)) for k in range(50)}
    notebooks |= {"straight": solved(), "empty": given()}
    found = marked(tmp_path, notebooks)
    assert found["straight"][0] == 5 and found["empty"][0] == 0
    assert {name: points for name, (points, _) in found.items() if points != 5} == {"empty": 0}


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
    if sandbox.best_way() == "limits":
        pytest.skip("neither namespaces nor bubblewrap here: not contained, as the guide says")
    big_output = with_project("    return p, q")
    big_output["cells"][2]["outputs"] = [{"output_type": "stream", "text": "x" * (100 << 20)}]
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
        "output": with_project("    print('x' * (100 << 20))\n    return p, q"),
        "stored_output": big_output,
        "not_json": "this is no notebook {",
        "fills_disk": with_project(
            "    for k in range(9):\n        open(f'f{k}', 'w').write('x' * (60 << 20))\n"
        ),
    }
    honest = {"honest_first": solved(), "zz_honest_last": solved()}
    left = Path(tempfile.mkdtemp(prefix=f"{sandbox.STAGE}{dead_process()}-"))
    stages = set(Path(tempfile.gettempdir()).glob(f"{sandbox.STAGE}*"))
    found = marked(tmp_path, {**hostile, **honest}, jobs=2)
    assert not left.exists()  # a grader that was killed had left it
    points = {name: one[0] for name, one in found.items()}
    assert points["honest_first"] == points["zz_honest_last"] == 5
    untouched = 0.67  # `return p, q` leaves the points inside alone, which is one property of six
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
    assert set(Path(tempfile.gettempdir()).glob(f"{sandbox.STAGE}*")) <= stages


@pytest.mark.slow
def test_what_the_sandbox_keeps_out_is_measured():
    way = sandbox.best_way()
    found = sandbox.measure(way)
    if way == "limits":
        pytest.skip("neither namespaces nor bubblewrap here")
    assert not any(found[key] for key in found if key.startswith(("reads", "writes")))
    assert not found["network"] and found["processes"] <= 4
    assert found["user"] != 0 or os.getuid() != 0
    assert "CAN" not in " ".join(grade.contained(found, way))
    open_door = grade.contained({**found, "network": True}, way)
    assert any("CAN reach the network" in sentence for sentence in open_door)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_bubblewrap_contains_a_job_too():
    found = sandbox.measure("bubblewrap")
    assert not any(found[key] for key in found if key.startswith(("reads", "writes")))
    assert not found["network"] and found["processes"] <= 4


@pytest.mark.slow
def test_the_kits_own_answer_is_recognised(tmp_path):
    text = (ROOT / "kit/branchhull/hull.py").read_text()
    copied = text[text.index("import numpy") :].replace("def project(", "def kit_project(")
    copied = copied.replace("def project_unchecked(", "def project(")
    called = "    from kit.branchhull import hull as h\n    return h.project(p, q, d)"
    secretly = "    import importlib as i\n    m = i.import_module('kit.branchhull.hull')\n"
    secretly += "    return getattr(m, 'pro' + 'ject')(p, q, d)"
    found = marked(
        tmp_path,
        {
            "called": with_project(called),
            "secretly": with_project(secretly),
            "copied": with_project("    raise NotImplementedError", copied),
            "allowed": with_project("    violation(p, q, d)\n    return p, q"),
        },
    )
    for name in ("called", "secretly", "copied"):
        assert found[name][0] == 0 and "the kit's own" in found[name][1], name
    assert found["allowed"][0] > 0 and "the kit's own" not in found["allowed"][1]
    rows = (tmp_path / "out" / "marks.csv").read_text()
    assert "copied from kit.branchhull.hull.project_unchecked" in rows
