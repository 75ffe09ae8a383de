"""The record of a launch, from the messages of its ranks and the output of their launcher."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from suite import kernels
from suite.analysis.ranks import RankEnd, lost_another, merge_ranks
from suite.kernels.interface import Framework
from suite.model.launch import Launch, Status
from suite.run.channel import Progress
from suite.run.child import OomKills, exit_reason, exit_status
from suite.run.order import LaunchOrder
from suite.run.process import Deadline
from suite.run.ranks.launcher_log import complaint, deaths, lost_hosts, stalled_ranks

# For a rank whose connection was closed, as by the end of its process.
ENDED_SILENTLY = "ended without a result"
# Rank -> how it died.
Deaths = Mapping[int, tuple[Status, str]]


@dataclass(slots=True)
class HeardRank:
    """A rank that has connected: its last message, and how it ended, if it has.

    `result` is its record. `failure` is a status and a reason without a record, for a missed
    deadline or an unparsable message. `lost` says how its connection ended before either, and
    `lost_first` whether it was the first to do so. `responds` is None until the rank is asked, and
    False until it has replied, with the `place` where it is.
    """

    index: int
    host: str
    progress: Progress
    deadline: Deadline
    result: Launch | None = None
    failure: tuple[Status, str] | None = None
    lost: str | None = None
    lost_first: bool = False
    responds: bool | None = None
    place: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more is expected from it."""
        return bool(self.result or self.failure or self.lost)

    @property
    def is_well(self) -> bool:
        """Whether it is running, or ended normally."""
        if self.result is not None and self.failure is None:
            return self.result.status in {Status.OK, Status.INTERRUPTED}
        return not self.is_over

    @property
    def is_late(self) -> bool:
        """Whether its deadline passed."""
        return self.failure is not None and self.failure[0] is Status.TIMED_OUT

    @property
    def owes_reply(self) -> bool:
        """Whether it was asked if it still responds and has not replied."""
        return self.responds is False and self.lost is None


@dataclass(frozen=True, slots=True)
class LauncherEnd:
    """How the launcher ended: its exit code, and all that it and its ranks printed.

    `code` is None if it had to be killed. `startup` is the reason if ranks missed the deadline of
    startup. `silent_host` is a host that stopped answering while ranks started. `host` is where
    the launcher ran, and `kills` are the out-of-memory kills there.
    """

    name: str
    code: int | None
    said: str
    startup: str | None = None
    silent_host: str | None = None
    host: str = ""
    kills: OomKills = field(default_factory=OomKills)

    @property
    def description(self) -> str:
        """How it ended: `mpirun ended with code 1`."""
        if self.code is not None and self.code < 0:
            return f"{self.name} {exit_reason(self.code, OomKills())}"
        return f"{self.name} ended" + ("" if self.code is None else f" with code {self.code}")

    @property
    def own_end(self) -> str:
        """The reason if neither it nor a rank names a failed rank."""
        if self.code is not None and self.code < 0:
            return f"{self.description} before its ranks did"
        return (
            f"{self.description} without naming a failed rank, as it does when a person or another"
            " program ends it"
        )

    def death(self, code: int | None, host: str, framework: Framework) -> tuple[Status, str]:
        """Status and reason of a rank of this host that the launcher reports as dead."""
        if code is None:
            return Status.CRASHED, ENDED_SILENTLY
        kills = self.kills if host == self.host else OomKills()
        return exit_status(code, self.said, kills, framework), exit_reason(code, kills)


def launch_of_ranks(
    order: LaunchOrder,
    ranks: Sequence[HeardRank],
    launcher: LauncherEnd,
    places: Sequence[Sequence[str]] = (),
) -> Launch:
    """The record of a launch of `order.cell.gpus` ranks, of which these have connected.

    `places` is the host of each rank if the matrix names hosts: its name, and its address.

    The rank that caused the failure is found from the lost hosts, then from the ranks' results, the
    launcher's reports on deaths and Horovod's on ranks that are waited for, then from the
    launcher's own end.
    """
    lost = lost_hosts(launcher.said)
    if launcher.silent_host is not None:
        lost.setdefault(launcher.silent_host, "it no longer responds")
    complete = len(ranks) == order.cell.gpus and all(rank.result for rank in ranks)
    if lost and not complete:
        return _of_lost_hosts(order, ranks, lost, places)
    codes = deaths(launcher.said)
    hosts = {rank.index: rank.host for rank in ranks}
    framework = kernels.framework(order.cell.kernel)
    died = {
        index: launcher.death(code, hosts.get(index, ""), framework)
        for index, code in codes.items()
    }
    missing = [i for i in range(order.cell.gpus) if i not in hosts]
    telling = [
        rank
        for rank in ranks
        if rank.lost != ENDED_SILENTLY
        and not rank.is_well
        and not (rank.result is not None and lost_another(rank.result))
    ]
    if not telling and not died:
        if missing:
            return _record(order, *_never_reported(missing, launcher, places))
        if launcher.code and not complete:
            return _record(order, Status.CRASHED, launcher.own_end)
    at_fault = _ranks_at_fault(ranks, launcher.said)
    if not at_fault and not missing and all(rank.is_late for rank in ranks):
        reason = f"{ranks[0].deadline.reason}; {_places(ranks)}"
        return _record(order, Status.TIMED_OUT, reason)
    ends = [RankEnd(rank.index, rank.host, _end_of(order, rank, died, at_fault)) for rank in ranks]
    # A rank that died before it connected has not named its host.
    ends += [RankEnd(index, "", _record(order, *died[index])) for index in missing if index in died]
    return merge_ranks(ends)


