"""suite.analysis.baseline: what a baseline keeps of runs, and what it says of them."""

import math
from dataclasses import replace
from statistics import fmean, stdev
from typing import Any

import pytest
from builders import make_baseline, make_cell, make_header, make_launch, make_protocol, make_run

from suite.analysis.baseline import (
    apart,
    baseline_of_run,
    baseline_report,
    cells_of,
    replaced,
    session_of_run,
    why_unfit,
    with_sessions,
)
from suite.model.baseline import MOST_SESSIONS, BaselineChange, ChangeKind
from suite.model.cell import KernelName
from suite.model.launch import Caution, CautionKind, Launch, Status
from suite.model.run import Run

CELL = make_cell()
OTHER = make_cell(batch_size=16)
THREE = make_protocol(launches=3)
CHANGE = BaselineChange(
    at="2026-02-03T04:05:06+00:00", who="Bob", what=ChangeKind.ADDED, why="another"
)


def launch(number: int, *step_seconds: float, **facts: Any) -> Launch:
    """The launch of this number; without steps it crashed."""
    status = Status.OK if step_seconds else Status.CRASHED
    usual: dict[str, Any] = {"launch": number, "protocol": THREE, "status": status}
    return make_launch(step_seconds=step_seconds, **{**usual, **facts})


def day(number: int, *launches: Launch, **facts: Any) -> Run:
    """A run of that day of January."""
    began = f"2026-01-{number:02}T03:04:05+00:00"
    usual: dict[str, Any] = {"protocol": THREE, "started_at": began}
    return make_run(*launches, **{**usual, **facts})


WHOLE = (launch(0, 0.1, 0.3), launch(1, 0.2, 0.2, 0.5), launch(2, 0.4))


def test_a_launch_is_kept_as_its_mean_median_and_99th_percentile() -> None:
    """Of its measured steps, in order of launch; its samples stay in the run."""
    (kept,) = session_of_run(day(1, *WHOLE)).cells

    assert kept.cell == CELL
    assert kept.planned_launches == 3
    assert kept.mean_step_seconds == pytest.approx((0.2, 0.3, 0.4))
    assert kept.p50_seconds == pytest.approx((0.2, 0.2, 0.4))
    assert kept.p99_seconds == pytest.approx((0.298, 0.494, 0.4))
    assert kept.failures == {}


def test_what_failed_is_counted_and_what_was_interrupted_is_not() -> None:
    """A cell that had no number in the baseline is known to have had none."""
    found = session_of_run(
        day(
            1,
            launch(0, 0.1),
            launch(1),
            launch(2, status=Status.INTERRUPTED),
            launch(3, status=Status.SKIPPED, cell=OTHER),
            launch(4, status=Status.CRASHED, cell=OTHER),
            launch(5, status=Status.CRASHED, cell=OTHER),
            launch(6, status=Status.INTERRUPTED, cell=make_cell(batch_size=32)),
        )
    )

    assert [(each.cell, each.ok_launches, each.failures) for each in found.cells] == [
        (CELL, 1, {Status.CRASHED: 1}),
        (OTHER, 0, {Status.SKIPPED: 1, Status.CRASHED: 2}),
    ]


def test_a_session_is_of_a_version_of_the_suite() -> None:
    """As the run recorded it; what is no version there is none here."""
    environment = {"commit": "abc", "dirty": True, "code": "123"}
    known = session_of_run(day(1, *WHOLE, environment=environment))
    other = session_of_run(day(1, *WHOLE, environment={"commit": 3, "dirty": "no"}))

    assert (known.commit, known.dirty, known.code) == ("abc", True, "123")
    assert (other.commit, other.dirty, other.code) == (None, None, None)


@pytest.mark.parametrize("gpus", [[{"name": "T4", "processes": [{"name": "x"}]}], "T4", [3], None])
def test_what_others_need_not_read_is_left_out(gpus: object) -> None:
    """The command, and the processes of others; whatever shape they have."""
    run = day(1, *WHOLE, machine={"gpus": gpus}, command=("run", "/home/me/mine.yaml"))
    text = str(baseline_of_run(run).header)

    assert "processes" not in text
    assert "/home/me" not in text
    assert baseline_of_run(run).header.machine.keys() == {"gpus"}


CHANGED = Caution(CautionKind.CHANGED, "driver 535 -> 550")


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (day(1, *WHOLE, protocol=replace(THREE, quick=True)), "is quick"),
        (day(1, *WHOLE[:2]), "is not finished: 2 of 3 launches have ended"),
        (
            day(1, *WHOLE, cells=(CELL.id, OTHER.id)),
            "is not finished: 3 of 6 launches have ended",
        ),
        (
            day(1, *WHOLE[:2], launch(2, 0.1, status=Status.INTERRUPTED)),
            "is not finished: 2 of 3",
        ),
        (
            day(1, *WHOLE[:2], launch(2, 0.1, cautions=(CHANGED,))),
            "was resumed under changed conditions",
        ),
        (day(1, launch(0), launch(1), launch(2)), "has no launch that is ok"),
    ],
)
def test_a_run_that_later_ones_should_not_be_held_to_is_unfit(run: Run, words: str) -> None:
    """One line says why, and what to do."""
    assert (why_unfit(run) or "").startswith(words)


def test_a_finished_run_with_a_failure_is_fit() -> None:
    """Some cells fail on some machines always."""
    assert why_unfit(day(1, *WHOLE)) is None
    assert why_unfit(day(1, *WHOLE[:2], launch(2))) is None


