"""The drawing words: what they draw is the set, curve or number that they are named after."""

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from scipy.optimize import brentq

from kit.course import draw, notebooks
from kit.course.drawing import pixels, png


@pytest.fixture
def ax():
    _, axes = draw.figure()
    draw.plane(axes, 3, "w", "x")
    return axes


def line(ax, k: int = -1) -> np.ndarray:
    """Points (n, 2) of a line of the axes."""
    return np.transpose(ax.lines[k].get_data())


@pytest.mark.parametrize(("y", "sign"), [(1.0, 1), (-2.5, 1), (0.3, -1), (-8.0, -1)])
def test_branch_and_hull(ax, y, sign):
    draw.branch(ax, y, sign)
    w, x = line(ax).T
    assert np.allclose(w * x, y) and np.all(np.sign(w) == sign)
    draw.hull(ax, y, sign)
    corners = ax.collections[0].get_paths()[0].vertices
    assert np.all(corners.prod(axis=1) * np.sign(y) >= abs(y) * (1 - 1e-12))
    with pytest.raises(ValueError, match="y must not be 0"):
        draw.branch(ax, 0.0)


def test_half_planes_are_the_polygon(ax):
    A, b = np.array([[1.0, 0.3], [-0.2, 1.0], [-1.0, -1.0]]), np.array([-1.0, -0.8, -2.0])
    draw.half_planes(ax, A, b)
    filled = ax.patches[0].get_path()
    points = np.random.default_rng(0).uniform(-3, 3, (500, 2))
    inside = np.all(points @ A.T >= b, axis=1)
    assert np.array_equal(filled.contains_points(points), inside) and 50 < inside.sum() < 450
    for k, (a, level) in enumerate(zip(A, b, strict=True), start=2):  # after the two zero lines
        assert np.allclose(line(ax, k) @ a, level)
    draw.half_planes(ax, [[1, 0], [-1, 0]], [1.0, 1.0])  # empty: lines, and nothing filled
    assert len(ax.patches) == 1


@pytest.mark.parametrize(("norm", "order"), [("l1", 1), ("l2", 2), ("linf", np.inf)])
def test_ball(ax, norm, order):
    draw.ball(ax, 1.5, norm, centre=(1.0, -0.5))
    edge = line(ax) - [1.0, -0.5]
    assert np.allclose(np.linalg.norm(edge, order, axis=1), 1.5)
    with pytest.raises(ValueError, match="norm must be one of"):
        draw.ball(ax, 1, "l3")


def test_region_is_where_the_function_is_not_negative(ax):
    draw.region(ax, lambda a, b: 1 - a**2 - b**2)
    edge = ax.collections[0].get_paths()[0].vertices
    assert np.allclose(np.hypot(*edge.T), 1, atol=0.02)


def test_wilson_is_where_the_share_is_two_deviations_away():
    def far(p, share):
        return abs(share - p) - 1.96 * np.sqrt(p * (1 - p) / 30)

    low, high = draw.wilson(np.array([0.3, 1.0]), 30)
    assert low[0] == pytest.approx(brentq(far, 1e-9, 0.3, args=0.3))
    assert high[0] == pytest.approx(brentq(far, 0.3, 1 - 1e-9, args=0.3))
    assert low[1] < 1 and high[1] == pytest.approx(1)


def test_closing_keeps_the_best(ax):
    draw.closing(ax, [0.0, 0.6, 0.5], [np.inf, 1.0, 1.2])
    best_value, best_bound = (line(ax, k)[:, 1] for k in (-4, -2))
    assert np.array_equal(best_bound, [0, 0.6, 0.6]) and np.array_equal(best_value[1:], [1, 1])


def test_a_map_writes_its_numbers(ax):
    draw.count_map(ax, [[0, 4], [7, 10]], [1, 2], [1, 2], out_of=10)
    assert [text.get_text() for text in ax.texts] == ["0", "4", "7", "10"]


def test_weights_keep_their_values(ax):
    draw.stem(ax, [0.0, 1.0, -2.0], shift=0.1)
    assert np.array_equal(line(ax, -2), [[0.1, 0], [1.1, 1], [2.1, -2]])
    draw.weight_path(ax, [0, 1], [[1, 2], [3, 4]], ["a", "b"])
    assert [line.get_label() for line in ax.lines[-3:-1]] == ["a", "b"]


