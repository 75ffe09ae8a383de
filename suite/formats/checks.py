"""The suite's promises about itself, as a table."""

from collections.abc import Sequence
from textwrap import fill

from suite.formats.tables import TEXT_WIDTH, Dialect, Table, plain_table, write_table
from suite.model.check import Check, LeftOut
from suite.model.text import shown

_HEADERS = ("check", "median", "min to max", "n", "target", "")
_VERDICTS = {True: "met", False: "NOT MET", None: ""}


def verdict(check: Check) -> str:
    """A check in two or three words, as it is told when it ends."""
    words = {True: "met", False: "not met", None: _number(check.median, check.unit)}
    return words[check.met]


def left_out_text(check: LeftOut) -> str:
    """A check that could not be made; what would install its component is a line to copy."""
    reason, _, remedy = shown(check.reason).partition("; ")
    told = fill(f"  {check.name}: left out, {reason}", TEXT_WIDTH, subsequent_indent="    ")
    return f"{told}\n    {remedy}" if remedy else told


def checks_text(checks: Sequence[Check], width: int = TEXT_WIDTH) -> str:
    """One line per check, what each one measured, and how many of the targets are met."""
    table = Table("", _HEADERS, [_row(check) for check in checks], left=len(_HEADERS))
    # plain_table indents by two and leaves two between the columns.
    room = min(width, TEXT_WIDTH) - 4 - max(len(check.name) for check in checks)
    notes = plain_table([(check.name, check.note) for check in checks], room)
    verdicts = [check.met for check in checks if check.met is not None]
    met = f"{sum(verdicts)} of {len(verdicts)} targets met" if verdicts else "no target was judged"
    return f"{write_table(table, Dialect.TERMINAL, width)}\n\nwhat was measured:\n{notes}\n\n{met}"


def _row(check: Check) -> tuple[str, ...]:
    low, high = (_number(bound(check.values), check.unit) for bound in (min, max))
    return (
        check.name,
        _number(check.median, check.unit),
        f"{low} to {high}",
        str(len(check.values)),
        _target(check),
        _VERDICTS[check.met],
    )


def _target(check: Check) -> str:
    if check.target is None:
        return ""
    return f"{'>=' if check.at_least else '<='} {check.target:g} {check.unit}"


def _number(value: float, unit: str) -> str:
    return f"{value:.2f} {unit}"
