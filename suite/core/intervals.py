"""Distribution-free confidence intervals of percentiles, from order statistics."""

import math
from collections.abc import Sequence
from functools import cache

# Two-sided. Each tail gets half of what is left.
CONFIDENCE = 0.95

Interval = tuple[float, float]


@cache
def interval_ranks(count: int, fraction: float) -> tuple[int, int] | None:
    """Ranks (from 1) of the two samples that enclose a percentile with 95 % confidence, or None.

    The number of samples below a percentile is binomial(count, fraction), whatever the samples'
    distribution; so the samples of rank l and u enclose it unless fewer than l or at least u lie
    below it, each of which has a probability of at most 2.5 % (David and Nagaraja, Order
    Statistics, 3rd edition, section 7.1). None where even the smallest and the largest sample do
    not suffice: below 6 samples for the median, 36 for p90, 72 for p95 and 368 for p99.
    """
    tail = (1 - CONFIDENCE) / 2
    below = 0.0  # probability that at most `rank` - 1 samples lie below the percentile
    lower = upper = None
    for rank in range(1, count + 1):
        below += _probability(rank - 1, count, fraction)
        if below <= tail:
            lower = rank
        if 1 - below <= tail:
            upper = rank
            break
    return None if lower is None or upper is None else (lower, upper)


@cache
def samples_needed(fraction: float) -> int:
    """The fewest samples for which a percentile has an interval."""
    rarer = max(fraction, 1 - fraction)
    return math.ceil(math.log((1 - CONFIDENCE) / 2) / math.log(rarer))


def percentile_interval(ordered: Sequence[float], fraction: float) -> Interval | None:
    """The 95 % interval of a percentile of ascending samples, or None where they are too few.

    It holds for independent samples. Steps of one launch follow each other and launches differ,
    so it is the least that the truth can be apart, not the most.
    """
    ranks = interval_ranks(len(ordered), fraction)
    return None if ranks is None else (ordered[ranks[0] - 1], ordered[ranks[1] - 1])


def _probability(successes: int, count: int, fraction: float) -> float:
    """The binomial probability, by logarithms so that no factor overflows."""
    return math.exp(
        math.lgamma(count + 1)
        - math.lgamma(successes + 1)
        - math.lgamma(count - successes + 1)
        + successes * math.log(fraction)
        + (count - successes) * math.log1p(-fraction)
    )
