"""The channel on which a worker reports to its parent: lines of JSON on a pipe, never stdout."""

import json
import os
import select
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass

from suite.model.errors import ExitCode
from suite.store.strict_json import parse_json

# Often enough for a progress line, rarely enough to leave the measurement alone.
PROGRESS_INTERVAL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a launch is: its phase, and steps done of a total (both 0 outside the loop)."""

    phase: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Here:
    """The reply of a process that was asked whether it still responds.

    `place` is the innermost function of the suite that its main thread is in.
    """

    place: str


class Sender:
    """The worker's end: progress at most twice a second, then one result."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._sent_at = 0.0
        self._phase = ""
        self._lock = threading.Lock()

    def progress(self, progress: Progress) -> None:
        """Report to the parent, unless the same phase was reported a moment ago."""
        now = time.monotonic()
        if progress.phase == self._phase and now - self._sent_at < PROGRESS_INTERVAL_SECONDS:
            return
        self._phase, self._sent_at = progress.phase, now
        self._send("progress", asdict(progress))

    def result(self, record: str) -> None:
        """Send the launch's record, an encoded JSON line."""
        self._send("result", record)

    def here(self) -> None:
        """Report that this process responds; from any thread."""
        self._send("here", {"place": _place()})

    def _send(self, kind: str, content: object) -> None:
        line = json.dumps({kind: content}).encode() + b"\n"
        try:
            with self._lock:
                while line:
                    line = line[os.write(self._descriptor, line) :]
        except OSError:
            # The parent, or the connection to it, is gone, and nobody waits for the result.
            raise SystemExit(int(ExitCode.CELL_FAILED)) from None


def _place() -> str:
    """Where the main thread is, from any thread: `batches.next`."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)  # noqa: SLF001
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        if module.startswith("suite."):
            return f"{module.rpartition('.')[2]}.{frame.f_code.co_name}"
        frame = frame.f_back
    return "no function of the suite"


def end_with_reader(descriptor: int) -> None:
    """End this process and those it started as soon as the reader of the channel is gone.

    So a worker whose parent was killed releases the device at once, even in the middle of a
    compilation or of a hanging step. The thread sleeps in the kernel until then.
    """

    def wait() -> None:
        poll = select.poll()
        poll.register(descriptor, 0)  # errors, such as a closed reader, are always reported
        poll.poll()
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(int(ExitCode.CELL_FAILED))

    threading.Thread(target=wait, name="end with reader", daemon=True).start()


class Lines:
    """Whole lines assembled from pieces, none of them longer than a limit."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._begun = bytearray()

    def take(self, piece: bytes) -> list[bytes]:
        """The lines that this piece completes.

        Raises:
            ValueError: a line is longer than the limit.
        """
        *lines, rest = piece.split(b"\n")
        if lines:
            lines[0] = bytes(self._begun) + lines[0]
            self._begun = bytearray()
        self._begun += rest
        if len(self._begun) > self._most_bytes:
            raise ValueError(f"a message of more than {self._most_bytes} bytes")
        return lines


def receive(line: bytes) -> Progress | Here | str:
    """One line read by the parent: progress, a reply, or the encoded record of the result.

    Raises:
        ValueError: the line is none of these.
    """
    message = parse_json(line.decode())
    match message:
        case {"progress": {"phase": str(phase), "done": int(done), "total": int(total)}}:
            return Progress(phase, done, total)
        case {"result": str(record)}:
            return record
        case {"here": {"place": str(place)}}:
            return Here(place)
    raise ValueError(f"not a message of a worker: {line[:80]!r}")
