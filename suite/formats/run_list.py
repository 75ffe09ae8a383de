"""The runs under a folder as a table."""

from collections.abc import Sequence

from suite.formats.tables import TEXT_WIDTH, Dialect, Table, write_table
from suite.model.run import RunSummary

_HEADERS = ("started", "device", "matrix", "launches", "run directory")


def run_list(runs: Sequence[RunSummary], width: int = TEXT_WIDTH) -> str:
    """A row for each run: when and on what it ran, how many of its launches have a record."""
    rows = [
        (
            run.header.began.strftime("%Y-%m-%d %H:%M"),
            run.header.device,
            run.header.matrix,
            f"{run.recorded_launches} of {run.planned_launches}",
            run.directory,
        )
        for run in runs
    ]
    return write_table(Table("", _HEADERS, rows, left=len(_HEADERS)), Dialect.TERMINAL, width)
