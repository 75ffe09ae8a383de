"""How many pairs of launches would decide a cell, and what loss those measured would find."""

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

from suite.analysis.moderation import ModeratedVariance
from suite.model.ab import Setting, as_loss

# With which probability a loss is found, and an unchanged cell passes, where numbers say so.
FOUND = 0.9
# A variance of fewer pairs is known too badly to promise anything.
_FEWEST_PAIRS = 5
# The loss that a cell is promised to find, in minimum effects: 5 % for one of 3 %. A loss of just
# the minimum effect is found every other time, however much is measured.
WELL_ABOVE = 5 / 3
# What would take more than so many times the rounds of the setting is out of reach.
_OUT_OF_REACH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """What a cell of which so many `pairs` were measured can tell at the last look of a setting.

    `cells` is the number of tests in the family. Losses and means are logarithms unless a method
    says otherwise.
    """

    spread: ModeratedVariance
    pairs: int
    minimum_effect: float
    cells: int
    setting: Setting

    @property
    def effect_to_find(self) -> float:
        """The loss, as a logarithm, that a cell with this minimum effect is promised to find."""
        return WELL_ABOVE * self.minimum_effect

    def smallest_loss(self) -> float:
        """The loss, as a share, that the measured pairs find nine times in ten."""
        red = self._quantile(self._level_of_loss, self.pairs)
        found = self._quantile(1 - FOUND, self.pairs)
        error = math.sqrt(self.spread.variance / self.pairs)
        return as_loss(max(self.minimum_effect, red * error) + found * error)

    def pairs_to_find(self, loss: float) -> int:
        """The pairs that find a loss above the minimum effect nine times in ten."""
        return _fewest(partial(self._to_find, loss))

    def pairs_to_pass(self, mean: float = 0.0) -> int:
        """The pairs with which a cell of this true mean, below the minimum, passes as often."""
        return _fewest(partial(self._to_pass, mean))

    def is_out_of_reach(self, mean: float) -> bool:
        """Whether even twice the rounds of the setting would not decide a cell with this mean.

        In favour of measuring on, the cell is taken to have changed by what was measured, if that
        is easier to show.
        """
        most = _OUT_OF_REACH * self.setting.looks[-1]
        loss = max(abs(mean), self.effect_to_find)
        return most < min(self._to_find(loss, most), self._to_pass(min(mean, 0.0), most))

    @property
    def _level_of_loss(self) -> float:
        return self.setting.alpha * self.setting.alpha_shares[-1] / self.cells

    def _to_find(self, loss: float, pairs: int) -> int:
        """The pairs that find a loss if the variance is as well known as from so many."""
        red = self._quantile(self._level_of_loss, pairs)
        found = self._quantile(1 - FOUND, pairs)
        return self._needed(max(found / (loss - self.minimum_effect), (red + found) / loss))

    def _to_pass(self, mean: float, pairs: int) -> int:
        """The pairs that let a cell pass if the variance is as well known as from so many."""
        green = self._quantile(self.setting.beta * self.setting.beta_shares[-1], pairs)
        found = self._quantile(1 - FOUND, pairs)
        return self._needed((green + found) / (self.minimum_effect - mean))

    def _needed(self, errors: float) -> int:
        """The pairs that make the inverse of the standard error this large."""
        return math.ceil(errors**2 * self.spread.variance)

    def _quantile(self, level: float, pairs: int) -> float:
        """Student's t; each pair beyond those measured adds a degree of freedom."""
        return upper_quantile(self.spread.freedom + max(pairs - self.pairs, 0), level)


@lru_cache(maxsize=4096)
def upper_quantile(freedom: float, level: float) -> float:
    """What Student's t exceeds with this probability; cells of a look ask for the same ones."""
    # Takes 0.2 s, which no other verb should wait for.
    from scipy.special import stdtrit

    return -float(stdtrit(freedom, level))


def _fewest(needed: Callable[[int], int]) -> int:
    """The fewest pairs that suffice; `needed` falls with them, as the variance is better known."""
    pairs = range(_FEWEST_PAIRS, max(needed(_FEWEST_PAIRS), _FEWEST_PAIRS) + 1)
    return pairs[bisect_left(pairs, True, key=lambda count: needed(count) <= count)]
