"""One table model, three dialects: terminal, Markdown, HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from tabulate import tabulate


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
    """The table without its title; numbers are written as given, never reformatted."""
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
