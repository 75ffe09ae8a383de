"""What is known about each launch of a run: how it spent its time, and what the machine did."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from suite.analysis.intervals import samples_needed
from suite.analysis.steadiness import (
    FEWEST_STEPS,
    FOUND,
    FOUND_NOISE,
    FOUND_START_STEPS,
    FOUND_STEPS,
    Pattern,
    is_judged,
)
from suite.analysis.summary import launch_summary
from suite.formats.marks import letters, marks_and_launches
from suite.formats.numbers import MISSING, duration, milliseconds, percent, rate
from suite.formats.tables import Table
from suite.model.launch import Caution, CautionKind, Launch, Status
from suite.model.run import CellResult
from suite.model.summary import Summary
from suite.model.telemetry import Telemetry, others_cpu_share

_LAUNCH_HEADERS = (
    "cell", "launch", "status", "img/s", "started by", "import s", "build s", "compile s",
    "warm-up", "measured", "wall", "steady", "",
)  # fmt: skip

# Failures of one run are often alike.
_OUTPUTS_SHOWN = 5
_UNKNOWN = "unknown"
_FRACTIONS = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}


def launches_table(launches: Sequence[Launch]) -> Table:
    """One row a launch: status, startup by phase, warm-up and measured steps, steadiness."""
    return Table("", _LAUNCH_HEADERS, [_launch_row(launch) for launch in launches])


def _launch_row(launch: Launch) -> tuple[str, ...]:
    startup, summary = launch.startup_seconds, launch_summary(launch)
    return (
        launch.cell.id,
        str(launch.launch),
        launch.status.value.replace("_", " "),
        rate(summary.images_per_second if summary else None),
        launch.started_by.value if launch.started_by else MISSING,
        *(
            f"{startup[phase]:.1f}" if phase in startup else MISSING
            for phase in ("import", "build", "compile")
        ),
        f"{len(launch.warmup_seconds)} in {duration(sum(launch.warmup_seconds))}",
        f"{len(launch.step_seconds)} in {duration(sum(launch.step_seconds))}",
        duration(launch.wall_seconds),
        _steadiness(launch),
        letters(launch.cautions),
    )


def spread_table(launches: Sequence[Launch]) -> Table | None:
    """How far the launches of a cell are apart; None where no cell has two good ones."""
    rates: dict[str, list[float]] = {}
    doubts: dict[str, list[Caution]] = {}
    for launch in launches:
        summary = launch_summary(launch)
        if launch.status is Status.OK and summary is not None:
            rates.setdefault(launch.cell.id, []).append(summary.images_per_second)
            doubts.setdefault(launch.cell.id, []).extend(launch.cautions)
    rows = [
        (
            cell,
            str(len(found)),
            *(rate(value) for value in (min(found), median(found), max(found))),
            percent((max(found) - min(found)) / median(found)),
            letters(doubts[cell]),
        )
        for cell, found in rates.items()
        if len(found) > 1
    ]
    headers = ("cell", "launches", "lowest img/s", "median", "highest", "apart", "")
    return Table("", headers, rows) if rows else None


def _steadiness(launch: Launch) -> str:
    if not is_judged(launch.step_seconds):
        return f"n/a, needs {FEWEST_STEPS}" if launch.status is Status.OK else MISSING
    unsteady = any(caution.kind is CautionKind.UNSTEADY for caution in launch.cautions)
    return "no" if unsteady else "yes"


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


def intervals_table(results: Sequence[CellResult]) -> Table:
    """The 95 % interval of each percentile in ms, or what the samples lack for one."""
    rows = [
        (
            result.cell.id,
            str(result.summary.count),
            str(result.summary.worth),
            *_intervals(result.summary),
            marks_and_launches(result),
        )
        for result in results
        if result.summary is not None
    ]
    return Table("", ("cell", "n", "worth", *_FRACTIONS, ""), rows)


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


def _gauge(name: str, statistic: str, scale: float, decimals: int) -> Callable[[Telemetry], str]:
    def text(telemetry: Telemetry) -> str:
        gauge = telemetry.gauges.get(name)
        return MISSING if gauge is None else f"{getattr(gauge, statistic) / scale:.{decimals}f}"

    return text


def _cores(telemetry: Telemetry) -> str:
    busy = telemetry.cpu_seconds / telemetry.seconds if telemetry.seconds else None
    return MISSING if busy is None else f"{busy:.1f}"


def _stolen(telemetry: Telemetry) -> str:
    share = telemetry.stolen_share
    return MISSING if share is None else f"{share * 100:.1f}"


def _throttling(telemetry: Telemetry) -> str:
    if telemetry.throttling is None:
        return _UNKNOWN
    found = telemetry.throttling.items()
    return ", ".join(f"{reason} {share:.0%}" for reason, share in found) or _none(telemetry)


def _others_on_gpu(telemetry: Telemetry) -> str:
    if telemetry.foreign_processes is None:
        return _UNKNOWN
    return str(len(telemetry.foreign_processes) or _none(telemetry))


def _none(telemetry: Telemetry) -> str:
    """What an empty value says: nothing of a CPU or in records that did not know unknown values."""
    return MISSING if telemetry.throttle_readings is None else "none"


def _images_per_joule(telemetry: Telemetry) -> str:
    efficiency = telemetry.images_per_joule
    return MISSING if efficiency is None else f"{efficiency:.3g}"


_TELEMETRY_COLUMNS: dict[str, Callable[[Telemetry], str]] = {
    "power W": _gauge("gpu_power_watts", "mean", 1, 0),
    "peak": _gauge("gpu_power_watts", "highest", 1, 0),
    "SM MHz": _gauge("gpu_sm_clock_mhz", "mean", 1, 0),
    "least": _gauge("gpu_sm_clock_mhz", "lowest", 1, 0),
    "memory MHz": _gauge("gpu_memory_clock_mhz", "mean", 1, 0),
    "hottest °C": _gauge("gpu_temperature_celsius", "highest", 1, 0),
    "GPU busy %": _gauge("gpu_utilisation_percent", "mean", 1, 0),
    "GPU GiB": _gauge("gpu_memory_used_bytes", "highest", 2**30, 1),
    "clock held by": _throttling,
    "others on GPU": _others_on_gpu,
    "cores busy": _cores,
    "stolen %": _stolen,
    "CPU MHz": _gauge("cpu_frequency_mhz", "mean", 1, 0),
    "process GiB": _gauge("resident_bytes", "highest", 2**30, 2),
    "img/J": _images_per_joule,
}


def telemetry_table(launches: Sequence[Launch]) -> Table | None:
    """One row a launch, without the columns that this machine tells nothing of; None for no row."""
    recorded = list(_recorded(launches))
    if not recorded:
        return None
    columns = {
        title: texts
        for title, text in _TELEMETRY_COLUMNS.items()
        if set(texts := [text(process.telemetry) for process in recorded]) != {MISSING}
    }
    others = [_others(process.fellows) for process in recorded]
    if set(others) != {MISSING}:
        columns["others %"] = others
    rows = [
        (process.cell, process.launch, str(process.telemetry.readings), *values)
        for process, *values in zip(recorded, *columns.values(), strict=True)
    ]
    return Table("", ("cell", "launch", "readings", *columns), rows)


def _others(fellows: Sequence[Telemetry]) -> str:
    share = others_cpu_share(fellows)
    return MISSING if share is None else f"{share * 100:.0f}"


@dataclass(frozen=True, slots=True)
class _Recorded:
    """The telemetry of a process, and that of all of its launch on its host, itself included."""

    cell: str
    launch: str
    telemetry: Telemetry
    fellows: Sequence[Telemetry]


def _recorded(launches: Sequence[Launch]) -> Iterator[_Recorded]:
    """Each process whose telemetry is there: a launch's only one, or each of its ranks."""
    for launch in launches:
        if launch.telemetry is not None:
            yield _Recorded(
                launch.cell.id, str(launch.launch), launch.telemetry, [launch.telemetry]
            )
        for rank in launch.ranks:
            if rank.telemetry is not None:
                there = [other for other in launch.ranks if other.host == rank.host]
                fellows = [other.telemetry for other in there if other.telemetry is not None]
                name = f"{launch.launch}, rank {rank.rank}"
                yield _Recorded(launch.cell.id, name, rank.telemetry, fellows)


