"""Run directories, read and assembled into a report, and the files that are written of it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from suite.analysis.assemble import assemble, join
from suite.cli.whole_parts import read_whole_parts
from suite.formats.html.page import report_html
from suite.formats.junit import junit_xml
from suite.formats.plots import plot_files
from suite.formats.report_json import report_json
from suite.formats.results import report_markdown
from suite.formats.results_csv import results_csv
from suite.model.errors import NotComparableError
from suite.model.reference import reference_key
from suite.model.report import Report
from suite.model.run import Run
from suite.store.references import BANDS_PATH, REFERENCE_DIRECTORY, read_bands, read_system
from suite.store.runs import write_plot
from suite.store.text import reachable, write_text

# The files of a report.
_FILES: Mapping[str, Callable[[Report], str]] = {
    "report.html": report_html,
    "report.md": report_markdown,
    "report.json": report_json,
    "results.csv": results_csv,
    "junit.xml": junit_xml,
}


def assembled(directories: Sequence[Path]) -> Report:
    """A report of runs, each beside the references that it is for if they have any in common.

    Damaged records are named on stderr and left out.

    Raises:
        InputError: a directory or a reference cannot be read.
    """
    return join([_assembled(read_whole_parts(directory)) for directory in directories])


def _assembled(run: Run) -> Report:
    paths = [path for path in reference_paths(run) if reachable(path.exists)]
    references = [read_system(path) for path in paths]
    try:
        return assemble([run], references, read_bands(BANDS_PATH) if references else ())
    except NotComparableError:
        return assemble([run])


def reference_paths(run: Run) -> list[Path]:
    """The reference that the matrix names, else those of the published GPUs that ran its cells."""
    if run.header.reference is not None:
        return [Path(run.header.reference)]
    keys = dict.fromkeys(
        reference_key(launch.cell) for launch in run.launches if launch.step_seconds
    )
    return [REFERENCE_DIRECTORY / f"{key}.csv" for key in keys if key]


def write_report(report: Report, directory: Path) -> list[str]:
    """Write a report in every format and its plots; the names of what was written.

    Raises:
        InputError: one cannot be written.
    """
    for name, render in _FILES.items():
        write_text(directory / name, render(report))
    plots = plot_files(report)
    for name, content in plots.items():
        write_plot(directory, name, content)
    return [*_FILES, *["plots/"] * bool(plots)]
