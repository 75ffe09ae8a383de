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
    label,
    values_of,
)
from suite.formats.plots.series import PlottedRun, Series, sizes_of
from suite.formats.plots.words import TIMES, about_all, gap, left_out, times
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
_MEASURED = "Measured / published"


def ratio_charts(plotted: PlottedRun, mode: Mode, series: Sequence[Series]) -> Iterator[ChartGroup]:
    """Measured over published in one chart, and a chart for each pair of conditions."""
    sizes = sizes_of(series)
    beside = _beside_published(plotted, series)
    pairs = _speedups(plotted, series)
    named = [*([(_MEASURED, None, beside)] if beside else []), *pairs]
    curved = [
        (title, look, curves)
        for title, look, curves in named
        if any(len(curve.marks) >= FEWEST for curve in curves)
    ]
    if not curved:
        return
    shown = curved[:_MOST_CHARTS]
    whiskers = any(mark.interval for _, _, all_of in shown for one in all_of for mark in one.marks)
    dashed = any(curve.published for _, _, curves in shown for curve in curves)
    note = [
        f"Throughput over throughput, by {ESTIMATOR_WORDS[plotted.estimator]}.",
        *["A speed-up has the colour of what stands first."] * bool(pairs),
        *["Dashed: the same of the published numbers."] * dashed,
        *["Whiskers: 95 % interval, from how launches differ."] * whiskers,
        *left_out(len(curved) - len(shown), "pair"),
        *about_all(plotted),
    ]
    yield ChartGroup(
        name=f"ratios_{mode.value}",
        title=f"Ratios by batch size, {mode.value}",
        note=" ".join(note),
        charts=tuple(_ratio_chart(title, look, curves, sizes) for title, look, curves in shown),
    )


def _beside_published(plotted: PlottedRun, series: Sequence[Series]) -> list[Curve]:
    """Measured over published of each series that has published numbers."""
    numbers = plotted.beside_published
    curves = []
    for each in series:
        found = [
            (result, number)
            for result in each.results
            if (number := numbers.get(result.cell.id)) and number.ratio is not None
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
    return curves


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


def _speedups(
    plotted: PlottedRun, series: Sequence[Series]
) -> list[tuple[str, Look | None, list[Curve]]]:
    """Title, look and curve of each pair of conditions, in the order of the series."""
    by_cell = {result.cell.id: (each, result) for each in series for result in each.results}
    of_pair: dict[tuple[str, str], list[_Pair]] = {}
    for speedup in plotted.speedups:
        if speedup.numerator in by_cell:
            over, above = by_cell[speedup.numerator]
            under, below = by_cell[speedup.denominator]
            of_pair.setdefault((over.title, under.title), []).append(_Pair(speedup, above, below))
    looks = {each.title: each.look for each in series}
    return [
        (f"{over} / {under}", looks[over], [_speedup_curve(plotted, looks[over], found)])
        for (over, under), found in of_pair.items()
    ]


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


def _ratio_chart(
    title: str, look: Look | None, curves: Sequence[Curve], sizes: tuple[float, ...]
) -> Chart:
    margins = _NAMED if look is None else _MARGINS
    values = [1.0, *values_of(curves)]
    lowest, highest = min(values), max(values)
    is_log = highest / lowest > 4
    room = (highest / lowest) ** 0.12 if is_log else 0.12 * max(highest - lowest, 0.1)
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
        f"{curve.label or title} {times(curve.marks[-1].y)} at batch {curve.marks[-1].x:g}"
        for curve in curves
        if curve.marks
    ]
    return Chart(
        title=title,
        look=look,
        unit=f"above 1{TIMES} is faster",
        says=f"Ratios of throughput by batch size: {'; '.join(ends)}.",
        height=_HEIGHT,
        draw=draw,
    )
