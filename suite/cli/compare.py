"""`bench.py compare`: runs beside a published table; runs, or trainings, beside each other."""

import argparse
import sys
from pathlib import Path

from suite.analysis.assemble import assemble
from suite.analysis.verdict import judge_run
from suite.cli.compare_trainings import compare_trainings
from suite.cli.github import tell_github
from suite.cli.newest_run import newest_run
from suite.cli.parser import REPORTS
from suite.cli.sides import Sides, assembled_sides, read_sides
from suite.cli.terminal import text_width
from suite.cli.whole_parts import exit_code_of
from suite.formats.comparison import comparison_markdown, comparison_text
from suite.formats.comparison_csv import comparison_csv
from suite.formats.markdown import code_block
from suite.formats.pairs import pairs_markdown, pairs_text
from suite.formats.pairs_csv import pairs_csv
from suite.formats.plots import comparison_plots
from suite.formats.report_json import report_json
from suite.formats.tables import paragraph
from suite.formats.verdict import verdict_text
from suite.model.errors import ExitCode, InputError, NotComparableError, UnfinishedError
from suite.model.report import Report, ReportedRun
from suite.model.text import bench, command, shown
from suite.store.runs import write_plot
from suite.store.text import make_folder, write_text
from suite.store.training_runs import is_training

# Which verdict counts where several runs have one each.
_WORST_FIRST = (
    ExitCode.REGRESSION,
    ExitCode.CELL_FAILED,
    ExitCode.INCONCLUSIVE,
    ExitCode.GOOD,
)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print what was asked for, write it, and judge ratios to a table if a limit is given.

    One run beside a table is written into its directory, runs beside each other into `--out` alone.
    Without a limit nothing is judged, and an unfinished run is reported with exit code 0. Trainings
    are set beside each other alone.
    """
    if any(is_training(directory) for directory in arguments.runs):
        return compare_trainings(arguments)
    limit = arguments.fail_below
    if arguments.min_batch is not None and limit is None:
        raise InputError("--min-batch limits what --fail-below counts; give --fail-below too")
    sides = read_sides(arguments.runs or [newest_run(REPORTS)], arguments.reference)
    if limit is not None and not sides.references:
        raise InputError(
            "--fail-below judges ratios to a published table, not runs beside each other; name a"
            " table too, such as --reference t4"
        )
    report = _assembled(sides)
    print(_text(report, text_width()))
    folder = arguments.out or (None if sides.are_paired else sides.directories[0])
    if folder is not None:
        try:
            _write(folder, _documents(report), comparison_plots(report))
        except InputError as error:
            # Without a verdict the files are the purpose of the call.
            if limit is None:
                raise
            print(f"warning: {error}; the verdict holds without it", file=sys.stderr)
    else:
        print("\nnothing was written; --out DIR writes it")
    for directory, reported in zip(sides.directories, report.runs, strict=True):
        if not reported.coverage.is_finished:
            print(_unfinished(directory, reported))
    if limit is None:
        tell_github(lambda: _markdown(report))
        return exit_code_of(report.runs)
    code, text = _verdict(sides, report, limit, arguments.min_batch or 1)
    print(f"\n{text}")
    tell_github(lambda: f"{_markdown(report)}\n## Verdict\n\n{code_block(text)}\n")
    return code


def _assembled(sides: Sides) -> Report:
    """The report of all sides; runs that have nothing in common with a table are named.

    Raises:
        NotComparableError: nothing is in common.
        UnfinishedError: nothing is yet, with a run that is not finished.
    """
    try:
        report = assembled_sides(sides)
    except NotComparableError as error:
        for directory, alone in zip(sides.directories, assemble(sides.runs).runs, strict=True):
            if not alone.coverage.is_finished:
                raise UnfinishedError(f"{error}; {_unfinished(directory, alone)}") from None
        raise
    if sides.are_paired and not report.pairs:
        print("note: the runs have no cell in common with each other")
    if sides.references:
        compared = {comparison.run for comparison in report.comparisons}
        for place, directory in enumerate(sides.directories):
            if place not in compared:
                print(f"note: {shown(str(directory))} has no cell in common with the table")
    return report


def _text(report: Report, width: int) -> str:
    texts = [
        *([pairs_text(report, width)] if report.pairs else []),
        *([comparison_text(report, width)] if report.comparisons else []),
    ]
    return "\n\n\n".join(texts)


def _markdown(report: Report) -> str:
    texts = [
        *([pairs_markdown(report)] if report.pairs else []),
        *([comparison_markdown(report)] if report.comparisons else []),
    ]
    return "\n".join(texts)


def _documents(report: Report) -> dict[str, str]:
    """The files of what was compared, by name."""
    pairs = {"pairs.md": pairs_markdown, "pairs.csv": pairs_csv} if report.pairs else {}
    comparisons = {"comparison.md": comparison_markdown, "comparison.csv": comparison_csv}
    files = {**pairs, **(comparisons if report.comparisons else {}), "report.json": report_json}
    return {name: render(report) for name, render in files.items()}


def _write(folder: Path, texts: dict[str, str], plots: dict[str, str]) -> None:
    make_folder(folder)
    for name, text in texts.items():
        write_text(folder / name, text)
    for name, svg in plots.items():
        write_plot(folder, name, svg)
    names = [*texts, *(f"plots/{name}" for name in plots)]
    told = f"written to {shown(str(folder))}: {', '.join(names)}"
    print(f"\n{paragraph(told, text_width())}")


def _verdict(sides: Sides, report: Report, limit: float, min_batch: int) -> tuple[ExitCode, str]:
    """What the limit says of every run: the worst of it as an exit code, and all of it in words.

    Raises:
        NotComparableError: there is nothing to judge in some run.
    """
    codes, texts = [], []
    for place, (directory, reported) in enumerate(zip(sides.directories, report.runs, strict=True)):
        cells = [
            cell
            for comparison in report.comparisons
            if comparison.run == place
            for cell in comparison.cells
        ]
        if not cells and reported.coverage.is_finished:
            raise NotComparableError(
                f"{directory}: no cell in common with the table, so nothing to judge"
            )
        verdict = judge_run(cells, reported.coverage, limit, min_batch)
        codes.append(verdict.exit_code)
        heading = f"{shown(str(directory))}:\n" if len(report.runs) > 1 else ""
        texts.append(f"{heading}{verdict_text(verdict)}")
    return min(codes, key=_WORST_FIRST.index), "\n".join(texts)


def _unfinished(directory: Path, run: ReportedRun) -> str:
    """How much of a run is complete, and the command that resumes it."""
    header, coverage = run.header, run.coverage
    resume = ["--resume", str(directory)]
    way = (
        bench(*header.command, *resume)
        if header.command
        else f"the command of this run with {command(resume)}"
    )
    return (
        f"not finished: {coverage.ended_launches} of {coverage.planned_launches} launches have"
        f" ended; go on with: {way}"
    )
