"""Charts as figures of matplotlib: one by itself, or a whole group under its heading."""

import textwrap
from typing import TYPE_CHECKING

from suite.formats.placement import Box
from suite.formats.plots import pen
from suite.formats.plots.chart import CHART_WIDTH, Chart, ChartGroup
from suite.formats.plots.style import (
    HEADING_SIZE,
    INK,
    LINE,
    TITLE_SIZE,
    UNITS,
    shortened,
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
    """A chart by itself, without its title, on nothing."""
    figure = _figure(CHART_WIDTH, chart.height)
    figure.patch.set_visible(False)
    chart.draw(figure, Box(0, 0, CHART_WIDTH, chart.height))
    return figure


def group_figure(group: ChartGroup, run: str) -> "Figure":
    """The charts of a group, three in a row under a heading; `run` says what was measured on what.

    Every chart has its title in its colour, with its shape, and its unit below.
    """
    columns = min(_COLUMNS, len(group.charts))
    width = columns * CHART_WIDTH + (columns - 1) * _GAP
    note = _wrapped(group.note, width)
    rows = [group.charts[at : at + columns] for at in range(0, len(group.charts), columns)]
    heights = [_TITLE + max(chart.height for chart in row) for row in rows]
    head = _HEADING + LINE * len(note) + 10
    height = head + sum(heights) + _GAP * (len(rows) - 1) + 2 * _EDGE
    figure = _figure(width + 2 * _EDGE, height)
    top = height - _EDGE
    heading = {"fontsize": HEADING_SIZE, "weight": "bold", "color": INK["ink"]}
    pen.write(figure, _EDGE, top - 18, group.title, **heading)
    pen.write(figure, _EDGE, top - 38, shortened(run, width))
    for place, line in enumerate(note):
        pen.write(figure, _EDGE, top - _HEADING - LINE * place - 13, line)
    top -= head
    for row, tall in zip(rows, heights, strict=True):
        for column, chart in enumerate(row):
            left = _EDGE + column * (CHART_WIDTH + _GAP)
            _head(figure, chart, left, top)
            below = top - _TITLE
            chart.draw(figure, Box(left, below - chart.height, left + CHART_WIDTH, below))
        top -= tall + _GAP
    return figure


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    # At so many dots an inch a pixel is a unit.
    return Figure(figsize=(width / UNITS, height / UNITS), dpi=UNITS)


def _head(figure: "Figure", chart: Chart, left: float, top: float) -> None:
    """The title of a chart, with the shape and colour of its condition, and its unit."""
    look = chart.look
    colour = look.light if look else INK["ink"]
    if look is not None:
        pen.mark(figure, [(left + 5, top - 8)], look.marker, colour, size=7.5)
    indent = 14 if look else 0
    title, unit = chart.title, chart.unit
    if text_width(title, TITLE_SIZE, bold=True) > CHART_WIDTH - indent:
        # What is told apart by more than precision and XLA has a long name.
        title, _, rest = title.partition(", ")
        unit = f"{rest}; {unit}"
    heading = {"fontsize": TITLE_SIZE, "weight": "bold", "color": colour}
    pen.write(figure, left + indent, top - 15, title, **heading)
    pen.write(figure, left, top - 32, shortened(unit, CHART_WIDTH), color=INK["ink-3"])


def _wrapped(text: str, width: float) -> list[str]:
    """The text in lines that are no wider, by the mean width of its letters."""
    if not text:
        return [""]
    return textwrap.wrap(text, int(len(text) * width / text_width(text) * 0.94))
