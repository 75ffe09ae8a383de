"""Run directories, read and assembled into a report, and the files that are written of it."""

from collections.abc import Sequence
from pathlib import Path

from suite.analysis.assemble import assemble
from suite.formats.plots import scaling_plots
from suite.formats.report_json import report_json
from suite.formats.results import report_markdown
from suite.model.errors import InputError, NotComparableError
from suite.model.reference import Reference
from suite.model.report import Report
from suite.model.run import Run, RunHeader
from suite.store.references import BANDS_PATH, read_bands, read_system
from suite.store.runs import read_run, write_plot
from suite.store.text import reachable, write_text


def assembled(directories: Sequence[Path]) -> Report:
    """A report of runs, beside the references that their matrices name if they have any in common.

    Raises:
        InputError: a directory or a reference cannot be read.
    """
    runs = [read_run(directory) for directory in directories]
    references = _references(runs)
    try:
        return assemble(runs, references, read_bands(BANDS_PATH) if references else ())
    except NotComparableError:
        return assemble(runs)


def _references(runs: Sequence[Run]) -> list[Reference]:
    """The references that the matrices name, each once, less those that are not there."""
    paths = dict.fromkeys(Path(run.header.reference) for run in runs if run.header.reference)
    return [read_system(path) for path in paths if reachable(path.exists)]


def named_reference(directory: Path, header: RunHeader) -> Reference:
    """The reference that the matrix of a run names.

    Raises:
        InputError: it names none, or it cannot be read.
    """
    if header.reference is None:
        raise InputError(
            f"{directory}: its matrix names no reference; give one, such as --reference t4"
        )
    path = Path(header.reference)
    if not reachable(path.exists):
        raise InputError(f"{directory}: its reference {path} is missing; give one by --reference")
    return read_system(path)


def write_report(report: Report, directory: Path) -> list[str]:
    """Write report.md, report.json and the plots; the names of what was written.

    Raises:
        InputError: one cannot be written.
    """
    write_text(directory / "report.md", report_markdown(report))
    write_text(directory / "report.json", report_json(report))
    plots = scaling_plots(report)
    for name, svg in plots.items():
        write_plot(directory, name, svg)
    return ["report.md", "report.json", *["plots/"] * bool(plots)]
