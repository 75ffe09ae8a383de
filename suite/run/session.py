"""A whole matrix: every planned launch in turn, its record on disk the moment it ends."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from suite import kernels
from suite.analysis.memory_ceiling import MemoryCeiling
from suite.kernels.interface import KernelOptions
from suite.model.cell import Cell, Data
from suite.model.device import Machine, skip_reason, too_many_ranks
from suite.model.distributed import Compression, RankLauncher
from suite.model.launch import Launch, Status
from suite.model.matrix import Matrix
from suite.model.reading import applicable_reading
from suite.run.channel import Progress
from suite.run.child import Start, start_process
from suite.run.labels import ForeignProcesses, invalid_unless_alone, labelled, with_cautions
from suite.run.order import LaunchOrder
from suite.run.process import run_launch
from suite.run.ranks.command import NoLauncher
from suite.run.ranks.run_ranks import run_ranks
from suite.run.stop import Stop
from suite.store.launches import write_launch


@dataclass(frozen=True, slots=True)
class PlannedLaunch:
    """A launch that a matrix calls for, and why this machine cannot do it, if so."""

    cell: Cell
    launch: int
    skip_reason: str | None


def plan_launches(
    matrix: Matrix,
    machine: Machine,
    launcher: RankLauncher | NoLauncher = RankLauncher.MPIRUN,
) -> tuple[PlannedLaunch, ...]:
    """Every launch in the order it runs: all cells once, then all again.

    So every cell has a number after the first round, and slow changes of the machine spread over
    the cells instead of over one cell's launches. Within a round the matrix's own order holds:
    batch size fastest, so that one table after the other is complete.
    """
    reasons = {cell: _skip_reason(cell, matrix, machine, launcher) for cell in matrix.cells}
    return tuple(
        PlannedLaunch(cell, launch, reasons[cell])
        for launch in range(matrix.protocol.launches)
        for cell in matrix.cells
    )


def _skip_reason(
    cell: Cell, matrix: Matrix, machine: Machine, launcher: RankLauncher | NoLauncher
) -> str | None:
    """Why a cell cannot run here: the device, too few of it, no launcher, or a component."""
    reason = skip_reason(cell, machine)
    # Slurm knows how many ranks its allocation takes.
    if reason is None and launcher is not RankLauncher.SRUN:
        # A matrix for a GPU system must not fill the memory of whatever CPU it is tried on.
        cpu_ranks = matrix.device in {None, "cpu"}
        reason = too_many_ranks(cell, machine, matrix.distributed, cpu_ranks=cpu_ranks)
    if reason is None and cell.gpus > 1 and isinstance(launcher, NoLauncher):
        reason = launcher.reason
    return reason or kernels.framework(cell.kernel).missing(cell)


def order_of(planned: PlannedLaunch, matrix: Matrix, options: KernelOptions) -> LaunchOrder:
    """What the worker of a planned launch is told; a directory only where its cell reads it."""
    if planned.cell.data is not Data.DALI:
        options = replace(options, data_idx_dir=None)
    if not planned.cell.reads_records:
        options = replace(options, data_dir=None)
    options = replace(
        options,
        threads=matrix.threads_per_rank,
        reading=applicable_reading(matrix.reading, planned.cell),
        compression=matrix.distributed.compression if planned.cell.gpus > 1 else Compression.NONE,
    )
    return LaunchOrder(
        cell=planned.cell,
        protocol=matrix.protocol,
        options=options,
        launch=planned.launch,
    )


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
    options: KernelOptions,
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
        launch = _finish(todo, matrix, options, machine, directory, on_progress, conduct)
        if launch.status is not Status.SKIPPED:
            after = conduct.foreign_processes()
            seen = (before, after)
            launch = with_cautions(launch, conduct.changes, seen)
            launch = invalid_unless_alone(launch, seen) if conduct.exclusive else launch
            before = after
        ceiling.learn(launch)
        write_launch(directory / "cells", launch)
        yield launch


def _finish(
    planned: PlannedLaunch,
    matrix: Matrix,
    options: KernelOptions,
    machine: Machine,
    directory: Path,
    on_progress: Callable[[PlannedLaunch, Progress], None],
    conduct: Conduct,
) -> Launch:
    """The launch's record: skipped, or what its process came to."""
    record = Launch(
        cell=planned.cell,
        protocol=matrix.protocol,
        launch=planned.launch,
        status=Status.SKIPPED,
        reason=planned.skip_reason or "",
    )
    if planned.skip_reason is not None:
        return record
    framework = kernels.framework(planned.cell.kernel)
    settings = framework.environment(planned.cell, on_gpu=bool(machine.gpus))
    order = order_of(planned, matrix, options)
    log = directory / "cells" / f"{planned.cell.id}.{planned.launch}.log"

    def notify(progress: Progress) -> None:
        on_progress(planned, progress)

    try:
        if planned.cell.gpus > 1:
            launch = run_ranks(
                order,
                os.environ,
                settings,
                matrix.distributed,
                conduct.launcher,
                log,
                notify,
                conduct.stop,
            )
        else:
            environment = {**os.environ, **settings}
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
    return labelled(replace(launch, protocol=matrix.protocol), machine, matrix.device)
