"""What two runs recorded otherwise, and what each such difference means for their numbers."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

# A value of a condition as it is shown; None where a run does not have it.
Value = str | int | float | bool | None


class DifferenceKind(str, Enum):
    """What a difference does to two numbers: its name in files, and what people read.

    BLOCKING: they are of different work or of different devices, and no ratio of them is a verdict.
    EXPLAINED: it may change times, so it may explain a change, which then is not the code's alone.
    HARMLESS: times do not depend on it.
    """

    words: str

    def __new__(cls, value: str, words: str) -> "DifferenceKind":
        """A member whose value is its name in files."""
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.words = words
        return kind

    BLOCKING = ("blocking", "another measurement")
    EXPLAINED = ("explained", "may change times")
    HARMLESS = ("harmless", "changes no times")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A fact in which two runs differ; None where a run does not have it.

    `why` is the reason for its kind, in one line. `is_own` is true of the version of the suite,
    which a comparison of its commits is about.
    """

    name: str
    base: Value
    other: Value
    kind: DifferenceKind
    why: str
    is_own: bool = False

    def is_named_by(self, names: Collection[str]) -> bool:
        """Whether one of these names is its own, or that of what it is a part of (`variables`)."""
        parts = self.name.split(".")
        return any(".".join(parts[: end + 1]) in names for end in range(len(parts)))
