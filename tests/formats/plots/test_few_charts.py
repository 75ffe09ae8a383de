"""Cells side by side: the axes of their charts reach what belongs to the picture, no further."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from builders import make_cell, make_launch, make_run, make_telemetry
from drawn import described

from suite.analysis.assemble import assemble
from suite.formats.plots import MostRows, chart_groups
from suite.formats.plots.chart import Chart
from suite.formats.plots.figures import chart_figure
from suite.formats.plots.series import plotted_run
from suite.formats.plots.style import drawing
from suite.model.cell import Precision
from suite.model.launch import Launch

TIMES = "\N{MULTIPLICATION SIGN}"
SOME = MostRows(cells=8, steps=8)


def chart(title: str, launches: Iterable[Launch]) -> Chart:
    """The chart of a run whose title begins so."""
    plotted = plotted_run(assemble([make_run(*launches, gpu=None)]), 0)
    (found,) = (
        chart
        for group in chart_groups(plotted, SOME)
        for chart in group.charts
        if chart.title.startswith(title)
    )
    return found


def texts(drawn: Chart) -> list[str]:
    """What is written in a chart."""
    with drawing():
        return [text.get_text() for text in chart_figure(drawn).texts]


def pair(ratio: float) -> list[Launch]:
    """A cell of FP32, and the same with AMP that is so many times as fast."""
    return [
        make_launch(cell=make_cell(precision=precision), step_seconds=(seconds, seconds))
        for precision, seconds in ((Precision.FP32, 0.1), (Precision.AMP, 0.1 / ratio))
    ]


@pytest.mark.parametrize(
    ("ratio", "there", "absent"),
    [(4.0, {"0.8", "1", "5"}, {"6"}), (0.25, {"0.2", "1"}, {"1.5", "2"})],
)
def test_the_axis_of_factors_reaches_1_and_every_factor(
    ratio: float, there: set[str], absent: set[str]
) -> None:
    """And a quarter further on either side."""
    found = set(texts(chart("Factors", pair(ratio))))

    assert {f"{tick}{TIMES}" for tick in there} <= found
    assert not {f"{tick}{TIMES}" for tick in absent} & found


def test_bars_of_small_numbers_fill_their_chart() -> None:
    """A CPU that takes four joules an image has an axis up to a quarter of an image."""
    metered = make_telemetry(energy_joules=1.0, energy_source="a meter", images_per_joule=0.25)
    energy = chart("Images per joule", [make_launch(step_seconds=(0.1,), telemetry=metered)])

    assert {"0", "0.1", "0.2", "0.250"} <= set(texts(energy))


def test_an_axis_of_steps_that_are_far_apart_is_by_factors() -> None:
    """Three times as far apart or more, in round factors; closer ones evenly."""
    wide = chart("Distribution", [make_launch(step_seconds=(0.1, 0.1, 0.32))])
    close = chart("Distribution", [make_launch(step_seconds=(0.1, 0.1, 0.27))])

    assert {f"{tick}{TIMES}" for tick in ("1", "1.5", "2", "3")} <= set(texts(wide))
    assert {f"{tick}{TIMES}" for tick in ("1", "1.5", "2", "2.5")} <= set(texts(close))


def test_launches_alike_are_drawn_within_two_percent() -> None:
    """So what differs by little looks like little."""
    launches = [make_launch(launch=number, step_seconds=(0.1, 0.1)) for number in range(2)]

    assert {"-2%", "0", "+2%"} <= set(texts(chart("Launches", launches)))


def test_launches_are_numbered_where_there_are_several() -> None:
    """Two are several; one needs no number."""
    one = make_launch(step_seconds=(0.1, 0.1))
    several = texts(chart("Every step in order", [one, replace(one, launch=1)]))

    assert several[:2] == ["launch 1", "2"]
    assert not {"launch 1", "1"} & set(texts(chart("Every step in order", [one])))


def test_steps_that_share_a_unit_are_drawn_once() -> None:
    """A thousand alike are one line, so that a chart stays small."""
    alike = chart("Every measured step", [make_launch(step_seconds=(0.1,) * 50)])
    with drawing():
        (steps,) = (
            line for line in described(chart_figure(alike)).splitlines() if "1.1 wide" in line
        )

    assert "nan" not in steps
