"""Expected time of each planned launch, from the runs of this device that lie on disk."""

from collections.abc import Sequence
from pathlib import Path

from suite.core.cell import Cell
from suite.core.device import Machine, device_label
from suite.core.errors import InputError
from suite.core.estimate import Estimate, Pace, estimate, paces
from suite.core.launch import Launch
from suite.core.matrix import Matrix
from suite.core.systems import system_of_gpu
from suite.files.references import read_reference
from suite.files.runs import read_run, run_directories
from suite.runner.session import PlannedLaunch

# The newest few say how the machine is now; reading every run ever made would be slow.
_RUNS_READ = 5


def estimate_launches(
    planned: Sequence[PlannedLaunch], matrix: Matrix, machine: Machine, reports: Path
) -> list[Estimate | None]:
    """One estimate per planned launch: 0 s for a skipped one, None where nothing is known."""
    history = _history(reports, device_label(machine))
    reference = read_reference(Path(matrix.reference)) if matrix.reference else None
    gpu = machine.gpus[0] if machine.gpus else None
    system = system_of_gpu(gpu.name) if gpu else None
    same_device = reference is not None and system is not None and system.key == reference.name
    cores = None if gpu else machine.cpu.cores
    estimates: list[Estimate | None] = []
    for launch in planned:
        if launch.skip_reason is not None:
            estimates.append(Estimate(0.0, "skipped"))
            continue
        row = reference.find(launch.cell) if reference and same_device else None
        rate = row.throughput_img_s if row else None
        estimates.append(estimate(launch.cell, matrix.protocol, history, rate, cores))
    return estimates


def _history(reports: Path, device: str) -> dict[Cell, Pace]:
    """Paces from the newest runs of this device, the newest last so that it counts."""
    launches: list[Launch] = []
    for directory in reversed(run_directories(reports)[:_RUNS_READ]):
        try:
            run = read_run(directory)
        except InputError:
            continue  # a damaged old run must not keep a new one from starting
        if run.header.device == device:
            launches += run.launches
    return paces(launches)
