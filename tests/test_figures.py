"""Figures state facts, and the facts are those of the mathematics, recomputed here."""

import pytest

from kit.course import draw
from kit.course.drawing import png
from kit.course.figures.style import MARK, caption


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