def test_runs_of_other_conditions_are_apart() -> None:
    """The matrix or what may change times, with its reason; the commit and launches may differ."""
    usual = make_header(environment={"driver": "535", "commit": "abc"})
    later = replace(
        usual,
        environment={"driver": "535", "commit": "def"},
        protocol=make_protocol(launches=9),
    )
    driver = replace(usual, environment={"driver": "550", "commit": "abc"})

    assert apart(usual, later) is None
    assert apart(usual, replace(usual, matrix="yours")) == "matrix mine -> yours"
    assert apart(usual, driver) == (
        "driver 535 -> 550 (it schedules the work of the GPU and sets its clocks)"
    )
    assert apart(usual, replace(driver, device="NVIDIA L4")) == (
        "device Tesla T4 -> NVIDIA L4 (times of another device are another measurement);"
        " driver 535 -> 550 (it schedules the work of the GPU and sets its clocks)"
    )


def test_sessions_are_kept_in_the_order_in_which_they_began() -> None:
    """The conditions are those of the newest, whichever was stored last."""
    baseline = baseline_of_run(day(5, *WHOLE, purpose="five"))
    found = with_sessions(baseline, [day(9, *WHOLE, purpose="nine"), day(2, *WHOLE)], CHANGE)

    assert [session.began.day for session in found.sessions] == [2, 5, 9]
    assert found.header.purpose == "nine"
    assert found.changes == (CHANGE,)
    assert found.contradiction is None
    older = with_sessions(found, [day(1, *WHOLE, purpose="one")], CHANGE)
    assert older.header.purpose == "nine"
    assert older.changes == (CHANGE, CHANGE)


def test_the_newest_twenty_sessions_are_kept() -> None:
    """An old one says least of the code of today."""
    baseline = baseline_of_run(day(1, *WHOLE))
    found = with_sessions(baseline, [day(number, *WHOLE) for number in range(2, 25)], CHANGE)

    assert MOST_SESSIONS == 20
    assert [session.began.day for session in found.sessions] == list(range(5, 25))


def test_a_replaced_baseline_keeps_its_log_alone() -> None:
    """Who looks at it learns what there was before."""
    before = make_baseline(day(1, *WHOLE), day(2, *WHOLE))
    after = replaced(before, day(1, launch(0, 0.9)), CHANGE)

    assert after.sessions == (session_of_run(day(1, launch(0, 0.9))),)
    assert after.changes == (*before.changes, CHANGE)


def test_a_cell_has_its_launches_in_each_session_that_has_any() -> None:
    """In the order of the sessions."""
    baseline = make_baseline(day(1, *WHOLE), day(2, launch(0, 0.1), launch(0, 0.2, cell=OTHER)))
    found = cells_of(baseline)

    assert list(found) == [CELL, OTHER]
    assert [each.ok_launches for each in found[CELL]] == [3, 1]
    assert [each.ok_launches for each in found[OTHER]] == [1]


def test_a_cell_is_its_throughput_and_how_far_launches_and_sessions_differ() -> None:
    """Sessions count once each; what launches explain is taken off what sessions differ by."""
    days = [(0.10, 0.11, 0.12), (0.13, 0.14)]
    runs = [
        day(number, *(launch(place, each) for place, each in enumerate(means)))
        for number, means in enumerate(days, 1)
    ]
    (cell,) = baseline_report(make_baseline(*runs)).cells
    logs = [[math.log(each) for each in means] for means in days]
    squares = sum((each - fmean(means)) ** 2 for means in logs for each in means)
    launch_variance = squares / 3
    between = stdev(map(fmean, logs)) ** 2 - launch_variance * (1 / 3 + 1 / 2) / 2

    assert (cell.cell_id, cell.days, cell.ok_launches) == (CELL.id, 2, 5)
    assert cell.images_per_second == pytest.approx(8 / math.exp(fmean(map(fmean, logs))))
    assert cell.launch_sd == pytest.approx(math.sqrt(launch_variance))
    assert cell.day_sd == pytest.approx(math.sqrt(between))


def test_what_too_few_launches_do_not_tell_is_left_open() -> None:
    """One launch has no spread, one session none between sessions, and a failed cell no number."""
    baseline = make_baseline(day(1, launch(0, 0.1), launch(0, cell=OTHER)))
    one, failed = baseline_report(baseline).cells

    assert (one.launch_sd, one.day_sd) == (None, None)
    assert one.images_per_second == pytest.approx(80)
    assert (failed.images_per_second, failed.days, failed.ok_launches) == (None, 0, 0)
    assert failed.failures == {Status.CRASHED: 1}


def test_sessions_that_differ_by_less_than_launches_explain_differ_by_nothing() -> None:
    """A variance below 0 by chance is no number to show."""
    runs = [day(number, launch(0, 0.1), launch(1, 0.2)) for number in (1, 2)]
    (cell,) = baseline_report(make_baseline(*runs)).cells

    assert cell.day_sd == 0


def test_a_baseline_of_the_simulated_kernel_says_so() -> None:
    """Its numbers mean nothing."""
    simulated = make_cell(kernel=KernelName.SIMULATED)

    assert baseline_report(make_baseline(day(1, launch(0, 0.1, cell=simulated)))).is_simulated
    assert not baseline_report(make_baseline(day(1, launch(0, 0.1)))).is_simulated


def test_days_differ_by_what_is_assumed_until_there_are_five() -> None:
    """As a gate takes it."""
    runs = [day(number, launch(0, 0.1), launch(1, 0.1001)) for number in range(1, 6)]

    assert baseline_report(make_baseline(*runs[:4])).tau.is_assumed
    assert not baseline_report(make_baseline(*runs)).tau.is_assumed
