"""Every cell: a line in the list, and what opens under it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from suite.analysis.intervals import samples_needed
from suite.formats.annotations import shortfall
from suite.formats.html.steps import FEW_STEPS, StepsDrawing, draw_steps, spark
from suite.formats.html.text import (
    Named,
    cell_look,
    cell_name,
    conditions,
    from_to,
    milliseconds_from_to,
    state_words,
    times,
)
from suite.formats.numbers import MISSING, milliseconds, page_number, percentile_milliseconds, rate
from suite.formats.palette import Look
from suite.formats.scaling import rank_word
from suite.formats.telemetry import telemetry_facts
from suite.kernels.interface import KernelOptions
from suite.model.cell import Data
from suite.model.facts import Facts
from suite.model.launch import Launch, Status
from suite.model.reading import Reading, applicable_reading
from suite.model.reference import Metric
from suite.model.report import (
    CellState,
    ComparedCell,
    LaunchRow,
    RankRow,
    ReportedRun,
    Steadiness,
)
from suite.model.run import CellResult, RunHeader
from suite.model.summary import Interval, Summary
from suite.model.text import command
from suite.run.flags import command_line
from suite.run.order import LaunchOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyLine:
    """A statistic of the latency in ms: as measured, its interval or why there is none."""

    name: str
    measured: str
    interval: str
    published: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineLine:
    """A quantity, its unit included, and its text for each launch."""

    name: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineTable:
    """What the machine did during the launches of a cell."""

    launches: tuple[str, ...]
    lines: tuple[MachineLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchPart:
    """A launch in the details: how it went, its steps and its ranks."""

    title: str
    note: str
    drawing: StepsDrawing | None
    reason: str
    output: str
    ranks: tuple[RankRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPart:
    """A cell in the list and its details; empty text stands for what is not known."""

    result: CellResult
    look: Look
    conditions: str
    name: str
    state: CellState
    words: str
    shortfall: str
    ratio: str
    interval: str
    spark: str
    few: bool
    estimators: str
    latencies: tuple[LatencyLine, ...]
    is_published: bool
    proven: tuple[Named, ...]
    machine: MachineTable | None
    launches: tuple[LaunchPart, ...]
    command: str


def cell_parts(run: ReportedRun, compared: Mapping[str, ComparedCell]) -> list[CellPart]:
    """Every cell that has a record, in the order of the matrix."""
    launches: dict[str, list[LaunchRow]] = {}
    for row in run.launches:
        launches.setdefault(row.cell_id, []).append(row)
    return [
        _cell_part(run, result, launches[cell_id], compared.get(cell_id))
        for cell_id, result in run.cells.items()
    ]


def _cell_part(
    run: ReportedRun,
    result: CellResult,
    launches: Sequence[LaunchRow],
    beside: ComparedCell | None,
) -> CellPart:
    rank = rank_word(run.header)
    state = run.glance.states[result.cell.id]
    throughput = beside.numbers[Metric.THROUGHPUT] if beside else None
    ok = [row for row in launches if row.record.status is Status.OK]
    measured = [seconds for row in ok for seconds in row.record.step_seconds]
    return CellPart(
        result=result,
        look=cell_look(result.cell),
        conditions=conditions(result.cell, rank),
        name=cell_name(result.cell, rank),
        state=state,
        words=state_words(result, state),
        shortfall=shortfall(result),
        ratio=times(throughput.ratio) if throughput and throughput.ratio is not None else "",
        interval=from_to(throughput.ratio_interval) if throughput else "",
        spark=spark(measured, result.summary.p50_seconds) if result.summary else "",
        few=len(measured) <= FEW_STEPS,
        estimators=_estimators(result.summary),
        latencies=tuple(_latencies(result.summary, beside)) if result.summary else (),
        is_published=beside is not None and beside.published(Metric.LATENCY_AVG) is not None,
        proven=tuple(proven_facts(ok[-1].record.conditions)) if ok else (),
        machine=_machine(launches),
        launches=tuple(_launch_part(row, len(launches)) for row in launches),
        command=_command(run.header, launches[-1]),
    )


def _estimators(summary: Summary | None) -> str:
    if summary is None:
        return ""
    return (
        f"{rate(summary.images_per_second)} img/s is images / elapsed time;"
        f" {rate(summary.mean_of_rates)} is the mean of per-step rates, the published estimator."
    )


def _latencies(summary: Summary, beside: ComparedCell | None) -> list[LatencyLine]:
    def published(metric: Metric) -> str:
        value = beside.published(metric) if beside else None
        return "" if value is None else page_number(value)

    def line(name: str, fraction: float, seconds: float, interval: Interval | None) -> LatencyLine:
        metric = _PUBLISHED.get(name)
        return LatencyLine(
            name=name,
            measured=percentile_milliseconds(seconds, interval),
            interval=(
                milliseconds_from_to(interval) if interval else _lacking(summary.count, fraction)
            ),
            published=published(metric) if metric else "",
        )

    return [
        _plain("average", summary.mean_seconds, published(Metric.LATENCY_AVG)),
        line("p50", 0.50, summary.p50_seconds, summary.p50_interval_seconds),
        line("p90", 0.90, summary.p90_seconds, summary.p90_interval_seconds),
        line("p95", 0.95, summary.p95_seconds, summary.p95_interval_seconds),
        line("p99", 0.99, summary.p99_seconds, summary.p99_interval_seconds),
        _plain("shortest", summary.min_seconds),
        _plain("longest", summary.max_seconds),
    ]


_PUBLISHED = {
    "p90": Metric.LATENCY_P90,
    "p95": Metric.LATENCY_P95,
    "p99": Metric.LATENCY_P99,
}


def _plain(name: str, seconds: float, published: str = "") -> LatencyLine:
    return LatencyLine(name=name, measured=milliseconds(seconds), interval="", published=published)


def _lacking(count: int, fraction: float) -> str:
    needed = samples_needed(fraction)
    return f"needs {needed} steps" if count < needed else f"needs {needed} independent steps"


def proven_facts(facts: Facts) -> list[Named]:
    """What the executed launch showed of itself, in words."""
    precision = facts.compute_type or ""
    if facts.tf32:
        precision += " (TF32)"
    if facts.xla_compute_type:
        precision += f", in XLA {facts.xla_compute_type}"
    xla = facts.xla or ""
    if facts.xla_clusters:
        xla += f", {facts.xla_clusters} clusters"
    layout = ", ".join(facts.layouts or ())
    if facts.transposes is not None:
        layout += f", {facts.transposes} transposes"
    counted = {
        "convolutions": facts.convolutions,
        "fused batch normalizations": facts.fused_batch_normalizations,
        "casts": facts.casts,
        "operations by oneDNN": facts.onednn_operations,
        "all-reduces": facts.all_reduces,
    }
    graph = ", ".join(f"{count} {name}" for name, count in counted.items() if count)
    source = facts.input or ""
    if facts.input_staging:
        source += f", {facts.input_staging}"
    if facts.input_wait_share is not None:
        source += f"; steps waited for it {facts.input_wait_share:.1%} of their time"
    found = {
        "simulated": "a stand-in slept instead of computing" if facts.simulated else "",
        "device": facts.device_type or "",
        "computed in": precision,
        "XLA": xla,
        "layout": layout,
        "graph": graph,
        "input": source,
        "loss": "" if facts.loss is None else f"{facts.loss:.5g}",
        "parameters": "" if facts.parameters is None else f"{facts.parameters:,}",
    }
    return [Named(name=name, text=text) for name, text in found.items() if text]


def _launch_part(row: LaunchRow, launches: int) -> LaunchPart:
    record = row.record
    return LaunchPart(
        title=f"Launch {record.launch + 1}" + (f" of {launches}" if launches > 1 else ""),
        note=_launch_note(row),
        drawing=draw_steps(row) if record.step_seconds else None,
        reason=record.reason,
        output=record.output_tail,
        ranks=row.ranks,
    )


def _launch_note(row: LaunchRow) -> str:
    if row.record.status is not Status.OK or row.summary is None:
        return row.record.status.words
    steady = "" if row.steadiness is Steadiness.NOT_JUDGED else f", {row.steadiness.value}"
    return f"{rate(row.summary.images_per_second)} img/s{steady}"


def _machine(launches: Sequence[LaunchRow]) -> MachineTable | None:
    """What was read meanwhile, a column a launch (of several ranks rank 0), and where time went."""
    columns = [
        dict(_readings(row)) | dict(_phases(row)) for row in launches if row.record.wall_seconds
    ]
    names = dict.fromkeys(name for column in columns for name in column)
    if not names:
        return None
    return MachineTable(
        launches=tuple(str(row.record.launch + 1) for row in launches if row.record.wall_seconds),
        lines=tuple(
            MachineLine(name=name, texts=tuple(column.get(name, MISSING) for column in columns))
            for name in names
        ),
    )


def _readings(row: LaunchRow) -> Mapping[str, str]:
    return telemetry_facts(row.telemetry[0]) if row.telemetry else {}


def _phases(row: LaunchRow) -> Iterator[tuple[str, str]]:
    record = row.record
    for phase, seconds in record.startup_seconds.items():
        yield f"{phase} s", f"{seconds:.1f}"
    if record.warmup_seconds:
        yield "warm-up s", f"{sum(record.warmup_seconds):.1f}"
    if record.step_seconds:
        yield "steps s", f"{sum(record.step_seconds):.1f}"
    yield "whole launch s", f"{record.wall_seconds:.1f}"


def _command(header: RunHeader, row: LaunchRow) -> str:
    """What measures the cell again: the kernel by hand, or for several ranks the runner."""
    record = row.record
    if record.cell.gpus > 1:
        return command(["python", "bench.py", "run", header.matrix, "--cell", record.cell.id])
    return command_line(
        LaunchOrder(cell=record.cell, protocol=record.protocol, options=_options(header, record))
    )


def _options(header: RunHeader, record: Launch) -> KernelOptions:
    """The options with which a cell was launched, as far as records hold them."""
    cell, data = record.cell, header.data or {}

    def text(name: str) -> str | None:
        return str(data[name]) if data.get(name) is not None else None

    options = KernelOptions(threads=record.conditions.intra_op_threads, weights=text("weights"))
    if not cell.reads_records:
        return options

    def count(name: str) -> int | None:
        value = data.get(name)
        return value if isinstance(value, int) else None

    wanted = Reading(
        shuffled_records=count("shuffled_records"),
        decode_threads=count("decode_threads"),
        open_files=count("open_files"),
    )
    return replace(
        options,
        data_dir=text("data_dir"),
        data_idx_dir=text("data_idx_dir") if cell.data is Data.DALI else None,
        reading=applicable_reading(wanted, cell),
    )
