"""A training directory, read as its course, and the files that are written of it."""

from pathlib import Path

from suite.analysis.training_course import training_course
from suite.formats.plots.training import training_plots
from suite.formats.training import training_csv, training_markdown
from suite.model.training_course import TrainingCourse
from suite.store.references import published_times
from suite.store.runs import read_records, write_plot
from suite.store.text import write_text
from suite.store.training_runs import read_events, read_training_header


def read_course(directory: Path) -> TrainingCourse:
    """The course of a training by its directory.

    Raises:
        InputError: it is no training directory, or its record is damaged.
    """
    header, read = read_training_header(directory), read_events(directory)
    launches = sorted(read_records(directory).launches, key=lambda launch: launch.launch)
    return training_course(header, read.events, read.notes, launches, published_times())


def write_training(course: TrainingCourse, directory: Path) -> list[str]:
    """Write what there is to read of a training; returns the names.

    Raises:
        InputError: the directory cannot be written.
    """
    plots = training_plots(course)
    for name, content in plots.items():
        write_plot(directory, name, content)
    pictures = [name for name in plots if name.endswith(".svg")]
    texts = {
        "training.md": training_markdown(course, pictures),
        "training.csv": training_csv(course),
    }
    for name, text in texts.items():
        write_text(directory / name, text)
    return [*texts, *(["plots/"] if plots else [])]
