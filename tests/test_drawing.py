"""Pictures for explorers: matplotlib's own, words included, and the same bytes every time."""

import gc
import io
import weakref

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from kit.course import drawing
from kit.course.explorers import swept


def words(tilt: float = 0.0, colour: str = "black", size: float = 14.0) -> Figure:
    """One word at a place of its own, and numbers with exponents."""
    figure = Figure(figsize=(4, 3), dpi=100)
    ax = figure.subplots()
    ax.loglog([1, 1e5], [1e-3, 1])
    ax.set(xlabel="samples", ylabel="what is left")
    ax.text(30, 0.05, "hyperbola, Ωᶜ", rotation=tilt, color=colour, fontsize=size)
    return figure


def matplotlibs(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())


def ink(image: np.ndarray) -> np.ndarray:
    """Amount, mean row and mean column of what is not white."""
    dark = 255 - image[..., :3].astype(float).mean(axis=2)
    rows, columns = np.indices(dark.shape)
    return np.array([dark.sum(), *((dark * at).sum() / dark.sum() for at in (rows, columns))])


@pytest.mark.parametrize("tilt", [0, 30, 90])
@pytest.mark.parametrize("word", ["hyperbola, Ωᶜ", "$10^{-3}$"], ids=["plain", "formula"])
@pytest.mark.parametrize("colour", ["black", "red"])
def test_words_are_where_matplotlib_puts_them(word, tilt, colour):
    def one():
        figure = Figure(figsize=(4, 3), dpi=100)
        figure.text(0.313, 0.271, word, rotation=tilt, color=colour, fontsize=14)
        return figure

    ours, theirs = ink(drawing.pixels(one())), ink(matplotlibs(one()))
    assert ours[0] == pytest.approx(theirs[0], rel=0.02)
    assert np.abs(ours[1:] - theirs[1:]).max() < 0.75  # they are put at whole pixels


def test_a_picture_does_not_depend_on_those_before():
    first = drawing.png(words())
    for other in (words(colour="red"), words(size=9), words(tilt=90)):
        assert drawing.png(other) != first
    assert drawing.png(words()) == first


def test_a_png_holds_the_pixels():
    image = Image.open(io.BytesIO(drawing.png(words())))
    assert np.array_equal(np.array(image), drawing.pixels(words()))
    assert image.mode == "RGBA" and image.info["dpi"] == pytest.approx((100, 100), abs=0.01)


def test_pixels_are_kept_when_the_next_picture_is_drawn():
    kept = drawing.pixels(words())
    before = kept.copy()
    drawing.pixels(words(tilt=45))
    assert np.array_equal(kept, before)


def test_the_collector_is_as_it_was_and_litter_is_gone():
    class Litter:
        """Refers to itself, as a figure does to its parts."""

    with swept():
        assert not gc.isenabled()
        litter = Litter()
        litter.itself = litter
        seen = weakref.ref(litter)
        del litter
        assert seen() is not None
    assert gc.isenabled() and seen() is None
    with pytest.raises(ValueError, match="a slip"), swept():
        raise ValueError("a slip")
    assert gc.isenabled()
