"""What differs between two runs, as a table: each fact on both sides, and what it does to times."""

from collections.abc import Iterable

from suite.formats.numbers import MISSING
from suite.formats.tables import Table
from suite.model.comparability import Difference, Value

# Of a commit, as git itself shortens it.
_COMMIT = 8
DIRTY = "+ = the code differed from its commit"


def differences_table(differences: Iterable[Difference], sides: tuple[str, str]) -> Table:
    """A row for each difference; `sides` are what the two runs are called."""
    rows = [
        (_name(each), _value(each, each.base), _value(each, each.other), each.kind.words)
        for each in differences
    ]
    return Table("What differs", ("", *sides, "effect"), rows, left=4)


def change_words(difference: Difference) -> str:
    """What it was and is: `driver 535 -> 550`, or `none` where a side does not have it."""
    base, other = (
        "none" if each is None else _value(difference, each)
        for each in (difference.base, difference.other)
    )
    return f"{_name(difference)} {base} -> {other}"


def version(commit: str | None, *, is_dirty: bool = False) -> str:
    """The beginning of a commit, with a mark if the code differed from it (see `DIRTY`)."""
    return MISSING if commit is None else f"{commit[:_COMMIT]}{'+' * is_dirty}"


def _name(difference: Difference) -> str:
    # The name of an environment variable stays what it is.
    own = difference.name.startswith("variables.")
    return difference.name if own else difference.name.replace("_", " ")


def _value(difference: Difference, value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if difference.name == "commit":
        return version(value if isinstance(value, str) else None)
    return MISSING if value is None else str(value)
