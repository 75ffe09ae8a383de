"""What the machine did while the launches of a run were measured."""

from collections.abc import Callable, Sequence

from suite.formats.numbers import MISSING, milliseconds
from suite.formats.tables import Table
from suite.model.report import ProcessTelemetry, ReportedRun
from suite.model.telemetry import Telemetry
from suite.model.training_course import TrainingCourse

_UNKNOWN = "unknown"


def _gauge(name: str, statistic: str, scale: float, decimals: int) -> Callable[[Telemetry], str]:
    def text(telemetry: Telemetry) -> str:
        gauge = telemetry.gauges.get(name)
        return MISSING if gauge is None else f"{getattr(gauge, statistic) / scale:.{decimals}f}"

    return text


def _cores(telemetry: Telemetry) -> str:
    busy = telemetry.cores_busy
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


_COLUMNS: dict[str, Callable[[Telemetry], str]] = {
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


def telemetry_facts(process: ProcessTelemetry) -> dict[str, str]:
    """What is known of one process, by the titles of the table."""
    found = {title: text(process.telemetry) for title, text in _COLUMNS.items()}
    found["others %"] = _percent(process.others_cpu_share)
    return {title: text for title, text in found.items() if text != MISSING}


def telemetry_table(run: ReportedRun) -> Table | None:
    """One row a process, without the columns this machine tells nothing of; None for no row."""
    recorded = [
        ((launch.cell_id, _numbered(launch.record.launch, process)), process)
        for launch in run.launches
        for process in launch.telemetry
    ]
    return _table(("cell", "launch"), recorded)


def parts_telemetry_table(course: TrainingCourse) -> Table | None:
    """The same of a training: one row for each process of each part."""
    recorded = [
        ((_numbered(each.part + 1, process),), process)
        for each in course.machine
        for process in each.processes
    ]
    return _table(("part",), recorded)


def _numbered(number: int, process: ProcessTelemetry) -> str:
    return str(number) + ("" if process.rank is None else f", rank {process.rank}")


def _table(
    heads: tuple[str, ...], recorded: Sequence[tuple[tuple[str, ...], ProcessTelemetry]]
) -> Table | None:
    if not recorded:
        return None
    columns = {
        title: texts
        for title, text in _COLUMNS.items()
        if set(texts := [text(process.telemetry) for _, process in recorded]) != {MISSING}
    }
    others = [_percent(process.others_cpu_share) for _, process in recorded]
    if set(others) != {MISSING}:
        columns["others %"] = others
    rows = [
        (*names, str(process.telemetry.readings), *values)
        for (names, process), *values in zip(recorded, *columns.values(), strict=True)
    ]
    return Table("", (*heads, "readings", *columns), rows)


def _percent(share: float | None) -> str:
    return MISSING if share is None else f"{share * 100:.0f}"


def telemetry_notes(run: ReportedRun) -> list[str]:
    """Where the energy comes from, what the readings cost, and what could not be read."""
    recorded = [process.telemetry for launch in run.launches for process in launch.telemetry]
    sources = dict.fromkeys(found.energy_source for found in recorded if found.energy_source)
    notes = dict.fromkeys(found.note for found in recorded if found.note)
    cost = (
        f"a reading took {milliseconds(run.reading_seconds)} ms, between steps"
        if run.reading_seconds is not None
        else ""
    )
    return [line for line in (*(f"energy: {name}" for name in sources), cost, *notes) if line]
