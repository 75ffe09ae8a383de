"""One cell over runs as a plot, a row for each device."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from suite.formats.numbers import rate, signed_percent
from suite.formats.palette import Look, look
from suite.formats.placement import Box, even_numbers
from suite.formats.plots import pen
from suite.formats.plots.area import Area, Span, lower_edge, ticks_below, ticks_beside
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
)
from suite.formats.plots.svg import png_bytes, svg_bytes
from suite.formats.plots.words import gap
from suite.model.history import ChangePoint, History, Trend, TrendPoint
from suite.model.text import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH = 760.0
_EDGE, _LEFT, _RIGHT = 18.0, 76.0, 96.0
# Above the rows; of a row its title, its axes, and the dates below them.
_HEADING = 97.0
_TITLE, _HEIGHT, _DATES = 42.0, 170.0, 40.0
# Within this share of the newest number nothing is magnified, so that noise looks like noise.
_WINDOW = 0.10
_ABOUT = (
    "Runs in order of their start, evenly spaced; img/s is images / elapsed time, with the 95 %"
    " interval by launches."
)
_SIGNS = (
    "Hollow: in doubt. Cross: failed. Dash: not measured. Dotted: software, machine or protocol"
    " changed before that run."
)
_CHANGE_POINTS = (
    "Solid upright line, with its size: a change point. It says where to look, and decides nothing."
)
# Where the glyphs of runs without a number stand above the axis.
_ON_AXIS = 9.0
_UNIT_ABOVE = 6.0
_DOTS = (1, 1.65)
# Between the middles of the sizes of two change points, so that neither covers the other.
_SIZE_WIDTH = 46.0


def history_plots(history: History) -> Mapping[str, bytes]:
    """`history.svg` and `history.png`; a trend without any number has a row all the same."""
    with drawing():
        figure = history_figure(history)
        return {"history.svg": svg_bytes(figure), "history.png": png_bytes(figure)}


def history_figure(history: History) -> "Figure":
    """A row for each device below a heading."""
    from matplotlib.figure import Figure

    row = _TITLE + _HEIGHT + _DATES
    height = _EDGE + _HEADING + row * len(history.trends)
    figure = Figure(figsize=(_WIDTH / UNITS, height / UNITS), dpi=UNITS)

    def write(top: float, text: str, **how: Any) -> None:
        line = shortened(shown(text), _WIDTH - 2 * _EDGE)
        pen.write(figure, _EDGE, height - top - pen.TEXT_HEIGHT, line, **how)

    write(_EDGE, history.cell_id, fontsize=HEADING_SIZE, weight="bold", color=INK["ink"])
    for place, note in enumerate((_ABOUT, _SIGNS, _CHANGE_POINTS)):
        write(_EDGE + 26 + LINE * place, note)
    for place, trend in enumerate(history.trends):
        top = _EDGE + _HEADING + row * place
        write(top, trend.device, fontsize=TITLE_SIZE, weight="bold", color=INK["ink"])
        upper = height - top - _TITLE
        _draw(figure, Box(_LEFT, upper - _HEIGHT, _WIDTH - _RIGHT, upper), trend)
    return figure


def _draw(figure: "Figure", box: Box, trend: Trend) -> None:
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
    area = _area(figure, box, trend.points, [mark.y for mark in marks])
    condition = look(cell.precision, xla=cell.xla)
    for place, point in points:
        if point.changed:
            across, _ = area.place(place - 0.5, area.up.low)
            line = [(across, box.bottom), (across, box.top)]
            pen.stroke(figure, [line], INK["control"], 1, over=1.5, dashes=_DOTS)
    _draw_change_points(area, trend.change_points)
    draw_curve(area, Curve(look=condition, marks=marks, gaps=gaps, fewest=2))
    _write_words(area, condition, marks, gaps)


def _draw_change_points(area: Area, found: Sequence[ChangePoint]) -> None:
    """An upright line before the first run of each level; the table has sizes that find no room."""
    last = -_SIZE_WIDTH
    for each in found:
        across, _ = area.place(each.place - 0.5, area.up.low)
        line = [(across, area.box.bottom), (across, area.box.top)]
        pen.stroke(area.figure, [line], INK["ink-2"], 1.2, over=2)
        if across - last >= _SIZE_WIDTH:
            last = across
            size = signed_percent(each.change)
            pen.write(area.figure, across, area.box.top + _UNIT_ABOVE, size, ha="center")


def _area(figure: "Figure", box: Box, points: Sequence[TrendPoint], rates: Sequence[float]) -> Area:
    """Every number is within the area; intervals may reach further, and are cut off there."""
    newest = rates[-1] if rates else 1.0
    lowest = min([*rates, newest * (1 - _WINDOW)]) * 0.98
    highest = max([*rates, newest * (1 + _WINDOW)]) * 1.02
    area = Area(
        figure=figure,
        box=box,
        across=Span(low=-0.5, high=len(points) - 0.5),
        up=Span(low=lowest, high=highest),
    )
    ticks = even_numbers(lowest, highest) if rates else []
    ticks_beside(area, [(tick, f"{tick:,g}") for tick in ticks])
    dates = [point.run.header.began.strftime("%Y-%m-%d") for point in points]
    ticks_below(area, list(enumerate(dates)), grid=False)
    lower_edge(area)
    pen.write(figure, _EDGE, box.top + _UNIT_ABOVE, "img/s", color=INK["ink-3"])
    return area


def _write_words(area: Area, condition: Look, marks: Sequence[Mark], gaps: Sequence[Gap]) -> None:
    """The newest number beside its point, and a glyph for each run without one."""
    for lacking in gaps:
        across, bottom = area.place(lacking.x, area.up.low)
        is_failure = lacking.is_failure
        pen.without_number(area.figure, across, bottom + _ON_AXIS, is_failure=is_failure)
    if marks:
        _, up = area.place(marks[-1].x, marks[-1].y)
        pen.write(
            area.figure,
            area.box.right + 8,
            up - pen.TEXT_HEIGHT / 2,
            rate(marks[-1].y),
            color=condition.light,
            weight="bold",
        )
