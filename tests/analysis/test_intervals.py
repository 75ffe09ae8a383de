"""suite.analysis.intervals: percentiles enclosed without assuming a distribution."""

import random

import pytest
from simulated_steps import coverage

from suite.analysis.intervals import interval_ranks, percentile_interval, samples_needed, worth


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


def test_independent_steps_are_worth_their_number() -> None:
    """Of 300 series of independent steps at most one in twenty is taken for less."""
    generator = random.Random(2)  # noqa: S311 - not for secrets
    series = [[generator.random() for _ in range(100)] for _ in range(300)]

    assert sum(worth([samples], 0.5) < 100 for samples in series) <= 15


def test_the_worth_of_known_marks() -> None:
    """Steps that come in pairs are worth half; a launch far from the others is worth one step."""
    generator = random.Random(3)  # noqa: S311 - not for secrets
    pairs = [value for _ in range(2000) for value in [generator.random()] * 2]
    alike = [[generator.random() for _ in range(50)] for _ in range(8)]
    apart = [*alike[:7], [value + 1 for value in alike[7]]]

    assert worth([pairs], 0.5) == pytest.approx(2000, rel=0.1)
    assert worth(alike, 0.5) == 400
    assert worth(apart, 0.5) == 8


@pytest.mark.parametrize(("correlation", "least"), [(0.0, 0.93), (0.5, 0.92), (0.9, 0.88)])
@pytest.mark.parametrize("fraction", [0.5, 0.9])
def test_steps_that_resemble_each_other_are_enclosed_too(
    fraction: float, correlation: float, least: float
) -> None:
    """95 % intervals of 350 correlated steps hold the truth about as often as they say."""
    told = coverage(fraction, correlation, 350, 200)

    assert told.enclosing >= least
    assert told.given > (0.95 if correlation < 0.9 or fraction == 0.5 else 0.2)


def test_few_worth_nothing_have_no_interval() -> None:
    """Thousand samples that are worth five enclose no median; worth 300, no p99."""
    ordered = [float(value) for value in range(1000)]

    assert percentile_interval(ordered, 0.5, worth=5) is None
    assert percentile_interval(ordered, 0.5, worth=6) == (0.0, 999.0)
    assert percentile_interval(ordered, 0.99, worth=300) is None
    assert percentile_interval(ordered, 0.5, worth=1000) == percentile_interval(ordered, 0.5)


def test_launches_at_one_level_are_pooled() -> None:
    """Forty launches that are alike enclose the truth as often as one long launch does."""
    told = coverage(0.9, 0.5, 60, 100, launches=40)

    assert told.enclosing >= 0.9
    assert told.given > 0.9
