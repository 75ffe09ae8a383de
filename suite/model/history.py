"""Runs over time: which there are, and what one cell measured in each."""

from dataclasses import dataclass

from suite.model.run import CellResult, RunSummary
from suite.model.summary import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """A cell in one run.

    `interval` encloses its images / elapsed time with 95 % confidence, by how its launches differ;
    None for too few. `changed` names what differs from the run before in device, software, machine
    and protocol; commit, matrix and what follows from them is left out.
    """

    run: RunSummary
    result: CellResult
    interval: Interval | None
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A cell over the runs of one device, the oldest first."""

    device: str
    points: tuple[TrendPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Runs, the newest first, and the trends of one cell, a device each.

    `without` are the directories of the runs that have no launch of the cell.
    """

    runs: tuple[RunSummary, ...]
    cell_id: str
    trends: tuple[Trend, ...]
    without: tuple[str, ...]
