"""suite.analysis.verdict: what a limit says; see tests/cli/test_compare.py for whole runs."""

import math

import pytest
from builders import make_cell, make_result, make_row

from suite.analysis.comparison import compare
from suite.analysis.verdict import Standing, Verdict, judge_run
from suite.model.cell import Precision
from suite.model.errors import ExitCode, NotComparableError
from suite.model.reference import ReferenceRow, ReferenceTable
from suite.model.run import CellResult, Coverage

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
