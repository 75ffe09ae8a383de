"""The columns that a training table derives from throughput: speedup, weak scaling, hours."""

from collections.abc import Iterable, Mapping, Sequence

from suite.model.cell import Mode, Precision
from suite.model.reading import IMAGENET_TRAINING_IMAGES
from suite.model.reference import Key, ReferenceRow, ScalingRow, TimeToTrainRow

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
