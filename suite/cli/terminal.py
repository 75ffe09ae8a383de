"""The width of printed output."""

import shutil
import sys

from suite.formats.tables import TEXT_WIDTH

NARROWEST_TERMINAL = 80


def text_width() -> int:
    """The columns for printed output: a terminal's width, at least 80; a fixed width elsewhere."""
    if sys.stdout is None or not sys.stdout.isatty():  # None if it was closed before the start
        return TEXT_WIDTH
    return max(NARROWEST_TERMINAL, shutil.get_terminal_size().columns)
