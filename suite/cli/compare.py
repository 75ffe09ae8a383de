"""`bench.py compare`: a run set beside a published table, and judged by a limit if one is given."""

import argparse
import sys
from pathlib import Path

from suite.analysis.assemble import assemble
from suite.analysis.verdict import judge_run
from suite.cli.github import tell_github
from suite.cli.newest_run import newest_run
from suite.cli.parser import REPORTS
from suite.cli.reporting import reference_paths
from suite.cli.terminal import text_width
from suite.formats.comparison import comparison_markdown, comparison_text
from suite.formats.comparison_csv import comparison_csv
from suite.formats.markdown import code_block
from suite.formats.plots import comparison_plots
from suite.formats.report_json import report_json
from suite.formats.verdict import verdict_text
from suite.model.errors import ExitCode, InputError, NotComparableError, UnfinishedError
from suite.model.reference import Reference
from suite.model.report import ReportedRun
from suite.model.run import Run
from suite.model.text import bench, command, shown
from suite.store.references import BANDS_PATH, read_bands, read_system, reference_path
from suite.store.runs import read_run, write_plot
from suite.store.text import reachable, write_text


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the comparison, write it into the run directory, and judge it if a limit is given.

    Without a limit nothing is judged, and an unfinished run is reported with exit code 0.
    """
    limit = arguments.fail_below
    if arguments.min_batch is not None and limit is None:
        raise InputError("--min-batch limits what --fail-below counts; give --fail-below too")
    directory = arguments.directory or newest_run(REPORTS)
    measured = read_run(directory)
    references = _references(arguments.reference, directory, measured)
    try:
        report = assemble([measured], references, read_bands(BANDS_PATH))
    except NotComparableError as error:
        (alone,) = assemble([measured]).runs
        if alone.coverage.is_finished:
            raise
        raise UnfinishedError(f"{error}; {_unfinished(directory, alone)}") from None
    (run,) = report.runs
    print(comparison_text(report, text_width()))
    texts = {
        "comparison.md": comparison_markdown(report),
        "comparison.csv": comparison_csv(report),
        "report.json": report_json(report),
    }
    try:
        _write(directory, texts, comparison_plots(report))
    except InputError as error:
        # Without a verdict the files are the purpose of the call.
        if limit is None:
            raise
        print(f"warning: {error}; the verdict holds without it", file=sys.stderr)
    if not run.coverage.is_finished:
        print(_unfinished(directory, run))
    if limit is None:
        tell_github(lambda: texts["comparison.md"])
        return ExitCode.GOOD
    cells = [cell for comparison in report.comparisons for cell in comparison.cells]
    verdict = judge_run(cells, run.coverage, limit, arguments.min_batch or 1)
    text = verdict_text(verdict)
    print(f"\n{text}")
    tell_github(lambda: f"{texts['comparison.md']}\n## Verdict\n\n{code_block(text)}\n")
    return verdict.exit_code


def _references(given: str | None, directory: Path, run: Run) -> list[Reference]:
    """The reference asked for, else those that the run is for."""
    if given is not None:
        return [read_system(reference_path(given))]
    paths = reference_paths(run)
    if not paths:
        raise InputError(
            f"{directory}: its matrix names no reference; give one, such as --reference t4"
        )
    for path in paths:
        if not reachable(path.exists):
            raise InputError(
                f"{directory}: its reference {path} is missing; give one by --reference"
            )
    return [read_system(path) for path in paths]


def _write(directory: Path, texts: dict[str, str], plots: dict[str, str]) -> None:
    for name, text in texts.items():
        write_text(directory / name, text)
    for name, svg in plots.items():
        write_plot(directory, name, svg)
    names = [*texts, *(f"plots/{name}" for name in plots)]
    print(f"\nwritten to {shown(str(directory))}: {', '.join(names)}")


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
