"""Lines, marks and words at places in units, counted from the lower left corner of a figure."""

from collections.abc import Iterable, Sequence
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
    from matplotlib.figure import Figure

Point = tuple[float, float]
# A line of text without the space to the next.
TEXT_HEIGHT = 13.0
# From the lower edge of a line of text to its baseline.
_DESCENT = 3.0
_GLYPH_SIZE = 10.0
# A glyph with the space to its word.
GLYPH_WIDTH = 14.0
_GAP = (float("nan"), float("nan"))


def write(figure: "Figure", x: float, y: float, text: str, **look: Any) -> None:
    """Write with the lower edge of the line at y."""
    figure.text(
        x / UNITS,
        (y + _DESCENT) / UNITS,
        text,
        transform=figure.dpi_scale_trans,
        **{"va": "baseline", "fontsize": TEXT_SIZE, **look},
    )


def write_in(figure: "Figure", box: Box, text: str, **look: Any) -> None:
    """Write a line into a box that was made for it."""
    write(figure, (box.left + box.right) / 2, box.bottom, text, ha="center", **look)


def stroke(
    figure: "Figure",
    lines: Iterable[Sequence[Point]],
    colour: str,
    width: float,
    *,
    over: float = 3,
    dashes: Sequence[float] = (),
    opacity: float = 1,
) -> None:
    """Draw lines as one thing, with a gap between them; what is over more is drawn later."""
    points = [point for line in lines for point in (*line, _GAP)]
    if points:
        style: Any = (0, tuple(dashes)) if dashes else "-"
        _add(
            figure, points[:-1], color=colour, linewidth=width, linestyle=style, zorder=over,
            alpha=None if opacity == 1 else opacity,
        )  # fmt: skip


def mark(
    figure: "Figure",
    points: Sequence[Point],
    shape: Any,
    colour: str,
    *,
    size: float = 5.5,
    inside: str | None = None,
    edge: float = 1,
    over: float = 5,
) -> None:
    """Draw the same shape at every point, filled with its colour or with another."""
    if points:
        _add(
            figure, points, color=colour, linestyle="none", marker=shape, markersize=size,
            markerfacecolor=inside or colour, markeredgewidth=edge, zorder=over,
        )  # fmt: skip


def fill(
    figure: "Figure",
    outline: Sequence[Point],
    inside: str,
    *,
    edge: str = "none",
    opacity: float = 1,
    over: float = 3,
) -> None:
    """Fill the shape with these corners, with or without an outline."""
    from matplotlib.patches import Polygon

    shape = Polygon(
        [(x / UNITS, y / UNITS) for x, y in outline],
        transform=figure.dpi_scale_trans,
        facecolor=inside,
        edgecolor=edge,
        linewidth=0 if edge == "none" else 1.2,
        alpha=None if opacity == 1 else opacity,
        zorder=over,
    )
    figure.add_artist(shape)


def doubted(figure: "Figure", x: float, y: float) -> None:
    """Mark a doubt with this centre."""
    _glyph(figure, x, y, doubt_glyph(), INK["doubt"])


def without_number(figure: "Figure", x: float, y: float, *, is_failure: bool) -> None:
    """Mark a cell that failed, or one that was not measured for another reason."""
    if is_failure:
        _glyph(figure, x, y, failed_glyph(), INK["failed"])
    else:
        _glyph(figure, x, y, absent_glyph(), INK["ink-2"])


def word_width(text: str, *, bold: bool = False) -> float:
    """The width of a word with the glyph before or after it."""
    return GLYPH_WIDTH + text_width(text, bold=bold)


def _glyph(figure: "Figure", x: float, y: float, shape: Any, colour: str) -> None:
    mark(figure, [(x, y)], shape, colour, size=_GLYPH_SIZE, inside="none", edge=1.1, over=6)


def _add(figure: "Figure", points: Sequence[Point], **look: Any) -> None:
    from matplotlib.lines import Line2D

    xs, ys = [x / UNITS for x, _ in points], [y / UNITS for _, y in points]
    figure.add_artist(Line2D(xs, ys, transform=figure.dpi_scale_trans, **look))
