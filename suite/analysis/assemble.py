"""From runs, and the published systems they are set beside, to a report."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import fmean, median

from suite.analysis.bands import Band
from suite.analysis.comparison import compare_run
from suite.analysis.glance import glance
from suite.analysis.hints import hints
from suite.analysis.processes import all_reduce_share, process_telemetry
from suite.analysis.ranks import rank_spread
from suite.analysis.results import cell_results, coverage, summaries_by_cell
from suite.analysis.scaling import scaling, scaling_lines
from suite.analysis.speedups import speedups
from suite.analysis.steadiness import is_judged
from suite.analysis.summary import launch_summary
from suite.model.errors import NotComparableError
from suite.model.launch import CautionKind, Launch, RankRecord, Status
from suite.model.reference import Reference
from suite.model.report import (
    Comparison,
    Distribution,
    Estimator,
    LaunchRow,
    Overhead,
    RankRow,
    Report,
    ReportedRun,
    ScalingKind,
    Spread,
    Steadiness,
)
from suite.model.run import Run


def assemble(
    runs: Sequence[Run], references: Sequence[Reference] = (), bands: Sequence[Band] = ()
) -> Report:
    """A report of runs, each set beside every reference with which it has something in common.

    `bands` judge the ratios.

    Raises:
        NotComparableError: there are references, and no run has anything in common with any.
    """
    reported = tuple(_run(run) for run in runs)
    return Report(runs=reported, comparisons=_comparisons(reported, references, bands))


def join(reports: Sequence[Report]) -> Report:
    """One report of the runs of several, each beside the references that it had there."""
    runs: list[ReportedRun] = []
    comparisons: list[Comparison] = []
    for report in reports:
        comparisons += (replace(each, run=each.run + len(runs)) for each in report.comparisons)
        runs += report.runs
    return Report(runs=tuple(runs), comparisons=tuple(comparisons))


def _comparisons(
    runs: Sequence[ReportedRun], references: Sequence[Reference], bands: Sequence[Band]
) -> tuple[Comparison, ...]:
    found, refused = [], []
    for place, run in enumerate(runs):
        devices = {row.record.cell: row.record.device for row in run.launches}
        launches = summaries_by_cell(run.launches)
        for reference in references:
            try:
                found.append(
                    compare_run(place, run.header, run.results, devices, reference, bands, launches)
                )
            except NotComparableError as error:
                refused.append(error)
    if refused and not found:
        raise refused[0]
    return tuple(found)


def _run(run: Run) -> ReportedRun:
    cells = cell_results(run.launches, run.header.protocol.launches)
    estimator = Estimator.ELAPSED
    scaled = [
        scaling(kind, estimator, scaling_lines(cells, kind, estimator)) for kind in ScalingKind
    ]
    launches = tuple(_launch_row(launch) for launch in run.launches)
    skipped = {result.cell for result in cells if result.status is Status.SKIPPED}
    telemetry = [process.telemetry for row in launches for process in row.telemetry]
    readings = sum(found.readings for found in telemetry)
    covered = coverage(run.header, cells, run.damaged)
    by_id = {result.cell.id: result for result in cells}
    return ReportedRun(
        header=run.header,
        coverage=covered,
        cells=by_id,
        launches=launches,
        spreads=tuple(_spreads(launches)),
        scaling=tuple(each for each in scaled if not {line.cell for line in each.lines} <= skipped),
        speedups=speedups(cells, summaries_by_cell(launches), estimator),
        images_per_joule=_images_per_joule(launches),
        overhead=_overhead([launch for launch in run.launches if launch.status is Status.OK]),
        reading_seconds=(
            sum(found.reading_seconds for found in telemetry) / readings if readings else None
        ),
        glance=glance(cells, covered),
        ended_at=_ended_at(run.launches),
        hints=hints(run.header, by_id, launches),
    )


def _ended_at(launches: Sequence[Launch]) -> str | None:
    """When the last launch ended; None where none ran, or no record says when."""
    ends = [end for launch in launches if (end := _end(launch)) is not None]
    return max(ends).isoformat(timespec="seconds") if ends else None


def _end(launch: Launch) -> datetime | None:
    try:
        started = datetime.fromisoformat(launch.started_at)
    except ValueError:  # not run, or a record by another hand
        return None
    return started + timedelta(seconds=launch.wall_seconds) if started.tzinfo else None


def _launch_row(launch: Launch) -> LaunchRow:
    spread = rank_spread(launch.ranks)
    return LaunchRow(
        cell_id=launch.cell.id,
        record=launch,
        summary=launch_summary(launch),
        steadiness=_steadiness(launch),
        ranks=tuple(_rank_row(launch, rank) for rank in launch.ranks),
        rank_spread=spread,
        all_reduce_share=all_reduce_share(launch),
        telemetry=tuple(process_telemetry(launch)),
    )


def _steadiness(launch: Launch) -> Steadiness:
    if not is_judged(launch.step_seconds):
        return Steadiness.NOT_JUDGED
    unsteady = any(caution.kind is CautionKind.UNSTEADY for caution in launch.cautions)
    return Steadiness.UNSTEADY if unsteady else Steadiness.STEADY


def _rank_row(launch: Launch, rank: RankRecord) -> RankRow:
    images, steps = launch.cell.global_batch_size, rank.step_seconds
    return RankRow(
        rank=rank.rank,
        host=rank.host,
        device=rank.device or launch.device,
        steps=len(steps),
        mean_of_rates=fmean(images / seconds for seconds in steps) if steps else None,
        mean_seconds=fmean(steps) if steps else None,
        max_seconds=max(steps, default=None),
        all_reduce_seconds=median(rank.all_reduce_seconds) if rank.all_reduce_seconds else None,
    )


def _spreads(launches: Sequence[LaunchRow]) -> Iterator[Spread]:
    by_cell: dict[str, list[LaunchRow]] = {}
    for launch in launches:
        if launch.record.status is Status.OK:
            by_cell.setdefault(launch.cell_id, []).append(launch)
    for cell_id, ok in by_cell.items():
        rates = [launch.summary.images_per_second for launch in ok if launch.summary]
        if len(rates) > 1:
            cautions = dict.fromkeys(each for launch in ok for each in launch.record.cautions)
            yield Spread(
                cell_id=cell_id,
                launches=len(rates),
                lowest=min(rates),
                median=median(rates),
                highest=max(rates),
                apart=(max(rates) - min(rates)) / median(rates),
                cautions=tuple(cautions),
            )


def _overhead(launches: Sequence[Launch]) -> Overhead | None:
    """Of these ok launches; None for none."""
    if not launches:
        return None
    shares = [each.runner_cpu_seconds / each.loop_seconds for each in launches if each.loop_seconds]
    return Overhead(
        seconds=_distribution([each.overhead_seconds for each in launches if not each.ranks]),
        rank_seconds=_distribution([each.overhead_seconds for each in launches if each.ranks]),
        runner_share=_distribution(shares),
        started=Counter(each.started_by for each in launches if each.started_by),
        fork_refused=tuple(
            dict.fromkeys(each.fork_refused for each in launches if each.fork_refused)
        ),
    )


def _images_per_joule(launches: Sequence[LaunchRow]) -> Mapping[str, float]:
    """The images of each cell over the energy that they took, over all ok launches and ranks."""
    energies: dict[str, list[tuple[float, float]]] = {}
    for row in launches:
        for process in row.telemetry if row.record.status is Status.OK else ():
            joules, efficiency = process.telemetry.energy_joules, process.telemetry.images_per_joule
            if joules and efficiency:
                energies.setdefault(row.cell_id, []).append((joules, efficiency * joules))
    return {
        cell: sum(images for _, images in found) / sum(joules for joules, _ in found)
        for cell, found in energies.items()
    }


def _distribution(values: Sequence[float]) -> Distribution | None:
    if not values:
        return None
    return Distribution(median=median(values), mean=fmean(values), largest=max(values))
