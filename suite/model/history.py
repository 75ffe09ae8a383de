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
class ChangePoint:
    """Where numbers go to another level; `place` is that of the first point there.

    `ratio` is that of the level after over that before. Both are geometric means, of `before`
    numbers since the change point that came before it and of `after` numbers up to the next.
    """

    place: int
    ratio: float
    before: int
    after: int

    @property
    def change(self) -> float:
        """As a share: -0.05 is a fall of 5 %."""
        return self.ratio - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A cell over the runs of one device, the oldest first.

    `change_points` are those of its images / elapsed time: advisory, never a verdict.
    """

    device: str
    points: tuple[TrendPoint, ...]
    change_points: tuple[ChangePoint, ...] = ()

    def change_point_at(self, place: int) -> ChangePoint | None:
        """The change point of which the point at this place is the first at the new level."""
        return next((each for each in self.change_points if each.place == place), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Runs, the newest first, and the trends of one cell, a device each.

    `without` are the directories of the runs that have no launch of the cell.
    """

    runs: tuple[RunSummary, ...]
    cell_id: str
    trends: tuple[Trend, ...]
    without: tuple[str, ...]
