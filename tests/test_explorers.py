"""The explorer without a browser: what a control moves, what is said, what is stored."""

import base64
import re
from io import BytesIO

import ipywidgets
import numpy as np
import pytest
from ipywidgets import HTML, Button, Checkbox, FloatSlider, Image, IntSlider, ToggleButtons
from matplotlib.figure import Figure
from matplotlib.image import imread

from kit.course import draw
from kit.course.drawing import png
from kit.course.explorers import STYLE, caption, explorer

WIDGET = "application/vnd.jupyter.widget-view+json"


def branch(y=1.0, sign=1):
    """One branch of w x = y."""
    if y == 0:
        raise ValueError("y must not be 0")
    if y > 3:
        raise ZeroDivisionError("a slip in the figure")
    figure = Figure(figsize=(3, 2))
    ax = figure.subplots()
    w = np.linspace(0.2, 4, 50)
    ax.plot(sign * w, sign * y / w)
    ax.set(xlim=(-4, 4), ylim=(-4, 4))
    return figure, {"y": y, "nearest_distance": np.sqrt(2 * abs(y)), "side <of w>": "right"}


@pytest.fixture
def shown():
    return explorer(
        branch,
        y=FloatSlider(1.0, min=-4, max=4, step=0.5, description="y"),
        sign=ToggleButtons(options=[1, -1], description="sign of w"),
    )


def pixels(data):
    return imread(BytesIO(bytes(data)))


def test_the_first_picture_is_that_of_the_defaults(shown):
    assert bytes(shown.picture.value) == png(branch()[0])
    assert pixels(shown.picture.value).std() > 0


@pytest.mark.parametrize("name, value", [("y", 2.0), ("sign", -1)])
def test_a_control_moves_picture_and_caption(shown, name, value):
    picture, note = bytes(shown.picture.value), shown.note.value
    shown.controls[name].value = value
    changed = np.any(pixels(shown.picture.value) != pixels(picture), axis=-1)
    assert changed.mean() > 0.001
    assert bytes(shown.picture.value) == png(branch(**{name: value})[0])
    assert (shown.note.value == note) == (name == "sign")


def test_the_caption_holds_the_facts(shown):
    shown.controls["y"].value = 2.5
    text = re.sub("<[^>]*>", "", shown.note.value)
    assert "y: 2.5" in text
    assert "nearest distance: 2.236" in text
    assert "side &lt;of w&gt;: right" in text
    assert shown.picture.tooltip == "Picture. y: 2.5; nearest distance: 2.236; side <of w>: right"


def test_a_setting_that_makes_no_sense_is_told_and_the_old_picture_marked(shown):
    shown.controls["y"].value = 0.5
    picture = bytes(shown.picture.value)
    shown.controls["y"].value = 0
    assert bytes(shown.picture.value) == picture
    assert "This setting cannot be drawn: y must not be 0." in shown.alert.value
    assert shown.alert.layout.display is None
    assert "y: <b>0.5</b>" in shown.note.value
    assert "dashed" in shown.picture.layout.border_top
    assert shown.picture.tooltip.startswith("Out of date.")
    shown.controls["y"].value = 1
    assert shown.alert.value == ""
    assert shown.alert.layout.display == "none"
    assert "dashed" not in shown.picture.layout.border_top
    assert shown.picture.tooltip.startswith("Picture.")


def test_a_broken_figure_is_not_passed_off_as_a_picture(shown):
    with pytest.raises(ZeroDivisionError):
        shown.controls["y"].value = 3.5
    assert "The drawing itself broke: ZeroDivisionError, a slip" in shown.alert.value
    assert "dashed" in shown.picture.layout.border_top


def test_reset_restores_every_control_with_one_redraw(shown):
    first = bytes(shown.picture.value)
    shown.controls["y"].value, shown.controls["sign"].value = -2, -1
    calls, draw = [], shown.draw
    shown.draw = lambda **values: calls.append(values) or draw(**values)
    shown.reset.click()
    assert calls == [{"y": 1.0, "sign": 1}]
    assert bytes(shown.picture.value) == first


@pytest.mark.parametrize(
    "control, missing",
    [
        (FloatSlider(1.0), "y needs a description"),
        (FloatSlider(1.0, description=" "), "y needs a description"),
        (FloatSlider(1.0, description="y", readout=False), "y needs its read-out"),
        (Button(description="y"), "y must be a control with a value, got Button"),
        (2.5, "y must be a control with a value, got float"),
    ],
)
def test_a_control_that_cannot_be_read_is_refused(control, missing):
    with pytest.raises(ValueError, match=missing):
        explorer(branch, y=control)


def test_an_explorer_needs_a_control_and_a_default_that_draws():
    with pytest.raises(ValueError, match="at least one control"):
        explorer(branch)
    with pytest.raises(ValueError, match="y must not be 0"):
        explorer(branch, y=FloatSlider(0.0, description="y"))


