"""What a number that somebody gives may be, wherever it is given: in a file or as a flag."""

import re
import reprlib
from dataclasses import dataclass

# More digits than any bound has; `int` refuses some thousands with an error of its own.
_DIGITS = re.compile(r"[0-9]{1,19}")
_NUMBER = re.compile(r"([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Bounds:
    """The lowest and the highest value of a number; both are allowed.

    They are declared beside what they bound. They are wide: no work that makes sense is refused,
    but a slip that would plan for years, fill the memory or overflow a sum is.
    """

    lowest: int | float
    highest: int | float

    def __contains__(self, number: float) -> bool:
        return self.lowest <= number <= self.highest

    def __str__(self) -> str:
        return f"from {self.lowest} to {self.highest}"

    def whole(self, text: str) -> int:
        """The whole number within the bounds that a text writes in decimal digits.

        Raises:
            ValueError: it is none; the message says what it may be.
        """
        if not _DIGITS.fullmatch(text) or int(text) not in self:
            raise ValueError(f"{reprlib.repr(text)} is not a whole number {self}")
        return int(text)

    def decimal(self, text: str) -> float:
        """The number within the bounds that a text writes in decimal digits: `2.5`, `1e-3`.

        Raises:
            ValueError: it is none; the message says what it may be.
        """
        if not _NUMBER.fullmatch(text) or float(text) not in self:
            raise ValueError(f"{reprlib.repr(text)} is not a number {self}")
        return float(text)
