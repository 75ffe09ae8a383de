"""From runs to a baseline, and from one baseline to the next."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from suite.analysis.summary import percentile
from suite.model.baseline import Baseline, CellLaunches, Session
from suite.model.cell import Cell
from suite.model.launch import Launch, Status
from suite.model.run import Run, RunHeader


def baseline_of_run(run: Run) -> Baseline:
    """A run as a baseline of one session.

    Launches that were interrupted have not ended, and count for nothing.
    """
    return Baseline(header=_kept(run.header), sessions=(session_of_run(run),))


def session_of_run(run: Run) -> Session:
    """What a baseline keeps of the launches of a run."""
    by_cell: dict[Cell, list[Launch]] = {}
    for launch in run.launches:
        if launch.status is not Status.INTERRUPTED:
            by_cell.setdefault(launch.cell, []).append(launch)
    environment = run.header.environment
    commit, dirty, code = (environment.get(name) for name in ("commit", "dirty", "code"))
    return Session(
        started_at=run.header.started_at,
        commit=commit if isinstance(commit, str) else None,
        dirty=dirty if isinstance(dirty, bool) else None,
        code=code if isinstance(code, str) else None,
        cells=tuple(cell_launches(cell, launches) for cell, launches in by_cell.items()),
    )


def cell_launches(cell: Cell, launches: Sequence[Launch]) -> CellLaunches:
    """A number for each launch of a cell that is ok, of those that have ended."""
    steps = [sorted(launch.step_seconds) for launch in launches if launch.status is Status.OK]
    return CellLaunches(
        cell=cell,
        planned_launches=max(launch.protocol.launches for launch in launches),
        mean_step_seconds=tuple(fmean(each) for each in steps),
        p50_seconds=tuple(percentile(each, 0.50) for each in steps),
        p99_seconds=tuple(percentile(each, 0.99) for each in steps),
        failures=Counter(launch.status for launch in launches if launch.status is not Status.OK),
    )


def _kept(header: RunHeader) -> RunHeader:
    """The header without what says nothing of the conditions, and which others need not read.

    That is the command, and who else computed on the GPUs.
    """
    return replace(header, command=(), machine=_kept_of_machine(header.machine))


def _kept_of_machine(machine: Mapping[str, object]) -> dict[str, object]:
    found = machine.get("gpus")
    gpus = found if isinstance(found, list | tuple) else []
    return {**machine, "gpus": [_without_processes(gpu) for gpu in gpus]}


def _without_processes(gpu: object) -> object:
    if not isinstance(gpu, Mapping):
        return gpu
    return {name: fact for name, fact in gpu.items() if name != "processes"}
