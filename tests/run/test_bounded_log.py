"""suite.run.bounded_log: however much a launch prints, its log stays small."""

import os
from pathlib import Path

import pytest

from suite.model.errors import InputError
from suite.run.bounded_log import HEAD_BYTES, TAIL_BYTES, BoundedLog


def written(path: Path, total_bytes: int) -> bytes:
    """The log of a launch that prints so many bytes, numbered so that each place is known."""
    with BoundedLog(path) as log:
        os.set_blocking(log.writer.fileno(), True)
        line = 0
        while line * 16 < total_bytes:
            log.writer.write(b"".join(b"%015d\n" % (line + i) for i in range(1024)))
            line += 1024
            assert log.pump()
            assert path.stat().st_size <= HEAD_BYTES
    return path.read_bytes()


def test_a_short_output_is_kept_whole(tmp_path: Path) -> None:
    """Up to the sum of both parts nothing is left out, and nothing is said about it."""
    total = HEAD_BYTES + TAIL_BYTES
    found = written(tmp_path / "log", total)

    assert found == b"".join(b"%015d\n" % i for i in range(total // 16))


def test_of_a_flood_the_beginning_and_the_end_are_kept(tmp_path: Path) -> None:
    """Between them stands how much is missing; while the launch runs there is only the head."""
    total = 8 * (HEAD_BYTES + TAIL_BYTES)
    found = written(tmp_path / "log", total)
    note = f"\n[{total - HEAD_BYTES - TAIL_BYTES} bytes of output are left out here]\n".encode()

    assert found[:HEAD_BYTES].endswith(b"%015d\n" % (HEAD_BYTES // 16 - 1))
    assert found[HEAD_BYTES : HEAD_BYTES + len(note)] == note
    assert len(found) == HEAD_BYTES + len(note) + TAIL_BYTES
    assert found.endswith(b"%015d\n" % (total // 16 - 1))


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """One line, with the path."""
    with pytest.raises(InputError, match="log: cannot be written"):
        BoundedLog(tmp_path / "none" / "log")
