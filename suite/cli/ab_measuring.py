"""An A/B measured: both sides in turn on one device, from its flags to the records of each pair."""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean

from suite.analysis.ab import SideRun, ab_report
from suite.analysis.resume import changes
from suite.cli.ab_sides import parse_side
from suite.cli.chosen_matrix import check_device, chosen_matrix
from suite.cli.clocks import clocks_as_asked, devices_to_hold
from suite.cli.data_options import data_options
from suite.cli.doctor import diagnosis_for, recorded_findings, say_findings
from suite.cli.headers import directory_name, new_header
from suite.formats.ab import counts
from suite.formats.numbers import rate
from suite.kernels.interface import KernelOptions
from suite.machine.devices import detect_machine
from suite.model.ab import Setting
from suite.model.ab_report import AbReport
from suite.model.cell import KernelName
from suite.model.device import Machine, used_gpus
from suite.model.errors import InputError, NotComparableError, UnfinishedError
from suite.model.launch import Launch, Status
from suite.model.matrix import Matrix
from suite.model.run import Run, RunHeader
from suite.model.text import command, shown
from suite.run.locks import hold_devices, hold_run
from suite.run.plan import plan_launches
from suite.run.rounds import MeasuredSide, Pair, run_rounds
from suite.run.sides import Side, checked_out, side_fingerprint
from suite.run.stop import Stop
from suite.store.runs import as_stored, create_run, read_header, read_run, tidy_directory
from suite.store.text import make_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredAb:
    """What was measured: the report and its directory, and what stopped it, None for nothing.

    `command` are the words after `bench.py` that began it.
    """

    report: AbReport
    folder: Path
    command: tuple[str, ...]
    stopped_by: str | None


@contextmanager
def measured_ab(arguments: argparse.Namespace, setting: Setting) -> Iterator[MeasuredAb]:
    """Measure pair after pair until each cell is decided, told a line at a time.

    `arguments` are those of the verb `ab`. Its directory is this process's own until the end of the
    context, and a directory that cannot be written there leaves an A/B to go on with.

    Raises:
        InputError: a side, the matrix or a directory is wrong; nothing was measured.
        NotComparableError: what is resumed began with other sides or under other conditions.
        UnfinishedError: its directory cannot be written any more.
    """
    matrix = chosen_matrix(arguments)
    options = _absolute(data_options(arguments, matrix))
    machine = detect_machine()
    check_device(arguments, matrix, machine)
    sides = [parse_side("a", arguments.a), parse_side("b", arguments.b)]
    for side in sides:
        if any(cell.gpus > 1 for cell in side.cells_of(matrix)):
            raise InputError(
                f"--{side.name} {side.title}: has cells of several GPUs, which ab does not measure;"
                " leave them out with --only 'gpus == 1'"
            )
    with ExitStack() as stack:
        trees = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="resnet50-bench-")))
        sides = [stack.enter_context(checked_out(side, trees / side.name)) for side in sides]
        on_wait = _say_waiting if arguments.wait else None
        cells = [cell for side in sides for cell in side.cells_of(matrix)]
        names = devices_to_hold(arguments, cells, machine)
        announce = stack.enter_context(hold_devices(names, on_wait))
        stop = stack.enter_context(Stop())
        diagnosis = diagnosis_for(cells, used_gpus(cells, machine), machine)
        say_findings(diagnosis)
        machine = stack.enter_context(clocks_as_asked(arguments, cells, machine))
        headers = [
            _header(
                arguments, side, matrix, options, machine, setting, recorded_findings(diagnosis)
            )
            for side in sides
        ]
        folder = _folder(arguments, headers, machine)
        stack.enter_context(hold_run(folder))
        announce(folder)
        a, b = (
            _measured_side(side, matrix, header, options, machine, folder, setting)
            for side, header in zip(sides, headers, strict=True)
        )
        so_far = partial(_so_far, a, b, setting)
        try:
            with suppress(KeyboardInterrupt):
                for pair in run_rounds(
                    a, b, machine, stop, arguments.max_time, partial(_open_cells, so_far, setting)
                ):
                    print(_line(pair), flush=True)
            yield MeasuredAb(
                report=so_far(),
                folder=folder,
                command=headers[0].command,
                stopped_by=stop.by,
            )
        except InputError as error:
            raise UnfinishedError(f"{error}; {way_on(folder)}") from None


def _absolute(options: KernelOptions) -> KernelOptions:
    """A side in a checkout of its own does not start in this folder."""
    folders = (options.data_dir, options.data_idx_dir)
    data_dir, data_idx_dir = (str(Path(each).absolute()) if each else None for each in folders)
    return replace(options, data_dir=data_dir, data_idx_dir=data_idx_dir)


