"""The explorer: controls above, a picture below, and a caption written from the picture's facts.

The only file of the kit that knows ipywidgets. A figure function knows nothing of widgets:

    draw(**values) -> (Figure, facts)        facts: name -> number, text, flag or short list

The picture is PNG bytes in one Image widget, so a redraw neither flickers nor collects output. The
page holds a control's new values back until the kernel has answered the last one: a fast drag is
drawn at its latest values, and no timer is needed here.
"""

import base64
import gc
import html
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Integral, Real

import ipywidgets as widgets
import numpy as np
import traitlets
from matplotlib.figure import Figure

from kit.course.drawing import encoded, look, pixels, png

Facts = Mapping[str, object]
Draw = Callable[..., tuple[Figure, Facts]]

POSITIONS = 5  # of a slider, in the reading copy
FRAME, STALE_FRAME = "3px solid transparent", "3px dashed #b3261e"
DARK = '[data-jp-theme-light="false"], [data-vscode-theme-kind="vscode-dark"]'
# Narrow: a control's name stands above it. Dark: curves are turned over and lie on the page itself,
# maps and scenes stay on their sheet. An alert has a ground of its own, readable on any page.
STYLE = f"""<style>
.kit-explorer {{ container-type: inline-size; max-width: 100% }}
.kit-explorer [role=alert] {{ background: #fdecea; color: #8c1d18; padding: .3em .6em;
  border-radius: 4px; line-height: 1.4 }}
.kit-facts span {{ display: inline-block; margin-right: 2em }}
:is({DARK}) .kit-explorer img.kit-lines {{ filter: invert(1) hue-rotate(180deg);
  mix-blend-mode: lighten }}
:is({DARK}) .kit-explorer img.kit-areas {{ border-radius: 4px }}
@container (max-width: 600px) {{
  .kit-explorer .widget-inline-hbox {{ flex-wrap: wrap; height: auto }}
  .kit-explorer .widget-inline-hbox > .widget-label {{ flex: 1 0 100%; max-width: none;
    width: 100% !important; text-align: left }}
  .kit-explorer .widget-toggle-buttons {{ flex-wrap: wrap }}
  .kit-explorer .widget-button {{ margin-left: 2px !important }}
}}
</style>"""


def explorer(draw: Draw, **controls: widgets.ValueWidget) -> "Explorer":
    """Show draw(**values of the controls), redrawn whenever a control moves.

    A ValueError from draw is told in words, and the last picture stays, marked as an old one.
    Raises ValueError if there is no control, or if one lacks a description or a read-out.
    """
    if not controls:
        raise ValueError("an explorer needs at least one control")
    for name, control in controls.items():
        _check_control(name, control)
    return Explorer(draw, controls)


