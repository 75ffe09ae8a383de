"""Step times: how they are distributed, how they went on, and how launches of a cell differ."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from suite.formats.numbers import percent
from suite.formats.placement import Box, even_numbers, round_numbers
from suite.formats.plots import pen
from suite.formats.plots.area import Span
from suite.formats.plots.chart import Chart, ChartGroup
from suite.formats.plots.pen import Point
from suite.formats.plots.rows import (
    CellRow,
    by_mode,
    cell_rows,
    frame,
    laid_out,
    write_number,
)
from suite.formats.plots.series import NO_DOUBT, PlottedRun
from suite.formats.plots.style import INK
from suite.formats.plots.words import FEW_LEGEND, TIMES, about_all, tail
from suite.model.cell import Mode
from suite.model.report import Spread
from suite.model.summary import Summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The window of step times about their median: noise of 1 % looks like 1 %.
_WINDOW = 0.10
# How far a step at the edge of the window is from the middle of its row, in units.
_REACH = 8.0
# How many units a dot is wide and high, where steps are close together and where they are not.
_DOT, _LARGE_DOT = 1.5, 2.0
# What `~1.05` or the count of steps beyond the window takes, in units.
_NUMBER = 68.0
# Between launches, in units.
_BETWEEN = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _StepRow(CellRow):
    """The line of a cell that has a number."""

    summary: Summary


def step_charts(plotted: PlottedRun, most: int) -> Iterator[ChartGroup]:
    """A row for each cell; where there are too many, for those whose numbers differ most."""
    every = [
        _StepRow(
            label=row.label,
            size=row.size,
            look=row.look,
            doubt=row.doubt,
            result=row.result,
            summary=row.result.summary,
        )
        for row in cell_rows(plotted, Mode)
        if row.result.summary
    ]
    if not every:
        return
    rows = _foremost(every, lambda row: row.summary.tail, most)
    spreads = {spread.cell_id: spread for spread in plotted.run.spreads}
    repeated = [row for row in every if row.result.cell.id in spreads]
    apart = _foremost(repeated, lambda row: spreads[row.result.cell.id].apart, most)
    note = ["Step times against the median of their cell."]
    if any(row.summary.p99_interval_seconds is None for row in rows):
        note.append(FEW_LEGEND)
    if len(every) > len(rows):
        launches = " and whose launches are furthest apart" * bool(apart)
        note.append(
            f"Only {len(rows)} of {len(every)} cells: those whose p99 is furthest above"
            f" p50{launches}."
        )
    yield ChartGroup(
        name="steps",
        title="Step times",
        note=" ".join([*note, *about_all(plotted)]),
        charts=(
            _distribution(rows),
            _course(plotted, rows),
            *([_launches(plotted, apart, spreads)] if apart else []),
        ),
    )


def _foremost(
    rows: Sequence[_StepRow], number: Callable[[_StepRow], float], most: int
) -> list[_StepRow]:
    """The rows with the largest numbers, at most so many, in their own order."""
    by_number = sorted(range(len(rows)), key=lambda index: -number(rows[index]))
    return [rows[index] for index in sorted(by_number[:most])]


def _distribution(cells: Sequence[_StepRow]) -> Chart:
    """From the shortest step to the longest, with the percentiles, against p50."""
    rows = laid_out(by_mode(cells), _NUMBER)
    found = [row.summary for row in cells]
    across = Span(
        low=min(0.95, *(each.min_seconds / each.p50_seconds for each in found)) / 1.01,
        high=max(1.1, *(each.max_seconds / each.p50_seconds for each in found)) * 1.02,
        is_log=True,
    )

    def draw(figure: "Figure", box: Box) -> None:
        ticks = [(each, f"{each:g}{TIMES}") for each in _round_factors(across)]
        area, middles = frame(figure, box, rows, across, ticks)
        lines = zip(middles, cells, found, strict=True)
        for look, alike in groupby(lines, key=lambda line: line[1].look):
            parts: dict[float, list[list[Point]]] = {1: [], 3: [], 8: []}
            longest, medians = [], []
            for y, row, each in alike:
                shares = (each.min_seconds, each.p50_seconds, each.p90_seconds, each.p99_seconds)
                places = [area.place(share / each.p50_seconds, y) for share in shares]
                longest.append(area.place(each.max_seconds / each.p50_seconds, y))
                parts[1].append([places[0], longest[-1]])
                parts[3].append([places[2], places[3]])
                parts[8].append([places[1], places[2]])
                medians.append([(places[1][0], places[1][1] + up) for up in (-6, 6)])
                write_number(area, rows, y, row, tail(each))
            for width, drawn in parts.items():
                pen.stroke(figure, drawn, look.light, width)
            pen.stroke(figure, medians, INK["ink"], 1.6, over=4)
            pen.mark(figure, longest, look.marker, look.light, size=4, over=4)

    said = [f"{row.name} {tail(each)}" for row, each in zip(cells, found, strict=True)]
    return Chart(
        title="Distribution, and p99 over p50",
        unit="thin: shortest to longest step; thick: p50 to p90 to p99",
        says=f"p99 over p50 of step times: {'; '.join(said)}.",
        height=rows.height,
        draw=draw,
    )


def _round_factors(across: Span) -> list[float]:
    if across.high / across.low < 3:
        return even_numbers(across.low, across.high, 4)
    return round_numbers(across.low, across.high)


def _course(plotted: PlottedRun, cells: Sequence[_StepRow]) -> Chart:
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
                    pen.write(figure, area.box.right + 8, bottom, f"{beyond} beyond")
            pen.stroke(figure, warm, INK["ink-3"], size)
            pen.stroke(figure, measured, look.light, size)

    return Chart(
        title="Every step in order",
        unit=f"{longest} steps a launch, warm-up grey; rows are p50 ± {_WINDOW:.0%} high",
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


def _launches(
    plotted: PlottedRun, cells: Sequence[_StepRow], spreads: Mapping[str, Spread]
) -> Chart:
    """The throughput of each launch, against the median of its cell."""
    rows = laid_out(by_mode(cells))
    shares = {
        row.result.cell.id: [
            launch.summary.images_per_second / spreads[row.result.cell.id].median - 1
            for launch in plotted.launches[row.result.cell.id]
            if launch.summary
        ]
        for row in cells
    }
    reach = max(0.02, *(abs(share) for each in shares.values() for share in each)) * 110
    across = Span(low=-reach, high=reach)

    def draw(figure: "Figure", box: Box) -> None:
        ticks = [(each, f"{each:+g}%" if each else "0") for each in even_numbers(-reach, reach, 4)]
        area, middles = frame(figure, box, rows, across, ticks)
        middle, _ = area.place(0, 0)
        line = [(middle, area.box.bottom), (middle, area.box.top)]
        pen.stroke(figure, [line], INK["ink-3"], 1, over=1.5)
        for y, row in zip(middles, cells, strict=True):
            cell = row.result.cell.id
            places = [area.place(share * 100, y) for share in shares[cell]]
            inside = INK["paper"] if row.doubt.is_there else row.look.light
            pen.mark(figure, places, row.look.marker, row.look.light, inside=inside, over=3)
            write_number(area, rows, y, row, percent(spreads[cell].apart))

    said = [f"{row.name} {percent(spreads[row.result.cell.id].apart)}" for row in cells]
    return Chart(
        title="Launches, and how far they are apart",
        unit="throughput of a launch against the median of its cell",
        says=f"How far launches are apart in throughput: {'; '.join(said)}.",
        height=rows.height,
        draw=draw,
    )
