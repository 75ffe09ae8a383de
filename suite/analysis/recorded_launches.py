"""The launches that a selftest looks at: those of runs by day, and the pairs of an A/B."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from suite.analysis.baseline import session_of_run, times_by_day
from suite.model.cell import Cell
from suite.model.launch import Status
from suite.model.run import Run
from suite.model.selftest import RecordedLaunches


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A run, and where it is side a of an A/B, the run of the other side."""

    run: Run
    other: Run | None = None


def recorded_launches(found: Sequence[Recorded]) -> Mapping[Cell, RecordedLaunches]:
    """The launches of each cell, from runs under the same conditions.

    Those of one day make one session. Of an A/B side a alone counts, as the other side may be
    slower; the pairs tell how far launches differ that ran one after the other.
    """
    sessions = [session_of_run(each.run) for each in found]
    cells = dict.fromkeys(
        launches.cell for session in sessions for launches in session.cells if launches.ok_launches
    )
    return {
        cell: RecordedLaunches(
            sessions=times_by_day(sessions, cell.id),
            pairs=tuple(_pairs(each.run, each.other, cell) for each in found if each.other),
        )
        for cell in cells
    }


def _pairs(a: Run, b: Run, cell: Cell) -> tuple[float, ...]:
    """ln(B / A) of the rounds in which both launches are ok."""
    # A side may be another condition, so its cells are found by their places.
    places = dict(zip(a.header.cells, b.header.cells, strict=False))
    ones, others = _by_round(a, cell.id), _by_round(b, places.get(cell.id, cell.id))
    return tuple(others[round_] - ones[round_] for round_ in sorted(ones.keys() & others.keys()))


def _by_round(run: Run, cell_id: str) -> Mapping[int, float]:
    return {
        launch.launch: math.log(fmean(launch.step_seconds))
        for launch in run.launches
        if launch.cell.id == cell_id and launch.status is Status.OK
    }
