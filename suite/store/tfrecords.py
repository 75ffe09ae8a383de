"""TFRecord shards as files: find them by split, and count records from the framing alone.

A record is its length (8 bytes, little endian), a checksum of the length (4), the data, and a
checksum of the data (4), as documented by TensorFlow. Checksums are left to
TensorFlow; here a record is valid if its declared length fits into the file.
"""

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from suite.model.cell import Mode
from suite.model.errors import InputError
from suite.model.text import bench

_HEADER = struct.Struct("<Q4x")
_FOOTER_BYTES = 4
FRAMING_BYTES = _HEADER.size + _FOOTER_BYTES
# The first bytes of a gzip file; deflate (8) is the only method in use.
_GZIP = b"\x1f\x8b\x08"
# DALI's own tool names an index after its shard, with this suffix.
INDEX_ENDING = ".idx"
_NUMBERED = re.compile(r"-(\d{5})-of-(\d{5})")

# The first line of a DALI index, whose first record begins at 0.
_INDEX_LINE = re.compile(rb"0 [0-9]+\n")

# Prefixes of shard names for the images of each mode, as in ImageNet.
SPLITS = {Mode.TRAINING: "train", Mode.INFERENCE: "validation"}


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a record lies in its shard, framing included, in bytes."""

    offset: int
    size: int


def list_shards(directory: Path, split: str) -> tuple[Path, ...]:
    """The shards of a split (`train` or `validation`), sorted by name.

    Raises:
        InputError: the directory is missing or unreadable, or holds no shard of the split.
    """
    return list_splits(directory, (split,))[split]


def list_splits(directory: Path, splits: Iterable[str]) -> dict[str, tuple[Path, ...]]:
    """The shards of those of these splits that a directory has, sorted by name.

    Folders, and index files that DALI's own tool wrote beside the shards, are not among them.

    Raises:
        InputError: the directory is missing or unreadable, holds no shard of any, or holds a
            file beside its own shard, such as the shard compressed.
    """
    try:
        paths = sorted(directory.iterdir())
    except OSError as error:
        raise InputError(
            f"{directory}: not a readable data directory ({error.strerror}); give one, or make a"
            f" small one with: {bench('data', 'make')}"
        ) from None
    present = {path.name for path in paths}
    shards = {
        split: tuple(
            path
            for path in paths
            if path.name.startswith(f"{split}-")
            and path.suffix != INDEX_ENDING
            and not path.is_dir()
        )
        for split in splits
    }
    for path in (path for found in shards.values() for path in found):
        if path.suffix and path.stem in present:
            raise InputError(
                f"{path}: is beside {path.stem} and would be read as another shard; move it away"
            )
    if not any(shards.values()):
        names = " or ".join(f"{split}-*" for split in shards)
        raise InputError(
            f"{directory}: holds no {names} shard; give a directory of TFRecords in ImageNet's"
            f" layout, or make a small one with: {bench('data', 'make')}"
        )
    return {split: found for split, found in shards.items() if found}


def missing_shards(shards: Iterable[Path]) -> tuple[str, ...]:
    """Names that shards called `<split>-00000-of-00004` imply and that are not among them."""
    names = {shard.name for shard in shards}
    implied = {
        f"{name[: found.start()]}-{number:05d}-of-{found[2]}"
        for name in names
        if (found := _NUMBERED.search(name))
        for number in range(int(found[2]))
    }
    return tuple(sorted(implied - names))


def read_frames(shard: Path) -> Iterator[Frame]:
    """Where each record of a shard lies, in order; reads 12 bytes a record.

    Raises:
        InputError: the file is unreadable, empty, or ends within a record.
    """
    end = shard_bytes(shard)
    try:
        with shard.open("rb") as file:
            offset = number = 0
            while offset < end:
                number += 1
                file.seek(offset)
                header = file.read(_HEADER.size)
                length = _HEADER.unpack(header)[0] if len(header) == _HEADER.size else None
                if length is None or offset + FRAMING_BYTES + length > end:
                    raise InputError(f"{shard}: {_damage(file, number, end)}")
                yield Frame(offset, FRAMING_BYTES + length)
                offset += FRAMING_BYTES + length
    except OSError as error:
        raise _unreadable(shard, error) from None


def _damage(file: BinaryIO, number: int, end: int) -> str:
    """Why a record cannot be read in a shard of this many bytes, with the remedy."""
    file.seek(0)
    beginning = file.read(40)
    if beginning.startswith(_GZIP):
        return "is gzip-compressed; decompress it"
    if _INDEX_LINE.match(beginning):
        return "is an index, not a shard; give the directory of the shards"
    return (
        f"record {number}: extends past the end of the file ({end} bytes); the file was cut short"
        " or is not a TFRecord file: copy or make it again"
    )


def shard_bytes(shard: Path) -> int:
    """The size of a shard, which is never 0.

    Raises:
        InputError: the file is unreadable or empty.
    """
    try:
        size = shard.stat().st_size
    except OSError as error:
        raise _unreadable(shard, error) from None
    if size == 0:
        raise InputError(f"{shard}: is empty; copy or make it again")
    return size


def _unreadable(shard: Path, error: OSError) -> InputError:
    return InputError(f"{shard}: cannot be read ({error.strerror}); check the path")


def count_records(shards: Iterable[Path], enough: int | None = None) -> int:
    """Records in shards; with `enough`, counting stops at that number.

    Raises:
        InputError: a shard that was read is damaged.
    """
    count = 0
    for shard in shards:
        for _ in read_frames(shard):
            count += 1
            if count == enough:
                return count
    return count
