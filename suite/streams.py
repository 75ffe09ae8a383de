"""Standard streams that survive their reader, encode any text and escape control characters."""

import errno
import io
import os
import sys
from typing import Any, TextIO

from suite.model.text import shown_lines

# The reader is gone (head, a closed terminal) and wants nothing more: not an error.
_READER_GONE = {errno.EPIPE, errno.EIO}


class _Lasting(io.FileIO):
    """A descriptor whose failed writes are dropped, with the reason of the first failure.

    Writes fail on a closed pipe, a lost terminal, or a full disk behind a redirection.
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
    """Text with every control character as its escape, except line breaks and tabs."""

    def __init__(self, raw: _Lasting, encoding: str) -> None:
        super().__init__(
            io.BufferedWriter(raw), encoding, errors="backslashreplace", line_buffering=True
        )
        self.lasting = raw

    def write(self, text: str, /) -> int:
        return super().write(shown_lines(text))


def keep_streams() -> None:
    """From here on printing never raises, and descriptors 0 to 2 are the standard streams.

    A process started without them would get a number below 3 for its next file, and pass that to
    its children as their output. A second call changes nothing.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    # A stream that somebody else has put in its place is left alone.
    if sys.stdout is sys.__stdout__:
        sys.stdout = _shown(sys.stdout, 1)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _shown(sys.stderr, 2)


def lost_output() -> str | None:
    """Why part of what was printed to stdout was lost; None if all arrived or the reader left."""
    if not isinstance(sys.stdout, _Shown):
        return None
    sys.stdout.flush()
    failure = sys.stdout.lasting.failure
    return None if failure is None or failure.errno in _READER_GONE else failure.strerror


def drawing_stream() -> TextIO:
    """Unwrapped standard error for drawing on a terminal; the caller must escape texts itself."""
    if not isinstance(sys.stderr, _Shown):
        return sys.stderr
    raw = _Lasting(sys.stderr.fileno(), "w", closefd=False)
    encoding = sys.stderr.encoding
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors="backslashreplace")


def _shown(stream: TextIO | None, descriptor: int) -> _Shown:
    """The replacement for one of Python's streams, which is None for a closed descriptor."""
    if stream is not None:
        stream.flush()
    raw = _Lasting(descriptor, "w", closefd=False)
    return _Shown(raw, stream.encoding if stream is not None else "utf-8")
