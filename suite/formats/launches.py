"""What is known about each launch of a run and each of its ranks: time, steadiness, doubts."""

from suite.analysis.intervals import samples_needed
from suite.analysis.steadiness import (
    FEWEST_STEPS,
    FOUND,
    FOUND_NOISE,
    FOUND_START_STEPS,
    FOUND_STEPS,
    Pattern,
)
from suite.formats.annotations import beside_result, letters, skipped_alike
from suite.formats.numbers import MISSING, duration, milliseconds, percent, rate
from suite.formats.tables import Table
from suite.model.launch import CautionKind, Status
from suite.model.report import LaunchRow, ReportedRun, Steadiness
from suite.model.summary import Summary

_LAUNCH_HEADERS = (
    "cell", "launch", "status", "img/s", "started by", "import s", "build s", "compile s",
    "warm-up", "measured", "wall", "steady", "",
)  # fmt: skip

_RANK_HEADERS = (
    "cell", "launch", "rank", "host", "device", "img/s as published", "avg ms", "max ms", "n",
    "all-reduce alone ms", "",
)  # fmt: skip
# The cautions that a launch's own samples or telemetry raise.
_OF_A_LAUNCH = {
    CautionKind.UNSTEADY,
    CautionKind.THROTTLED,
    CautionKind.FOREIGN_PROCESS,
    CautionKind.CONTENDED,
    CautionKind.STOLEN,
}
# Failures of one run are often alike.
_OUTPUTS_SHOWN = 5
_FRACTIONS = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}


def loaded_libraries(run: ReportedRun) -> str:
    """NVIDIA's libraries that the launches had loaded, which may be others than are installed."""
    found = (row.record.conditions.libraries or () for row in run.launches)
    return ", ".join(sorted({library for libraries in found for library in libraries}))


def launches_table(run: ReportedRun) -> Table:
    """One row a launch: status, startup by phase, warm-up and measured steps, steadiness.

    Less those of cells that were skipped like many others.
    """
    counted = {cell for ids in skipped_alike(run.results).values() for cell in ids}
    rows = [_launch_row(row) for row in run.launches if row.cell_id not in counted]
    return Table("", _LAUNCH_HEADERS, rows)


def _launch_row(row: LaunchRow) -> tuple[str, ...]:
    launch, summary = row.record, row.summary
    startup = launch.startup_seconds
    return (
        row.cell_id,
        str(launch.launch),
        launch.status.words,
        rate(summary.images_per_second if summary else None),
        launch.started_by.value if launch.started_by else MISSING,
        *(
            f"{startup[phase]:.1f}" if phase in startup else MISSING
            for phase in ("import", "build", "compile")
        ),
        f"{len(launch.warmup_seconds)} in {duration(sum(launch.warmup_seconds))}",
        f"{len(launch.step_seconds)} in {duration(sum(launch.step_seconds))}",
        duration(launch.wall_seconds),
        _steadiness(row),
        letters(launch.cautions),
    )


def spread_table(run: ReportedRun) -> Table | None:
    """How far the launches of a cell are apart; None where no cell has two that are ok."""
    rows = [
        (
            spread.cell_id,
            str(spread.launches),
            *(rate(value) for value in (spread.lowest, spread.median, spread.highest)),
            percent(spread.apart),
            letters(spread.cautions),
        )
        for spread in run.spreads
    ]
    headers = ("cell", "launches", "lowest img/s", "median", "highest", "apart", "")
    return Table("", headers, rows) if rows else None


def _steadiness(row: LaunchRow) -> str:
    if row.steadiness is Steadiness.NOT_JUDGED:
        return f"n/a, needs {FEWEST_STEPS}" if row.record.status is Status.OK else MISSING
    return "no" if row.steadiness is Steadiness.UNSTEADY else "yes"


