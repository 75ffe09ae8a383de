"""A training as an event file of TensorBoard, which `pip install tensorboard` shows.

Such a file is a series of records in the framing of TFRecords, each an `Event` of TensorFlow's
event.proto in the encoding of protocol buffers. The few fields used here are written by hand: no
package that a training needs brings them.
"""

import math
import struct
from collections.abc import Iterator, Mapping
from functools import cache

from suite.model.training_course import TrainingCourse

# Where TensorBoard looks, below the folder that it is given.
EVENT_FILE = "tensorboard/events.out.tfevents.0.training"
_VERSION = "brain.Event:2"
# CRC-32C (Castagnoli), reflected, and the mask that the framing puts on it.
_POLYNOMIAL = 0x82F63B78
_MASK = 0xA282EAD8
# Wire types of protocol buffers: a number of variable length, 8 bytes, bytes, 4 bytes.
_VARINT, _DOUBLE, _BYTES, _FLOAT = 0, 1, 2, 5


def event_file(course: TrainingCourse) -> bytes:
    """Loss, learning rate and loss scale of each step; accuracy and speed of each epoch.

    The time of an event is the beginning of the training and the seconds of the steps since.
    """
    began = course.header.began.timestamp()
    records = [_event(began, version=_VERSION)]
    records += (
        _event(began + after, step=step, values=values) for step, after, values in _moments(course)
    )
    return b"".join(map(_framed, records))


def _moments(course: TrainingCourse) -> Iterator[tuple[int, float, Mapping[str, float]]]:
    """The number of each step, the seconds so far, and values by tag; epochs after their last."""
    after = 0.0
    ends = {epoch.number * (course.steps_per_epoch or 1): epoch for epoch in course.epochs}
    for step in course.steps:
        after += step.seconds
        scale = {} if step.loss_scale is None else {"train/loss_scale": step.loss_scale}
        yield (
            step.step,
            after,
            {
                "train/loss": step.loss,
                "train/cross_entropy": step.cross_entropy,
                "train/learning_rate": step.learning_rate,
                "train/wait_seconds": step.wait_seconds,
                **scale,
            },
        )
        epoch = ends.get(step.step)
        if epoch is not None and epoch.images_per_second is not None:
            yield step.step, after, {"train/images_per_second": epoch.images_per_second}
        if epoch is not None and epoch.accuracy is not None:
            yield (
                step.step,
                after,
                {
                    "validation/top1": epoch.accuracy.top1,
                    "validation/top5": epoch.accuracy.top5,
                    "validation/cross_entropy": epoch.accuracy.cross_entropy,
                },
            )


def _event(
    at: float, *, step: int = 0, version: str = "", values: Mapping[str, float] | None = None
) -> bytes:
    """An `Event`: wall_time (1), step (2), and file_version (3) or summary (5)."""
    told = _key(1, _DOUBLE) + struct.pack("<d", at) + _key(2, _VARINT) + _varint(step)
    if version:
        return told + _bytes(3, version.encode())
    # A `Summary` of values (1), each with a tag (1) and a simple_value (2).
    summary = b"".join(
        _bytes(1, _bytes(1, tag.encode()) + _key(2, _FLOAT) + _float(value))
        for tag, value in (values or {}).items()
    )
    return told + _bytes(5, summary)


def _float(value: float) -> bytes:
    try:
        return struct.pack("<f", value)
    except OverflowError:  # beyond what 4 bytes can hold
        return struct.pack("<f", math.copysign(math.inf, value))


def _bytes(field: int, content: bytes) -> bytes:
    return _key(field, _BYTES) + _varint(len(content)) + content


def _key(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; all bytes but the last have their highest bit set."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _framed(record: bytes) -> bytes:
    """A record with its length and the masked checksums of both."""
    length = struct.pack("<Q", len(record))
    return length + _checksum(length) + record + _checksum(record)


def _checksum(content: bytes) -> bytes:
    table = _table()
    crc = 0xFFFFFFFF
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF)


@cache
def _table() -> tuple[int, ...]:
    """The remainder of each byte."""
    found = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
        found.append(crc)
    return tuple(found)
