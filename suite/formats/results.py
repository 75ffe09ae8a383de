"""A run for the terminal, and for report.md."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from suite.analysis.intervals import samples_needed
from suite.formats.annotations import beside_result, legend, shortfalls, skipped_alike
from suite.formats.documents import fill_template
from suite.formats.hints import hint_lines, named_cells
from suite.formats.launches import (
    doubts,
    intervals_table,
    last_output,
    launches_table,
    loaded_libraries,
    rank_notes,
    ranks_table,
    spread_table,
    steadiness_note,
)
from suite.formats.markdown import code_block
from suite.formats.numbers import MISSING, milliseconds, percentile_milliseconds, rate
from suite.formats.plan import protocol_text
from suite.formats.plots import plot_titles
from suite.formats.scaling import rank_word, scaling_explanation, scaling_table
from suite.formats.tables import TEXT_WIDTH, Dialect, Table, paragraph, write_table
from suite.formats.telemetry import telemetry_notes, telemetry_table
from suite.model.report import Report, ReportedRun
from suite.model.run import CellResult
from suite.model.summary import Summary
from suite.model.text import shown


@dataclass(frozen=True, slots=True)
class _Column:
    """A number of a cell: its title and its text."""

    title: str
    text: Callable[[Summary], str]


_RATE = _Column("img/s", lambda summary: rate(summary.images_per_second))
_LATENCIES = (
    _Column("avg", lambda summary: milliseconds(summary.mean_seconds)),
    _Column(
        "p50",
        lambda summary: percentile_milliseconds(summary.p50_seconds, summary.p50_interval_seconds),
    ),
    _Column(
        "p90",
        lambda summary: percentile_milliseconds(summary.p90_seconds, summary.p90_interval_seconds),
    ),
    _Column(
        "p95",
        lambda summary: percentile_milliseconds(summary.p95_seconds, summary.p95_interval_seconds),
    ),
    _Column(
        "p99",
        lambda summary: percentile_milliseconds(summary.p99_seconds, summary.p99_interval_seconds),
    ),
)
# On a terminal, and in the report.
_COLUMNS = (_RATE, *_LATENCIES)
_ALL_COLUMNS = (
    _RATE,
    _Column("img/s as published", lambda summary: rate(summary.mean_of_rates)),
    *(replace(column, title=f"{column.title} ms") for column in _LATENCIES),
    _Column("min ms", lambda summary: milliseconds(summary.min_seconds)),
    _Column("max ms", lambda summary: milliseconds(summary.max_seconds)),
)

_COLUMNS_LEGEND = (
    "img/s = images / elapsed time; avg to p99 = latency of a step in ms; n = measured steps"
)
_FEW = (
    f"~ = not enclosed with 95 % confidence: p90 needs {samples_needed(0.90)} independent samples,"
    f" p95 {samples_needed(0.95)}, p99 {samples_needed(0.99)}"
)


def report_text(report: Report, width: int = TEXT_WIDTH) -> str:
    """Each run as it is printed at its end: its table and scaling, and what isolation cost."""
    parts = [f"{run_text(run, width)}\n\n{overhead_text(run, width)}" for run in report.runs]
    return "\n\n\n".join(parts)


def run_text(run: ReportedRun, width: int = TEXT_WIDTH) -> str:
    """The table of a run, its legend, every cell that is not whole, its scaling and its hints."""
    header = run.header
    parts = [
        f"{shown(header.matrix)} on {shown(header.device)}"
        + (f", selected by {shown(header.selection)}" if header.selection else ""),
    ]
    table = _table(run.results, _COLUMNS)
    if table.rows:
        parts.append(write_table(table, Dialect.TERMINAL, width))
        parts += (paragraph(line, width) for line in (_COLUMNS_LEGEND, *_legend(run.results)))
    failures = _failures(run)
    if failures:
        parts += ["", *map(shown, failures)]
    rank = rank_word(header)
    for scaling in run.scaling:
        table = scaling_table(scaling, rank)
        explanation = paragraph(scaling_explanation(scaling.kind, rank), width)
        parts += ["", table.title, write_table(table, Dialect.TERMINAL, width), explanation]
    if run.hints:
        parts += ["", *hint_lines(run.hints, width)]
    return "\n".join(parts)


@dataclass(frozen=True, slots=True)
class _ScalingPart:
    """What the template writes of one kind of scaling."""

    title: str
    table: str
    explanation: str


def report_markdown(report: Report, *, plots: bool = True) -> str:
    """report.md: of each run the conditions, the full table, and how each launch went.

    `plots` shows the files under `plots/`, which a summary elsewhere does not have beside it.
    """
    return "\n".join(
        _run_markdown(run, plot_titles(report, place) if plots else {})
        for place, run in enumerate(report.runs)
    )


def _run_markdown(run: ReportedRun, plots: Mapping[str, str]) -> str:
    rank = rank_word(run.header)
    scaled = ((scaling, scaling_table(scaling, rank)) for scaling in run.scaling)
    return fill_template(
        "report.md.j2",
        header=run.header,
        protocol=protocol_text(run.header.protocol),
        results=_markdown(_table(run.results, _ALL_COLUMNS)),
        legend=_legend(run.results),
        failures=_failures(run),
        plots=plots,
        last_output=[(title, code_block(text)) for title, text in last_output(run)],
        scaling=[
            _ScalingPart(
                title=table.title,
                table=_markdown(table),
                explanation=scaling_explanation(scaling.kind, rank),
            )
            for scaling, table in scaled
        ],
        hints=[(hint, named_cells(hint)) for hint in run.hints],
        intervals=_markdown(intervals_table(run)),
        doubts=doubts(run),
        spread=_markdown(spread_table(run)),
        steadiness_note=steadiness_note(),
        launches=_markdown(launches_table(run)),
        libraries=loaded_libraries(run),
        ranks=_markdown(ranks_table(run)),
        rank_notes=rank_notes(run),
        telemetry=_markdown(telemetry_table(run)),
        telemetry_notes=telemetry_notes(run),
    )


def _markdown(table: Table | None) -> str:
    return write_table(table, Dialect.MARKDOWN) if table else ""


def overhead_text(run: ReportedRun, width: int = TEXT_WIDTH) -> str:
    """What isolation cost the launches that answered: their time, and the runner's own CPU time."""
    overhead = run.overhead
    if overhead is None:
        return "outside build, compile and steps: unknown, as no launch went well"
    lines = []
    if spent := overhead.seconds:
        lines.append(
            f"outside build, compile and steps: median {spent.median:.2f} s per launch,"
            f" mean {spent.mean:.2f} s, longest {spent.largest:.2f} s"
        )
    if ranked := overhead.rank_seconds:
        lines.append(
            f"of several ranks, which start as programs: median {ranked.median:.2f} s per launch"
        )
    if share := overhead.runner_share:
        lines.append(
            f"the runner's own CPU time during steps: median {share.median:.2%} of a core,"
            f" most {share.largest:.2%}"
        )
    starts = ", ".join(f"{count} by {kind.value}" for kind, count in overhead.started.items())
    lines += [f"started: {starts}"] * bool(starts)
    lines += (f"not forked: {shown(why)}" for why in overhead.fork_refused)
    return "\n".join(paragraph(line, width, hanging="  ") for line in lines)


