"""The verdicts of one look of an A/B: tests of all cells at once, and what they come to."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from suite.analysis.ab_power import Power
from suite.analysis.cell_tests import CellTest, cell_test, holm
from suite.analysis.moderation import MeasuredVariance, ModeratedVariance
from suite.model.ab import PairEstimate, PairVerdict, Setting, VerdictKind

Pairs = Sequence[float | None]

# Fewer pairs do not tell how far launches differ.
FEWEST_PAIRS = 3


@dataclass(frozen=True, slots=True)
class PairSample:
    """The pairs of a cell up to a look.

    `confirming` is the mean of those that can confirm what the others show: the pairs after the
    first look, or all at the first. 0 without any.
    """

    pairs: int
    mean: float
    variance: MeasuredVariance
    confirming: float


def pair_sample(pairs: Pairs, look: int, first_look: int) -> PairSample:
    """The pairs of a cell up to a look; without numbers for fewer than 3."""
    used = [pair for pair in pairs[:look] if pair is not None]
    if len(used) < FEWEST_PAIRS:
        unknown = MeasuredVariance(variance=math.nan, freedom=0)
        return PairSample(len(used), math.nan, unknown, math.nan)
    later = [pair for pair in pairs[first_look:look] if pair is not None]
    mean = fmean(used)
    return PairSample(
        pairs=len(used),
        mean=mean,
        variance=MeasuredVariance(
            variance=math.fsum((pair - mean) ** 2 for pair in used) / (len(used) - 1),
            freedom=len(used) - 1,
        ),
        confirming=mean if look == first_look else fmean(later) if later else 0.0,
    )


def judge_look(
    index: int,
    samples: Mapping[str, PairSample],
    spreads: Mapping[str, ModeratedVariance],
    minimum_effects: Mapping[str, float],
    family: int,
    setting: Setting,
) -> dict[str, PairVerdict]:
    """The verdicts of a look, the setting's `index`-th, on cells that none before has decided.

    A cell is inconclusive without a spread, the variance of its pairs, or with fewer than 3 pairs.
    The family of tests has so many cells, with those that are decided already.
    """
    tests = {
        cell: _test(sample, spreads[cell])
        for cell, sample in samples.items()
        if cell in spreads and sample.pairs >= FEWEST_PAIRS
    }
    alpha = setting.alpha * setting.alpha_shares[index]
    beta = setting.beta * setting.beta_shares[index]
    slower = holm({cell: test.p_slower for cell, test in tests.items()}, alpha, family)
    faster = holm({cell: test.p_faster for cell, test in tests.items()}, alpha, family)
    is_last = index == len(setting.looks) - 1

    verdicts = {}
    for cell in samples:
        sample, minimum, test = samples[cell], minimum_effects[cell], tests.get(cell)
        kind, estimate, is_out_of_reach = VerdictKind.INCONCLUSIVE, None, False
        if test is not None:
            if cell in slower and _is_shown(test.mean, sample.confirming, minimum):
                kind = VerdictKind.REGRESSED
            elif cell in faster and _is_shown(-test.mean, -sample.confirming, minimum):
                kind = VerdictKind.IMPROVED
            elif _passes(test, minimum, alpha, beta):
                kind = VerdictKind.PASS
            power = Power(
                spread=test.spread,
                pairs=sample.pairs,
                minimum_effect=minimum,
                cells=family,
                setting=setting,
            )
            estimate = _estimate(test, kind, power, index)
            is_out_of_reach = kind is VerdictKind.INCONCLUSIVE and power.is_out_of_reach(test.mean)
        verdicts[cell] = PairVerdict(
            verdict=kind,
            look=setting.looks[index],
            pairs=sample.pairs,
            is_decided=is_last or is_out_of_reach or kind is not VerdictKind.INCONCLUSIVE,
            is_out_of_reach=is_out_of_reach,
            minimum_effect=minimum,
            estimate=estimate,
        )
    return verdicts


def _test(sample: PairSample, spread: ModeratedVariance) -> CellTest:
    return cell_test(sample.mean, math.sqrt(spread.variance / sample.pairs), spread)


def _passes(test: CellTest, minimum: float, alpha: float, beta: float) -> bool:
    """Whether the loss is below the minimum effect, unless a gain may be told at a later look."""
    may_gain = alpha == 0 and test.mean <= -minimum
    return test.mean + test.reach(beta) < minimum and not may_gain


def _is_shown(mean: float, confirming: float, minimum: float) -> bool:
    """Whether a change that is not chance is large enough, and was seen again."""
    return mean > minimum and confirming > minimum / 2


def _estimate(test: CellTest, kind: VerdictKind, power: Power, index: int) -> PairEstimate:
    """The numbers behind a verdict of a look, the setting's `index`-th."""
    setting, cells = power.setting, power.cells
    alpha = setting.alpha * setting.alpha_shares[index] / cells
    strict = test.reach(alpha) if alpha > 0 else None
    loose = test.reach(setting.beta * setting.beta_shares[index])
    lower = None if strict is None else test.mean - strict
    upper = test.mean + loose
    if kind is VerdictKind.IMPROVED and strict is not None:
        lower, upper = test.mean - loose, test.mean + strict
    # Valid at whichever look it is asked, as all of them together spend alpha on either side.
    chance = setting.alpha / cells / len(setting.looks)
    return PairEstimate(
        mean=test.mean,
        standard_error=test.error,
        freedom=test.spread.freedom,
        is_noisier=test.spread.is_noisier,
        p_slower=test.p_slower,
        lower=lower,
        upper=upper,
        smallest_loss=power.smallest_loss(),
        effect_to_find=power.effect_to_find,
        pairs_to_find=power.pairs_to_find(power.effect_to_find),
        pairs_to_pass=power.pairs_to_pass(),
        is_significant=min(test.p_slower, test.p_faster) < chance,
        is_near_minimum=abs(test.mean - power.minimum_effect) < test.error,
    )