@contextmanager
def swept() -> Iterator[None]:
    """Without the collector of garbage; a picture's litter is swept up afterwards, while young.

    A figure is thousands of objects that refer to each other. Left alone they grow old, and every
    few redraws the collector goes through all that the notebook holds: a fifth of a second.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.collect(0)
        if on:
            gc.enable()


def caption(facts: Facts) -> str:
    """The facts in plain text, one `name: value` a line, with digits that a reader can use."""
    return "\n".join(f"{_words(name)}: {_readable(value)}" for name, value in facts.items())


def positions(control: widgets.ValueWidget) -> list[tuple[str, object]]:
    """A few values of a control, each with its words; where it stands is among them."""
    if isinstance(control, widgets.Checkbox):
        return [("no", False), ("yes", True)]
    if hasattr(control, "_options_full"):
        options = list(control._options_full)
        if not isinstance(control, widgets.SelectionSlider) or len(options) <= POSITIONS:
            return options
        chosen = np.linspace(0, len(options) - 1, POSITIONS - 1).astype(int)
        return [options[k] for k in np.union1d(chosen, control.index)]
    low, high, step = control.min, control.max, control.step
    grid = low + step * np.round(np.linspace(0, (high - low) / step, POSITIONS))
    if isinstance(control, widgets.FloatLogSlider):
        grid = control.base**grid  # its ends and its step are exponents
    near = int(np.argmin(np.abs(grid - control.value)))
    kind = int if isinstance(control, widgets.IntSlider) else float
    values = sorted({kind(value) for value in np.delete(grid, near)} | {control.value})
    return [(f"{value:.4g}", value) for value in values]


KINDS = (widgets.IntSlider, widgets.FloatSlider, widgets.FloatLogSlider, widgets.Checkbox)


class Explorer(widgets.VBox):
    """What `explorer` returns. Pages without a kernel show its first picture and caption."""

    def __init__(self, draw: Draw, controls: dict[str, widgets.ValueWidget]) -> None:
        self.draw, self.controls = draw, controls
        self.defaults = {name: control.value for name, control in controls.items()}
        figure, self.facts = draw(**self.defaults)
        self.first_caption = caption(self.facts)
        self.first_picture = _png_with_text(figure, self.first_caption)
        self.alert, self.picture, self.note = widgets.HTML(), _Picture(format="png"), widgets.HTML()
        self.picture.layout = {"max_width": "100%", "align_self": "flex-start", "margin": "0"}
        self.reset = widgets.Button(
            description="Reset", tooltip="Set every control back to where it started"
        )
        self._resetting = False
        self._show(figure, self.facts)
        for control in controls.values():
            control.observe(self._redraw, names="value")
        self.reset.on_click(self._reset)
        panel = _panel(list(controls.values()), self.reset)
        self.picture.add_class(f"kit-{look(pixels(figure))}")
        style = widgets.HTML(STYLE, layout={"display": "none"})
        super().__init__([panel, self.alert, self.picture, self.note, style])
        self.add_class("kit-explorer")

    def _redraw(self, _change: object = None) -> None:
        if self._resetting:
            return
        try:
            with swept():
                self._show(*self.draw(**{name: c.value for name, c in self.controls.items()}))
        except ValueError as problem:  # a setting that makes no sense is news, not a traceback
            self._keep_old(f"This setting cannot be drawn: {problem}.")
        except Exception as problem:
            self._keep_old(f"The drawing itself broke: {type(problem).__name__}, {problem}.")
            raise

    def _show(self, figure: Figure, facts: Facts) -> None:
        self.facts = facts
        with self.picture.hold_sync():  # one message: the page redraws the picture once
            self.picture.value, self.picture.tooltip = png(figure), _alt_text(facts)
        self.picture.layout.border = FRAME
        self.alert.value, self.alert.layout.display = "", "none"
        self.note.value = _in_html(facts)

    def _keep_old(self, sentence: str) -> None:
        self.picture.tooltip = f"Out of date. {_alt_text(self.facts)}"
        self.picture.layout.border = STALE_FRAME
        self.alert.layout.display = None
        self.alert.value = (
            f'<div role="alert"><b>{html.escape(sentence)}</b> '
            "The picture and its numbers are still those of the last setting.</div>"
        )

    def _reset(self, _button: object = None) -> None:
        self._resetting = True  # one redraw, not one for each control
        try:
            for name, value in self.defaults.items():
                self.controls[name].value = value
        finally:
            self._resetting = False
        self._redraw()

    def __repr__(self) -> str:
        return self.first_caption

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        """The live view, and for pages without a kernel the first picture and its caption.

        All but the view (its model_id is random) is the same on every run.
        """
        bundle = super()._repr_mimebundle_(**kwargs) or {}
        bundle["text/plain"] = self.first_caption
        bundle["image/png"] = base64.b64encode(self.first_picture).decode("ascii")
        return bundle, {"image/png": {"alt": self.first_caption.replace("\n", "; ")}}


class _Picture(widgets.Image):
    """An Image whose tooltip reaches the page as the <img>'s title: its name for screen readers.

    The page's own code looks for a description before it sets a title, and Image has none.
    """

    description = traitlets.Unicode("").tag(sync=True)


def _check_control(name: str, control: object) -> None:
    """Refuse what a reader could not name or read off."""
    if not isinstance(control, widgets.ValueWidget) or not control.has_trait("description"):
        raise ValueError(f"{name} must be a control with a value, got {type(control).__name__}")
    if not (isinstance(control, KINDS) or hasattr(control, "_options_full")):
        raise ValueError(
            f"{name} must be a slider of one number, a choice or a Checkbox, which pages without a "
            f"kernel know as well, got {type(control).__name__}"
        )
    if not control.description.strip():
        raise ValueError(f"{name} needs a description: say what the reader changes by it")
    if control.has_trait("readout") and not control.readout:
        raise ValueError(f"{name} needs its read-out: the reader must see the number chosen")


def _panel(controls: list, reset: widgets.Button) -> widgets.Box:
    """The controls in as many columns as there is room for; descriptions of one width."""
    beside = [c.description for c in controls if not isinstance(c, widgets.Checkbox)]
    width = min(max(map(len, beside), default=0) + 1, 30)
    for control in controls:
        control.layout.width = "auto"
        control.tooltip = control.tooltip or control.description  # else the page's title is "null"
        if control.style.has_trait("description_width"):
            control.style.description_width = f"{width}ch"
        if isinstance(control, widgets.ToggleButtons):
            control.style.button_width = control.style.button_width or "auto"
            for name in ("jupyter-widgets", "widget-inline-hbox"):  # the page forgets these, and
                control.add_class(name)  # then the description stands above the buttons
    reset.layout = {"width": "8em", "margin": f"2px 2px 2px calc({width}ch + 10px)"}
    columns = f"repeat(auto-fill, minmax(min({width + 28}ch, 100%), 1fr))"
    layout = {"display": "grid", "grid_template_columns": columns, "width": "100%"}
    return widgets.Box([*controls, reset], layout=layout)


def _words(name: str) -> str:
    return re.sub(r"(?<!\|)_", " ", name)  # but |u|_1 is a norm


def _readable(value: object) -> str:
    """Four digits for a number; yes or no; a short list in brackets; text as it is."""
    if value is None:
        return "none"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real):
        value = float(value)
        return "0" if abs(value) < 1e-12 else f"{value:.4g}"
    if isinstance(value, list | tuple | np.ndarray):
        return "(" + ", ".join(_readable(item) for item in value) + ")"
    return str(value)


def _alt_text(facts: Facts) -> str:
    return "Picture. " + caption(facts).replace("\n", "; ")


def _in_html(facts: Facts) -> str:
    """The caption for the page: pairs of name and value that wrap like words."""
    pairs = "".join(
        f"<span>{html.escape(_words(name))}: <b>{html.escape(_readable(value))}</b></span> "
        for name, value in facts.items()
    )
    return f'<div class="kit-facts" style="line-height:1.6;max-width:60em">{pairs}</div>'


def _png_with_text(figure: Figure, text: str) -> bytes:
    """The figure with the text under it, for pages that show a picture or text but not both."""
    width = figure.get_size_inches()[0]
    lines = [part for line in text.split("\n") for part in textwrap.wrap(line, int(13 * width))]
    height = 0.19 * len(lines) + 0.15
    strip = Figure(figsize=(width, height), dpi=figure.dpi)
    strip.text(0.1 / width, 1 - 0.05 / height, "\n".join(lines), fontsize=9.5, va="top")
    return encoded(np.vstack([pixels(figure), pixels(strip)]))
