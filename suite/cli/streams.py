"""Standard streams: how wide they are, and how they outlive their reader.

A lost terminal costs a run nothing.
"""

import io
import os
import shutil
import sys
from typing import Any

from suite.render.tables import TEXT_WIDTH

NARROWEST_TERMINAL = 80


class _Lasting(io.FileIO):
    """A descriptor whose writes go nowhere once nobody takes them.

    A closed pipe, a lost terminal or a full disk behind a redirection are such cases.
    """

    def write(self, data: Any, /) -> int:
        try:
            written = super().write(data)
        except OSError:
            written = None
        return memoryview(data).nbytes if written is None else written


def keep_streams() -> None:
    """From here on, printing never raises, and descriptors 0 to 2 are never anything else.

    A process started without them would get a number below 3 for its next file, and hand that to
    its children as their output.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    # A closed one is None, and one put in its place by somebody else is not ours to wrap.
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout is sys.__stdout__:
        sys.stdout = _lasting(sys.stdout)
    if isinstance(sys.stderr, io.TextIOWrapper) and sys.stderr is sys.__stderr__:
        sys.stderr = _lasting(sys.stderr)


def _lasting(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    stream.flush()
    raw = _Lasting(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw), stream.encoding, stream.errors, line_buffering=True
    )


def text_width() -> int:
    """The columns for what is printed: a terminal's own, at least 80; a fixed number elsewhere."""
    if sys.stdout is None or not sys.stdout.isatty():  # None where it was closed before the start
        return TEXT_WIDTH
    return max(NARROWEST_TERMINAL, shutil.get_terminal_size().columns)
