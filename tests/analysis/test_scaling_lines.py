"""suite.analysis.scaling: weak and strong scaling of the cells of a run."""

import pytest
from builders import make_cell, make_result, make_row

from suite.analysis.scaling import (
    published_lines,
    scaling_curves,
    scaling_lines,
    scaling_of,
    time_to_train_hours,
    times_of,
)
from suite.model.cell import Cell, Data, Mode, Precision
from suite.model.launch import Caution, CautionKind, Status
from suite.model.reference import Reference, ReferenceTable
from suite.model.report import CurvePoint, Estimator, ScalingKind, ScalingLine
from suite.model.run import CellResult


def cell(gpus: int, batch_size: int = 32, *, data: Data = Data.SYNTHETIC) -> Cell:
    return make_cell(
        mode=Mode.TRAINING,
        precision=Precision.AMP,
        xla=True,
        batch_size=batch_size,
        gpus=gpus,
        data=data,
    )


def weak(*results: CellResult) -> tuple[ScalingLine, ...]:
    return scaling_lines(results, ScalingKind.WEAK, Estimator.ELAPSED)


def strong(*results: CellResult) -> tuple[ScalingLine, ...]:
    return scaling_lines(results, ScalingKind.STRONG, Estimator.ELAPSED)


def test_weak_scaling_is_throughput_over_that_of_one_gpu() -> None:
    """Two GPUs with steps a quarter longer make 1.6x, 80 % of linear, and the hours of both."""
    (line,) = weak(make_result(cell(1), 0.4), make_result(cell(2), 0.5))

    assert (line.base_img_s, line.img_s) == pytest.approx((80.0, 128.0))
    assert (line.factor, line.of_linear) == pytest.approx((1.6, 0.8))
    assert line.hours == time_to_train_hours(128.0)
    assert line.problem == ""


def test_strong_scaling_is_the_step_time_over_that_of_one_gpu() -> None:
    """The same 64 images in a 0.8 s step on one GPU and a 0.25 s step on four make 3.2x."""
    (line,) = strong(make_result(cell(1, 64), 0.8), make_result(cell(4, 16), 0.25))

    assert line.base == cell(1, 64)
    assert (line.factor, line.of_linear) == pytest.approx((0.8 / 0.25, 0.8))


def test_the_estimator_is_the_one_asked_for() -> None:
    """Uneven steps tell the mean of rates from images / elapsed time."""
    results = [make_result(cell(1), 0.4), make_result(cell(2), 0.25, 0.75)]
    (line,) = scaling_lines(results, ScalingKind.WEAK, Estimator.MEAN_OF_RATES)

    assert line.img_s == pytest.approx((256 + 64 / 0.75) / 2)
    assert line.factor == pytest.approx((256 + 64 / 0.75) / 2 / 80)


def test_only_cells_alike_in_everything_else_are_set_against_each_other() -> None:
    """Another source of images is no base, although precision, XLA and batch size agree."""
    (line,) = weak(make_result(cell(1, data=Data.TFRECORD), 0.4), make_result(cell(2), 0.5))

    assert (line.factor, line.problem) == (None, "base not run")


@pytest.mark.parametrize(
    ("one", "two", "problem", "rates"),
    [
        (
            make_result(cell(1), status=Status.OUT_OF_MEMORY),
            make_result(cell(2), 0.5),
            "base out of memory",
            (None, 128.0),
        ),
        (
            make_result(cell(1), 0.4),
            make_result(cell(2), status=Status.OUT_OF_MEMORY),
            "out of memory",
            (80.0, None),
        ),
        (
            make_result(cell(1), 0.4),
            make_result(cell(2), 0.5, status=Status.CRASHED, ended_launches=2, planned_launches=2),
            "crashed",
            (80.0, None),
        ),
        (
            make_result(cell(1), 0.4),
            make_result(cell(2), status=Status.SKIPPED),
            "skipped",
            (80.0, None),
        ),
    ],
)
def test_a_missing_number_has_its_reason(
    one: CellResult,
    two: CellResult,
    problem: str,
    rates: tuple[float | None, float | None],
) -> None:
    """Where a side failed, also after some launches were fine, there is a reason and no factor."""
    (line,) = weak(one, two)

    assert (line.factor, line.of_linear, line.problem) == (None, None, problem)
    assert (line.base_img_s, line.img_s) == rates


