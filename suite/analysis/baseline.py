"""From runs to a baseline, from one baseline to the next, and what a baseline holds."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timezone
from operator import attrgetter
from statistics import fmean

from suite.analysis.comparability import forbidding, header_differences
from suite.analysis.results import cell_results, coverage
from suite.analysis.sessions import Sessions, between_sessions, session_tau, within_sessions
from suite.analysis.summary import percentile
from suite.model.baseline import (
    MOST_SESSIONS,
    Baseline,
    BaselineChange,
    CellLaunches,
    Session,
)
from suite.model.baseline_report import BaselineReport, SessionRow, StoredCell
from suite.model.cell import Cell, KernelName
from suite.model.launch import CautionKind, Launch, Status
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


def days_of(sessions: Iterable[Session]) -> list[list[Session]]:
    """Sessions by the day (UTC) on which they began, in order.

    Runs of one day share what makes that day unlike another, so together they are one sample of it.
    """
    days: dict[date, list[Session]] = {}
    for session in sessions:
        days.setdefault(session.began.astimezone(timezone.utc).date(), []).append(session)
    return [days[day] for day in sorted(days)]


def why_unfit(run: Run) -> str | None:
    """Why a run is no session of a baseline, with the remedy; None if it is one.

    Damaged records are not asked about: whoever reads the run knows which files they are.
    """
    results = cell_results(run.launches, run.header.protocol.launches)
    covered = coverage(run.header, results)
    if run.header.protocol.quick:
        return "is quick, a first look; measure without --quick"
    if not covered.is_finished:
        return (
            f"is not finished: {covered.ended_launches} of {covered.planned_launches} launches have"
            " ended; finish it with run --resume"
        )
    if any(caution.kind is CautionKind.CHANGED for each in results for caution in each.cautions):
        return "was resumed under changed conditions, so it is of two sorts; measure a new run"
    if not any(result.ok_launches for result in results):
        return "has no launch that is ok; see its report for the reasons"
    return None


def apart(base: RunHeader, other: RunHeader) -> str | None:
    """Why two runs are no sessions of one baseline, in one line; None if they are.

    The version of the suite may differ, as a branch moves on.
    """
    if base.matrix != other.matrix:
        return f"matrix {base.matrix} -> {other.matrix}"
    found = forbidding(header_differences(base, other))
    said = [f"{each.name} {each.base} -> {each.other} ({each.why})" for each in found]
    return "; ".join(said) or None


def with_sessions(baseline: Baseline, runs: Sequence[Run], change: BaselineChange) -> Baseline:
    """The baseline with further sessions, and its log with this change.

    Of more than twenty sessions the newest twenty are kept. All are `apart` by nothing, and none is
    there yet.
    """
    header = max([baseline.header, *(_kept(run.header) for run in runs)], key=lambda h: h.began)
    sessions = sorted(
        [*baseline.sessions, *map(session_of_run, runs)], key=lambda session: session.began
    )
    return Baseline(
        header=header,
        sessions=tuple(sessions[-MOST_SESSIONS:]),
        changes=(*baseline.changes, change),
    )


def replaced(baseline: Baseline, run: Run, change: BaselineChange) -> Baseline:
    """A baseline of this run alone that continues the log of another."""
    return replace(baseline_of_run(run), changes=(*baseline.changes, change))


def cells_of(baseline: Baseline) -> Mapping[Cell, tuple[CellLaunches, ...]]:
    """Every cell of a baseline, and its launches in each session that has a record of it."""
    found: dict[Cell, list[CellLaunches]] = {}
    for session in baseline.sessions:
        for launches in session.cells:
            found.setdefault(launches.cell, []).append(launches)
    return {cell: tuple(launches) for cell, launches in found.items()}


def times_by_day(
    sessions: Iterable[Session],
    cell_id: str,
    seconds_of: Callable[[CellLaunches], Sequence[float]] = attrgetter("mean_step_seconds"),
) -> tuple[tuple[float, ...], ...]:
    """The logarithms of a number of each launch of a cell, on each day of the sessions."""
    return tuple(
        tuple(
            math.log(seconds)
            for session in day
            for launches in session.cells
            if launches.cell.id == cell_id
            for seconds in seconds_of(launches)
        )
        for day in days_of(sessions)
    )


def baseline_report(baseline: Baseline) -> BaselineReport:
    """What a baseline holds: its sessions, and each cell with how far launches and days differ."""
    found = cells_of(baseline)
    times = {cell: times_by_day(baseline.sessions, cell.id) for cell in found}
    return BaselineReport(
        header=baseline.header,
        sessions=tuple(map(_row, baseline.sessions)),
        days=len(days_of(baseline.sessions)),
        cells=tuple(_stored_cell(cell, times[cell], launches) for cell, launches in found.items()),
        tau=session_tau({cell.id: days for cell, days in times.items()}),
        is_simulated=any(cell.kernel is KernelName.SIMULATED for cell in found),
        changes=baseline.changes,
    )


def _row(session: Session) -> SessionRow:
    return SessionRow(
        started_at=session.started_at,
        commit=session.commit,
        dirty=session.dirty,
        cells=len(session.cells),
        ok_launches=sum(each.ok_launches for each in session.cells),
        failures=_failures(session.cells),
    )


def _stored_cell(cell: Cell, days: Sessions, launches: Sequence[CellLaunches]) -> StoredCell:
    held = [day for day in days if day]
    within = within_sessions(held)
    level = fmean(map(fmean, held)) if held else None
    return StoredCell(
        cell_id=cell.id,
        images_per_second=None if level is None else cell.global_batch_size / math.exp(level),
        ok_launches=sum(map(len, held)),
        days=len(held),
        launch_sd=math.sqrt(within.variance) if within.freedom else None,
        day_sd=math.sqrt(max(0.0, between_sessions(held))) if len(held) > 1 else None,
        failures=_failures(launches),
    )


def _failures(launches: Iterable[CellLaunches]) -> dict[Status, int]:
    counts: Counter[Status] = Counter()
    for each in launches:
        counts.update(each.failures)
    return dict(counts)


def cell_launches(cell: Cell, launches: Sequence[Launch]) -> CellLaunches:
    """A number for each launch of a cell that is ok, of those that have ended."""
    steps = [sorted(launch.step_seconds) for launch in launches if launch.status is Status.OK]
    lost = [launch.status for launch in launches if launch.status is not Status.OK]
    return CellLaunches(
        cell=cell,
        planned_launches=max(launch.protocol.launches for launch in launches),
        mean_step_seconds=tuple(fmean(each) for each in steps),
        p50_seconds=tuple(percentile(each, 0.50) for each in steps),
        p99_seconds=tuple(percentile(each, 0.99) for each in steps),
        failures={status: lost.count(status) for status in dict.fromkeys(lost)},
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
