"""What `compare` sets beside what: runs, published tables, and results that were saved earlier."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.analysis.assemble import assemble
from suite.analysis.pairs import paired
from suite.cli.reporting import reference_paths
from suite.cli.whole_parts import read_whole_parts
from suite.model.errors import InputError, NotComparableError
from suite.model.reference import Reference
from suite.model.report import Report
from suite.model.run import Run, SavedResults
from suite.store.references import BANDS_PATH, read_bands, read_system, reference_path
from suite.store.runs import is_run
from suite.store.saved_results import is_results_table, read_results
from suite.store.text import reachable
from suite.store.training_runs import is_training


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Runs with their directories, the published tables to set them beside, and saved results.

    Two runs or more are set beside the first of them, or all beside saved results if there are any.
    """

    directories: Sequence[Path]
    runs: Sequence[Run]
    references: Sequence[Reference] = ()
    saved: SavedResults | None = None

    @property
    def are_paired(self) -> bool:
        """Whether runs are set beside each other."""
        return len(self.runs) > 1 or self.saved is not None


def read_sides(directories: Sequence[Path], reference: str | None) -> Sides:
    """The runs of these directories, and what `--reference` names.

    That is a published table by its name, a table in the form of one, a results.csv or another run,
    which then is the first. Without it a single run is set beside the tables that it is for.

    Damaged records of the runs are named on stderr and left out.

    Raises:
        InputError: one of them cannot be read or is none of these, or a run is named twice.
    """
    path = None if reference is None else reference_path(reference)
    if path is not None and is_training(path):
        raise InputError(f"{path}: is a training; name trainings with --run alone")
    if path is not None and reachable(path.is_dir):
        if not is_run(path):
            raise InputError(
                f"{path}: a directory without run.json; give a run directory, a table as CSV, or"
                " the name of a published one, such as t4"
            )
        directories, path = [path, *directories], None
    refuse_twice(directories)
    runs = [read_whole_parts(directory) for directory in directories]
    if path is not None and is_results_table(path):
        return Sides(directories=directories, runs=runs, saved=read_results(path))
    if path is not None:
        return Sides(directories=directories, runs=runs, references=[read_system(path)])
    references = _own_references(directories[0], runs[0]) if len(runs) == 1 else []
    return Sides(directories=directories, runs=runs, references=references)


def assembled_sides(sides: Sides) -> Report:
    """The report of the runs, each beside the tables and beside the first run or saved results.

    Raises:
        NotComparableError: nothing is in common.
    """
    bands = read_bands(BANDS_PATH) if sides.references else ()
    report = assemble(sides.runs, sides.references, bands)
    if not sides.are_paired:
        return report
    try:
        return paired(report, sides.saved)
    except NotComparableError:
        # Each beside a table is something all the same.
        if not report.comparisons:
            raise
        return report


def refuse_twice(directories: Sequence[Path]) -> None:
    """Refuse a directory that is named a second time, in whatever way.

    Raises:
        InputError: one is.
    """
    seen: set[Path] = set()
    for directory in directories:
        whole = directory.resolve()
        if whole in seen:
            raise InputError(f"{directory}: named twice; a run beside itself tells nothing")
        seen.add(whole)


def _own_references(directory: Path, run: Run) -> list[Reference]:
    """Those that a run is for."""
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
