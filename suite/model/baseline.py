"""A stored baseline: what each launch of earlier runs measured, and how it came to be stored."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from suite.model.cell import Cell
from suite.model.launch import Status
from suite.model.quantities import PositiveCount, StepSeconds
from suite.model.run import RunHeader

# What twenty later sessions have not shown, an older one tells of other code.
MOST_SESSIONS = 20


_NO_TIME = "not a time with its time zone, such as 2026-01-02T03:04:05+00:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellLaunches:
    """The launches of a cell in one session, a number for each that is ok, in order of launch.

    The numbers are the mean, the median and the 99th percentile of a launch's measured steps.
    `planned_launches` is how many the protocol asked for. `failures` counts the launches that are
    not ok, skipped ones included, by status.
    """

    cell: Cell
    planned_launches: PositiveCount
    mean_step_seconds: tuple[StepSeconds, ...]
    p50_seconds: tuple[StepSeconds, ...]
    p99_seconds: tuple[StepSeconds, ...]
    failures: Mapping[Status, PositiveCount]

    @property
    def ok_launches(self) -> int:
        """How many launches have numbers."""
        return len(self.mean_step_seconds)

    @property
    def contradiction(self) -> str | None:
        """What of it cannot be true, field first; None if nothing."""
        if not len(self.mean_step_seconds) == len(self.p50_seconds) == len(self.p99_seconds):
            return "p50_seconds: not as many as mean_step_seconds and p99_seconds"
        if Status.OK in self.failures:
            return "failures: counts launches that are ok"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One run of the baseline: when it began, on which version of the suite, and its cells.

    `commit`, `dirty` and `code` are those of the environment, None where that has none. They may
    differ from session to session, as a branch moves on; other software does not.
    """

    started_at: str
    commit: str | None
    dirty: bool | None
    code: str | None
    cells: tuple[CellLaunches, ...]

    @property
    def began(self) -> datetime:
        """When the run began.

        Raises:
            ValueError: `started_at` is no time; never for a baseline read from a file.
        """
        return datetime.fromisoformat(self.started_at)


class ChangeKind(str, Enum):
    """What was done to a baseline."""

    SAVED = "saved"
    ADDED = "session added"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineChange:
    """An entry of a baseline's log: when (a time with its zone), who, what and why."""

    at: str
    who: str
    what: ChangeKind
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Sessions under one set of conditions, the oldest first, and the log of changes.

    `header` is that of the newest session: today's run is compared with its conditions. A run
    directory that is used as a baseline has one session and no changes.
    """

    header: RunHeader
    sessions: tuple[Session, ...]
    changes: tuple[BaselineChange, ...] = ()

    @property
    def contradiction(self) -> str | None:
        """What of it cannot be true, field first; None if nothing."""
        if self.header.contradiction is not None:
            return f"header.{self.header.contradiction}"
        if not self.sessions:
            return "sessions: none"
        for place, session in enumerate(self.sessions):
            if (problem := _contradiction(session)) is not None:
                return f"sessions[{place}].{problem}"
        moments = [session.began for session in self.sessions]
        if moments != sorted(set(moments)):
            return "sessions: not in the order in which they began, each once"
        if self.sessions[-1].started_at != self.header.started_at:
            return "header.started_at: not that of the newest session"
        untimed = [place for place, each in enumerate(self.changes) if not _is_time(each.at)]
        return f"changes[{untimed[0]}].at: {_NO_TIME}" if untimed else None


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _contradiction(session: Session) -> str | None:
    if not _is_time(session.started_at):
        return f"started_at: {_NO_TIME}"
    for place, launches in enumerate(session.cells):
        if (problem := launches.contradiction) is not None:
            return f"cells[{place}].{problem}"
    counts = Counter(launches.cell for launches in session.cells)
    twice = [cell.id for cell, count in counts.items() if count > 1]
    return f"cells: {twice[0]} is there twice" if twice else None
