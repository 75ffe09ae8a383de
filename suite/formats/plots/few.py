"""Cells side by side, where there are too few batch sizes for a curve."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suite.formats.numbers import milliseconds, rate
from suite.formats.palette import Look
from suite.formats.placement import Box, even_numbers, round_numbers
from suite.formats.plots import pen
from suite.formats.plots.area import Area, Span
from suite.formats.plots.chart import Chart, ChartGroup
from suite.formats.plots.factors import factor_chart, factors_of
from suite.formats.plots.rows import (
    CellRow,
    Row,
    by_mode,
    cell_rows,
    frame,
    laid_out,
    mark_value,
    write_lack,
    write_number,
)
from suite.formats.plots.series import PlottedRun
from suite.formats.plots.style import INK
from suite.formats.plots.words import WHISKERS, about_all, left_out, short
from suite.formats.scaling import ESTIMATOR_WORDS
from suite.model.cell import Mode
from suite.model.report import LaunchRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BAR = 9.0


def cells_side_by_side(
    plotted: PlottedRun, modes: Sequence[Mode], most: int
) -> Iterator[ChartGroup]:
    """Throughput, every step, factors and energy: at most so many rows in each chart."""
    every = cell_rows(plotted, modes)
    rows = every[:most]
    if not any(row.result.summary for row in rows):
        return
    metered = [row for row in rows if row.result.cell.id in plotted.run.images_per_joule]
    factors = factors_of(plotted, modes)
    published = any(row.result.cell.id in plotted.beside_published for row in rows)
    whiskers = any(factor.interval for factor in factors[:most])
    note = [
        f"Too few batch sizes for curves. Throughput: {ESTIMATOR_WORDS[plotted.estimator]}.",
        *["Hollow and without a bar: published."] * published,
        *[WHISKERS] * whiskers,
        *left_out(len(every) - len(rows), "cell"),
        *left_out(len(factors) - most, "factor"),
        *about_all(plotted),
    ]
    yield ChartGroup(
        name="cells",
        title="Cells side by side",
        note=" ".join(note),
        charts=(
            _bar_chart(rows, _throughput(plotted, rows)),
            _step_chart(plotted, rows),
            *([factor_chart(factors[:most])] if factors else []),
            *([_bar_chart(metered, _energy(plotted))] if metered else []),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bars:
    """What bars are long by: numbers of cells by their ids, and published ones beside them."""

    title: str
    unit: str
    numbers: Mapping[str, float]
    published: Mapping[str, float]
    text: Callable[[float], str]


def _throughput(plotted: PlottedRun, cells: Sequence[CellRow]) -> _Bars:
    beside = {
        row.result.cell.id: number.published
        for row in cells
        if (number := plotted.beside_published.get(row.result.cell.id))
    }
    return _Bars(
        title="Throughput",
        unit="img/s",
        numbers={
            row.result.cell.id: plotted.rate(row.result.summary)
            for row in cells
            if row.result.summary
        },
        published={cell: number for cell, number in beside.items() if number is not None},
        text=rate,
    )


def _energy(plotted: PlottedRun) -> _Bars:
    return _Bars(
        title="Images per joule",
        unit="images/J",
        numbers=plotted.run.images_per_joule,
        published={},
        text=short,
    )


def _bar_chart(cells: Sequence[CellRow], bars: _Bars) -> Chart:
    rows = laid_out(by_mode(cells))
    drawn = {row.result.cell.id for row in cells}
    numbers = {cell: number for cell, number in bars.numbers.items() if cell in drawn}
    across = Span(low=0, high=max(*numbers.values(), *bars.published.values(), 0.0))

    def draw(figure: "Figure", box: Box) -> None:
        ticks = [(tick, f"{tick:g}") for tick in even_numbers(across.low, across.high, 3)]
        area, middles = frame(figure, box, rows, across, ticks)
        for y, row in zip(middles, cells, strict=True):
            number = numbers.get(row.result.cell.id)
            beside = bars.published.get(row.result.cell.id, 0.0)
            if number is None:
                write_lack(area, y, row.result)
                continue
            _bar(area, y, number, row)
            end, _ = area.place(max(number, beside), y)
            write_number(area, rows, y, row, bars.text(number), end + 8)
            if beside:
                mark_value(area, beside, y, row.look, is_hollow=True, size=4)

    said = [
        f"{row.name} {bars.text(numbers[row.result.cell.id])}"
        for row in cells
        if row.result.cell.id in numbers
    ]
    return Chart(
        title=bars.title,
        unit=bars.unit,
        says=f"{bars.title} in {bars.unit}: {'; '.join(said)}.",
        height=rows.height,
        draw=draw,
    )


def _bar(area: Area, y: float, length: float, row: Row) -> None:
    corners = [(0, y - _BAR / 2), (length, y - _BAR / 2), (length, y + _BAR / 2), (0, y + _BAR / 2)]
    colour = row.look.light
    inside = INK["paper"] if row.doubt.is_there else colour
    pen.fill(area.figure, area.places(corners), inside, edge=colour)


def _step_chart(plotted: PlottedRun, cells: Sequence[CellRow]) -> Chart:
    """Every measured step of every launch, and the median of all."""
    rows = laid_out(by_mode(cells))
    summaries = [row.result.summary for row in cells if row.result.summary]
    across = Span(
        low=min(summary.min_seconds for summary in summaries) * 1e3 / 1.05,
        high=max(summary.max_seconds for summary in summaries) * 1e3 * 1.05,
        is_log=True,
    )

    def draw(figure: "Figure", box: Box) -> None:
        ticks = [(each, f"{each:g}") for each in round_numbers(across.low, across.high)]
        area, middles = frame(figure, box, rows, across, ticks)
        for y, row in zip(middles, cells, strict=True):
            summary = row.result.summary
            if summary is None:
                write_lack(area, y, row.result)
                continue
            _dots(area, plotted.launches[row.result.cell.id], y, row.look)
            median, middle = area.place(summary.p50_seconds * 1e3, y)
            line = [(median, middle - 6), (median, middle + 6)]
            pen.stroke(figure, [line], INK["ink"], 1.8, over=4)
            write_number(area, rows, y, row, milliseconds(summary.p50_seconds))

    said = [
        f"{row.name} {milliseconds(row.result.summary.p50_seconds)}"
        for row in cells
        if row.result.summary
    ]
    return Chart(
        title="Every measured step, and p50",
        unit="ms",
        says=f"Median latency of a step in ms: {'; '.join(said)}.",
        height=rows.height,
        draw=draw,
    )


def _dots(area: Area, launches: Sequence[LaunchRow], y: float, look: Look) -> None:
    """A short upright line for each step, those on the same unit drawn once."""
    _, middle = area.place(area.across.low, y)
    seconds = (each for launch in launches for each in launch.record.step_seconds)
    places = sorted({round(area.place(each * 1e3, y)[0]) for each in seconds})
    lines = [[(place, middle - 2.5), (place, middle + 2.5)] for place in places]
    pen.stroke(area.figure, lines, look.light, 1.1)
