"""CSV files whose columns are the fields of a frozen dataclass, read strictly and written back."""

import csv
import io
import reprlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, Generic, TypeVar, get_args, get_type_hints

from suite.model.bounds import Bounds
from suite.model.errors import InputError
from suite.model.reference import Printed
from suite.store.nearest import nearest
from suite.store.text import read_text

Row = TypeVar("Row")

# Wide enough for any rate, latency, factor or count, and such that their ratios are finite.
_COUNTS = Bounds(1, 999_999_999)
_NUMBERS = Bounds(1e-6, 10**9)
# A row type with a field of this name takes columns beyond its own, as a mapping of title to text.
_EXTRA = "extra"
# What spreadsheets put between values in place of commas.
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs"}


@dataclass(frozen=True, slots=True)
class Located(Generic[Row]):
    """A row and the 1-based line of the file on which it begins."""

    line: int
    row: Row


def columns_of(row_type: type[Any]) -> tuple[str, ...]:
    """The titles of a row type's own columns, in the order in which they are written."""
    return tuple(field.name for field in _own_columns(row_type))


def read_rows(path: Path, row_type: type[Row], what: str) -> list[Located[Row]]:
    """Read every row of a CSV file as `row_type`; columns may stand in any order.

    Text, positive whole numbers, positive numbers (which keep their digits), true or false, and
    enumerations are read by the types of the fields. A field of type `X | None` may be empty, and
    so may a text field with a default; blank lines are passed over. Columns beyond those of the
    fields are kept in a field `extra`, where the type has one.

    Raises:
        InputError: the file cannot be read, a column is missing, doubled or without a title, or
            unknown to a type without `extra`, a row has another number of fields than the header,
            a value is not what its column holds, or there is no row at all. The message names the
            file and the line.
    """
    text = read_text(path, what).removeprefix("\ufeff")  # spreadsheets write a byte order mark
    reader = csv.reader(io.StringIO(text), strict=True)
    header: list[str] | None = None
    rows: list[Located[Row]] = []
    line = 1
    try:
        for values in reader:
            if values and header is None:
                _check_header(path, line, values, row_type)
                header = values
            elif values and header is not None:
                rows.append(Located(line, _row(path, line, header, values, row_type)))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}:{line}: is not CSV ({error}); check the quotes") from None
    if header is None:
        titles = ",".join(columns_of(row_type))
        raise InputError(f"{path}: is empty; the first line names the columns: {titles}")
    if not rows:
        raise InputError(f"{path}: has column titles but no row; add a row")
    return rows


def csv_text(row_type: type[Any], rows: Iterable[Mapping[str, str]]) -> str:
    """The text of a CSV file with the columns of `row_type`; values are written as given."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns_of(row_type), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _own_columns(row_type: type[Any]) -> list[Field[Any]]:
    return [field for field in fields(row_type) if field.name != _EXTRA]


def _check_header(path: Path, line: int, header: list[str], row_type: type[Any]) -> None:
    for separator, name in _OTHER_SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            raise InputError(
                f"{path}:{line}: looks separated by {name}; put commas between columns, a point"
                " before decimals"
            )
    columns = columns_of(row_type)
    counts = Counter(header)
    takes_extra = len(columns) < len(fields(row_type))
    for place, title in enumerate(header, 1):
        if not title.strip():
            raise InputError(f"{path}:{line}: column {place} has no title; name or remove it")
        if title not in columns and not takes_extra:
            raise InputError(
                f"{path}:{line}: unknown column {reprlib.repr(title)}; {nearest(title, columns)}"
            )
        if counts[title] > 1:
            raise InputError(
                f"{path}:{line}: column {reprlib.repr(title)} is there twice; remove one"
            )
    missing = [title for title in columns if title not in header]
    if missing:
        extra = [title for title in header if title not in columns]
        named = [f"{title}{_misspelling(title, extra)}" for title in missing]
        remedy = "rename or add it" if named != missing else "add it"
        raise InputError(f"{path}:{line}: missing column {', '.join(named)}; {remedy}")


def _misspelling(missing: str, titles: Sequence[str]) -> str:
    """Which of the titles may be a misspelling of the missing one, in brackets; else nothing."""
    folded = {title.strip().casefold(): title for title in titles}
    close = get_close_matches(missing, folded, n=1)
    return f" (misspelt as {reprlib.repr(folded[close[0]])}?)" if close else ""


def _row(path: Path, line: int, header: list[str], values: list[str], row_type: type[Row]) -> Row:
    if len(values) != len(header):
        raise InputError(
            f"{path}:{line}: {len(values)} fields where the header has {len(header)}; an empty"
            " value still needs its comma, and a comma inside a text needs quotes around it"
        )
    texts = dict(zip(header, values, strict=True))
    types = get_type_hints(row_type)
    values_by_name = {
        column.name: _value(
            f"{path}:{line}: {column.name}", texts.pop(column.name), types[column.name], column
        )
        for column in _own_columns(row_type)
    }
    # What is left over stands in columns that only a type with `extra` has.
    return row_type(**values_by_name, **({_EXTRA: texts} if texts else {}))


def _value(where: str, text: str, kind: Any, field: Field[Any]) -> object:
    """One value read as its field's type; `where` opens the message about a wrong one."""
    if NoneType in get_args(kind):
        if not text:
            return None
        kind = next(part for part in get_args(kind) if part is not NoneType)
    if kind is str:
        if not text and field.default is MISSING:
            raise InputError(f"{where}: is empty; fill it in")
        return text
    if kind is bool:
        if text not in {"true", "false"}:
            raise InputError(
                f"{where}: {reprlib.repr(text)} is neither true nor false; write one of them"
            )
        return text == "true"
    try:
        if kind is int:
            return _COUNTS.whole(text)
        if kind is float:
            _NUMBERS.decimal(text)
            return Printed(text)
    except ValueError as error:
        example = "128" if kind is int else "1234.5"
        raise InputError(f"{where}: {error}; write it like {example}") from None
    if issubclass(kind, Enum):
        known = [member.value for member in kind]
        if text not in known:
            raise InputError(
                f"{where}: {reprlib.repr(text)} is not one of {', '.join(known)}; write one of them"
            )
        return kind(text)
    raise TypeError(f"a CSV column cannot hold {kind}")
