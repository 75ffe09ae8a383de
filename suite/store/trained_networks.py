"""Finding a trained network: of a training directory its best checkpoint, or the file given."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from suite.analysis.training_course import accuracy_of, kept_parts
from suite.model.errors import InputError
from suite.model.trained_network import CHECKPOINT, KERAS, TrainedNetwork
from suite.model.training import Evaluation
from suite.model.training_record import Began, Evaluated, Event, TrainingHeader
from suite.store.checkpoints import (
    FOLDER,
    checkpoint_path,
    checkpoint_steps,
    newest_good,
    read_state,
)
from suite.store.exports import file_sha256, note_beside
from suite.store.text import reachable
from suite.store.training_runs import read_events, read_training_header


def find_network(given: Path) -> TrainedNetwork:
    """The network of a training directory, or of a file.

    Of a directory it is the checkpoint whose evaluation had the best top-1, of several the first;
    without any evaluated checkpoint the newest that can be read. A damaged best one is no reason to
    take a worse one unasked, so it is an error.

    Raises:
        InputError: there is nothing, it is damaged, or it is neither.
    """
    if reachable(given.is_dir):
        return _of_directory(given)
    if given.suffix == CHECKPOINT:
        return _of_checkpoint(given)
    if given.suffix == KERAS:
        return _of_export(given)
    if reachable(given.exists):
        raise InputError(
            f"{given}: holds no network that can be read; give a training directory, a"
            f" {CHECKPOINT} file of one, or an exported {KERAS} file"
        )
    raise InputError(f"{given}: no such training directory and no such file")


def _of_directory(directory: Path) -> TrainedNetwork:
    header = read_training_header(directory)
    events = read_events(directory).events
    steps = checkpoint_steps(directory)
    if not steps:
        raise InputError(f"{directory}: holds no checkpoint yet; let the training write one")
    evaluated = {step: found for step, found in _evaluations(events).items() if step in steps}
    if evaluated:
        best = max(evaluated, key=lambda step: (evaluated[step].top1, -step))
        try:
            return _at(checkpoint_path(directory, best), header, events)
        except InputError as error:
            others = [step for step in steps if step != best]
            hint = (
                f"to use another, name it: {checkpoint_path(directory, others[-1])}"
                if others
                else "no other is left"
            )
            raise InputError(f"{error}; it is the best of this training; {hint}") from None
    good = newest_good(directory)
    if good.step is None:
        raise InputError(f"{good.problems[0]}; no checkpoint of this training can be read")
    return _at(checkpoint_path(directory, good.step), header, events, good.problems)


def _of_checkpoint(path: Path) -> TrainedNetwork:
    """A checkpoint, with its training where it lies in the directory of one."""
    folder = path.resolve().parent
    if folder.name != FOLDER or not reachable((folder.parent / "training.json").is_file):
        state = read_state(path)
        return TrainedNetwork(path=str(path), sha256=state.sha256, step=state.step)
    return _at(path, read_training_header(folder.parent), read_events(folder.parent).events)


def _of_export(path: Path) -> TrainedNetwork:
    """An exported file, of which the note beside it says more."""
    found = TrainedNetwork(path=str(path), sha256=file_sha256(path))
    note = note_beside(path)
    if note is None:
        return found
    return replace(
        found,
        training=note.training,
        step=note.step,
        recorded=note.recorded,
        image_size=note.image_size,
    )


def _at(
    path: Path, header: TrainingHeader, events: tuple[Event, ...], notes: tuple[str, ...] = ()
) -> TrainedNetwork:
    state = read_state(path)
    evaluation = _evaluations(events).get(state.step)
    per_epoch = next((e.steps_per_epoch for e in reversed(events) if isinstance(e, Began)), None)
    return TrainedNetwork(
        path=str(path),
        sha256=state.sha256,
        step=state.step,
        training=header.training.name,
        header=header,
        image_size=header.training.cell.image_size,
        recorded=accuracy_of(evaluation) if evaluation else None,
        is_last=per_epoch is not None and state.step == per_epoch * header.training.epochs,
        notes=notes,
    )


def _evaluations(events: tuple[Event, ...]) -> Mapping[int, Evaluation]:
    """By step, without what a later part of the training made void."""
    kept = (event for part in kept_parts(events) for event in part.events)
    return {event.step: event.evaluation for event in kept if isinstance(event, Evaluated)}
