"""From the launches of a run to one result per cell, and how much of the run is complete."""

from collections.abc import Iterable, Mapping, Sequence

from suite.analysis.siblings import sibling_cautions
from suite.analysis.summary import summarize
from suite.model.cell import Cell
from suite.model.launch import Launch, Status
from suite.model.report import LaunchRow
from suite.model.run import CellResult, Coverage, DamagedRecord, RunHeader
from suite.model.summary import Summary


def cell_results(launches: Iterable[Launch], planned_launches: int = 1) -> tuple[CellResult, ...]:
    """One result per cell, in order of first launch; samples of its ok launches are pooled.

    `planned_launches` is the number planned per cell; a record may have a larger one if the run was
    resumed under another protocol.
    """
    by_cell: dict[Cell, list[Launch]] = {}
    for launch in launches:
        by_cell.setdefault(launch.cell, []).append(launch)
    return tuple(_result(cell, group, planned_launches) for cell, group in by_cell.items())


def coverage(
    header: RunHeader, results: Sequence[CellResult], damaged: Sequence[DamagedRecord] = ()
) -> Coverage:
    """How many of the planned launches have ended; `results` are those of the whole run."""
    recorded = {result.cell.id for result in results}
    not_run = tuple(cell for cell in header.cells if cell not in recorded)
    return Coverage(
        ended_launches=sum(result.ended_launches for result in results),
        planned_launches=sum(result.planned_launches for result in results)
        + len(not_run) * header.protocol.launches,
        not_run=not_run,
        damaged=tuple(damaged),
    )


def summaries_by_cell(launches: Iterable[LaunchRow]) -> Mapping[Cell, Sequence[Summary]]:
    """The summaries of each cell's launches that are ok."""
    by_cell: dict[Cell, list[Summary]] = {}
    for row in launches:
        if row.record.status is Status.OK and row.summary is not None:
            by_cell.setdefault(row.record.cell, []).append(row.summary)
    return by_cell


def _result(cell: Cell, launches: Sequence[Launch], planned_launches: int) -> CellResult:
    worst = min(launches, key=lambda launch: _severity(launch.status))
    ok = [launch for launch in launches if launch.status is Status.OK]
    samples = [seconds for launch in ok for seconds in launch.step_seconds]
    lengths = [len(launch.step_seconds) for launch in ok]
    published = [seconds for launch in ok for seconds in launch.published_seconds]
    own = (caution for launch in launches for caution in launch.cautions)
    cautions = dict.fromkeys([*own, *sibling_cautions(launches)])
    planned = max(planned_launches, *(launch.protocol.launches for launch in launches))
    ended = sum(launch.status is not Status.INTERRUPTED for launch in launches)
    return CellResult(
        cell=cell,
        status=worst.status,
        reason=worst.reason,
        summary=summarize(samples, cell.global_batch_size, published, lengths),
        cautions=tuple(cautions),
        ok_launches=len(ok),
        ended_launches=min(ended, planned),
        planned_launches=planned,
    )


def _severity(status: Status) -> int:
    """Sort key, the worst first: failed, interrupted, skipped, ok."""
    mildest = (Status.INTERRUPTED, Status.SKIPPED, Status.OK)
    return -1 if status.is_failure else mildest.index(status)
