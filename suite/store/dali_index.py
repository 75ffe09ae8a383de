"""The index files that DALI needs for TFRecord shards: a line `offset size` per record."""

import re
from pathlib import Path

from suite.model.errors import InputError
from suite.model.text import bench
from suite.store.text import reachable, read_text, write_text
from suite.store.tfrecords import FRAMING_BYTES, INDEX_ENDING, Frame, read_frames, shard_bytes

# No file has offsets of more digits.
_LINE = re.compile(r"(?P<offset>[0-9]{1,19})\s+(?P<size>[0-9]{1,19})")
_REMEDY = f"make it with: {bench('data', 'index')}"


def write_index(shard: Path, directory: Path) -> Path:
    """Write a shard's index under the shard's own name; returns the file.

    Raises:
        InputError: the shard is damaged, or the index cannot be written.
    """
    path = directory / shard.name
    write_text(path, "".join(f"{frame.offset} {frame.size}\n" for frame in read_frames(shard)))
    return path


def index_path(shard: Path, directory: Path) -> Path:
    """The path of a shard's index: the shard's own name, or that name with DALI's suffix."""
    with_ending = directory / f"{shard.name}{INDEX_ENDING}"
    return with_ending if reachable(with_ending.exists) else directory / shard.name


def check_index(shard: Path, directory: Path) -> int:
    """Check that the records of an index fill its shard; returns their number.

    Reads the index and the size of the shard, not the shard.

    Raises:
        InputError: the index is missing, empty or malformed, or belongs to other bytes.
    """
    return len(_read_index(shard, directory))


def compare_index(shard: Path, directory: Path) -> int:
    """Check every record of an index against its shard; returns their number. Reads 12 bytes each.

    Raises:
        InputError: as `check_index`, a record differs from the shard's, or the shard is damaged.
    """
    indexed = _read_index(shard, directory)
    # Both cover the whole shard without a gap, so neither can be longer than the other.
    for number, (listed, frame) in enumerate(
        zip(indexed, read_frames(shard), strict=True), start=1
    ):
        if listed != frame:
            raise InputError(
                f"{index_path(shard, directory)}:{number}: record {number} has {listed.size} bytes,"
                f" but in {shard} {frame.size}: not the index of this shard; {_REMEDY}"
            )
    return len(indexed)


def _read_index(shard: Path, directory: Path) -> list[Frame]:
    path = index_path(shard, directory)
    if not reachable(path.exists) or path.resolve() == shard.resolve():
        raise InputError(f"{path}: DALI's index of {shard} is missing; {_REMEDY}")
    lines = read_text(path, "a DALI index").splitlines()
    if not lines:
        raise InputError(f"{path}: is empty; {_REMEDY}")
    frames: list[Frame] = []
    end = 0
    for number, line in enumerate(lines, start=1):
        frame = _frame(line)
        if frame is None:
            raise InputError(f"{path}:{number}: not `offset size`: {line[:40]!r}; {_REMEDY}")
        if frame.offset != end:
            raise InputError(
                f"{path}:{number}: record {number} begins at {frame.offset}, but the one before"
                f" it ends at {end}; {_REMEDY}"
            )
        end += frame.size
        frames.append(frame)
    size = shard_bytes(shard)
    if end != size:
        raise InputError(
            f"{path}: covers {end} bytes, but {shard} has {size}: not the index of this shard;"
            f" {_REMEDY}"
        )
    return frames


def _frame(line: str) -> Frame | None:
    found = _LINE.fullmatch(line.strip())
    if found is None or int(found["size"]) < FRAMING_BYTES:
        return None
    return Frame(int(found["offset"]), int(found["size"]))
