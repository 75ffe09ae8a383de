"""`bench.py run`: measure every cell of a matrix on this machine."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path

from suite.cli.estimates import estimate_launches
from suite.cli.progress import ProgressLine
from suite.core.cell import quick_protocol
from suite.core.device import Machine, device_label, device_mismatch, device_slug
from suite.core.errors import ExitCode, InputError
from suite.core.launch import Status
from suite.core.matrix import Matrix
from suite.core.run import CellResult, RunHeader, cell_results
from suite.files.matrices import read_matrix
from suite.files.runs import create_run, read_run
from suite.files.text import write_text
from suite.measure.devices import detect_machine
from suite.measure.environment import fingerprint
from suite.render.results import overhead_text, report_markdown, results_text
from suite.runner.child import start_process
from suite.runner.launcher import Launcher
from suite.runner.session import plan_launches, run_session


def run(arguments: argparse.Namespace) -> ExitCode:
    """Measure, store, report; exit 3 when a cell failed or none was measured."""
    matrix = read_matrix(arguments.matrix)
    if arguments.quick:
        matrix = replace(matrix, protocol=quick_protocol(matrix.protocol))
    machine = detect_machine()
    mismatch = device_mismatch(matrix.device, machine)
    if mismatch and arguments.require_device:
        raise InputError(f"{arguments.matrix}: {mismatch}; drop --require-device to run anyway")
    if mismatch:
        print(f"note: {mismatch}: every number is that device's", flush=True)
    header = _header(matrix, machine)
    directory = arguments.out / _directory_name(header, machine)
    interrupted = _measure(matrix, machine, header, directory, fork=not arguments.no_fork_server)
    measured = read_run(directory)
    results = cell_results(measured.launches)
    write_text(directory / "report.md", report_markdown(measured, results))
    print(f"\n{results_text(measured, results)}\n\n{overhead_text(measured.launches)}")
    _print_next(directory, matrix)
    return ExitCode.INTERRUPTED if interrupted else _exit_code(results)


def _measure(
    matrix: Matrix, machine: Machine, header: RunHeader, directory: Path, *, fork: bool
) -> bool:
    """Make the run directory and fill it; returns whether Ctrl-C cut the run short."""
    planned = plan_launches(matrix, machine)
    estimates = estimate_launches(planned, matrix, machine, directory.parent)
    create_run(directory, header)
    seconds = [found.seconds if found else None for found in estimates]
    launcher = Launcher(directory / "fork_server.log")
    with launcher, ProgressLine(planned, seconds) as line:
        start = launcher.start if fork else start_process
        try:
            for launch in run_session(matrix, machine, directory, line.on_progress, start):
                line.on_finished(launch)
        except KeyboardInterrupt:
            return True
    return False


def _header(matrix: Matrix, machine: Machine) -> RunHeader:
    return RunHeader(
        matrix=matrix.name,
        purpose=matrix.purpose,
        reference=matrix.reference,
        expected_device=matrix.device,
        device=device_label(machine),
        gpu=machine.gpus[0].name if machine.gpus else None,
        protocol=matrix.protocol,
        started_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        cells=tuple(cell.id for cell in matrix.cells),
        machine=asdict(machine),
        environment=fingerprint(machine),
    )


def _directory_name(header: RunHeader, machine: Machine) -> str:
    """`<UTC time>-<device>-<matrix>`, so that names sort by time."""
    time = datetime.fromisoformat(header.started_at).strftime("%Y%m%dT%H%M%SZ")
    return f"{time}-{device_slug(machine)}-{header.matrix}"


def _print_next(directory: Path, matrix: Matrix) -> None:
    print(f"run directory: {directory} (report.md, cells/)")
    if matrix.reference is not None:
        print(f"next: python bench.py compare --reference {matrix.reference} --run {directory}")


def _exit_code(results: Sequence[CellResult]) -> ExitCode:
    """Cells that this machine cannot run are skipped in good order; any other end is a failure."""
    statuses = {result.status for result in results}
    if Status.OK not in statuses or statuses - {Status.OK, Status.SKIPPED}:
        return ExitCode.CELL_FAILED
    return ExitCode.GOOD
