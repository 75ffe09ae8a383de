"""`bench.py run`: measure every cell of a matrix on this machine."""

import argparse
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from suite.analysis.resume import finished
from suite.cli.chosen_matrix import check_device, chosen_matrix
from suite.cli.clocks import clocks_as_asked, devices_to_hold
from suite.cli.data_options import data_options
from suite.cli.doctor import diagnosis_for, recorded_findings, say_findings
from suite.cli.estimates import Expectation, estimate_launches, no_fit_lines
from suite.cli.github import tell_github
from suite.cli.headers import directory_name, new_header
from suite.cli.progress import RunProgress
from suite.cli.reporting import assembled, write_report
from suite.cli.terminal import text_width
from suite.cli.work import Work, check_flags, new_work, resumed_work
from suite.formats.results import report_markdown, report_text
from suite.formats.tables import paragraph
from suite.machine.devices import detect_machine
from suite.machine.foreign_processes import foreign_processes
from suite.model.device import (
    Machine,
    labelling_machine,
    used_gpus,
)
from suite.model.distributed import RankLauncher
from suite.model.errors import ExitCode, InputError, UnfinishedError
from suite.model.launch import Status
from suite.model.matrix import Matrix
from suite.model.report import Report
from suite.model.run import CellResult, RunHeader
from suite.model.text import bench, command, shown
from suite.run.child import start_process
from suite.run.forking import Forking
from suite.run.locks import hold_devices
from suite.run.plan import PlannedLaunch, plan_launches
from suite.run.ranks.command import NoLauncher, choose_launcher
from suite.run.ranks.hosts import check_hosts
from suite.run.session import Conduct, run_session
from suite.run.stop import Stop
from suite.store.references import read_reference
from suite.store.runs import as_stored
from suite.store.text import reachable


def run(arguments: argparse.Namespace) -> ExitCode:
    """Measure, store, report; exit 3 if a cell failed or is missing, or none was measured."""
    check_flags(arguments)
    matrix = chosen_matrix(arguments)
    options = data_options(arguments, matrix)
    machine = detect_machine()
    check_device(arguments, matrix, machine)
    launcher = choose_launcher(matrix.distributed, os.environ)
    planned = plan_launches(matrix, machine, options, launcher).launches
    if isinstance(launcher, RankLauncher) and _has_ranks(planned):
        check_hosts(matrix.distributed, launcher, os.environ)
    on_wait = _say_waiting if arguments.wait else None
    names = devices_to_hold(arguments, matrix.cells, machine)
    with hold_devices(names, on_wait) as announce, Stop() as stop:
        if arguments.exclusive:
            _refuse_foreign_processes(matrix, machine)
        diagnosis = diagnosis_for(matrix.cells, used_gpus(matrix.cells, machine), machine)
        say_findings(diagnosis)
        if matrix.reference is not None:
            read_reference(Path(matrix.reference))  # before a directory is made: it may be invalid
        with clocks_as_asked(arguments, matrix.cells, machine) as machine:
            header = new_header(matrix, options, machine, recorded_findings(diagnosis))
            header = as_stored(replace(header, command=arguments.command))
            labelled_by = labelling_machine(matrix.cells, machine)
            with _work(arguments, header, labelled_by, planned) as work:
                announce(work.directory)
                return _carry_out(arguments, matrix, machine, work, stop, launcher, planned)


def _carry_out(
    arguments: argparse.Namespace,
    matrix: Matrix,
    machine: Machine,
    work: Work,
    stop: Stop,
    launcher: RankLauncher | NoLauncher,
    planned: Sequence[PlannedLaunch],
) -> ExitCode:
    """Measure what there is to do, and report."""
    estimates = estimate_launches(work.planned, matrix, machine, work.directory.parent)
    _warn_of_memory(work, estimates, machine)
    conduct = _conduct(arguments, machine, work, stop, launcher)
    try:
        with Forking(work.directory / "fork_server.log") as forking:
            start = start_process if arguments.no_fork_server else forking.start
            _measure(matrix, machine, work, estimates, replace(conduct, start=start))
        return _report(planned, work, stop)
    except InputError as error:
        raise UnfinishedError(f"{error}; {_way_on(work.directory)}") from None


def _refuse_foreign_processes(matrix: Matrix, machine: Machine) -> None:
    """Check that no foreign process is on the GPUs that the matrix uses.

    Raises:
        InputError: one is, or it is unknown.
    """
    if not machine.gpus:
        print("note: --exclusive has no effect without a GPU", flush=True)
    used = used_gpus(matrix.cells, machine)
    found = []
    for gpu, processes in zip(used, foreign_processes(used), strict=True):
        if processes is None:
            raise InputError(
                f"the processes on {gpu.name} cannot be read, so it is unknown whether it is free;"
                " drop --exclusive"
            )
        found += [process.phrase for process in processes]
    if found:
        raise InputError(
            f"foreign processes on the GPU: {', '.join(found)}; end them or drop --exclusive"
        )


