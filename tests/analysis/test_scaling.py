"""suite.analysis.scaling: the derived columns of a training table."""

from dataclasses import replace

import pytest
from builders import make_row

from suite.analysis.scaling import scaling_of, speedup, time_to_train_hours, times_of, weak_scaling
from suite.model.cell import Mode, Precision
from suite.model.reference import ReferenceRow, ScalingRow


def training(
    precision: Precision, batch_size: int, rate: float, *, gpus: int = 1, xla: bool = True
) -> ReferenceRow:
    """A training row of a made-up system."""
    return make_row(
        system="mine",
        gpu="V100",
        mode=Mode.TRAINING,
        precision=precision,
        xla=xla,
        gpus=gpus,
        batch_size=batch_size,
        throughput_img_s=rate,
    )


def line(
    gpus: int,
    sizes: tuple[int | None, int | None],
    numbers: tuple[float | None, float | None, float | None],
) -> ScalingRow:
    """A line with FP32 as its base."""
    return ScalingRow(
        system="mine",
        gpus=gpus,
        xla=True,
        base_precision=Precision.FP32,
        batch_size_base=sizes[0],
        batch_size_amp=sizes[1],
        throughput_speedup=numbers[0],
        weak_scaling_base=numbers[1],
        weak_scaling_amp=numbers[2],
    )


def test_the_published_formulas_give_the_published_numbers() -> None:
    """DGX-1's 3.08x, 7.69x and about 25 hours follow from its throughputs."""
    numbers = (speedup(1270, 412), weak_scaling(3170, 412), time_to_train_hours(1270))

    assert numbers == pytest.approx((3.083, 7.694, 25.220), abs=0.001)


def test_hours_count_the_epochs_asked_for() -> None:
    """One epoch at one image per second is ImageNet's 1,281,167 images in seconds."""
    hours = time_to_train_hours(1.0, epochs=1)

    assert round(hours * 3600) == 1_281_167


def test_a_single_batch_size_on_each_side_is_paired_as_on_the_page() -> None:
    """FP32 at 128 stands beside AMP at 256, each scaled by its own single-GPU row."""
    rows = [
        training(Precision.FP32, 128, 400.0),
        training(Precision.AMP, 256, 1000.0),
        training(Precision.FP32, 128, 3000.0, gpus=8),
        training(Precision.AMP, 256, 7000.0, gpus=8),
    ]
    inference = replace(rows[0], mode=Mode.INFERENCE, batch_size=1)

    assert scaling_of([inference, *rows]) == (
        line(1, (128, 256), (2.5, 1.0, 1.0)),
        line(8, (128, 256), (7000 / 3000, 7.5, 7.0)),
    )


def test_several_batch_sizes_are_paired_by_size_and_the_rest_stand_alone() -> None:
    """A number that has no partner or no single-GPU row leaves its derived columns empty."""
    rows = [
        training(Precision.FP32, 64, 300.0),
        training(Precision.FP32, 128, 400.0),
        training(Precision.AMP, 64, 600.0),
        training(Precision.AMP, 256, 1000.0, gpus=8),
    ]

    assert scaling_of(rows) == (
        line(1, (64, 64), (2.0, 1.0, 1.0)),
        line(1, (128, None), (None, 1.0, None)),
        line(8, (None, 256), (None, None, None)),
    )


def test_amp_is_set_beside_fp32_and_beside_tf32() -> None:
    """Where both precisions were trained, each has its lines, and XLA is never mixed."""
    rows = [
        training(Precision.FP32, 256, 400.0),
        training(Precision.TF32, 256, 900.0),
        training(Precision.AMP, 256, 1800.0),
        training(Precision.AMP, 256, 1500.0, xla=False),
    ]

    found = [(row.base_precision, row.xla, row.throughput_speedup) for row in scaling_of(rows)]
    assert found == [
        (Precision.FP32, False, None),
        (Precision.FP32, True, 4.5),
        (Precision.TF32, False, None),
        (Precision.TF32, True, 2.0),
    ]


def test_every_training_row_has_its_hours() -> None:
    """Hours carry the condition of the row that they come from."""
    (time,) = times_of([training(Precision.AMP, 256, 1270.0, gpus=8)])

    assert (time.gpus, time.precision, time.batch_size, time.epochs) == (8, Precision.AMP, 256, 90)
    assert time.hours == pytest.approx(25.22, abs=0.01)
