"""suite.core.comparison: a run joined with a reference."""

import pytest

from suite.core.cell import Cell, Data, Mode, Precision
from suite.core.comparison import compare
from suite.core.errors import NotComparableError
from suite.core.launch import Status
from suite.core.reference import ReferenceRow, ReferenceTable
from suite.core.run import CellResult
from suite.core.summary import summarize


def row(batch_size: int, throughput: float) -> ReferenceRow:
    return ReferenceRow(
        system="t4",
        gpu="T4",
        gpu_memory_gb=16,
        mode=Mode.INFERENCE,
        precision=Precision.AMP,
        xla=False,
        gpus=1,
        batch_size=batch_size,
        throughput_img_s=throughput,
        latency_avg_ms=10.0,
        latency_p90_ms=20.0,
        latency_p95_ms=30.0,
        latency_p99_ms=None,
    )


def result(batch_size: int, step_seconds: list[float], data: Data = Data.SYNTHETIC) -> CellResult:
    cell = Cell(
        mode=Mode.INFERENCE, precision=Precision.AMP, xla=False, batch_size=batch_size, data=data
    )
    status = Status.OK if step_seconds else Status.CRASHED
    return CellResult(
        cell=cell,
        status=status,
        reason="",
        summary=summarize(step_seconds, batch_size),
        cautions=(),
    )


def test_ratios_use_the_published_estimator() -> None:
    """Throughput is compared as a mean of rates, which is not images / elapsed time."""
    frame = compare([result(8, [0.1, 0.3])], ReferenceTable("t4", (row(8, 100.0),)))

    assert frame.at[0, "throughput_img_s_measured"] == pytest.approx((80 + 8 / 0.3) / 2)
    assert frame.at[0, "throughput_img_s_ratio"] == pytest.approx((80 + 8 / 0.3) / 200)
    assert frame.at[0, "latency_avg_ms_measured"] == pytest.approx(200.0)
    assert frame.at[0, "latency_avg_ms_ratio"] == pytest.approx(20.0)
    assert frame["latency_p99_ms_ratio"].isna().all()


def test_cells_of_one_side_only_are_kept_and_told_apart() -> None:
    """Nothing measured and nothing published disappears from the comparison."""
    table = ReferenceTable("t4", (row(1, 50.0), row(8, 100.0)))
    frame = compare([result(8, [0.1]), result(3, [0.1])], table)

    assert dict(zip(frame["batch_size"], frame["side"], strict=True)) == {
        1: "published",
        3: "measured",
        8: "both",
    }


def test_a_failed_cell_is_on_both_sides_without_a_ratio() -> None:
    """A crash is shown beside the published number, not left out."""
    frame = compare([result(8, [])], ReferenceTable("t4", (row(8, 100.0),)))

    assert (frame.at[0, "side"], frame.at[0, "status"]) == ("both", "crashed")
    assert frame["throughput_img_s_ratio"].isna().all()


def test_another_kind_of_work_does_not_join_a_published_row() -> None:
    """A DALI cell has the published batch size but not the published pipeline."""
    table = ReferenceTable("t4", (row(8, 100.0), row(1, 1.0)))
    frame = compare([result(8, [0.1], Data.DALI), result(1, [0.1])], table)

    assert list(frame["side"]) == ["both", "measured", "published"]


def test_nothing_in_common_is_not_comparable() -> None:
    """Two sides without a common cell are an error of their own, exit code 4."""
    with pytest.raises(NotComparableError, match="no cell in common") as caught:
        compare([result(3, [0.1])], ReferenceTable("t4", (row(8, 100.0),)))

    assert caught.value.exit_code == 4
