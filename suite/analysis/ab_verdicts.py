"""Whether cells became slower or faster from side A to side B of an A/B run.

A round launches every cell once on each side, next to each other, so that what disturbs the machine
meets both; a pair of launches is one number, ln(B / A) of their times. Steps inside a launch
resemble each other and are never counted. tests/gate_rates.py finds out how often this is wrong.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from suite.analysis.ab_power import Power, upper_quantile
from suite.analysis.moderation import UNVARYING, ModeratedVariance, moderate
from suite.model.ab import PairEstimate, PairVerdict, Setting, VerdictKind
from suite.model.cell import Cell

Pairs = Sequence[float | None]

# Fewer pairs do not tell how far launches differ.
FEWEST_PAIRS = 3
# Small batches spend their time in launching and in Python, which varies by more.
_SMALL_BATCH = 8
_SMALL_BATCH_EFFECT = math.log(1.05)
_EFFECT = math.log(1.03)


def minimum_effect(cell: Cell) -> float:
    """The change of throughput or median latency worth a verdict, in logarithms of time."""
    return _SMALL_BATCH_EFFECT if cell.batch_size <= _SMALL_BATCH else _EFFECT


def judge_pairs(
    pairs: Mapping[str, Pairs], minimum_effects: Mapping[str, float], setting: Setting
) -> Mapping[str, PairVerdict]:
    """Judge every cell of a run from ln(B / A) of the time of each round, in order.

    A round whose launch failed is None. A decided cell needs no further rounds and keeps the
    verdict of the look that decided it; only looks are evaluated for which every other cell has
    its rounds. All is worked out anew from the first round on, so a resumed run and one that was
    not interrupted say the same. The family of tests is all cells given, also decided ones and
    those without a pair.

    At each look the cells' variances are moderated by each other, and Student's t of the mean is
    held to the look's share of alpha by Holm's procedure ("A simple sequentially rejective multiple
    test procedure", Scandinavian Journal of Statistics 6, 1979). A cell has regressed if its mean
    is beyond chance and above the minimum effect, and that of the rounds after the first look is
    above half of it; it has improved if the same holds for gains. A cell passes if an upper bound
    at the look's share of beta is below the minimum effect, which needs no correction for the
    number of cells, as each pass is a claim of its own.
    """
    verdicts = {
        cell: PairVerdict(
            verdict=VerdictKind.INCONCLUSIVE,
            look=0,
            pairs=0,
            is_decided=False,
            is_out_of_reach=False,
            minimum_effect=minimum_effects[cell],
            estimate=None,
        )
        for cell in pairs
    }
    samples: dict[str, _Sample] = {}
    for index, look in enumerate(setting.looks):
        undecided = [cell for cell, verdict in verdicts.items() if not verdict.is_decided]
        if not undecided or any(len(pairs[cell]) < look for cell in undecided):
            break
        for cell in undecided:
            samples[cell] = _sample(pairs[cell], look, setting.looks[0])
        verdicts |= _judge_look(index, undecided, samples, minimum_effects, setting)
    return verdicts


@dataclass(frozen=True, slots=True)
class _Sample:
    """The pairs of a cell up to a look.

    `confirming` is the mean of those that can confirm what the others show: the pairs after the
    first look, or all at the first. 0 without any.
    """

    pairs: int
    mean: float
    variance: float
    confirming: float


def _sample(pairs: Pairs, look: int, first_look: int) -> _Sample:
    used = [pair for pair in pairs[:look] if pair is not None]
    if len(used) < FEWEST_PAIRS:
        return _Sample(len(used), math.nan, math.nan, math.nan)
    later = [pair for pair in pairs[first_look:look] if pair is not None]
    mean = fmean(used)
    return _Sample(
        pairs=len(used),
        mean=mean,
        variance=math.fsum((pair - mean) ** 2 for pair in used) / (len(used) - 1),
        confirming=mean if look == first_look else fmean(later) if later else 0.0,
    )


def _spreads(samples: Mapping[str, _Sample]) -> dict[str, ModeratedVariance]:
    """The moderated variance of each cell for which launches are known to vary."""
    known = {cell: each for cell, each in samples.items() if each.pairs >= FEWEST_PAIRS}
    moderation = moderate(
        [sample.variance for sample in known.values()],
        [sample.pairs - 1 for sample in known.values()],
    )
    return {
        cell: spread
        for cell, spread in zip(known, moderation.cells, strict=True)
        if spread.variance > UNVARYING
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Test:
    """The t test of a cell at a look; each p is that of its own side alone."""

    pairs: int
    mean: float
    error: float
    spread: ModeratedVariance
    p_slower: float
    p_faster: float

    def reach(self, level: float) -> float:
        """How far from the mean a bound lies that holds but for this probability."""
        return upper_quantile(self.spread.freedom, level) * self.error


def _test(sample: _Sample, spread: ModeratedVariance) -> _Test:
    from scipy.special import stdtr

    error = math.sqrt(spread.variance / sample.pairs)
    statistic = sample.mean / error
    return _Test(
        pairs=sample.pairs,
        mean=sample.mean,
        error=error,
        spread=spread,
        p_slower=float(stdtr(spread.freedom, -statistic)),
        p_faster=float(stdtr(spread.freedom, statistic)),
    )


def holm(p_values: Mapping[str, float], level: float, family: int) -> set[str]:
    """The names that are significant at a level over a family of so many tests.

    The family may have more tests than are given: those can no longer be significant.
    """
    significant: set[str] = set()
    for place, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        # Nothing is below a level of 0, not even a p that is too small for a number.
        if not p_values[name] < level / (family - place):
            break
        significant.add(name)
    return significant


def _judge_look(
    index: int,
    undecided: Sequence[str],
    samples: Mapping[str, _Sample],
    minimum_effects: Mapping[str, float],
    setting: Setting,
) -> dict[str, PairVerdict]:
    """The verdicts of a look, the setting's `index`-th, on cells that none before has decided."""
    spreads = _spreads(samples)
    tests = {cell: _test(samples[cell], spreads[cell]) for cell in undecided if cell in spreads}
    alpha = setting.alpha * setting.alpha_shares[index]
    beta = setting.beta * setting.beta_shares[index]
    slower = holm({cell: test.p_slower for cell, test in tests.items()}, alpha, len(samples))
    faster = holm({cell: test.p_faster for cell, test in tests.items()}, alpha, len(samples))
    is_last = index == len(setting.looks) - 1

    verdicts = {}
    for cell in undecided:
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
                pairs=test.pairs,
                minimum_effect=minimum,
                cells=len(samples),
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


def _passes(test: _Test, minimum: float, alpha: float, beta: float) -> bool:
    """Whether the loss is below the minimum effect, unless a gain may be told at a later look."""
    may_gain = alpha == 0 and test.mean <= -minimum
    return test.mean + test.reach(beta) < minimum and not may_gain


def _is_shown(mean: float, confirming: float, minimum: float) -> bool:
    """Whether a change that is not chance is large enough, and was seen again."""
    return mean > minimum and confirming > minimum / 2


def _estimate(test: _Test, kind: VerdictKind, power: Power, index: int) -> PairEstimate:
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
