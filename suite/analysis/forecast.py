"""How long the rest of a run will take, corrected by the times of its own launches."""

from collections.abc import Sequence

from suite.analysis.nearest_batch import without_batch_size
from suite.model.cell import Cell


class Forecast:
    """The launches of a run in order, each with the seconds it was expected to take, or None.

    Cells that differ only in the batch size form a series and follow one another, so the last
    launch of a series resembles the next most: its measured over its expected seconds corrects the
    remaining ones of that series. A series without a finished launch is corrected by the whole run
    so far. If nothing was expected, launches count in proportion to their batch size as soon as
    one launch of the run has ended.

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
        # Expected seconds still to come: of each series, and of all series without a ratio yet.
        self._left: dict[Cell, float] = {}
        for series, seconds in self._expected:
            self._left[series] = self._left.get(series, 0.0) + seconds
        self._uncorrected = sum(self._left.values())
        self._ratios: dict[Cell, float] = {}
        self._corrected = 0.0

    def begin(self) -> None:
        """The next launch has begun and is no longer among those to come."""
        series, seconds = self._expected[self._next]
        self._next += 1
        self._left[series] -= seconds
        if series in self._ratios:
            self._corrected -= seconds * self._ratios[series]
        else:
            self._uncorrected -= seconds

    def learn(self, measured_seconds: float) -> None:
        """The launch that began last was ok and took this long."""
        series, seconds = self._expected[self._next - 1]
        if seconds <= 0:
            return
        left = self._left[series]
        if series in self._ratios:
            self._corrected -= left * self._ratios[series]
        else:
            self._uncorrected -= left
        self._ratios[series] = measured_seconds / seconds
        self._corrected += left * self._ratios[series]
        self._measured += measured_seconds
        self._measured_expected += seconds

    @property
    def present_seconds(self) -> float | None:
        """Expected seconds of the launch that began last; None if nothing is known."""
        series, seconds = self._expected[self._next - 1]
        ratio = self._ratios.get(series, self._ratio)
        return None if ratio is None else seconds * ratio

    @property
    def later_seconds(self) -> float | None:
        """Expected seconds of all launches after that; None if nothing is known."""
        if self._next == len(self._expected):
            return 0.0
        ratio = self._ratio
        # Rounding errors of additions and subtractions may leave a sum slightly below zero.
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
