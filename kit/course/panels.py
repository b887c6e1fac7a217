"""Explorers on a page without a kernel: sliders over pictures that were drawn beforehand.

An explorer is opened from its lesson, drawn at a few positions of each control while the others
stay where they start, and written as HTML that docs/_static/book.js moves. A picture that is not
shown is not loaded, so a page stays small however many it has.
"""

import ast
import base64
import html
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from nbformat import NotebookNode
from PIL import Image

from kit.course.drawing import look, png
from kit.course.explorers import Explorer, caption, positions
from kit.course.program import Notebook, Statement, executed, gathered

CHEAP = ast.Import | ast.ImportFrom | ast.FunctionDef
COLOURS = 128  # of a stored picture: lines and words look the same, the file is a third


def opened(nb: NotebookNode) -> Iterator[tuple[int, list[Statement]]]:
    """Cells that end in an explorer, by number: the imports and functions they need, themselves."""
    sources = [cell.source if cell.cell_type == "code" else "" for cell in nb.cells]
    lesson = Notebook(sources, first=0)
    if lesson.notes:
        raise ValueError(lesson.notes[0])
    cheap = []
    for k in range(len(sources)):
        own = [s for s in lesson.statements if s.place[0] == k]
        if own and ast.unparse(own[-1].node).startswith("explorer("):
            yield k, gathered(own, [*cheap, *own])
        cheap += [s for s in own if isinstance(s.node, CHEAP)]


def explorers(nb: NotebookNode) -> dict[int, Explorer]:
    """Explorers of a lesson by number of cell, opened with its imports and functions and that cell.

    One that needs more of the lesson is left out: its stored picture stays on the page. So is one
    that cannot be drawn where it starts, which is said.
    """
    found = {}
    for k, (*before, last) in opened(nb):
        shown = compile(ast.Expression(last.node.value), f"cell {k}", "eval")
        try:
            found[k] = eval(shown, executed(before))
        except NameError:
            continue
        except ValueError as problem:
            print(f"The explorer of cell {k} is shown as stored: {problem}", file=sys.stderr)
    return found


def read(picture: bytes) -> np.ndarray:
    """The pixels of a PNG, (height, width, 3)."""
    return np.array(Image.open(io.BytesIO(picture)).convert("RGB"))


def small(picture: bytes, colours: int = COLOURS, widest: int = 10_000) -> bytes:
    """The picture as PNG in a palette: the same to the eye."""
    image, file = Image.fromarray(read(picture)), io.BytesIO()
    image.thumbnail((widest, 4 * widest))
    image.quantize(colours, dither=Image.Dither.NONE).save(file, "PNG")
    return file.getvalue()


def panel(shown: Explorer, name: str, folder: Path) -> str:
    """An explorer as HTML; its pictures are written to folder, which pages know as
    ../_static/frames.
    """
    rows, shape = "", read(shown.picture.value)
    for c, (key, control) in enumerate(shown.controls.items()):
        stops = []
        for words, value in positions(control):
            file = f"{name}-{c}-{len(stops)}.png"
            try:
                figure, facts = shown.draw(**{**shown.defaults, key: value})
                (folder / file).write_bytes(small(png(figure)))
                text = caption(facts)
            except ValueError as problem:
                file, text = "", f"This setting cannot be drawn: {problem}."
            start = value == shown.defaults[key]
            stops.append({"words": words, "start": start, "file": file, "text": text})
        rows += _control(control.description, stops, f"{name}-c{c}", control.has_trait("readout"))
    view = next(view for view in stops if view["start"])
    return (
        f'<div class="explorer" role="group" aria-label="Explorer">{rows}'
        f'<img class="dark-light {look(shape)}" src="../_static/frames/{view["file"]}" '
        f'width="{shape.shape[1]}" height="{shape.shape[0]}" alt="{html.escape(view["text"])}">'
        f'<pre class="facts" role="status" tabindex="0">{html.escape(view["text"])}</pre>'
        "<p>One control moves at a time here; the live lesson moves them together.</p></div>"
    )


def _control(label: str, stops: list[dict], key: str, slider: bool) -> str:
    """One control, a slider over its positions or a list; book.js sets it to where it starts."""
    options = "".join(f"<option>{html.escape(view['words'])}</option>" for view in stops)
    tag, after = f'select id="{key}"', f"{options}</select>"
    if slider:
        tag = f'input type="range" id="{key}" min="0" max="{len(stops) - 1}"'
        after = f'<output for="{key}"></output>'
    views = html.escape(json.dumps(stops), quote=True)
    named = f'<label for="{key}">{html.escape(label)}</label>'
    return f'<div>{named}<{tag} data-views="{views}">{after}</div>'


def decoded(output: NotebookNode) -> bytes | None:
    """The PNG of an output, None where it has none."""
    data = output.get("data", {}).get("image/png")
    return base64.b64decode(data) if data else None
