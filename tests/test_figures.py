"""Figures state facts, and the facts are those of the mathematics, recomputed here."""

import numpy as np
import pytest

from kit import branchhull
from kit.course import draw
from kit.course.drawing import png
from kit.course.figures import branchhull as program_figures
from kit.course.figures.style import MARK, caption
from kit.results import Run, Status


def test_convergence_states_the_end_of_each_run():
    gap = np.array([np.inf, 0.1, 1e-7])
    run = Run(Status.SOLVED, 3, 0.1, {"gap": gap})
    _, facts = program_figures.convergence({"a": run})
    assert facts == {"a": {"iterations": 3, "gap": 1e-7}}


def test_success_states_the_largest_difference():
    L, promised = np.array([8, 10, 12]), np.array([0.2, 0.5, 0.8])
    _, facts = program_figures.success(L, np.add(promised, [0, 0.1, 0]), promised, trials=25)
    assert facts["largest difference"] == pytest.approx(0.1)
    assert facts["in standard deviations"] == pytest.approx(1.0)


def test_a_figure_drawn_twice_is_the_same_picture_and_a_changed_one_is_not():
    def branch(y):
        figure, ax = draw.figure()
        draw.plane(ax, 4, "w", "x")
        draw.branch(ax, y)
        return png(figure)

    assert branch(1.8) == branch(1.8) != branch(1.9)


def test_every_colour_has_a_second_channel():
    marks = [(style.get("linestyle"), style.get("marker")) for style in MARK.values()]
    lines = {colour for colour, (line, _) in zip(MARK, marks, strict=True) if line == "-"}
    assert len(MARK) == 8 and len(lines) <= 3  # sets, the main curve, the bound: told by width


def test_a_caption_is_written_from_the_facts():
    assert caption("gap {gap:.0e}", {"gap": 1e-9}) == "gap 1e-09"
    with pytest.raises(KeyError):
        caption("{missing}", {})


@pytest.mark.parametrize(("L", "noise"), [(60, 0.0), (60, 0.1), (20, 0.0)])
def test_live_states_what_is_proved_and_what_is_reproduced(L, noise):
    _, facts = program_figures.live(L, 10, 10, noise)
    assert 0 <= facts["optimum at most"] - facts["optimum at least"] < 1e-6
    _, truth = branchhull.gaussian(np.random.default_rng(0), L, 10, 10, noise=noise)
    cost = 2 * np.linalg.norm(truth.h) * np.linalg.norm(truth.m)
    exact = facts["error"] < 1e-6
    assert (
        exact == (facts["product residual"] < 1e-6) == (facts["touching constraints"][:2] == "60")
    )
    if not noise:
        assert facts["optimum at least"] <= cost + 1e-6  # the truth is feasible
        assert exact == (abs(facts["optimum at most"] - cost) < 1e-6)
