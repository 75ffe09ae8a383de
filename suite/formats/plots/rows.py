"""Charts with a row for each cell: its name left, its mark on a common axis, its number right."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suite.formats.palette import Look
from suite.formats.placement import thinned
from suite.formats.plots import pen
from suite.formats.plots.chart import Margins
from suite.formats.plots.series import Doubt, PlottedRun
from suite.formats.plots.style import INK, shortened, text_width
from suite.formats.plots.words import status_word
from suite.model.cell import Mode
from suite.model.run import CellResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW = 18.0
_TOP, _BOTTOM = 4.0, 22.0
# Of a character of small text, wide ones included; what is longer is shortened where it is drawn.
_CHARACTER = 6.6
_WIDEST_LABEL, _WIDEST_WORD = 150.0, 78.0
# Of numbers such as 1234.56 in bold.
_NUMBER = 58.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a chart: what it is of, and what its number is doubted for."""

    label: str
    look: Look
    doubt: Doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRow(Row):
    """The line of a cell."""

    result: CellResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Rows below a heading; an empty heading takes no line."""

    title: str
    rows: tuple[Row, ...]


def cell_rows(plotted: PlottedRun, modes: Iterable[Mode]) -> list[CellRow]:
    """A row for each cell of these modes, in the order of curves."""
    chosen = set(modes)
    return [
        CellRow(
            label=f"{each.title}, batch {result.cell.batch_size}",
            look=each.look,
            doubt=plotted.doubt_of(result),
            result=result,
        )
        for each in plotted.series
        if each.mode in chosen
        for result in each.results
    ]


def by_mode(rows: Sequence[CellRow]) -> tuple[Section, ...]:
    """The rows of inference and of training below headings, if there are both."""
    modes = [mode for mode in Mode if any(row.result.cell.mode is mode for row in rows)]
    return tuple(
        Section(
            title=mode.value * (len(modes) > 1),
            rows=tuple(row for row in rows if row.result.cell.mode is mode),
        )
        for mode in modes
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of a chart, and how it is divided into names, axes and numbers."""

    sections: tuple[Section, ...]
    margins: Margins

    @property
    def height(self) -> float:
        """Of the whole chart."""
        lines = sum(len(each.rows) + bool(each.title) for each in self.sections)
        return self.margins.top + self.margins.bottom + ROW * lines


def laid_out(sections: Sequence[Section]) -> Rows:
    """The rows with room for their names at the left, and their numbers and doubts at the right."""
    rows = [row for each in sections for row in each.rows]
    label = max(len(row.label) for row in rows) * _CHARACTER
    words = [row.doubt.word for row in rows if row.doubt.word]
    word = max((pen.GLYPH_WIDTH + len(word) * _CHARACTER for word in words), default=0)
    return Rows(
        sections=tuple(sections),
        margins=Margins(
            left=round(min(label, _WIDEST_LABEL)) + 12,
            right=round(_NUMBER + min(word, _WIDEST_WORD)),
            top=_TOP,
            bottom=_BOTTOM,
        ),
    )


def frame(
    axes: "Axes",
    rows: Rows,
    limits: tuple[float, float],
    ticks: Sequence[tuple[float, str]],
    *,
    is_log: bool = False,
) -> list[float]:
    """Set up axes whose y is in units from the top, and write names, headings and ticks.

    Returns the y of the middle of each row.
    """
    axes.patch.set_visible(False)
    inside = pen.edges(axes)
    axes.set_ylim(inside.top - inside.bottom, 0)
    if is_log:
        axes.set_xscale("log")
    axes.set_xlim(*limits)
    axes.set_yticks([])
    axes.minorticks_off()
    axes.set_xticks([x for x, _ in ticks], [text for _, text in ticks])
    axes.grid(axis="x")
    left, y = inside.left - rows.margins.left, 0.0
    middles = []
    for section in rows.sections:
        if section.title:
            look = {"weight": "bold", "color": INK["ink"]}
            pen.write(axes, left, inside.top - y - 15, section.title, **look)
            y += ROW
        for row in section.rows:
            text = shortened(row.label, rows.margins.left - 8)
            pen.write(axes, left, inside.top - y - 15, text)
            middles.append(y + ROW / 2)
            y += ROW
    return middles


def write_number(
    axes: "Axes", rows: Rows, y: float, row: Row, text: str, x: float | None = None
) -> None:
    """Write the number of a row at x units, or right of the axes, and after it its doubt."""
    inside = pen.edges(axes)
    left, bottom = inside.right + 8 if x is None else x, inside.top - y - 6
    pen.write(axes, left, bottom, text, weight="bold", color=row.look.light)
    if row.doubt.word:
        after = left + text_width(text, bold=True) + 4
        pen.doubted(axes, after + 6, bottom + 6)
        room = inside.right + rows.margins.right - after - pen.GLYPH_WIDTH
        word = shortened(row.doubt.word, room)
        pen.write(axes, after + pen.GLYPH_WIDTH, bottom, word, color=INK["doubt"])


def write_lack(axes: "Axes", y: float, result: CellResult) -> None:
    """Why a row has no number, where its mark would begin."""
    inside = pen.edges(axes)
    is_failure = result.status.is_failure
    pen.without_number(axes, inside.left + 9, inside.top - y, is_failure=is_failure)
    colour = INK["failed"] if is_failure else INK["ink-2"]
    pen.write(axes, inside.left + 18, inside.top - y - 6, status_word(result), color=colour)


def ticks_that_fit(
    axes_width: float, limits: tuple[float, float], values: Sequence[float], texts: Sequence[str]
) -> list[tuple[float, str]]:
    """Those ticks of a logarithmic axis so many units wide that do not touch each other."""
    low, high = (math.log(limit) for limit in limits)
    places = [(math.log(value) - low) / (high - low) * axes_width for value in values]
    widths = [text_width(text) for text in texts]
    return [(values[index], texts[index]) for index in thinned(places, widths, 7)]
