"""From the records of the ranks of a launch to the record of the launch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from suite.analysis.cautions import contention
from suite.model.launch import Caution, CautionKind, Launch, RankRecord, Status
from suite.model.telemetry import Telemetry

# Statuses of ranks, the most informative about the launch first: the others often follow from it.
_TELLING = (
    Status.OUT_OF_MEMORY,
    Status.INVALID,
    Status.SKIPPED,
    Status.TIMED_OUT,
    Status.CRASHED,
    Status.INTERRUPTED,
)
# Errors of a rank that lost another one; it is not the rank to name.
_LOST_ANOTHER = ("HorovodInternalError", "Horovod has been shut down")


@dataclass(frozen=True, slots=True)
class RankEnd:
    """How one rank ended: its own record, or one that says why there is none.

    `host` is empty for a rank that died before it said where it is.
    """

    rank: int
    host: str
    launch: Launch

    @property
    def name(self) -> str:
        """`rank 1 on node2`."""
        return f"rank {self.rank}" + (f" on {self.host}" if self.host else "")


def merge_ranks(ends: Sequence[RankEnd]) -> Launch:
    """One record of a launch from those of its ranks, at least one of them.

    Step i took as long as its slowest rank. The launch is ok if every rank is; otherwise it has the
    status of the most informative rank, which is named unless all ranks report the same. It is
    invalid if all are ok but took different numbers of steps. Conditions are those of rank 0.
    """
    ordered = sorted(ends, key=lambda end: end.rank)
    launches = [end.launch for end in ordered]
    worst = min(ordered, key=_telling)
    merged = replace(
        launches[0],
        status=worst.launch.status,
        reason=_reason(worst, launches),
        startup_seconds=_slowest_startup(launches),
        warmup_seconds=_slowest([launch.warmup_seconds for launch in launches]),
        step_seconds=_slowest([launch.step_seconds for launch in launches]),
        telemetry=None,
        cautions=(*_cautions(ordered), *_mixed_devices(ordered), *_contended_hosts(ordered)),
        all_reduce_seconds=(),
        ranks=tuple(_record(end) for end in ordered),
    )
    if merged.contradiction is None:
        return merged
    reason = f"the ranks' records do not fit together: {merged.contradiction}"
    return replace(merged, status=Status.INVALID, reason=reason)


def rank_spread(ranks: Sequence[RankRecord]) -> float | None:
    """How far ranks are apart: mean over steps of (slowest - fastest) / slowest; None for one."""
    steps = list(zip(*(rank.step_seconds for rank in ranks), strict=False))
    if len(ranks) < 2 or not steps:
        return None
    return fmean((max(step) - min(step)) / max(step) for step in steps)


def lost_another(launch: Launch) -> bool:
    """Whether a rank reports that it failed because another one was lost."""
    return any(words in launch.reason for words in _LOST_ANOTHER)


def _telling(end: RankEnd) -> tuple[bool, bool, int]:
    """Sort key, the most informative first: failed, not because of another rank, by status."""
    launch = end.launch
    failed = launch.status is not Status.OK
    return (not failed, lost_another(launch), _TELLING.index(launch.status) if failed else 0)


def _reason(worst: RankEnd, launches: Sequence[Launch]) -> str:
    status, reason = worst.launch.status, worst.launch.reason
    alike = all((launch.status, launch.reason) == (status, reason) for launch in launches)
    # A request to stop does not come from a rank.
    if status is Status.INTERRUPTED or (alike and len(launches) == worst.launch.cell.gpus):
        return reason
    return f"{worst.name}: {reason}"


def _slowest(series: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """The longest time of each step over the ranks that ran any, up to the last step of all."""
    return tuple(max(step) for step in zip(*(times for times in series if times), strict=False))


def _slowest_startup(launches: Sequence[Launch]) -> dict[str, float]:
    phases = dict.fromkeys(phase for launch in launches for phase in launch.startup_seconds)
    return {
        phase: max(launch.startup_seconds.get(phase, 0.0) for launch in launches)
        for phase in phases
    }


def _cautions(ends: Sequence[RankEnd]) -> list[Caution]:
    """Each rank's cautions, named by rank unless every rank has the same one."""
    by_caution: dict[Caution, list[RankEnd]] = {}
    for end in ends:
        for caution in end.launch.cautions:
            by_caution.setdefault(caution, []).append(end)
    return [
        caution
        if len(having) == len(ends)
        else replace(caution, text=f"{', '.join(end.name for end in having)}: {caution.text}")
        for caution, having in by_caution.items()
    ]


def _mixed_devices(ends: Sequence[RankEnd]) -> list[Caution]:
    devices = {end.launch.device: end for end in ends if end.launch.device}
    if len(devices) < 2:
        return []
    which = ", ".join(f"{device} ({end.name})" for device, end in devices.items())
    seen = f"ranks ran on different devices: {which}; the slowest sets the pace"
    return [CautionKind.MIXED_DEVICES.caution(seen)]


def _contended_hosts(ends: Sequence[RankEnd]) -> list[Caution]:
    """Cautions for hosts whose CPUs foreign processes kept busy."""
    by_host: dict[str, list[Telemetry]] = {}
    for end in ends:
        if end.launch.telemetry is not None:
            by_host.setdefault(end.host, []).append(end.launch.telemetry)
    found = [contention(there, f"{host}'s CPU") for host, there in by_host.items()]
    return [caution for caution in found if caution is not None]


def _record(end: RankEnd) -> RankRecord:
    launch = end.launch
    return RankRecord(
        rank=end.rank,
        host=end.host,
        device=launch.device,
        startup_seconds=launch.startup_seconds,
        warmup_seconds=launch.warmup_seconds,
        step_seconds=launch.step_seconds,
        all_reduce_seconds=launch.all_reduce_seconds,
        telemetry=launch.telemetry,
    )
