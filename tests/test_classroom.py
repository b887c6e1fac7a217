"""The way through nbgrader: release, right, half-right, empty and hostile submissions, CSV."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

import leaks

from kit.course import classroom, exercises, notebooks

ROOT = Path(__file__).parents[1]
STEM = "23_cascade_epsilon"
CHECKS = {"check": 3, "check_promises": 2}


def test_the_source_for_nbgrader_has_points_locks_and_hidden_ends():
    nb = classroom.source(ROOT / "solutions" / f"{STEM}.py", seed=9)
    cells = {c.metadata.nbgrader.grade_id: c for c in nb.cells if "nbgrader" in c.metadata}
    graded = {c.metadata.nbgrader.points for c in cells.values() if c.metadata.nbgrader.grade}
    assert graded == set(CHECKS.values())
    assert cells["define-check"].metadata.nbgrader.locked
    assert "BEGIN SOLUTION" in cells["answer-promises"].source
    assert "seed=9" in cells["marks-check"].source and "HIDDEN" in cells["marks-check"].source
    assert not any(set(exercises.SECRET).intersection(notebooks.tags(c)) for c in nb.cells)


def test_every_exercise_can_be_made_into_an_assignment(tmp_path):
    stems = [path.stem for path in (ROOT / "solutions").glob("*.py")]
    classroom.build(tmp_path, stems, seed=1)
    for stem in stems:
        nb = notebooks.read(tmp_path / "source" / stem / f"{stem}.ipynb")
        ids = [c.metadata.nbgrader.grade_id for c in nb.cells if "nbgrader" in c.metadata]
        assert len(ids) == len(set(ids)) and any(i.startswith("marks") for i in ids), stem
    assert "*.py" in (tmp_path / "nbgrader_config.py").read_text()


def test_a_second_class_keeps_the_seed_and_what_was_edited(tmp_path, capsys):
    assert classroom.main([str(tmp_path), "--only", STEM, "11_projection", "--seed", "77"]) == 0
    mine, other = (tmp_path / "source" / s / f"{s}.ipynb" for s in (STEM, "11_projection"))
    edited = mine.read_text().replace("# Exercise 23", "# Our exercise")
    assert edited != mine.read_text()
    mine.write_text(edited)
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    other.unlink()  # who wants a new copy deletes the old one
    capsys.readouterr()
    assert classroom.main([str(tmp_path), "--only", STEM, "11_projection"]) == 0
    said = capsys.readouterr().out
    assert f"nbgrader_config.py, source/{STEM}/{STEM}.ipynb" in said
    assert mine.read_text() == edited and "seed=77" in other.read_text()
    assert classroom.build(tmp_path, [STEM], seed=5) == [
        "nbgrader_config.py",
        str(mine)[len(str(tmp_path)) + 1 :],
    ]
    assert classroom.build(tmp_path, ["11_projection"], seed=5) == ["nbgrader_config.py"]
    assert "seed=5" in other.read_text()


def nbgrader(folder: Path, *command: str) -> str:
    """Run a command of nbgrader in the course folder; its log."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    env = {key: value for key, value in env.items() if not key.startswith("PYTEST")}
    env["IPYTHONDIR"] = str(folder / ".ipython")
    # nbgrader calls alembic by name: as in an activated environment
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.stdout + done.stderr


def hand_in(folder: Path, student: str, **answers: str) -> None:
    """Submit the release with other bodies of functions."""
    nb = json.loads((folder / "release" / STEM / f"{STEM}.ipynb").read_text())
    for cell in nb["cells"]:
        text = "".join(cell["source"])
        for name, body in answers.items():
            if text.startswith(f"def {name}("):
                cell["source"] = text.replace(exercises.STUB, body)
                assert cell["source"] != text
    path = folder / "submitted" / student / STEM / f"{STEM}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(nb))


