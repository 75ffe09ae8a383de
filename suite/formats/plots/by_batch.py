"""Numbers against batch size: a chart for each condition, with the others in grey for scale."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suite.formats.palette import Look
from suite.formats.placement import even_numbers, round_numbers, thinned
from suite.formats.plots import pen
from suite.formats.plots.chart import Chart, ChartGroup, Margins
from suite.formats.plots.curves import (
    FEWEST,
    Curve,
    Mark,
    Scale,
    draw_curve,
    draw_others,
    label,
    set_scale,
)
from suite.formats.plots.series import PlottedRun, Series
from suite.formats.plots.style import INK, text_width
from suite.formats.plots.words import TIMES, about_all, gap, left_out, short, tail, times
from suite.formats.scaling import ESTIMATOR_WORDS
from suite.model.cell import Mode
from suite.model.reference import Metric
from suite.model.report import Speedup
from suite.model.run import CellResult
from suite.model.summary import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# More charts of one kind than this bury each other; a note says how many are left out.
_MOST_CHARTS = 12
_MARGINS = Margins(left=46, right=56, top=14, bottom=36)
_HEIGHT = 196.0
_BATCH = "batch size"
# Room for names of conditions at the ends of curves.
_NAMED = Margins(left=46, right=82, top=14, bottom=36)
# Under the axis: the batch sizes, and p99 / p50.
_TAILED = Margins(left=64, right=44, top=14, bottom=48)
_TAIL_TITLE = "p99/p50"
_MEASURED = "Measured / published"


def curves_by_batch(plotted: PlottedRun) -> Iterator[ChartGroup]:
    """Throughput, latency, ratios and energy of each mode with enough batch sizes for curves."""
    for mode in curved_modes(plotted):
        series = [each for each in plotted.series if each.mode is mode]
        yield _throughput(plotted, mode, series)
        yield _latency(plotted, mode, series)
        yield from _ratios(plotted, mode, series)
        yield from _energy(plotted, mode, series)


def curved_modes(plotted: PlottedRun) -> list[Mode]:
    """The modes of which some condition has numbers at three batch sizes or more."""
    return [
        mode
        for mode in Mode
        if any(each.mode is mode and len(each.summaries) >= FEWEST for each in plotted.series)
    ]


def _throughput(plotted: PlottedRun, mode: Mode, series: Sequence[Series]) -> ChartGroup:
    sizes = _sizes(series)
    curves = [_curve(plotted, each, plotted.rate, Metric.THROUGHPUT, sizes) for each in series]
    highest = max(_values(curves)) * 1.06
    scale = Scale(
        along=_BATCH,
        xs=_sizes(series),
        lowest=0,
        highest=highest,
        ticks=tuple(even_numbers(0, highest, 6)),
        text=lambda tick: f"{tick:g}",
    )
    return _group(
        plotted,
        name=f"throughput_{mode.value}",
        title=f"Throughput by batch size, {mode.value}",
        note=f"{ESTIMATOR_WORDS[plotted.estimator].capitalize()}, one scale from zero.",
        unit="img/s",
        series=series,
        curves=curves,
        scale=scale,
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
        highest = max(_values(curves)) * 1.06
        scale = Scale(
            along=_BATCH,
            xs=_sizes(series),
            lowest=0,
            highest=highest,
            ticks=tuple(even_numbers(0, highest, 6)),
            text=lambda tick: f"{tick:g}",
        )
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
            scale=scale,
        )


def _latency(plotted: PlottedRun, mode: Mode, series: Sequence[Series]) -> ChartGroup:
    sizes = _sizes(series)
    curves = [
        _curve(plotted, each, lambda summary: summary.p50_seconds * 1e3, Metric.LATENCY_AVG, sizes)
        for each in series
    ]
    summaries = [summary for each in series for summary in each.summaries.values()]
    highest = max(*_values(curves), *(summary.p99_seconds * 1e3 for summary in summaries)) * 1.2
    lowest = min(_values(curves)) / 1.2
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
    return _group(
        plotted,
        name=f"latency_{mode.value}",
        title=f"Latency by batch size, {mode.value}",
        note=(
            f"Line: p50; band: up to p99; {published}both axes logarithmic, and below them how far"
            " p99 lies above p50."
        ),
        unit="ms per step",
        series=series,
        curves=curves,
        scale=scale,
        margins=_TAILED,
        more=_draw_tail,
    )


def _draw_tail(axes: "Axes", plotted: PlottedRun, series: Series) -> None:
    """The band from p50 to p99, and under the axis the factor between them."""
    found = [
        (result.cell.batch_size, summary, plotted.doubt_of(result).is_there)
        for result in series.results
        if (summary := result.summary)
    ]
    if len(found) >= FEWEST:
        axes.fill_between(
            [size for size, _, _ in found],
            [summary.p50_seconds * 1e3 for _, summary, _ in found],
            [summary.p99_seconds * 1e3 for _, summary, _ in found],
            color=series.look.light,
            alpha=0.22,
            linewidth=0,
            zorder=2.5,
        )
    inside = pen.edges(axes)
    bottom = inside.bottom - 33
    pen.write(axes, inside.left - 18, inside.bottom - 15.5, "batch", ha="right", color=INK["ink-3"])
    pen.write(axes, inside.left - 18, bottom, _TAIL_TITLE, ha="right", color=INK["ink-3"])
    places = [pen.place(axes, size, axes.get_ylim()[0])[0] for size, _, _ in found]
    texts = [tail(summary).removesuffix(TIMES) for _, summary, _ in found]
    for index in thinned(places, [text_width(text) for text in texts], 4):
        colour = INK["doubt"] if found[index][-1] else INK["ink-2"]
        pen.write(axes, places[index], bottom, texts[index], ha="center", color=colour)


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
    more: Callable[["Axes", PlottedRun, Series], None] | None = None,
) -> ChartGroup:
    """A chart for each series, all on one scale."""
    shown = list(zip(series, curves, strict=True))[:_MOST_CHARTS]
    charts = []
    for each, curve in shown:
        others = [other for other in curves if other is not curve]

        def draw(
            axes: "Axes",
            each: Series = each,
            curve: Curve = curve,
            others: Sequence[Curve] = others,
        ) -> None:
            set_scale(axes, scale)
            axes.set_xlabel(scale.along)
            draw_others(axes, others)
            if more:
                more(axes, plotted, each)
            draw_curve(axes, curve)
            label(axes, [curve], short, others)

        charts.append(
            Chart(
                title=each.title,
                look=each.look,
                unit=unit,
                says=_says(title, each, curve, unit),
                height=_HEIGHT + margins.bottom - _MARGINS.bottom,
                margins=margins,
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


def _sizes(series: Sequence[Series]) -> tuple[float, ...]:
    """Every batch size of the run in these series."""
    return tuple(sorted({result.cell.batch_size for each in series for result in each.results}))


def _values(curves: Sequence[Curve]) -> list[float]:
    return [
        *(mark.y for curve in curves for mark in curve.marks),
        *(value for curve in curves for _, value in curve.published),
    ]


def _ratios(plotted: PlottedRun, mode: Mode, series: Sequence[Series]) -> Iterator[ChartGroup]:
    """Measured over published in one chart, and a chart for each pair of conditions."""
    sizes = _sizes(series)
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
    values = [1.0, *_values(curves)]
    lowest, highest = min(values), max(values)
    is_log = highest / lowest > 4
    room = (highest / lowest) ** 0.12 if is_log else 0.12 * max(highest - lowest, 0.1)
    lowest = lowest / room if is_log else lowest - room
    highest = highest * room if is_log else highest + room
    ticks = round_numbers(lowest, highest) if is_log else even_numbers(lowest, highest, 5)
    scale = Scale(
        along=_BATCH,
        xs=sizes,
        lowest=lowest,
        highest=highest,
        ticks=tuple(ticks),
        text=lambda tick: f"{tick:g}{TIMES}",
        is_log=is_log,
        line=1,
    )

    def draw(axes: "Axes") -> None:
        set_scale(axes, scale)
        axes.set_xlabel(scale.along)
        for curve in curves:
            draw_curve(axes, curve)
        label(axes, curves, times)

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
        margins=_NAMED if look is None else _MARGINS,
        draw=draw,
    )
