"""Charts as figures of matplotlib: one by itself, or a whole group under its heading."""

import textwrap
from typing import TYPE_CHECKING

from suite.formats.plots.chart import CHART_WIDTH, Chart, ChartGroup
from suite.formats.plots.style import (
    HEADING_SIZE,
    INK,
    LINE,
    TITLE_SIZE,
    UNITS,
    text_width,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 3
_GAP = 28.0
_EDGE = 18.0
# Above a chart of a group: its title, and under it the unit.
_TITLE = 38.0
# Each heading has two lines: the subject, and the run.
_HEADING = 46.0


def chart_figure(chart: Chart) -> "Figure":
    """A chart by itself, without its title."""
    figure = _figure(CHART_WIDTH, chart.height)
    _draw(figure, chart, 0, 0)
    return figure


def group_figure(group: ChartGroup, run: str) -> "Figure":
    """The charts of a group, three in a row under a heading; `run` says what was measured on what.

    Every chart has its title in its colour, with its shape, and its unit below.
    """
    columns = min(_COLUMNS, len(group.charts))
    width = columns * CHART_WIDTH + (columns - 1) * _GAP + 2 * _EDGE
    note = _wrapped(group.note, width - 2 * _EDGE)
    rows = [group.charts[at : at + columns] for at in range(0, len(group.charts), columns)]
    heights = [_TITLE + max(chart.height for chart in row) for row in rows]
    top = _EDGE + _HEADING + LINE * len(note) + 10
    figure = _figure(width, top + sum(heights) + _GAP * (len(rows) - 1) + _EDGE)
    _write(
        figure, _EDGE, _EDGE, group.title, fontsize=HEADING_SIZE, weight="bold", color=INK["ink"]
    )
    _write(figure, _EDGE, _EDGE + 25, _wrapped(run, width - 2 * _EDGE)[0])
    for place, line in enumerate(note):
        _write(figure, _EDGE, _EDGE + _HEADING + LINE * place, line)
    for row, height in zip(rows, heights, strict=True):
        for column, chart in enumerate(row):
            left = _EDGE + column * (CHART_WIDTH + _GAP)
            _head(figure, chart, left, top)
            _draw(figure, chart, left, top + _TITLE)
        top += height + _GAP
    return figure


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    # At so many dots an inch a pixel is a unit, and transforms give units.
    return Figure(figsize=(width / UNITS, height / UNITS), dpi=UNITS)


def _draw(figure: "Figure", chart: Chart, left: float, top: float) -> None:
    """Draw a chart whose upper left corner is so many units from that of the figure."""
    width, height = figure.bbox.size
    margins = chart.margins
    box = (
        (left + margins.left) / width,
        1 - (top + chart.height - margins.bottom) / height,
        (CHART_WIDTH - margins.left - margins.right) / width,
        (chart.height - margins.top - margins.bottom) / height,
    )
    chart.draw(figure.add_axes(box))


def _head(figure: "Figure", chart: Chart, left: float, top: float) -> None:
    """The title of a chart, with the shape and colour of its condition, and its unit."""
    from matplotlib.lines import Line2D

    look = chart.look
    if look is not None:
        width, height = figure.bbox.size
        shape = Line2D(
            [(left + 5) / width],
            [1 - (top + 8) / height],
            marker=look.marker,
            markersize=7.5,
            color=look.light,
            linestyle="none",
        )
        figure.add_artist(shape)
    _write(
        figure,
        left + (14 if look else 0),
        top,
        chart.title,
        fontsize=TITLE_SIZE,
        weight="bold",
        color=look.light if look else INK["ink"],
    )
    _write(figure, left, top + 18, chart.unit, color=INK["ink-3"])


def _write(figure: "Figure", left: float, top: float, text: str, **look: object) -> None:
    width, height = figure.bbox.size
    figure.text(left / width, 1 - top / height, text, va="top", **look)  # type: ignore[arg-type]


def _wrapped(text: str, width: float) -> list[str]:
    """The text in lines that are no wider; letters differ, so by their mean width."""
    characters = max(20, int(len(text) * width / max(1.0, text_width(text)) * 0.94))
    return textwrap.wrap(text, characters) or [""]
