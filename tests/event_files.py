"""Event files of TensorBoard, read by the package whose format they have."""

from collections.abc import Mapping
from typing import Any


def read(content: bytes) -> list[Any]:
    """The events of a file, whose framing has the length of each in 8 bytes, and checksums of 4."""
    from tensorboard.compat.proto.event_pb2 import Event as Proto

    found = []
    while content:
        length = int.from_bytes(content[:8], "little")
        found.append(Proto.FromString(content[12 : 12 + length]))
        content = content[12 + length + 4 :]
    return found


def scalars(files: Mapping[str, bytes]) -> list[tuple[int, str, float]]:
    """Every number of every file, with its step and its tag."""
    return [
        (event.step, value.tag, value.simple_value)
        for name in sorted(files)
        for event in read(files[name])
        for value in event.summary.value
    ]
