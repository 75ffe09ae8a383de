"""suite.analysis.comparison: a run joined with a reference."""

import pytest
from builders import make_cell, make_header, make_result, make_row

from suite.analysis.comparison import compare, compare_run
from suite.model.cell import Data, Precision
from suite.model.errors import NotComparableError
from suite.model.launch import Caution
from suite.model.reference import Metric, Reference, ReferenceRow, ReferenceTable
from suite.model.report import Side
from suite.model.run import CellResult


def row(batch_size: int, throughput: float) -> ReferenceRow:
    return make_row(
        precision=Precision.AMP,
        batch_size=batch_size,
        throughput_img_s=throughput,
        latency_avg_ms=10.0,
        latency_p90_ms=20.0,
        latency_p95_ms=30.0,
    )


def result(
    batch_size: int,
    step_seconds: list[float],
    data: Data = Data.SYNTHETIC,
    cautions: tuple[Caution, ...] = (),
) -> CellResult:
    cell = make_cell(precision=Precision.AMP, batch_size=batch_size, data=data)
    return make_result(cell, *step_seconds, cautions=cautions)


def test_ratios_use_the_published_estimator() -> None:
    """Throughput is compared as a mean of rates, which is not images / elapsed time."""
    (cell,) = compare([result(8, [0.1, 0.3])], ReferenceTable("t4", (row(8, 100.0),)), [])

    assert cell.measured(Metric.THROUGHPUT) == pytest.approx((80 + 8 / 0.3) / 2)
    assert cell.ratio(Metric.THROUGHPUT) == pytest.approx((80 + 8 / 0.3) / 200)
    assert cell.measured(Metric.LATENCY_AVG) == pytest.approx(200.0)
    assert cell.ratio(Metric.LATENCY_AVG) == pytest.approx(20.0)
    assert cell.ratio(Metric.LATENCY_P99) is None


def test_cells_of_one_side_only_are_kept_and_told_apart() -> None:
    """Nothing measured and nothing published disappears from the comparison."""
    table = ReferenceTable("t4", (row(1, 50.0), row(8, 100.0)))
    cells = compare([result(8, [0.1]), result(3, [0.1])], table, [])

    assert [(cell.key.batch_size, cell.side) for cell in cells] == [
        (1, Side.PUBLISHED),
        (3, Side.MEASURED),
        (8, Side.BOTH),
    ]


def test_a_failed_cell_is_on_both_sides_without_a_ratio() -> None:
    """A crash is shown beside the published number, not left out."""
    (cell,) = compare([result(8, [])], ReferenceTable("t4", (row(8, 100.0),)), [])

    assert cell.side is Side.BOTH
    assert cell.ratio(Metric.THROUGHPUT) is None
    assert cell.judgement(Metric.THROUGHPUT) is None


def test_another_kind_of_work_does_not_join_a_published_row() -> None:
    """A DALI cell has the published batch size but not the published pipeline."""
    table = ReferenceTable("t4", (row(8, 100.0), row(1, 1.0)))
    cells = compare([result(8, [0.1], Data.DALI), result(1, [0.1])], table, [])

    assert [cell.side for cell in cells] == [Side.BOTH, Side.MEASURED, Side.PUBLISHED]


@pytest.mark.parametrize("results", [[], [result(3, [0.1])]])
def test_nothing_in_common_is_not_comparable(results: list[CellResult]) -> None:
    """Two sides without a common cell are an error of their own, exit code 4."""
    table = ReferenceTable("t4", (row(8, 100.0),))
    reference = Reference(table=table, accuracy=(), scaling=(), times=())
    with pytest.raises(NotComparableError, match="no cell in common") as caught:
        compare_run(0, make_header(), results, {}, reference, [])

    assert caught.value.exit_code == 4
