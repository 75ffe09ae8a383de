"""Throughput over GPUs as an SVG plot; matplotlib is imported only when one is drawn."""

import io
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from textwrap import fill
from typing import TYPE_CHECKING, Any

from suite.formats.annotations import words
from suite.formats.placement import round_numbers, spread
from suite.formats.scaling import (
    ESTIMATOR_WORDS,
    comparison_plot_name,
    conditions,
    plot_name,
    rank_plural,
    rank_word,
    scaling_title,
)
from suite.model.report import (
    Comparison,
    CurvePoint,
    Estimator,
    Report,
    Scaling,
    ScalingCurve,
    ScalingKind,
)
from suite.model.run import RunHeader
from suite.model.text import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours less yellow, which is faint on white: told apart with any colour vision.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_GREY = "#777777"

# Settings on top of matplotlib's defaults, whatever a user's matplotlibrc says. Text stays text,
# for small files that can be searched; the fixed salt makes the same plot the same file.
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "resnet50-bench",
    # A dollar sign in a matrix's name is no formula.
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
}
_WIDTH_INCHES = 10.0
_HEIGHT_INCHES = 5.2
# Where the axes begin and end, as shares of the width; right of them are the labels.
_LEFT, _RIGHT = 0.105, 0.65
_LABEL_CHARACTERS = 42
_LINE_POINTS = 11.5


def scaling_plots(report: Report) -> dict[str, str]:
    """The plots of every run: file names under `plots/` and SVG text."""
    named = [
        (plot_name(scaling, place), run.header, scaling)
        for place, run in enumerate(report.runs)
        for scaling in run.scaling
    ]
    return {
        name: scaling_svg(
            scaling.curves,
            (),
            kind=scaling.kind,
            subtitle=_subtitle(f"{header.matrix} on {header.device}", scaling),
            rank=rank_word(header),
            estimator=scaling.estimator,
        )
        for name, header, scaling in named
        if name is not None
    }


def comparison_plots(report: Report) -> dict[str, str]:
    """Measured weak scaling beside the published: file names under `plots/` and SVG text."""
    named = [
        (comparison_plot_name(comparison, place), comparison)
        for place, comparison in enumerate(report.comparisons)
    ]
    return {
        name: _comparison_svg(comparison, report.runs[comparison.run].header)
        for name, comparison in named
        if name is not None
    }


def _comparison_svg(comparison: Comparison, header: RunHeader) -> str:
    measured = comparison.measured_scaling
    title = f"{header.matrix} on {comparison.device} beside {comparison.reference}"
    return scaling_svg(
        measured.curves,
        comparison.published_scaling.curves,
        kind=measured.kind,
        subtitle=_subtitle(title, measured),
        rank=rank_word(header),
        estimator=measured.estimator,
    )


def _subtitle(title: str, scaling: Scaling) -> str:
    doubts = words(scaling.cautions)
    return f"{title}; doubts: {doubts}" if doubts else title


def scaling_svg(
    measured: Sequence[ScalingCurve],
    published: Sequence[ScalingCurve],
    *,
    kind: ScalingKind,
    subtitle: str,
    rank: str,
    estimator: Estimator,
) -> str:
    """Curves with both axes logarithmic, so that linear scaling is a straight line.

    Measured curves are solid and published ones dashed; each is labelled at its end with its
    conditions, its last factor and what share of linear that is. A dotted line from the number
    on one GPU shows linear scaling.
    """
    curves = [(curve, False) for curve in measured] + [(curve, True) for curve in published]
    with _matplotlib():
        from matplotlib import style
        from matplotlib.figure import Figure

        with style.context(_STYLE, after_reset=True):
            labels = [
                _label(curve, kind, "GPU" if flag else rank, is_published=flag)
                for curve, flag in curves
            ]
            height = max(_HEIGHT_INCHES, 0.6 + len(labels) * _label_points(labels) / 72)
            figure = Figure(figsize=(_WIDTH_INCHES, height))
            axes = figure.add_axes((_LEFT, 0.65 / height, _RIGHT - _LEFT, 1 - 1.45 / height))
            looks = _looks([curve for curve, _ in curves])
            for (curve, is_published), look in zip(curves, looks, strict=True):
                _draw(axes, curve, look, is_published=is_published)
            _scale(axes, [curve for curve, _ in curves])
            ends = [curve.points[-1] for curve, _ in curves]
            _label_ends(axes, ends, labels, [colour for colour, _ in looks])
            ranks = "GPUs or ranks" if published and rank != "GPU" else rank_plural(rank)
            axes.set_xlabel(f"{ranks} (dotted: linear scaling from one)")
            axes.set_ylabel(f"training throughput, img/s ({ESTIMATOR_WORDS[estimator]})")
            axes.set_title(_title(kind, subtitle), pad=10)
            file = io.StringIO()
            # Without the date and matplotlib's version, the same numbers give the same file.
            figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


