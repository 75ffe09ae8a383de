"""What all plots have in common: lengths, inks, glyphs, and matplotlib as they need it.

A unit is a point of matplotlib, and a CSS pixel where a plot is drawn at its natural size.
"""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from suite.formats.palette import INKS

if TYPE_CHECKING:
    from matplotlib.path import Path

INK = {ink.name: ink.light for ink in INKS}
# Units to an inch.
UNITS = 72
TEXT_SIZE = 11.0
TITLE_SIZE = 12.5
HEADING_SIZE = 16.0
# What a line of small text takes.
LINE = 15.0

# Settings on top of matplotlib's defaults, whatever a user's matplotlibrc says. Text stays text,
# for small files that can be searched; the fixed salt makes the same plot the same file.
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "resnet50-bench",
    # A dollar sign in a matrix's name is no formula.
    "text.parse_math": False,
    "text.color": INK["ink-2"],
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": TEXT_SIZE,
    "figure.facecolor": INK["paper"],
    "savefig.facecolor": INK["paper"],
    "lines.solid_capstyle": "butt",
}


@contextmanager
def drawing() -> Iterator[None]:
    """Draw in this style and in silence, safe from a backend for windows, which no file needs.

    matplotlib logs a warning where its folder for settings and caches cannot be written, and uses
    a temporary one; on import it refuses a MPLBACKEND that it does not know. It warns of each
    letter that its font lacks, which viewers of an SVG take from another font.
    """
    logger = logging.getLogger("matplotlib")
    level, backend = logger.level, os.environ.pop("MPLBACKEND", None)
    logger.setLevel(logging.ERROR)
    try:
        from matplotlib import style

        with warnings.catch_warnings(), style.context(_STYLE, after_reset=True):
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            yield
    finally:
        logger.setLevel(level)
        if backend is not None:
            os.environ["MPLBACKEND"] = backend


@cache
def text_width(text: str, size: float = TEXT_SIZE, *, bold: bool = False) -> float:
    """The width of a line of text in units, in the font that plots are measured with."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
    width: float = text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]
    return width


def shortened(text: str, width: float, size: float = TEXT_SIZE, *, bold: bool = False) -> str:
    """The text, or as much of its beginning as fits into this width, with an ellipsis."""
    kept, end = text, ""
    while kept and text_width(kept + end, size, bold=bold) > width:
        kept, end = kept[:-1].rstrip(), "…"
    return kept + end


@cache
def doubt_glyph() -> "Path":
    """A triangle with an exclamation mark, as the outline of a marker."""
    from matplotlib.path import Path

    corners = [(0, 0.95), (1.05, -0.85), (-1.05, -0.85), (0, 0.95)]
    mark = [(0, 0.35), (0, -0.25), (0, -0.48), (0, -0.62)]
    pen = [Path.MOVETO, Path.LINETO]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY, *pen, *pen]
    return Path([*corners, *mark], codes)


@cache
def failed_glyph() -> "Path":
    """A box with a cross, as the outline of a marker."""
    from matplotlib.path import Path

    corners = [(-0.9, -0.9), (-0.9, 0.9), (0.9, 0.9), (0.9, -0.9), (-0.9, -0.9)]
    cross = [(-0.45, -0.45), (0.45, 0.45), (-0.45, 0.45), (0.45, -0.45)]
    pen = [Path.MOVETO, Path.LINETO]
    codes = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY, *pen, *pen]
    return Path([*corners, *cross], codes)


@cache
def absent_glyph() -> "Path":
    """A dashed circle with a dash, as the outline of a marker."""
    from matplotlib.path import Path

    arcs = [Path.arc(start, start + 40) for start in range(0, 360, 60)]
    dash = Path([(-0.45, 0), (0.45, 0)])
    return Path.make_compound_path(*arcs, dash)
