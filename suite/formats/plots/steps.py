"""Step times: how they are distributed, how they went on, and how launches of a cell differ."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from suite.formats.numbers import percent
from suite.formats.placement import Box, even_numbers, round_numbers
from suite.formats.plots import pen
from suite.formats.plots.area import Span
from suite.formats.plots.chart import Chart, ChartGroup
from suite.formats.plots.course import course_chart
from suite.formats.plots.pen import Point
from suite.formats.plots.rows import (
    StepRow,
    by_mode,
    cell_rows,
    frame,
    laid_out,
    write_number,
)
from suite.formats.plots.series import PlottedRun
from suite.formats.plots.style import INK
from suite.formats.plots.words import FEW_LEGEND, TIMES, about_all, tail
from suite.model.cell import Mode
from suite.model.report import Spread

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# What `~1.05` takes, in units.
_NUMBER = 68.0


def step_charts(plotted: PlottedRun, most: int) -> Iterator[ChartGroup]:
    """A row for each cell; where there are too many, for those whose numbers differ most."""
    every = [
        StepRow(
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
            course_chart(plotted, rows),
            *([_launches(plotted, apart, spreads)] if apart else []),
        ),
    )


def _foremost(
    rows: Sequence[StepRow], number: Callable[[StepRow], float], most: int
) -> list[StepRow]:
    """The rows with the largest numbers, at most so many, in their own order."""
    by_number = sorted(range(len(rows)), key=lambda index: -number(rows[index]))
    return [rows[index] for index in sorted(by_number[:most])]


def _distribution(cells: Sequence[StepRow]) -> Chart:
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
                median, middle = places[1]
                medians.append([(median, middle + up) for up in (-6, 6)])
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


def _launches(
    plotted: PlottedRun, cells: Sequence[StepRow], spreads: Mapping[str, Spread]
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
