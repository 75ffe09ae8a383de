"""suite.run.ranks.ends: who is named, from what was heard of ranks and of their launcher."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from builders import make_cell, make_launch, make_order

from suite.model.cell import Mode, Protocol
from suite.model.launch import Status
from suite.run.channel import Progress
from suite.run.child import OomKills
from suite.run.process import Deadline
from suite.run.ranks.ends import HeardRank, LauncherEnd, launch_of_ranks

CELL = make_cell(mode=Mode.TRAINING, batch_size=4, gpus=2)
ORDER = make_order(cell=CELL, protocol=Protocol(warmup_steps=1, measured_steps=3))
RESULT = make_launch(cell=CELL, protocol=ORDER.protocol, step_seconds=(0.1, 0.1, 0.1))
LOST_ANOTHER = replace(
    RESULT, status=Status.CRASHED, reason="UnknownError: Horovod has been shut down."
)
LATE = (Status.TIMED_OUT, "measuring step 2 missed its deadline of 9 s")
LOST = "ended without a result"
STALL = "which will cause deadlock. \nMissing ranks:\n1: [gradient_0, wish_to_end]\n"
KILLED = "mpirun noticed that process rank 1 with PID 0 on node b exited on signal 9 (Killed).\n"
ABORTED = "mpirun noticed that process rank 1 with PID 0 on node b exited on signal 6 (Aborted).\n"
BAD_ALLOC = "terminate called after throwing an instance of 'std::bad_alloc'\n"
DAEMON_LOST = "  Remote daemon: [[1,0],1] on node b\n"
SSH_LOST = "Connection to 10.0.0.2 port 22 timed out\n"
PLACES = (("a.domain", "10.0.0.1"), ("b.domain", "10.0.0.2"))
IS_LOST = "the connection to its host is lost"
ENDED_FROM_OUTSIDE = (
    "mpirun ended with code 1 without naming a failed rank, as it does when a person or another"
    " program ends it"
)
SIGKILL = "ended by SIGKILL (the system's out-of-memory killer, or a person)"


def heard(index: int, **facts: Any) -> HeardRank:
    """A rank of a host of its own, in its second measured step."""
    deadline = Deadline("measuring step 2", 9)
    return HeardRank(index, "ab"[index], Progress("measuring", 1, 3), deadline, **facts)


def ended(code: int | None = 1, said: str = "", startup: str | None = None) -> LauncherEnd:
    return LauncherEnd("mpirun", code, said, startup)


@pytest.mark.parametrize(
    ("ranks", "launcher", "status", "reason"),
    [
        (
            [heard(0, failure=LATE, responds=True), heard(1, failure=LATE, responds=True)],
            ended(None, STALL),
            Status.TIMED_OUT,
            f"rank 1 on b: {LATE[1]}; the others waited for it",
        ),
        (
            [heard(0, failure=LATE, responds=True), heard(1, responds=False)],
            ended(None),
            Status.TIMED_OUT,
            f"rank 1 on b: {LATE[1]}; it no longer responds",
        ),
        (
            [
                heard(0, failure=LATE, responds=True, place="tensorflow_kernel._run"),
                heard(1, failure=LATE, responds=True, place="batches.next"),
            ],
            ended(None),
            Status.TIMED_OUT,
            f"{LATE[1]}; rank 0 on a in tensorflow_kernel._run; rank 1 on b in batches.next",
        ),
        (
            [heard(0, lost=LOST), heard(1, lost=LOST)],
            ended(137, STALL + KILLED),
            Status.CRASHED,
            f"rank 1 on b: {SIGKILL}",
        ),
        (
            [heard(0, result=LOST_ANOTHER), heard(1, lost=LOST, lost_first=True)],
            ended(0),
            Status.CRASHED,
            f"rank 1 on b: {LOST}",
        ),
        (
            [heard(0, result=RESULT), heard(1, result=RESULT, failure=(Status.CRASHED, "garbage"))],
            ended(0),
            Status.CRASHED,
            "rank 1 on b: garbage",
        ),
        (
            [heard(0, lost=LOST)],
            ended(137, KILLED),
            Status.CRASHED,
            f"rank 1: {SIGKILL}",
        ),
        (
            [heard(0, lost=LOST)],
            ended(255, "ssh: Could not resolve hostname b\n"),
            Status.CRASHED,
            "mpirun ended with code 255 before rank 1 reported: ssh: Could not resolve hostname b",
        ),
        (
            [],
            ended(-11),
            Status.CRASHED,
            "mpirun ended by SIGSEGV before ranks 0, 1 reported",
        ),
        (
            [heard(0)],
            ended(None, startup="startup missed its deadline of 9 s"),
            Status.TIMED_OUT,
            "rank 1: startup missed its deadline of 9 s",
        ),
        (
            [heard(0, lost=LOST), heard(1)],
            ended(-9),
            Status.CRASHED,
            f"mpirun {SIGKILL} before its ranks did",
        ),
        (
            [heard(0, lost=LOST, lost_first=True), heard(1, lost=LOST)],
            ended(1),
            Status.CRASHED,
            ENDED_FROM_OUTSIDE,
        ),
        (
            [heard(0, lost=LOST), heard(1, lost=f"{IS_LOST} (No route to host)", lost_first=True)],
            ended(1),
            Status.CRASHED,
            f"rank 1 on b: {IS_LOST} (No route to host)",
        ),
        ([heard(0, result=RESULT), heard(1, result=RESULT)], ended(-11), Status.OK, ""),
    ],
    ids=[
        "Horovod says who is waited for",
        "one no longer responds",
        "nothing tells who is late",
        "the launcher says who died, whom others waited for once",
        "one lost the other",
        "an answer after garbage",
        "died before it reported",
        "the launcher failed for one",
        "the launcher failed for all",
        "one never came",
        "the launcher was killed",
        "the launcher was told to end",
        "the runner saw the host go",
        "all answered before the launcher failed",
    ],
)
def test_the_rank_at_fault_is_named(
    ranks: Sequence[HeardRank], launcher: LauncherEnd, status: Status, reason: str
) -> None:
    """The launch ends as its cause did, and what only followed from that is not blamed."""
    launch = launch_of_ranks(ORDER, ranks, launcher)

    assert (launch.status, launch.reason) == (status, reason)


@pytest.mark.parametrize(
    ("ranks", "said", "places", "reason"),
    [
        (
            [heard(0, lost=LOST, lost_first=True), heard(1, lost=LOST)],
            DAEMON_LOST,
            PLACES,
            f"rank 1 on b: {IS_LOST} (Open MPI's daemon there is lost)",
        ),
        (
            [heard(0, failure=LATE), heard(1)],
            DAEMON_LOST,
            (),
            f"rank 1 on b: {IS_LOST} (Open MPI's daemon there is lost)",
        ),
        (
            [heard(0, lost=LOST, lost_first=True)],
            "exited on signal 6\n" + SSH_LOST,
            PLACES,
            f"rank 1 on b.domain: {IS_LOST} (Connection to 10.0.0.2 port 22 timed out)",
        ),
        (
            [heard(0, result=LOST_ANOTHER), heard(1, lost=LOST)],
            STALL + DAEMON_LOST,
            PLACES,
            f"rank 1 on b: {IS_LOST} (Open MPI's daemon there is lost)",
        ),
        (
            [heard(0, lost=LOST, lost_first=True)],
            DAEMON_LOST.replace("node b", "node c"),
            (),
            "host c: the connection to it is lost (Open MPI's daemon there is lost)",
        ),
        ([], "", PLACES, f"rank 1 on b.domain: {IS_LOST} (it no longer responds)"),
    ],
    ids=["daemon", "late", "by its address", "Horovod noticed", "by another name", "no answer"],
)
def test_a_lost_host_is_named_and_not_the_rank_that_it_took_along(
    ranks: Sequence[HeardRank], said: str, places: Sequence[Sequence[str]], reason: str
) -> None:
    """A host that is gone outranks whatever that does to the ranks of the others."""
    silent = None if said else "b.domain"
    launch = launch_of_ranks(ORDER, ranks, LauncherEnd("mpirun", 1, said, None, silent), places)

    assert (launch.status, launch.reason) == (Status.CRASHED, reason)


def test_a_host_that_is_lost_after_all_answers_changes_nothing() -> None:
    """What the ranks measured is whole."""
    ranks = [heard(0, result=RESULT), heard(1, result=RESULT)]

    assert launch_of_ranks(ORDER, ranks, ended(1, DAEMON_LOST), PLACES).status is Status.OK


def test_ranks_that_never_reported_are_told_with_their_hosts() -> None:
    """Nobody else can say where to look."""
    late = "startup missed its deadline of 9 s"
    launch = launch_of_ranks(ORDER, [heard(0)], ended(None, startup=late), PLACES)

    assert launch.reason == f"rank 1 on b.domain: {late}"


@pytest.mark.parametrize(
    ("host", "kills", "said", "status", "words"),
    [
        (
            "b",
            OomKills(3, 4),
            KILLED,
            Status.OUT_OF_MEMORY,
            "SIGKILL (the system's out-of-memory killer)",
        ),
        ("b", OomKills(3, 3), KILLED, Status.CRASHED, "SIGKILL (a person or another program)"),
        (
            "a",
            OomKills(3, 4),
            KILLED,
            Status.CRASHED,
            "SIGKILL (the system's out-of-memory killer, or a",
        ),
        ("a", OomKills(3, 3), BAD_ALLOC + ABORTED, Status.OUT_OF_MEMORY, "SIGABRT"),
        ("a", OomKills(3, 3), ABORTED, Status.CRASHED, "SIGABRT"),
    ],
    ids=["killed by the system", "by somebody", "on a far host", "said so", "said nothing"],
)
def test_a_rank_that_memory_ended_is_told_from_a_crash(
    host: str, kills: OomKills, said: str, status: Status, words: str
) -> None:
    """The system's count of kills speaks for ranks on this host, last words for any."""
    end = LauncherEnd("mpirun", 137, said, host=host, kills=kills)
    launch = launch_of_ranks(ORDER, [heard(0, lost=LOST), heard(1, lost=LOST)], end)

    assert launch.status is status
    assert launch.reason.startswith(f"rank 1 on b: ended by {words}")
