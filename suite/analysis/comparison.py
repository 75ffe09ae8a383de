"""A run beside a reference: its cells joined with the rows, and the page's tables of training."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from suite.analysis.bands import Band, judge
from suite.analysis.ratios import enclosing, log_ratio_to_constant
from suite.analysis.scaling import (
    published_lines,
    scaling,
    scaling_lines,
    speedup,
    time_to_train_hours,
)
from suite.analysis.speedups import speedups
from suite.model.cell import Cell, KernelName, Mode
from suite.model.errors import NotComparableError
from suite.model.launch import Caution
from suite.model.reference import (
    Key,
    Metric,
    Reference,
    ReferenceRow,
    ReferenceTable,
    ScalingRow,
    key_of,
    reference_key,
)
from suite.model.report import (
    ComparedCell,
    ComparedNumber,
    ComparedTraining,
    Comparison,
    Estimator,
    Scaling,
    ScalingKind,
    ScalingLine,
    Side,
    TrainingTable,
    TypicalRatio,
)
from suite.model.run import CellResult, RunHeader
from suite.model.summary import Interval, Summary
from suite.model.systems import system_by_key, system_of_gpu


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the page: its unit, and its number and interval of a summary in that unit."""

    unit: str
    number: Callable[[Summary], float]
    interval: Callable[[Summary], Interval | None] = lambda _: None


# The summaries of each cell's launches that are ok.
Launches = Mapping[Cell, Sequence[Summary]]
_NO_LAUNCHES: Launches = {}


def _milliseconds(interval: Interval | None) -> Interval | None:
    return None if interval is None else (interval[0] * 1e3, interval[1] * 1e3)


# The page's columns by the page's own definitions: throughput is the mean of per-step rates,
# latencies are ms per step with linearly interpolated percentiles.
_COLUMNS: Mapping[Metric, _Column] = {
    Metric.THROUGHPUT: _Column("img/s", lambda summary: summary.mean_of_rates),
    Metric.LATENCY_AVG: _Column("ms", lambda summary: summary.mean_seconds * 1e3),
    Metric.LATENCY_P90: _Column(
        "ms",
        lambda summary: summary.p90_seconds * 1e3,
        lambda summary: _milliseconds(summary.p90_interval_seconds),
    ),
    Metric.LATENCY_P95: _Column(
        "ms",
        lambda summary: summary.p95_seconds * 1e3,
        lambda summary: _milliseconds(summary.p95_interval_seconds),
    ),
    Metric.LATENCY_P99: _Column(
        "ms",
        lambda summary: summary.p99_seconds * 1e3,
        lambda summary: _milliseconds(summary.p99_interval_seconds),
    ),
}


def compare_run(
    run: int,
    header: RunHeader,
    results: Sequence[CellResult],
    devices: Mapping[Cell, str],
    reference: Reference,
    bands: Sequence[Band],
    launches: Launches = _NO_LAUNCHES,
) -> Comparison:
    """A run beside a published system; `run` is its place among the runs of a report.

    Cells that name the GPU of another published system stand beside that one. `bands` judge no
    ratio to another GPU than the system's. `devices` are the labels of those on which cells ran;
    `launches` tell how far ratios can be trusted.

    Raises:
        NotComparableError: no cell is on both sides, nor is any weak scaling.
    """
    row = reference.table.rows[0]
    own = [result for result in results if _stands_beside(result.cell, row.system)]
    system = system_by_key(row.system)
    named = dict.fromkeys(
        devices[result.cell] for result in own if result.cell.gpu and result.summary
    )
    gpus: list[str | None] = [*named] or [header.gpu]
    same_gpu = all(_is_gpu_of(gpu, row.system) for gpu in gpus)
    # What separates two machines with one GPU says nothing of machines with different ones.
    judging = bands if same_gpu or system is None else None
    cells = compare(own, reference.table, judging, launches)
    measured = _weak(own)
    published = scaling(ScalingKind.WEAK, Estimator.MEAN_OF_RATES, published_lines(reference))
    both_scale = bool(published.lines) and any(line.factor for line in measured.lines)
    if not both_scale and not any(cell.side is Side.BOTH for cell in cells):
        raise NotComparableError(
            f"the run and reference {reference.table.name} have no cell in common; run the matrix"
            " that names this reference"
        )
    return Comparison(
        run=run,
        device=" and ".join(named) or header.device,
        reference=reference.table.name,
        published_for=(
            system.title if system else f"{row.system} ({row.gpu} {row.gpu_memory_gb}G)"
        ),
        same_gpu=same_gpu,
        cells=cells,
        training=_training_tables(cells, reference, measured.lines),
        measured_scaling=measured,
        published_scaling=published,
        typical=_typical(cells) if same_gpu else None,
        speedups=speedups(own, launches, Estimator.MEAN_OF_RATES, reference.table),
    )


