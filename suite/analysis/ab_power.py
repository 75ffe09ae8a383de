"""How many pairs of launches would decide a cell, and what loss those measured would find."""

import math
from dataclasses import dataclass

from suite.analysis.moderation import ModeratedVariance
from suite.model.ab import Setting

# With which probability a loss is found, and an unchanged cell passes, where numbers say so.
_FOUND = 0.9
# A variance of fewer pairs is known too badly to promise anything.
_FEWEST_PAIRS = 5
# The loss that a cell is promised to find, in minimum effects: 5 % for one of 3 %. A loss of just
# the minimum effect is found every other time, however much is measured.
_WELL_ABOVE = 5 / 3
# What would take more than so many times the rounds of the setting is out of reach.
_OUT_OF_REACH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """What the pairs of a cell can tell at the last look of a setting.

    `sd` is the standard deviation of a pair. The others are quantiles of Student's t: `found` for
    the probability with which something is to be shown, `red` and `green` for the levels of a
    regression, over all cells, and of a pass.
    """

    sd: float
    minimum_effect: float
    most_rounds: int
    found: float
    red: float
    green: float

    @property
    def loss_to_find(self) -> float:
        """The loss that `pairs_to_find` is about by default, as a logarithm."""
        return _WELL_ABOVE * self.minimum_effect

    def smallest_loss(self, pairs: int) -> float:
        """The loss, as a share, that so many pairs find nine times in ten."""
        error = self.sd / math.sqrt(pairs)
        return math.expm1(max(self.minimum_effect, self.red * error) + self.found * error)

    def pairs_to_find(self, loss: float) -> int:
        """The pairs that find a loss (a logarithm, above the minimum effect) nine times in ten."""
        above_minimum = self.found / (loss - self.minimum_effect)
        above_chance = (self.red + self.found) / loss
        return self._pairs(max(above_minimum, above_chance))

    def pairs_to_pass(self, truth: float = 0.0) -> int:
        """The pairs that let a cell pass nine times in ten whose mean is truly this logarithm."""
        return self._pairs((self.green + self.found) / (self.minimum_effect - truth))

    def is_out_of_reach(self, mean: float) -> bool:
        """Whether even twice the rounds of the setting would not decide a cell with this mean.

        In favour of measuring on, the cell is taken to have changed by what was measured, if that
        is easier to show.
        """
        shown = min(
            self.pairs_to_find(max(abs(mean), self.loss_to_find)),
            self.pairs_to_pass(min(mean, 0.0)),
        )
        return shown > _OUT_OF_REACH * self.most_rounds

    def _pairs(self, root: float) -> int:
        return max(_FEWEST_PAIRS, math.ceil((root * self.sd) ** 2))


def power_of(
    spread: ModeratedVariance, minimum_effect: float, cells: int, setting: Setting
) -> Power:
    """What pairs can tell that vary so, in a family of so many cells."""
    from scipy.special import stdtrit

    levels = (
        1 - _FOUND,
        setting.alpha * setting.alpha_shares[-1] / cells,
        setting.beta * setting.beta_shares[-1],
    )
    found, red, green = (-float(stdtrit(spread.freedom, level)) for level in levels)
    return Power(
        sd=math.sqrt(spread.variance),
        minimum_effect=minimum_effect,
        most_rounds=setting.most_rounds,
        found=found,
        red=red,
        green=green,
    )
