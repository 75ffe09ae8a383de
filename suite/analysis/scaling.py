"""Training over several GPUs: measured and published scaling, and the page's derived columns."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from suite.model.cell import Cell, Mode, Precision
from suite.model.launch import Status
from suite.model.reading import IMAGENET_TRAINING_IMAGES
from suite.model.reference import Key, Reference, ReferenceRow, ScalingRow, TimeToTrainRow
from suite.model.report import (
    CurvePoint,
    Estimator,
    Scaling,
    ScalingCurve,
    ScalingKind,
    ScalingLine,
)
from suite.model.run import CellResult

# The epochs of the published time-to-train tables.
PUBLISHED_EPOCHS = 90


def speedup(throughput_img_s: float, base_img_s: float) -> float:
    """How many times the base throughput; the page sets AMP over fp32 or tf32."""
    return throughput_img_s / base_img_s


def weak_scaling(throughput_img_s: float, one_gpu_img_s: float) -> float:
    """Throughput over all GPUs over that of one GPU at the same batch size per GPU."""
    return throughput_img_s / one_gpu_img_s


def time_to_train_hours(throughput_img_s: float, epochs: int = PUBLISHED_EPOCHS) -> float:
    """Hours for `epochs` passes over ImageNet's training images at a steady throughput.

    Evaluation, checkpoints and start-up are left out, as on the page.
    """
    return epochs * IMAGENET_TRAINING_IMAGES / throughput_img_s / 3600


def scaling_of(rows: Iterable[ReferenceRow]) -> tuple[ScalingRow, ...]:
    """The lines of the training tables of one system, derived from its throughputs.

    AMP is paired with fp32 and with tf32, whichever is there. Where each side has a single batch
    size the two are paired whatever it is, as on the page (128 for FP32 beside 256 for AMP);
    otherwise equal batch sizes are paired, and a row without a partner makes a line of its own.
    """
    training = [row for row in rows if row.mode is Mode.TRAINING]
    rates = {row.key: row.throughput_img_s for row in training}
    return tuple(
        _line(base_precision, base, amp, rates)
        for base_precision in _base_precisions(training)
        for xla, gpus in sorted({(row.xla, row.gpus) for row in training})
        for base, amp in _paired(
            _alike(training, base_precision, gpus, xla=xla),
            _alike(training, Precision.AMP, gpus, xla=xla),
        )
    )


def _alike(
    training: Sequence[ReferenceRow], precision: Precision, gpus: int, *, xla: bool
) -> list[ReferenceRow]:
    return [
        row
        for row in training
        if row.precision is precision and row.gpus == gpus and row.xla is xla
    ]


def _base_precisions(training: Sequence[ReferenceRow]) -> list[Precision]:
    present = {row.precision for row in training}
    bases: list[Precision] = [
        base for base in Precision if base is not Precision.AMP and base in present
    ]
    return bases or ([Precision.FP32] if training else [])


def _paired(
    base_rows: Sequence[ReferenceRow], amp_rows: Sequence[ReferenceRow]
) -> list[tuple[ReferenceRow | None, ReferenceRow | None]]:
    if len(base_rows) == len(amp_rows) == 1:
        return [(base_rows[0], amp_rows[0])]
    base = {row.batch_size: row for row in base_rows}
    amp = {row.batch_size: row for row in amp_rows}
    return [(base.get(size), amp.get(size)) for size in sorted(base.keys() | amp.keys())]


def _line(
    base_precision: Precision,
    base: ReferenceRow | None,
    amp: ReferenceRow | None,
    rates: Mapping[Key, float],
) -> ScalingRow:
    one = next(row for row in (base, amp) if row is not None)
    return ScalingRow(
        system=one.system,
        gpus=one.gpus,
        xla=one.xla,
        base_precision=base_precision,
        batch_size_base=base.batch_size if base else None,
        batch_size_amp=amp.batch_size if amp else None,
        throughput_speedup=(
            speedup(amp.throughput_img_s, base.throughput_img_s) if base and amp else None
        ),
        weak_scaling_base=_scaled(base, rates),
        weak_scaling_amp=_scaled(amp, rates),
    )


def _scaled(row: ReferenceRow | None, rates: Mapping[Key, float]) -> float | None:
    one_gpu = rates.get(row.key.on_one_gpu) if row else None
    return weak_scaling(row.throughput_img_s, one_gpu) if row and one_gpu else None


def times_of(rows: Iterable[ReferenceRow]) -> tuple[TimeToTrainRow, ...]:
    """Hours for 90 epochs at each training throughput, in the order of the rows."""
    return tuple(
        TimeToTrainRow(
            system=row.system,
            gpus=row.gpus,
            precision=row.precision,
            xla=row.xla,
            batch_size=row.batch_size,
            epochs=PUBLISHED_EPOCHS,
            hours=time_to_train_hours(row.throughput_img_s),
        )
        for row in rows
        if row.mode is Mode.TRAINING
    )


def base_of(cell: Cell, kind: ScalingKind) -> Cell:
    """The cell on one GPU that is alike in everything that scaling of this kind keeps equal."""
    size = cell.batch_size if kind is ScalingKind.WEAK else cell.global_batch_size
    return replace(cell, gpus=1, batch_size=size)


def scaling_lines(
    results: Sequence[CellResult], kind: ScalingKind, estimator: Estimator
) -> tuple[ScalingLine, ...]:
    """A line for every training cell on several GPUs, by base and then by GPUs.

    A cell whose only base belongs to the other kind has no line in this one. Nothing at all
    where the run has a single number of GPUs.
    """
    training = {result.cell: result for result in results if result.cell.mode is Mode.TRAINING}
    if len({cell.gpus for cell in training}) < 2:
        return ()
    several = [cell for cell in training if cell.gpus > 1 and _belongs(cell, kind, training)]
    bases = list(dict.fromkeys(base_of(cell, kind) for cell in several))
    several.sort(key=lambda cell: (bases.index(base_of(cell, kind)), cell.gpus))
    return tuple(
        _scaling_line(
            training[cell], base_of(cell, kind), training.get(base_of(cell, kind)), estimator
        )
        for cell in several
    )


def published_lines(reference: Reference) -> tuple[ScalingLine, ...]:
    """The weak scaling of a reference, with its own factors and hours."""
    table = reference.table
    lines: dict[Cell, ScalingLine] = {}
    for row in reference.scaling:
        sides = (
            (row.base_key, row.weak_scaling_base),
            (row.amp_key, row.weak_scaling_amp),
        )
        for key, factor in sides:
            if row.gpus == 1 or key is None or factor is None:
                continue
            cell = Cell(
                mode=key.mode,
                precision=key.precision,
                xla=key.xla,
                batch_size=key.batch_size,
                gpus=key.gpus,
            )
            lines[cell] = ScalingLine(
                cell=cell,
                base=base_of(cell, ScalingKind.WEAK),
                base_img_s=table.rate(key.on_one_gpu),
                img_s=table.rate(key),
                factor=factor,
                of_linear=factor / key.gpus,
                hours=reference.hours(key),
            )
    return tuple(lines.values())


def scaling(kind: ScalingKind, estimator: Estimator, lines: Sequence[ScalingLine]) -> Scaling:
    """The lines of one kind with their curves and doubts."""
    cautions = dict.fromkeys(caution for line in lines if line.factor for caution in line.cautions)
    return Scaling(
        kind=kind,
        estimator=estimator,
        lines=tuple(lines),
        curves=scaling_curves(lines),
        cautions=tuple(cautions),
    )


def scaling_curves(lines: Iterable[ScalingLine]) -> tuple[ScalingCurve, ...]:
    """A curve for each base; lines without both throughputs are left out."""
    whole: dict[Cell, list[ScalingLine]] = {}
    for line in lines:
        if None not in {line.base_img_s, line.img_s, line.factor}:
            whole.setdefault(line.base, []).append(line)
    return tuple(_curve(base, alike) for base, alike in whole.items())


def _curve(base: Cell, lines: Sequence[ScalingLine]) -> ScalingCurve:
    rates = {1: lines[0].base_img_s, **{line.cell.gpus: line.img_s for line in lines}}
    last = max(lines, key=lambda line: line.cell.gpus)
    return ScalingCurve(
        base=base,
        points=tuple(
            CurvePoint(gpus, rate) for gpus, rate in sorted(rates.items()) if rate is not None
        ),
        factor=last.factor or 0.0,
        of_linear=last.of_linear or 0.0,
    )


def _belongs(cell: Cell, kind: ScalingKind, cells: Collection[Cell]) -> bool:
    """Whether a cell has its base here, or has none at all and this kind is what was meant."""
    based = [one for one in ScalingKind if base_of(cell, one) in cells]
    if based:
        return kind in based
    strong_only = _alone(cell, ScalingKind.WEAK, cells) and not _alone(
        cell, ScalingKind.STRONG, cells
    )
    return kind is (ScalingKind.STRONG if strong_only else ScalingKind.WEAK)


def _alone(cell: Cell, kind: ScalingKind, cells: Collection[Cell]) -> bool:
    return all(other == cell or base_of(other, kind) != base_of(cell, kind) for other in cells)


def _scaling_line(
    result: CellResult, base: Cell, base_result: CellResult | None, estimator: Estimator
) -> ScalingLine:
    rate, base_rate = _rate(result, estimator), _rate(base_result, estimator)
    cautions = (*(base_result.cautions if base_result else ()), *result.cautions)
    problem = ""
    if rate is None:
        problem = _lack(result)
    elif base_rate is None:
        problem = f"base {_lack(base_result)}"
    factor = None if rate is None or base_rate is None else weak_scaling(rate, base_rate)
    return ScalingLine(
        cell=result.cell,
        base=base,
        base_img_s=base_rate,
        img_s=rate,
        factor=factor,
        of_linear=None if factor is None else factor / result.cell.gpus,
        hours=None if rate is None else time_to_train_hours(rate),
        problem=problem,
        cautions=tuple(dict.fromkeys(cautions)),
    )


def _rate(result: CellResult | None, estimator: Estimator) -> float | None:
    """The throughput of a whole measurement; a cell that lacks a launch has none."""
    if result is None or not result.is_whole or result.summary is None:
        return None
    rate: float = getattr(result.summary, estimator.value)
    return rate


def _lack(result: CellResult | None) -> str:
    """Why a cell has no throughput, in the words of its status."""
    if result is None:
        return "not run"
    if result.status is not Status.OK:
        return result.status.words
    return "not finished"
