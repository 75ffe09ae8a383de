"""A promise of the suite about itself, and the measurements that keep or break it."""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Repeated measurements of one number and the target for their median.

    `unit` is `x` for a ratio. `at_least` says on which side of the target the promise is kept.
    `note` says what the number is about: sizes, rates, what it is compared with.
    """

    name: str
    values: tuple[float, ...]
    unit: str
    target: float
    at_least: bool
    note: str

    @property
    def median(self) -> float:
        """The number that is held against the target."""
        return median(self.values)

    @property
    def met(self) -> bool:
        """Whether the promise is kept; equal is kept."""
        if self.at_least:
            return self.median >= self.target
        return self.median <= self.target
