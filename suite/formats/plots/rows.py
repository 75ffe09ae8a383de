"""Charts with a row for each cell: its name left, its mark on a common axis, its number right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suite.formats.palette import Look
from suite.formats.placement import Box
from suite.formats.plots import pen
from suite.formats.plots.area import Area, Span, Tick, lower_edge, ticks_below
from suite.formats.plots.chart import CHART_WIDTH, Margins
from suite.formats.plots.series import Doubt, PlottedRun
from suite.formats.plots.style import INK, shortened, text_width
from suite.formats.plots.words import status_word
from suite.model.cell import Mode
from suite.model.run import CellResult
from suite.model.summary import Summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROW = 18.0
_TOP, _BOTTOM = 4.0, 22.0
# Of a character of small text, wide ones included; what is longer is shortened where it is drawn.
_CHARACTER = 6.2
_WIDEST_WORD = 78.0
# What the marks need at least, however long names are.
_NARROWEST = 72.0
# Of numbers such as 1234.56 in bold.
_NUMBER = 54.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a chart: what it is of, and what its number is doubted for.

    A long label is shortened, and `size` follows it in full.
    """

    label: str
    size: str = ""
    look: Look
    doubt: Doubt

    @property
    def name(self) -> str:
        """The whole of it."""
        return self.label + self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRow(Row):
    """The line of a cell."""

    result: CellResult


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow(CellRow):
    """The line of a cell that has a number."""

    summary: Summary


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
            label=each.title,
            size=f" bs{result.cell.batch_size}",
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


def laid_out(sections: Sequence[Section], number: float = _NUMBER) -> Rows:
    """The rows with room for their names at the left, and their numbers and doubts at the right.

    A number takes so many units.
    """
    rows = [row for each in sections for row in each.rows]
    names = max(len(row.name) for row in rows) * _CHARACTER + 12
    words = [row.doubt.word for row in rows if row.doubt.word]
    word = max((pen.GLYPH_WIDTH + len(word) * _CHARACTER for word in words), default=0)
    right = round(number + min(word, _WIDEST_WORD))
    return Rows(
        sections=tuple(sections),
        margins=Margins(
            left=round(min(names, CHART_WIDTH - right - _NARROWEST)),
            right=right,
            top=_TOP,
            bottom=_BOTTOM,
        ),
    )


def frame(
    figure: "Figure",
    box: Box,
    rows: Rows,
    across: Span,
    ticks: Sequence[Tick],
    *,
    grid: bool = True,
) -> tuple[Area, list[float]]:
    """Write the names and headings of rows and the ticks below them.

    Returns the area right of the names, whose y is in units from its lower edge, and the y of the
    middle of each row.
    """
    inside = rows.margins.inside(box)
    up = Span(low=0, high=inside.top - inside.bottom)
    area = Area(figure=figure, box=inside, across=across, up=up)
    ticks_below(area, ticks, grid=grid)
    lower_edge(area)
    bottom = inside.top
    middles = []
    for section in rows.sections:
        if section.title:
            bottom -= ROW
            look = {"weight": "bold", "color": INK["ink"]}
            pen.write(figure, box.left, bottom + 3, section.title, **look)
        for row in section.rows:
            bottom -= ROW
            room = rows.margins.left - 8 - text_width(row.size)
            pen.write(figure, box.left, bottom + 3, shortened(row.label, room) + row.size)
            middles.append(bottom + ROW / 2 - inside.bottom)
    return area, middles


def write_number(
    area: Area, rows: Rows, y: float, row: Row, text: str, x: float | None = None
) -> None:
    """Write the number of a row at x units, or right of the area, and after it its doubt."""
    left, bottom = area.box.right + 8 if x is None else x, area.box.bottom + y - 6
    pen.write(area.figure, left, bottom, text, weight="bold", color=row.look.light)
    if row.doubt.word:
        after = left + text_width(text, bold=True) + 4
        pen.doubted(area.figure, after + 6, bottom + 6)
        room = area.box.right + rows.margins.right - after - pen.GLYPH_WIDTH
        word = shortened(row.doubt.word, room)
        pen.write(area.figure, after + pen.GLYPH_WIDTH, bottom, word, color=INK["doubt"])


def write_lack(area: Area, y: float, result: CellResult) -> None:
    """Why a row has no number, where its mark would begin."""
    left, middle = area.box.left, area.box.bottom + y
    is_failure = result.status.is_failure
    pen.without_number(area.figure, left + 9, middle, is_failure=is_failure)
    colour = INK["failed"] if is_failure else INK["ink-2"]
    pen.write(area.figure, left + 18, middle - 6, status_word(result), color=colour)


def mark_value(
    area: Area, x: float, y: float, look: Look, *, is_hollow: bool, size: float = 6
) -> None:
    """The shape of a condition at a value of a row."""
    inside = INK["paper"] if is_hollow else look.light
    pen.mark(area.figure, [area.place(x, y)], look.marker, look.light, size=size, inside=inside)
