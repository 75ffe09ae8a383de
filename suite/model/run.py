"""A run: every launch of one matrix on one machine, and the result of each cell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from suite.model.cell import Cell, Protocol
from suite.model.launch import Caution, Launch, Status
from suite.model.summary import Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHeader:
    """What is known before the first launch; what run.json holds.

    `reference` is a published table's name, or the path of another; None if the matrix names none.
    `device` is the label of the device that runs, `gpu` its product name (None on a CPU),
    `expected_device` what the matrix asked for, `cells` the ids of every planned cell.
    `selection` says how these were selected; None if they are the whole matrix.
    `distributed` is how cells of several GPUs are launched, empty if there is none.
    `data` maps `data_dir` and `data_idx_dir` to the folders of the records, or to None, and each
    `reading` setting to its value; `data` is None in runs from before it was stored.
    `command` are the words after `bench.py` that began the run; empty in runs from before it was
    stored.
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
            ValueError: `started_at` is not such a time; never for a header read from a file.
        """
        moment = datetime.fromisoformat(self.started_at)
        if moment.tzinfo is None:
            raise ValueError(f"{self.started_at} has no time zone")
        return moment

    @property
    def contradiction(self) -> str | None:
        """What in the header cannot be true, field first; None if nothing."""
        try:
            self.began  # noqa: B018 - raises if it is not a time
        except ValueError:
            return "started_at: not a time with its time zone, such as 2026-01-02T03:04:05+00:00"
        return None


@dataclass(frozen=True, slots=True)
class DamagedRecord:
    """A file among the records of a run that is none of its records.

    `file` is its path in the run directory, `problem` one line that says what is wrong with it and
    what to do.
    """

    file: str
    problem: str

    @property
    def cell_id(self) -> str:
        """The id of the cell that its name promises."""
        return PurePosixPath(self.file).name.rsplit(".", 2)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run directory as read: its header and the launches that have ended, in planned order.

    `damaged` are the records that could not be read or do not belong to it.
    """

    header: RunHeader
    launches: tuple[Launch, ...]
    damaged: tuple[DamagedRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run directory at a glance: its header, and how many launches have a record."""

    directory: str
    header: RunHeader
    recorded_launches: int

    @property
    def planned_launches(self) -> int:
        """Launches of every planned cell, under the protocol that the run began with."""
        return len(self.header.cells) * self.header.protocol.launches


@dataclass(frozen=True, slots=True, kw_only=True)
class CellResult:
    """The launches of one cell, and the pooled summary of those that are ok.

    `status` is ok only if that of every launch is; otherwise it is the worst, and `reason` is that
    launch's. An interrupted launch has not ended: `--resume` runs it again.

    `cautions` are those of the launches, and those that come from comparing launches.
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
        """Whether every planned launch has ended, whatever its status."""
        return self.ended_launches >= self.planned_launches

    @property
    def is_whole(self) -> bool:
        """Whether every planned launch has ended and is ok."""
        return self.status is Status.OK and self.is_finished


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedResults:
    """The cells of a run as its results.csv has them: without launches, machine and software."""

    matrix: str
    device: str
    started_at: str
    results: tuple[CellResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of a run is complete.

    `not_run` are the ids of the planned cells without any record that can be read, and `damaged`
    the records that cannot: a launch of which there is no other has not ended.
    """

    ended_launches: int
    planned_launches: int
    not_run: tuple[str, ...]
    damaged: tuple[DamagedRecord, ...] = ()

    @property
    def is_finished(self) -> bool:
        """Whether every planned launch has ended, whatever its status."""
        return self.ended_launches >= self.planned_launches
