"""Training directories: training.json, events.jsonl, checkpoints/ and cells/.

events.jsonl has a JSON object a line with one key, which says what happened: `began`, `step`,
`evaluated`, `saved` or `ended`. Lines are appended as things happen, so that a killed training
keeps what it had.
"""

import fcntl
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import BinaryIO

from pydantic import ConfigDict, TypeAdapter, ValidationError

from suite.model.errors import InputError
from suite.model.text import shown
from suite.model.training import Evaluation, TrainedStep
from suite.model.training_record import Began, Ended, Evaluated, Event, Saved, TrainingHeader
from suite.store.records import SCHEMA_VERSION, decode, read_record
from suite.store.runs import EXAMPLE
from suite.store.text import RUN_LOCK, UNFINISHED, json_text, make_folder, reachable, write_text

_REMEDY = "the training cannot be read without it; restore it, or start a new one"
_HEADER = "training.json"
_EVENTS = "events.jsonl"


def create_training(wanted: Path, header: TrainingHeader) -> Path:
    """Make a new training directory that holds its header, and return it.

    If the name is taken, a number is appended.

    Raises:
        InputError: it cannot be made or written.
    """
    directory = wanted
    for number in count(2):
        try:
            directory.mkdir(parents=True)
        except FileExistsError:
            directory = wanted.with_name(f"{wanted.name}-{number}")
        except OSError as error:
            raise InputError(f"{directory}: cannot be made ({error.strerror})") from None
        else:
            break
    begin_training(directory, header)
    return directory


def prepare_directory(directory: Path) -> bool:
    """Make a directory for a training if it is missing; whether it holds one already.

    Raises:
        InputError: it cannot be made, or holds anything else.
    """
    make_folder(directory)
    try:
        names = {path.name for path in directory.iterdir() if not _is_empty_cells(path)}
    except OSError as error:
        raise InputError(f"{directory}: cannot be read ({error.strerror})") from None
    if _HEADER in names:
        return True
    others = sorted(name for name in names - {RUN_LOCK} if not name.startswith(UNFINISHED))
    if others:
        raise InputError(
            f"{directory}: holds {shown(others[0], 60)} and no training; give a new folder, or"
            " that of a training to go on with"
        )
    return False


def _is_empty_cells(path: Path) -> bool:
    """Whether this is what `begin_training` made before it was killed."""
    return path.name == "cells" and path.is_dir() and not any(path.iterdir())


def begin_training(directory: Path, header: TrainingHeader) -> None:
    """Make a prepared directory without a training one of this training.

    Raises:
        InputError: it cannot be written.
    """
    make_folder(directory / "cells")
    write_text(directory / _HEADER, _encode_header(header) + "\n")


def as_stored_training(header: TrainingHeader) -> TrainingHeader:
    """The header as it will be read back, so that none is written that cannot be read.

    Raises:
        InputError: something in it is out of its range.
    """
    return decode(TrainingHeader, _encode_header(header), "this training")


def _encode_header(header: TrainingHeader) -> str:
    return json_text({"schema_version": SCHEMA_VERSION, **asdict(header)}, indent=1)


def read_training_header(directory: Path) -> TrainingHeader:
    """Read the training.json of a training directory.

    Raises:
        InputError: not a training directory, a newer schema, or an invalid header.
    """
    if not reachable(directory.is_dir):
        raise InputError(f"{directory}: no such training directory")
    what = f"a training directory (it holds {_HEADER})"
    return read_record(TrainingHeader, directory / _HEADER, what, _REMEDY)


def is_training(directory: Path) -> bool:
    """Whether it is the directory of a training."""
    return reachable((directory / _HEADER).is_file)


def training_directories(reports: Path) -> list[Path]:
    """Directories with a training.json, the last name first; none if the folder is missing."""
    try:
        found = [path for path in reports.iterdir() if is_training(path)]
    except OSError:
        return []
    return sorted(found, key=lambda path: path.name, reverse=True)


@dataclass(frozen=True, slots=True)
class StoredTraining:
    """A training directory, its header, and what of its events tells how far it came."""

    directory: Path
    header: TrainingHeader
    milestones: tuple[Event, ...]
    is_running: bool


@dataclass(frozen=True, slots=True)
class StoredTrainings:
    """The trainings under a folder, the last started first, and why others cannot be read."""

    trainings: tuple[StoredTraining, ...]
    unreadable: Mapping[Path, InputError]


