"""Ratios of throughputs against batch size: to published ones, and of one condition to another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suite.formats.palette import Look
from suite.formats.placement import Box, even_numbers, round_numbers
from suite.formats.plots.chart import Chart, ChartGroup, Margins
from suite.formats.plots.curves import (
    FEWEST,
    Curve,
    Mark,
    Scale,
    area_of,
    draw_curve,
    values_of,
)
from suite.formats.plots.labels import label
from suite.formats.plots.series import PlottedRun, Series, look_of, sizes_of
from suite.formats.plots.words import TIMES, WHISKERS, about_all, gap, left_out, times
from suite.formats.scaling import ESTIMATOR_WORDS
from suite.model.cell import Mode
from suite.model.report import Speedup
from suite.model.run import CellResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# More charts of one kind than this bury each other; a note says how many are left out.
_MOST_CHARTS = 9
_MARGINS = Margins(left=46, right=56, top=14, bottom=36)
# Room for names of conditions at the ends of curves.
_NAMED = Margins(left=46, right=82, top=14, bottom=36)
_HEIGHT = 196.0
# A chart shows at least this much, so that differences of 1 % look small.
_WINDOW = (0.95, 1.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ratios:
    """What stands in one chart: several curves to one yardstick, or one of two conditions."""

    title: str
    look: Look | None
    curves: tuple[Curve, ...]


def ratio_charts(plotted: PlottedRun, mode: Mode, series: Sequence[Series]) -> Iterator[ChartGroup]:
    """Measured over published in one chart, and a chart for each pair of conditions."""
    every = [*_beside_published(plotted, series), *_speedups(plotted, series)]
    curved = [each for each in every if any(len(curve.marks) >= FEWEST for curve in each.curves)]
    if not curved:
        return
    shown = curved[:_MOST_CHARTS]
    curves = [curve for each in shown for curve in each.curves]
    note = [
        f"Throughput over throughput, by {ESTIMATOR_WORDS[plotted.estimator]}.",
        *["A speed-up has the colour of what stands first."] * any(each.look for each in shown),
        *["Dashed: the same of the published numbers."] * any(each.published for each in curves),
        *[WHISKERS] * any(mark.interval for curve in curves for mark in curve.marks),
        *left_out(len(curved) - len(shown), "pair"),
        *about_all(plotted),
    ]
    sizes = sizes_of(series)
    yield ChartGroup(
        name=f"ratios_{mode.value}",
        title=f"Ratios by batch size, {mode.value}",
        note=" ".join(note),
        charts=tuple(_chart(each, sizes) for each in shown),
    )


def _beside_published(plotted: PlottedRun, series: Sequence[Series]) -> Iterator[_Ratios]:
    """Measured over published of all series that have published numbers, in one chart."""
    curves = []
    for each in series:
        found = [
            (result, number)
            for result in each.results
            if (number := plotted.beside_published.get(result.cell.id))
        ]
        marks = [
            Mark(
                x=result.cell.batch_size,
                y=number.ratio,
                doubt=plotted.doubt_of(result),
                interval=number.ratio_interval,
            )
            for result, number in found
            if number.ratio is not None
        ]
        if marks:
            curves.append(Curve(look=each.look, marks=tuple(marks), label=each.title))
    yield _Ratios(title="Measured / published", look=None, curves=tuple(curves))


@dataclass(frozen=True, slots=True)
class _Pair:
    """A speed-up with the cells that it is of."""

    speedup: Speedup
    over: CellResult
    under: CellResult

    @property
    def size(self) -> int:
        """The batch size of both."""
        return self.over.cell.batch_size


def _speedups(plotted: PlottedRun, series: Sequence[Series]) -> Iterator[_Ratios]:
    """A chart for each pair of conditions, in the order of the run."""
    results = {result.cell.id: result for each in series for result in each.results}
    of_pair: dict[str, list[_Pair]] = {}
    for speedup in plotted.speedups:
        if speedup.numerator in results:
            pair = _Pair(speedup, results[speedup.numerator], results[speedup.denominator])
            title = plotted.pair(pair.over.cell, pair.under.cell)
            of_pair.setdefault(title, []).append(pair)
    for title, found in of_pair.items():
        look = look_of(found[0].over.cell)
        yield _Ratios(title=title, look=look, curves=(_speedup_curve(plotted, look, found),))


def _speedup_curve(plotted: PlottedRun, look: Look, found: Sequence[_Pair]) -> Curve:
    pairs = sorted(found, key=lambda pair: pair.size)
    return Curve(
        look=look,
        marks=tuple(
            Mark(
                x=pair.size,
                y=pair.speedup.ratio,
                doubt=plotted.doubt(pair.speedup.cautions, is_whole=pair.speedup.is_whole),
                interval=pair.speedup.interval,
            )
            for pair in pairs
            if pair.speedup.ratio is not None
        ),
        gaps=tuple(
            gap(pair.over if pair.over.summary is None else pair.under, pair.size)
            for pair in pairs
            if pair.speedup.ratio is None
        ),
        published=tuple(
            (pair.size, pair.speedup.published)
            for pair in pairs
            if pair.speedup.published is not None
        ),
    )


def _chart(ratios: _Ratios, sizes: tuple[float, ...]) -> Chart:
    curves, look = ratios.curves, ratios.look
    margins = _MARGINS if look else _NAMED
    lowest, highest = min([_WINDOW[0], *values_of(curves)]), max([_WINDOW[1], *values_of(curves)])
    is_log = highest / lowest > 4
    room = (highest / lowest) ** 0.1 if is_log else 0.1 * (highest - lowest)
    lowest = lowest / room if is_log else lowest - room
    highest = highest * room if is_log else highest + room
    ticks = round_numbers(lowest, highest) if is_log else even_numbers(lowest, highest, 5)
    scale = Scale(
        along="batch size",
        xs=sizes,
        lowest=lowest,
        highest=highest,
        ticks=tuple(ticks),
        text=lambda tick: f"{tick:g}{TIMES}",
        is_log=is_log,
        line=1,
    )

    def draw(figure: "Figure", box: Box) -> None:
        area = area_of(scale, figure, margins.inside(box))
        for curve in curves:
            draw_curve(area, curve)
        label(area, curves, times)

    ends = [
        f"{curve.label or ratios.title} {times(curve.marks[-1].y)} at batch {curve.marks[-1].x:g}"
        for curve in curves
    ]
    return Chart(
        title=ratios.title,
        look=look,
        unit=f"above 1{TIMES} is faster",
        says=f"Ratios of throughput by batch size: {'; '.join(ends)}.",
        height=_HEIGHT,
        draw=draw,
    )
