"""How wide what is printed may be."""

import shutil
import sys

from suite.formats.tables import TEXT_WIDTH

NARROWEST_TERMINAL = 80


def text_width() -> int:
    """The columns for what is printed: a terminal's own, at least 80; a fixed number elsewhere."""
    if sys.stdout is None or not sys.stdout.isatty():  # None where it was closed before the start
        return TEXT_WIDTH
    return max(NARROWEST_TERMINAL, shutil.get_terminal_size().columns)
