"""A promise of the suite about itself, and the measurements that keep or break it."""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Repeated measurements of one number and the target for their median.

    `unit` is `x` for a ratio. `target` is None where nothing is promised and the number only
    informs. `at_least` says on which side of the target the promise is kept. `note` says what the
    number is about: sizes, rates, what it is compared with.
    """

    name: str
    values: tuple[float, ...]
    unit: str
    target: float | None = None
    at_least: bool = True
    note: str

    @property
    def median(self) -> float:
        """The number that is held against the target."""
        return median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the promise is kept; equal is kept, and None means that there is no promise."""
        if self.target is None:
            return None
        if self.at_least:
            return self.median >= self.target
        return self.median <= self.target


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A check that could not be made here, and what it would need."""

    name: str
    reason: str
