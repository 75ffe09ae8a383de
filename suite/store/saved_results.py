"""results.csv, which `report` writes of a run, read back as the results of its cells."""

import csv
import io
import math
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from suite.model.cell import AXES, Cell
from suite.model.errors import InputError
from suite.model.launch import CautionKind, Status
from suite.model.quantities import Count
from suite.model.run import CellResult, SavedResults
from suite.model.summary import Summary
from suite.model.text import shown
from suite.store.text import read_text

_WHAT = "a results.csv that report has written"
_NUMBERS = [field.name for field in fields(Summary) if "interval" not in field.name]
_INTERVALS = [field.name for field in fields(Summary) if "interval" in field.name]
# What tells a results.csv from other tables.
_OWN_COLUMNS = {"cell", "status", "images_per_second", "p50_seconds"}
_SHOWN = 60
_REMEDY = "write the table again with report"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """What of a row is read beside the axes and the numbers."""

    matrix: str
    device: str
    started_at: str
    cell: str
    status: Status
    reason: str
    cautions: str
    launches: Count
    launches_planned: Count


def is_results_table(path: Path) -> bool:
    """Whether a file begins like a results.csv.

    Raises:
        InputError: it cannot be read.
    """
    titles = (
        _text(path, "a reference table, such as reference/t4.csv")
        .partition("\n")[0]
        .strip()
        .split(",")
    )
    return set(titles) >= _OWN_COLUMNS


def read_results(path: Path) -> SavedResults:
    """The cells of the one run that a results.csv holds, with the numbers that stand there.

    Raises:
        InputError: it cannot be read, is no such table, or has rows of several runs or no row. The
            message names the file and the line.
    """
    reader = csv.DictReader(io.StringIO(_text(path)), restval="", strict=True)
    found: dict[str, CellResult] = {}
    run: tuple[str, str, str] | None = None
    try:
        for line in reader:
            where = f"{path}:{reader.line_num}"
            if None in line:
                raise InputError(f"{where}: more fields than the header has; remove them")
            row: _Row = _valid(
                _Row, where, {field.name: line.get(field.name) for field in fields(_Row)}
            )
            own = (row.matrix, row.device, row.started_at)
            if run not in {None, own}:
                raise InputError(f"{where}: a second run; keep the rows of one, by column run")
            run = own
            result = _result(where, row, line)
            if row.cell in found:
                raise InputError(f"{where}: {shown(row.cell, _SHOWN)} a second time; remove one")
            found[row.cell] = result
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num}: is not CSV ({error})") from None
    if run is None:
        raise InputError(f"{path}: has no row; {_REMEDY}")
    matrix, device, started_at = run
    return SavedResults(
        matrix=matrix, device=device, started_at=started_at, results=tuple(found.values())
    )


def _text(path: Path, what: str = _WHAT) -> str:
    return read_text(path, what).removeprefix("\ufeff")  # spreadsheets write a byte order mark


def _result(where: str, row: _Row, line: dict[str, str]) -> CellResult:
    cell: Cell = _valid(Cell, where, {name: line[name] for name in AXES if line.get(name)})
    if cell.id != row.cell:
        raise InputError(
            f"{where}: cell: {shown(row.cell, _SHOWN)} is not the cell of its conditions,"
            f" {cell.id}; {_REMEDY}"
        )
    return CellResult(
        cell=cell,
        status=row.status,
        reason=row.reason,
        summary=_summary(where, line) if line.get("images_per_second") else None,
        cautions=tuple(
            kind.caution("as the table says")
            for kind in _valid(tuple[CautionKind, ...], where, row.cautions.split())
        ),
        ok_launches=row.launches,
        # How many ended is not in the table; where nothing failed, they are those that are ok.
        ended_launches=row.launches if row.status is Status.OK else row.launches_planned,
        planned_launches=row.launches_planned,
    )


def _summary(where: str, line: dict[str, str]) -> Summary:
    numbers: dict[str, object] = {name: line.get(name) or None for name in _NUMBERS}
    for name in _INTERVALS:
        percentile = name.replace("_interval", "")
        low, high = (line.get(f"{percentile}_{bound}") for bound in ("low", "high"))
        numbers[name] = (low, high) if low and high else None
    summary: Summary = _valid(Summary, where, numbers)
    for name in _NUMBERS:
        if not 0 < getattr(summary, name) < math.inf:
            raise InputError(f"{where}: {name}: {line[name]} is no positive number; {_REMEDY}")
    return summary


def _valid(kind: Any, where: str, values: object) -> Any:
    """Texts as a value of this type; an InputError names the column."""
    try:
        return _adapter(kind).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        column = ".".join(map(str, first["loc"])) or "cautions"
        given = first["input"]
        is_there = first["type"] != "missing" and given is not None and given != ""
        problem = f"{_quoted(given)}: {first['msg']}" if is_there else "is missing"
        raise InputError(f"{where}: {column}: {problem}; {_REMEDY}") from None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _quoted(given: object) -> str:
    return repr(shown(str(given), _SHOWN))
