"""One cell over runs: its number in each, a series for each device."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from suite.analysis.change_points import change_points
from suite.analysis.comparability import header_differences
from suite.analysis.ratios import enclosing, log_ratio_to_constant
from suite.analysis.results import cell_results
from suite.analysis.summary import launch_summary
from suite.model.history import ChangePoint, History, Trend, TrendPoint
from suite.model.launch import Launch, Status
from suite.model.run import RunSummary
from suite.model.summary import Interval, Summary

# What a column of its own tells, and what changes with it.
_TOLD = frozenset({"commit", "dirty", "code", "matrix", "selection"})


def commonest_cell(cells: Iterable[Sequence[str]]) -> str | None:
    """The id of the cell that most runs have; of several, the first of the first run.

    `cells` are those of each run. None if no run has any.
    """
    counts = Counter(cell for of_run in cells for cell in of_run)
    return max(counts, key=lambda cell: counts[cell], default=None)


def history(
    runs: Sequence[RunSummary], cell_id: str, launches: Mapping[str, Sequence[Launch]]
) -> History:
    """The runs, the newest first, and a cell's launches in them by run directory."""
    found = [run for run in reversed(runs) if launches.get(run.directory)]
    by_device: dict[str, list[RunSummary]] = {}
    for run in found:
        by_device.setdefault(_device(run, launches[run.directory]), []).append(run)
    return History(
        runs=tuple(runs),
        cell_id=cell_id,
        trends=tuple(
            _trend(device, of_device, launches) for device, of_device in by_device.items()
        ),
        without=tuple(run.directory for run in runs if not launches.get(run.directory)),
    )


def _device(run: RunSummary, launches: Sequence[Launch]) -> str:
    """What the cell ran on, which is not the run's device if the cell names a type of GPU."""
    return next((each.device for each in launches if each.device), run.header.device)


def _trend(
    device: str, runs: Sequence[RunSummary], launches: Mapping[str, Sequence[Launch]]
) -> Trend:
    points = tuple(
        _point(run, launches[run.directory], before)
        for run, before in zip(runs, [None, *runs], strict=False)
    )
    return Trend(device=device, points=points, change_points=_change_points(points))


def _change_points(points: Sequence[TrendPoint]) -> tuple[ChangePoint, ...]:
    """Those of the numbers that there are, by their places among all points."""
    rates = {
        place: point.result.summary.images_per_second
        for place, point in enumerate(points)
        if point.result.summary
    }
    places = list(rates)
    found = change_points(list(rates.values()))
    return tuple(replace(each, place=places[each.place]) for each in found)


def _point(run: RunSummary, launches: Sequence[Launch], before: RunSummary | None) -> TrendPoint:
    (result,) = cell_results(launches, run.header.protocol.launches)
    changes = header_differences(before.header, run.header) if before else ()
    return TrendPoint(
        run=run,
        result=result,
        interval=_interval(launches, result.summary),
        changed=tuple(each.name for each in changes if each.name not in _TOLD),
    )


def _interval(launches: Sequence[Launch], pooled: Summary | None) -> Interval | None:
    """The interval of images / elapsed time, by the launches that are ok."""
    if pooled is None:
        return None
    summaries = [launch_summary(launch) for launch in launches if launch.status is Status.OK]
    rates = [summary.images_per_second for summary in summaries if summary]
    return enclosing(log_ratio_to_constant(rates, 1.0), pooled.images_per_second)
