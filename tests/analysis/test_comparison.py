"""suite.analysis.comparison: a run joined with a reference."""

from dataclasses import replace

import pytest
from builders import make_cell, make_result, make_row

from suite.analysis.comparison import Side, compare, comparison_frame
from suite.model.cell import Data, Precision
from suite.model.errors import NotComparableError
from suite.model.launch import Caution, CautionKind
from suite.model.reference import Metric, ReferenceRow, ReferenceTable
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
    assert cell.judgements == {}


def test_another_kind_of_work_does_not_join_a_published_row() -> None:
    """A DALI cell has the published batch size but not the published pipeline."""
    table = ReferenceTable("t4", (row(8, 100.0), row(1, 1.0)))
    cells = compare([result(8, [0.1], Data.DALI), result(1, [0.1])], table, [])

    assert [cell.side for cell in cells] == [Side.BOTH, Side.MEASURED, Side.PUBLISHED]


@pytest.mark.parametrize("results", [[], [result(3, [0.1])]])
def test_nothing_in_common_is_not_comparable(results: list[CellResult]) -> None:
    """Two sides without a common cell are an error of their own, exit code 4."""
    with pytest.raises(NotComparableError, match="no cell in common") as caught:
        compare(results, ReferenceTable("t4", (row(8, 100.0),)), [])

    assert caught.value.exit_code == 4


def test_the_csv_has_a_line_per_cell_with_every_number() -> None:
    """comparison.csv holds both sides, the ratio and its word for each metric, and the doubts."""
    table = ReferenceTable("t4", (row(1, 50.0), row(8, 100.0)))
    cautions = (
        Caution(CautionKind.QUICK, "why"),
        Caution(CautionKind.CONTENDED, "why"),
        Caution(CautionKind.CONTENDED, "in another launch"),
    )
    frame = comparison_frame(compare([result(8, [0.1], cautions=cautions)], table, []))

    assert list(frame["side"]) == ["published", "both"]
    assert frame.at[1, "throughput_img_s_ratio"] == pytest.approx(0.8)
    assert frame.at[1, "throughput_img_s_word"] == "not judged"
    assert frame.at[1, "samples"] == 1
    assert (frame.at[1, "launches"], frame.at[1, "launches_planned"]) == (1, 1)
    assert frame.at[1, "cautions"] == "quick contended"


def test_the_csv_ends_with_the_references_own_columns() -> None:
    """A further column keeps its text, takes no other column's title, and is no formula."""
    extra = {"driver": "535.10", "side": "=1+1", "=cmd": "", "\x1b": "x"}
    table = ReferenceTable("t4", (replace(row(1, 50.0), extra=extra), row(8, 100.0)))
    frame = comparison_frame(compare([result(8, [0.1]), result(3, [0.1])], table, []))

    assert list(frame.columns[-5:]) == [
        "note",
        "reference_driver",
        "reference_side",
        "reference_=cmd",
        r"reference_\x1b",
    ]
    assert list(frame["side"]) == ["published", "measured", "both"]
    assert list(frame.iloc[0, -4:]) == ["535.10", "'=1+1", "", "x"]
    assert frame.iloc[1:, -4:].isna().all(axis=None)
