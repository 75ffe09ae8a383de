"""`bench.py ab`: two sides measured in turn on one device, until it is shown what differs."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from suite.cli.ab_measuring import MeasuredAb, measured_ab, way_on
from suite.cli.reporting import assembled, write_report
from suite.cli.terminal import text_width
from suite.formats.ab import ab_json, ab_markdown, ab_text
from suite.model.ab import AB_SEQUENTIAL, VerdictKind, fixed
from suite.model.ab_report import AbReport
from suite.model.errors import ExitCode
from suite.model.text import bench, shown
from suite.store.text import write_text

_FILES = {"ab.md": ab_markdown, "ab.json": ab_json}


def run(arguments: argparse.Namespace) -> ExitCode:
    """Measure both sides in turn and judge each cell; exit 1 if one has regressed."""
    setting = AB_SEQUENTIAL if arguments.rounds is None else fixed(arguments.rounds)
    with measured_ab(arguments, setting) as measured:
        print(f"\n{ab_text(measured.report, text_width())}")
        write_ab(measured.report, measured.folder)
        _say_how_to_go_on(measured)
        return _exit_code(measured, strict=arguments.strict)


def write_ab(report: AbReport, folder: Path) -> None:
    """Write the files of an A/B into its directory, and those of both its runs.

    Raises:
        InputError: one cannot be written.
    """
    for name, render in _FILES.items():
        write_text(folder / name, render(report))
    for name in "ab":
        write_report(assembled([folder / name]), folder / name)


def _say_how_to_go_on(measured: MeasuredAb) -> None:
    report, folder = measured.report, measured.folder
    print(f"\nA/B directory: {shown(str(folder))} ({', '.join(_FILES)}, a/, b/)")
    more = _more_rounds(report)
    if more and measured.stopped_by is None:
        words = _with_rounds(measured.command, more)
        print(f"to decide what is inconclusive: {bench(*words)}")
    if any(cell.is_open for cell in report.cells):
        by = measured.stopped_by
        why = f"stopped by {by}" if by else "--max-time is over"
        print(f"not finished ({why}); {way_on(folder)}")


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


def _exit_code(measured: MeasuredAb, *, strict: bool) -> ExitCode:
    """A regression counts for most, then what failed or was not finished, then doubt."""
    report = measured.report
    if measured.stopped_by is not None:
        return ExitCode.INTERRUPTED
    if report.count(VerdictKind.REGRESSED):
        return ExitCode.REGRESSION
    if any(cell.given_up or cell.is_open for cell in report.cells):
        return ExitCode.CELL_FAILED
    is_unclear = strict and report.count(VerdictKind.INCONCLUSIVE)
    return ExitCode.INCONCLUSIVE if is_unclear else ExitCode.GOOD
