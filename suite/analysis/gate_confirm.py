"""Whether cells that a stored baseline left open became slower or faster: an A/B of them alone.

Fresh pairs are free of whatever makes one day unlike another. As only a few cells are measured
again, how far launches differ is taken from what was measured beside the baseline as well.
"""

from collections.abc import Mapping
from dataclasses import replace

from suite.analysis.ab_look import FEWEST_PAIRS, Pairs, PairSample, judge_look, pair_sample
from suite.analysis.moderation import MeasuredVariance, moderated_spreads, pooled_unless_noisier
from suite.analysis.sessions import launch_variance
from suite.model.ab import PairVerdict, fixed
from suite.model.gate import StoredLaunches


def confirm_stored(
    pairs: Mapping[str, Pairs],
    cells: Mapping[str, StoredLaunches],
    minimum_effects: Mapping[str, float],
    metrics: int = 1,
) -> Mapping[str, PairVerdict]:
    """Judge the cells measured again from ln(B / A) of each round, in order; a failed one is None.

    There is one look, at all rounds, and the whole of alpha is left for it, of which each of so
    many gated `metrics` has its share: a stored baseline called nothing. The family of tests is all
    gated `cells`, not only those measured again: these were chosen because they looked slow.

    A pair has twice the variance of a launch. So with a launch variance u on f degrees of freedom,
    within today and the sessions of the baseline, n pairs of variance s^2 make
    (f 2u + (n - 1) s^2) / (f + n - 1). A cell that was not measured again lends 2u. All are then
    moderated by each other. The minimum effects are those of pairs.
    """
    rounds = max(FEWEST_PAIRS, *map(len, pairs.values())) if pairs else FEWEST_PAIRS
    setting = fixed(rounds)
    samples = {cell: pair_sample(measured, rounds, rounds) for cell, measured in pairs.items()}
    spreads = moderated_spreads(
        {
            cell: _of_pairs(launch_variance(launches), samples.get(cell))
            for cell, launches in cells.items()
        }
    )
    return judge_look(
        0,
        samples,
        spreads,
        minimum_effects,
        len(cells),
        replace(setting, alpha=setting.alpha / metrics),
    )


def _of_pairs(launches: MeasuredVariance, sample: PairSample | None) -> MeasuredVariance:
    """The variance of pairs of a cell, from its launches and from the pairs that it has."""
    lent = MeasuredVariance(variance=2 * launches.variance, freedom=launches.freedom)
    if sample is None or not sample.variance.freedom:
        return lent
    return pooled_unless_noisier(sample.variance, lent)
