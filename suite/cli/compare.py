"""`bench.py compare`: a run set beside a published table, and judged by a limit if one is given."""

import argparse
import sys
from pathlib import Path

from suite.analysis.comparison import compare, comparison_frame, weak_scaling_of
from suite.analysis.results import cell_results, coverage
from suite.analysis.verdict import judge_run
from suite.cli.newest_run import newest_run
from suite.cli.parser import REPORTS
from suite.cli.terminal import text_width
from suite.formats.comparison import (
    COMPARISON_PLOT,
    comparison_markdown,
    comparison_text,
    remarks_on,
)
from suite.formats.scaling_plots import comparison_plot
from suite.formats.verdict import verdict_text
from suite.model.errors import ExitCode, InputError, NotComparableError, UnfinishedError
from suite.model.reference import Reference
from suite.model.run import Coverage, RunHeader
from suite.model.text import command, shown
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
    header = measured.header
    reference = _reference(arguments.reference, directory, header)
    results = cell_results(measured.launches, header.protocol.launches)
    whole = coverage(header, results)
    bands = read_bands(BANDS_PATH)
    try:
        cells = compare(results, reference.table, bands)
    except NotComparableError as error:
        if whole.is_finished:
            raise
        raise UnfinishedError(f"{error}; {_unfinished(directory, header, whole)}") from None
    title = f"{header.matrix} on {header.device} beside {reference.table.name}"
    remarks = remarks_on(header, reference.table, whole)
    print(comparison_text(cells, reference, title, remarks, whole, text_width()))
    texts = {
        "comparison.md": comparison_markdown(cells, reference, title, remarks, whole),
        "comparison.csv": comparison_frame(cells).to_csv(index=False),
    }
    plot = comparison_plot(weak_scaling_of(cells), reference, header)
    try:
        _write(directory, texts, plot)
    except InputError as error:
        # Without a verdict the files are the purpose of the call.
        if limit is None:
            raise
        print(f"warning: {error}; the verdict holds without it", file=sys.stderr)
    if not whole.is_finished:
        print(_unfinished(directory, header, whole))
    if limit is None:
        return ExitCode.GOOD
    verdict = judge_run(cells, whole, limit, arguments.min_batch or 1)
    print(f"\n{verdict_text(verdict)}")
    return verdict.exit_code


def _reference(given: str | None, directory: Path, header: RunHeader) -> Reference:
    """The reference asked for, else the one that the run's matrix names."""
    if given is not None:
        return read_system(reference_path(given))
    if header.reference is None:
        raise InputError(
            f"{directory}: its matrix names no reference; give one, such as --reference t4"
        )
    path = Path(header.reference)
    if not reachable(path.exists):
        raise InputError(f"{directory}: its reference {path} is missing; give one by --reference")
    return read_system(path)


def _write(directory: Path, texts: dict[str, str], plot: str | None) -> None:
    for name, text in texts.items():
        write_text(directory / name, text)
    if plot is not None:
        write_plot(directory, COMPARISON_PLOT, plot)
    plots = f", plots/{COMPARISON_PLOT}" if plot else ""
    print(f"\nwritten to {shown(str(directory))}: {', '.join(texts)}{plots}")


def _unfinished(directory: Path, header: RunHeader, whole: Coverage) -> str:
    """How much of a run is complete, and the command that resumes it."""
    resume = ["--resume", str(directory)]
    way = (
        command(["python", "bench.py", *header.command, *resume])
        if header.command
        else f"the command of this run with {command(resume)}"
    )
    return (
        f"not finished: {whole.ended_launches} of {whole.planned_launches} launches have ended;"
        f" go on with: {way}"
    )
