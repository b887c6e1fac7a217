"""Axes whose ticks are one tick, drawn at each place.

matplotlib builds five artists for each tick and lays its words out three times, so small axes spend
more on ticks than on all that is drawn in them. Here an axis has one tick of its major and one of
its minor kind. Drawing moves it from place to place; the picture is the same. Whoever asks for the
ticks themselves (own labels, a tight bounding box) gets matplotlib's, and from then on its drawing.
"""

from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.axis import Tick, XAxis, YAxis


class _OneTick:
    """A matplotlib Axis, drawn with one tick of each kind."""

    _drawn: tuple[list[Tick], tuple[list, list]] | None = None  # while drawing: ticks, boxes

    def draw(self, renderer):
        if not self.get_visible():
            return
        if max(len(self.majorTicks), len(self.minorTicks)) > 1:
            super().draw(renderer)
            return
        ticks, boxes = [], ([], [])
        for tick in self._moved():
            tick.draw(renderer)
            for label, found in zip((tick.label1, tick.label2), boxes, strict=True):
                if label.get_visible():
                    found.append(label.get_window_extent(renderer))
            if tick not in ticks:
                ticks.append(tick)
        self._drawn = ticks, boxes
        try:
            self._update_label_position(renderer)
        finally:
            self._drawn = None
        self.label.draw(renderer)
        self._update_offset_text_position(*boxes)
        self.offsetText.set_text(self.major.formatter.get_offset())
        self.offsetText.draw(renderer)
        self.stale = False

    def _moved(self) -> Iterator[Tick]:
        """The major tick at each of its places in view, then the minor one."""
        scale = self.get_transform()
        low, high = sorted(scale.transform(list(self.get_view_interval())))
        slack = 1e-10 * (high - low)  # as matplotlib has it
        kinds = (
            (self.major, self.get_majorticklocs(), self.majorTicks),
            (self.minor, self.get_minorticklocs(), self.minorTicks),
        )
        for kind, places, (tick, *_) in kinds:
            for place, words in zip(places, kind.formatter.format_ticks(places), strict=True):
                if low - slack <= scale.transform(place) <= high + slack:
                    tick.update_position(place)
                    tick.label1.set_text(words)
                    tick.label2.set_text(words)
                    yield tick

    def _update_ticks(self):
        return self._drawn[0] if self._drawn else super()._update_ticks()

    def _get_tick_boxes_siblings(self, renderer):
        return self._drawn[1] if self._drawn else super()._get_tick_boxes_siblings(renderer)


class _XAxis(_OneTick, XAxis):
    pass


class _YAxis(_OneTick, YAxis):
    pass


class OneTickAxes(Axes):
    """matplotlib's Axes, with axes of one tick."""

    def _init_axis(self):
        self.xaxis, self.yaxis = _XAxis(self, clear=False), _YAxis(self, clear=False)
        for axis, sides in ((self.xaxis, ("bottom", "top")), (self.yaxis, ("left", "right"))):
            for side in sides:
                self.spines[side].register_axis(axis)