def _typical(cells: Sequence[ComparedCell]) -> TypicalRatio | None:
    """Of whole cells without a caution, beside rows that do not disagree with themselves."""
    numbers = [cell.numbers[Metric.THROUGHPUT] for cell in cells if _is_sound(cell)]
    ratios = [number.ratio for number in numbers if number.ratio is not None]
    if not ratios:
        return None
    return TypicalRatio(
        median=median(ratios), lowest=min(ratios), highest=max(ratios), cells=len(ratios)
    )


def _is_sound(cell: ComparedCell) -> bool:
    number = cell.numbers[Metric.THROUGHPUT]
    is_steady = cell.row is not None and cell.row.estimators_agree
    return is_steady and number.is_whole and not number.cautions


def _stands_beside(cell: Cell, system: str) -> bool:
    return reference_key(cell) in {None, system}


def _is_gpu_of(gpu: str | None, system: str) -> bool:
    found = system_of_gpu(gpu) if gpu else None
    return found is not None and found.key == system


def compare(
    results: Sequence[CellResult],
    table: ReferenceTable,
    bands: Sequence[Band] | None,
    launches: Launches = _NO_LAUNCHES,
) -> tuple[ComparedCell, ...]:
    """Join the cells of a run with the rows of a reference, in the page's order.

    A measured cell that does other work than the published (DALI, a batch kept on the GPU, another
    image size, the simulated kernel) joins no row.
    """
    measured = [
        _compared(
            key_of(result.cell),
            result,
            table.find(result.cell),
            bands,
            launches.get(result.cell, ()),
        )
        for result in results
    ]
    joined = {cell.key for cell in measured if cell.row is not None}
    unjoined = [row for row in table.rows if row.key not in joined]
    cells = [*measured, *(_compared(row.key, None, row, bands) for row in unjoined)]
    return tuple(sorted(cells, key=_order))


def _weak(results: Sequence[CellResult]) -> Scaling:
    """The measured weak scaling of the real network, by the published estimator."""
    real = [result for result in results if result.cell.kernel is KernelName.RESNET50]
    estimator = Estimator.MEAN_OF_RATES
    return scaling(ScalingKind.WEAK, estimator, scaling_lines(real, ScalingKind.WEAK, estimator))


def _compared(
    key: Key,
    result: CellResult | None,
    row: ReferenceRow | None,
    bands: Sequence[Band] | None,
    launches: Sequence[Summary] = (),
) -> ComparedCell:
    return ComparedCell(
        key=key,
        side=Side.BOTH if result and row else Side.MEASURED if result else Side.PUBLISHED,
        cell_id=result.cell.id if result else None,
        result=result,
        row=row,
        numbers={metric: _number(metric, result, row, bands, launches) for metric in Metric},
    )


def _number(
    metric: Metric,
    result: CellResult | None,
    row: ReferenceRow | None,
    bands: Sequence[Band] | None,
    launches: Sequence[Summary],
) -> ComparedNumber:
    column, summary = _COLUMNS[metric], result.summary if result else None
    measured = column.number(summary) if summary else None
    published = row.value(metric) if row else None
    ratio = _ratio(measured, published)
    return ComparedNumber(
        unit=column.unit,
        measured=measured,
        interval=column.interval(summary) if summary else None,
        samples=summary.count if summary else 0,
        published=published,
        ratio=ratio,
        ratio_interval=_ratio_interval(metric, launches, published, ratio),
        judgement=judge(ratio, metric, row, bands) if ratio is not None and row else None,
        cautions=result.cautions if result else (),
        is_whole=result is None or result.is_whole,
    )


def _ratio_interval(
    metric: Metric, launches: Sequence[Summary], published: float | None, ratio: float | None
) -> Interval | None:
    if not metric.is_mean or published is None or ratio is None:
        return None
    numbers = [_COLUMNS[metric].number(launch) for launch in launches]
    return enclosing(log_ratio_to_constant(numbers, published), ratio)


def _ratio(measured: float | None, published: float | None) -> float | None:
    return None if measured is None or published is None else measured / published


