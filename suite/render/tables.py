"""One table model, three dialects: terminal, Markdown, HTML."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from textwrap import wrap

import tabulate as tabulating
from tabulate import tabulate

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
    """A titled table of text cells; columns after the first `left` ones are numbers."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1


def write_table(table: Table, dialect: Dialect) -> str:
    """The table without its title; numbers are written as given, never reformatted.

    Where a terminal would be too narrow, column titles are wrapped.
    """
    text = _tabulated(table, dialect)
    if dialect is not Dialect.TERMINAL or len(text.partition("\n")[0]) <= TERMINAL_WIDTH:
        return text
    wrapped = ["\n".join(wrap(title, _TITLE_WIDTH)) for title in table.headers]
    return _tabulated(replace(table, headers=wrapped), dialect)


def _tabulated(table: Table, dialect: Dialect) -> str:
    numbers = len(table.headers) - table.left
    return tabulate(
        [[_escaped(cell, dialect) for cell in row] for row in table.rows],
        headers=[_escaped(header, dialect) for header in table.headers],
        tablefmt=dialect.value,
        colalign=["left"] * table.left + ["right"] * numbers,
        disable_numparse=True,
    )


def _escaped(text: str, dialect: Dialect) -> str:
    """Text that cannot break out of a Markdown cell."""
    if dialect is Dialect.TERMINAL:
        return text
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def plain_table(facts: Sequence[tuple[str, str]]) -> str:
    """Name and value per line, indented, without a header."""
    return str(tabulate([("", *fact) for fact in facts], tablefmt="plain", disable_numparse=True))
