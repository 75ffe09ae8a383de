"""The log of a launch, bounded in size while the launch runs.

The launch writes into a pipe, not into the file. The runner drains the pipe and stores the first
part immediately. Of the rest it keeps the last part in memory, and appends that when the launch has
ended. So a launch that prints gigabytes cannot fill the disk; if the runner is killed, only the
first part is stored.
"""

import os
import select
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from suite.model.errors import InputError

HEAD_BYTES = 2**20
TAIL_BYTES = 2**20
_CHUNK_BYTES = 2**16
# How much goes into the record of a failed launch: a traceback, or a framework's last messages.
_LAST_BYTES = 4096
_LAST_LINES = 25


def last_output(log: Path) -> str:
    """The last lines in a log, at most 25 of at most 4 KiB together; empty if it cannot be read."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_BYTES))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return "\n".join(line.rstrip() for line in lines[-_LAST_LINES:])


class BoundedLog:
    """A log file and the pipe that leads to it; `writer` is for the launch.

    Raises:
        InputError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror})") from error
        self.reader, writer = os.pipe()
        os.set_blocking(self.reader, False)
        self.writer: BinaryIO = os.fdopen(writer, "wb", buffering=0)
        self._room = HEAD_BYTES
        self._tail = bytearray()
        self._left_out = 0

    def __enter__(self) -> "BoundedLog":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Store what is still in the pipe, and the tail; to be called when the launch has ended."""
        self.writer.close()
        # A process that left its group may continue to write: take no more than the tail.
        for _ in range(TAIL_BYTES // _CHUNK_BYTES):
            if not self.pump():
                break
        os.close(self.reader)
        self._left_out += max(0, len(self._tail) - TAIL_BYTES)
        if self._left_out:
            self._store(f"\n[{self._left_out} bytes of output are left out here]\n".encode())
        self._store(self._tail[-TAIL_BYTES:])
        self._file.close()

    def pump(self) -> bool:
        """Take what is in the pipe, at most 64 KiB; False once every writer has closed it."""
        try:
            received = os.read(self.reader, _CHUNK_BYTES)
        except BlockingIOError:
            return True
        head, rest = received[: self._room], received[self._room :]
        self._room -= len(head)
        self._store(head)
        self._tail += rest
        # In large steps, so that a flood of output is not moved in memory for each chunk.
        if len(self._tail) >= 2 * TAIL_BYTES:
            self._left_out += len(self._tail) - TAIL_BYTES
            del self._tail[:-TAIL_BYTES]
        return bool(received)

    def text(self) -> str:
        """The output so far, as far as it is kept."""
        while self.pump() and self._is_waiting():
            pass
        head = Path(self._file.name).read_bytes()
        return (head + bytes(self._tail[-TAIL_BYTES:])).decode(errors="replace")

    def _is_waiting(self) -> bool:
        return bool(select.select([self.reader], [], [], 0)[0])

    def _store(self, part: bytes | bytearray) -> None:
        """Write; if the disk is full, the log loses its rest, and the launch continues."""
        with suppress(OSError):
            while part:
                part = part[self._file.write(part) :]
