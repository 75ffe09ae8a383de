"""suite.analysis.selftest: what recorded launches tell of the gate."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from scipy import stats

from suite.analysis.selftest import has_heavy_tails, selftest
from suite.model.ab import LaunchGroups
from suite.model.gate import Tau
from suite.model.selftest import CellSelftest, RecordedLaunches, Selftest


def normal(count: int, sd: float = 0.01) -> tuple[float, ...]:
    """So many launches at the quantiles of a normal distribution, with exactly this deviation."""
    values = stats.norm.ppf((np.arange(count) + 0.5) / count)
    return tuple((sd * values / values.std(ddof=1)).tolist())


def tell(cells: Mapping[str, RecordedLaunches], effect: float = 0.03) -> Selftest:
    return selftest(cells, dict.fromkeys(cells, math.log1p(effect)))


def tell_one(
    *sessions: tuple[float, ...], pairs: tuple[tuple[float, ...], ...] = ()
) -> CellSelftest:
    """What is told of a cell alone."""
    return tell({"cell": RecordedLaunches(sessions=sessions, pairs=pairs)}).cells["cell"]


@pytest.mark.parametrize(
    ("count", "low", "high", "limit"),
    [(12, 0.71, 1.70, 1.40), (20, 0.76, 1.46, 1.28), (30, 0.80, 1.34, 1.21)],
)
def test_the_interval_and_the_limit_of_a_deviation(
    count: int, low: float, high: float, limit: float
) -> None:
    """As factors of the estimate, from any table of chi-squared."""
    told = tell_one(normal(count))

    assert (told.launches, told.sessions) == (count, 1)
    assert told.launch_sd == pytest.approx(0.01)
    assert told.sd_interval == pytest.approx((low * 0.01, high * 0.01), abs=5e-5)
    assert told.sd_limit == pytest.approx(limit * 0.01, abs=5e-5)
    assert (told.has_heavy_tails, told.limit_confidence) == (False, 0.9)


@pytest.mark.parametrize(("count", "limit"), [(12, 1.90), (20, 1.58), (30, 1.43)])
def test_heavy_tails_take_a_stricter_limit(count: int, limit: float) -> None:
    """One launch far out: the 1 % point of chi-squared, and it is said."""
    launches = (*normal(count - 1), 0.2)
    told = tell_one(launches)

    assert (told.has_heavy_tails, told.limit_confidence) == (True, 0.99)
    assert told.sd_limit / told.launch_sd == pytest.approx(limit, abs=5e-3)


@pytest.mark.parametrize(
    "count", [5, 6, 7, 8, 9, 10, 12, 15, 17, 20, 25, 30, 40, 60, 100, 200, 500]
)
def test_one_set_of_normal_launches_in_twenty_seems_to_have_heavy_tails(count: int) -> None:
    """Of 2,000 sets, 7 % would be four deviations more."""
    sets = np.random.default_rng(1).standard_normal((2000, count))
    sets -= sets.mean(axis=1, keepdims=True)

    assert np.mean([has_heavy_tails(each) for each in sets.tolist()]) == pytest.approx(
        0.05, abs=0.02
    )


@pytest.mark.parametrize(("freedom", "share"), [(5, 0.24), (3, 0.41)])
def test_heavy_tails_are_often_missed(freedom: int, share: float) -> None:
    """Twenty launches show those of Student's t in as many sets as its docstring says."""
    sets = np.random.default_rng(2).standard_t(freedom, (2000, 20))
    sets -= sets.mean(axis=1, keepdims=True)

    assert np.mean([has_heavy_tails(each) for each in sets.tolist()]) == pytest.approx(
        share, abs=0.04
    )


def test_the_smallest_loss_of_a_cell_alone() -> None:
    """Five pairs of two launches: t of 4 degrees is 4.6041 at 0.5 % and 1.5332 at 10 %."""
    told = tell_one(normal(20))

    for sd, loss in (
        (told.launch_sd, told.smallest_loss),
        (told.sd_limit, told.smallest_loss_at_limit),
    ):
        error = sd * math.sqrt(2 / 5)
        assert math.log1p(loss) == pytest.approx(
            max(math.log(1.03), 4.6041 * error) + 1.5332 * error, abs=1e-6
        )
    assert told.minimum_effect == math.log1p(0.03)


def test_cells_that_vary_alike_find_smaller_losses_together() -> None:
    """27 cells have 108 degrees of freedom at five pairs each, and a family of 27 tests."""
    told = tell(
        {str(number): RecordedLaunches(sessions=(normal(20, 0.02),)) for number in range(27)}
    )
    error = 0.02 * math.sqrt(2 / 5)

    assert told.cells["0"].smallest_loss == pytest.approx(
        math.exp((stats.t.isf(0.005 / 27, 108) + stats.t.isf(0.1, 108)) * error) - 1
    )


def test_a_noisier_cell_has_its_own_five_pairs() -> None:
    """Its variance is not that of the others, so neither are its degrees of freedom."""
    quiet = {str(number): RecordedLaunches(sessions=(normal(20),)) for number in range(26)}
    told = tell({**quiet, "noisy": RecordedLaunches(sessions=(normal(20, 0.1),))})
    error = 0.1 * math.sqrt(2 / 5)

    assert told.cells["noisy"].smallest_loss == pytest.approx(
        math.exp((stats.t.isf(0.005 / 27, 4) + stats.t.isf(0.1, 4)) * error) - 1
    )


