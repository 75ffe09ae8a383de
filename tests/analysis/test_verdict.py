"""suite.analysis.verdict: what a limit says; see tests/cli/test_compare.py for whole runs."""

import math
from dataclasses import replace

import pytest
from builders import make_cell, make_result, make_row

from suite.analysis.comparison import compare
from suite.analysis.verdict import Standing, Verdict, judge_run
from suite.model.cell import Precision
from suite.model.errors import ExitCode, NotComparableError
from suite.model.launch import Caution, CautionKind, Status
from suite.model.reference import ReferenceRow, ReferenceTable
from suite.model.run import CellResult, Coverage, DamagedRecord

WHOLE = Coverage(ended_launches=1, planned_launches=1, not_run=())


def row(batch_size: int) -> ReferenceRow:
    """100 img/s."""
    return make_row(precision=Precision.AMP, batch_size=batch_size)


def result(batch_size: int, *step_seconds: float) -> CellResult:
    """A cell with these steps."""
    cell = make_cell(precision=Precision.AMP, batch_size=batch_size)
    return make_result(cell, *step_seconds)


def judged(*results: CellResult, limit: float = 1.0, min_batch: int = 1) -> Verdict:
    """The verdict beside a row for each cell."""
    table = ReferenceTable("t4", tuple(row(result.cell.batch_size) for result in results))
    return judge_run(compare(results, table, []), WHOLE, limit, min_batch)


def test_the_limit_counts_large_batches_only() -> None:
    """--fail-below looks at the ratios of cells of both sides from the smallest batch on."""
    verdict = judged(result(1, 1.0), result(8, 0.1), result(16, 0.1), min_batch=8)

    assert [(cell.result.cell.batch_size, cell.standing) for cell in verdict.judged] == [
        (8, Standing.BELOW),
        (16, Standing.REACHED),
    ]
    assert verdict.exit_code is ExitCode.REGRESSION


def test_a_limit_without_a_cell_to_count_is_not_comparable() -> None:
    """A gate that looks at nothing must not pass."""
    with pytest.raises(NotComparableError, match="lower --min-batch"):
        judged(result(8, 0.1), min_batch=64)


def test_a_ratio_that_is_exactly_the_limit_reaches_it() -> None:
    """Below means below."""
    assert judged(result(10, 0.1)).exit_code is ExitCode.GOOD


def test_what_is_not_a_number_reaches_no_limit() -> None:
    """However it came into a record, a ratio of NaN is neither good nor a loss."""
    assert judged(result(8, math.nan, 0.001)).exit_code is ExitCode.INCONCLUSIVE


@pytest.mark.parametrize("kind", CautionKind)
def test_a_doubt_can_make_a_loss_undecided_and_some_a_success_too(kind: CautionKind) -> None:
    """What slowed a cell down may still reach; what was not measured as asked says nothing."""
    as_asked = kind not in {
        CautionKind.QUICK, CautionKind.TRUNCATED, CautionKind.SIMULATED, CautionKind.OTHER_DEVICE,
        CautionKind.WIDENED, CautionKind.CHANGED, CautionKind.MIXED_DEVICES,
    }  # fmt: skip
    doubt = (Caution(kind, "why"),)
    good, bad = (replace(result(8, seconds), cautions=doubt) for seconds in (0.05, 0.5))

    assert judged(bad).exit_code is ExitCode.INCONCLUSIVE
    assert judged(good).exit_code is (ExitCode.GOOD if as_asked else ExitCode.INCONCLUSIVE)
    assert judged(good).count(Standing.UNDECIDED) == (not as_asked)


GOOD, BAD = result(8, 0.05), result(16, 0.5)
FAILED = result(32)
UNFINISHED = replace(result(64, 0.1), planned_launches=2)
SKIPPED = replace(result(128), status=Status.SKIPPED)


@pytest.mark.parametrize(
    ("results", "code", "lacking"),
    [
        ((GOOD,), ExitCode.GOOD, 0),
        ((GOOD, BAD), ExitCode.REGRESSION, 0),
        ((GOOD, FAILED), ExitCode.CELL_FAILED, 1),
        ((GOOD, UNFINISHED), ExitCode.CELL_FAILED, 1),
        ((GOOD, SKIPPED), ExitCode.GOOD, 0),
        ((SKIPPED,), ExitCode.CELL_FAILED, 0),
        ((BAD, FAILED, UNFINISHED, SKIPPED), ExitCode.REGRESSION, 2),
    ],
)
def test_a_loss_counts_before_what_is_missing_and_that_before_a_doubt(
    results: tuple[CellResult, ...], code: ExitCode, lacking: int
) -> None:
    """A failed or unfinished cell is not judged by its other launches; a skipped one lacks none."""
    verdict = judged(*results)

    assert (verdict.exit_code, verdict.lacking) == (code, lacking)
    assert {cell.result for cell in verdict.judged} <= {GOOD, BAD}


def test_a_damaged_record_is_a_missing_one() -> None:
    """Even if every launch that was planned has another: nobody knows what it held."""
    table = ReferenceTable("t4", (row(8), row(16)))
    damaged = replace(WHOLE, damaged=(DamagedRecord("cells/x.0.json", "is not JSON"),))
    codes = [
        judge_run(compare([measured], table, []), coverage, 1.0, 1).exit_code
        for measured in (GOOD, BAD)
        for coverage in (WHOLE, damaged)
    ]

    assert codes == [
        ExitCode.GOOD,
        ExitCode.CELL_FAILED,
        ExitCode.REGRESSION,
        ExitCode.REGRESSION,
    ]


def test_cells_without_a_record_are_missing() -> None:
    """As the header planned them; a run that goes on is no reason to refuse a verdict."""
    table = ReferenceTable("t4", (row(8), row(16)))
    part = Coverage(ended_launches=1, planned_launches=2, not_run=("another",))
    verdict = judge_run(compare([GOOD], table, []), part, 1.0, 1)
    early = judge_run(compare([GOOD], table, []), part, 1.0, 256)

    assert (verdict.exit_code, verdict.lacking) == (ExitCode.CELL_FAILED, 1)
    assert (early.judged, early.exit_code) == ((), ExitCode.CELL_FAILED)
