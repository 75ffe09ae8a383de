"""The part of a chart between its axes: where data are, the grid, and the ticks beside it.

matplotlib's own axes take most of the time in which a chart is drawn, and need as many lines to be
made this plain.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suite.formats.placement import Box, thinned
from suite.formats.plots import pen
from suite.formats.plots.pen import Point
from suite.formats.plots.style import INK, text_width

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# From the edge of the area to the words beside it.
_BESIDE, _BELOW = 5.0, 16.5
_LABEL_BELOW = 31.0
# Between two labels in a row.
_BETWEEN = 5.0
_GRID = 0.8

Tick = tuple[float, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What an axis reaches from and to, in the data's unit."""

    low: float
    high: float
    is_log: bool = False

    def share(self, value: float) -> float:
        """How far along the axis a value is: 0 at its low end, 1 at its high one."""
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def within(self, value: float) -> float:
        """The value, or the end of the axis that it is beyond."""
        return max(self.low, min(value, self.high))


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A box of a figure, in units, and what its two directions stand for."""

    figure: "Figure"
    box: Box
    across: Span
    up: Span

    def place(self, x: float, y: float) -> Point:
        """Where a point of the data is, in units."""
        box = self.box
        return (
            box.left + self.across.share(x) * (box.right - box.left),
            box.bottom + self.up.share(y) * (box.top - box.bottom),
        )

    def places(self, points: Sequence[Point]) -> list[Point]:
        """The same of several."""
        return [self.place(x, y) for x, y in points]


def ticks_below(area: Area, ticks: Sequence[Tick], *, grid: bool) -> None:
    """The ticks of the lower axis whose words have room, with lines above them if wanted."""
    box = area.box
    places = [area.place(value, area.up.low)[0] for value, _ in ticks]
    kept = thinned(places, [text_width(text) for _, text in ticks], _BETWEEN)
    for index in kept:
        look = {"ha": "center", "color": INK["ink-2"]}
        pen.write(area.figure, places[index], box.bottom - _BELOW, ticks[index][1], **look)
    if grid:
        lines = [[(places[index], box.bottom), (places[index], box.top)] for index in kept]
        pen.stroke(area.figure, lines, INK["grid"], _GRID, over=1)


def ticks_beside(area: Area, ticks: Sequence[Tick]) -> None:
    """The ticks of the left axis, each with a line across the area."""
    box = area.box
    every = [area.place(area.across.low, value)[1] for value, _ in ticks]
    kept = thinned(every, [pen.TEXT_HEIGHT] * len(every), 0)
    places = [every[index] for index in kept]
    for place, (_, text) in zip(places, [ticks[index] for index in kept], strict=True):
        look = {"ha": "right", "color": INK["ink-2"]}
        pen.write(area.figure, box.left - _BESIDE, place - 6.5, text, **look)
    lines = [[(box.left, place), (box.right, place)] for place in places]
    pen.stroke(area.figure, lines, INK["grid"], _GRID, over=1)


def lower_edge(area: Area, label: str = "") -> None:
    """The line that the data stand on, and what is counted along it."""
    box = area.box
    line = [(box.left, box.bottom), (box.right, box.bottom)]
    pen.stroke(area.figure, [line], INK["others"], _GRID, over=2.5)
    middle = (box.left + box.right) / 2
    if label:
        look = {"ha": "center", "color": INK["ink-3"]}
        pen.write(area.figure, middle, box.bottom - _LABEL_BELOW, label, **look)
