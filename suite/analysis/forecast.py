"""How long the rest of a run will take, corrected by what its own launches took."""

from collections.abc import Sequence

from suite.analysis.nearest_batch import without_batch_size
from suite.model.cell import Cell


class Forecast:
    """The launches of a run in order, each with the seconds it was expected to take, or None.

    Batch sizes of a condition follow one another, so the last launch of a condition is the nearest
    to the next: its measured over its expected seconds corrects those of the condition that are to
    come. Conditions without one are corrected by the whole run so far. Where nothing was expected,
    launches count in proportion to their batch size as soon as one of the run has ended.

    The work per launch does not grow with their number.
    """

    def __init__(self, expected: Sequence[tuple[Cell, float | None]]) -> None:
        self._is_guess = any(seconds is None for _, seconds in expected)
        self._expected = [
            (
                without_batch_size(cell),
                float(cell.global_batch_size) if seconds is None else seconds,
            )
            for cell, seconds in expected
        ]
        self._next = 0
        self._measured = self._measured_expected = 0.0
        # Expected seconds still to come: of each condition, and of all that have no ratio yet.
        self._left: dict[Cell, float] = {}
        for condition, seconds in self._expected:
            self._left[condition] = self._left.get(condition, 0.0) + seconds
        self._uncorrected = sum(self._left.values())
        self._ratios: dict[Cell, float] = {}
        self._corrected = 0.0

    def begin(self) -> None:
        """The next launch has begun: it is no longer among those to come."""
        condition, seconds = self._expected[self._next]
        self._next += 1
        self._left[condition] -= seconds
        if condition in self._ratios:
            self._corrected -= seconds * self._ratios[condition]
        else:
            self._uncorrected -= seconds

    def learn(self, measured_seconds: float) -> None:
        """The launch that began last went well and took this long."""
        condition, seconds = self._expected[self._next - 1]
        if seconds <= 0:
            return
        left = self._left[condition]
        if condition in self._ratios:
            self._corrected -= left * self._ratios[condition]
        else:
            self._uncorrected -= left
        self._ratios[condition] = measured_seconds / seconds
        self._corrected += left * self._ratios[condition]
        self._measured += measured_seconds
        self._measured_expected += seconds

    @property
    def present_seconds(self) -> float | None:
        """Expected seconds of the launch that began last; None where nothing is known."""
        condition, seconds = self._expected[self._next - 1]
        ratio = self._ratios.get(condition, self._ratio)
        return None if ratio is None else seconds * ratio

    @property
    def later_seconds(self) -> float | None:
        """Expected seconds of all launches after that; None where nothing is known."""
        if self._next == len(self._expected):
            return 0.0
        ratio = self._ratio
        # Sums that were added to and taken from do not end at zero exactly.
        return None if ratio is None else max(0.0, self._corrected + self._uncorrected * ratio)

    @property
    def has_learned(self) -> bool:
        """Whether a launch of this run corrects what was expected."""
        return self._measured_expected > 0

    @property
    def _ratio(self) -> float | None:
        """Measured over expected of the whole run so far."""
        if self._measured_expected:
            return self._measured / self._measured_expected
        return None if self._is_guess else 1.0
