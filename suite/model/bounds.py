"""The range of a number that users set, the same in a file and as a flag."""

import re
import reprlib
from dataclasses import dataclass

# More digits than any bound has; `int` refuses some thousands with an error of its own.
_DIGITS = re.compile(r"[0-9]{1,19}")
_NUMBER = re.compile(r"([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Bounds:
    """The lowest and the highest value of a number; both are allowed.

    They are declared beside what they limit. They are wide: no sensible value is refused, only a
    slip that would plan for years, fill the memory or overflow a sum.
    """

    lowest: int | float
    highest: int | float

    def __contains__(self, number: float) -> bool:
        return self.lowest <= number <= self.highest

    def __str__(self) -> str:
        return f"from {self.lowest} to {self.highest}"

    def whole(self, text: str) -> int:
        """Parse decimal digits as a whole number within the bounds.

        Raises:
            ValueError: the text is not one; the message states the bounds.
        """
        if not _DIGITS.fullmatch(text) or int(text) not in self:
            raise ValueError(f"{reprlib.repr(text)} is not a whole number {self}")
        return int(text)

    def decimal(self, text: str) -> float:
        """Parse a decimal number within the bounds: `2.5`, `1e-3`.

        Raises:
            ValueError: the text is not one; the message states the bounds.
        """
        if not _NUMBER.fullmatch(text) or float(text) not in self:
            raise ValueError(f"{reprlib.repr(text)} is not a number {self}")
        return float(text)
