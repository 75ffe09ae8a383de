"""A whole matrix: every planned launch in turn, its record on disk the moment it ends."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from suite.core.cell import Cell, KernelName
from suite.core.device import Machine, device_label, device_mismatch, skip_reason
from suite.core.launch import Caution, CautionKind, Launch, Status
from suite.core.matrix import Matrix
from suite.files.launches import write_launch
from suite.kernels.environment import launch_environment
from suite.kernels.interface import KernelOptions
from suite.runner.channel import Progress
from suite.runner.child import Start
from suite.runner.command import LaunchOrder
from suite.runner.process import run_launch


@dataclass(frozen=True, slots=True)
class PlannedLaunch:
    """A launch that a matrix calls for, and why this machine cannot do it, if so."""

    cell: Cell
    launch: int
    skip_reason: str | None


def plan_launches(matrix: Matrix, machine: Machine) -> tuple[PlannedLaunch, ...]:
    """Every launch in the order it runs: all cells once, then all again.

    So slow changes of the machine spread over the cells instead of over one cell's launches.
    """
    return tuple(
        PlannedLaunch(cell, launch, skip_reason(cell, machine))
        for launch in range(matrix.protocol.launches)
        for cell in matrix.cells
    )


def order_of(planned: PlannedLaunch, matrix: Matrix, results_dir: str = ".") -> LaunchOrder:
    """What the worker of a planned launch is told."""
    return LaunchOrder(
        cell=planned.cell,
        protocol=matrix.protocol,
        options=KernelOptions(),
        launch=planned.launch,
        results_dir=results_dir,
    )


def run_session(
    matrix: Matrix,
    machine: Machine,
    directory: Path,
    on_progress: Callable[[PlannedLaunch, Progress], None],
    start: Start,
) -> Iterator[Launch]:
    """Execute the matrix launch by launch, storing and yielding each record as it ends.

    `start` makes the process of each launch.

    On Ctrl-C the launch under way is stored as interrupted before KeyboardInterrupt goes on.
    """
    for planned in plan_launches(matrix, machine):
        launch = _finish(planned, matrix, machine, directory, on_progress, start)
        write_launch(directory / "cells", launch)
        yield launch


def _finish(
    planned: PlannedLaunch,
    matrix: Matrix,
    machine: Machine,
    directory: Path,
    on_progress: Callable[[PlannedLaunch, Progress], None],
    start: Start,
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
    settings = launch_environment(planned.cell, on_gpu=bool(machine.gpus))
    try:
        launch = run_launch(
            order_of(planned, matrix),
            {**os.environ, **settings},
            directory / "cells" / f"{planned.cell.id}.{planned.launch}.log",
            lambda progress: on_progress(planned, progress),
            start,
        )
    except KeyboardInterrupt:
        stopped = replace(record, status=Status.INTERRUPTED, reason="stopped by Ctrl-C")
        write_launch(directory / "cells", stopped)
        raise
    return labelled(replace(launch, protocol=matrix.protocol), machine, matrix)


def labelled(launch: Launch, machine: Machine, matrix: Matrix) -> Launch:
    """The launch with the device that ran it and the cautions that follow from how it was run.

    A launch that ran on another device than the label names is invalid.
    """
    label = device_label(machine)
    cautions = list(launch.cautions)
    if launch.protocol.quick:
        steps = len(launch.step_seconds)
        text = f"quick protocol with {steps} measured steps; run without --quick for a number"
        cautions.append(Caution(CautionKind.QUICK, text))
    if launch.cell.kernel is KernelName.SIMULATED:
        text = "a simulated kernel slept instead of computing; run a matrix of the real one"
        cautions.append(Caution(CautionKind.SIMULATED, text))
    elif device_mismatch(matrix.device, machine):
        text = f"measured on {label}, not on the matrix's {matrix.device}; use --require-device"
        cautions.append(Caution(CautionKind.OTHER_DEVICE, text))
    launch = replace(launch, device=label, cautions=tuple(cautions))
    reason = _mislabelled(launch, machine)
    return replace(launch, status=Status.INVALID, reason=reason) if reason else launch


def _mislabelled(launch: Launch, machine: Machine) -> str | None:
    """Why the label names another device than the one that TensorFlow ran on, or None."""
    ran_on = launch.conditions.get("device_type")
    if machine.gpus and ran_on == "CPU":
        return (
            f"TensorFlow ran on the CPU although {machine.gpus[0].name} is there: install the gpu"
            " extra, or set CUDA_VISIBLE_DEVICES= (empty) to measure the CPU"
        )
    if not machine.gpus and ran_on == "GPU":
        return (
            f"TensorFlow ran on a GPU that NVML does not show ({machine.nvml}), so the number has"
            " no name: make the driver's NVML library visible here"
        )
    return None
