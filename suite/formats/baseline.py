"""A stored baseline for the terminal and as JSON."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache

from pydantic import TypeAdapter

from suite.analysis.sessions import FEWEST_SESSIONS
from suite.formats.differences import DIRTY, version
from suite.formats.numbers import percent, rate, spread
from suite.formats.tables import TEXT_WIDTH, Dialect, Table, paragraph, write_table
from suite.model.baseline import BaselineChange
from suite.model.baseline_report import BaselineReport, SessionRow, StoredCell
from suite.model.launch import CautionKind, Status
from suite.model.text import shown
from suite.store.text import json_text

_COLUMNS = (
    "img/s is the geometric mean of the images / elapsed time of launches, each day (UTC) counting"
    " once. launch sd % is how far launches of one day differ, and day sd % how far days do beyond"
    " what launches explain: standard deviations of logarithms."
)
_IN_ALL = "Where no day has two launches of a cell, day sd % holds how far launches differ as well."
# Of the header, what a reader wants to see first; `show --json` has all of it.
_CONDITIONS = ("tensorflow", "driver", "cuda", "cudnn", "container")


def baseline_text(report: BaselineReport, width: int = TEXT_WIDTH) -> str:
    """The sessions, the cells, how far days differ, and the log."""
    parts = [paragraph(shown(line), width) for line in _headings(report)]
    for table in (_sessions(report), _cells(report)):
        parts += ["", write_table(table, Dialect.TERMINAL, width)]
    parts += ["", *(paragraph(line, width) for line in _remarks(report))]
    if report.changes:
        changes = _changes(report)
        parts += ["", changes.title, write_table(changes, Dialect.TERMINAL, width)]
    return "\n".join(parts)


def baseline_json(report: BaselineReport) -> str:
    """Every number of a baseline's report, unrounded."""
    return json_text(_adapter().dump_python(report, mode="json"), indent=1) + "\n"


@cache
def _adapter() -> TypeAdapter[BaselineReport]:
    return TypeAdapter(BaselineReport)


def _headings(report: BaselineReport) -> Iterator[str]:
    header = report.header
    yield f"Baseline: {header.matrix} on {header.device}"
    software = [
        f"{name} {value}" for name in _CONDITIONS if (value := header.environment.get(name))
    ]
    protocol = f"{header.protocol.warmup_steps} + {header.protocol.measured_steps} steps"
    yield ", ".join([*software, protocol])
    if header.protocol.quick:
        yield CautionKind.QUICK.legend
    if report.is_simulated:
        yield CautionKind.SIMULATED.legend


def _sessions(report: BaselineReport) -> Table:
    headers = ("began", "commit", "cells", "launches", "")
    return Table("", headers, [_session(row) for row in report.sessions], left=2)


def _session(row: SessionRow) -> tuple[str, ...]:
    return (
        _time(row.started_at),
        version(row.commit, is_dirty=bool(row.dirty)),
        str(row.cells),
        str(row.ok_launches),
        _lost(row.failures),
    )


def _cells(report: BaselineReport) -> Table:
    headers = ("cell", "img/s", "days", "launches", "launch sd %", "day sd %", "")
    return Table("", headers, [_cell(cell) for cell in report.cells])


def _cell(cell: StoredCell) -> tuple[str, ...]:
    return (
        cell.cell_id,
        rate(cell.images_per_second),
        str(cell.days),
        str(cell.ok_launches),
        spread(cell.launch_sd),
        spread(cell.day_sd),
        _lost(cell.failures),
    )


def _lost(failures: Mapping[Status, int]) -> str:
    """Launches that are not ok: `2 out of memory, 1 crashed`."""
    return ", ".join(f"{count} {status.words}" for status, count in failures.items())


def _remarks(report: BaselineReport) -> Iterator[str]:
    yield _COLUMNS
    if any(cell.launch_sd is None and cell.day_sd is not None for cell in report.cells):
        yield _IN_ALL
    if any(session.dirty and session.commit for session in report.sessions):
        yield DIRTY
    tau = report.tau
    if tau.is_assumed:
        yield (
            f"How far days differ takes {FEWEST_SESSIONS} of them to tell; with {tau.sessions} it"
            f" is taken to be {percent(tau.sd)}."
        )
    else:
        yield f"Days differ by {percent(tau.sd)} over all cells, {tau.sessions} of them."


def _changes(report: BaselineReport) -> Table:
    headers = ("when", "who", "what", "why")
    return Table("Log", headers, [_change(change) for change in report.changes], left=4)


def _change(change: BaselineChange) -> tuple[str, ...]:
    return _time(change.at), change.who, change.what.value, change.why


def _time(text: str) -> str:
    """A time in its own zone, to the minute."""
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M")
