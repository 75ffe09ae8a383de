"""Ratios of throughputs of single cells, each on a row of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suite.formats.placement import Box, round_numbers
from suite.formats.plots import pen
from suite.formats.plots.area import Span
from suite.formats.plots.chart import Chart
from suite.formats.plots.rows import (
    Row,
    Section,
    cell_rows,
    frame,
    laid_out,
    mark_value,
    write_lack,
    write_number,
)
from suite.formats.plots.series import PlottedRun, look_of
from suite.formats.plots.style import INK
from suite.formats.plots.words import TIMES, times
from suite.model.cell import Mode
from suite.model.run import CellResult
from suite.model.summary import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# What `0.966x` takes, in units.
_NUMBER = 62.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor(Row):
    """A ratio of throughputs: of measured to published, or of one cell to another.

    `result` is the cell that lacks a number if the ratio is missing.
    """

    section: str
    ratio: float | None
    interval: Interval | None
    published: float | None
    result: CellResult


def factors_of(plotted: PlottedRun, modes: Sequence[Mode]) -> list[Factor]:
    """Measured over published of each cell of these modes, and then every speed-up by its pair."""
    results = {row.result.cell.id: row.result for row in cell_rows(plotted, modes)}
    is_mixed = len({result.cell.mode for result in results.values()}) > 1

    def where(result: CellResult) -> str:
        batch = f"bs{result.cell.batch_size}"
        is_training = is_mixed and result.cell.mode is Mode.TRAINING
        return f"training {batch}" if is_training else batch

    beside = [
        Factor(
            section="Measured / published",
            label=plotted.name(result.cell),
            size=f" {where(result)}",
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
                Factor(
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


def factor_chart(factors: Sequence[Factor]) -> Chart:
    """The ratios on a logarithmic axis, each with a line from where both sides are equal."""
    titles = dict.fromkeys(factor.section for factor in factors)
    sections = [
        Section(title=title, rows=tuple(each for each in factors if each.section == title))
        for title in titles
    ]
    rows = laid_out(sections, _NUMBER)
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
                mark_value(area, factor.published, y, factor.look, is_hollow=True, size=4)
            mark_value(area, factor.ratio, y, factor.look, is_hollow=factor.doubt.is_there)
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