RIGHT = "return np.sqrt(gamma) * np.linalg.norm((W.T @ X_hat - Y)[Y > 0])"
ENDLESS = (
    "import time\n    while True:\n        time.sleep(1)"  # the kernel waits, this machine need not
)
FORGED = 'print("3.0")\n    from IPython.display import display\n    display(3.0)\n    return 0.0'


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nbgrader_from_release_to_csv(tmp_path):
    classroom.build(tmp_path, [STEM], seed=4, seconds=8)
    solution = ROOT / "solutions" / f"{STEM}.py"
    beside = tmp_path / "source" / STEM / f"{STEM}.py"  # a paired .py must not travel
    beside.write_text(solution.read_text())
    said = nbgrader(tmp_path, "generate_assignment", STEM)
    release = tmp_path / "release" / STEM
    assert [p.name for p in release.iterdir()] == [f"{STEM}.ipynb"], said
    travelling = leaks.travelling(release)
    assert leaks.leaks(notebooks.read(solution), travelling, STEM) == []
    text = (release / f"{STEM}.ipynb").read_text()
    assert "seed=4" not in text and "HIDDEN" not in text and "NotImplementedError" in text

    promise = "return epsilon * np.cumprod(np.r_[1.0, np.sqrt(gammas) * norms])"
    hand_in(tmp_path, "right", cascade_epsilon=RIGHT, promises=promise)
    hand_in(tmp_path, "half", cascade_epsilon=RIGHT.replace("[Y > 0]", ""))
    hand_in(tmp_path, "empty")
    hand_in(tmp_path, "endless", cascade_epsilon=ENDLESS)
    hand_in(tmp_path, "exits", cascade_epsilon="exit()")
    hand_in(tmp_path, "prints", cascade_epsilon=FORGED)
    said = nbgrader(tmp_path, "autograde", STEM)
    assert "right" in said
    nbgrader(tmp_path, "generate_feedback", STEM)
    nbgrader(tmp_path, "export", "--to", "grades.csv")
    rows = csv.DictReader((tmp_path / "grades.csv").read_text().splitlines())
    scores = {row["student_id"]: float(row["score"] or 0) for row in rows}
    assert scores.pop("right") == 5
    assert 0 < scores.pop("half") < 3
    assert scores == {"empty": 0, "endless": 0, "exits": 0, "prints": 0}, said
    feedback = (tmp_path / "feedback" / "half" / STEM / f"{STEM}.html").read_text()
    assert "The silent entries are in your sum" in feedback


def test_the_tables_of_wrong_answers_in_the_guide_are_fresh():
    text = (ROOT / "INSTRUCTORS.md").read_text()
    assert text.count(exercises.BEGIN) == text.count(exercises.END) == 1
    assert exercises.build_exercises(check=True) == [], "run python3 run.py exercises"


def test_a_stale_table_is_renewed_and_a_nameless_mistake_refused(tmp_path):
    (tmp_path / "solutions").mkdir()
    path = tmp_path / "solutions" / "99_x.py"
    path.write_text('# %% tags=["wrong"]\n# Mistake: a | b.\n# Hint: look\ncheck(1)\n')
    guide = tmp_path / "INSTRUCTORS.md"
    guide.write_text(f"A\n{exercises.BEGIN}\nold\n{exercises.END}\nZ\n")
    assert "INSTRUCTORS.md" in exercises.build_exercises(tmp_path, check=True)
    assert "INSTRUCTORS.md" in exercises.build_exercises(tmp_path)
    assert exercises.build_exercises(tmp_path, check=True) == []
    text = guide.read_text()
    assert "| check | a \\| b. | look |" in text and "old" not in text
    assert text.startswith("A\n") and text.endswith("Z\n")
    path.write_text('# %% tags=["wrong"]\n# Mistake: a.\ncheck(1)\n')
    with pytest.raises(SystemExit, match=r"99_x\.py: a wrong answer"):
        exercises.build_exercises(tmp_path)


def test_the_guide_counts_right():
    text = (ROOT / "INSTRUCTORS.md").read_text()
    total = {}
    for path in sorted((ROOT / "solutions").glob("*.py")):
        found = re.findall(r"points=(\d+)", path.read_text())
        total[path.stem] = (len(found), sum(map(int, found)))
    assert len(total) == 13 and sum(n for n, _ in total.values()) == 29
    said = dict(re.findall(r"(\d\d_\w+) \((\d+)\)", text))
    assert {stem: int(points) for stem, points in said.items()} == {
        stem: points for stem, (_, points) in total.items()
    }
