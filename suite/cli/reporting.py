"""Run directories, read and assembled into a report, and the files that are written of it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.analysis.assemble import assemble, join
from suite.cli.parser import REPORT_FORMATS
from suite.cli.whole_parts import read_whole_parts
from suite.formats.comparison_csv import comparison_csv
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
from suite.store.references import (
    BANDS_PATH,
    REFERENCE_DIRECTORY,
    read_bands,
    read_system,
    recorded_reference,
)
from suite.store.runs import write_plot
from suite.store.text import reachable, write_text

PAGE = "report.html"
_PLOTS = "plots"


@dataclass(frozen=True, slots=True)
class _File:
    """A file of a report: the format that it belongs to, its name, and what makes its text.

    One that `compares` is there only where a run stands beside a table.
    """

    form: str  # one of REPORT_FORMATS
    name: str
    render: Callable[[Report], str]
    compares: bool = False


_FILES = (
    _File("html", PAGE, report_html),
    _File("md", "report.md", report_markdown),
    _File("json", "report.json", report_json),
    _File("csv", "results.csv", results_csv),
    _File("csv", "comparison.csv", comparison_csv, compares=True),
    _File("junit", "junit.xml", junit_xml),
)


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
        return [recorded_reference(run.header.reference)]
    keys = dict.fromkeys(
        reference_key(launch.cell) for launch in run.launches if launch.step_seconds
    )
    return [REFERENCE_DIRECTORY / f"{key}.csv" for key in keys if key]


def write_report(
    report: Report, directory: Path, formats: Collection[str] = REPORT_FORMATS
) -> list[str]:
    """Write a report in these formats; the names of what was written.

    Raises:
        InputError: one cannot be written.
    """
    written = []
    for file in _FILES:
        if file.form in formats and (report.comparisons or not file.compares):
            write_text(directory / file.name, file.render(report))
            written.append(file.name)
    plots = plot_files(report) if _PLOTS in formats else {}
    for name, content in plots.items():
        write_plot(directory, name, content)
    return [*written, *[f"{_PLOTS}/"] * bool(plots)]
