"""What an A/B run comes to: for each cell a verdict on B beside A, with the numbers behind it.

Times are compared as natural logarithms of B over A: above 0, B is slower. A loss is a rise in
time as a share, 0.05 for 5 %.
"""

import math
import sys
from dataclasses import dataclass
from enum import Enum

# Its exponential is the largest number there is, or almost.
_LARGEST = math.log(sys.float_info.max)


def as_loss(effect: float) -> float:
    """The logarithm of a ratio of times as a loss; one too large for a number as the largest."""
    return math.expm1(min(effect, _LARGEST))


class VerdictKind(str, Enum):
    """What is said of a cell.

    PASS: the loss is below the minimum effect, with confidence. REGRESSED: slower by more than it,
    and not by chance; IMPROVED is the mirror image. INCONCLUSIVE: none of them is shown.
    NOT_COMPARABLE: beside a stored baseline, what was measured is not the same; an A/B, which
    measures both sides alike, never says so.
    """

    PASS = "pass"  # noqa: S105 (no password)
    REGRESSED = "regressed"
    IMPROVED = "improved"
    INCONCLUSIVE = "inconclusive"
    NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """After how many rounds verdicts are given (the looks), and what errors each look may make.

    `alpha` is the risk that a run in which nothing changed has a cell called regressed, `beta` the
    risk that a cell which lost just its minimum effect passes. Each look spends its share of them,
    so the risks of all looks add up to the whole at most, however looks and cells depend on each
    other. A look without a share of `alpha` only lets cells pass.

    Raises:
        ValueError: the looks do not rise from 3 on, shares do not fit them, a look cannot let a
            cell pass, or the last one cannot tell a regression.
    """

    looks: tuple[int, ...]
    alpha_shares: tuple[float, ...]
    beta_shares: tuple[float, ...]
    alpha: float = 0.005
    beta: float = 0.05

    def __post_init__(self) -> None:
        if self.looks[:1] < (3,) or list(self.looks) != sorted(set(self.looks)):
            raise ValueError("looks are numbers of rounds that rise, from 3 on")
        for shares in (self.alpha_shares, self.beta_shares):
            if (
                len(shares) != len(self.looks)
                or min(shares) < 0
                or not math.isclose(sum(shares), 1)
            ):
                raise ValueError("a look has one share of each risk, and shares add up to 1")
        if min(self.beta_shares) <= 0 or self.alpha_shares[-1] <= 0:
            raise ValueError("every look needs a share of beta, and the last one of alpha")

    @property
    def most_rounds(self) -> int:
        """The rounds after which no more is measured."""
        return self.looks[-1]


# Their error rates are what tests/gate_rates.py finds.
AB_SEQUENTIAL = Setting(
    looks=(5, 10, 15, 20), alpha_shares=(0, 0.4, 0.3, 0.3), beta_shares=(0.4, 0.2, 0.2, 0.2)
)
GATE = Setting(looks=(5, 10), alpha_shares=(0, 1), beta_shares=(0.5, 0.5))


def fixed(rounds: int) -> Setting:
    """One look, after so many rounds."""
    return Setting(looks=(rounds,), alpha_shares=(1,), beta_shares=(1,))


@dataclass(frozen=True, slots=True, kw_only=True)
class PairEstimate:
    """How B compares with A in a cell, from the pairs of its launches.

    `mean` is that of ln(B / A), `standard_error` rests on `freedom` degrees of freedom of a
    variance that was moderated by the other cells; `is_noisier` says that this cell varies by
    more than they do and stands alone. `p_slower` is the chance of such a mean, or a larger one,
    if nothing changed.

    `lower` and `upper` are one-sided bounds of the true mean, at the levels of this look. `lower`
    holds for all cells at once (its risk is alpha over their number), `upper` for this cell (beta);
    for IMPROVED they are mirrored. `lower` is None at a look that spends no alpha. Holm's procedure
    is a little sharper, so the lower bound of a cell that is REGRESSED can lie just below 0.

    `smallest_loss`, a share, is the one that so many pairs find in nine of ten cases.
    `pairs_to_find` would find `effect_to_find`, a logarithm, as often, and after `pairs_to_pass` a
    cell that did not change would pass; both count on the levels of the setting's last look.
    `is_significant` says that the cell is slower or faster beyond chance, be it by less than the
    minimum effect. `is_near_minimum` says that it is so close to the minimum effect that more
    launches may never decide.
    """

    mean: float
    standard_error: float
    freedom: float
    is_noisier: bool
    p_slower: float
    lower: float | None
    upper: float
    smallest_loss: float
    effect_to_find: float
    pairs_to_find: int
    pairs_to_pass: int
    is_significant: bool
    is_near_minimum: bool

    @property
    def loss(self) -> float:
        """The estimated loss; negative for a gain."""
        return as_loss(self.mean)

    @property
    def found_loss(self) -> float:
        """The loss that `pairs_to_find` pairs would find."""
        return as_loss(self.effect_to_find)

    @property
    def least_loss(self) -> float | None:
        """The loss at the lower bound."""
        return None if self.lower is None else as_loss(self.lower)

    @property
    def most_loss(self) -> float:
        """The loss at the upper bound."""
        return as_loss(self.upper)


# Cells that are slower with less than this probability by chance alone deserve a look.
SUSPECT = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class PairVerdict:
    """The verdict on a cell, as it was at the look (its rounds) that decided or the last one.

    `look` is 0 before the first. `pairs` are those used: a round in which a launch failed has
    none. `is_decided` says that no later look changes the verdict, so the cell need not be measured
    any more; an inconclusive cell is decided at the last look, or earlier if `is_out_of_reach`: it
    varies so much that even twice the rounds would not tell. `minimum_effect` is in logarithms.
    `estimate` is None for fewer than 3 pairs, and where pairs do not vary at all: then how far
    launches differ is unknown, not zero.
    """

    verdict: VerdictKind
    look: int
    pairs: int
    is_decided: bool
    is_out_of_reach: bool
    minimum_effect: float
    estimate: PairEstimate | None

    @property
    def minimum_loss(self) -> float:
        """The loss at the minimum effect."""
        return as_loss(self.minimum_effect)

    @property
    def is_suspect(self) -> bool:
        """Whether a cell that is not regressed may be slower: chance explains it in under 5 %."""
        return (
            self.verdict is not VerdictKind.REGRESSED
            and self.estimate is not None
            and self.estimate.p_slower < SUSPECT
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixShift:
    """How B compares with A over all cells; advisory.

    `mean` is that of ln(B / A) over `cells` and over the `rounds` that all of them have.
    `p_slower` is the chance of such a mean or a larger one if nothing changed, by the differences
    between rounds, so whatever cells have in common counts. `is_slower` and `is_faster` say that a
    change of more than 1 % is beyond chance (0.1 %).
    """

    cells: int
    rounds: int
    mean: float
    standard_error: float
    p_slower: float
    is_slower: bool
    is_faster: bool

    @property
    def loss(self) -> float:
        """The estimated loss; negative for a gain."""
        return as_loss(self.mean)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchGroups:
    """Launches of a cell that fall into two groups: a hint, never a verdict.

    `apart` is how much longer the launches of the slower group take, as a share. The others count
    the launches of each side on either side of the gap.
    """

    apart: float
    a_faster: int
    a_slower: int
    b_faster: int
    b_slower: int
