"""The index files that DALI needs beside TFRecord shards: a line `offset size` for each record."""

from pathlib import Path

from suite.core.errors import InputError
from suite.files.text import read_text, write_text
from suite.files.tfrecords import Frame, read_frames

_REMEDY = "make it with: python bench.py data index"


def write_index(shard: Path, directory: Path) -> Path:
    """Write a shard's index under the shard's own name; returns the file.

    Raises:
        InputError: the shard is damaged, or the index cannot be written.
    """
    path = directory / shard.name
    write_text(path, "".join(f"{frame.offset} {frame.size}\n" for frame in read_frames(shard)))
    return path


def check_index(shard: Path, directory: Path) -> int:
    """How many records an index lists, having made sure that they are exactly its shard's bytes.

    Reads the index and the size of the shard, not the shard.

    Raises:
        InputError: the index is missing, empty or malformed, or belongs to other bytes.
    """
    path = directory / shard.name
    if not path.exists():
        raise InputError(f"{path}: DALI's index of {shard} is missing; {_REMEDY}")
    lines = read_text(path, "a DALI index").splitlines()
    if not lines:
        raise InputError(f"{path}: is empty; {_REMEDY}")
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
    size = shard.stat().st_size
    if end != size:
        raise InputError(
            f"{path}: covers {end} bytes, but {shard} has {size}: not the index of this shard;"
            f" {_REMEDY}"
        )
    return len(lines)


def _frame(line: str) -> Frame | None:
    words = line.split()
    if len(words) != 2 or not all(word.isdecimal() for word in words):
        return None
    return Frame(int(words[0]), int(words[1]))
