"""A run: every launch of one matrix on one machine, and what its launches come to per cell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from suite.model.cell import Cell, Protocol
from suite.model.launch import Caution, Launch, Status
from suite.model.summary import Summary


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
