"""A run: every launch of one matrix on one machine, and what is derived from them per cell."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from suite.core.cell import Cell, Protocol
from suite.core.launch import Caution, Launch, Status
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
    """All launches of one cell. `status` is ok only when every launch is."""

    cell: Cell
    status: Status
    reason: str
    summary: Summary | None
    cautions: tuple[Caution, ...]


def cell_results(launches: Iterable[Launch]) -> tuple[CellResult, ...]:
    """One result per cell, in order of first launch; samples of its ok launches are pooled."""
    by_cell: dict[Cell, list[Launch]] = {}
    for launch in launches:
        by_cell.setdefault(launch.cell, []).append(launch)
    return tuple(_result(cell, group) for cell, group in by_cell.items())


def _result(cell: Cell, launches: Sequence[Launch]) -> CellResult:
    failed = next((launch for launch in launches if launch.status is not Status.OK), None)
    ok = [launch for launch in launches if launch.status is Status.OK]
    samples = [seconds for launch in ok for seconds in launch.step_seconds]
    published = [seconds for launch in ok for seconds in launch.published_seconds]
    cautions = dict.fromkeys(caution for launch in launches for caution in launch.cautions)
    return CellResult(
        cell=cell,
        status=failed.status if failed else Status.OK,
        reason=failed.reason if failed else "",
        summary=summarize(samples, cell.global_batch_size, published),
        cautions=tuple(cautions),
    )
