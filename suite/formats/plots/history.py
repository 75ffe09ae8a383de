"""One cell over runs as a plot, a row for each device."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from suite.formats.numbers import rate
from suite.formats.palette import Look, look
from suite.formats.placement import even_numbers, thinned
from suite.formats.plots import pen
from suite.formats.plots.curves import Curve, Gap, Mark, draw_curve
from suite.formats.plots.series import Doubt
from suite.formats.plots.style import (
    HEADING_SIZE,
    INK,
    LINE,
    TITLE_SIZE,
    UNITS,
    drawing,
    shortened,
    text_width,
)
from suite.formats.plots.svg import png_bytes, svg_bytes
from suite.formats.plots.words import gap
from suite.model.history import History, Trend, TrendPoint
from suite.model.text import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH = 760.0
_EDGE, _LEFT, _RIGHT = 18.0, 76.0, 96.0
# Above the rows; of a row its title, its axes, and the dates below them.
_HEADING = 82.0
_TITLE, _HEIGHT, _DATES = 26.0, 170.0, 40.0
# Within this share of the median nothing is magnified, so that noise looks like noise.
_WINDOW = 0.10
_ABOUT = (
    "Runs in the order of their start, evenly spaced; img/s is images / elapsed time, with the 95 %"
    " interval by launches, cut off at the edges."
)
_SIGNS = (
    "Hollow: in doubt. Cross: failed. Dash: not measured. Dotted: device, software, machine or"
    " protocol changed before that run."
)
# Where the glyphs of runs without a number stand above the axis.
_ON_AXIS = 9.0


def history_plots(history: History) -> Mapping[str, bytes]:
    """`history.svg` and `history.png`; a trend without any number has a row all the same."""
    with drawing():
        figure = _figure(history)
        return {"history.svg": svg_bytes(figure), "history.png": png_bytes(figure)}


def _figure(history: History) -> "Figure":
    from matplotlib.figure import Figure

    row = _TITLE + _HEIGHT + _DATES
    height = _EDGE + _HEADING + row * len(history.trends)
    figure = Figure(figsize=(_WIDTH / UNITS, height / UNITS), dpi=UNITS)

    def write(top: float, text: str, **how: Any) -> None:
        line = shortened(shown(text), _WIDTH - 2 * _EDGE)
        figure.text(_EDGE / _WIDTH, 1 - top / height, line, va="top", **how)

    write(_EDGE, history.cell_id, fontsize=HEADING_SIZE, weight="bold", color=INK["ink"])
    for place, note in enumerate((_ABOUT, _SIGNS)):
        write(_EDGE + 26 + LINE * place, note)
    for place, trend in enumerate(history.trends):
        top = _EDGE + _HEADING + row * place
        write(top, trend.device, fontsize=TITLE_SIZE, weight="bold", color=INK["ink"])
        axes = figure.add_axes(
            (
                _LEFT / _WIDTH,
                1 - (top + _TITLE + _HEIGHT) / height,
                (_WIDTH - _LEFT - _RIGHT) / _WIDTH,
                _HEIGHT / height,
            )
        )
        _draw(axes, trend)
    return figure


def _draw(axes: "Axes", trend: Trend) -> None:
    points = list(enumerate(trend.points))
    marks = tuple(
        Mark(
            x=place,
            y=point.result.summary.images_per_second,
            doubt=Doubt(is_there=bool(point.result.cautions) or not point.result.is_whole),
            interval=point.interval,
        )
        for place, point in points
        if point.result.summary
    )
    gaps = tuple(gap(point.result, place) for place, point in points if not point.result.summary)
    cell = trend.points[0].result.cell
    _set_scale(axes, trend.points, [mark.y for mark in marks])
    condition = look(cell.precision, xla=cell.xla)
    draw_curve(axes, Curve(look=condition, marks=marks, gaps=gaps, fewest=2))
    for place, point in points:
        if point.changed:
            axes.axvline(place - 0.5, color=INK["control"], linewidth=1, linestyle=":", zorder=1.5)
    _write_words(axes, condition, marks, gaps)


def _set_scale(axes: "Axes", points: Sequence[TrendPoint], rates: Sequence[float]) -> None:
    """Every number is within the axes; intervals may reach further, and are cut off there."""
    axes.patch.set_visible(False)
    middle = median(rates) if rates else 1.0
    lowest = min([*rates, middle * (1 - _WINDOW)]) * 0.98
    highest = max([*rates, middle * (1 + _WINDOW)]) * 1.02
    axes.set_xlim(-0.5, len(points) - 0.5)
    axes.set_ylim(lowest, highest)
    ticks = even_numbers(lowest, highest) if rates else []
    axes.set_yticks(ticks, [f"{tick:,g}" for tick in ticks])
    axes.set_ylabel("img/s")
    axes.grid(axis="y")
    dates = [point.run.header.began.strftime("%Y-%m-%d") for point in points]
    places = [pen.place(axes, x, lowest)[0] for x in range(len(points))]
    labelled = thinned(places, [text_width(date) for date in dates], 8)
    axes.set_xticks(labelled, [dates[place] for place in labelled])


def _write_words(axes: "Axes", condition: Look, marks: Sequence[Mark], gaps: Sequence[Gap]) -> None:
    """The newest number beside its point, and a glyph for each run without one."""
    for lacking in gaps:
        across, _ = pen.place(axes, lacking.x, axes.get_ylim()[0])
        bottom = pen.edges(axes).bottom
        pen.without_number(axes, across, bottom + _ON_AXIS, is_failure=lacking.is_failure)
    if marks:
        _, up = pen.place(axes, marks[-1].x, marks[-1].y)
        pen.write(
            axes,
            pen.edges(axes).right + 8,
            up - pen.TEXT_HEIGHT / 2,
            rate(marks[-1].y),
            color=condition.light,
            weight="bold",
        )
