"""Numbers against batch size: a chart for each condition, with the others in grey for scale."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from suite.formats.placement import Box, even_numbers, round_numbers, thinned
from suite.formats.plots import pen
from suite.formats.plots.area import Area
from suite.formats.plots.chart import Chart, ChartGroup, Margins
from suite.formats.plots.curves import (
    FEWEST,
    Curve,
    Mark,
    Scale,
    area_of,
    draw_curve,
    draw_others,
    values_of,
)
from suite.formats.plots.labels import label
from suite.formats.plots.ratios import ratio_charts
from suite.formats.plots.series import PlottedRun, Series, sizes_of
from suite.formats.plots.style import INK, text_width
from suite.formats.plots.words import FEW, FEW_LEGEND, TIMES, about_all, gap, left_out, short, tail
from suite.formats.scaling import ESTIMATOR_WORDS
from suite.model.cell import Mode
from suite.model.reference import Metric
from suite.model.summary import Summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# More charts of one kind than this bury each other; a note says how many are left out.
_MOST_CHARTS = 9
_MARGINS = Margins(left=46, right=56, top=14, bottom=36)
_HEIGHT = 196.0
# Under the axis: the batch sizes, and p99 / p50.
_TAILED = Margins(left=70, right=44, top=14, bottom=48)


def curves_by_batch(plotted: PlottedRun) -> Iterator[ChartGroup]:
    """Throughput, latency, ratios and energy of each mode with enough batch sizes for curves."""
    for mode in curved_modes(plotted):
        series = [each for each in plotted.series if each.mode is mode]
        yield _throughput(plotted, mode, series)
        yield _latency(plotted, mode, series)
        yield from ratio_charts(plotted, mode, series)
        yield from _energy(plotted, mode, series)


def curved_modes(plotted: PlottedRun) -> list[Mode]:
    """The modes of which some condition has numbers at three batch sizes or more."""
    return [
        mode
        for mode in Mode
        if any(each.mode is mode and len(each.summaries) >= FEWEST for each in plotted.series)
    ]


def _throughput(plotted: PlottedRun, mode: Mode, series: Sequence[Series]) -> ChartGroup:
    sizes = sizes_of(series)
    curves = [_curve(plotted, each, plotted.rate, Metric.THROUGHPUT, sizes) for each in series]
    return _group(
        plotted,
        name=f"throughput_{mode.value}",
        title=f"Throughput by batch size, {mode.value}",
        note=f"{ESTIMATOR_WORDS[plotted.estimator].capitalize()}, one scale from zero.",
        unit="img/s",
        series=series,
        curves=curves,
        scale=_from_zero(curves, sizes),
    )


def _from_zero(curves: Sequence[Curve], sizes: tuple[float, ...]) -> Scale:
    highest = max(values_of(curves)) * 1.06
    return Scale(
        along="batch size",
        xs=sizes,
        lowest=0,
        highest=highest,
        ticks=tuple(even_numbers(0, highest, 6)),
        text=lambda tick: f"{tick:g}",
    )


def _energy(plotted: PlottedRun, mode: Mode, series: Sequence[Series]) -> Iterator[ChartGroup]:
    energy = plotted.run.images_per_joule
    curves = [
        Curve(
            look=each.look,
            marks=tuple(
                Mark(
                    x=result.cell.batch_size,
                    y=energy[result.cell.id],
                    doubt=plotted.doubt_of(result),
                )
                for result in each.results
                if result.cell.id in energy
            ),
        )
        for each in series
    ]
    if any(len(curve.marks) >= FEWEST for curve in curves):
        with_energy = [
            (each, curve) for each, curve in zip(series, curves, strict=True) if curve.marks
        ]
        yield _group(
            plotted,
            name=f"energy_{mode.value}",
            title=f"Images per joule by batch size, {mode.value}",
            note="Higher is better, one scale from zero.",
            unit="images/J",
            series=[each for each, _ in with_energy],
            curves=[curve for _, curve in with_energy],
            scale=_from_zero(curves, sizes_of(series)),
        )


def _latency(plotted: PlottedRun, mode: Mode, series: Sequence[Series]) -> ChartGroup:
    sizes = sizes_of(series)
    curves = [
        _curve(plotted, each, lambda summary: summary.p50_seconds * 1e3, Metric.LATENCY_AVG, sizes)
        for each in series
    ]
    summaries = [summary for each in series for summary in each.summaries.values()]
    highest = max(*values_of(curves), *(summary.p99_seconds * 1e3 for summary in summaries)) * 1.2
    lowest = min(values_of(curves)) / 1.2
    scale = Scale(
        along="",
        xs=sizes,
        lowest=lowest,
        highest=highest,
        ticks=tuple(round_numbers(lowest, highest)),
        text=lambda tick: f"{tick:g}",
        is_log=True,
    )
    published = "dashed: the published average; " * any(curve.published for curve in curves)
    is_open = any(summary.p99_interval_seconds is None for summary in summaries)
    return _group(
        plotted,
        name=f"latency_{mode.value}",
        title=f"Latency by batch size, {mode.value}",
        note=(
            f"Line: p50; band: up to p99; {published}both axes logarithmic, and below them how far"
            f" p99 lies above p50.{f' {FEW_LEGEND}' * is_open}"
        ),
        unit="ms per step",
        series=series,
        curves=curves,
        scale=scale,
        margins=_TAILED,
        more=_draw_tail,
    )


def _draw_tail(area: Area, plotted: PlottedRun, series: Series) -> None:
    """The band from p50 to p99, and under the axis the factor between them."""
    for has_number, alike in groupby(series.results, key=lambda result: bool(result.summary)):
        numbers = [(each.cell.batch_size, each.summary) for each in alike if each.summary]
        low = [(size, summary.p50_seconds * 1e3) for size, summary in numbers]
        high = [(size, summary.p99_seconds * 1e3) for size, summary in numbers]
        if has_number and len(series.summaries) >= FEWEST:
            outline = area.places([*low, *high[::-1]])
            pen.fill(area.figure, outline, series.look.light, opacity=0.22, over=2.5)
    found = [(result, summary) for result in series.results if (summary := result.summary)]
    box = area.box
    enclosed = [summary.p99_interval_seconds is not None for _, summary in found]
    few = "" if any(enclosed) else FEW
    for text, below in (("batch", 16.5), (f"{few}p99/p50", 32)):
        look = {"ha": "right", "color": INK["ink-3"]}
        pen.write(area.figure, box.left - 14, box.bottom - below, text, **look)
    places = [area.place(each.cell.batch_size, area.up.low)[0] for each, _ in found]
    texts = [tail(summary).removesuffix(TIMES).removeprefix(few) for _, summary in found]
    for index in thinned(places, [text_width(text) for text in texts], 3):
        is_doubted = plotted.doubt_of(found[index][0]).is_there
        look = {"ha": "center", "color": INK["doubt" if is_doubted else "ink-2"]}
        pen.write(area.figure, places[index], box.bottom - 32, texts[index], **look)


def _curve(
    plotted: PlottedRun,
    series: Series,
    number: Callable[[Summary], float],
    metric: Metric,
    sizes: Sequence[float],
) -> Curve:
    published = [
        (size, row.value(metric))
        for size, row in series.published.items()
        if sizes[0] <= size <= sizes[-1]
    ]
    return Curve(
        look=series.look,
        marks=tuple(
            Mark(x=result.cell.batch_size, y=number(result.summary), doubt=plotted.doubt_of(result))
            for result in series.results
            if result.summary
        ),
        gaps=tuple(
            gap(result, result.cell.batch_size) for result in series.results if not result.summary
        ),
        published=tuple((size, value) for size, value in published if value is not None),
    )


def _group(
    plotted: PlottedRun,
    *,
    name: str,
    title: str,
    note: str,
    unit: str,
    series: Sequence[Series],
    curves: Sequence[Curve],
    scale: Scale,
    margins: Margins = _MARGINS,
    more: Callable[[Area, PlottedRun, Series], None] | None = None,
) -> ChartGroup:
    """A chart for each series, all on one scale."""
    shown = list(zip(series, curves, strict=True))[:_MOST_CHARTS]
    charts = []
    for each, curve in shown:
        others = [other for other in curves if other is not curve]

        def draw(
            figure: "Figure",
            box: Box,
            each: Series = each,
            curve: Curve = curve,
            others: Sequence[Curve] = others,
        ) -> None:
            area = area_of(scale, figure, margins.inside(box))
            draw_others(area, others)
            if more:
                more(area, plotted, each)
            draw_curve(area, curve)
            label(area, [curve], short)

        charts.append(
            Chart(
                title=each.title,
                look=each.look,
                unit=unit,
                says=_says(title, each, curve, unit),
                height=_HEIGHT + margins.bottom - _MARGINS.bottom,
                draw=draw,
            )
        )
    return ChartGroup(
        name=name,
        title=title,
        note=" ".join(
            [note, *left_out(len(curves) - len(shown), "condition"), *about_all(plotted)]
        ),
        charts=tuple(charts),
    )


def _says(title: str, series: Series, curve: Curve, unit: str) -> str:
    parts = []
    if curve.marks:
        first, last = curve.marks[0], curve.marks[-1]
        parts.append(
            f"measured {short(first.y)} {unit} at batch {first.x:g}"
            f" to {short(last.y)} at batch {last.x:g}"
        )
    if curve.published:
        (first_x, first_y), (last_x, last_y) = curve.published[0], curve.published[-1]
        parts.append(
            f"published {short(first_y)} at batch {first_x:g}"
            f" to {short(last_y)} at batch {last_x:g}"
        )
    parts += [f"{each.word} at batch {each.x:g}" for each in curve.gaps]
    return f"{title}: {series.title}, {'; '.join(parts)}."
