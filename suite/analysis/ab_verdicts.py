"""Whether cells became slower or faster from side A to side B of an A/B run.

A round launches every cell once on each side, next to each other, so that what disturbs the machine
meets both; a pair of launches is one number, ln(B / A) of their times. Steps inside a launch
resemble each other and are never counted. tests/gate_rates.py finds out how often this is wrong.
"""

import math
from collections.abc import Mapping

from suite.analysis.ab_look import Pairs, PairSample, judge_look, pair_sample
from suite.analysis.moderation import ModeratedVariance, moderated_spreads
from suite.model.ab import PairVerdict, Setting, VerdictKind
from suite.model.cell import Cell

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
    held to the look's share of alpha by Holm's procedure. A cell has regressed if its mean is
    beyond chance and above the minimum effect, and that of the rounds after the first look is above
    half of it; it has improved if the same holds for gains. A cell passes if an upper bound at the
    look's share of beta is below the minimum effect, which needs no correction for the number of
    cells, as each pass is a claim of its own.
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
    samples: dict[str, PairSample] = {}
    for index, look in enumerate(setting.looks):
        undecided = [cell for cell, verdict in verdicts.items() if not verdict.is_decided]
        if not undecided or any(len(pairs[cell]) < look for cell in undecided):
            break
        for cell in undecided:
            samples[cell] = pair_sample(pairs[cell], look, setting.looks[0])
        verdicts |= judge_look(
            index,
            {cell: samples[cell] for cell in undecided},
            _spreads(samples),
            minimum_effects,
            len(samples),
            setting,
        )
    return verdicts


def _spreads(samples: Mapping[str, PairSample]) -> Mapping[str, ModeratedVariance]:
    return moderated_spreads({cell: sample.variance for cell, sample in samples.items()})
