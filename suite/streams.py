"""Standard streams that outlive their reader, encode any text, and let none act on a terminal."""

import errno
import io
import os
import sys
from typing import Any, TextIO

from suite.model.text import shown_lines

# Ends of a reader (head, a closed terminal), who wants nothing more: no fault of anything.
_READER_GONE = {errno.EPIPE, errno.EIO}


class _Lasting(io.FileIO):
    """A descriptor whose writes go nowhere once nobody takes them, with the first reason why.

    A closed pipe, a lost terminal or a full disk behind a redirection are such cases.
    """

    failure: OSError | None = None

    def write(self, data: Any, /) -> int:
        try:
            written = super().write(data)
        except OSError as error:
            self.failure = self.failure or error
            written = None
        return memoryview(data).nbytes if written is None else written


class _Shown(io.TextIOWrapper):
    """Text with every acting character as its escape, except line breaks and tabs."""

    def __init__(self, raw: _Lasting, encoding: str) -> None:
        super().__init__(
            io.BufferedWriter(raw), encoding, errors="backslashreplace", line_buffering=True
        )
        self.lasting = raw

    def write(self, text: str, /) -> int:
        return super().write(shown_lines(text))


def keep_streams() -> None:
    """From here on, printing never raises, and descriptors 0 to 2 are never anything else.

    A process started without them would get a number below 3 for its next file, and hand that to
    its children as their output. A second call changes nothing.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    # One put in its place by somebody else is not ours to wrap.
    if sys.stdout is sys.__stdout__:
        sys.stdout = _shown(sys.stdout, 1)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _shown(sys.stderr, 2)


def lost_output() -> str | None:
    """Why not all that was printed on stdout arrived; None where it did, or nobody wanted it."""
    if not isinstance(sys.stdout, _Shown):
        return None
    sys.stdout.flush()
    failure = sys.stdout.lasting.failure
    return None if failure is None or failure.errno in _READER_GONE else failure.strerror


def drawing_stream() -> TextIO:
    """Standard error as it is, for what draws on a terminal; it has to make texts safe itself."""
    if not isinstance(sys.stderr, _Shown):
        return sys.stderr
    raw = _Lasting(sys.stderr.fileno(), "w", closefd=False)
    encoding = sys.stderr.encoding
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors="backslashreplace")


def _shown(stream: TextIO | None, descriptor: int) -> _Shown:
    """The stream that takes the place of Python's own, which is None for a closed descriptor."""
    if stream is not None:
        stream.flush()
    raw = _Lasting(descriptor, "w", closefd=False)
    return _Shown(raw, stream.encoding if stream is not None else "utf-8")
