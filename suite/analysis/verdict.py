"""What a limit on throughput ratios says of a run, and what forbids to say anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from suite.model.errors import ExitCode, NotComparableError
from suite.model.launch import CautionKind, Status
from suite.model.reference import Metric
from suite.model.report import ComparedCell, Side
from suite.model.run import CellResult, Coverage, DamagedRecord

# A number with one of these was not measured as the matrix asks, so it can neither pass nor fail.
# All other doubts are disturbances: they slow a cell down, which may reach the limit all the same.
_NOT_AS_ASKED = frozenset(
    {
        CautionKind.QUICK,
        CautionKind.TRUNCATED,
        CautionKind.SIMULATED,
        CautionKind.OTHER_DEVICE,
        CautionKind.WIDENED,
        CautionKind.CHANGED,
        CautionKind.MIXED_DEVICES,
    }
)


class Standing(str, Enum):
    """How a cell stands to the limit; undecided where a doubt could have made the difference."""

    REACHED = "reached"
    BELOW = "below"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class JudgedCell:
    """A cell on both sides, its throughput ratio, and how that stands to the limit."""

    result: CellResult
    ratio: float
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a limit says of a run.

    `failed` are the cells with a failed launch, `unfinished` those of which launches are missing,
    `not_run` the ids of those without any, and `skipped` those that this machine cannot run or has
    no memory for. None of the first three is judged, whatever its other launches measured.
    `damaged` are records that cannot be read.
    """

    limit: float
    judged: tuple[JudgedCell, ...]
    failed: tuple[CellResult, ...]
    unfinished: tuple[CellResult, ...]
    not_run: tuple[str, ...]
    skipped: tuple[CellResult, ...]
    damaged: tuple[DamagedRecord, ...] = ()

    @property
    def lacking(self) -> int:
        """How many cells failed or are missing."""
        return len(self.failed) + len(self.unfinished) + len(self.not_run)

    def count(self, standing: Standing) -> int:
        """How many judged cells stand so."""
        return sum(cell.standing is standing for cell in self.judged)

    @property
    def exit_code(self) -> ExitCode:
        """A loss that was measured counts first: what is missing beside it cannot undo it."""
        if self.count(Standing.BELOW):
            return ExitCode.REGRESSION
        if self.lacking or self.damaged or not self.judged:
            return ExitCode.CELL_FAILED
        return ExitCode.INCONCLUSIVE if self.count(Standing.UNDECIDED) else ExitCode.GOOD


def judge_run(
    cells: Sequence[ComparedCell], coverage: Coverage, limit: float, min_batch: int
) -> Verdict:
    """Judge the throughput ratios of batch sizes from `min_batch` on.

    What failed or is missing counts at any batch size.

    Raises:
        NotComparableError: the run is finished, and no cell on both sides is that large.
    """
    results = [cell.result for cell in cells if cell.result is not None]
    verdict = Verdict(
        limit=limit,
        judged=tuple(
            JudgedCell(cell.result, ratio, _standing(cell.result, ratio, limit))
            for cell in cells
            if cell.result is not None
            and _is_judged(cell.result)
            and _counts(cell, min_batch)
            and (ratio := cell.ratio(Metric.THROUGHPUT)) is not None
        ),
        failed=tuple(result for result in results if result.status.is_failure),
        unfinished=tuple(
            result for result in results if not result.status.is_failure and not result.is_finished
        ),
        not_run=coverage.not_run,
        skipped=tuple(
            result for result in results if result.status is Status.SKIPPED and result.is_finished
        ),
        damaged=coverage.damaged,
    )
    if coverage.is_finished and not any(_counts(cell, min_batch) for cell in cells):
        raise NotComparableError(
            f"no cell on both sides has a batch size of {min_batch} or more; lower --min-batch"
        )
    return verdict


def _counts(cell: ComparedCell, min_batch: int) -> bool:
    return cell.side is Side.BOTH and cell.key.batch_size >= min_batch


def _is_judged(result: CellResult) -> bool:
    """Whether every launch ended well or was skipped."""
    return result.is_finished and not result.status.is_failure


def _standing(result: CellResult, ratio: float, limit: float) -> Standing:
    kinds = {caution.kind for caution in result.cautions}
    if kinds & _NOT_AS_ASKED:
        return Standing.UNDECIDED
    if ratio >= limit:
        return Standing.REACHED
    # What is not a number is neither.
    return Standing.BELOW if ratio < limit and not kinds else Standing.UNDECIDED
