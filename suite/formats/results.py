"""The measured cells of a run as tables, for the terminal and for report.md."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from suite.analysis.intervals import samples_needed
from suite.analysis.results import coverage
from suite.formats.documents import fill_template
from suite.formats.launches import (
    doubts,
    intervals_table,
    last_output,
    launches_table,
    spread_table,
    steadiness_note,
    telemetry_notes,
    telemetry_table,
)
from suite.formats.markdown import code_block
from suite.formats.marks import legend, marks_and_launches, named_not_run, shortfall
from suite.formats.numbers import MISSING, milliseconds, percentile_milliseconds, rate
from suite.formats.plan import protocol_text
from suite.formats.ranks import rank_notes, ranks_table
from suite.formats.scaling import scaling_sections
from suite.formats.tables import TEXT_WIDTH, Dialect, Table, paragraph, write_table
from suite.model.launch import Launch, Status
from suite.model.run import CellResult, Run
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
    *_LATENCIES,
    _Column("min", lambda summary: milliseconds(summary.min_seconds)),
    _Column("max", lambda summary: milliseconds(summary.max_seconds)),
)

_COLUMNS_LEGEND = (
    "img/s = images / elapsed time; avg to p99 = latency of a step in ms; n = measured steps"
)
_FEW = (
    f"~ = not enclosed with 95 % confidence: p90 needs {samples_needed(0.90)} independent samples,"
    f" p95 {samples_needed(0.95)}, p99 {samples_needed(0.99)}"
)


def results_text(run: Run, results: Sequence[CellResult], width: int = TEXT_WIDTH) -> str:
    """What a run prints at its end: the table, its marks, and every cell that is not whole."""
    header = run.header
    table = _table(results, _COLUMNS)
    parts = [
        f"{shown(header.matrix)} on {shown(header.device)}"
        + (f", selected by {shown(header.selection)}" if header.selection else ""),
        write_table(table, Dialect.TERMINAL, width),
        *(paragraph(line, width) for line in (_COLUMNS_LEGEND, *_legend(results))),
    ]
    failures = _failures(run, results)
    if failures:
        parts += ["", *map(shown, failures)]
    for section in scaling_sections(run, results):
        lines = write_table(section.table, Dialect.TERMINAL, width)
        parts += ["", section.table.title, lines, paragraph(section.explanation, width)]
    return "\n".join(parts)


def report_markdown(run: Run, results: Sequence[CellResult]) -> str:
    """report.md: the conditions, the full table, and how each launch spent its time."""
    telemetry = telemetry_table(run.launches)
    ranks = ranks_table(run.launches)
    spread = spread_table(run.launches)
    return fill_template(
        "report.md.j2",
        run=run,
        protocol=protocol_text(run.header.protocol),
        results=write_table(_table(results, _ALL_COLUMNS), Dialect.MARKDOWN),
        legend=_legend(results),
        failures=_failures(run, results),
        last_output=[(title, code_block(text)) for title, text in last_output(run.launches)],
        scaling=[
            (section, write_table(section.table, Dialect.MARKDOWN))
            for section in scaling_sections(run, results)
        ],
        intervals=write_table(intervals_table(results), Dialect.MARKDOWN),
        doubts=doubts(run.launches, results),
        spread=write_table(spread, Dialect.MARKDOWN) if spread else "",
        steadiness_note=steadiness_note(),
        launches=write_table(launches_table(run.launches), Dialect.MARKDOWN),
        ranks=write_table(ranks, Dialect.MARKDOWN) if ranks else "",
        rank_notes=rank_notes(run.launches),
        telemetry=write_table(telemetry, Dialect.MARKDOWN) if telemetry else "",
        telemetry_notes=telemetry_notes(run.launches),
    )


def overhead_text(launches: Sequence[Launch]) -> str:
    """What isolation cost the launches that answered: their time, and the runner's own CPU time."""
    answered = [launch for launch in launches if launch.status is Status.OK]
    if not answered:
        return "outside build, compile and steps: unknown, as no launch went well"
    spent = [launch.overhead_seconds for launch in answered if not launch.ranks]
    shares = [
        launch.runner_cpu_seconds / launch.loop_seconds
        for launch in answered
        if launch.loop_seconds
    ]
    lines = []
    if spent:
        lines.append(
            f"outside build, compile and steps: median {median(spent):.2f} s per launch,"
            f" mean {fmean(spent):.2f} s, longest {max(spent):.2f} s"
        )
    ranked = [launch.overhead_seconds for launch in answered if launch.ranks]
    if ranked:
        lines.append(
            f"of several ranks, which start as programs: median {median(ranked):.2f} s per launch"
        )
    if shares:
        lines.append(
            f"the runner's own CPU time during steps: median {median(shares):.2%} of a core,"
            f" most {max(shares):.2%}"
        )
    return "\n".join([*lines, *_starts(answered)])


def _starts(launches: Sequence[Launch]) -> list[str]:
    """How many launches were forked and how many were not, with each reason once."""
    counts = Counter(launch.started_by for launch in launches if launch.started_by)
    starts = ", ".join(f"{count} by {kind.value}" for kind, count in counts.items())
    reasons = dict.fromkeys(launch.fork_refused for launch in launches if launch.fork_refused)
    return [f"started: {starts}"] * bool(starts) + [
        f"not forked: {shown(text)}" for text in reasons
    ]


def _table(results: Sequence[CellResult], columns: Sequence[_Column]) -> Table:
    """A row per cell: its numbers, how many steps they are of, and what is to be said of it."""
    headers = ("cell", *(column.title for column in columns), "n", "")
    return Table("", headers, [_row(result, columns) for result in results])


def _row(result: CellResult, columns: Sequence[_Column]) -> tuple[str, ...]:
    summary = result.summary
    if summary is None:
        status = result.status.value.replace("_", " ")
        return (result.cell.id, *[MISSING] * len(columns), "0", status)
    numbers = (column.text(summary) for column in columns)
    return (result.cell.id, *numbers, str(summary.count), marks_and_launches(result))


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


def _failures(run: Run, results: Sequence[CellResult]) -> list[str]:
    """Every cell that is not whole, and those planned that have no launch at all."""
    lines = [f"{result.cell.id}: {shortfall(result)}" for result in results if not result.is_whole]
    return lines + named_not_run(coverage(run.header, results).not_run)