def _table(results: Sequence[CellResult], columns: Sequence[_Column]) -> Table:
    """A row per cell: its numbers, how many steps they are of, and what is to be said of it.

    Cells that were skipped for the same reason as many others are counted below the table.
    """
    headers = ("cell", *(column.title for column in columns), "n", "")
    counted = {cell for ids in skipped_alike(results).values() for cell in ids}
    rows = [_row(result, columns) for result in results if result.cell.id not in counted]
    return Table("", headers, rows)


def _row(result: CellResult, columns: Sequence[_Column]) -> tuple[str, ...]:
    summary = result.summary
    if summary is None:
        status = result.status.words
        return (result.cell.id, *[MISSING] * len(columns), "0", status)
    numbers = (column.text(summary) for column in columns)
    return (result.cell.id, *numbers, str(summary.count), beside_result(result))


def _legend(results: Sequence[CellResult]) -> list[str]:
    summaries = [result.summary for result in results if result.summary is not None]
    few = any(
        interval is None
        for summary in summaries
        for interval in (
            summary.p50_interval_seconds,
            summary.p90_interval_seconds,
            summary.p95_interval_seconds,
            summary.p99_interval_seconds,
        )
    )
    return [
        *([_FEW] if few else []),
        *legend(caution for result in results for caution in result.cautions),
    ]


def _failures(run: ReportedRun) -> list[str]:
    """Every cell that is not whole, and those planned that have no launch at all."""
    return shortfalls(run.results, run.coverage.not_run, run.coverage.damaged)