def test_looks_differ_in_colour_dash_and_mark():
    for k in (0, 3):
        assert len({look[k] for look in draw.LOOKS.values()}) == len(draw.LOOKS)
    assert len({look[1:3] for look in draw.LOOKS.values()}) == len(draw.LOOKS)
    light = [np.dot([0.2126, 0.7152, 0.0722], to_rgb(draw.colour(k))) for k in draw.LOOKS]
    assert max(light) < 0.7  # on white
    with pytest.raises(ValueError, match="look must be one of"):
        draw.line("pink")


def test_a_figure_has_room_for_its_words_and_is_the_same_twice():
    def one():
        figure, axes = draw.figure(2, 2, size=(3.0, 2.5), beside=1.0)
        for ax in axes:
            draw.curve(ax, [0, 1], [0, 1e4], label="a curve")
            draw.label(ax, "x", "y", "title")
        draw.legend(axes[1], "beside")
        return figure

    figure = one()
    assert isinstance(figure, Figure) and tuple(figure.get_size_inches()) == (7.0, 5.0)
    assert png(figure) == png(one())
    canvas = figure.bbox
    for ax in figure.axes:
        box = ax.get_tightbbox()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= canvas.x1 and box.y1 <= canvas.y1


AXES = {
    "large numbers": lambda ax: ax.plot([0, 1], [3e6, 4e6 + 0.1]),
    "logarithms": lambda ax: ax.loglog([1, 300], [1e-9, 1]),
    "few decades": lambda ax: ax.semilogy([1, 2], [0.2, 0.7]),
    "downwards": lambda ax: (ax.plot([0, 1], [0, 1]), ax.invert_yaxis()),
    "a grid": lambda ax: (ax.plot([0, 1], [0, 1]), ax.grid(True, which="both")),
    "ticks inside": lambda ax: ax.tick_params(direction="in", labelsize=7, labelrotation=30),
    "at the other side": lambda ax: (ax.xaxis.tick_top(), ax.yaxis.tick_right()),
    "no words": lambda ax: ax.tick_params(which="both", left=False, labelleft=False),
    "ticks alone": lambda ax: ax.tick_params(labelleft=False, labelbottom=False),
    "own words": lambda ax: ax.set_xticks([0, 0.5], ["nothing", "half"]),
    "no axes": lambda ax: ax.set_axis_off(),
    "square": lambda ax: draw.plane(ax, 4, "w", "x", "one branch"),
}


@pytest.mark.parametrize("name", AXES)
def test_axes_look_as_matplotlib_draws_them(name):
    ours, ax = draw.figure(size=(3.0, 2.5))
    theirs = Figure(figsize=(3.0, 2.5), dpi=100, facecolor="white")
    other = theirs.add_subplot()
    other.set_position(ax.get_position())
    for axes in (ax, other):
        axes.set(xlabel="along", ylabel="up")
        AXES[name](axes)
    assert type(ax) is not Axes and type(other) is Axes
    assert np.array_equal(pixels(ours), pixels(theirs))
    labels = [[text.get_text() for text in axes.get_xticklabels()] for axes in (ax, other)]
    assert labels[0] == labels[1]
    assert np.array_equal(pixels(ours), pixels(theirs))  # again, after the ticks were asked for


def test_no_tick_is_made_to_draw():
    figure, (curves, image) = draw.figure(2)
    draw.plane(curves, 4, "w", "x", "one branch")
    draw.picture(image, np.eye(3), "an image")
    pixels(figure)
    for axis in (curves.xaxis, curves.yaxis, image.xaxis, image.yaxis):
        assert len(axis.majorTicks) == 1  # five artists each, more work than the picture itself


def test_a_figure_is_its_own_and_in_the_style_of_the_day():
    before = png(draw.figure()[0])
    with rc_context({"axes.facecolor": "yellow"}):
        assert png(draw.figure()[0]) != before
    _, ax = draw.figure()
    ax.plot([0, 1], [0, 1])
    ax.set(yscale="log", facecolor="red")
    assert png(draw.figure()[0]) == before


def test_show_prints_the_caption_in_lines(capsys):
    figure, _ = draw.figure()
    draw.show(figure, "Words " * 30 + "\n and more.")
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1].endswith("and more.") and max(map(len, printed)) <= 100


def test_the_gallery_names_every_word():
    gallery = notebooks.read(notebooks.ROOT / "notebooks" / "gallery.py")
    prose = "".join(cell.source for cell in gallery.cells if cell.cell_type == "markdown")
    here = f"{draw.__name__}."
    words = [
        word for word, v in vars(draw).items() if getattr(v, "__module__", "").startswith(here)
    ]
    assert len(words) == 30
    assert [word for word in [*words, "LOOKS"] if f"**`{word}`**" not in prose] == []
