"""What stands beside a number or in its place: letters of cautions, and what a cell lacks."""

from collections.abc import Iterable, Mapping, Sequence

from suite.model.launch import Caution, Status
from suite.model.report import ComparedNumber
from suite.model.run import CellResult, DamagedRecord

# Beside a number that some of its planned launches did not contribute to.
NOT_WHOLE = "!"
NOT_WHOLE_LEGEND = (
    f"{NOT_WHOLE} = not of all its launches: some failed, were skipped or are missing"
)
# A run that was stopped early names the cells it would have gone on with, and counts the others.
_NOT_RUN_SHOWN = 20
# A matrix for many machines skips most of its cells on each of them, for few reasons.
_SKIPPED_SHOWN = 3


def letters(cautions: Iterable[Caution]) -> str:
    """The letter of each kind once: `q u`; empty without a caution."""
    return " ".join(dict.fromkeys(caution.kind.letter for caution in cautions))


def beside_number(number: ComparedNumber) -> str:
    """The letters of its cautions, and a mark where some of its launches are missing."""
    return " ".join(filter(None, (letters(number.cautions), NOT_WHOLE * (not number.is_whole))))


def beside_result(result: CellResult) -> str:
    """The letters of its cautions, and how many of its launches there are where some lack."""
    of = f"{result.ok_launches} of {result.planned_launches} launches"
    return " ".join(filter(None, (letters(result.cautions), of * (not result.is_whole))))


def legend(cautions: Iterable[Caution]) -> list[str]:
    """What each letter means, a line for each kind."""
    kinds = dict.fromkeys(caution.kind for caution in cautions)
    return [f"{kind.letter} = {kind.legend}" for kind in kinds]


def words(cautions: Iterable[Caution]) -> str:
    """The kinds in words: `quick, other device`; empty without a caution."""
    kinds = dict.fromkeys(caution.kind for caution in cautions)
    return ", ".join(kind.value.replace("_", " ") for kind in kinds)


def skipped_alike(results: Iterable[CellResult]) -> Mapping[str, Sequence[str]]:
    """The ids of skipped cells by their reason, where these are many."""
    by_reason: dict[str, list[str]] = {}
    for result in results:
        if result.status is Status.SKIPPED and result.summary is None:
            by_reason.setdefault(result.reason, []).append(result.cell.id)
    return {reason: ids for reason, ids in by_reason.items() if len(ids) > _SKIPPED_SHOWN}


def shortfalls(
    results: Sequence[CellResult], not_run: Sequence[str], damaged: Sequence[DamagedRecord] = ()
) -> list[str]:
    """Every cell that is not whole, with the reason; many that were skipped alike are counted.

    Records that are damaged are named below.
    """
    alike = skipped_alike(results)
    counted = {cell for ids in alike.values() for cell in ids}
    lines = [
        f"{result.cell.id}: {shortfall(result)}"
        for result in results
        if not result.is_whole and result.cell.id not in counted
    ]
    skipped = [
        f"{len(ids)} cells, {ids[0]} to {ids[-1]}: skipped: {reason}"
        for reason, ids in alike.items()
    ]
    return [*lines, *skipped, *named_not_run(not_run, damaged), *named_damaged(damaged)]


def named_not_run(cells: Sequence[str], damaged: Sequence[DamagedRecord] = ()) -> list[str]:
    """Cells without any whole record: the first ones by name, the others counted."""
    lines = [f"{cell}: {without_record(cell, damaged)}" for cell in cells[:_NOT_RUN_SHOWN]]
    more = len(cells) - _NOT_RUN_SHOWN
    return [*lines, f"{more} more cells: not run"] if more > 0 else lines


def without_record(cell_id: str, damaged: Iterable[DamagedRecord]) -> str:
    """Why a planned cell has no launch."""
    is_damaged = any(record.cell_id == cell_id for record in damaged)
    return "no whole record" if is_damaged else "not run"


def named_damaged(damaged: Sequence[DamagedRecord]) -> list[str]:
    """Records that are left out because they are damaged: the first ones, the others counted."""
    lines = [f"{record.file}: damaged: {record.problem}" for record in damaged[:_NOT_RUN_SHOWN]]
    more = len(damaged) - _NOT_RUN_SHOWN
    return [*lines, f"{more} more damaged records"] if more > 0 else lines


def shortfall(result: CellResult) -> str:
    """What a cell lacks of a whole measurement: `crashed (2 of 3 launches ok): ended by SIGKILL`.

    Launches are counted where some of them went well; empty for a whole one.
    """
    if result.is_whole:
        return ""
    counted = f" ({result.ok_launches} of {result.planned_launches} launches ok)"
    status = "not finished" if result.status is Status.OK else result.status.words
    text = f"{status}{counted * bool(result.ok_launches)}"
    return f"{text}: {result.reason}" if result.reason else text
