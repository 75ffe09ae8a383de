"""Every plot as it was recorded: what is drawn, where, and how it looks."""

import pytest
from drawn import DATA, described
from plotted import axes_report, cpu_report, crowded_report, few_report, scaling_report, t4_report

from suite.formats.plots import MostRows, chart_groups
from suite.formats.plots.figures import chart_figure, group_figure
from suite.formats.plots.series import plotted_run
from suite.formats.plots.style import drawing
from suite.model.report import Report

REPORTS = {
    "t4": t4_report,
    "cpu": cpu_report,
    "scaling": scaling_report,
    "few": few_report,
    "axes": axes_report,
    "crowded": crowded_report,
}
RECORDED = tuple(REPORTS)


def description(name: str) -> str:
    """Every figure of a report, with few rows so that some are left out."""
    report: Report = REPORTS[name]()
    with drawing():
        groups = list(chart_groups(plotted_run(report, 0), MostRows(cells=8, steps=8)))
        panel = described(chart_figure(groups[0].charts[0]))
        figures = (
            f"# {group.name}\n{described(group_figure(group, 'a run'))}"
            + "".join(f"{chart.title} | {chart.says}\n" for chart in group.charts)
            for group in groups
        )
        return "\n".join([*figures, f"# the first chart by itself\n{panel}"])


@pytest.mark.parametrize("name", RECORDED)
def test_figures_are_as_recorded(name: str) -> None:
    """Every number, colour, size, place and word of every figure.

    `python tests/formats/plots/drawn.py` writes the descriptions anew; look at the pictures, too.
    """
    assert description(name) == (DATA / f"{name}.txt").read_text(encoding="utf-8")