def _header(
    arguments: argparse.Namespace,
    side: Side,
    matrix: Matrix,
    options: KernelOptions,
    machine: Machine,
    setting: Setting,
    findings: Mapping[str, object],
) -> RunHeader:
    own = replace(matrix, cells=side.cells_of(matrix))
    own = replace(own, protocol=replace(own.protocol, launches=setting.looks[0]))
    header = new_header(own, options, machine, findings)
    selection = f"{matrix.selection}; " if matrix.selection else ""
    # A rule that is changed once numbers are known proves nothing.
    rounds = f" --rounds {arguments.rounds}" if arguments.rounds else ""
    environment = side_fingerprint(side)
    is_real = any(cell.kernel is not KernelName.SIMULATED for cell in own.cells)
    if is_real and environment.get("tensorflow") is None:
        raise InputError(
            f"--{side.name} {side.title}: {side.python} has no TensorFlow; install it there"
        )
    return as_stored(
        replace(
            header,
            environment={**environment, **findings},
            selection=f"{selection}--{side.name} {side.title}{rounds}",
            command=arguments.command,
        )
    )


def _folder(arguments: argparse.Namespace, headers: Sequence[RunHeader], machine: Machine) -> Path:
    """The directory of a new A/B with its two runs, or the one to go on with.

    Raises:
        InputError: it cannot be made, or is no A/B.
        NotComparableError: it began with other sides or under other conditions.
    """
    if arguments.resume is None:
        folder = _unused(arguments.out / f"{directory_name(headers[0], machine)}-ab")
        make_folder(folder)
        for name, header in zip("ab", headers, strict=True):
            create_run(folder / name, header)
        return folder
    folder = Path(arguments.resume)
    for name, header in zip("ab", headers, strict=True):
        before = read_header(folder / name)
        if before.selection != header.selection:
            raise NotComparableError(
                f"{folder}: its side {name} is {before.selection}; give the same sides and rounds,"
                " or start a new A/B"
            )
        found = changes(before, header)
        if found:
            raise NotComparableError(
                f"{folder}: began under other conditions: {'; '.join(found)}; start a new A/B"
            )
        tidy_directory(folder / name)
    return folder


def _unused(folder: Path) -> Path:
    number, free = 1, folder
    while free.exists():
        number += 1
        free = folder.with_name(f"{folder.name}-{number}")
    return free


def _measured_side(
    side: Side,
    matrix: Matrix,
    header: RunHeader,
    options: KernelOptions,
    machine: Machine,
    folder: Path,
    setting: Setting,
) -> MeasuredSide:
    own = replace(matrix, cells=side.cells_of(matrix))
    directory = folder / side.name
    recorded = read_run(directory)
    if recorded.damaged:
        damaged = recorded.damaged[0]
        raise InputError(f"{directory / damaged.file}: {damaged.problem}")
    # A record says that a cell is whole after the first look; some cells have more launches.
    rounds = replace(own, protocol=replace(own.protocol, launches=setting.most_rounds))
    plan = tuple(
        replace(
            item,
            order=replace(item.order, protocol=header.protocol),
            environment={**item.environment, **side.environment},
        )
        for item in plan_launches(rounds, machine, options).launches
    )
    return MeasuredSide(
        side=side,
        matrix=own,
        plan=plan,
        directory=directory,
        header=read_header(directory),
        launches={(launch.cell, launch.launch): launch for launch in recorded.launches},
    )


def _so_far(a: MeasuredSide, b: MeasuredSide, setting: Setting) -> AbReport:
    """What is recorded of both sides."""
    one, other = (
        SideRun(
            name=each.side.name,
            title=each.side.title,
            run=Run(header=each.header, launches=tuple(each.launches.values())),
            cells=each.matrix.cells,
        )
        for each in (a, b)
    )
    return ab_report(one, other, setting)


def _open_cells(so_far: Callable[[], AbReport], setting: Setting, rounds: int) -> list[int]:
    """The places of the cells that are not decided after so many rounds; tells of a look."""
    report = so_far()
    if rounds in setting.looks:
        print(f"after {rounds} rounds: {counts(report)}", flush=True)
    return [place for place, cell in enumerate(report.cells) if cell.is_open]


def _line(pair: Pair) -> str:
    """A pair as it ends: `round 3, inference-fp32-bs8-1gpu: a 23.10, b 23.05 img/s`."""
    return f"round {pair.round + 1}, {pair.cell.id}: a {_told(pair.a)}, b {_told(pair.b)}"


def _told(launch: Launch | None) -> str:
    if launch is None:
        return "not begun"
    if launch.status is not Status.OK:
        words = launch.status.words
        return shown(f"{words} ({launch.reason})" if launch.reason else words)
    return f"{rate(launch.cell.batch_size / fmean(launch.step_seconds))} img/s"


def way_on(folder: Path) -> str:
    """How to go on with an A/B that is not finished."""
    resume = command(["--resume", str(folder)])
    return f"finished launches are kept; give the same command again with {resume}"


def unfinished(measured: MeasuredAb) -> str | None:
    """Why cells are still open, and how to go on with them; None if none is."""
    if not any(cell.is_open for cell in measured.report.cells):
        return None
    by = measured.stopped_by
    why = f"stopped by {by}" if by else "--max-time is over"
    return f"not finished ({why}); {way_on(measured.folder)}"


def _say_waiting(text: str) -> None:
    print(f"waiting: {shown(text)}", flush=True)
