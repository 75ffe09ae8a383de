"""The plots of runs: files with whole figures, and panels for a page.

One set of charts (`by_batch` and its neighbours) is drawn for both. matplotlib is imported only
when something is drawn.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from suite.formats.palette import Look
from suite.formats.plots.by_batch import curved_modes, curves_by_batch
from suite.formats.plots.chart import ChartGroup
from suite.formats.plots.few import cells_side_by_side
from suite.formats.plots.figures import chart_figure, group_figure
from suite.formats.plots.scaling import compared_scaling, scaling_charts
from suite.formats.plots.series import PlottedRun, plotted_run
from suite.formats.plots.steps import step_charts
from suite.formats.plots.style import drawing
from suite.formats.plots.svg import inline_svg, png_bytes, svg_bytes
from suite.formats.scaling import comparison_plot_name, numbered
from suite.model.cell import Mode
from suite.model.report import Report
from suite.model.text import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class MostRows:
    """How many cells have a row in one chart: side by side, and with their steps."""

    cells: int
    steps: int


# A page has the steps of every cell elsewhere, and should stay small.
_PAGE = MostRows(cells=20, steps=8)
_FILE = MostRows(cells=40, steps=40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A chart for a page, which writes `title` in the colour of `look` and `unit` below it.

    `svg` is an inline element of the class `plot`, 352 units wide at its natural size. Its colours
    are CSS variables: `--c-<slug>` for conditions and `--<name>` for inks.
    """

    title: str
    look: Look | None
    unit: str
    svg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelGroup:
    """Panels of one subject; `note` says how to read them."""

    title: str
    note: str
    panels: tuple[Panel, ...]


def panel_groups(report: Report, run: int) -> tuple[PanelGroup, ...]:
    """The charts of the run in this place of a report, for a page."""
    with drawing():
        return tuple(
            panel_group(group, f"p{run}") for group in chart_groups(plotted_run(report, run), _PAGE)
        )


def panel_group(group: ChartGroup, prefix: str) -> PanelGroup:
    """A group of charts for a page, within `drawing`; `prefix` keeps the ids of its SVGs apart."""
    return PanelGroup(
        title=group.title,
        note=group.note,
        panels=tuple(
            Panel(
                title=chart.title,
                look=chart.look,
                unit=chart.unit,
                svg=inline_svg(chart_figure(chart), f"{prefix}-{group.name}-{place}", chart.says),
            )
            for place, chart in enumerate(group.charts)
        ),
    )


def plot_files(report: Report) -> Mapping[str, bytes]:
    """Every plot of every run as `name.svg` and `name.png`; of a second run, `name_2.svg`."""
    files: dict[str, bytes] = {}
    with drawing():
        for place, run in enumerate(report.runs):
            for group in chart_groups(plotted_run(report, place), _FILE):
                heading = shown(f"{run.header.matrix} on {run.header.device}")
                figure = group_figure(group, heading)
                name = numbered(group.name, place)
                files[f"{name}.svg"] = svg_bytes(figure)
                files[f"{name}.png"] = png_bytes(figure)
    return files


def plot_titles(report: Report, run: int) -> Mapping[str, str]:
    """The SVG files of the run in this place of a report, with their titles; nothing is drawn."""
    groups = chart_groups(plotted_run(report, run), _FILE)
    return {f"{numbered(group.name, run)}.svg": group.title for group in groups}


def comparison_plots(report: Report) -> dict[str, str]:
    """Weak scaling beside what was published for the same GPU: SVG files by name."""
    files: dict[str, str] = {}
    with drawing():
        for place, comparison in enumerate(report.comparisons):
            name = comparison_plot_name(comparison, place)
            if name is not None:
                run = report.runs[comparison.run]
                title = f"{run.header.matrix} on {comparison.device} beside {comparison.reference}"
                group = compared_scaling(PlottedRun(run, comparison), comparison)
                files[name] = svg_bytes(group_figure(group, shown(title))).decode()
    return files


def chart_groups(plotted: PlottedRun, most: MostRows) -> Iterator[ChartGroup]:
    """Every group of charts that the run has numbers for, with so many rows at most."""
    curved = curved_modes(plotted)
    yield from curves_by_batch(plotted)
    few = [mode for mode in Mode if mode not in curved]
    yield from cells_side_by_side(plotted, few, most.cells)
    yield from step_charts(plotted, most.steps)
    yield from scaling_charts(plotted)
