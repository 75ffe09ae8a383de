"""A training directory, read as its course, and the files that are written of it."""

from pathlib import Path

from suite.analysis.training_course import training_course
from suite.formats.plots.training import training_plots
from suite.formats.training import training_csv, training_markdown
from suite.model.training_course import TrainingCourse
from suite.store.runs import write_plot
from suite.store.text import write_text
from suite.store.training_runs import read_events, read_training_header


def read_course(directory: Path) -> TrainingCourse:
    """The course of a training by its directory.

    Raises:
        InputError: it is no training directory, or its record is damaged.
    """
    read = read_events(directory)
    return training_course(read_training_header(directory), read.events, read.notes)


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
