"""Throughput of training by GPUs, against what would be linear from one."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from suite.formats.numbers import percent
from suite.formats.placement import Box, round_numbers
from suite.formats.plots import pen
from suite.formats.plots.chart import Chart, ChartGroup, Margins
from suite.formats.plots.curves import (
    Curve,
    Mark,
    Scale,
    area_of,
    draw_curve,
    draw_others,
)
from suite.formats.plots.labels import label
from suite.formats.plots.series import NO_DOUBT, PlottedRun, look_of
from suite.formats.plots.style import INK
from suite.formats.plots.words import TIMES, about_all, gap, left_out, short
from suite.formats.scaling import ESTIMATOR_WORDS, rank_plural, rank_word, scaling_title
from suite.model.cell import Cell
from suite.model.reference import key_of
from suite.model.report import Comparison, Scaling, ScalingCurve, ScalingKind

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARGINS = Margins(left=50, right=96, top=14, bottom=36)
_HEIGHT = 196.0
_DOTS = (1, 1.65)
# More charts bury each other.
_MOST_CHARTS = 9
_KEPT = {
    ScalingKind.WEAK: "with the batch size of each unchanged",
    ScalingKind.STRONG: "with the global batch size unchanged",
}


def scaling_charts(plotted: PlottedRun) -> Iterator[ChartGroup]:
    """Each kind of scaling of which the run has a factor.

    Beside published numbers weak scaling is by the estimator of these.
    """
    for scaling in plotted.run.scaling:
        beside = plotted.comparison if scaling.kind is ScalingKind.WEAK else None
        if beside and beside.measured_scaling.curves:
            yield compared_scaling(plotted, beside)
        elif scaling.curves:
            yield _group(plotted, scaling, ())


def compared_scaling(plotted: PlottedRun, comparison: Comparison) -> ChartGroup:
    """Weak scaling beside the published one; there is a factor of it."""
    return _group(plotted, comparison.measured_scaling, comparison.published_scaling.curves)


def _group(plotted: PlottedRun, scaling: Scaling, published: Sequence[ScalingCurve]) -> ChartGroup:
    rank = rank_word(plotted.run.header)
    curves = [_curve(plotted, scaling, each, published) for each in scaling.curves]
    scale = _scale(curves, rank_plural(rank))
    shown = list(zip(scaling.curves, curves, strict=True))[:_MOST_CHARTS]
    note = [
        f"By {ESTIMATOR_WORDS[scaling.estimator]}, {_KEPT[scaling.kind]}; both axes logarithmic.",
        f"Dotted: linear from one {rank}. At the end: the factor, and its share of linear.",
        *["Dashed: published."] * any(curve.published for curve in curves),
        *left_out(len(curves) - len(shown), "condition"),
        *about_all(plotted),
    ]
    return ChartGroup(
        name=f"{scaling.kind.value}_scaling",
        title=f"{scaling_title(scaling.kind)} of training",
        note=" ".join(note),
        charts=tuple(
            _chart(_title(plotted, each.base, scaling.kind, rank), curve, curves, scale)
            for each, curve in shown
        ),
    )


def _title(plotted: PlottedRun, base: Cell, kind: ScalingKind, rank: str) -> str:
    size = f"batch {base.batch_size}"
    sized = f"{size} / {rank}" if kind is ScalingKind.WEAK else f"global {size}"
    return f"{plotted.condition(base)}, {sized}"


def _curve(
    plotted: PlottedRun, scaling: Scaling, curve: ScalingCurve, published: Sequence[ScalingCurve]
) -> Curve:
    own = [line for line in scaling.lines if line.base == curve.base]
    results = {
        cell.gpus: result
        for cell in (curve.base, *(line.cell for line in own))
        if (result := plotted.run.cells.get(cell.id))
    }
    numbers = {point.gpus for point in curve.points}
    beside = _beside(plotted, curve.base, published)
    return Curve(
        look=look_of(curve.base),
        marks=tuple(
            Mark(
                x=point.gpus,
                y=point.img_s,
                doubt=plotted.doubt_of(results[point.gpus]) if point.gpus in results else NO_DOUBT,
            )
            for point in curve.points
        ),
        gaps=tuple(
            gap(result, gpus) for gpus, result in sorted(results.items()) if gpus not in numbers
        ),
        published=tuple((point.gpus, point.img_s) for point in beside.points) if beside else (),
        label=_share(curve),
        published_label=_share(beside) if beside else "",
        fewest=2,
    )


def _beside(
    plotted: PlottedRun, base: Cell, published: Sequence[ScalingCurve]
) -> ScalingCurve | None:
    """The published curve that stands beside the measured one of a base, if any does."""
    if base.id not in plotted.beside_published:
        return None
    return next((each for each in published if key_of(each.base) == key_of(base)), None)


def _share(curve: ScalingCurve) -> str:
    return f"{curve.factor:.2f}{TIMES}, {percent(curve.of_linear)}"


def _scale(curves: Sequence[Curve], ranks: str) -> Scale:
    points = [(mark.x, mark.y) for curve in curves for mark in curve.marks]
    points += [point for curve in curves for point in curve.published]
    gpus = {x for x, _ in points} | {each.x for curve in curves for each in curve.gaps}
    # The linear lines belong to the picture as well.
    tops = [y for curve in curves for _, y in _linear(curve)]
    lowest, highest = min(y for _, y in points) / 1.2, max(*(y for _, y in points), *tops) * 1.2
    return Scale(
        along=ranks,
        xs=tuple(sorted(gpus)),
        lowest=lowest,
        highest=highest,
        ticks=tuple(round_numbers(lowest, highest)),
        text=lambda tick: f"{tick:g}",
        is_log=True,
    )


def _linear(curve: Curve) -> list[tuple[float, float]]:
    """The first point, and where the last would be if every GPU added as much as the first."""
    first, last = curve.marks[0], curve.marks[-1]
    return [(first.x, first.y), (last.x, first.y * last.x / first.x)]


def _chart(title: str, curve: Curve, curves: Sequence[Curve], scale: Scale) -> Chart:
    others = [other for other in curves if other is not curve]

    def draw(figure: "Figure", box: Box) -> None:
        area = area_of(scale, figure, _MARGINS.inside(box))
        draw_others(area, others)
        linear = area.places(_linear(curve))
        pen.stroke(figure, [linear], INK["ink-3"], 1.2, over=2, dashes=_DOTS)
        draw_curve(area, curve)
        label(area, [curve], short)

    last = curve.marks[-1]
    published = f"; published {curve.published_label}" * bool(curve.published)
    return Chart(
        title=title,
        look=curve.look,
        unit="img/s",
        says=(
            f"{title}: {short(curve.marks[0].y)} img/s on one to {short(last.y)} on {last.x:g}"
            f" {scale.along}: {curve.label} of linear{published}."
        ),
        height=_HEIGHT,
        draw=draw,
    )
