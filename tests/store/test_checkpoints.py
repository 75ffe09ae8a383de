"""Checkpoints: what was written is read back to the bit, or not at all."""

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from suite.model.errors import InputError
from suite.store.checkpoints import (
    check_room,
    checkpoint_steps,
    newest_good,
    prune,
    read_checkpoint,
    write_checkpoint,
)
from suite.store.text import UNFINISHED

STATE: dict[str, NDArray[Any]] = {
    "conv/kernel": np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 7,
    "steps": np.array(12, np.int64),
    "empty": np.zeros((0, 3)),
    "flag": np.array([True, False]),
    "half": np.array([np.nan, np.inf, -0.0], np.float16),
    "Gewicht µ": np.array(["a", "bc"]),
    "big endian": np.arange(3, dtype=">i4"),
}


def test_a_state_comes_back_to_the_bit(tmp_path: Path) -> None:
    """Names in order, types, shapes and bits: NaN and -0 too."""
    written = write_checkpoint(tmp_path, 12, STATE)
    state = read_checkpoint(tmp_path, 12)

    assert list(state) == list(STATE)
    for name, array in STATE.items():
        assert state[name].shape == array.shape
        assert state[name].dtype == array.dtype.newbyteorder("<")
        assert state[name].tobytes() == array.astype(state[name].dtype).tobytes()
    path = tmp_path / "checkpoints" / written.file
    assert path.stat().st_size == written.bytes
    assert path.read_bytes().startswith(written.sha256.encode())


def test_a_state_can_be_changed_after_it_was_read(tmp_path: Path) -> None:
    """A trainer may take the arrays as its own."""
    write_checkpoint(tmp_path, 1, STATE)
    read_checkpoint(tmp_path, 1)["conv/kernel"][0, 0, 0] = 5


def test_every_cut_and_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    """A damaged checkpoint never passes for a good one."""
    write_checkpoint(tmp_path, 3, {"a": np.arange(3, dtype=np.int8)})
    path = tmp_path / "checkpoints" / "3.ckpt"
    content = path.read_bytes()
    for at in range(len(content)):
        for damaged in (content[:at], content[:at] + b"\xff" + content[at + 1 :]):
            path.write_bytes(damaged)
            with pytest.raises(InputError, match="3.ckpt: is damaged or cut short"):
                read_checkpoint(tmp_path, 3)


def test_a_copy_under_another_name_is_noticed(tmp_path: Path) -> None:
    """A checkpoint knows its step."""
    write_checkpoint(tmp_path, 3, STATE)
    folder = tmp_path / "checkpoints"
    shutil.copy(folder / "3.ckpt", folder / "4.ckpt")

    assert newest_good(tmp_path).step == 3
    assert "is of step 3; remove the copy" in newest_good(tmp_path).problems[0]


def test_objects_of_python_are_not_stored(tmp_path: Path) -> None:
    """Reading one would run code."""
    with pytest.raises(TypeError, match="which a checkpoint cannot hold"):
        write_checkpoint(tmp_path, 1, {"a": np.array([object()])})
    assert checkpoint_steps(tmp_path) == []


def test_the_newest_good_one_is_found_past_damaged_ones(tmp_path: Path) -> None:
    """And what is wrong with those is told, the newest first."""
    for step in (5, 10, 20, 30):
        write_checkpoint(tmp_path, step, STATE)
    for step in (20, 30):
        (tmp_path / "checkpoints" / f"{step}.ckpt").write_bytes(b"x")
    good = newest_good(tmp_path)

    assert good.step == 10
    assert ["30.ckpt" in good.problems[0], "20.ckpt" in good.problems[1]] == [True, True]
    assert newest_good(tmp_path / "nowhere").step is None


def test_pruning_keeps_what_it_is_told_and_what_is_newer(tmp_path: Path) -> None:
    """Newer than the present step is only what is damaged."""
    for step in (5, 10, 20, 30):
        write_checkpoint(tmp_path, step, {})
    (tmp_path / "checkpoints" / "notes.txt").touch()
    prune(tmp_path, {5, 20}, newest=20)

    assert checkpoint_steps(tmp_path) == [5, 20, 30]


def test_nothing_unfinished_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills leaves the checkpoints that were there, and nothing else."""
    write_checkpoint(tmp_path, 1, STATE)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="No space left"):
        write_checkpoint(tmp_path, 2, STATE)

    assert checkpoint_steps(tmp_path) == [1]
    assert not list((tmp_path / "checkpoints").glob(f"{UNFINISHED}*"))


class Usage(NamedTuple):
    """Room on a disk."""

    free: int


@pytest.mark.parametrize(("free", "fits"), [(2400, True), (2199, False)])
def test_room_for_two_is_needed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    free: int,
    fits: bool,  # noqa: FBT001
) -> None:
    """1,000 bytes of numbers and 100 about them, twice."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(free))
    state = {"a": np.zeros(1000, np.int8)}
    if fits:
        check_room(tmp_path, state)
        return
    with pytest.raises(InputError, match="make room, or give --out on another disk"):
        check_room(tmp_path, state)
