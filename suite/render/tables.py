"""One table model, three dialects: terminal, Markdown, HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from textwrap import fill

import tabulate as tabulating
from tabulate import tabulate

from suite.core.text import shown
from suite.render.markdown import Markdown, inline

# tabulate pads every title by two spaces besides the two between columns; 100 columns are few.
tabulating.MIN_PADDING = 0

# What a terminal shows without wrapping; so narrow, the page's widest table still fits.
TERMINAL_WIDTH = 100
_TITLE_WIDTH = 10


class Dialect(str, Enum):
    """A way to write a table; the value is tabulate's name for it."""

    TERMINAL = "simple"
    MARKDOWN = "pipe"


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table of text cells; columns after the first `left` ones are numbers.

    `widths` maps columns to the characters after which their cells go on in the lines below, on a
    terminal.
    """

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1
    widths: Mapping[int, int] = field(default_factory=dict)


def write_table(table: Table, dialect: Dialect) -> str:
    """The table without its title; numbers are written as given, never reformatted.

    Where a terminal would be too narrow, column titles are wrapped.
    """
    if dialect is Dialect.MARKDOWN:
        escaped = [[inline(cell) for cell in row] for row in table.rows]
        return Markdown(_tabulated(table, dialect, [inline(t) for t in table.headers], escaped))
    rows = [
        [_lines(cell, table.widths.get(column)) for column, cell in enumerate(row)]
        for row in table.rows
    ]
    text = _tabulated(table, dialect, table.headers, rows)
    if len(text.partition("\n")[0]) <= TERMINAL_WIDTH:
        return text
    return _tabulated(table, dialect, [_lines(t, _TITLE_WIDTH) for t in table.headers], rows)


def _tabulated(
    table: Table, dialect: Dialect, headers: Sequence[str], rows: Sequence[Sequence[str]]
) -> str:
    numbers = len(table.headers) - table.left
    return tabulate(
        rows,
        headers=headers,
        tablefmt=dialect.value,
        colalign=["left"] * table.left + ["right"] * numbers,
        disable_numparse=True,
    )


def _lines(text: str, width: int | None) -> str:
    """A cell on a terminal: in one line, or in lines of this width."""
    return shown(text) if width is None else fill(shown(text), width)


def plain_table(facts: Sequence[tuple[str, str]], width: int | None = None) -> str:
    """Name and value per line, indented, without a header; values go on below after `width`."""
    rows = [("", shown(name), _lines(value, width)) for name, value in facts]
    return str(tabulate(rows, tablefmt="plain", disable_numparse=True))
