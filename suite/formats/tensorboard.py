"""A training as event files of TensorBoard, one for each of its parts: whole, or as it goes on.

The package `tensorboard` brings the encoding, without TensorFlow. An extra brings the package:
nothing but these files needs it.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib.util import find_spec

from suite.analysis.training_course import kept_parts, training_course
from suite.model.training import TrainedStep
from suite.model.training_record import Began, Evaluated, Event, Saved, TrainingHeader

# Where TensorBoard looks, below the folder that it is given.
FOLDER = "tensorboard"
INSTALL = "pip install -e '.[tensorboard]'"
_VERSION = "brain.Event:2"


def is_installed() -> bool:
    """Whether event files can be made here; imports nothing."""
    return find_spec("tensorboard") is not None


def file_name(part: int) -> str:
    """The file of the part with this number, from 0; TensorBoard reads files in order of name."""
    return f"events.out.tfevents.{part:04d}.training"


def event_files(header: TrainingHeader, events: Sequence[Event]) -> Mapping[str, bytes]:
    """The file of every part of a training by its name, without the steps that became void.

    Raises:
        ModuleNotFoundError: tensorboard is not installed.
    """
    files = {}
    earlier: list[Event] = []
    for number, kept in enumerate(kept_parts(events)):
        part = PartFile(header, kept.began, earlier)
        files[file_name(number)] = b"".join([part.beginning(), *map(part.following, kept.events)])
        earlier += kept.events
    return files


class PartFile:
    """The event file of one part of a training, piece by piece.

    An event has the time at which the part began plus the seconds of its steps, evaluations and
    checkpoints since, so that a file written live and one made of the records are the same bytes.
    """

    def __init__(self, header: TrainingHeader, began: Began, earlier: Sequence[Event]) -> None:
        """`earlier` are the events of the parts before, without those that are void."""
        self._header = header
        self._began = began
        self._now = _seconds(began.at, header)
        per_epoch = began.steps_per_epoch
        self._epoch = [
            event
            for event in earlier
            if isinstance(event, TrainedStep) and event.step > began.step - began.step % per_epoch
        ]

    def beginning(self) -> bytes:
        """The version of the format, and that whatever other files have from here on is void."""
        from tensorboard.compat.proto.event_pb2 import Event as Proto
        from tensorboard.compat.proto.event_pb2 import SessionLog

        start = SessionLog(status=SessionLog.START)
        return _record(Proto(wall_time=self._now, file_version=_VERSION)) + _record(
            Proto(wall_time=self._now, step=self._began.step + 1, session_log=start)
        )

    def following(self, event: Event) -> bytes:
        """What is to be added for the next event; empty if there is nothing to plot of it."""
        from tensorboard.compat.proto.event_pb2 import Event as Proto
        from tensorboard.compat.proto.summary_pb2 import Summary

        if isinstance(event, TrainedStep):
            self._now += event.seconds
            self._epoch.append(event)
        elif isinstance(event, Evaluated):
            self._now += event.evaluation.seconds
        elif isinstance(event, Saved):
            self._now += event.seconds
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in self._values(event)]
        if not values:
            return b""
        return _record(Proto(wall_time=self._now, step=event.step, summary=Summary(value=values)))

    def _values(self, event: Event) -> Iterator[tuple[str, float]]:
        """The numbers of an event by their names in TensorBoard; an epoch's with its last step."""
        if isinstance(event, TrainedStep):
            yield "step/loss", event.loss
            yield "step/cross_entropy", event.cross_entropy
            yield "step/learning_rate", event.learning_rate
            if event.loss_scale is not None:
                yield "step/loss_scale", event.loss_scale
            if event.seconds:
                images = self._header.training.cell.global_batch_size
                yield "step/images_per_second", images / event.seconds
            yield "step/wait_seconds", event.wait_seconds
            if event.step % self._began.steps_per_epoch == 0:
                yield from self._values_of_epoch()
        if isinstance(event, Evaluated):
            yield "epoch/top1", event.evaluation.top1_share
            yield "epoch/top5", event.evaluation.top5_share
            yield "epoch/validation_cross_entropy", event.evaluation.cross_entropy

    def _values_of_epoch(self) -> Iterator[tuple[str, float]]:
        epoch = training_course(self._header, [self._began, *self._epoch]).epochs[-1]
        self._epoch = []
        found = {
            "epoch/loss": epoch.loss,
            "epoch/cross_entropy": epoch.cross_entropy,
            "epoch/images_per_second": epoch.images_per_second,
            "epoch/wait_share": epoch.wait_share,
        }
        yield from ((tag, value) for tag, value in found.items() if value is not None)


def _seconds(at: str, header: TrainingHeader) -> float:
    """The time at which a part began; of a record without one, that of the training."""
    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:
        return header.began.timestamp()


def _record(event: object) -> bytes:
    """An event in the framing of TFRecords."""
    from tensorboard.summary.writer.record_writer import RecordWriter

    written = io.BytesIO()
    RecordWriter(written).write(event.SerializeToString())  # type: ignore[attr-defined]
    return written.getvalue()
