"""The moving picture at the top of README.md: the explorer of lesson 11, its sliders moved.

python docs/moving_picture.py        writes notebooks/images/explorer.gif
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from kit.course.drawing import pixels
from kit.course.explorers import Explorer
from kit.course.notebooks import read
from kit.course.panels import explorers

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
FILE = NOTEBOOKS / "images" / "explorer.gif"
WIDTH, COLOURS, PAUSE = 720, 128, 160  # pixels, shades, milliseconds a picture
# rows, y of row 0: what a hand would do
MOVES = [(1, y) for y in np.arange(0.6, 3.01, 0.3)] + [(rows, 3.0) for rows in range(2, 6)]
MOVES += [(5, y) for y in np.arange(2.7, 0.59, -0.3)] + [(rows, 0.6) for rows in range(4, 0, -1)]


def slider(figure: Figure, height: float, name: str, value: float, low: float, high: float) -> None:
    """A slider as a notebook shows it."""
    figure.text(0.16, height, name, ha="right", va="center", fontsize=11)
    figure.text(0.82, height, f"{value:g}", va="center", fontsize=11)
    at = 0.2 + 0.58 * (value - low) / (high - low)
    for ends, colour in (((0.2, 0.78), "#bbbbbb"), ((0.2, at), "#0072B2")):
        figure.add_artist(_line(ends, height, colour))
    figure.text(at, height, "●", ha="center", va="center", fontsize=15, color="#0072B2")


def _line(ends, height, colour):
    from matplotlib.lines import Line2D

    return Line2D(ends, (height, height), color=colour, linewidth=3)


def frame(shown: Explorer, rows: int, y: float) -> Image.Image:
    """Controls above, the picture below."""
    picture, _ = shown.draw(**{**shown.defaults, "rows": rows, "y": y})
    below = pixels(picture)
    strip = Figure(figsize=(below.shape[1] / picture.dpi, 0.8), dpi=picture.dpi)
    values = {"rows": rows, "y": round(y, 1)}
    for height, (name, value) in zip((0.72, 0.28), values.items(), strict=True):
        control = shown.controls[name]
        slider(strip, height, control.description, value, control.min, control.max)
    above = pixels(strip)
    image = Image.fromarray(np.vstack([above, below])).convert("RGB")
    return image.resize(
        (WIDTH, round(WIDTH * image.height / image.width)), Image.Resampling.LANCZOS
    )


def main() -> None:
    """Write the file; all pictures share the shades of the fullest one."""
    (shown,) = explorers(read(NOTEBOOKS / "11_hull_geometry.ipynb")).values()
    frames = [frame(shown, rows, float(y)) for rows, y in MOVES]
    shades = frames[12].quantize(COLOURS)
    small = [image.quantize(palette=shades, dither=Image.Dither.NONE) for image in frames]
    options = {"save_all": True, "duration": PAUSE, "loop": 0, "optimize": True}
    small[0].save(FILE, append_images=small[1:], **options)
    print(f"{FILE.name}: {len(frames)} pictures, {FILE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
