"""A training as event files of TensorBoard, one for each of its parts: whole, or piece by piece.

The package `tensorboard` brings the encoding, without TensorFlow. An extra brings the package:
nothing but these files needs it.
"""

import io
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from suite.model.training_scalars import PartScalars, ScalarPoint

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


def event_files(parts: Sequence[PartScalars]) -> Mapping[str, bytes]:
    """The file of every part of a training by its name.

    Raises:
        ModuleNotFoundError: tensorboard is not installed.
    """
    return {
        file_name(number): b"".join([file_start(part.start), *map(file_piece, part.points)])
        for number, part in enumerate(parts)
    }


def file_start(start: ScalarPoint) -> bytes:
    """How a file begins: its format, and that other files hold nothing from this step on."""
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog

    log = SessionLog(status=SessionLog.START)
    return _record(Event(wall_time=start.at, file_version=_VERSION)) + _record(
        Event(wall_time=start.at, step=start.step, session_log=log)
    )


def file_piece(point: ScalarPoint) -> bytes:
    """What a point adds to a file."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    values = [Summary.Value(tag=name, simple_value=value) for name, value in point.values.items()]
    return _record(Event(wall_time=point.at, step=point.step, summary=Summary(value=values)))


def _record(event: Any) -> bytes:
    """An event in the framing of TFRecords."""
    from tensorboard.summary.writer.record_writer import RecordWriter

    written = io.BytesIO()
    RecordWriter(written).write(event.SerializeToString())
    return written.getvalue()
