"""What recorded launches tell of the gate, for the terminal and as JSON."""

from collections.abc import Iterator
from functools import cache

from pydantic import TypeAdapter

from suite.formats.gate import days_words, tau_words
from suite.formats.numbers import MISSING, percent
from suite.formats.tables import TEXT_WIDTH, Dialect, Table, paragraph, write_table
from suite.model.selftest import CellSelftest, Selftest
from suite.model.text import shown
from suite.store.text import json_text

_HEADERS = (
    "cell", "launches", "days", "sd", "95 % of sd", "paired sd", "finds", "at most", "",
)  # fmt: skip
_COLUMNS = (
    "sd is the standard deviation of launches of a day, and 95 % of sd its interval where"
    " launches are normal. Paired sd is that by the pairs of an A/B: where it is the smaller one,"
    " the machine drifts, and an A/B takes that off. Finds is the smallest loss that"
)


def selftest_text(found: Selftest, width: int = TEXT_WIDTH) -> str:
    """The table of cells, what it means, and what it does not show."""
    rows = [_row(name, cell) for name, cell in found.cells.items()]
    parts = [write_table(Table("", _HEADERS, rows), Dialect.TERMINAL, width), ""] if rows else []
    return "\n".join([*parts, *(paragraph(shown(line), width) for line in _lines(found))])


def selftest_json(found: Selftest) -> str:
    """Every number of it, unrounded."""
    return json_text(_adapter().dump_python(found, mode="json"), indent=1) + "\n"


@cache
def _adapter() -> TypeAdapter[Selftest]:
    return TypeAdapter(Selftest)


def _row(name: str, cell: CellSelftest) -> tuple[str, ...]:
    low, high = cell.sd_interval
    return (
        name,
        str(cell.launches),
        str(cell.sessions),
        percent(cell.launch_sd),
        f"{percent(low).removesuffix('%')} to {percent(high)}",
        MISSING if cell.paired_sd is None else percent(cell.paired_sd),
        percent(cell.smallest_loss),
        percent(cell.smallest_loss_at_limit),
        "tails" if cell.has_heavy_tails else "",
    )


def _lines(found: Selftest) -> Iterator[str]:
    if found.cells:
        yield (
            f"{_COLUMNS} {found.launches_a_side} launches a side find in nine of ten cases, and at"
            " most the same if launches differ by as much as these allow (90 %, or 99 % where they"
            " have heavy tails)."
        )
    if found.untold:
        yield f"too few launches, or they do not vary: {', '.join(found.untold)}"
    for name, cell in found.cells.items():
        if cell.groups is not None:
            groups = cell.groups
            yield (
                f"{name}: launches fall into two groups {percent(groups.apart)} apart, fast to slow"
                f" {groups.a_faster}:{groups.a_slower}"
            )
    if found.tau is None:
        more = days_words(found.sessions_missing)
        yield f"by how much days differ is unknown: runs of {more} more would tell"
    else:
        yield f"days differ by {tau_words(found.tau)}"
    yield (
        f"false alarms: in under {percent(found.alarm_rate)} of runs without any change. That is a"
        " property of the rule, found by simulation (docs/gate.md); to see it here would take 299"
        " runs"
    )
    if found.replays is not None:
        replays = found.replays
        yield (
            f"replays: {replays.alarms} false alarms in {replays.runs}, in which these launches"
            f" were dealt into two sides; worth about {replays.independent:.1f} independent runs"
        )
