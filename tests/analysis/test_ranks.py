"""suite.analysis.ranks: from the records of ranks to that of their launch, and who is named."""

from dataclasses import replace
from typing import Any

import pytest
from builders import make_cell, make_launch, make_protocol, make_telemetry

from suite.analysis.ranks import RankEnd, merge_ranks, rank_spread
from suite.analysis.summary import launch_summary
from suite.model.cell import Mode
from suite.model.facts import Facts
from suite.model.launch import Caution, CautionKind, Status

CELL = make_cell(mode=Mode.TRAINING, batch_size=4, gpus=2)
LOST_ANOTHER = "UnknownError: Horovod has been shut down. This was caused by an exception on one of"


def ending(rank: int, status: Status = Status.OK, reason: str = "", **facts: Any) -> RankEnd:
    """How a rank ended, on a host of its own."""
    protocol = make_protocol(measured_steps=3)
    launch = make_launch(cell=CELL, protocol=protocol, status=status, reason=reason, **facts)
    return RankEnd(rank, f"node{rank}", launch)


def test_each_step_is_that_of_its_slowest_rank() -> None:
    """Steps, warm-up and startup are the slowest rank's; what each one measured stays its own."""
    merged = merge_ranks(
        [
            ending(
                1,
                startup_seconds={"import": 3.0, "build": 2.0},
                warmup_seconds=(5.0,),
                step_seconds=(1.0, 4.0, 1.5),
                all_reduce_seconds=(0.2,),
            ),
            ending(
                0,
                startup_seconds={"import": 4.0, "build": 1.0},
                warmup_seconds=(6.0,),
                step_seconds=(2.0, 3.0, 1.5),
                all_reduce_seconds=(0.1,),
                conditions=Facts(horovod_ranks=2),
            ),
        ]
    )

    assert (merged.status, merged.reason) == (Status.OK, "")
    assert merged.startup_seconds == {"import": 4.0, "build": 2.0}
    assert merged.warmup_seconds == (6.0,)
    assert merged.step_seconds == (2.0, 4.0, 1.5)
    assert merged.conditions == Facts(horovod_ranks=2)
    assert [(rank.rank, rank.host) for rank in merged.ranks] == [(0, "node0"), (1, "node1")]
    assert [rank.all_reduce_seconds for rank in merged.ranks] == [(0.1,), (0.2,)]
    # As published: rank 0 alone.
    assert merged.published_seconds == (2.0, 3.0, 1.5)
    summary = launch_summary(merged)
    assert summary is not None
    assert summary.images_per_second == pytest.approx(8 * 3 / 7.5)


def test_ranks_that_took_other_steps_are_no_measurement() -> None:
    """Ranks step together; where one is ahead of another, step i of both is not one step."""
    merged = merge_ranks(
        [ending(0, step_seconds=(1.0, 1.0, 1.0)), ending(1, step_seconds=(1.0, 1.0))]
    )

    assert merged.status is Status.INVALID
    assert merged.reason == (
        "the ranks' records do not fit together: ranks[0].step_seconds: 3 of them, but the launch"
        " has 2"
    )


@pytest.mark.parametrize(
    ("first", "second", "status", "reason"),
    [
        (
            (Status.OK, ""),
            (Status.INVALID, "the loss is nan"),
            Status.INVALID,
            "rank 1 on node1: the loss is nan",
        ),
        (
            (Status.CRASHED, "ended by SIGSEGV"),
            (Status.OUT_OF_MEMORY, "MemoryError: full"),
            Status.OUT_OF_MEMORY,
            "rank 1 on node1: MemoryError: full",
        ),
        (
            (Status.CRASHED, LOST_ANOTHER),
            (Status.CRASHED, "ended without a result"),
            Status.CRASHED,
            "rank 1 on node1: ended without a result",
        ),
        (
            (Status.CRASHED, "HorovodInternalError: Connection closed by peer"),
            (Status.TIMED_OUT, "measuring step 2 missed its deadline of 9 s"),
            Status.TIMED_OUT,
            "rank 1 on node1: measuring step 2 missed its deadline of 9 s",
        ),
        (
            (Status.INTERRUPTED, "ended with the launch"),
            (Status.CRASHED, "ended by SIGKILL"),
            Status.CRASHED,
            "rank 1 on node1: ended by SIGKILL",
        ),
        (
            (Status.CRASHED, LOST_ANOTHER),
            (Status.OK, ""),
            Status.CRASHED,
            f"rank 0 on node0: {LOST_ANOTHER}",
        ),
        (
            (Status.INTERRUPTED, "after 2 of 3 measured steps"),
            (Status.INTERRUPTED, "after 3 of 3 measured steps"),
            Status.INTERRUPTED,
            "after 2 of 3 measured steps",
        ),
        (
            (Status.SKIPPED, "TensorFlow is not installed"),
            (Status.SKIPPED, "TensorFlow is not installed"),
            Status.SKIPPED,
            "TensorFlow is not installed",
        ),
    ],
    ids=[
        "one is invalid",
        "out of memory beats a crash",
        "who lost another is not named",
        "also not by its error's name",
        "who was ended is not named",
        "unless nobody else failed",
        "a wish to stop has no rank",
        "what all say needs no name",
    ],
)
def test_a_launch_ends_as_the_rank_that_tells_most(
    first: tuple[Status, str], second: tuple[Status, str], status: Status, reason: str
) -> None:
    """The status and the reason are those of the rank at fault, whichever order they came in."""
    ends = [ending(0, *first), ending(1, *second)]

    for given in (ends, ends[::-1]):
        merged = merge_ranks(given)
        assert (merged.status, merged.reason) == (status, reason)


