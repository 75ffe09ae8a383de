"""The rounds of an A/B: launches of two sides in turn, until every cell is decided."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from suite.machine.foreign_processes import foreign_processes
from suite.model.cell import Cell
from suite.model.device import Machine
from suite.model.launch import Launch, Status
from suite.model.matrix import Matrix
from suite.model.run import RunHeader
from suite.run.plan import PlannedLaunch
from suite.run.session import Conduct, run_session
from suite.run.sides import Side
from suite.run.stop import Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredSide:
    """A side at work: its matrix, its plan by round and cell, its run and the launches so far."""

    side: Side
    matrix: Matrix
    plan: tuple[PlannedLaunch, ...]
    directory: Path
    header: RunHeader
    launches: dict[tuple[Cell, int], Launch]

    def has_ended(self, index: int) -> bool:
        """Whether the launch in this place of the plan is recorded, and not as interrupted."""
        planned = self.plan[index]
        recorded = self.launches.get((planned.cell, planned.launch))
        return recorded is not None and recorded.status is not Status.INTERRUPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The launches of a cell in a round, from 0; None for one that a stop came before."""

    round: int
    cell: Cell
    a: Launch | None
    b: Launch | None


def run_rounds(
    a: MeasuredSide,
    b: MeasuredSide,
    machine: Machine,
    stop: Stop,
    max_seconds: float | None,
    open_cells: Callable[[int], Sequence[int]],
) -> Iterator[Pair]:
    """Measure round after round, A B of one cell and B A of the next, yielding each pair.

    What drifts then changes both launches of a pair alike; and as each side is the second of a pair
    as often as the first, that place favours neither. `open_cells` says before a round, by its
    number, which cells it still measures, by their places; none ends it. No pair is begun after a
    request to stop, or after `max_seconds`. Half a pair, from before a stop, is measured again as a
    whole: neighbours in time make a pair.

    Raises:
        InputError: a run directory cannot be written; what was stored before stays.
    """
    began = time.monotonic()
    both = (a, b)
    conducts = [_conduct(each.side, machine, stop) for each in both]
    cells = len(a.matrix.cells)
    for number in range(len(a.plan) // cells):
        places = open_cells(number)
        if not places:
            return
        for place in places:
            index = number * cells + place
            if all(each.has_ended(index) for each in both):
                continue
            is_late = max_seconds is not None and time.monotonic() - began >= max_seconds
            if is_late or stop.by is not None:
                return
            first = (number + place) % 2
            ended = {
                side: _launched(both[side], index, machine, conducts[side])
                for side in (first, 1 - first)
            }
            yield Pair(round=number, cell=a.matrix.cells[place], a=ended[0], b=ended[1])


def _conduct(side: Side, machine: Machine, stop: Stop) -> Conduct:
    return Conduct(
        stop=stop,
        prune=False,
        foreign_processes=partial(foreign_processes, machine.gpus) if machine.gpus else tuple,
        start=side.start,
    )


def _launched(side: MeasuredSide, index: int, machine: Machine, conduct: Conduct) -> Launch | None:
    """Measure the launch in this place of a plan; None if a stop came before it."""
    planned = side.plan[index]
    session = run_session([planned], side.matrix, machine, side.directory, lambda *_: None, conduct)
    launch = next(session, None)
    if launch is not None:
        side.launches[planned.cell, planned.launch] = launch
    return launch
