"""Seconds of every lesson, and of every redraw of its explorer; printed, not asserted.

Run by `python3 run.py bench tests/benchmarks/test_lessons_speed.py`. A lesson runs in a fresh
kernel, whose start is counted. A redraw is the kernel's part: the values of the controls, a solve
where there is one, the figure, its PNG; each control is moved once, the others at their defaults.
Redraws are counted in processor time of one thread: other programs on the computer do not count.
"""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from threadpoolctl import threadpool_limits

from kit.course import drawing, explorers, notebooks

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("[0-9]*.py"))
WITH_EXPLORER = [path for path in LESSONS if "explorer(" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson(benchmark, path):
    lesson = notebooks.read(path)
    ran = benchmark.pedantic(notebooks.execute, (lesson, path.parent), rounds=1)
    assert not any(
        output.output_type == "error"
        for cell in ran.cells
        if cell.cell_type == "code" and "raises-exception" not in notebooks.tags(cell)
        for output in cell.outputs
    )


@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize("path", WITH_EXPLORER, ids=lambda path: path.stem)
def test_redraw(benchmark, path, monkeypatch):
    made = in_lesson(path, monkeypatch)
    settings = [(one, values) for one in made for values in moved(one)]
    assert len(settings) >= len(made)

    def redraw(one, values):
        before = time.process_time()
        with explorers.swept():
            drawing.png(one.draw(**values)[0])
        return 1000 * (time.process_time() - before)

    def redraws():
        return [redraw(*setting) for setting in settings]

    with threadpool_limits(1):
        redraws()  # caches, fonts
        milliseconds = [benchmark.pedantic(redraws, rounds=1)]
        milliseconds += [redraws() for _ in range(4)]
    each = np.median(milliseconds, axis=0)
    benchmark.extra_info["redraws"] = len(settings)
    told = {"a redraw": each.mean(), "the slowest": each.max()}
    print(json.dumps({"lesson": path.stem} | {f"{k}, ms": round(v, 1) for k, v in told.items()}))


def in_lesson(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[explorers.Explorer]:
    """The explorers that a lesson makes when its code cells run one after the other."""
    made = []
    first = explorers.Explorer.__init__

    def noted(self, *args):
        first(self, *args)
        made.append(self)

    monkeypatch.setattr(explorers.Explorer, "__init__", noted)
    monkeypatch.chdir(path.parent)
    names = {"__name__": "lesson", "get_ipython": lambda: None, "display": print}
    for cell in notebooks.read(path).cells:
        skipped = {"skip-execution", "raises-exception"}.intersection(notebooks.tags(cell))
        if cell.cell_type == "code" and not skipped:
            lines = [line for line in cell.source.split("\n") if not line.startswith("%")]
            exec(TransformerManager().transform_cell("\n".join(lines)), names)
    return made


def moved(one: explorers.Explorer) -> list[dict]:
    """The default values, then with each control at another value of its own."""
    found = [one.defaults]
    for name, control in one.controls.items():
        if hasattr(control, "base"):  # a logarithmic slider: min, max and step are exponents
            other = control.value * control.base**control.step
        elif hasattr(control, "step") and hasattr(control, "max"):
            other = control.max if control.value < control.max else control.min
            other = min(control.value + control.step, other) if other == control.max else other
        elif hasattr(control, "options"):
            values = [v[1] if isinstance(v, tuple) else v for v in control.options]
            other = next((v for v in values if v != control.value), control.value)
        else:
            other = not control.value if isinstance(control.value, bool) else control.value
        found.append({**one.defaults, name: other})
    return found
