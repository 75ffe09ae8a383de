"""`bench.py ab`: two sides measured in turn on one device, until it is shown what differs."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from suite.cli.ab_measuring import MeasuredAb, measured_ab, unfinished
from suite.cli.github import tell_github
from suite.cli.reporting import assembled, write_report
from suite.cli.terminal import text_width
from suite.formats.ab import ab_json, ab_markdown, ab_text
from suite.formats.ab_junit import ab_cases, ab_xml
from suite.model.ab import AB_SEQUENTIAL, VerdictKind, fixed
from suite.model.ab_report import AbReport
from suite.model.errors import ExitCode
from suite.model.text import bench, shown
from suite.store.text import write_text


def run(arguments: argparse.Namespace) -> ExitCode:
    """Measure both sides in turn and judge each cell; exit 1 if one has regressed."""
    setting = AB_SEQUENTIAL if arguments.rounds is None else fixed(arguments.rounds)
    with measured_ab(arguments, setting) as measured:
        report, folder = measured.report, measured.folder
        print(f"\n{ab_text(report, text_width())}")
        names = write_ab(report, folder, strict=arguments.strict)
        print(f"\nA/B directory: {shown(str(folder))} ({', '.join(names)}, a/, b/)")
        _say_how_to_go_on(measured)
        tell_github(lambda: ab_markdown(report), cases=ab_cases(report, strict=arguments.strict))
        return _exit_code(measured, strict=arguments.strict)


def write_ab(report: AbReport, folder: Path, *, strict: bool) -> list[str]:
    """Write the files of an A/B and those of both its runs; the names of its own.

    Raises:
        InputError: one cannot be written.
    """
    files = {
        "ab.md": ab_markdown(report),
        "ab.json": ab_json(report),
        "ab.xml": ab_xml(report, strict=strict),
    }
    for name, text in files.items():
        write_text(folder / name, text)
    for name in "ab":
        write_report(assembled([folder / name]), folder / name)
    return list(files)


def _say_how_to_go_on(measured: MeasuredAb) -> None:
    report = measured.report
    more = _more_rounds(report)
    if more and measured.stopped_by is None:
        words = _with_rounds(measured.command, more)
        print(f"to decide what is inconclusive: {bench(*words)}")
    if (why := unfinished(measured)) is not None:
        print(why)


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
