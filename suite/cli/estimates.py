"""Expected time and memory of each planned launch, from this device's runs that lie on disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.core.cell import Cell
from suite.core.device import Machine, device_label, published_system
from suite.core.errors import InputError
from suite.core.estimate import Estimate, PublishedRate, estimate, paces
from suite.core.launch import Launch
from suite.core.matrix import Matrix
from suite.core.memory import MemoryEstimate, estimate_memory, peaks
from suite.core.reference import ReferenceTable
from suite.files.references import published_reference, read_reference
from suite.files.runs import read_header, read_launches, run_directories
from suite.runner.session import PlannedLaunch

# The newest few say how the machine is now; reading every run ever made would be slow.
_RUNS_READ = 5


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one launch is expected to take; None where nothing is known."""

    time: Estimate | None
    memory: MemoryEstimate | None


def estimate_launches(
    planned: Sequence[PlannedLaunch], matrix: Matrix, machine: Machine, reports: Path
) -> list[Expectation]:
    """One expectation per planned launch; a skipped one takes 0 s."""
    earlier = _earlier(reports, device_label(machine))
    history, needs = paces(earlier), peaks(earlier)
    named = read_reference(Path(matrix.reference)) if matrix.reference else None
    system = published_system(machine)
    own = published_reference(system.key) if system else None
    gpu = machine.gpus[0] if machine.gpus else None
    cores = None if gpu else machine.cpu.cores
    estimates = []
    for launch in planned:
        if launch.skip_reason is not None:
            estimates.append(Expectation(Estimate(0.0, "skipped"), None))
            continue
        rate = _published_rate(launch.cell, own, named) if gpu else None
        time = estimate(launch.cell, matrix.protocol, history, rate, cores)
        memory = estimate_memory(launch.cell, needs, on_gpu=gpu is not None)
        estimates.append(Expectation(time, memory))
    return estimates


def _published_rate(
    cell: Cell, own: ReferenceTable | None, named: ReferenceTable | None
) -> PublishedRate | None:
    """The rate of a cell in the table of the GPU's own system, else in the one a matrix names."""
    row = own.find(cell) if own else None
    if row is not None:
        return PublishedRate(row.throughput_img_s)
    row = named.find(cell) if named else None
    if named is None or row is None:
        return None
    is_own = own is not None and own.rows[0].system == row.system
    return PublishedRate(row.throughput_img_s, None if is_own else named.name)


def _earlier(reports: Path, device: str) -> list[Launch]:
    """Launches of the newest runs of this device, the newest last so that it counts."""
    launches: list[Launch] = []
    for directory in reversed(run_directories(reports)[:_RUNS_READ]):
        try:
            if read_header(directory).device == device:
                launches += read_launches(directory)
        except InputError:
            continue  # a damaged old run must not keep a new one from starting
    return launches
