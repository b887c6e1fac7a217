"""A small vocabulary of drawing: each word draws one thing on matplotlib axes, in one look.

    figure, ax = draw.figure()                     columns, rows, size; no pyplot
    draw.plane(ax, 4, "w", "x", "one branch")      the frame first,
    draw.hull(ax, 1.0, label="its hull")           then what is in it,
    draw.branch(ax, 1.0, label="the branch")
    draw.legend(ax, "lower left")                  the legend last,
    draw.show(figure, "The hull of ...")           and the caption in words.

looks  first, second, truth, answer, bound, data, rival, wrong (style.py)

notebooks/gallery.ipynb has a sentence and a picture for every word.
"""

from kit.course.draw.curves import (
    bars,
    cell,
    closing,
    count_map,
    curve,
    histogram,
    measured,
    picture,
    promised,
    stem,
    weight_path,
    wilson,
)
from kit.course.draw.plane import (
    arrow,
    ball,
    border,
    branch,
    half_planes,
    hull,
    path,
    plane,
    points,
    polygon,
    region,
)
from kit.course.draw.style import LOOKS, colour, figure, label, legend, line, mark, show