def interrupted(order: LaunchOrder, reason: str) -> Launch:
    """The record of a launch that was stopped before it measured anything."""
    return _record(order, Status.INTERRUPTED, reason)


def _of_lost_hosts(
    order: LaunchOrder,
    ranks: Sequence[HeardRank],
    lost: Mapping[str, str],
    places: Sequence[Sequence[str]],
) -> Launch:
    """The record if hosts are lost: their ranks failed, and the others ended because of that."""
    heard = {rank.index: rank for rank in ranks}
    ends = []
    for index in range(order.cell.gpus):
        rank = heard.get(index)
        names = [*(places[index] if places else ()), *([rank.host] if rank else ())]
        words = next((lost[host] for host in lost if any(_are_one(host, n) for n in names)), None)
        if rank and rank.result and rank.result.status is not Status.CRASHED:
            end = rank.result
        elif words is not None:
            reason = f"the connection to its host is lost ({words})"
            end = _record(order, Status.CRASHED, reason)
        elif rank is None:
            continue
        else:
            end = _record(order, Status.INTERRUPTED, "ended with the launch")
        ends.append(RankEnd(index, rank.host if rank else names[0], end))
    if any(end.launch.status not in {Status.OK, Status.INTERRUPTED} for end in ends):
        return merge_ranks(ends)
    # A host that the launcher knows by another name, or that Slurm has chosen.
    host, words = next(iter(lost.items()))
    reason = f"host {host}: the connection to it is lost ({words})"
    return _record(order, Status.CRASHED, reason)


def _are_one(host: str, other: str) -> bool:
    """Whether two names are equal up to a missing domain; addresses have none."""
    if host[:1].isdigit() or host == other:
        return host == other
    short = host.partition(".")[0]
    return short == other.partition(".")[0] and short in {host, other}


def _never_reported(
    missing: Sequence[int], launcher: LauncherEnd, places: Sequence[Sequence[str]]
) -> tuple[Status, str]:
    which = f"rank{'s' * (len(missing) > 1)} {', '.join(map(str, missing))}"
    if places:
        which += f" on {', '.join(dict.fromkeys(places[index][0] for index in missing))}"
    if launcher.startup is not None:
        return Status.TIMED_OUT, f"{which}: {launcher.startup}"
    why = complaint(launcher.said)
    reason = f"{launcher.description} before {which} reported"
    return Status.CRASHED, f"{reason}: {why}" if why else reason


def _ranks_at_fault(ranks: Sequence[HeardRank], said: str) -> set[int]:
    """Of late ranks, those that the others wait for; empty if unknown."""
    if not any(rank.is_late for rank in ranks):
        return set()
    silent = {rank.index for rank in ranks if rank.owes_reply}
    return silent or stalled_ranks(said)


def _places(ranks: Sequence[HeardRank]) -> str:
    """The function that each rank is in: all are late, and none is known to be the cause."""
    at: dict[str, list[str]] = {}
    for rank in sorted(ranks, key=lambda rank: rank.index):
        at.setdefault(rank.place, []).append(f"rank {rank.index} on {rank.host}")
    return "; ".join(f"{', '.join(names)} in {place}" for place, names in at.items())


def _end_of(order: LaunchOrder, rank: HeardRank, died: Deaths, at_fault: set[int]) -> Launch:
    if rank.failure is None and rank.result is not None:
        return rank.result
    return _record(order, *_failure_of(rank, died, at_fault))


def _failure_of(rank: HeardRank, died: Deaths, at_fault: set[int]) -> tuple[Status, str]:
    if rank.index in at_fault:
        why = "it no longer responds" if rank.owes_reply else "the others waited for it"
        return Status.TIMED_OUT, f"{rank.deadline.reason}; {why}"
    if rank.is_late and at_fault:
        return Status.INTERRUPTED, "waited for another rank"
    if rank.failure is not None:
        return rank.failure
    if rank.index in died:
        return died[rank.index]
    # The others may have ended because of that.
    if rank.lost is not None and rank.lost_first and not died:
        return Status.CRASHED, rank.lost
    return Status.INTERRUPTED, "ended with the launch"


def _record(order: LaunchOrder, status: Status, reason: str) -> Launch:
    return Launch(
        cell=order.cell,
        protocol=order.protocol,
        launch=order.launch,
        status=status,
        reason=reason,
    )
