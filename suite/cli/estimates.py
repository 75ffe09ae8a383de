"""Expected time and memory of each planned launch, from earlier runs of this device on disk."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.analysis.estimate import Estimate, PublishedRate, estimate, paces
from suite.analysis.memory import MemoryEstimate, capacity_bytes, estimate_memory, peaks
from suite.formats.plan import no_fit_text
from suite.model.cell import Cell
from suite.model.device import Machine, for_cells, published_system, run_label
from suite.model.launch import Launch
from suite.model.matrix import Matrix
from suite.model.reference import ReferenceTable
from suite.run.plan import PlannedLaunch
from suite.store.references import published_reference, read_reference
from suite.store.runs import read_records, stored_runs

# The newest few runs reflect the device's present state; reading all of them would be slow.
_RUNS_READ = 5
# How many runs are searched for this device, at about 0.3 ms each.
_HEADERS_READ = 200


@dataclass(frozen=True, slots=True)
class Expectation:
    """The expected time and memory of one launch; None if nothing is known."""

    time: Estimate | None
    memory: MemoryEstimate | None


def estimate_launches(
    planned: Sequence[PlannedLaunch], matrix: Matrix, machine: Machine, reports: Path
) -> list[Expectation]:
    """One expectation per planned launch; a skipped one takes 0 s."""
    earlier = _earlier(reports, run_label(matrix.cells, machine))
    history, needs = paces(earlier), peaks(earlier)
    named = read_reference(Path(matrix.reference)) if matrix.reference else None
    own: dict[str | None, ReferenceTable | None] = {}
    for launch in planned:
        if launch.cell.gpu not in own:
            system = published_system(for_cells([launch.cell], machine))
            own[launch.cell.gpu] = published_reference(system.key) if system else None
    on_gpu = bool(machine.gpus)
    cores = None if on_gpu else machine.cpu.cores
    estimates = []
    for launch in planned:
        if launch.skip_reason is not None:
            estimates.append(Expectation(Estimate(0.0, "skipped"), None))
            continue
        rate = _published_rate(launch.cell, own[launch.cell.gpu], named) if on_gpu else None
        time = estimate(launch.cell, matrix.protocol, history, rate, cores)
        memory = estimate_memory(launch.cell, needs, on_gpu=on_gpu)
        estimates.append(Expectation(time, memory))
    return estimates


def no_fit_lines(
    planned: Sequence[PlannedLaunch], estimates: Sequence[Expectation], machine: Machine
) -> list[str]:
    """A line for each type of GPU that the launches name, on those not expected to fit there."""
    needs: dict[str | None, list[tuple[Cell, MemoryEstimate | None]]] = {}
    for item, expected in zip(planned, estimates, strict=True):
        needs.setdefault(item.cell.gpu, []).append((item.cell, expected.memory))
    lines = [
        no_fit_text(found, capacity_bytes(for_cells([found[0][0]], machine)))
        for found in needs.values()
    ]
    return [line for line in lines if line is not None]


def _published_rate(
    cell: Cell, own: ReferenceTable | None, named: ReferenceTable | None
) -> PublishedRate | None:
    """The rate of a cell in the table of the GPU's own system, else in the matrix's."""
    row = own.find(cell) if own else None
    if row is not None:
        return PublishedRate(row.throughput_img_s)
    row = named.find(cell) if named else None
    if named is None or row is None:
        return None
    is_own = own is not None and own.rows[0].system == row.system
    return PublishedRate(row.throughput_img_s, None if is_own else named.name)


def _earlier(reports: Path, device: str) -> list[Launch]:
    """Launches of the newest runs of this device, the newest last so that it takes precedence.

    An earlier run never keeps a new one from starting: what cannot be read is skipped with a note
    on stderr.
    """
    found = stored_runs(reports, most=_HEADERS_READ)
    problems = list(map(str, found.unreadable.values()))
    launches: list[list[Launch]] = []
    for run in found.runs:
        if run.header.device != device:
            continue
        records = read_records(run.directory)
        launches.append(list(records.launches))
        problems += [f"{run.directory / each.file}: {each.problem}" for each in records.damaged]
        if len(launches) == _RUNS_READ:
            break
    if problems:
        others = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        print(f"note: not used for estimates: {problems[0]}{others}", file=sys.stderr)
    return [launch for each in reversed(launches) for launch in each]
