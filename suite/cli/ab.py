"""`bench.py ab`: two sides measured in turn on one device, until it is shown what differs."""

import argparse
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean

from suite.analysis.ab import SideRun, ab_report
from suite.analysis.resume import changes
from suite.cli.ab_sides import parse_side
from suite.cli.chosen_matrix import chosen_matrix
from suite.cli.data_options import data_options
from suite.cli.headers import directory_name, new_header
from suite.cli.reporting import assembled, write_report
from suite.cli.terminal import text_width
from suite.formats.ab import ab_json, ab_markdown, ab_text, counts
from suite.formats.numbers import rate
from suite.kernels.interface import KernelOptions
from suite.machine.devices import detect_machine
from suite.machine.foreign_processes import foreign_processes
from suite.model.ab import AB_SEQUENTIAL, Setting, VerdictKind, fixed
from suite.model.ab_report import AbReport
from suite.model.cell import Cell, KernelName
from suite.model.device import Machine
from suite.model.errors import ExitCode, InputError, NotComparableError, UnfinishedError
from suite.model.launch import Launch, Status
from suite.model.matrix import Matrix
from suite.model.run import Run, RunHeader
from suite.model.text import bench, command, shown
from suite.run.locks import hold_devices, hold_run, locks_for
from suite.run.plan import PlannedLaunch, plan_launches
from suite.run.session import Conduct, run_session
from suite.run.sides import Side, checked_out, side_fingerprint
from suite.run.stop import Stop
from suite.store.runs import as_stored, create_run, read_header, read_run, tidy_directory
from suite.store.text import make_folder, write_text

_FILES = {"ab.md": ab_markdown, "ab.json": ab_json}


def run(arguments: argparse.Namespace) -> ExitCode:
    """Measure both sides in turn and judge each cell; exit 1 if one has regressed."""
    matrix = chosen_matrix(arguments)
    setting = AB_SEQUENTIAL if arguments.rounds is None else fixed(arguments.rounds)
    options = _absolute(data_options(arguments, matrix))
    machine = detect_machine()
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
        announce = stack.enter_context(hold_devices(locks_for(matrix.cells, machine), on_wait))
        stop = stack.enter_context(Stop())
        headers = [_header(arguments, side, matrix, options, machine, setting) for side in sides]
        folder = _folder(arguments, headers, machine)
        stack.enter_context(hold_run(folder))
        announce(folder)
        both = [
            _measured_side(side, matrix, header, options, machine, folder, setting)
            for side, header in zip(sides, headers, strict=True)
        ]
        try:
            with suppress(KeyboardInterrupt):
                _measure(both, machine, setting, _Limits(stop, arguments.max_time))
            return _report(both, setting, folder, stop, strict=arguments.strict)
        except InputError as error:
            raise UnfinishedError(f"{error}; {_way_on(folder)}") from None


@dataclass(frozen=True, slots=True)
class _Limits:
    """What ends an A/B before its last look."""

    stop: Stop
    max_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _MeasuredSide:
    """A side at work: its matrix, its plan by cell and round, and its run directory."""

    side: Side
    matrix: Matrix
    cells: tuple[Cell, ...]
    plan: tuple[PlannedLaunch, ...]
    directory: Path
    header: RunHeader
    launches: dict[tuple[Cell, int], Launch]

    def has_ended(self, index: int) -> bool:
        """Whether the launch in this place of the plan is recorded, and not as interrupted."""
        planned = self.plan[index]
        recorded = self.launches.get((planned.cell, planned.launch))
        return recorded is not None and recorded.status is not Status.INTERRUPTED

    def so_far(self) -> SideRun:
        """What is recorded of it."""
        return SideRun(
            name=self.side.name,
            title=self.side.title,
            run=Run(header=self.header, launches=tuple(self.launches.values())),
            cells=self.cells,
        )


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
) -> RunHeader:
    own = replace(matrix, cells=side.cells_of(matrix))
    own = replace(own, protocol=replace(own.protocol, launches=setting.looks[0]))
    header = new_header(own, options, machine)
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
            environment=environment,
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
) -> _MeasuredSide:
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
    return _MeasuredSide(
        side=side,
        matrix=own,
        cells=own.cells,
        plan=plan,
        directory=directory,
        header=read_header(directory),
        launches={(launch.cell, launch.launch): launch for launch in recorded.launches},
    )


