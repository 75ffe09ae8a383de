"""How wide what is printed may be."""

import shutil
import sys

from suite.render.tables import TEXT_WIDTH

NARROWEST_TERMINAL = 80


def text_width() -> int:
    """The columns for what is printed: a terminal's own, at least 80; a fixed number elsewhere."""
    if not sys.stdout.isatty():
        return TEXT_WIDTH
    return max(NARROWEST_TERMINAL, shutil.get_terminal_size().columns)
