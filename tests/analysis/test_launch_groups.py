"""suite.analysis.launch_groups: launches that fall into two groups."""

import numpy as np
import pytest

from suite.analysis.launch_groups import largest_by_chance, launch_groups
from suite.model.ab import LaunchGroups

# Ten launches around 1 second, evenly within 2 %.
EVEN = [0.99 + 0.002 * place for place in range(10)]


def slower(times: list[float], share: float, count: int) -> list[float]:
    """The first launches by so much slower."""
    return [time * (1 + share) if place < count else time for place, time in enumerate(times)]


def test_two_groups_are_counted_on_both_sides() -> None:
    """Three of ten launches of A are 10 % slower, and six of B: the mix has changed."""
    groups = launch_groups(slower(EVEN, 0.1, 3), slower(EVEN, 0.1, 6))

    assert groups is not None
    assert (groups.a_faster, groups.a_slower) == (7, 3)
    assert (groups.b_faster, groups.b_slower) == (4, 6)
    assert groups.apart == pytest.approx(0.1, abs=0.02)


def test_the_other_side_may_have_one_group_or_few_launches() -> None:
    """One cut for both: a side that lost its fast group shows that."""
    few = [1.1, 1.11, 1.0]

    for a, b in ((slower(EVEN, 0.1, 5), few), (few, slower(EVEN, 0.1, 5))):
        groups = launch_groups(a, b)
        assert groups is not None
        counts = {(groups.a_faster, groups.a_slower), (groups.b_faster, groups.b_slower)}
        assert counts == {(5, 5), (1, 2)}


def test_one_group_is_not_two() -> None:
    """Evenly spread launches have no gap."""
    assert launch_groups(EVEN, EVEN) is None


def test_one_launch_is_no_group() -> None:
    """A single slow launch is an accident; two are a group."""
    assert launch_groups(slower(EVEN, 0.5, 1), EVEN) is None
    assert launch_groups(slower(EVEN, 0.5, 2), EVEN) is not None


def test_groups_that_are_close_do_not_matter() -> None:
    """A gap of 1.4 % is not told, however plain; one of 1.6 % is."""
    still = [1.0 + 1e-5 * place for place in range(10)]

    assert launch_groups(slower(still, 0.0141, 5), still) is None
    assert launch_groups(slower(still, 0.0160, 5), still) is not None


@pytest.mark.parametrize(("gap", "found"), [(0.060, False), (0.063, True)])
def test_a_gap_is_measured_by_the_spread_within_the_groups(gap: float, *, found: bool) -> None:
    """Twice five launches, 0.01 apart each: the deviation within is 0.0158, the limit 0.0618."""
    group = np.arange(5) * 0.01
    times = np.exp(np.concatenate([group, group + 0.04 + gap])).tolist()

    assert (launch_groups(times, []) is not None) is found


def test_nothing_tells_groups_among_fewer_than_ten_launches() -> None:
    """Nine launches in two groups 10 % apart."""
    assert launch_groups(slower(EVEN, 0.1, 4)[:9], EVEN[:9]) is None


@pytest.mark.parametrize("unit", [1.0, 1e-3, 1e6])
def test_the_unit_of_time_does_not_matter(unit: float) -> None:
    """Milliseconds have the same groups."""
    a, b = slower(EVEN, 0.1, 3), slower(EVEN, 0.1, 6)
    expected = launch_groups(a, b)
    scaled = launch_groups([unit * time for time in a], [unit * time for time in b])

    assert isinstance(expected, LaunchGroups)
    assert isinstance(scaled, LaunchGroups)
    assert scaled.apart == pytest.approx(expected.apart)
    assert (scaled.a_slower, scaled.b_slower) == (expected.a_slower, expected.b_slower)


@pytest.mark.parametrize("launches", [10, 17, 30, 50, 150])
def test_normal_launches_are_rarely_split(launches: int) -> None:
    """In about 1 % of cases, and in fewer beyond the largest number that was simulated."""
    chance = np.random.default_rng(launches)
    sets = 2000
    split = sum(
        launch_groups(np.exp(0.05 * chance.standard_normal(launches)).tolist(), []) is not None
        for _ in range(sets)
    )

    assert split / sets <= 0.015
    if launches <= 100:
        assert split / sets >= 0.004


def test_chance_makes_larger_gaps_among_fewer_launches() -> None:
    """As simulated at 10, 20 and 30 launches, and in between on a straight line."""
    assert [largest_by_chance(count) for count in (10, 20, 30, 35)] == pytest.approx(
        [3.91, 2.08, 1.62, 1.515]
    )
