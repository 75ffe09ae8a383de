"""`bench.py compare`: a run set beside a published table, and judged by a limit if one is given."""

import argparse
import sys
from pathlib import Path

from suite.analysis.assemble import assemble
from suite.analysis.verdict import judge_run
from suite.cli.newest_run import newest_run
from suite.cli.parser import REPORTS
from suite.cli.reporting import named_reference
from suite.cli.terminal import text_width
from suite.formats.comparison import COMPARISON_PLOT, comparison_markdown, comparison_text
from suite.formats.comparison_csv import comparison_csv
from suite.formats.plots import comparison_plot
from suite.formats.report_json import report_json
from suite.formats.verdict import verdict_text
from suite.model.errors import ExitCode, InputError, NotComparableError, UnfinishedError
from suite.model.report import ReportedRun
from suite.model.text import command, shown
from suite.store.references import BANDS_PATH, read_bands, read_system, reference_path
from suite.store.runs import read_run, write_plot
from suite.store.text import write_text


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the comparison, write it into the run directory, and judge it if a limit is given.

    Without a limit nothing is judged, and an unfinished run is reported with exit code 0.
    """
    limit = arguments.fail_below
    if arguments.min_batch is not None and limit is None:
        raise InputError("--min-batch limits what --fail-below counts; give --fail-below too")
    directory = arguments.directory or newest_run(REPORTS)
    measured = read_run(directory)
    reference = (
        read_system(reference_path(arguments.reference))
        if arguments.reference is not None
        else named_reference(directory, measured.header)
    )
    try:
        report = assemble([measured], [reference], read_bands(BANDS_PATH))
    except NotComparableError as error:
        (alone,) = assemble([measured]).runs
        if alone.coverage.is_finished:
            raise
        raise UnfinishedError(f"{error}; {_unfinished(directory, alone)}") from None
    (run,), (comparison,) = report.runs, report.comparisons
    print(comparison_text(report, text_width()))
    texts = {
        "comparison.md": comparison_markdown(report),
        "comparison.csv": comparison_csv(report),
        "report.json": report_json(report),
    }
    plot = comparison_plot(comparison, run.header)
    try:
        _write(directory, texts, plot)
    except InputError as error:
        # Without a verdict the files are the purpose of the call.
        if limit is None:
            raise
        print(f"warning: {error}; the verdict holds without it", file=sys.stderr)
    if not run.coverage.is_finished:
        print(_unfinished(directory, run))
    if limit is None:
        return ExitCode.GOOD
    verdict = judge_run(comparison.cells, run.coverage, limit, arguments.min_batch or 1)
    print(f"\n{verdict_text(verdict)}")
    return verdict.exit_code


def _write(directory: Path, texts: dict[str, str], plot: str | None) -> None:
    for name, text in texts.items():
        write_text(directory / name, text)
    if plot is not None:
        write_plot(directory, COMPARISON_PLOT, plot)
    plots = f", plots/{COMPARISON_PLOT}" if plot else ""
    print(f"\nwritten to {shown(str(directory))}: {', '.join(texts)}{plots}")


def _unfinished(directory: Path, run: ReportedRun) -> str:
    """How much of a run is complete, and the command that resumes it."""
    header, coverage = run.header, run.coverage
    resume = ["--resume", str(directory)]
    way = (
        command(["python", "bench.py", *header.command, *resume])
        if header.command
        else f"the command of this run with {command(resume)}"
    )
    return (
        f"not finished: {coverage.ended_launches} of {coverage.planned_launches} launches have"
        f" ended; go on with: {way}"
    )
