"""suite.analysis.results: the launches of a run, put together by cell."""

from dataclasses import replace

import pytest
from builders import make_cell, make_header, make_launch

from suite.analysis.results import cell_results, coverage
from suite.model.cell import Protocol
from suite.model.launch import Caution, CautionKind, Launch, Status

FIRST = make_launch(
    cell=make_cell(batch_size=1),
    protocol=Protocol(warmup_steps=0, measured_steps=1, launches=3),
    step_seconds=(0.5,),
)


def launches(*statuses: Status) -> list[Launch]:
    """One launch for each status, of the same cell."""
    return [
        replace(
            FIRST,
            launch=number,
            status=status,
            reason="" if status is Status.OK else status.value,
            step_seconds=FIRST.step_seconds if status is Status.OK else (),
        )
        for number, status in enumerate(statuses)
    ]


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        ((Status.OK, Status.OK, Status.OK), Status.OK),
        ((Status.OK, Status.CRASHED, Status.OK), Status.CRASHED),
        ((Status.SKIPPED, Status.OK, Status.CRASHED), Status.CRASHED),
        ((Status.INTERRUPTED, Status.OUT_OF_MEMORY, Status.OK), Status.OUT_OF_MEMORY),
        ((Status.SKIPPED, Status.INTERRUPTED, Status.OK), Status.INTERRUPTED),
        ((Status.OK, Status.SKIPPED), Status.SKIPPED),
        ((Status.TIMED_OUT, Status.CRASHED), Status.TIMED_OUT),
    ],
)
def test_a_cells_status_is_the_worst_of_its_launches(
    statuses: tuple[Status, ...], worst: Status
) -> None:
    """A failure shows whichever launch it was, and whatever the others came to."""
    (result,) = cell_results(launches(*statuses))

    assert result.status is worst
    assert result.reason == ("" if worst is Status.OK else worst.value)
    assert result.ok_launches == statuses.count(Status.OK)
    assert result.is_whole is (statuses == (Status.OK,) * 3)
    assert result.is_finished is (len(statuses) == 3 and Status.INTERRUPTED not in statuses)


def test_a_run_covers_the_launches_that_its_header_plans() -> None:
    """Launches of every planned cell count, also of those that have no record, and no other."""
    header = make_header(protocol=FIRST.protocol, cells=(FIRST.cell.id, "another"))
    some = coverage(header, cell_results(launches(Status.OK, Status.CRASHED, Status.INTERRUPTED)))
    whole = coverage(
        replace(header, cells=(FIRST.cell.id,)),
        cell_results(launches(Status.OK, Status.CRASHED, Status.SKIPPED)),
    )

    assert (some.ended_launches, some.planned_launches, some.not_run) == (2, 6, ("another",))
    assert not some.is_finished
    assert (whole.ended_launches, whole.planned_launches, whole.not_run) == (3, 3, ())
    assert whole.is_finished


def test_the_longer_of_two_protocols_counts() -> None:
    """A resumption under another number of launches makes no cell whole that was not."""
    one = replace(FIRST, protocol=replace(FIRST.protocol, launches=1))
    plans = [cell_results([one], 3), cell_results([FIRST], 1), cell_results([FIRST, one])]

    assert [result.planned_launches for (result,) in plans] == [3, 3, 3]
    assert not any(result.is_whole for (result,) in plans)


def test_the_samples_of_ok_launches_are_pooled() -> None:
    """With the doubts of all launches, each once; a launch that failed gives no sample."""
    doubt = Caution(CautionKind.QUICK, "cut")
    first, second = (replace(FIRST, launch=number, cautions=(doubt,)) for number in range(2))
    crashed = replace(FIRST, launch=2, status=Status.CRASHED, reason="why", step_seconds=(9.0,))
    (result,) = cell_results([first, replace(second, step_seconds=(1.5,)), crashed])

    assert result.summary is not None
    assert (result.summary.count, result.summary.mean_seconds) == (2, 1.0)
    assert result.cautions == (doubt,)