def steadiness_note() -> str:
    """What "steady" says and does not, with the sizes of patterns that are found."""
    size = {pattern: f"{change:.0%}" for pattern, change in FOUND.items()}
    return (
        "Steady: no slow or fast start, drift, shift, episode, wave or two levels were found in the"
        " measured steps. That is no proof that there are none: in"
        f" {FOUND_STEPS} steps with noise of {FOUND_NOISE:.0%} (standard deviation) the check finds"
        " at least nine in ten of the following:"
        f" the first {FOUND_START_STEPS} steps {size[Pattern.START]} slower, a drift or a shift of"
        f" {size[Pattern.DRIFT]}, an episode of {size[Pattern.EPISODE]} in 15% of the steps, a wave"
        f" of ±{size[Pattern.WAVE]}, two levels {size[Pattern.TWO_LEVELS]} apart. With twice the"
        " noise they have to be twice as large, and fewer steps show less."
    )


def intervals_table(run: ReportedRun) -> Table:
    """The 95 % interval of each percentile in ms, or what the samples lack for one."""
    rows = [
        (
            result.cell.id,
            str(result.summary.count),
            str(result.summary.worth),
            *_intervals(result.summary),
            beside_result(result),
        )
        for result in run.results
        if result.summary is not None
    ]
    titles = (f"{percentile} ms" for percentile in _FRACTIONS)
    return Table("", ("cell", "n", "worth", *titles, ""), rows)


def _intervals(summary: Summary) -> list[str]:
    intervals = (
        summary.p50_interval_seconds,
        summary.p90_interval_seconds,
        summary.p95_interval_seconds,
        summary.p99_interval_seconds,
    )
    return [
        " to ".join(milliseconds(bound) for bound in interval)
        if interval
        else _why_none(summary.count, samples_needed(fraction))
        for interval, fraction in zip(intervals, _FRACTIONS.values(), strict=True)
    ]


def _why_none(count: int, needed: int) -> str:
    return f"n/a, needs {needed}" if count < needed else f"n/a, needs {needed} independent"


def ranks_table(run: ReportedRun) -> Table | None:
    """One row a rank, times in ms; None where no launch had several.

    The rate is what the page's estimator makes of this rank's own steps; that of rank 0 is the
    published one.
    """
    rows = [
        (
            launch.cell_id,
            str(launch.record.launch),
            str(rank.rank),
            rank.host,
            rank.device,
            rate(rank.mean_of_rates),
            milliseconds(rank.mean_seconds),
            milliseconds(rank.max_seconds),
            str(rank.steps),
            milliseconds(rank.all_reduce_seconds),
            letters(launch.record.cautions),
        )
        for launch in run.launches
        for rank in launch.ranks
    ]
    return Table("", _RANK_HEADERS, rows) if rows else None


def rank_notes(run: ReportedRun) -> list[str]:
    """A line a launch: how far its ranks are apart in a step, and the share of its all-reduce."""
    notes = []
    for launch in run.launches:
        if launch.rank_spread is not None:
            text = f"{launch.name}: ranks {percent(launch.rank_spread)} apart in a step"
            if launch.all_reduce_share is not None:
                text += f"; all-reduce alone {percent(launch.all_reduce_share)} of one"
            notes.append(text)
    return notes


def doubts(run: ReportedRun) -> list[str]:
    """Every launch whose own samples or telemetry, or whose siblings, raise a doubt; the remedy."""
    own = [
        f"{launch.name}: {caution.text}"
        for launch in run.launches
        for caution in launch.record.cautions
        if caution.kind in _OF_A_LAUNCH
    ]
    beside_siblings = [
        f"{cell_id}: {caution.text}"
        for cell_id, result in run.cells.items()
        for caution in result.cautions
        if caution.kind is CautionKind.UNLIKE_SIBLINGS
    ]
    return own + beside_siblings


def last_output(run: ReportedRun) -> list[tuple[str, str]]:
    """The first few launches that failed with something printed, and what that was."""
    said = [
        (launch.name, launch.record.output_tail)
        for launch in run.launches
        if launch.record.output_tail
    ]
    return said[:_OUTPUTS_SHOWN]
