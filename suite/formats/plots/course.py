"""Every step of every launch in the order in which it was taken, in one picture of all cells."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from suite.formats.placement import Box
from suite.formats.plots import pen
from suite.formats.plots.area import Span
from suite.formats.plots.chart import Chart
from suite.formats.plots.rows import StepRow, by_mode, frame, laid_out
from suite.formats.plots.series import NO_DOUBT, PlottedRun
from suite.formats.plots.style import INK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The window of step times about their median: noise of 1 % looks like 1 %.
_WINDOW = 0.10
# How far a step at the edge of the window is from the middle of its row, in units.
_REACH = 8.0
# How many units a dot is wide and high, where steps are close together and where they are not.
_DOT, _LARGE_DOT = 1.5, 2.0
# What the count of steps beyond the window takes, in units.
_NUMBER = 68.0
# Between launches, in units.
_BETWEEN = 4.0


def course_chart(plotted: PlottedRun, cells: Sequence[StepRow]) -> Chart:
    """Every step of every launch in order, warm-up in grey, against p50 of the cell."""
    rows = laid_out(by_mode([replace(row, doubt=NO_DOUBT) for row in cells]), _NUMBER)
    launches = [[launch.record for launch in plotted.launches[row.result.cell.id]] for row in cells]
    most_launches = max(map(len, launches))
    longest = max(
        len(launch.warmup_seconds) + len(launch.step_seconds)
        for each in launches
        for launch in each
    )

    def draw(figure: "Figure", box: Box) -> None:
        inside = rows.margins.inside(box)
        width = inside.right - inside.left
        one = (width - _BETWEEN * (most_launches - 1)) // most_launches
        size = _LARGE_DOT if one / longest > _LARGE_DOT else _DOT
        starts = [place * (one + _BETWEEN) for place in range(most_launches)]
        numbers = ["launch 1", *(str(place) for place in range(2, most_launches + 1))]
        named = [(start + one / 2, number) for start, number in zip(starts, numbers, strict=True)]
        ticks = named if most_launches > 1 else []
        area, middles = frame(figure, box, rows, Span(low=0, high=width), ticks, grid=False)
        medians = [area.places([(0, y), (width, y)]) for y in middles]
        pen.stroke(figure, medians, INK["grid"], 0.8, over=1)
        lines = zip(middles, cells, launches, strict=True)
        for look, alike in groupby(lines, key=lambda line: line[1].look):
            measured, warm = [], []
            for y, row, own in alike:
                p50 = row.summary.p50_seconds
                beyond = 0
                for start, launch in zip(starts, own, strict=False):
                    left, middle = area.place(start, y)
                    course = _Course(left, one / longest, middle, p50, size)
                    warm += course.dots(launch.warmup_seconds, 0)
                    measured += course.dots(launch.step_seconds, len(launch.warmup_seconds))
                    beyond += course.beyond(launch.step_seconds)
                if beyond:
                    bottom = area.box.bottom + y - 6
                    pen.write(figure, area.box.right + 8, bottom, f"{beyond} out")
            pen.stroke(figure, warm, INK["ink-3"], size)
            pen.stroke(figure, measured, look.light, size)

    return Chart(
        title="Every step in order",
        unit=f"{longest} steps a launch, warm-up grey; rows: p50 ± {_WINDOW:.0%}, else out",
        says="Every step of every launch in order, as a deviation from the median of its cell.",
        height=rows.height,
        draw=draw,
    )


@dataclass(frozen=True, slots=True)
class _Course:
    """Where the steps of a launch are drawn: from `start` on, `width` units each, about `middle`.

    A step is a square dot of `size` units; those that would be drawn onto another are one.
    """

    start: float
    width: float
    middle: float
    p50: float
    size: float

    def dots(self, seconds: Sequence[float], first: int) -> list[list[tuple[float, float]]]:
        """A vertical line for dots that touch each other, of all steps; `first` is their number."""
        places = sorted(
            {
                (int((first + index) * self.width / self.size), self._up(each))
                for index, each in enumerate(seconds)
            }
        )
        lines: list[list[tuple[float, float]]] = []
        for place, (column, up) in enumerate(places):
            if place and places[place - 1] == (column, up - 1):
                lines[-1][1] = (lines[-1][1][0], self.middle + (up + 0.5) * self.size)
            else:
                x = self.start + (column + 0.5) * self.size
                low, high = ((up + end) * self.size for end in (-0.5, 0.5))
                lines.append([(x, self.middle + low), (x, self.middle + high)])
        return lines

    def beyond(self, seconds: Sequence[float]) -> int:
        """How many steps are outside the window."""
        return sum(abs(each / self.p50 - 1) > _WINDOW for each in seconds)

    def _up(self, seconds: float) -> int:
        """How many dots above the middle, at most at the edge of the window."""
        share = max(-1.0, min((seconds / self.p50 - 1) / _WINDOW, 1.0))
        return round(share * _REACH / self.size)