def telemetry_notes(launches: Sequence[Launch]) -> list[str]:
    """Where the energy comes from, what the readings cost, and what could not be read."""
    recorded = [process.telemetry for process in _recorded(launches)]
    sources = dict.fromkeys(found.energy_source for found in recorded if found.energy_source)
    notes = dict.fromkeys(found.note for found in recorded if found.note)
    readings = sum(found.readings for found in recorded)
    spent = sum(found.reading_seconds for found in recorded)
    cost = f"a reading took {spent / readings * 1e3:.2f} ms, between steps" if readings else ""
    return [line for line in (*(f"energy: {name}" for name in sources), cost, *notes) if line]


def doubts(launches: Sequence[Launch], results: Sequence[CellResult]) -> list[str]:
    """Every launch whose own samples or telemetry, or whose siblings, raise a doubt; the remedy."""
    kinds = {
        CautionKind.UNSTEADY,
        CautionKind.THROTTLED,
        CautionKind.FOREIGN_PROCESS,
        CautionKind.CONTENDED,
        CautionKind.STOLEN,
    }
    own = [
        f"{launch.cell.id}, launch {launch.launch}: {caution.text}"
        for launch in launches
        for caution in launch.cautions
        if caution.kind in kinds
    ]
    beside_siblings = [
        f"{result.cell.id}: {caution.text}"
        for result in results
        for caution in result.cautions
        if caution.kind is CautionKind.UNLIKE_SIBLINGS
    ]
    return own + beside_siblings


def last_output(launches: Sequence[Launch]) -> list[tuple[str, str]]:
    """The first few launches that failed with something printed, and what that was."""
    said = [
        (f"{launch.cell.id}, launch {launch.launch}", launch.output_tail)
        for launch in launches
        if launch.output_tail
    ]
    return said[:_OUTPUTS_SHOWN]
