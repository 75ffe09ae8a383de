"""What a stored baseline holds, as numbers that a format shows."""

from collections.abc import Mapping
from dataclasses import dataclass

from suite.model.baseline import BaselineChange
from suite.model.gate import Tau
from suite.model.launch import Status
from suite.model.run import RunHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session: when, on which version of the suite, and its launches that are ok or are not."""

    started_at: str
    commit: str | None
    dirty: bool | None
    cells: int
    ok_launches: int
    failures: Mapping[Status, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCell:
    """A cell over all sessions.

    `images_per_second` is the geometric mean of its launches' images / elapsed time, each day
    counting once; None without a launch that is ok. `launch_sd` is how far launches of a day
    differ, and `day_sd` how far days do beyond what launches explain, both as standard deviations
    of logarithms, which for small ones are shares. The first is None where no day has two launches,
    the second for fewer than two days. `days` are those that have a launch that is ok.
    """

    cell_id: str
    images_per_second: float | None
    ok_launches: int
    days: int
    launch_sd: float | None
    day_sd: float | None
    failures: Mapping[Status, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineReport:
    """A baseline: its conditions, sessions, cells and log.

    `days` are those on which its sessions began. `tau` is how far these differ over all cells, as a
    gate takes it. `is_simulated` says that
    its numbers mean nothing.
    """

    header: RunHeader
    sessions: tuple[SessionRow, ...]
    days: int
    cells: tuple[StoredCell, ...]
    tau: Tau
    is_simulated: bool
    changes: tuple[BaselineChange, ...]