def stored_trainings(reports: Path) -> StoredTrainings:
    """The trainings under a folder, without examples, which were made on another machine."""
    found, unreadable = [], {}
    for directory in training_directories(reports):
        if directory.name.startswith(EXAMPLE):
            continue
        try:
            found.append(
                StoredTraining(
                    directory,
                    read_training_header(directory),
                    read_milestones(directory),
                    is_trained_now(directory),
                )
            )
        except InputError as error:
            unreadable[directory] = error
    found.sort(key=lambda each: each.header.began, reverse=True)
    return StoredTrainings(tuple(found), unreadable)


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredStep(TrainedStep):
    """A step whose losses are null where they were not finite."""

    loss: float | None  # type: ignore[assignment]
    cross_entropy: float | None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredEvaluation(Evaluation):
    """An evaluation whose cross entropy is null where it was not finite."""

    cross_entropy: float | None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredEvaluated(Evaluated):
    evaluation: _StoredEvaluation


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line of events.jsonl: one of these is there."""

    began: Began | None = None
    step: _StoredStep | None = None
    evaluated: _StoredEvaluated | None = None
    saved: Saved | None = None
    ended: Ended | None = None


_KINDS = {
    Began: "began",
    TrainedStep: "step",
    Evaluated: "evaluated",
    Saved: "saved",
    Ended: "ended",
}
# How the line of a step begins, as `encode_event` writes it.
_STEP_LINE = b'{"step"'
_LOSSES = ("loss", "cross_entropy")


@cache
def _adapter() -> TypeAdapter[list[_Line]]:
    # A plain dataclass has no configuration of its own and inherits that of its container.
    config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
    return TypeAdapter(list[_Line], config=config)


def encode_event(event: Event) -> str:
    """The line of an event, without its end."""
    fields = asdict(event)
    if isinstance(event, TrainedStep):
        for name in _LOSSES:
            fields[name] = fields[name] if math.isfinite(fields[name]) else None
    if isinstance(event, Evaluated) and not math.isfinite(event.evaluation.cross_entropy):
        fields["evaluation"]["cross_entropy"] = None
    return json_text({_KINDS[type(event)]: fields})


def decode_event(line: bytes) -> Event:
    """The event of a line.

    Raises:
        ValueError: it is none; the message is one line.
    """
    try:
        (found,) = _adapter().validate_json(b"[" + line + b"]")
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        said = first["msg"][0].lower() + first["msg"][1:]
        raise ValueError(shown(f"{place}: {said}" if place else said)) from None
    except ValueError:  # two objects, or none
        raise ValueError("is not one event") from None
    events = [getattr(found, name) for name in _KINDS.values()]
    (event, *others) = [event for event in events if event is not None] or [None]
    if event is None or others:
        raise ValueError("is not one event")
    if isinstance(event, _StoredStep):
        fields = asdict(event)
        return TrainedStep(**{**fields, **{n: _number(fields[n]) for n in _LOSSES}})
    if isinstance(event, _StoredEvaluated):
        return _evaluated(event)
    return event  # type: ignore[no-any-return]


def _evaluated(stored: _StoredEvaluated) -> Evaluated:
    fields = asdict(stored.evaluation)
    if fields["cross_entropy"] is None:
        fields["cross_entropy"] = math.inf
    evaluation = Evaluation(**fields)
    if evaluation.contradiction:
        raise ValueError(f"evaluated.evaluation.{evaluation.contradiction}")
    return Evaluated(step=stored.step, evaluation=evaluation)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


@dataclass(frozen=True, slots=True)
class Events:
    """The events of a training in order; `notes` say what of the file could not be read."""

    events: tuple[Event, ...]
    notes: tuple[str, ...] = ()


def read_events(directory: Path) -> Events:
    """The events of a training; a last line that was cut short is dropped, with a note.

    Raises:
        InputError: the file cannot be read, or another line is damaged.
    """
    path = directory / _EVENTS
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Events(())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    *lines, rest = content.split(b"\n")
    events = [_decoded(path, number, line) for number, line in enumerate(lines, 1)]
    notes = (f"{_EVENTS}: its last line was cut short and is dropped",) if rest else ()
    return Events(tuple(events), notes)


def _decoded(path: Path, number: int, line: bytes) -> Event:
    try:
        return decode_event(line)
    except ValueError as error:
        raise InputError(f"{path}:{number}: {error}; restore the file") from None


def read_milestones(directory: Path) -> tuple[Event, ...]:
    """The events of a training but its steps, of which the last is read: enough at a glance.

    Raises:
        InputError: as `read_events`, as far as these lines are damaged.
    """
    path = directory / _EVENTS
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    steps = [number for number, line in enumerate(lines) if line.startswith(_STEP_LINE)]
    skipped = set(steps[:-1])
    return tuple(
        _decoded(path, number, line)
        for number, line in enumerate(lines, 1)
        if number - 1 not in skipped
    )


def is_trained_now(directory: Path) -> bool:
    """Whether a process of the training appends events at the moment, as far as locks can tell."""
    try:
        with (directory / _EVENTS).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # no such file yet, or no locks on this disk
        return False
    return False


class EventFollower:
    """Reads what is appended to the events of a directory, beginning with what comes next."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / _EVENTS
        self._at = self._path.stat().st_size if self._path.exists() else 0
        self._begun = b""

    def new(self) -> Iterator[Event]:
        """The events since the last call; none while the file cannot be read."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._at)
                piece = file.read()
        except OSError:
            return
        self._at += len(piece)
        *lines, self._begun = (self._begun + piece).split(b"\n")
        for line in lines:
            yield decode_event(line)


@contextmanager
def event_log(directory: Path) -> Iterator[Callable[[Event], None]]:
    """Append events; inside this `with` no other process does, and those that would wait.

    What follows the last whole line is cut off first: a process was killed while it wrote it.
    All but a step is on the disk when the call returns.

    Raises:
        InputError: the file cannot be written; so does a call.
    """
    path = directory / _EVENTS
    try:
        with path.open("a+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            _cut(file)

            def append(event: Event) -> None:
                try:
                    _write(file, encode_event(event).encode("ascii") + b"\n")
                    if not isinstance(event, TrainedStep):
                        os.fsync(file.fileno())
                except OSError as error:
                    raise InputError(f"{path}: cannot be written ({error.strerror})") from None

            yield append
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None


def _write(file: BinaryIO, line: bytes) -> None:
    """Append a line whole, or nothing of it: a disk that fills may take a part."""
    end = os.fstat(file.fileno()).st_size
    try:
        written = 0
        while written < len(line):
            written += file.write(line[written:])
    except OSError:
        os.ftruncate(file.fileno(), end)
        raise


def _cut(file: BinaryIO) -> None:
    """Cut off what follows the last end of a line."""
    end = os.fstat(file.fileno()).st_size
    kept, piece = end, 65536
    while kept > 0:
        start = max(0, kept - piece)
        file.seek(start)
        found = file.read(kept - start).rfind(b"\n")
        if found >= 0:
            kept = start + found + 1
            break
        kept = start
    if kept < end:
        os.ftruncate(file.fileno(), kept)
