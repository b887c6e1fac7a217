"""A figure as PNG bytes, fast enough to follow a slider: the same bytes for the same figure.

Most of what matplotlib does for a small picture it does for its words: it measures each anew for
every picture, and draws it glyph by glyph. The next picture has nearly the same words. So one
renderer serves all pictures of a size, and keeps what it has measured; a word is drawn once, and
stamped from then on, at whole pixels. The PNG is written here as well: libraries try five filters
on each row, take three times as long, and a picture of curves becomes hardly smaller.
"""

import io
import struct
import zlib
from functools import lru_cache

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from PIL.PngImagePlugin import putchunk

WHITE = 0.7  # share of nearly white pixels: curves have 0.72 and more, maps and scenes less
LIGHTLY = 1  # zlib's level: a quarter larger than by default, in less than half of the time
UP = 2  # PNG's filter of a row: each byte less the one above it
PER_METRE = 3937  # pixels, 100 an inch: what a program that prints the picture goes by


def png(figure: Figure) -> bytes:
    """The figure as PNG: the same bytes for the same figure."""
    return encoded(pixels(figure))


def pixels(figure: Figure) -> np.ndarray:
    """The figure drawn, (height, width, 4) of bytes; a copy, since the next picture overwrites."""
    canvas = _Canvas(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())


def encoded(image: np.ndarray) -> bytes:
    """Pixels (height, width, 4) as PNG."""
    height, width, depth = image.shape
    flat = image.reshape(height, width * depth)
    rows = np.full((height, 1 + width * depth), UP, np.uint8)
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    file = io.BytesIO()
    file.write(b"\x89PNG\r\n\x1a\n")
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)  # 8 bits of red, green, blue, α
    putchunk(file, b"IHDR", header)
    putchunk(file, b"pHYs", struct.pack(">IIB", PER_METRE, PER_METRE, 1))
    putchunk(file, b"IDAT", zlib.compress(rows, LIGHTLY))
    putchunk(file, b"IEND")
    return file.getvalue()


def look(image: np.ndarray) -> str:
    """What a dark page may do with pixels: "lines" on white can be turned over, "areas" not."""
    return "lines" if (image[..., :3].min(axis=-1) > 235).mean() > WHITE else "areas"


class _Renderer(RendererAgg):
    """Draws words from stamps."""

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        # draw_image counts y from below, and wants the lowest row of the image first
        colour = (*gc.get_rgb()[:3], 1.0)
        image, left, below = _stamp(s, prop.copy(), angle, ismath, self.dpi, colour)
        if image.size:
            self.draw_image(gc, round(x) + left, int(self.height) - round(y) - below, image)


class _Canvas(FigureCanvasAgg):
    """Draws on a renderer that has drawn before."""

    def get_renderer(self):
        self.renderer = _renderer(*self.get_width_height(physical=True), self.figure.dpi)
        return self.renderer


@lru_cache(8)
def _renderer(width: int, height: int, dpi: float) -> _Renderer:
    return _Renderer(width, height, dpi)


@lru_cache(2000)
def _stamp(
    s: str, prop: FontProperties, angle: float, ismath: bool, dpi: float, colour: tuple
) -> tuple[np.ndarray, int, int]:
    """The words' pixels, lowest row first, and where its left and lower edges are from the origin.

    The origin is where the base line starts; left is counted to the right, below downwards.
    """
    width, height, _ = _renderer(1, 1, dpi).get_text_width_height_descent(s, prop, ismath)
    reach = int(np.hypot(width, height)) + 4
    sheet = RendererAgg(2 * reach, 2 * reach, dpi)
    gc = sheet.new_gc()
    gc.set_foreground(colour, isRGBA=True)
    sheet.draw_text(gc, reach, reach, s, prop, angle, ismath)
    image = np.array(sheet.buffer_rgba())
    rows, columns = (np.flatnonzero(image[..., 3].any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return np.empty((0, 0, 4), np.uint8), 0, 0
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    cut = np.ascontiguousarray(image[top:bottom, left:right][::-1])
    return cut, int(left) - reach, int(bottom) - reach