def test_what_days_differ_by_is_no_launch_sd() -> None:
    """Two sessions 20 % apart: the deviation about each, and the degrees of freedom of both."""
    launches = normal(12)
    told = tell_one(launches, tuple(0.2 + each for each in launches), ())

    assert told.launch_sd == pytest.approx(0.01)
    assert (told.launches, told.sessions) == (24, 2)
    assert told.sd_limit == pytest.approx(0.01 * math.sqrt(22 / stats.chi2.ppf(0.1, 22)))
    assert told.groups is None


def test_pairs_show_what_an_ab_takes_off() -> None:
    """Pairs with a deviation of 0.5 % times the root of 2 are launches with one of 0.5 %."""
    pairs = tuple(math.sqrt(2) * each for each in normal(10, 0.005))

    assert tell_one(normal(20), pairs=(pairs,)).paired_sd == pytest.approx(0.005)
    assert tell_one(normal(20), pairs=(pairs[:2],)).paired_sd is None


def test_pairs_of_several_abs_are_each_about_their_own_mean() -> None:
    """A side that is slower in one of them is no spread; each mean takes a degree of freedom."""
    pairs = ((0.00, 0.02), (0.10, 0.12), (0.30, 0.32))

    assert tell_one(normal(20), pairs=pairs).paired_sd == pytest.approx(math.sqrt(0.0002 / 2))
    assert tell_one(normal(20)).paired_sd is None


def test_two_groups_of_launches_are_told() -> None:
    """Twelve launches near each other and eight 10 % slower."""
    fast, slow = normal(12, 0.002), tuple(math.log(1.1) + each for each in normal(8, 0.002))
    groups = tell_one(fast + slow).groups

    assert groups is not None
    assert groups.apart == pytest.approx(0.1)
    assert (groups.a_faster, groups.a_slower) == (12, 8)
    assert (groups.b_faster, groups.b_slower) == (0, 0)
    assert isinstance(groups, LaunchGroups)


@pytest.mark.parametrize(
    "sessions", [(), ((),), ((0.1,),), ((0.1, 0.2),), ((0.1,), (0.2,), (0.3,)), ((0.1,) * 20,)]
)
def test_what_launches_do_not_tell_is_not_told(sessions: tuple[tuple[float, ...], ...]) -> None:
    """Fewer than 3 of a session, and those that do not vary at all, which is unknown, not zero."""
    told = tell({"cell": RecordedLaunches(sessions=sessions)})

    assert told.cells == {}
    assert told.untold == ("cell",)


def test_replays_are_worth_only_the_launches_they_are_made_of() -> None:
    """Two hundred deals of 20 launches are two runs of 5 on either side, and no proof of a rate."""
    told = tell({"cell": RecordedLaunches(sessions=(normal(20),))})

    assert told.replays is not None
    assert (told.replays.runs, told.replays.alarms, told.replays.independent) == (200, 0, 2.0)
    assert told.alarm_rate == 0.01
    assert told.launches_a_side == 5


def test_the_cell_with_the_fewest_launches_limits_the_replays() -> None:
    """12 of 30 make 1.2 runs; those with fewer than ten cannot be dealt into two sides."""
    cells = {str(count): RecordedLaunches(sessions=(normal(count),)) for count in (30, 12, 9)}

    replays = tell(cells).replays
    assert replays is not None
    assert replays.independent == 1.2
    assert tell({"9": cells["9"]}).replays is None


def test_replays_can_raise_alarms() -> None:
    """Of launches in two groups one deal in 252 puts each on a side of its own."""
    launches = (*normal(5, 0.001), *[0.1 + each for each in normal(5, 0.001)])
    cells = {name: RecordedLaunches(sessions=(launches,)) for name in "ab"}
    replays = tell(cells).replays

    assert replays is not None
    assert 0 < replays.alarms < 10


def test_a_selftest_says_the_same_each_time() -> None:
    """Its replays are dealt alike."""
    cells = {
        str(number): RecordedLaunches(sessions=(normal(20, 0.01 * (1 + number)),))
        for number in range(5)
    }

    assert tell(cells) == tell(cells)


@pytest.mark.parametrize(("sessions", "missing"), [(1, 4), (4, 1)])
def test_few_days_tell_nothing_of_days(sessions: int, missing: int) -> None:
    """It says how many more it takes."""
    told = tell({"cell": RecordedLaunches(sessions=(normal(5),) * sessions)})

    assert (told.tau, told.sessions_missing) == (None, missing)


def test_five_days_tell_how_days_differ() -> None:
    """Levels with a deviation of 3 %, less what launches make of them."""
    levels = normal(5, 0.03)
    sessions = tuple(tuple(level + each for each in normal(5)) for level in levels)
    told = tell({"cell": RecordedLaunches(sessions=sessions)})

    assert isinstance(told.tau, Tau)
    assert told.tau.sd == pytest.approx(math.sqrt(0.03**2 - 1e-4 / 5))
    assert (told.tau.sessions, told.tau.is_assumed, told.sessions_missing) == (5, False, 0)


def test_nothing_recorded_tells_nothing() -> None:
    """No cells, and five days missing."""
    told = tell({})

    assert (told.cells, told.untold, told.replays, told.tau) == ({}, (), None, None)
    assert told.sessions_missing == 5