def test_a_rank_is_named_where_others_never_came() -> None:
    """One record out of two is not what all of them say; without a host there is none to name."""
    failed = ending(1, Status.CRASHED, "exited with code 5")
    unknown = RankEnd(1, "", failed.launch)

    assert merge_ranks([failed]).reason == "rank 1 on node1: exited with code 5"
    assert merge_ranks([unknown]).reason == "rank 1: exited with code 5"


def test_cautions_say_whose_they_are() -> None:
    """A doubt of one rank names it, one of all of them stands once."""
    common = Caution(CautionKind.UNSTEADY, "the steps drift")
    own = Caution(CautionKind.THROTTLED, "too hot")
    merged = merge_ranks([ending(0, cautions=(common,)), ending(1, cautions=(common, own))])

    assert merged.cautions == (
        common,
        Caution(CautionKind.THROTTLED, "rank 1 on node1: too hot"),
    )


def test_ranks_on_different_devices_are_a_caution() -> None:
    """The slower device sets the pace, which a number of the faster one must not hide."""
    mixed = merge_ranks([ending(0, device="NVIDIA A100"), ending(1, device="Tesla T4")])
    equal = merge_ranks([ending(0, device="Tesla T4"), ending(1, device="Tesla T4")])

    (caution,) = mixed.cautions
    assert caution.kind is CautionKind.MIXED_DEVICES
    assert "NVIDIA A100 (rank 0 on node0), Tesla T4 (rank 1 on node1)" in caution.text
    assert equal.cautions == ()


def test_the_spread_is_how_far_the_fastest_rank_is_ahead() -> None:
    """Mean over steps of (slowest - fastest) / slowest; there is none with a single rank."""
    merged = merge_ranks([ending(0, step_seconds=(1.0, 2.0)), ending(1, step_seconds=(2.0, 2.0))])

    assert rank_spread(merged.ranks) == pytest.approx((0.5 + 0.0) / 2)
    assert rank_spread(merged.ranks[:1]) is None
    assert rank_spread(merge_ranks([ending(0), ending(1)]).ranks) is None
    assert rank_spread(merge_ranks([ending(0), ending(1)]).ranks) is None


def test_a_rank_that_ran_no_step_does_not_hide_those_of_the_others() -> None:
    """Steps are kept up to the last that all have who took any; so are the phases of startup."""
    merged = merge_ranks(
        [
            ending(
                0,
                Status.TIMED_OUT,
                "no end of measuring step 3 within 9 s",
                startup_seconds={"import": 4.0, "build": 0.5},
                warmup_seconds=(1.0,),
                step_seconds=(1.0, 2.0),
            ),
            ending(1, Status.CRASHED, LOST_ANOTHER, startup_seconds={"import": 5.0}),
        ]
    )

    assert (merged.status, merged.step_seconds) == (Status.TIMED_OUT, (1.0, 2.0))
    assert merged.warmup_seconds == (1.0,)
    assert merged.startup_seconds == {"import": 5.0, "build": 0.5}


def test_a_busy_host_is_told_by_its_name() -> None:
    """The processes of all ranks on a host are no foreign ones to each other; hosts are apart."""
    quiet = make_telemetry(seconds=10.0, cpu_seconds=10.0, usable_cpus=4, busy_cpus=1.0)
    busy = replace(quiet, busy_cpus=3.0)
    merged = merge_ranks([ending(0, telemetry=quiet), ending(1, telemetry=busy)])

    (caution,) = merged.cautions
    assert caution.kind is CautionKind.CONTENDED
    assert caution.text.startswith("foreign processes kept 50% of node1's CPU busy;")
    assert merged.telemetry is None
    assert [rank.telemetry for rank in merged.ranks] == [quiet, busy]
