"""suite.analysis.assemble: what a report holds of a run, before any format shows it."""

from dataclasses import replace

import pytest
from builders import (
    make_cell,
    make_launch,
    make_protocol,
    make_row,
    make_run,
    make_telemetry,
)

from suite.analysis.assemble import assemble, join
from suite.model.cell import Mode
from suite.model.errors import NotComparableError
from suite.model.launch import Caution, CautionKind, Launch, RankRecord, StartedBy, Status
from suite.model.reference import Reference, ReferenceTable
from suite.model.report import Distribution, ReportedRun, ScalingKind, Steadiness
from suite.model.telemetry import Telemetry

TRAINING = make_cell(mode=Mode.TRAINING, batch_size=4)
UNSTEADY = Caution(CautionKind.UNSTEADY, "the steps drift")
FAILED = make_launch(status=Status.CRASHED, reason="ended by SIGSEGV", cautions=(UNSTEADY,))


def reported(*launches: Launch) -> ReportedRun:
    """The only run of a report."""
    return assemble([make_run(*launches)]).runs[0]


def of_ranks(*ranks: RankRecord, **facts: object) -> Launch:
    """A launch whose ranks step together."""
    steps = tuple(max(step) for step in zip(*(rank.step_seconds for rank in ranks), strict=True))
    cell = replace(TRAINING, gpus=len(ranks))
    return make_launch(cell=cell, ranks=ranks, step_seconds=steps, **facts)


@pytest.mark.parametrize(
    ("steps", "cautions", "verdict"),
    [
        (59, (), Steadiness.NOT_JUDGED),
        (60, (), Steadiness.STEADY),
        (60, (UNSTEADY,), Steadiness.UNSTEADY),
        (60, (Caution(CautionKind.QUICK, "cut"),), Steadiness.STEADY),
    ],
)
def test_a_launch_is_steady_unless_its_caution_says_otherwise(
    steps: int, cautions: tuple[Caution, ...], verdict: Steadiness
) -> None:
    """What was found when it was measured counts; too few steps are neither."""
    protocol = make_protocol(measured_steps=60)
    launch = make_launch(protocol=protocol, step_seconds=(0.1,) * steps, cautions=cautions)

    assert reported(launch).launches[0].steadiness is verdict


def test_a_rank_is_told_by_its_own_clock() -> None:
    """Its rate is over the images of all; its device is the launch's unless it has its own."""
    first = RankRecord(
        rank=0, host="a", step_seconds=(0.1, 0.4), all_reduce_seconds=(0.03, 0.01, 0.02)
    )
    second = RankRecord(rank=1, host="b", device="Tesla T4", step_seconds=(0.2, 0.4))
    (row,) = reported(of_ranks(first, second, device="Tesla V100")).launches
    one, two = row.ranks

    assert (one.rank, one.host, one.device, one.steps) == (0, "a", "Tesla V100", 2)
    assert one.mean_of_rates == pytest.approx((8 / 0.1 + 8 / 0.4) / 2)
    assert (one.mean_seconds, one.max_seconds) == pytest.approx((0.25, 0.4))
    assert (one.all_reduce_seconds, two.all_reduce_seconds) == (0.02, None)
    assert two.device == "Tesla T4"
    assert row.rank_spread == pytest.approx((0.5 + 0) / 2)
    assert row.all_reduce_share == pytest.approx(0.02 / 0.3)


def test_a_rank_without_steps_has_no_rate() -> None:
    """Nor has its launch a share of all-reduces."""
    rank = RankRecord(rank=0, host="a", all_reduce_seconds=(0.1,))
    launch = make_launch(
        cell=replace(TRAINING, gpus=2), status=Status.CRASHED, reason="why", ranks=(rank,)
    )
    (row,) = reported(launch).launches

    (told,) = row.ranks
    assert (told.steps, told.mean_of_rates, told.mean_seconds, told.max_seconds) == (
        0,
        None,
        None,
        None,
    )
    assert row.all_reduce_share is None
    assert reported(make_launch(step_seconds=(0.1,))).launches[0].all_reduce_share is None


def test_telemetry_is_that_of_the_launch_or_of_each_rank() -> None:
    """Ranks on one host are no foreign processes to each other; a reading's time is the mean."""
    busy = make_telemetry(
        readings=2,
        reading_seconds=0.006,
        seconds=10.0,
        cpu_seconds=10.0,
        usable_cpus=4,
        busy_cpus=3.0,
    )
    ranks = [
        RankRecord(rank=number, host=host, step_seconds=(0.1,), telemetry=telemetry)
        for number, (host, telemetry) in enumerate(
            [("a", busy), ("a", busy), ("b", busy), ("b", None)]
        )
    ]
    alone = make_launch(step_seconds=(0.1,), telemetry=replace(busy, readings=4))
    run = reported(of_ranks(*ranks), alone, make_launch(step_seconds=(0.1,), launch=1))

    assert [
        [(process.rank, process.others_cpu_share) for process in row.telemetry]
        for row in sorted(run.launches, key=lambda row: (row.cell_id, row.record.launch))
    ] == [[(None, 0.5)], [], [(0, 0.25), (1, 0.25), (2, 0.5)]]
    assert run.reading_seconds == pytest.approx(0.024 / 10)
    assert reported(make_launch(step_seconds=(0.1,))).reading_seconds is None


