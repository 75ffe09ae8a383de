"""suite.analysis.sessions: how launches differ within sessions, and how sessions differ."""

import math

import numpy as np
import pytest

from suite.analysis.sessions import (
    between_sessions,
    contrast,
    launch_variance,
    session_tau,
    within_sessions,
)
from suite.model.gate import StoredLaunches, Tau

# Five sessions of two launches: means with a variance of 2.5e-4, launches with one of 5e-5.
FIVE = [(level - 0.005, level + 0.005) for level in (0.0, 0.01, 0.02, -0.01, -0.02)]


def test_launches_are_pooled_about_the_mean_of_their_session() -> None:
    """Levels do not count: 2 + 0 + 8 of squares on 1 + 0 + 2 degrees of freedom."""
    found = within_sessions([(10.0, 12.0), (5.0,), (1.0, 3.0, 5.0), ()])

    assert (found.variance, found.freedom) == pytest.approx((10 / 3, 3))


def test_single_launches_tell_nothing_of_how_launches_differ() -> None:
    """However many sessions have one."""
    assert within_sessions([(1.0,), (2.0,), (3.0,)]).freedom == 0
    assert within_sessions([]).freedom == 0


def test_today_and_the_baseline_are_pooled() -> None:
    """Squares of 2 today and 8 before, on 1 and 2 degrees of freedom."""
    found = launch_variance(StoredLaunches(today=(10.0, 12.0), sessions=((1.0, 3.0, 5.0),)))

    assert (found.variance, found.freedom) == pytest.approx((10 / 3, 3))


def test_a_noisy_day_is_not_judged_by_quiet_ones() -> None:
    """Launches that vary ten times as much as the baseline's count alone; quiet ones never do."""
    quiet, noisy = (0.0, 0.01, 0.02, 0.01, 0.01), (0.0, 0.1, 0.2, 0.1, 0.1)
    today = launch_variance(StoredLaunches(today=noisy, sessions=(quiet, quiet)))
    before = launch_variance(StoredLaunches(today=quiet, sessions=(noisy, noisy)))

    assert (today.variance, today.freedom) == pytest.approx((0.005, 4))
    assert before.freedom == 12


def test_what_launches_make_of_session_means_is_taken_off() -> None:
    """2.5e-4 less half of 5e-5."""
    assert between_sessions(FIVE) == pytest.approx(2.25e-4)


def test_sessions_of_unequal_size_are_estimated_without_bias() -> None:
    """Simulated sessions of 1 to 7 launches with a variance of 4 between and 9 within them."""
    chance = np.random.default_rng(1)
    found = []
    for _ in range(4000):
        levels = 2 * chance.standard_normal(5)
        found.append(
            between_sessions(
                [
                    (level + 3 * chance.standard_normal(count)).tolist()
                    for level, count in zip(levels, (1, 2, 3, 5, 7), strict=True)
                ]
            )
        )

    assert np.mean(found) == pytest.approx(4, abs=4 * float(np.std(found)) / math.sqrt(len(found)))


def test_where_sessions_have_one_launch_all_counts_as_theirs() -> None:
    """Which errs on the side of too much: the two cannot be told apart."""
    assert between_sessions([(1.0,), (2.0,), (3.0,)]) == pytest.approx(1)


def test_tau_is_the_mean_over_cells() -> None:
    """2.25e-4 and four times that, on five sessions; one that is empty does not count."""
    wide = [tuple(2 * launch for launch in session) for session in FIVE]
    tau = session_tau({"one": [*FIVE, ()], "other": wide})

    assert tau.sd == pytest.approx(math.sqrt(2.5 * 2.25e-4))
    assert (tau.sessions, tau.is_assumed) == (5, False)


def test_cells_with_fewer_sessions_do_not_count_beside_those_with_five() -> None:
    """What was added to the matrix yesterday has seen one difference between days."""
    tau = session_tau({"one": FIVE, "new": [(0.0, 0.01), (0.5, 0.51)]})

    assert tau == session_tau({"one": FIVE})


def test_sessions_that_happen_to_be_alike_leave_half_a_per_cent() -> None:
    """Also where chance would make the variance negative."""
    tau = session_tau({"cell": [(0.0, 0.01)] * 5})

    assert tau == Tau(sd=0.005, sessions=5, is_assumed=False)


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_fewer_than_five_sessions_leave_tau_assumed(count: int) -> None:
    """At 1 %, and it says of how many sessions."""
    tau = session_tau({"cell": [(0.0, 0.01)] * count})

    assert tau == Tau(sd=0.01, sessions=count, is_assumed=True)


def test_what_is_assumed_is_no_less_than_what_few_sessions_show() -> None:
    """Two days 20 % apart are not taken for days 1 % apart."""
    tau = session_tau({"cell": [(0.0, 0.0), (0.2, 0.2)]})

    assert tau.sd == pytest.approx(0.2 / math.sqrt(2))
    assert (tau.sessions, tau.is_assumed) == (2, True)


def test_without_cells_tau_is_assumed() -> None:
    """A baseline of failed cells."""
    assert (
        session_tau({})
        == session_tau({"failed": [()]})
        == Tau(sd=0.01, sessions=0, is_assumed=True)
    )


def test_a_session_counts_once() -> None:
    """The mean of the means 1, 4 and 6, and 1/4 + (1/2 + 1 + 1/3) / 9 launch variances."""
    found = contrast(
        StoredLaunches(today=(7.0, 8.0, 9.0, 8.0), sessions=((0.0, 2.0), (4.0,), (5.0, 6.0, 7.0)))
    )

    assert found.mean == pytest.approx(8 - 11 / 3)
    assert found.launch_variances == pytest.approx(0.25 + (0.5 + 1 + 1 / 3) / 9)
    assert found.session_variances == pytest.approx(4 / 3)
    assert found.error(2.0, 3.0) == pytest.approx(
        math.sqrt(2 * found.launch_variances + 9 * found.session_variances)
    )


def test_equal_sessions_make_the_formula_of_the_guide() -> None:
    """For K launches today and K_b in m sessions: v (1/K + 1/(m K_b)) + tau^2 (1 + 1/m)."""
    found = contrast(StoredLaunches(today=(0.0,) * 5, sessions=((0.0,) * 4,) * 3))

    assert found.launch_variances == pytest.approx(1 / 5 + 1 / 12)
    assert found.session_variances == pytest.approx(1 + 1 / 3)


def test_the_error_is_that_of_simulated_differences() -> None:
    """Today and three unequal sessions, 20,000 times."""
    chance = np.random.default_rng(2)
    counts, tau, sd = (4, 2, 1, 6), 0.01, 0.02
    means = np.array(
        [
            tau * chance.standard_normal(20000)
            + sd * chance.standard_normal((20000, count)).mean(axis=1)
            for count in counts
        ]
    )
    shape = StoredLaunches(
        today=(0.0,) * counts[0], sessions=tuple((0.0,) * count for count in counts[1:])
    )

    differences = means[0] - means[1:].mean(axis=0)
    assert differences.std() == pytest.approx(contrast(shape).error(sd**2, tau), rel=0.02)
