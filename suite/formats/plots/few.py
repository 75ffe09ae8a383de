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
from suite.formats.plots.rows import (
    CellRow,
    Row,
    Section,
    by_mode,
    cell_rows,
    frame,
    laid_out,
    write_lack,
    write_number,
)
from suite.formats.plots.series import PlottedRun, look_of
from suite.formats.plots.style import INK
from suite.formats.plots.words import TIMES, about_all, left_out, short, times
from suite.formats.scaling import ESTIMATOR_WORDS
from suite.model.cell import Mode
from suite.model.report import LaunchRow
from suite.model.run import CellResult
from suite.model.summary import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BAR = 9.0
# What `0.966x` takes, in units.
_FACTOR = 62.0


def cells_side_by_side(
    plotted: PlottedRun, modes: Sequence[Mode], most: int
) -> Iterator[ChartGroup]:
    """Throughput, every step, factors and energy: at most so many rows in each chart."""
    every = cell_rows(plotted, modes)
    rows = every[:most]
    if not any(row.result.summary for row in rows):
        return
    metered = [row for row in rows if row.result.cell.id in plotted.run.images_per_joule]
    factors = _factors(plotted, modes)
    published = any(row.result.cell.id in plotted.beside_published for row in rows)
    whiskers = any(factor.interval for factor in factors[:most])
    note = [
        f"Too few batch sizes for curves. Throughput: {ESTIMATOR_WORDS[plotted.estimator]}.",
        *["Hollow and without a bar: published."] * published,
        *["Whiskers: 95 % interval, from how launches differ."] * whiskers,
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
            *([_factor_chart(factors[:most])] if factors else []),
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
                _mark(area, beside, y, row.look, is_hollow=True, size=4)

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


def _mark(area: Area, x: float, y: float, look: Look, *, is_hollow: bool, size: float = 6) -> None:
    inside = INK["paper"] if is_hollow else look.light
    pen.mark(area.figure, [area.place(x, y)], look.marker, look.light, size=size, inside=inside)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Factor(Row):
    """A ratio of throughputs: of measured to published, or of one cell to another.

    `result` is the cell that lacks a number if the ratio is missing.
    """

    section: str
    ratio: float | None
    interval: Interval | None
    published: float | None
    result: CellResult


def _factors(plotted: PlottedRun, modes: Sequence[Mode]) -> list[_Factor]:
    results = {row.result.cell.id: row.result for row in cell_rows(plotted, modes)}
    is_mixed = len({result.cell.mode for result in results.values()}) > 1

    def where(result: CellResult) -> str:
        batch = f"batch {result.cell.batch_size}"
        return f"{result.cell.mode.value}, {batch}" if is_mixed else batch

    beside = [
        _Factor(
            section="Measured / published",
            label=plotted.name(result.cell),
            size=f", {where(result)}",
            look=look_of(result.cell),
            doubt=plotted.doubt_of(result),
            ratio=number.ratio,
            interval=number.ratio_interval,
            published=None,
            result=result,
        )
        for cell, result in results.items()
        if (number := plotted.beside_published.get(cell))
    ]
    pairs = []
    for speedup in plotted.speedups:
        if speedup.numerator in results:
            over, under = results[speedup.numerator], results[speedup.denominator]
            pairs.append(
                _Factor(
                    section=plotted.pair(over.cell, under.cell),
                    label=where(over),
                    look=look_of(over.cell),
                    doubt=plotted.doubt(speedup.cautions, is_whole=speedup.is_whole),
                    ratio=speedup.ratio,
                    interval=speedup.interval,
                    published=speedup.published,
                    result=over if over.summary is None else under,
                )
            )
    sections = list(dict.fromkeys(pair.section for pair in pairs))
    return [*beside, *sorted(pairs, key=lambda pair: sections.index(pair.section))]


def _factor_chart(factors: Sequence[_Factor]) -> Chart:
    titles = dict.fromkeys(factor.section for factor in factors)
    sections = [
        Section(title=title, rows=tuple(each for each in factors if each.section == title))
        for title in titles
    ]
    rows = laid_out(sections, _FACTOR)
    values = [factor.ratio for factor in factors if factor.ratio is not None]
    values += [factor.published for factor in factors if factor.published is not None]
    across = Span(low=min([1.0, *values]) / 1.25, high=max([1.0, *values]) * 1.25, is_log=True)

    def draw(figure: "Figure", box: Box) -> None:
        round_ones = round_numbers(across.low, across.high)
        ticks = [(each, f"{each:g}{TIMES}") for each in round_ones]
        area, middles = frame(figure, box, rows, across, ticks)
        equal, _ = area.place(1, 0)
        line = [(equal, area.box.bottom), (equal, area.box.top)]
        pen.stroke(figure, [line], INK["ink-3"], 1, over=1.5)
        for y, factor in zip(middles, factors, strict=True):
            if factor.ratio is None:
                write_lack(area, y, factor.result)
                continue
            colour = factor.look.light
            pen.stroke(figure, [area.places([(1, y), (factor.ratio, y)])], colour, 1.4)
            if factor.interval is not None:
                whisker = area.places([(across.within(end), y) for end in factor.interval])
                pen.stroke(figure, [whisker], colour, 4, over=2, opacity=0.35)
            if factor.published is not None:
                _mark(area, factor.published, y, factor.look, is_hollow=True, size=4)
            _mark(area, factor.ratio, y, factor.look, is_hollow=factor.doubt.is_there)
            write_number(area, rows, y, factor, times(factor.ratio))

    said = [
        f"{factor.section}, {factor.name} {times(factor.ratio)}"
        for factor in factors
        if factor.ratio is not None
    ]
    return Chart(
        title="Factors, throughput over throughput",
        unit=f"above 1{TIMES} is faster",
        says=f"Ratios of throughput: {'; '.join(said)}.",
        height=rows.height,
        draw=draw,
    )
