"""What the processes of a launch tell of the machine and of one another."""

from collections.abc import Iterator
from statistics import fmean, median

from suite.model.launch import Launch
from suite.model.report import ProcessTelemetry
from suite.model.telemetry import others_cpu_share


def process_telemetry(launch: Launch) -> Iterator[ProcessTelemetry]:
    """Each process whose telemetry is there: a launch's only one, or each of its ranks."""
    if launch.telemetry is not None:
        share = others_cpu_share([launch.telemetry])
        yield ProcessTelemetry(rank=None, telemetry=launch.telemetry, others_cpu_share=share)
    for rank in launch.ranks:
        if rank.telemetry is not None:
            on_host = [other.telemetry for other in launch.ranks if other.host == rank.host]
            share = others_cpu_share([found for found in on_host if found is not None])
            yield ProcessTelemetry(rank=rank.rank, telemetry=rank.telemetry, others_cpu_share=share)


def all_reduce_seconds(launch: Launch) -> float | None:
    """The slowest rank's all-reduce of a step's gradients alone; None where none was timed."""
    alone = (median(rank.all_reduce_seconds) for rank in launch.ranks if rank.all_reduce_seconds)
    return max(alone, default=None)


def all_reduce_share(launch: Launch) -> float | None:
    """The same as a share of a mean step."""
    alone = all_reduce_seconds(launch)
    return alone / fmean(launch.step_seconds) if alone and launch.step_seconds else None
