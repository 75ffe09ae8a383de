"""What a training command has to do: a new training, or the rest of an earlier one."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from suite.analysis.training_resume import training_changes
from suite.kernels.interface import KernelOptions
from suite.model.errors import InputError, NotComparableError
from suite.model.matrix import Matrix
from suite.model.text import shown
from suite.model.training_record import (
    Began,
    ChosenTraining,
    Ended,
    Evaluated,
    Event,
    Outcome,
    TrainingHeader,
)
from suite.run.locks import hold_run
from suite.store.checkpoints import newest_good
from suite.store.runs import tidy_directory
from suite.store.training_runs import (
    begin_training,
    create_training,
    event_log,
    prepare_directory,
    read_events,
    read_training_header,
    training_directories,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRequest:
    """What a user asks for; see `TrainingWork` for when to evaluate, to save and to stop.

    `matrix` has the one cell of the training, and its hosts. `subject` is what errors name.
    `command` are the user's words, as in `TrainingHeader`. With `waits` it waits while another run
    uses the device.
    """

    chosen: ChosenTraining
    matrix: Matrix
    options: KernelOptions
    subject: str
    command: tuple[str, ...]
    by_hand: bool = False
    waits: bool = False
    eval_every: int | None = 1
    checkpoint_every: int | None = None
    max_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPart:
    """A training directory, and where in it a process begins.

    `step` is that of the checkpoint to go on from, None for the beginning. `number` counts the
    processes of the training, from 0. `notes` say what of earlier ones was lost.
    """

    directory: Path
    header: TrainingHeader
    step: int | None = None
    number: int = 0
    notes: tuple[str, ...] = ()
    is_resumed: bool = False
    is_finished: bool = False


@contextmanager
def new_training(folder: Path, name: str, header: TrainingHeader) -> Iterator[TrainingPart]:
    """A training in a new directory, locked against others.

    Raises:
        InputError: the directory cannot be made or written.
    """
    directory = create_training(folder / name, header)
    with hold_run(directory):
        yield TrainingPart(directory=directory, header=header)


@contextmanager
def resumed_training(
    arguments: argparse.Namespace, header: TrainingHeader
) -> Iterator[TrainingPart]:
    """The rest of a training, whose directory is locked against others.

    `header` is the one that a new training would have now.

    Raises:
        InputError: there is no such training, another process goes on with it, or no checkpoint of
            it can be read.
        NotComparableError: its recipe, records, ranks, device or software were others.
    """
    directory = arguments.resume
    if directory is True:
        directory = _newest(arguments.out, header.training.name)
    read_training_header(directory)  # before a lock is made: the folder may not be a training
    with hold_run(directory):
        yield _resumed(directory, header)


@contextmanager
def training_in(directory: Path, header: TrainingHeader) -> Iterator[TrainingPart]:
    """The training of this very directory: its rest, or a new one if the directory has nothing.

    Raises:
        InputError, NotComparableError: it has something else, or as `resumed_training`.
    """
    is_begun = prepare_directory(directory)
    with hold_run(directory):
        if is_begun or prepare_directory(directory):  # meanwhile by another process
            yield _resumed(directory, header)
        else:
            begin_training(directory, header)
            yield TrainingPart(directory=directory, header=header)


def _resumed(directory: Path, header: TrainingHeader) -> TrainingPart:
    before = read_training_header(directory)
    found = training_changes(before, header)
    if found:
        raise NotComparableError(
            f"{directory}: began under other conditions: {'; '.join(found)}; go on under those"
            " of its beginning, or start a new training"
        )
    return _rest(directory, before)


def _rest(directory: Path, header: TrainingHeader) -> TrainingPart:
    """Where a training goes on; waits until a worker of it that is being ended has ended."""
    cut = read_events(directory).notes
    with event_log(directory):
        tidy_directory(directory)
        good = newest_good(directory)
        events = read_events(directory).events
    if good.step is None and good.problems:
        raise InputError(
            f"{good.problems[0]}; no checkpoint of this training can be read; start a new one"
        )
    began = [event for event in events if isinstance(event, Began)]
    total = began[-1].steps_per_epoch * header.training.epochs if began else None
    place = "the beginning" if good.step is None else f"step {good.step}"
    lost = (f"{problem}; went on from {place}" for problem in good.problems)
    return TrainingPart(
        directory=directory,
        header=header,
        step=good.step,
        number=len(began),
        notes=(*lost, *cut),
        is_resumed=True,
        is_finished=good.step is not None and good.step == total and _is_over(events, good.step),
    )


def _is_over(events: Sequence[Event], total: int) -> bool:
    """Whether nothing was due after the last step, such as its evaluation."""
    return any(
        (isinstance(event, Evaluated) and event.step == total)
        or (isinstance(event, Ended) and event.outcome is Outcome.FINISHED)
        for event in events
    )


def _newest(reports: Path, recipe: str) -> Path:
    """The directory of the most recently started training of this recipe; prints which it is.

    Raises:
        InputError: there is none.
    """
    found = []
    for directory in training_directories(reports):
        try:
            header = read_training_header(directory)
        except InputError as error:
            print(f"note: skipped a training that cannot be read: {shown(str(error))}")
            continue
        if header.training.name == recipe:
            found.append((header.began, directory.name, directory))
    if not found:
        raise InputError(
            f"{reports}: holds no training of {shown(recipe)}; start one without --resume"
        )
    newest = max(found)[2]
    print(f"newest training of {shown(recipe)}: {shown(str(newest))}", flush=True)
    return newest
