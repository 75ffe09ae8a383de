"""One table model, two dialects: terminal and Markdown."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from textwrap import fill, wrap

import tabulate as tabulating
from tabulate import tabulate

from suite.formats.markdown import Markdown, inline
from suite.model.text import shown

# tabulate pads every title by two spaces besides the two between columns; 100 columns are few.
tabulating.MIN_PADDING = 0

# The width of text that goes into a pipe or a file, and the widest paragraph that reads well.
TEXT_WIDTH = 100
# A column title takes the lines below its own before the text of cells does.
_TITLE_WIDTH = 10
_NARROWEST = 8
# At the end of a line of a command that goes on in the next.
_FOLD = " \\"
# A word of a command with its quotes ('two words', $'\x1b', a'"'"'b), and a flag with its value.
_WORD = r"""(?:\$'(?:\\.|[^'\\])*'|'[^']*'|"[^"]*"|[^\s'"])+"""
_PIECE = re.compile(f"(?:-{_WORD} (?!-))?{_WORD}")


class Dialect(str, Enum):
    """A way to write a table; the value is tabulate's name for it."""

    TERMINAL = "simple"
    MARKDOWN = "pipe"


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table of text cells.

    Columns after the first `left` ones are numbers, less a last one without a title: it holds what
    is to be said of the row.
    """

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1


def write_table(table: Table, dialect: Dialect, width: int = TEXT_WIDTH) -> str:
    """The table without its title; numbers are written as given, never reformatted.

    For a terminal, a table that is wider than `width` columns is made narrower, as far as that is
    enough: first column titles are wrapped, then texts of several words, and then its columns
    stand closer. What is one word, such as a cell's id, is never broken.
    """
    if dialect is Dialect.MARKDOWN:
        cells = [[inline(cell) for cell in row] for row in table.rows]
        return Markdown(_tabulated(table, dialect, [inline(t) for t in table.headers], cells))
    rows = [[shown(cell) for cell in row] for row in table.rows]
    headers = [shown(title) for title in table.headers]
    text = ""
    for text in _narrower_and_narrower(replace(table, headers=headers, rows=rows)):
        if max(map(len, text.splitlines())) <= width:
            break
    return text


def _narrower_and_narrower(table: Table) -> Iterator[str]:
    def written(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        return _tabulated(table, Dialect.TERMINAL, headers, rows)

    yield written(table.headers, table.rows)
    titles = [_wrapped(title, _TITLE_WIDTH) for title in table.headers]
    longest = max((len(cell) for row in table.rows for cell in row if " " in cell), default=0)
    for spaced in (str, _closer):
        yield spaced(written(titles, table.rows))
        for limit in range(longest - 1, _NARROWEST - 1, -1):
            rows = [[_wrapped(cell, limit) for cell in row] for row in table.rows]
            yield spaced(written(titles, rows))


def paragraph(text: str, width: int, indent: str = "", hanging: str | None = None) -> str:
    """Text in lines of `width` columns, or of those that read well.

    `indent` opens the first line and `hanging`, twice that unless given, the others.
    """
    return fill(
        text,
        min(width, TEXT_WIDTH),
        initial_indent=indent,
        subsequent_indent=indent * 2 if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def folded_command(line: str, width: int, indent: str = "") -> str:
    """A command that `suite.model.text.command` built, in lines that a shell joins again.

    A flag stays with its value.
    """
    first, *pieces = _PIECE.findall(line)
    lines = [indent + first]
    for left, piece in zip(range(len(pieces))[::-1], pieces, strict=True):
        if len(f"{lines[-1]} {piece}") + len(_FOLD) * (left > 0) <= width:
            lines[-1] += f" {piece}"
        else:
            lines[-1] += _FOLD
            lines.append(indent * 2 + piece)
    return "\n".join(lines)


def _closer(text: str) -> str:
    """A table for the terminal with one space between its columns in place of two."""
    lines = text.splitlines()
    rule = next(line for line in lines if line.startswith("-") and set(line) <= {"-", " "})
    gaps = {gap.start() for gap in re.finditer("  ", rule)}
    return "\n".join(
        "".join(letter for place, letter in enumerate(line) if place not in gaps) for line in lines
    )


def _wrapped(text: str, limit: int) -> str:
    return "\n".join(wrap(text, limit, break_long_words=False, break_on_hyphens=False))


def _tabulated(
    table: Table, dialect: Dialect, headers: Sequence[str], rows: Sequence[Sequence[str]]
) -> str:
    numbers = len(table.headers) - table.left
    remarks = int(numbers > 0 and not table.headers[-1])
    return tabulate(
        rows,
        headers=headers,
        tablefmt=dialect.value,
        colalign=["left"] * table.left + ["right"] * (numbers - remarks) + ["left"] * remarks,
        disable_numparse=True,
    )


def _lines(text: str, width: int | None) -> str:
    """A cell on a terminal: in one line, or in lines of this width."""
    return shown(text) if width is None else fill(shown(text), width)


def plain_table(facts: Sequence[tuple[str, str]], width: int | None = None) -> str:
    """Name and value per line, indented, without a header; values go on below after `width`."""
    rows = [("", shown(name), _lines(value, width)) for name, value in facts]
    return str(tabulate(rows, tablefmt="plain", disable_numparse=True))
