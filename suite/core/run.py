"""A run: every launch of one matrix on one machine, and what is derived from them per cell."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from suite.core.cell import Cell, Protocol
from suite.core.launch import Caution, Launch, Status
from suite.core.siblings import sibling_cautions
from suite.core.summary import Summary, summarize


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHeader:
    """What is known before the first launch; what run.json holds.

    `device` is the label of the device that runs, `gpu` its product name (None on a CPU),
    `expected_device` what the matrix asked for, `cells` the ids of every planned cell.
    `selection` says how these were narrowed down; None where they are the whole matrix.
    `distributed` is how cells of several GPUs are launched, empty where there is none.
    `data` maps `data_dir` and `data_idx_dir` to the folders of the records, or to None, and what is
    changed of their reading to its value; it is None as a whole in runs of before it was kept.
    `command` are the words after `bench.py` that began the run; empty in runs of before they were
    kept.
    """

    matrix: str
    purpose: str
    reference: str | None
    expected_device: str | None
    device: str
    gpu: str | None
    protocol: Protocol
    started_at: str
    cells: tuple[str, ...]
    machine: Mapping[str, object]
    environment: Mapping[str, object]
    selection: str | None = None
    distributed: Mapping[str, object] = field(default_factory=dict)
    data: Mapping[str, str | int | None] | None = None
    command: tuple[str, ...] = ()

    @property
    def began(self) -> datetime:
        """When the run began, with its time zone.

        Raises:
            ValueError: `started_at` is not such a time, which a header that was read never has.
        """
        moment = datetime.fromisoformat(self.started_at)
        if moment.tzinfo is None:
            raise ValueError(f"{self.started_at} has no time zone")
        return moment

    @property
    def contradiction(self) -> str | None:
        """What of the header cannot be true, field first; None for a sound one."""
        try:
            self.began  # noqa: B018 - whether it can be told
        except ValueError:
            return "started_at: not a time with its time zone, such as 2026-01-02T03:04:05+00:00"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run directory as read: its header and the launches that have ended, in planned order."""

    header: RunHeader
    launches: tuple[Launch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellResult:
    """All launches of one cell, and what its ok ones measured together.

    `status` is ok only where that of every launch is; of several others it is the worst, and
    `reason` is that launch's. An interrupted launch has not ended: `--resume` runs it again.

    `cautions` are those of the launches, and those that only show when launches are compared.
    """

    cell: Cell
    status: Status
    reason: str
    summary: Summary | None
    cautions: tuple[Caution, ...]
    ok_launches: int
    ended_launches: int
    planned_launches: int

    @property
    def is_finished(self) -> bool:
        """Whether every planned launch has ended, well or not."""
        return self.ended_launches >= self.planned_launches

    @property
    def is_whole(self) -> bool:
        """Whether every planned launch went well."""
        return self.status is Status.OK and self.is_finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of a run there is: launches, and the ids of the cells without any record."""

    ended_launches: int
    planned_launches: int
    not_run: tuple[str, ...]

    @property
    def is_finished(self) -> bool:
        """Whether every planned launch has ended, well or not."""
        return self.ended_launches >= self.planned_launches


def cell_results(launches: Iterable[Launch], planned_launches: int = 1) -> tuple[CellResult, ...]:
    """One result per cell, in order of first launch; samples of its ok launches are pooled.

    `planned_launches` are those that the run plans of each cell; a record may know of more, where
    the run was resumed under another protocol.
    """
    by_cell: dict[Cell, list[Launch]] = {}
    for launch in launches:
        by_cell.setdefault(launch.cell, []).append(launch)
    return tuple(_result(cell, group, planned_launches) for cell, group in by_cell.items())


def coverage(header: RunHeader, results: Sequence[CellResult]) -> Coverage:
    """What of the planned launches has ended; `results` are all of the run."""
    recorded = {result.cell.id for result in results}
    not_run = tuple(cell for cell in header.cells if cell not in recorded)
    return Coverage(
        ended_launches=sum(result.ended_launches for result in results),
        planned_launches=sum(result.planned_launches for result in results)
        + len(not_run) * header.protocol.launches,
        not_run=not_run,
    )


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
        reason=worst.reason if worst.status is not Status.OK else "",
        summary=summarize(samples, cell.global_batch_size, published, lengths),
        cautions=tuple(cautions),
        ok_launches=len(ok),
        ended_launches=min(ended, planned),
        planned_launches=planned,
    )


def _severity(status: Status) -> int:
    """The worst first: a failure, then what was stopped, then what this machine cannot run."""
    if status.is_failure:
        return 0
    return {Status.INTERRUPTED: 1, Status.SKIPPED: 2, Status.OK: 3}[status]
