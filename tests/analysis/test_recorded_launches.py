"""suite.analysis.recorded_launches: the launches that a selftest looks at."""

import math

import pytest
from builders import make_cell, make_launch, make_run

from suite.analysis.recorded_launches import Recorded, recorded_launches
from suite.model.cell import XlaMode
from suite.model.launch import Launch, Status
from suite.model.run import Run

CELL = make_cell()
OTHER = make_cell(batch_size=16)


def launches(*seconds: float, cell=CELL) -> list[Launch]:  # type: ignore[no-untyped-def]
    """One of two steps for each mean step time."""
    return [
        make_launch(cell=cell, launch=number, step_seconds=(0.5 * each, 1.5 * each))
        for number, each in enumerate(seconds)
    ]


def on(day: str, *found: Launch, hour: str = "03") -> Run:
    return make_run(*found, started_at=f"2026-01-{day}T{hour}:04:05+00:00")


def test_runs_of_one_day_are_one_session() -> None:
    """What makes a day unlike another is the same for all of them."""
    found = recorded_launches(
        [
            Recorded(run=on("03", *launches(0.3))),
            Recorded(run=on("02", *launches(0.1))),
            Recorded(run=on("02", *launches(0.2), hour="05")),
        ]
    )

    (session_days,) = [each.sessions for each in found.values()]
    assert [tuple(map(math.exp, day)) for day in session_days] == [
        pytest.approx((0.1, 0.2)),
        pytest.approx((0.3,)),
    ]


def test_a_day_is_that_of_one_clock() -> None:
    """Two times of one day in UTC, written in zones with other dates."""
    early = make_run(*launches(0.1), started_at="2026-01-02T23:30:00-02:00")
    late = make_run(*launches(0.2), started_at="2026-01-03T02:30:00+00:00")
    (found,) = recorded_launches([Recorded(run=early), Recorded(run=late)]).values()

    assert len(found.sessions) == 1


def test_launches_that_are_not_ok_count_for_nothing() -> None:
    """Nor does a cell of which none is."""
    crashed = make_launch(cell=OTHER, status=Status.CRASHED, reason="why")
    found = recorded_launches([Recorded(run=on("02", *launches(0.1), crashed))])

    assert list(found) == [CELL]


def test_pairs_are_those_of_rounds_with_both_launches() -> None:
    """Side b may be slower, which is none of the spread, and its launches are no other session."""
    a = on("02", *launches(0.1, 0.1, 0.1))
    ok = launches(0.2, 0.2, 0.4)
    b = on("02", ok[0], make_launch(launch=1, status=Status.CRASHED, reason="why"), ok[2])
    (found,) = recorded_launches([Recorded(run=a, other=b)]).values()

    assert list(found.pairs) == [pytest.approx((math.log(2), math.log(4)))]
    assert len(found.sessions) == 1
    assert len(found.sessions[0]) == 3


def test_a_side_of_another_condition_is_paired_by_place() -> None:
    """As the cells of the two sides have different ids."""
    clustered = make_cell(xla=True, xla_mode=XlaMode.AUTO_CLUSTERING)
    a, b = on("02", *launches(0.1, 0.1)), on("02", *launches(0.1, 0.2, cell=clustered))
    (found,) = recorded_launches([Recorded(run=a, other=b)]).values()

    assert list(found.pairs) == [pytest.approx((0.0, math.log(2)))]


def test_runs_alone_have_no_pairs() -> None:
    """Launches of two runs did not run one after the other."""
    (found,) = recorded_launches([Recorded(run=on("02", *launches(0.1, 0.2)))]).values()

    assert found.pairs == ()
