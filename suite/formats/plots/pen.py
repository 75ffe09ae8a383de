"""Words and glyphs at places in units, counted from the lower left corner of a figure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from suite.formats.placement import Box
from suite.formats.plots.style import (
    INK,
    TEXT_SIZE,
    UNITS,
    absent_glyph,
    doubt_glyph,
    failed_glyph,
    text_width,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A line of text without the space to the next.
TEXT_HEIGHT = 13.0
# From the lower edge of a line of text to its baseline.
_DESCENT = 3.0
_GLYPH_SIZE = 10.0
# A glyph with the space to its word.
GLYPH_WIDTH = 14.0


def place(axes: "Axes", x: float, y: float) -> tuple[float, float]:
    """Where a point of the axes' data lies, in units."""
    across, up = axes.transData.transform((x, y))
    return float(across), float(up)


def edges(axes: "Axes") -> Box:
    """The sides of the axes, in units."""
    box = axes.bbox
    return Box(float(box.x0), float(box.y0), float(box.x1), float(box.y1))


def write(axes: "Axes", x: float, y: float, text: str, **look: Any) -> None:
    """Write with the lower edge of the line at y."""
    axes.text(
        x / UNITS,
        (y + _DESCENT) / UNITS,
        text,
        transform=axes.figure.dpi_scale_trans,
        **{"va": "baseline", "fontsize": TEXT_SIZE, **look},
    )


def write_in(axes: "Axes", box: Box, text: str, **look: Any) -> None:
    """Write a line into a box that was made for it."""
    write(axes, (box.left + box.right) / 2, box.bottom, text, ha="center", **look)


def doubted(axes: "Axes", x: float, y: float) -> None:
    """Mark a doubt with this centre."""
    _glyph(axes, x, y, doubt_glyph(), INK["doubt"])


def without_number(axes: "Axes", x: float, y: float, *, is_failure: bool) -> None:
    """Mark a cell that failed, or one that was not measured for another reason."""
    if is_failure:
        _glyph(axes, x, y, failed_glyph(), INK["failed"])
    else:
        _glyph(axes, x, y, absent_glyph(), INK["ink-2"])


def word_width(text: str, *, bold: bool = False) -> float:
    """The width of a word with the glyph before or after it."""
    return GLYPH_WIDTH + text_width(text, bold=bold)


def broken(lines: Sequence[Sequence[tuple[float, float]]]) -> tuple[list[float], list[float]]:
    """Several lines as one, with a gap after each: a single thing to draw."""
    points = [point for line in lines for point in (*line, (float("nan"), float("nan")))]
    return [x for x, _ in points], [y for _, y in points]


def _glyph(axes: "Axes", x: float, y: float, shape: Any, colour: str) -> None:
    from matplotlib.lines import Line2D

    axes.add_artist(
        Line2D(
            [x / UNITS],
            [y / UNITS],
            transform=axes.figure.dpi_scale_trans,
            marker=shape,
            markersize=_GLYPH_SIZE,
            markerfacecolor="none",
            markeredgecolor=colour,
            markeredgewidth=1.1,
            linestyle="none",
            clip_on=False,
            zorder=6,
        )
    )
