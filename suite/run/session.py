"""A whole matrix: every planned launch in turn, its record on disk the moment it ends."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from suite.analysis.memory_ceiling import MemoryCeiling
from suite.model.cell import Cell
from suite.model.device import Machine, for_cells
from suite.model.distributed import RankLauncher
from suite.model.launch import Launch, Status
from suite.model.matrix import Matrix
from suite.run.channel import Progress
from suite.run.child import Start, start_process
from suite.run.labels import ForeignProcesses, invalid_unless_alone, labelled, with_cautions
from suite.run.plan import PlannedLaunch
from suite.run.process import run_launch
from suite.run.ranks.run_ranks import run_ranks
from suite.run.stop import Stop
from suite.store.launches import write_launch


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How a session goes about its launches, beyond what the matrix says.

    Once `stop` is requested or `max_seconds` are over, no launch is started any more. `prune`
    skips what a smaller batch proved not to fit, `exclusive` makes a launch invalid that was not
    alone on its GPU, `earlier` are the launches of the run so far, `changes` the differences under
    which it was resumed, `foreign_processes` returns those on each GPU, `start` starts the process
    of a launch, and `launcher` the ranks of one on several GPUs.
    """

    stop: Stop
    max_seconds: float | None = None
    prune: bool = True
    exclusive: bool = False
    earlier: tuple[Launch, ...] = ()
    changes: tuple[str, ...] = ()
    foreign_processes: Callable[[], ForeignProcesses] = tuple
    start: Start = start_process
    launcher: RankLauncher = RankLauncher.MPIRUN


def run_session(
    planned: Sequence[PlannedLaunch],
    matrix: Matrix,
    machine: Machine,
    directory: Path,
    on_progress: Callable[[PlannedLaunch, Progress], None],
    conduct: Conduct,
) -> Iterator[Launch]:
    """Execute these launches of the matrix, storing and yielding each record as it ends.

    On a second Ctrl-C the launch under way is stored as interrupted before KeyboardInterrupt goes
    on.

    Raises:
        InputError: the run directory cannot be written; what was stored before stays.
    """
    began = time.monotonic()
    ceiling = MemoryCeiling(conduct.earlier)
    before = conduct.foreign_processes()
    for item in planned:
        if conduct.stop.by is not None or (
            conduct.max_seconds is not None and time.monotonic() - began >= conduct.max_seconds
        ):
            return
        no_room = ceiling.skip_reason(item.cell) if conduct.prune else None
        todo = replace(item, skip_reason=item.skip_reason or no_room)
        launch = _finish(todo, matrix, machine, directory, on_progress, conduct)
        if launch.status is not Status.SKIPPED:
            after = conduct.foreign_processes()
            seen = [_on_its_gpus(item.cell, machine, moment) for moment in (before, after)]
            launch = with_cautions(launch, conduct.changes, seen)
            launch = invalid_unless_alone(launch, seen) if conduct.exclusive else launch
            before = after
        ceiling.learn(launch)
        write_launch(directory / "cells", launch)
        yield launch


def _finish(
    planned: PlannedLaunch,
    matrix: Matrix,
    machine: Machine,
    directory: Path,
    on_progress: Callable[[PlannedLaunch, Progress], None],
    conduct: Conduct,
) -> Launch:
    """The launch's record: skipped, or what its process came to."""
    order = planned.order
    record = Launch(
        cell=order.cell,
        protocol=order.protocol,
        launch=order.launch,
        status=Status.SKIPPED,
        reason=planned.skip_reason or "",
    )
    if planned.skip_reason is not None:
        return record
    log = directory / "cells" / f"{order.cell.id}.{order.launch}.log"

    def notify(progress: Progress) -> None:
        on_progress(planned, progress)

    try:
        if order.cell.gpus > 1:
            launch = run_ranks(
                order,
                os.environ,
                planned.environment,
                matrix.distributed,
                conduct.launcher,
                log,
                notify,
                conduct.stop,
            )
        else:
            environment = {**os.environ, **planned.environment}
            launch = run_launch(order, environment, log, notify, conduct.start, conduct.stop)
    except OSError as error:  # no memory or no number left for a process, say
        reason = f"could not be started ({error.strerror or error})"
        launch = replace(record, status=Status.CRASHED, reason=reason)
    except KeyboardInterrupt:
        stopped = replace(record, status=Status.INTERRUPTED, reason="stopped by a second Ctrl-C")
        write_launch(directory / "cells", stopped)
        raise
    if launch.status is Status.INTERRUPTED:
        by = conduct.stop.by or "a SIGTERM to the worker"
        launch = replace(launch, reason=f"stopped by {by} {launch.reason}")
    here = for_cells([order.cell], machine)
    return labelled(replace(launch, protocol=order.protocol), here, matrix.device)


def _on_its_gpus(cell: Cell, machine: Machine, moment: ForeignProcesses) -> ForeignProcesses:
    """Of the processes on each GPU, those on GPUs that a launch of this cell sees."""
    if cell.gpu is None:
        return moment
    seen = for_cells([cell], machine).gpus
    return [found for gpu, found in zip(machine.gpus, moment, strict=True) if gpu in seen]
