"""Tables in the text of a web page: found by heading, checked against what they must hold."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from suite.model.errors import InputError

ROW = re.compile(r"\d+ ")
REMEDY = "make the text as published and import again"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title, the form of its values (group 1 is kept), and that form in words."""

    title: str
    form: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTable:
    """A table that a page must hold; `labels` is its whole first column, in order.

    The subtitle is a second line of title, under which tables of one heading are told apart.
    """

    heading: str
    subtitle: str = ""
    columns: tuple[Column, ...]
    labels: tuple[str, ...]

    @property
    def title(self) -> str:
        """What errors call it."""
        return f"{self.heading} / {self.subtitle}" if self.subtitle else self.heading


@dataclass(slots=True)
class _Block:
    """The lines, with their numbers, between one title and the next."""

    line: int
    names: tuple[str, str]
    content: list[tuple[int, str]] = field(default_factory=list)


def read_tables(
    page: Path,
    text: str,
    tables: Sequence[PageTable],
    *,
    heading: re.Pattern[str],
    subtitle: re.Pattern[str],
) -> list[list[tuple[str, ...]]]:
    """The kept values of every row of every table, in the order of `tables`.

    `heading` and `subtitle` match any title line, expected or not.
    Text around the tables is ignored.

    Raises:
        InputError: a table is unknown, missing, doubled or cut short, its column titles differ,
            or a row is doubled, out of place or malformed. The message names file and line.
    """
    expected = {(table.heading, table.subtitle): table for table in tables}
    found: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    first_lines: dict[tuple[str, str], int] = {}
    for block in _blocks(page, text, tables, heading, subtitle):
        if block.names in first_lines:
            first = first_lines[block.names]
            raise _error(page, block.line, f"the same title as line {first}")
        first_lines[block.names] = block.line
        if block.names in expected:
            found[block.names] = _rows(page, block, expected[block.names])
        else:
            _reject_rows(page, block.content, f"'{block.names[0]}' has no table of its own")
    for names, table in expected.items():
        if names not in found:
            last = len(text.split("\n"))
            raise _error(page, last, f"the text ends without table '{table.title}'")
    return [found[names] for names in expected]


def _error(page: Path, line: int, problem: str) -> InputError:
    return InputError(f"{page}:{line}: {' '.join(problem.split())}; {REMEDY}")


def _blocks(
    page: Path,
    text: str,
    tables: Sequence[PageTable],
    heading: re.Pattern[str],
    subtitle: re.Pattern[str],
) -> list[_Block]:
    headings = list(dict.fromkeys(table.heading for table in tables))
    blocks: list[_Block] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if heading.fullmatch(line):
            if line not in headings:
                kind = line.partition(":")[0]
                known = " | ".join(name for name in headings if name.startswith(kind))
                raise _error(page, number, f"unknown table '{line}', known: {known}")
            blocks.append(_Block(number, (line, "")))
        elif blocks and subtitle.fullmatch(line):
            under = blocks[-1].names[0]
            subtitles = [table.subtitle for table in tables if table.heading == under]
            if line not in subtitles:
                raise _error(page, number, f"unknown table '{line}' under '{under}'")
            blocks.append(_Block(number, (under, line)))
        elif blocks and line:
            blocks[-1].content.append((number, line))
    return blocks


def _reject_rows(page: Path, content: Sequence[tuple[int, str]], reason: str) -> None:
    for number, line in content:
        if ROW.match(line):
            raise _error(page, number, f"a row outside the tables: {reason}")


def _rows(page: Path, block: _Block, table: PageTable) -> list[tuple[str, ...]]:
    before = list(takewhile(lambda item: not ROW.match(item[1]), block.content))
    after = block.content[len(before) :]
    lines = list(takewhile(lambda item: ROW.match(item[1]), after))
    number, titles = before[-1] if before else (block.line, "")
    expected_titles = " ".join(column.title for column in table.columns)
    if titles != expected_titles:
        raise _error(page, number, f"'{titles}' where the column titles are '{expected_titles}'")
    _reject_rows(page, after[len(lines) :], f"'{table.title}' was over before it")

    rows: list[tuple[str, ...]] = []
    places: dict[str, int] = {}
    for (number, line), label in zip(lines, (*table.labels, None), strict=False):
        row = _values(page, number, line, table.columns)
        if row[0] in places:
            raise _error(page, number, f"row '{row[0]}' again, first on line {places[row[0]]}")
        if row[0] != label:
            wanted = f"where row '{label}' is due" if label else "after the last row"
            raise _error(page, number, f"row '{row[0]}' {wanted}")
        places[row[0]] = number
        rows.append(row)
    if len(rows) < len(table.labels):
        missing = table.labels[len(rows)]
        number = lines[-1][0] if lines else number
        raise _error(page, number, f"'{table.title}' is cut short: row '{missing}' is missing")
    return rows


def _values(page: Path, number: int, line: str, columns: Sequence[Column]) -> tuple[str, ...]:
    values = []
    rest = line
    for column in columns:
        match = re.match(rf"{column.form}(?: |$)", rest)
        if match is None:
            shown = " ".join(rest.split()[:2])
            raise _error(
                page, number, f"{column.title} is '{shown}' where {column.words} is expected"
            )
        values.append(match[1])
        rest = rest[match.end() :]
    if rest:
        raise _error(page, number, f"'{rest}' after the last column")
    return tuple(values)