@contextmanager
def _matplotlib() -> Iterator[None]:
    """Keep matplotlib silent, and safe from a backend for windows, which an SVG does not need.

    It logs a warning where its folder for settings and caches cannot be written, and uses a
    temporary one; on import it refuses a MPLBACKEND that it does not know.
    """
    logger = logging.getLogger("matplotlib")
    level, backend = logger.level, os.environ.pop("MPLBACKEND", None)
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
        if backend is not None:
            os.environ["MPLBACKEND"] = backend


def _title(kind: ScalingKind, subtitle: str) -> str:
    return f"{scaling_title(kind)}\n{fill(shown(subtitle), 90)}"


def _looks(curves: Sequence[ScalingCurve]) -> list[tuple[str, str]]:
    """Colour and marker of each curve; the measured and the published of one base share them."""
    bases = list(dict.fromkeys(curve.base for curve in curves))
    places = [bases.index(curve.base) for curve in curves]
    kinds = len(_COLOURS)
    return [
        (_COLOURS[place % kinds], _MARKERS[(place + place // kinds) % kinds]) for place in places
    ]


def _draw(axes: "Axes", curve: ScalingCurve, look: tuple[str, str], *, is_published: bool) -> None:
    gpus = [point.gpus for point in curve.points]
    rates = [point.img_s for point in curve.points]
    colour, marker = look
    axes.plot(
        gpus,
        rates,
        color=colour,
        marker=marker,
        markerfacecolor="white" if is_published else colour,
        linestyle="--" if is_published else "-",
        zorder=3,
    )
    first = curve.points[0]
    linear = [first.img_s * count / first.gpus for count in gpus]
    axes.plot(gpus, linear, color=_GREY, linestyle=":", linewidth=1, zorder=2)


def _scale(axes: "Axes", curves: Sequence[ScalingCurve]) -> None:
    """Logarithmic axes, with ticks at the GPU counts and at round throughputs."""
    points = [point for curve in curves for point in curve.points]
    gpus = sorted({point.gpus for point in points})
    rates = [point.img_s for point in points]
    # The linear lines belong to the picture as well.
    tops = [curve.points[0].img_s * curve.points[-1].gpus for curve in curves]
    lowest, highest = min(rates) / 1.15, max(*rates, *tops) * 1.15
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlim(gpus[0] / 1.12, gpus[-1] * 1.12)
    axes.set_ylim(lowest, highest)
    ticks = round_numbers(lowest, highest)
    axes.set_xticks(gpus, [str(count) for count in gpus])
    axes.set_yticks(ticks, [f"{tick:,g}" if tick < 1000 else f"{tick:,.0f}" for tick in ticks])
    axes.minorticks_off()


def _label_points(labels: Sequence[str]) -> float:
    """The height of the tallest label, with the space to the next."""
    return (max(label.count("\n") for label in labels) + 1.4) * _LINE_POINTS


def _label_ends(
    axes: "Axes",
    ends: Sequence[CurvePoint],
    labels: Sequence[str],
    colours: Sequence[str],
) -> None:
    """A label right of each curve's end, moved up or down where labels would overlap."""
    to_points = 72 / axes.figure.dpi
    pixels = [axes.transData.transform((end.gpus, end.img_s)) for end in ends]
    wanted = [float(height) * to_points for _, height in pixels]
    gap = _label_points(labels)
    places = spread(wanted, gap, gap / 2, axes.figure.bbox.height * to_points - gap / 2)
    for end, label, colour, place in zip(ends, labels, colours, places, strict=True):
        axes.annotate(
            label,
            xy=(end.gpus, end.img_s),
            xytext=(axes.bbox.x1 * to_points + 12, place),
            textcoords="figure points",
            color=colour,
            fontsize=9,
            va="center",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": "#BBBBBB",
                "linewidth": 0.6,
                "relpos": (0, 0.5),
                "shrinkB": 5,
            },
        )


def _label(curve: ScalingCurve, kind: ScalingKind, rank: str, *, is_published: bool) -> str:
    gpus = curve.points[-1].gpus
    whole = f"batch {curve.base.batch_size}"
    size = f"{whole} / {rank}" if kind is ScalingKind.WEAK else f"global {whole}"
    what = fill(f"{conditions(curve.base)}, {size}", _LABEL_CHARACTERS)
    whose = "published: " if is_published else ""
    share = f"{curve.of_linear:.1%} of linear"
    return f"{what}\n{whose}{curve.factor:.2f}x on {gpus} {rank_plural(rank)}, {share}"
