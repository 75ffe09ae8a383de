"""The suite's promises about itself, as a table."""

from collections.abc import Sequence

from suite.core.check import Check
from suite.render.tables import Dialect, Table, write_table

_HEADERS = ("check", "median", "min to max", "n", "target", "", "what was measured")


def checks_text(checks: Sequence[Check]) -> str:
    """One line per check, and how many are met."""
    rows = [_row(check) for check in checks]
    table = write_table(Table("", _HEADERS, rows, left=len(_HEADERS)), Dialect.TERMINAL)
    met = sum(check.met for check in checks)
    return f"{table}\n\n{met} of {len(checks)} targets met"


def _row(check: Check) -> tuple[str, ...]:
    return (
        check.name,
        _number(check.median, check.unit),
        f"{_number(min(check.values), check.unit)} to {_number(max(check.values), check.unit)}",
        str(len(check.values)),
        f"{'>=' if check.at_least else '<='} {check.target:g} {check.unit}",
        "met" if check.met else "NOT MET",
        check.note,
    )


def _number(value: float, unit: str) -> str:
    return f"{value:.2f} {unit}"