def test_lines_come_by_base_and_then_by_gpus() -> None:
    """Cells in a matrix's order, GPUs changing slowest, are sorted into their curves."""
    results = [make_result(cell(gpus, size), 0.5) for gpus in (4, 1, 2) for size in (16, 32)]

    assert [(line.base.batch_size, line.cell.gpus) for line in weak(*results)] == [
        (16, 2), (16, 4), (32, 2), (32, 4),
    ]  # fmt: skip


def test_a_cell_has_lines_only_where_it_has_a_base() -> None:
    """A strong-scaling run leaves no baseless lines among weak scaling, nor the other way round."""
    shared_out = [
        make_result(cell(1, 64), 0.8),
        make_result(cell(2, 32), 0.4),
        make_result(cell(4, 16), 0.2),
    ]
    per_gpu = [make_result(cell(1), 0.4), make_result(cell(2), 0.4), make_result(cell(4), 0.4)]

    assert (len(weak(*shared_out)), len(strong(*shared_out))) == (0, 2)
    assert (len(weak(*per_gpu)), len(strong(*per_gpu))) == (2, 0)
    both = [make_result(cell(1), 0.4), make_result(cell(1, 64), 0.8), make_result(cell(2), 0.5)]
    assert (len(weak(*both)), len(strong(*both))) == (1, 1)


def test_cells_without_any_base_are_told_once_where_they_were_meant() -> None:
    """Equal global batch sizes are strong scaling, everything else weak."""
    shared_out = [make_result(cell(2, 32), 0.4), make_result(cell(4, 16), 0.2)]
    per_gpu = [make_result(cell(2), 0.4), make_result(cell(4), 0.4)]

    assert [line.problem for line in strong(*shared_out)] == ["base not run"] * 2
    assert [line.problem for line in weak(*per_gpu)] == ["base not run"] * 2
    assert (weak(*shared_out), strong(*per_gpu)) == ((), ())


def test_one_number_of_gpus_is_no_scaling() -> None:
    """Neither single-GPU runs nor inference get a table."""
    inference = make_cell(precision=Precision.AMP, xla=True, batch_size=32)

    assert weak(make_result(cell(1), 0.4), make_result(inference, 0.1)) == ()
    assert weak(make_result(cell(8), 0.4)) == ()


def test_doubts_of_both_sides_stay_with_the_factor() -> None:
    """A quick base makes a quick factor; a doubt of both is named once."""
    quick = Caution(CautionKind.QUICK, "quick")
    unsteady = Caution(CautionKind.UNSTEADY, "unsteady")
    (line,) = weak(
        make_result(cell(1), 0.4, cautions=(quick,)),
        make_result(cell(2), 0.5, cautions=(quick, unsteady)),
    )

    assert line.cautions == (quick, unsteady)


def test_curves_begin_at_one_gpu_and_leave_out_what_has_no_number() -> None:
    """A curve has the measured points of one base; a base without a number has no curve."""
    lines = weak(
        make_result(cell(1), 0.4),
        make_result(cell(2), 0.5),
        make_result(cell(4)),
        make_result(cell(1, 64)),
        make_result(cell(2, 64), 1.0),
    )
    (curve,) = scaling_curves(lines)

    assert curve.base == cell(1)
    assert curve.points == (CurvePoint(1, 80.0), CurvePoint(2, 128.0))
    assert (curve.factor, curve.of_linear) == pytest.approx((1.6, 0.8))


def test_a_reference_gives_its_own_factors_and_hours() -> None:
    """AMP paired with FP32 and with TF32 makes one line; a row without a base makes none."""
    rows = tuple(
        make_row(
            system="mine",
            gpu="A100",
            gpu_memory_gb=40,
            mode=Mode.TRAINING,
            precision=precision,
            xla=True,
            gpus=gpus,
            batch_size=size,
            throughput_img_s=throughput,
        )
        for precision, gpus, size, throughput in [
            (Precision.FP32, 1, 128, 400.0),
            (Precision.TF32, 1, 256, 900.0),
            (Precision.AMP, 1, 256, 2000.0),
            (Precision.AMP, 8, 256, 15000.0),
            (Precision.AMP, 8, 64, 9000.0),
        ]
    )
    table = ReferenceTable("mine", rows)
    reference = Reference(
        table=table, accuracy=(), scaling=scaling_of(rows), times=times_of(reversed(rows))
    )
    (line,) = published_lines(reference)

    assert (line.cell.gpus, line.cell.batch_size) == (8, 256)
    assert (line.base_img_s, line.img_s, line.factor) == (2000.0, 15000.0, 7.5)
    assert line.hours == time_to_train_hours(15000.0)
