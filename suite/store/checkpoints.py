"""Checkpoints of a training: the arrays of its state, one file a state, from which it goes on.

A file is a line of ASCII and the arrays one after the other. The line is the SHA-256 of all that
follows its first space: a JSON object with the step and the name, type and shape of each array,
and their bytes (little endian, the last index fastest).
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.model.errors import InputError
from suite.store.text import UNFINISHED, json_text, make_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDER = "checkpoints"
_NAME = re.compile(r"([0-9]{1,12})\.ckpt")
# Types of numbers and of texts of a fixed length: no array can hold an object of Python.
_TYPES = re.compile(r"<[biufc][0-9]{1,2}|\|[biu]1|\|S[0-9]{1,6}|<U[0-9]{1,6}")
_DIGEST = 64
# Of the JSON line: thousands of arrays with long names.
_LONGEST_HEADER = 2**22


@dataclass(frozen=True, slots=True)
class Written:
    """A checkpoint as it was written."""

    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Good:
    """The newest checkpoint that can be read, and why those after it cannot; one line each."""

    step: int | None
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """What a checkpoint holds: the step after which it was written, and arrays by name.

    `sha256` is the checksum at its beginning, which the training's `saved` event has as well.
    """

    step: int
    arrays: "dict[str, NDArray[Any]]"
    sha256: str


def checkpoint_bytes(state: "Mapping[str, NDArray[Any]]") -> int:
    """About the size of a checkpoint of this state: its arrays, and some 100 bytes for each."""
    return sum(array.nbytes + 100 for array in state.values())


def check_room(directory: Path, state: "Mapping[str, NDArray[Any]]") -> None:
    """See that the disk has room for two checkpoints: the next is written before one is removed.

    Raises:
        InputError: it has not.
    """
    needed = 2 * checkpoint_bytes(state)
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise InputError(
            f"{directory}: has {free / 1e6:.0f} MB free, and two checkpoints take"
            f" {needed / 1e6:.0f} MB; make room, or give --out on another disk"
        )


def write_checkpoint(directory: Path, step: int, state: "Mapping[str, NDArray[Any]]") -> Written:
    """Write the state after `step` steps whole or not at all, and only then under its name.

    Raises:
        InputError: it cannot be written; earlier checkpoints stay.
    """
    import numpy as np

    arrays = {name: _plain(np.asarray(array)) for name, array in state.items()}
    described = [
        {"name": name, "type": array.dtype.str, "shape": array.shape}
        for name, array in arrays.items()
    ]
    header = json_text({"step": step, "arrays": described}).encode("ascii") + b"\n"
    contents = [array.reshape(-1).view(np.uint8).data for array in arrays.values() if array.size]
    digest = hashlib.sha256(header)
    for content in contents:
        digest.update(content)
    folder = directory / FOLDER
    make_folder(folder)
    path = folder / f"{step}.ckpt"
    unfinished = folder / f"{UNFINISHED}{step}"
    try:
        with unfinished.open("wb") as file:
            file.write(digest.hexdigest().encode("ascii") + b" " + header)
            for content in contents:
                file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        _sync_folder(folder)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    size = _DIGEST + 1 + len(header) + sum(content.nbytes for content in contents)
    return Written(path.name, size, digest.hexdigest())


def read_checkpoint(directory: Path, step: int) -> "dict[str, NDArray[Any]]":
    """The state after `step` steps.

    Raises:
        InputError: there is no such checkpoint, or it is damaged, cut short or another step's.
    """
    path = checkpoint_path(directory, step)
    state = read_state(path)
    if state.step != step:
        raise InputError(f"{path}: is of step {state.step}; remove the copy")
    return state.arrays


def read_state(path: Path) -> State:
    """What a checkpoint holds, wherever it lies.

    Raises:
        InputError: it cannot be read, is damaged or cut short, or is no checkpoint.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        return _state(content)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        why = str(error) if type(error) is ValueError else "has no sound header"
        raise InputError(f"{path}: {why}") from None


def checkpoint_path(directory: Path, step: int) -> Path:
    """Where a training directory has the checkpoint of a step."""
    return directory / FOLDER / f"{step}.ckpt"


def checkpoint_steps(directory: Path) -> list[int]:
    """The steps of which there is a file, ascending."""
    try:
        names = [path.name for path in (directory / FOLDER).iterdir()]
    except OSError:
        return []
    found = (_NAME.fullmatch(name) for name in names)
    return sorted(int(match[1]) for match in found if match)


def newest_good(directory: Path) -> Good:
    """The newest checkpoint that can be read; `step` is None if none can, or none is there."""
    problems = []
    for step in reversed(checkpoint_steps(directory)):
        try:
            read_checkpoint(directory, step)
        except InputError as error:
            problems.append(str(error))
        else:
            return Good(step, tuple(problems))
    return Good(None, tuple(problems))


def prune(directory: Path, kept: Collection[int], newest: int) -> None:
    """Remove every checkpoint up to the step `newest` but those `kept`; later ones stay.

    Later ones are damaged, or the training would have gone on from them. One that cannot be removed
    stays.
    """
    for step in checkpoint_steps(directory):
        if step <= newest and step not in kept:
            with suppress(OSError):
                (directory / FOLDER / f"{step}.ckpt").unlink()


def _plain(array: "NDArray[Any]") -> "NDArray[Any]":
    """The array in the order and the byte order of a file."""
    import numpy as np

    plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)
    if not _TYPES.fullmatch(plain.dtype.str):
        raise TypeError(f"a state of {array.dtype}, which a checkpoint cannot hold")
    return plain


def _state(content: bytes) -> State:
    """What the bytes of a file hold; a ValueError says what is wrong."""
    import numpy as np

    digest, space, rest = content[:_DIGEST], content[_DIGEST : _DIGEST + 1], content[_DIGEST + 1 :]
    if space != b" " or hashlib.sha256(rest).hexdigest().encode("ascii") != digest:
        raise ValueError("is damaged or cut short: its content does not have its checksum")
    header, _, data = rest.partition(b"\n")
    if len(header) > _LONGEST_HEADER:
        raise ValueError("has no sound header")
    described = json.loads(header)
    kinds = [_kind(item["type"]) for item in described["arrays"]]
    shapes = [tuple(map(int, item["shape"])) for item in described["arrays"]]
    sizes = [kind.itemsize * prod(shape) for kind, shape in zip(kinds, shapes, strict=True)]
    ends = list(accumulate(sizes))
    if (ends[-1] if ends else 0) != len(data):
        raise ValueError("does not have the bytes of its arrays")
    arrays = {
        item["name"]: np.frombuffer(data[end - size : end], kind).reshape(shape).copy()
        for item, kind, shape, size, end in zip(
            described["arrays"], kinds, shapes, sizes, ends, strict=True
        )
    }
    return State(int(described["step"]), arrays, digest.decode("ascii"))


def _kind(text: str) -> "np.dtype[Any]":
    import numpy as np

    if not _TYPES.fullmatch(text):
        raise ValueError("has an array of an unknown type")
    return np.dtype(text)


def _sync_folder(folder: Path) -> None:
    """Have the new name outlive a loss of power as well."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