def _has_ranks(planned: Sequence[PlannedLaunch]) -> bool:
    return any(item.cell.gpus > 1 and item.skip_reason is None for item in planned)


def _work(
    arguments: argparse.Namespace,
    header: RunHeader,
    machine: Machine,
    planned: tuple[PlannedLaunch, ...],
) -> AbstractContextManager[Work]:
    if arguments.resume is not None:
        return resumed_work(arguments, header, planned)
    return new_work(arguments.out, directory_name(header, machine), header, planned)


def _warn_of_memory(work: Work, estimates: Sequence[Expectation], machine: Machine) -> None:
    for text in no_fit_lines(work.planned, estimates, machine):
        print(f"note: {text}; they are tried nevertheless", flush=True)


def _conduct(
    arguments: argparse.Namespace,
    machine: Machine,
    work: Work,
    stop: Stop,
    launcher: RankLauncher | NoLauncher,
) -> Conduct:
    return Conduct(
        # If there is none, every launch that would need one is skipped.
        launcher=launcher if isinstance(launcher, RankLauncher) else RankLauncher.MPIRUN,
        stop=stop,
        max_seconds=arguments.max_time,
        prune=arguments.prune,
        exclusive=arguments.exclusive,
        earlier=work.earlier,
        changes=work.changes,
        foreign_processes=partial(foreign_processes, machine.gpus) if machine.gpus else tuple,
    )


def _measure(
    matrix: Matrix,
    machine: Machine,
    work: Work,
    estimates: Sequence[Expectation],
    conduct: Conduct,
) -> None:
    """Fill the run directory until the end or a request to stop."""
    seconds = [found.time.seconds if found.time else None for found in estimates]
    shown = RunProgress(work.planned, seconds, matrix.protocol)
    with shown, conduct.stop.passed_to(shown.on_stop), suppress(KeyboardInterrupt):
        for launch in run_session(
            work.planned, matrix, machine, work.directory, shown.on_progress, conduct
        ):
            shown.on_finished(launch)


def _way_on(directory: Path) -> str:
    if not reachable(directory.is_dir):
        return "the run directory was removed; start a new run"
    if not reachable((directory / "run.json").is_file):
        return "its run.json was removed, so it cannot be resumed; start a new run"
    resume = command(["--resume", str(directory)])
    return f"finished launches are kept; run the same command with {resume}"


def _report(planned: Sequence[PlannedLaunch], work: Work, stop: Stop) -> ExitCode:
    report = assembled([work.directory])
    (measured,) = report.runs
    _show_and_write(report, work.directory)
    tell_github(partial(report_markdown, report, plots=False), measured.results)
    if work.resumed and not work.planned:
        print("nothing was missing")
    done = finished([row.record for row in measured.launches], retry_failed=False)
    missing = [item for item in planned if (item.cell, item.launch) not in done]
    if missing:
        ended = "records are damaged" if measured.coverage.damaged else "--max-time is over"
        why = f"stopped by {stop.by}" if stop.by else ended
        count = f"{len(planned) - len(missing)} of {len(planned)} launches have ended"
        print(f"not finished ({why}): {count}; {_way_on(work.directory)}")
    elif _has_reference(report) and any(cell.summary for cell in measured.results):
        print(f"next: {bench('compare', '--run', str(work.directory))}")
    if stop.by is not None:
        return ExitCode.INTERRUPTED
    if missing or measured.coverage.damaged:
        return ExitCode.CELL_FAILED
    return _exit_code(measured.results)


def _has_reference(report: Report) -> bool:
    """Whether the matrix names one, or a cell the GPU of a published system."""
    return bool(report.comparisons) or any(run.header.reference for run in report.runs)


def _show_and_write(report: Report, directory: Path) -> None:
    """The report, on stdout and as files; even if it fails, the path of the run is printed."""
    held = ["cells/"]
    try:
        print(f"\n{report_text(report, text_width())}")
        held = [*write_report(report, directory), *held]
    finally:
        print(
            paragraph(f"run directory: {shown(str(directory))} ({', '.join(held)})", text_width())
        )


def _say_waiting(text: str) -> None:
    print(f"waiting: {shown(text)}", flush=True)


def _exit_code(results: Sequence[CellResult]) -> ExitCode:
    """Skipped cells are not failures, but any other status except ok is."""
    statuses = {result.status for result in results}
    if Status.OK not in statuses or statuses - {Status.OK, Status.SKIPPED}:
        return ExitCode.CELL_FAILED
    return ExitCode.GOOD
