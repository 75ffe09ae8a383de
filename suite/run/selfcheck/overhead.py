"""What a launch of its own costs beyond building, compiling and stepping."""

import os
import tempfile
from pathlib import Path

from suite import kernels
from suite.kernels.interface import InvalidLaunchError, KernelOptions, MissingComponentError
from suite.model.cell import Cell, Protocol
from suite.model.check import Check
from suite.model.launch import Launch, Status
from suite.run.forking import Forking
from suite.run.order import LaunchOrder
from suite.run.process import run_launch

_TARGET_SECONDS = 0.3


def launch_overhead(cell: Cell, launches: int, *, on_gpu: bool) -> Check:
    """Seconds of each forked launch outside build, compile and steps.

    One launch more is made beforehand and not counted: it waits for the server's import.

    Raises:
        MissingComponentError: the cell needs a component that is not there.
        InvalidLaunchError: a launch did not end well, so that its time says nothing.
    """
    order = LaunchOrder(
        cell=cell, protocol=Protocol(warmup_steps=1, measured_steps=3), options=KernelOptions()
    )
    environment = {**os.environ, **kernels.framework(cell.kernel).environment(cell, on_gpu=on_gpu)}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "launch.log"
        with Forking(Path(folder) / "fork_server.log") as forking:
            ended = [
                _good(run_launch(order, environment, log, lambda _: None, forking.start))
                for _ in range(launches + 1)
            ]
    started = ended[-1].started_by
    why_not = f" ({ended[-1].fork_refused})" if ended[-1].fork_refused else ""
    return Check(
        name=f"overhead, {cell.id}",
        values=tuple(launch.overhead_seconds for launch in ended[1:]),
        unit="s",
        target=_TARGET_SECONDS,
        at_least=False,
        note=f"of a launch, started by {started.value if started else '-'}{why_not}; the first,"
        f" with the server's import, {ended[0].overhead_seconds:.2f} s",
    )


def _good(launch: Launch) -> Launch:
    if launch.status is Status.SKIPPED:
        raise MissingComponentError(launch.reason)
    if launch.status is not Status.OK:
        raise InvalidLaunchError(f"{launch.cell.id}: {launch.status.value}: {launch.reason}")
    return launch
