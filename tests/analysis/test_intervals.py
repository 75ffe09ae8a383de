"""suite.analysis.intervals: percentiles enclosed without assuming a distribution."""

import math
import random
from collections.abc import Sequence
from statistics import median

import numpy as np
import pytest
from simulated_steps import coverage

from suite.analysis.intervals import (
    _chi_squared,
    interval_ranks,
    launches_differ,
    percentile_interval,
    samples_needed,
    worth,
)


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


def test_the_interval_of_fewer_worth_is_scaled_to_all_samples() -> None:
    """Ranks among 101 samples become the places of the same shares among 1001."""
    ordered = [float(value) for value in range(1001)]
    ranks = interval_ranks(101, 0.5)
    assert ranks is not None

    assert percentile_interval(ordered, 0.5, worth=101) == tuple(10 * (rank - 1) for rank in ranks)
    # Where a place lies between two samples, the interval takes in both.
    lower, upper = percentile_interval(ordered[:-4], 0.5, worth=101) or (0, 0)
    assert (lower, upper) == (
        math.floor((ranks[0] - 1) * 9.96),
        math.ceil((ranks[1] - 1) * 9.96),
    )


def worth_by_definition(launches: Sequence[Sequence[float]], cut: float) -> int:
    """The formula of `worth` written out, for launches that do not differ."""
    marks = [np.array(launch) <= cut for launch in launches]
    count = sum(map(len, marks))
    variance = float(sum(len(mark) * mark.mean() * (1 - mark.mean()) for mark in marks)) / count
    alike = []
    for lag in range(1, min(map(len, marks)) // 4 + 1):
        products = [(mark[lag:] - mark.mean()) * (mark[:-lag] - mark.mean()) for mark in marks]
        correlation = float(np.concatenate(products).mean()) / variance
        if correlation < 2 / math.sqrt(count):
            break
        alike.append(correlation)
    left = 1 - 2 * len(alike) * len(launches) / count
    return math.floor(count / max(1.0, (1 + 2 * sum(alike)) / left))


@pytest.mark.parametrize("lengths", [(201,), (120, 80, 101)])
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.8])
def test_the_worth_is_that_of_its_definition(kept: float, lengths: tuple[int, ...]) -> None:
    """Counted in bits of whole numbers, and the same as in plain arithmetic."""
    generator = random.Random(7)  # noqa: S311 - not for secrets
    for _ in range(20):
        launches = []
        for length in lengths:
            level, launch = 0.0, []
            for _ in range(length):
                level = kept * level + generator.gauss(0, 1)
                launch.append(level)
            launches.append(launch)
        if not launches_differ(launches):
            cut = median(value for launch in launches for value in launch)
            assert worth(launches, cut) == worth_by_definition(launches, cut)


def test_steps_on_one_side_of_the_cut_are_all_independent() -> None:
    """Nothing in them shows that they resemble each other."""
    assert worth([[1.0] * 40, [1.0] * 40], 1.0) == 80
    assert not launches_differ([[1.0] * 40, [1.0] * 40])


@pytest.mark.parametrize("launches", [2, 5, 20])
def test_equal_launches_seldom_differ_and_unequal_ones_do(launches: int) -> None:
    """2.5 % of equal ones are said to differ, whatever their number; shifted ones all are."""
    generator = random.Random(4)  # noqa: S311 - not for secrets
    differ = 0
    for _ in range(200):
        equal = [[generator.gauss(0, 1) for _ in range(40)] for _ in range(launches)]
        shifted = [[value + 2 for value in equal[0]], *equal[1:]]
        differ += launches_differ(equal)
        assert launches_differ(shifted)

    assert 1 <= differ <= 14


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(1, 5.024), (2, 7.378), (5, 12.833), (10, 20.483), (40, 59.342)]
)
def test_the_test_of_launches_has_the_tabulated_quantiles(freedom: int, quantile: float) -> None:
    """97.5 % of chi-squared, to the accuracy of the approximation."""
    assert _chi_squared(freedom) == pytest.approx(quantile, rel=0.02)
