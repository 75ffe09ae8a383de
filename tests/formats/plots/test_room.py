"""Words of every chart have room: none covers another, and none is cut off at the edge."""

from itertools import combinations
from typing import Any

import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from plotted import (
    axes_report,
    cpu_report,
    crowded_report,
    few_report,
    scaling_report,
    t4_report,
)

from suite.formats.placement import Box
from suite.formats.plots import MostRows, chart_groups
from suite.formats.plots.chart import CHART_WIDTH, Chart
from suite.formats.plots.figures import chart_figure
from suite.formats.plots.series import plotted_run
from suite.formats.plots.style import drawing, text_width

REPORTS = (axes_report, cpu_report, crowded_report, few_report, scaling_report, t4_report)
# Of an inch, as a figure knows it.
UNITS = 72
# Capitals and digits of small text, from the baseline.
CAPITALS = 8.0
SHIFTS = {"left": 0.0, "center": 0.5, "right": 1.0}


def words(figure: Figure) -> list[tuple[str, Box]]:
    """Each text with the box that its letters fill."""
    found = []
    for text in figure.texts:
        shown: Any = text.get_text()
        x, y = (place * UNITS for place in text.get_position())
        width = text_width(shown, bold=text.get_fontweight() == "bold")
        left = x - SHIFTS[text.get_horizontalalignment()] * width
        found.append((shown, Box(left, y, left + width, y + CAPITALS)))
    return found


def marks(figure: Figure) -> list[Box]:
    """The middle of each mark and glyph."""
    lines: Any = [line for line in figure.artists if isinstance(line, Line2D)]
    return [
        Box(x - 2, y - 2, x + 2, y + 2)
        for line in lines
        if line.get_marker() != "None"
        for x, y in line.get_xydata() * UNITS
    ]


def charts() -> list[Any]:
    with drawing():
        return [
            pytest.param(chart, id=f"{report.__name__}-{group.name}-{chart.title}")
            for report in REPORTS
            for group in chart_groups(plotted_run(report(), 0), MostRows(cells=40, steps=40))
            for chart in group.charts
        ]


@pytest.mark.parametrize("chart", charts())
def test_words_have_room(chart: Chart) -> None:
    """No two of them share any place, none hides a mark, and all are within the chart."""
    with drawing():
        figure = chart_figure(chart)
        found = words(figure)

    whole = Box(0, 0, CHART_WIDTH, chart.height)
    outside = [word for word, box in found if box.common_area(whole) < box.area - 0.01]
    covered = [
        (one, other)
        for (one, box), (other, place) in combinations(found, 2)
        if box.common_area(place) > 0
    ]
    hidden = [word for word, box in found for mark in marks(figure) if box.common_area(mark) > 0]
    assert (outside, covered, hidden) == ([], [], [])