def test_what_a_page_without_a_kernel_gets(shown):
    bundle, metadata = shown._repr_mimebundle_()
    assert set(bundle) == {WIDGET, "image/png", "text/plain"}
    assert bundle["text/plain"] == "y: 1\nnearest distance: 1.414\nside <of w>: right"
    picture, still = pixels(shown.picture.value), pixels(base64.b64decode(bundle["image/png"]))
    height = picture.shape[0]
    assert np.array_equal(still[:height], picture)
    assert still[height:, :, :3].std() > 0.01, "the caption is not under the picture"
    assert metadata["image/png"]["alt"] == "y: 1; nearest distance: 1.414; side <of w>: right"
    assert repr(shown) == bundle["text/plain"]


def test_the_stored_picture_is_the_same_on_every_run_and_after_moves(shown):
    before, _ = shown._repr_mimebundle_()
    shown.controls["y"].value = 2
    again, _ = shown._repr_mimebundle_()
    fresh, _ = explorer(branch, y=FloatSlider(1.0, description="y"))._repr_mimebundle_()
    for bundle in (again, fresh):
        assert bundle["image/png"] == before["image/png"]
        assert bundle["text/plain"] == before["text/plain"]
    assert b"Software" not in base64.b64decode(before["image/png"])
    assert b"Software" not in png(branch()[0])


def test_controls_stand_in_line(shown):
    widths = {control.style.description_width for control in shown.controls.values()}
    assert widths == {"10ch"}
    assert all(control.tooltip for control in shown.controls.values())
    explorer(branch, sign=Checkbox(True, description="to the right"))  # alone, it has no column


def test_nothing_but_controls_picture_and_words_is_used(shown):
    panel, alert, picture, note, style = shown.children
    assert list(panel.children) == [*shown.controls.values(), shown.reset]
    assert isinstance(picture, Image)
    assert type(alert) is type(note) is type(style) is HTML


def contrast(one, two):
    """The ratio of WCAG 2: between 1 and 21; colours as #rrggbb or as three shares."""

    def luminance(colour):
        if isinstance(colour, str):
            colour = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((luminance(one), luminance(two)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def turned_over(colour):
    """What the filter invert(1) hue-rotate(180deg) makes of a colour, by its standard."""
    r, g, b = (1 - int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    grey = np.array([0.213, 0.715, 0.072])
    return np.clip(2 * grey @ (r, g, b) - np.array([r, g, b]), 0, 1)


def test_alerts_can_be_read_and_words_too_on_a_dark_page():
    ground, words = re.search(r"alert\] { background: (#\w+); color: (#\w+)", STYLE).groups()
    assert contrast(ground, words) >= 4.5  # on whatever page: the alert brings its ground
    assert contrast(turned_over("#000000"), "#111111") >= 4.5
    for look in ("first", "second", "truth", "bound"):
        assert contrast(turned_over(draw.colour(look)), "#111111") >= 4.5, look
    assert contrast("#777777", "#ffffff") < 4.5  # the measure can say no


def test_a_picture_of_areas_is_not_turned_over(shown):
    assert "kit-lines" in shown.picture._dom_classes
    figure = Figure(figsize=(2, 2))
    figure.subplots().imshow([[0.2, 0.5], [0.7, 0.1]])
    scene = explorer(lambda n: (figure, {"n": n}), n=IntSlider(1, description="n"))
    assert "kit-areas" in scene.picture._dom_classes


@pytest.mark.parametrize(
    "value, words",
    [
        (3, "3"),
        (np.int64(12000), "12000"),
        (0.123456, "0.1235"),
        (1e-17, "0"),
        (-0.0, "0"),
        (3e-9, "3e-09"),
        (np.inf, "inf"),
        (True, "yes"),
        (np.False_, "no"),
        (None, "none"),
        ("left", "left"),
        ((1, 0.5), "(1, 0.5)"),
        (np.array([1.0, 2.0]), "(1, 2)"),
    ],
)
def test_facts_are_written_with_sensible_digits(value, words):
    assert caption({"a_name": value}) == f"a name: {words}"


def test_integer_sliders_hand_over_integers():
    seen = []
    shown = explorer(
        lambda n: seen.append(n) or (Figure(figsize=(1, 1)), {"n": n}),
        n=IntSlider(2, min=1, max=5, description="n"),
    )
    shown.controls["n"].value = 3
    assert seen == [2, 3]


@pytest.mark.parametrize(
    "kind", ["IntRangeSlider", "ToggleButton", "IntText", "Text", "BoundedFloatText"]
)
def test_a_control_that_pages_without_a_kernel_do_not_know_is_refused(kind):
    control = getattr(ipywidgets, kind)(description="x")
    with pytest.raises(ValueError, match=f"x must be a slider of one number.*got {kind}"):
        explorer(lambda x: None, x=control)