def _measure(
    both: Sequence[_MeasuredSide], machine: Machine, setting: Setting, limits: _Limits
) -> None:
    """Round after round, A B of one cell and B A of the next, until all cells are decided.

    What drifts then changes both launches of a pair alike; and as each side is the second of a pair
    as often as the first, that place favours neither. No pair is begun after a request to stop.
    """
    began = time.monotonic()
    conducts = [_conduct(side.side, machine, limits.stop) for side in both]
    cells = len(both[0].cells)
    for number in range(setting.most_rounds):
        report = _assembled(both, setting)
        if number in setting.looks:
            print(f"after {number} rounds: {counts(report)}", flush=True)
        for place in (place for place, cell in enumerate(report.cells) if cell.is_open):
            is_late = limits.max_seconds is not None and (
                time.monotonic() - began >= limits.max_seconds
            )
            if is_late or limits.stop.by is not None:
                return
            index = number * cells + place
            if all(side.has_ended(index) for side in both):
                continue
            # Neighbours in time make a pair: half of one, from before a stop, is measured again.
            first = (number + place) % 2
            ended = {
                side: _launched(both[side], index, machine, conducts[side])
                for side in (first, 1 - first)
            }
            print(_line(number, ended[0], ended[1]), flush=True)


def _conduct(side: Side, machine: Machine, stop: Stop) -> Conduct:
    return Conduct(
        stop=stop,
        prune=False,
        foreign_processes=partial(foreign_processes, machine.gpus) if machine.gpus else tuple,
        start=side.start,
    )


def _launched(side: _MeasuredSide, index: int, machine: Machine, conduct: Conduct) -> Launch | None:
    """Measure the launch in this place of a plan; None if a stop came before it."""
    planned = side.plan[index]
    session = run_session([planned], side.matrix, machine, side.directory, lambda *_: None, conduct)
    launch = next(session, None)
    if launch is not None:
        side.launches[planned.cell, planned.launch] = launch
    return launch


def _line(number: int, a: Launch | None, b: Launch | None) -> str:
    """A pair as it ends: `round 3, inference-fp32-bs8-1gpu: a 23.10, b 23.05 img/s`."""
    name = a.cell.id if a else b.cell.id if b else ""
    return f"round {number + 1}, {name}: a {_told(a)}, b {_told(b)}"


def _told(launch: Launch | None) -> str:
    if launch is None:
        return "not begun"
    if launch.status is not Status.OK:
        words = launch.status.words
        return shown(f"{words} ({launch.reason})" if launch.reason else words)
    return f"{rate(launch.cell.batch_size / fmean(launch.step_seconds))} img/s"


def _assembled(both: Sequence[_MeasuredSide], setting: Setting) -> AbReport:
    a, b = both
    return ab_report(a.so_far(), b.so_far(), setting)


def _report(
    both: Sequence[_MeasuredSide], setting: Setting, folder: Path, stop: Stop, *, strict: bool
) -> ExitCode:
    report, header = _assembled(both, setting), both[0].header
    print(f"\n{ab_text(report, text_width())}")
    for name, render in _FILES.items():
        write_text(folder / name, render(report))
    for side in both:
        write_report(assembled([side.directory]), side.directory)
    print(f"\nA/B directory: {shown(str(folder))} ({', '.join(_FILES)}, a/, b/)")
    more = _more_rounds(report)
    if more and stop.by is None:
        print(f"to decide what is inconclusive: {bench(*_with_rounds(header.command, more))}")
    if any(cell.is_open for cell in report.cells):
        why = f"stopped by {stop.by}" if stop.by else "--max-time is over"
        print(f"not finished ({why}); {_way_on(folder)}")
    if stop.by is not None:
        return ExitCode.INTERRUPTED
    return _exit_code(report, strict=strict)


def _more_rounds(report: AbReport) -> int | None:
    """The rounds that would decide the cells that more of them can decide; None for no such."""
    needed = [
        max(cell.verdict.estimate.pairs_to_pass, cell.verdict.estimate.pairs_to_find)
        for cell in report.cells
        if cell.verdict.verdict is VerdictKind.INCONCLUSIVE
        and cell.verdict.estimate is not None
        and not cell.verdict.estimate.is_near_minimum
        and not cell.is_open
    ]
    return max(needed, default=None)


def _with_rounds(words: Sequence[str], rounds: int) -> list[str]:
    """The command of an A/B with this number of rounds in a directory of its own."""
    kept: list[str] = []
    for word in words:
        if kept and kept[-1] in {"--rounds", "--resume"}:
            kept.pop()
        elif not word.startswith(("--rounds=", "--resume=")):
            kept.append(word)
    return [*kept, "--rounds", str(rounds)]


def _exit_code(report: AbReport, *, strict: bool) -> ExitCode:
    """A regression counts for most, then what failed or was not finished, then doubt."""
    if report.count(VerdictKind.REGRESSED):
        return ExitCode.REGRESSION
    if any(cell.given_up or cell.is_open for cell in report.cells):
        return ExitCode.CELL_FAILED
    is_unclear = strict and report.count(VerdictKind.INCONCLUSIVE)
    return ExitCode.INCONCLUSIVE if is_unclear else ExitCode.GOOD


def _way_on(folder: Path) -> str:
    resume = command(["--resume", str(folder)])
    return f"finished launches are kept; give the same command again with {resume}"


def _say_waiting(text: str) -> None:
    print(f"waiting: {shown(text)}", flush=True)
