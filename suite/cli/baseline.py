"""`bench.py baseline`: runs stored as what later runs are held to."""

import argparse
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from suite.analysis.baseline import (
    apart,
    baseline_of_run,
    baseline_report,
    cells_of,
    replaced,
    why_unfit,
    with_sessions,
)
from suite.analysis.gate_verdicts import FEWEST_LAUNCHES
from suite.cli.terminal import text_width
from suite.formats.baseline import baseline_json, baseline_text
from suite.formats.tables import paragraph
from suite.machine.user import user_name
from suite.model.baseline import MOST_SESSIONS, Baseline, BaselineChange, ChangeKind
from suite.model.cell import KernelName
from suite.model.errors import ExitCode, InputError, NotComparableError
from suite.model.launch import CautionKind
from suite.model.run import Run
from suite.model.text import bench, shown
from suite.store.baselines import read_baseline, write_baseline
from suite.store.runs import read_run
from suite.store.text import make_folder, reachable

_CHOICE = (
    "store runs that were chosen beforehand, never the one that beat the baseline: it was lucky,"
    " and later runs would seem to lose"
)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do the action asked for."""
    actions = {"save": _save, "show": _show, "update": _update}
    actions[arguments.action](arguments)
    return ExitCode.GOOD


def _save(arguments: argparse.Namespace) -> None:
    file: Path = arguments.file
    if reachable(file.exists):
        update = bench("baseline", "update", str(file), "--run", "RUN", "--why", "TEXT")
        raise InputError(f"{file}: is there already; add a session with: {update}")
    runs = _read_fit(arguments.runs)
    runs.sort(key=lambda each: each[1].header.began)
    (oldest, first), *others = runs
    _refuse_apart(str(oldest), first, others)
    change = _change(arguments, ChangeKind.SAVED)
    made = with_sessions(baseline_of_run(first), [each for _, each in others], change)
    make_folder(file.parent)
    _write(file, made, len(runs))


def _show(arguments: argparse.Namespace) -> None:
    report = baseline_report(read_baseline(arguments.file))
    if arguments.json:
        print(baseline_json(report), end="")
    else:
        print(baseline_text(report, text_width()))


def _update(arguments: argparse.Namespace) -> None:
    file: Path = arguments.file
    if reachable(file.is_dir):
        raise InputError(f"{file}: is a directory; give the path of a file that save wrote")
    before = read_baseline(file)
    ((directory, added),) = _read_fit([arguments.run])
    if arguments.replace:
        change = _change(arguments, ChangeKind.REPLACED)
        _write(file, replaced(before, added, change), 1)
        return
    if any(session.began == added.header.began for session in before.sessions):
        raise InputError(f"{directory}: is in {file} already; give another run")
    is_late = len(before.sessions) < MOST_SESSIONS or added.header.began > before.sessions[0].began
    if not is_late:
        raise InputError(
            f"{directory}: is older than the {MOST_SESSIONS} sessions of {file}, which keeps no"
            " more; give a newer run"
        )
    found = apart(before.header, added.header)
    if found is not None:
        raise NotComparableError(
            f"{directory}: measured under other conditions than {file}: {found}; start the"
            " baseline anew from it with --replace"
        )
    change = _change(arguments, ChangeKind.ADDED)
    made = with_sessions(before, [added], change)
    _write(file, made, len(before.sessions) + 1)


def _read_fit(directories: Sequence[Path]) -> list[tuple[Path, Run]]:
    """Runs that may be sessions of a baseline, each named once.

    Raises:
        InputError: one cannot be read, is damaged or unfit, or is given twice, be it as a copy.
    """
    found: list[tuple[Path, Run]] = []
    for directory in directories:
        run = read_run(directory)
        if run.damaged:
            damaged = run.damaged[0]
            raise InputError(f"{directory / damaged.file}: {damaged.problem}")
        if (why := why_unfit(run)) is not None:
            raise InputError(f"{directory}: {why}")
        for other, earlier in found:
            if earlier.header.began == run.header.began:
                raise InputError(f"{directory}: is the same run as {other}; give each run once")
        found.append((directory, run))
        _say_doubts(directory, run)
    return found


def _say_doubts(directory: Path, run: Run) -> None:
    """What may make its numbers a bad measure for later ones."""
    if any(launch.cell.kernel is KernelName.SIMULATED for launch in run.launches):
        print(f"note: {shown(str(directory))}: {CautionKind.SIMULATED.legend}")
    kinds = dict.fromkeys(c.kind for launch in run.launches for c in launch.cautions)
    doubts = [kind.value.replace("_", " ") for kind in kinds if kind is not CautionKind.SIMULATED]
    if doubts:
        said = f"{directory}: some numbers have cautions ({', '.join(doubts)}); see its report"
        print(f"note: {shown(said)}")
    lost = sum(launch.status.is_failure for launch in run.launches)
    if lost:
        launches = "1 launch failed, and is" if lost == 1 else f"{lost} launches failed, and are"
        print(f"note: {shown(str(directory))}: {launches} stored as such")


def _refuse_apart(name: str, first: Run, others: Sequence[tuple[Path, Run]]) -> None:
    for directory, other in others:
        found = apart(first.header, other.header)
        if found is not None:
            raise NotComparableError(
                f"{directory}: measured under other conditions than {name}: {found}; save a"
                " baseline of each"
            )


def _change(arguments: argparse.Namespace, what: ChangeKind) -> BaselineChange:
    return BaselineChange(
        at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        who=arguments.who or user_name(),
        what=what,
        why=arguments.why,
    )


def _write(file: Path, made: Baseline, sessions: int) -> None:
    """Write it, and say what it holds; `sessions` is how many it would have without a limit."""
    write_baseline(file, made)
    counted = "1 session" if len(made.sessions) == 1 else f"{len(made.sessions)} sessions"
    launches = sum(each.ok_launches for session in made.sessions for each in session.cells)
    print(
        shown(
            f"written: {file}: {counted} of {made.header.matrix} on {made.header.device},"
            f" {launches} launches"
        )
    )
    few = [
        cell.id
        for cell, stored in cells_of(made).items()
        if 0 < sum(each.ok_launches for each in stored) < FEWEST_LAUNCHES
    ]
    if few:
        cells = "1 cell has" if len(few) == 1 else f"{len(few)} cells have"
        print(f"note: {cells} fewer than {FEWEST_LAUNCHES} launches, too few for a verdict")
    if sessions > len(made.sessions):
        print(f"left out: the {sessions - len(made.sessions)} oldest of {sessions} sessions")
    print(paragraph(_CHOICE, text_width()))
    print(f"next: {bench('baseline', 'show', str(file))}")
