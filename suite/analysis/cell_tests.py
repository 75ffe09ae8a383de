"""A t test of one cell, and Holm's procedure over those of all cells."""

from collections.abc import Mapping
from dataclasses import dataclass

from suite.analysis.ab_power import upper_quantile
from suite.analysis.moderation import ModeratedVariance


@dataclass(frozen=True, slots=True, kw_only=True)
class CellTest:
    """The t test of a cell: its mean logarithm of a ratio, and the standard error of that.

    Each p is that of its own side alone. `spread` is the variance that the error is made of, and
    how well it is known.
    """

    mean: float
    error: float
    spread: ModeratedVariance
    p_slower: float
    p_faster: float

    def reach(self, level: float) -> float:
        """How far from the mean a bound lies that holds but for this probability."""
        return upper_quantile(self.spread.freedom, level) * self.error


def cell_test(mean: float, error: float, spread: ModeratedVariance) -> CellTest:
    """Hold the mean of a cell against 0; the error is above 0."""
    from scipy.special import stdtr

    statistic = mean / error
    return CellTest(
        mean=mean,
        error=error,
        spread=spread,
        p_slower=float(stdtr(spread.freedom, -statistic)),
        p_faster=float(stdtr(spread.freedom, statistic)),
    )


def holm(p_values: Mapping[str, float], level: float, family: int) -> set[str]:
    """The names that are significant at a level over a family of so many tests.

    The family may have more tests than are given: those can no longer be significant (Holm, "A
    simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6,
    1979).
    """
    significant: set[str] = set()
    for place, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        # Nothing is below a level of 0, not even a p that is too small for a number.
        if not p_values[name] < level / (family - place):
            break
        significant.add(name)
    return significant
