"""The axis of ratios: even while they are close, by factors once they are far apart."""

import pytest
from builders import make_cell, make_launch, make_run

from suite.analysis.assemble import assemble
from suite.formats.plots import MostRows, chart_groups
from suite.formats.plots.figures import group_figure
from suite.formats.plots.series import plotted_run
from suite.formats.plots.style import drawing
from suite.model.cell import Precision

FACTORS = (1.0, 2.0)


def heights(largest: float) -> dict[str, float]:
    """Where the words of a chart stand whose AMP is up to so many times as fast as its FP32."""
    launches = [
        make_launch(cell=make_cell(batch_size=size, precision=precision), step_seconds=(time, time))
        for size, factor in zip((1, 2, 4), (*FACTORS, largest), strict=True)
        for precision, time in ((Precision.FP32, 0.1), (Precision.AMP, 0.1 / factor))
    ]
    report = assemble([make_run(*launches)])
    with drawing():
        groups = chart_groups(plotted_run(report, 0), MostRows(cells=8, steps=8))
        (ratios,) = (group for group in groups if group.name.startswith("ratios"))
        figure = group_figure(ratios, "a run")
        return {text.get_text(): text.get_position()[1] for text in figure.texts}


@pytest.mark.parametrize(("largest", "is_even"), [(2.9, True), (3.75, True), (3.85, False)])
def test_ratios_up_to_four_times_apart_are_on_an_even_axis(largest: float, is_even: bool) -> None:  # noqa: FBT001
    """The axis begins at 0.95, so it is 3.8 that is four times as much."""
    places = heights(largest)
    first, second, third = (places[f"{tick}\N{MULTIPLICATION SIGN}"] for tick in (1, 2, 3))

    assert (third - second == pytest.approx(second - first)) is is_even