def _order(cell: ComparedCell) -> tuple[object, ...]:
    """The page's order; among cells alike, those that joined no row first."""
    return (cell.key.page_order, cell.row is not None)


def _training_tables(
    cells: Sequence[ComparedCell], reference: Reference, scaled: Sequence[ScalingLine]
) -> tuple[TrainingTable, ...]:
    """The page's training tables, with the lines of which some cell was measured."""
    training = {
        cell.key: cell
        for cell in cells
        if cell.side is Side.BOTH and cell.key.mode is Mode.TRAINING
    }
    measured = [
        line for line in reference.scaling if line.base_key in training or line.amp_key in training
    ]
    by_cell = {line.cell: line for line in scaled}
    return tuple(
        TrainingTable(
            base_precision=alike.base_precision,
            xla=alike.xla,
            lines=tuple(_training_line(line, training, by_cell, reference) for line in lines),
        )
        for alike, lines in _grouped(measured)
    )


def _grouped(lines: Sequence[ScalingRow]) -> list[tuple[ScalingRow, list[ScalingRow]]]:
    """Lines of one base precision and XLA state, after the first of them."""
    groups = groupby(lines, key=lambda line: (line.base_precision, line.xla))
    listed = [list(group) for _, group in groups]
    return [(group[0], group) for group in listed]


def _training_line(
    line: ScalingRow,
    cells: Mapping[Key, ComparedCell],
    scaled: Mapping[Cell, ScalingLine],
    reference: Reference,
) -> ComparedTraining:
    base = _rate(line.base_key, cells, reference)
    amp = _rate(line.amp_key, cells, reference)
    return ComparedTraining(
        gpus=line.gpus,
        batch_size_base=line.batch_size_base,
        batch_size_amp=line.batch_size_amp,
        base=base,
        amp=amp,
        speedup=_speedup(base, amp, line.throughput_speedup),
        base_weak_scaling=_weak_scaling(line.base_key, line.weak_scaling_base, cells, scaled),
        amp_weak_scaling=_weak_scaling(line.amp_key, line.weak_scaling_amp, cells, scaled),
        base_hours=_hours(base, reference.hours(line.base_key)),
        amp_hours=_hours(amp, reference.hours(line.amp_key)),
    )


def _rate(
    key: Key | None, cells: Mapping[Key, ComparedCell], reference: Reference
) -> ComparedNumber:
    cell = cells.get(key) if key else None
    if cell is not None:
        return cell.numbers[Metric.THROUGHPUT]
    published = reference.table.rate(key)
    return ComparedNumber(unit="img/s", measured=None, published=published, ratio=None)


def _speedup(base: ComparedNumber, amp: ComparedNumber, published: float | None) -> ComparedNumber:
    measured = None
    if base.measured is not None and amp.measured is not None:
        measured = speedup(amp.measured, base.measured)
    return ComparedNumber(
        unit="x",
        measured=measured,
        samples=base.samples + amp.samples if measured is not None else 0,
        published=published,
        ratio=_ratio(measured, published),
        cautions=tuple(dict.fromkeys((*base.cautions, *amp.cautions))),
        is_whole=base.is_whole and amp.is_whole,
    )


def _weak_scaling(
    key: Key | None,
    published: float | None,
    cells: Mapping[Key, ComparedCell],
    scaled: Mapping[Cell, ScalingLine],
) -> ComparedNumber:
    """Weak scaling, with the doubts about either of its cells; that of one GPU is 1."""
    compared = cells.get(key) if key else None
    result = compared.result if compared else None
    measured: float | None = None
    cautions: tuple[Caution, ...] = ()
    if result is not None and result.summary is not None:
        line = scaled.get(result.cell)
        if result.cell.gpus == 1:
            measured = 1.0
        elif line is not None:
            measured, cautions = line.factor, line.cautions
    return ComparedNumber(
        unit="x",
        measured=measured,
        samples=result.summary.count if measured is not None and result and result.summary else 0,
        published=published,
        ratio=_ratio(measured, published),
        cautions=cautions,
    )


def _hours(rate: ComparedNumber, published: float | None) -> ComparedNumber:
    """Hours at a measured throughput, with its doubts."""
    measured = None if rate.measured is None else time_to_train_hours(rate.measured)
    return ComparedNumber(
        unit="h",
        measured=measured,
        samples=rate.samples,
        published=published,
        ratio=_ratio(measured, published),
        cautions=rate.cautions,
        is_whole=rate.is_whole,
    )