def test_launches_of_a_cell_are_apart_by_their_rates() -> None:
    """Of two ok launches or more; one that failed has none, and its doubts are not theirs."""
    rates = (0.1, 0.125, 0.2)
    launches = [
        make_launch(step_seconds=(seconds,), launch=number) for number, seconds in enumerate(rates)
    ]
    doubted = replace(launches[0], cautions=(Caution(CautionKind.QUICK, "cut"),))
    (spread,) = reported(doubted, *launches[1:], replace(FAILED, launch=3)).spreads

    assert (spread.cell_id, spread.launches) == (make_cell().id, 3)
    assert (spread.lowest, spread.median, spread.highest) == pytest.approx((40, 64, 80))
    assert spread.apart == pytest.approx(40 / 64)
    assert [caution.kind for caution in spread.cautions] == [CautionKind.QUICK]
    assert reported(launches[0], replace(FAILED, launch=1)).spreads == ()
    assert [each.launches for each in reported(*launches[:2]).spreads] == [2]


def test_overhead_is_that_of_ok_launches_with_and_without_ranks() -> None:
    """The runner's share is of the time of steps; reasons not to fork stand once."""
    common = {"wall_seconds": 3.0, "fork_refused": "threads"}
    plain = make_launch(
        step_seconds=(0.5, 0.5), runner_cpu_seconds=0.01, started_by=StartedBy.FORK, **common
    )
    other = replace(plain, launch=1, wall_seconds=2.0, runner_cpu_seconds=0.03)
    ranked = of_ranks(
        *(RankRecord(rank=number, host="a", step_seconds=(1.0,)) for number in range(2)),
        started_by=StartedBy.MPIRUN,
        wall_seconds=9.0,
    )
    overhead = reported(plain, other, ranked, replace(FAILED, launch=2, wall_seconds=99.0)).overhead

    assert overhead is not None
    assert overhead.seconds == Distribution(median=1.5, mean=1.5, largest=2.0)
    assert overhead.rank_seconds == Distribution(median=8.0, mean=8.0, largest=8.0)
    assert overhead.runner_share is not None
    assert overhead.runner_share.median == pytest.approx(0.01)
    assert overhead.runner_share.mean == pytest.approx(0.04 / 3)
    assert overhead.runner_share.largest == pytest.approx(0.03)
    assert overhead.started == {StartedBy.FORK: 2, StartedBy.MPIRUN: 1}
    assert overhead.fork_refused == ("threads",)
    assert reported(FAILED).overhead is None


def test_scaling_that_was_skipped_whole_is_left_out() -> None:
    """A machine with one GPU has no table of what it could not run."""
    one = make_launch(cell=TRAINING, step_seconds=(0.1,))
    two = make_launch(cell=replace(TRAINING, gpus=2), step_seconds=(0.125,))
    skipped = replace(two, status=Status.SKIPPED, reason="needs 2 GPUs", step_seconds=())
    (weak,) = reported(one, two).scaling

    assert weak.kind is ScalingKind.WEAK
    assert weak.lines[0].factor == pytest.approx(1.6)
    assert reported(one, skipped).scaling == ()


def test_reports_are_joined_with_each_run_beside_its_own_reference() -> None:
    """The second report's comparison is with its own run, wherever that one stands now."""
    run = make_run(make_launch(step_seconds=(0.1,)))
    reference = Reference(
        table=ReferenceTable("t4", (make_row(),)), accuracy=(), scaling=(), times=()
    )
    compared, alone = assemble([run], [reference]), assemble([run])
    joined = join([alone, compared, alone, compared])

    assert len(joined.runs) == 4
    assert [comparison.run for comparison in joined.comparisons] == [1, 3]


def test_a_run_that_has_nothing_in_common_is_left_alone_unless_none_has() -> None:
    """One of several runs that joins is a report; without any the reason is an error."""
    reference = Reference(
        table=ReferenceTable("t4", (make_row(),)), accuracy=(), scaling=(), times=()
    )
    other = make_run(make_launch(cell=make_cell(batch_size=3), step_seconds=(0.1,)))
    joins = make_run(make_launch(step_seconds=(0.1,)))

    assert [each.run for each in assemble([other, joins], [reference]).comparisons] == [1]
    with pytest.raises(NotComparableError, match="no cell in common"):
        assemble([other], [reference])


def test_a_run_has_ended_when_its_last_launch_has() -> None:
    """Launches are recorded in planned order, in which the last need not be the one that ran last.

    A record by another hand may say nothing of the time, or not in which zone.
    """
    first = make_launch(started_at="2026-01-02T03:04:05+00:00", wall_seconds=90.4)
    second = replace(first, launch=1, wall_seconds=30.0)
    unknown = [
        replace(second, launch=2, started_at=text) for text in ("noon", "2026-01-02T03:04:05")
    ]

    assert reported(first, second, *unknown).ended_at == "2026-01-02T03:05:35+00:00"
    assert reported(*unknown).ended_at is None


def test_images_per_joule_are_over_all_launches_and_ranks_of_a_cell() -> None:
    """Images over energy, no mean of ratios; what failed or has no energy says nothing."""

    def meter(joules: float, images: float) -> Telemetry:
        return make_telemetry(energy_joules=joules, images_per_joule=images / joules)

    ranks = [
        RankRecord(
            rank=rank, host="a", step_seconds=(0.1,), telemetry=meter(10.0, 40.0 * rank + 20)
        )
        for rank in range(2)
    ]
    run = reported(
        make_launch(step_seconds=(0.1,), telemetry=meter(10.0, 50.0)),
        make_launch(launch=1, step_seconds=(0.1,), telemetry=meter(30.0, 30.0)),
        make_launch(launch=2, step_seconds=(0.1,), telemetry=make_telemetry()),
        make_launch(launch=3, status=Status.CRASHED, reason="why", telemetry=meter(1.0, 900.0)),
        make_launch(cell=make_cell(batch_size=2), step_seconds=(0.1,)),
        of_ranks(*ranks),
    )

    assert run.images_per_joule == {
        make_cell().id: pytest.approx(2.0),
        replace(TRAINING, gpus=2).id: pytest.approx(4.0),
    }
