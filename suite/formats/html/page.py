"""The page as a whole: its sections, filled into the template."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from suite.formats.annotations import named_damaged, named_not_run
from suite.formats.comparison import without_ratio
from suite.formats.html.cells import CellPart, cell_parts
from suite.formats.html.environment import device_facts, protocol_facts, software_facts
from suite.formats.html.filling import filled_page, inlined
from suite.formats.html.published import (
    FOREST_WIDTH,
    Caveat,
    InferenceTable,
    TrainingPart,
    caveats,
    inference_tables,
    training_parts,
)
from suite.formats.html.steps import (
    HISTOGRAM_WIDTH,
    SERIES_HEIGHT,
    SPARK_HEIGHT,
    SPARK_WIDTH,
    STEPS_HEIGHT,
    STEPS_WIDTH,
)
from suite.formats.html.text import Named
from suite.formats.html.verdict import (
    Grid,
    cautions_line,
    compared_cells,
    comparisons_of,
    grid,
    protocol_words,
    when,
)
from suite.formats.launches import loaded_libraries
from suite.formats.palette import Look
from suite.formats.plots import PanelGroup, panel_groups
from suite.formats.scaling import rank_word, scaling_explanation, scaling_table
from suite.formats.tables import Table
from suite.model.report import CellState, Comparison, Report, ReportedRun
from suite.model.text import command

_SIZES = {
    "forest_width": FOREST_WIDTH,
    "steps_width": STEPS_WIDTH,
    "steps_height": STEPS_HEIGHT,
    "histogram_width": HISTOGRAM_WIDTH,
    "series_height": SERIES_HEIGHT,
    "spark_width": SPARK_WIDTH,
    "spark_height": SPARK_HEIGHT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonPart:
    """A run beside a published system."""

    comparison: Comparison
    inference: tuple[InferenceTable, ...]
    training: tuple[TrainingPart, ...]
    without_ratio: tuple[tuple[str, list[str]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingPart:
    """One kind of scaling as a table."""

    table: Table
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPart:
    """Everything of one run; `prefix` keeps its ids apart from those of other runs."""

    prefix: str
    run: ReportedRun
    title: str
    rank: str
    day: str
    hours: str
    protocol: str
    cautions: str
    began_with: str
    has_ratios: bool
    counts: Mapping[CellState, int]
    grid: Grid
    plots: tuple[PanelGroup, ...]
    looks: tuple[Look, ...]
    comparisons: tuple[ComparisonPart, ...]
    scaling: tuple[ScalingPart, ...]
    cells: tuple[CellPart, ...]
    not_listed: tuple[str, ...]
    states: tuple[CellState, ...]
    caveats: tuple[Caveat, ...]
    device: tuple[Named, ...]
    software: tuple[Named, ...]
    protocol_facts: tuple[Named, ...]


def report_html(report: Report) -> str:
    """The whole page: one file with its own style, script and drawings, which loads nothing.

    The script is named by its hash in the page's content security policy, so that none but it can
    run, whatever a record may contain.
    """
    script = inlined("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return filled_page(
        "report.html.j2",
        runs=[_run_part(report, place) for place in range(len(report.runs))],
        script=script,
        script_hash=digest,
        **_SIZES,
    )


def _run_part(report: Report, place: int) -> RunPart:
    run = report.runs[place]
    header = run.header
    cells = cell_parts(run, compared_cells(report, place))
    day, hours = when(run)
    states = list(run.glance.states.values())
    return RunPart(
        prefix=f"run{place + 1}-" if len(report.runs) > 1 else "",
        run=run,
        title=f"{header.matrix} on {header.device}",
        rank=rank_word(header),
        day=day,
        hours=hours,
        protocol=protocol_words(run),
        cautions=cautions_line(report, place),
        began_with=command(["python", "bench.py", *header.command]) if header.command else "",
        has_ratios=any(cell.ratio for cell in cells),
        counts={state: states.count(state) for state in CellState},
        grid=grid(report, place),
        plots=panel_groups(report, place),
        looks=tuple(dict.fromkeys(cell.look for cell in cells)),
        comparisons=tuple(
            ComparisonPart(
                comparison=comparison,
                inference=tuple(inference_tables(comparison, run)),
                training=tuple(training_parts(comparison)),
                without_ratio=tuple(without_ratio(comparison, run)),
            )
            for comparison in comparisons_of(report, place)
        ),
        scaling=tuple(
            ScalingPart(
                table=scaling_table(scaling, rank_word(header)),
                explanation=scaling_explanation(scaling.kind, rank_word(header)),
            )
            for scaling in run.scaling
        ),
        cells=tuple(cells),
        not_listed=(
            *named_not_run(run.coverage.not_run, run.coverage.damaged),
            *named_damaged(run.coverage.damaged),
        ),
        caveats=tuple(
            dict.fromkeys(
                caveat
                for comparison in comparisons_of(report, place)
                for caveat in caveats(comparison)
            )
        ),
        states=tuple(state for state in CellState if state in {cell.state for cell in cells}),
        device=tuple(device_facts(header)),
        software=(*software_facts(header), *_loaded(run)),
        protocol_facts=tuple(protocol_facts(header, protocol_words(run))),
    )


def _loaded(run: ReportedRun) -> list[Named]:
    libraries = loaded_libraries(run)
    return [Named(name="libraries loaded", text=libraries)] if libraries else []
