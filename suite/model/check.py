"""A promise that the suite makes about itself, and the measurements that test it."""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Repeated measurements of one number and the target for their median.

    `unit` is `x` for a ratio. `target` is None if nothing is promised and the number is for
    information. `at_least` says on which side of the target the promise is kept. `note` describes
    the number: sizes, rates, what it is compared with.
    """

    name: str
    values: tuple[float, ...]
    unit: str
    target: float | None = None
    at_least: bool = True
    note: str

    @property
    def median(self) -> float:
        """The number that is compared with the target."""
        return median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the target is met (equality counts); None without a target."""
        if self.target is None:
            return None
        if self.at_least:
            return self.median >= self.target
        return self.median <= self.target


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A check that could not run here, and what it would need."""

    name: str
    reason: str
