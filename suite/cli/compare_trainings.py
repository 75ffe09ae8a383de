"""`bench.py compare` of trainings: set beside each other by the accuracy that they reached."""

import argparse
from pathlib import Path

from suite.analysis.training_course import training_course
from suite.analysis.training_groups import grouped_training, training_groups
from suite.analysis.training_summary import training_summary
from suite.cli.github import tell_github
from suite.cli.sides import refuse_twice
from suite.cli.terminal import text_width
from suite.formats.tables import paragraph
from suite.formats.training_groups import (
    training_groups_csv,
    training_groups_markdown,
    training_groups_text,
)
from suite.model.errors import ExitCode, InputError
from suite.model.text import shown
from suite.model.training_groups import GroupedTraining
from suite.store.runs import is_run
from suite.store.text import make_folder, write_text
from suite.store.training_runs import (
    is_trained_now,
    is_training,
    read_events,
    read_training_header,
)

_FILES = {"trainings.md": training_groups_markdown, "trainings.csv": training_groups_csv}


def compare_trainings(arguments: argparse.Namespace) -> ExitCode:
    """Print trainings beside each other, and write that into `--out` if it is given.

    Raises:
        InputError: one cannot be read, is no training or is named twice, or a flag is for runs.
    """
    _refuse_others(arguments)
    found = training_groups([_read(directory) for directory in arguments.runs])
    print(training_groups_text(found, text_width()))
    if arguments.out is None:
        print("\nnothing was written; --out DIR writes it")
    else:
        make_folder(arguments.out)
        for name, render in _FILES.items():
            write_text(arguments.out / name, render(found))
        told = f"written to {shown(str(arguments.out))}: {', '.join(_FILES)}"
        print(f"\n{paragraph(told, text_width())}")
    tell_github(lambda: training_groups_markdown(found))
    return ExitCode.GOOD


def _refuse_others(arguments: argparse.Namespace) -> None:
    training = next(directory for directory in arguments.runs if is_training(directory))
    runs = [directory for directory in arguments.runs if is_run(directory)]
    if runs:
        raise InputError(
            f"{runs[0]}: is a run, but {training} is a training; set trainings beside trainings,"
            " and runs beside runs"
        )
    for flag, value in (
        ("--reference", arguments.reference),
        ("--fail-below", arguments.fail_below),
        ("--min-batch", arguments.min_batch),
    ):
        if value is not None:
            raise InputError(f"{flag}: is for runs, but {training} is a training")
    if len(arguments.runs) == 1:
        raise InputError(
            f"{training}: is a training, which is set beside others; name them with --run too"
        )
    refuse_twice(arguments.runs)


def _read(directory: Path) -> GroupedTraining:
    header, read = read_training_header(directory), read_events(directory)
    summary = training_summary(
        str(directory), header, read.events, is_running=is_trained_now(directory)
    )
    return grouped_training(summary, training_course(header, read.events, read.notes))
