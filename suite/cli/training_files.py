"""A training directory, read as its course, and the files that are written of it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from suite.analysis.training_course import training_course
from suite.formats.html.training import training_html
from suite.formats.plots.training import training_plots
from suite.formats.training import training_csv, training_markdown
from suite.model.run import DamagedRecord
from suite.model.training_course import TrainingCourse
from suite.model.training_record import Event
from suite.store.references import published_times
from suite.store.runs import read_records, write_plot
from suite.store.text import write_text
from suite.store.training_runs import read_events, read_training_header

PAGE = "training.html"
_PLOTS = "plots"


@dataclass(frozen=True, slots=True)
class _File:
    """A file of a training: the format that it belongs to, its name, and what makes its text."""

    form: str  # one of TRAINING_FORMATS
    name: str
    render: Callable[[TrainingCourse], str]


_FILES = (
    _File("html", PAGE, training_html),
    _File("md", "training.md", lambda course: training_markdown(course, _pictures(course))),
    _File("csv", "training.csv", training_csv),
)
# Of those that a report can have, the ones that there are of a training.
TRAINING_FORMATS = (*(file.form for file in _FILES), _PLOTS)


@dataclass(frozen=True, slots=True)
class StoredTraining:
    """A training as its directory has it: its course, its events, and records that are damaged."""

    course: TrainingCourse
    events: tuple[Event, ...]
    damaged: tuple[DamagedRecord, ...]


def read_training(directory: Path) -> StoredTraining:
    """A training by its directory.

    Raises:
        InputError: it is no training directory, or its record is damaged.
    """
    header, read = read_training_header(directory), read_events(directory)
    records = read_records(directory)
    launches = sorted(records.launches, key=lambda launch: launch.launch)
    course = training_course(header, read.events, read.notes, launches, published_times())
    return StoredTraining(course, read.events, records.damaged)


def write_training(
    course: TrainingCourse, directory: Path, formats: Collection[str] = TRAINING_FORMATS
) -> list[str]:
    """Write what there is to read of a training in these formats; the names of what was written.

    Raises:
        InputError: the directory cannot be written.
    """
    written = []
    for file in _FILES:
        if file.form in formats:
            write_text(directory / file.name, file.render(course))
            written.append(file.name)
    plots = training_plots(course) if _PLOTS in formats else {}
    for name, content in plots.items():
        write_plot(directory, name, content)
    return [*written, *[f"{_PLOTS}/"] * bool(plots)]


def _pictures(course: TrainingCourse) -> list[str]:
    return ["training.svg"] if course.points else []
