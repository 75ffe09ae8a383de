"""The table that a terminal shows during a run; its content is computed elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group
from rich.table import Table
from rich.text import Text

from suite.formats.numbers import duration
from suite.model.text import shown

Row = tuple[str, str]

# Shown in place of the counts after the first Ctrl-C.
STOPPING = "stopping after the current step, then the report; Ctrl-C again ends at once"

# Fits the outcome of a good launch with a caution or two; reasons of failures are cut here and
# printed in full above the table.
_OUTCOME_WIDTH = 58


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A run at one moment.

    `finished` are the last launches that ended, with their outcomes; `cell` is the running launch,
    None between launches, and `doing` its phase and step. Its elapsed seconds are None until its
    first message, and seconds left are None if nothing is known; `is_own` says that the run's own
    launches correct the seconds left, and `stopping` that it was asked to stop.
    """

    done: int
    total: int
    failed: int
    skipped: int
    finished: Sequence[Row]
    cell: str | None
    doing: str
    elapsed_seconds: float | None
    left_seconds: float | None
    run_left_seconds: float | None
    is_own: bool
    stopping: bool = False


def live_table(view: View) -> Group:
    """The last launches that ended, the running one, and the run as a whole."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis")
    for cell, outcome in view.finished:
        table.add_row(_text(cell, "dim"), _text(_cut(outcome), "dim"))
    if view.cell is not None:
        doing = view.doing
        if view.elapsed_seconds is not None:
            doing += f", {duration(view.elapsed_seconds)}"
            if view.left_seconds is not None:
                doing += f", {duration(view.left_seconds)} left"
        table.add_row(_text(view.cell, "bold"), _text(doing, "bold"))
    summary = STOPPING if view.stopping else _summary(view)
    return Group(table, Text(summary, no_wrap=True, overflow="ellipsis"))


def _text(words: str, style: str) -> Text:
    """Text from a worker or a record; escaped, as drawing bypasses the escaping streams."""
    return Text(shown(words), style=style)


def _cut(outcome: str) -> str:
    """The beginning of a long outcome, whose column would otherwise narrow the others."""
    fits = len(outcome) <= _OUTCOME_WIDTH
    return outcome if fits else outcome[: _OUTCOME_WIDTH - 1] + "…"


def _summary(view: View) -> str:
    running = int(view.cell is not None)
    counts = f"{view.done} done, {running} running, {view.total - view.done - running} left"
    counts += f", {view.failed} failed" + (f", {view.skipped} skipped" if view.skipped else "")
    if view.run_left_seconds is None:
        return f"{counts}; time left unknown"
    source = "by this run's own launches" if view.is_own else "estimated"
    return f"{counts}; {duration(view.run_left_seconds)} left ({source})"
