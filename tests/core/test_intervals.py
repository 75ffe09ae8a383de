"""suite.core.intervals: percentiles enclosed without assuming a distribution."""

import random

import pytest

from suite.core.intervals import interval_ranks, percentile_interval, samples_needed


@pytest.mark.parametrize(
    ("fraction", "count"), [(0.5, 6), (0.9, 36), (0.95, 72), (0.99, 368), (0.1, 36)]
)
def test_an_interval_exists_from_a_known_count_on(fraction: float, count: int) -> None:
    """One sample fewer has none, and the count that is told to users is that one."""
    assert interval_ranks(count - 1, fraction) is None
    assert interval_ranks(count, fraction) is not None
    assert samples_needed(fraction) == count


def test_ranks_of_a_known_case() -> None:
    """A thousand samples enclose their p99 between ranks 983 and 997."""
    assert interval_ranks(1000, 0.99) == (983, 997)


@pytest.mark.parametrize(("count", "fraction"), [(40, 0.9), (400, 0.99), (9, 0.5), (250, 0.95)])
def test_each_side_misses_at_most_one_time_in_forty(count: int, fraction: float) -> None:
    """The tails add up to no more than 2.5 % each, and a narrower interval would exceed it."""
    ranks = interval_ranks(count, fraction)
    assert ranks is not None
    tails = [_at_most(ranks[0] - 1, count, fraction), 1 - _at_most(ranks[1] - 1, count, fraction)]
    narrower = [_at_most(ranks[0], count, fraction), 1 - _at_most(ranks[1] - 2, count, fraction)]

    assert max(tails) <= 0.025
    assert min(narrower) > 0.025


def _at_most(successes: int, count: int, fraction: float) -> float:
    """The binomial distribution function by adding one trial at a time."""
    chances = [1.0] + [0.0] * count
    for _ in range(count):
        chances = [
            chances[k] * (1 - fraction) + (chances[k - 1] * fraction if k else 0.0)
            for k in range(count + 1)
        ]
    return sum(chances[: successes + 1])


def test_the_truth_is_enclosed_as_often_as_promised() -> None:
    """For a skewed distribution too: p90 of 2000 series, known exactly, lies inside 95 %."""
    generator = random.Random(1)  # noqa: S311 - not for secrets
    inside = 0
    for _ in range(2000):
        low_high = percentile_interval(sorted(generator.random() ** 5 for _ in range(100)), 0.9)
        assert low_high is not None
        inside += low_high[0] <= 0.9**5 <= low_high[1]

    assert inside / 2000 >= 0.95


def test_too_few_samples_have_no_interval() -> None:
    """Nothing is claimed of what cannot be known."""
    assert percentile_interval([1.0] * 5, 0.5) is None
    assert percentile_interval([], 0.5) is None
