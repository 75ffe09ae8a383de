"""What the machine did while a launch was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from suite.model.quantities import (
    Count,
    GaugeValue,
    PositiveCount,
    PositiveGaugeValue,
    Seconds,
    Share,
)

Quantity = TypeVar("Quantity")


@dataclass(frozen=True, slots=True)
class Gauge:
    """The readings of one quantity: their mean, lowest and highest."""

    mean: GaugeValue
    lowest: GaugeValue
    highest: GaugeValue


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryPoint:
    """One reading of the machine, taken right after a measured step and before the next.

    `step` is the number of measured steps that were done: 1 after `step_seconds[0]`, so warm-up
    does not count. `values` maps the quantities of `Telemetry.gauges` to what was read, and
    `cores_busy` to the cores that the threads of the process kept busy on average since the
    reading before, the first of which lacks it.
    """

    step: PositiveCount
    values: Mapping[str, GaugeValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """Readings between measured steps, from after the first to after the last.

    `readings` is their number and `reading_seconds` the time they took, which lies outside every
    timed step; `seconds` and `steps` are what lies between the first reading and the last, and
    `cpu_seconds` the processor time that all threads of the process used in between.
    `busy_cpus` is how many of the `usable_cpus` that this process may use all processes together
    kept busy on average; None on a GPU, for the simulated kernel, and in less than a second.
    `stolen_share` is the part of the time these CPUs wanted to run, or of one CPU's whole time if
    that is longer, in which the hypervisor ran other machines instead; None where the kernel has
    never counted such time, and in less than a second.

    `gauges` maps a quantity, unit included, to its readings: `gpu_power_watts`,
    `gpu_sm_clock_mhz`, `gpu_memory_clock_mhz`, `gpu_temperature_celsius`,
    `gpu_memory_used_bytes`, `gpu_utilisation_percent`, `cpu_frequency_mhz`, `resident_bytes`. One
    that this machine does not report is absent.

    `throttling` maps each reason for which the GPU ran below its full clock to the share of the
    `throttle_readings` (those that reported reasons) that had it, and `foreign_processes` describes
    the foreign processes on the GPU. Each is None if the GPU does not report it, and empty if there
    was none, or no GPU. `throttle_readings` is None on a CPU and in records of earlier versions of
    the suite, in which an empty value may also mean that nothing was reported.

    `energy_joules` is the difference of an energy counter, `energy_source` names the counter, and
    `images_per_joule` is the images of `steps` / energy; all three are None if no counter can
    be read. `note` says what could not be read, and why.

    `series` has each of the `readings` in order, at most one a second besides the last; empty in
    records of earlier versions of the suite. A rank counts its own steps.
    """

    readings: Count
    reading_seconds: Seconds
    seconds: Seconds
    steps: Count
    cpu_seconds: Seconds
    gauges: Mapping[str, Gauge]
    throttling: Mapping[str, Share] | None
    throttle_readings: Count | None = None
    foreign_processes: tuple[str, ...] | None = ()
    energy_joules: PositiveGaugeValue | None = None
    energy_source: str | None = None
    images_per_joule: PositiveGaugeValue | None = None
    note: str = ""
    usable_cpus: Count = 0
    busy_cpus: GaugeValue | None = None
    stolen_share: Share | None = None
    series: tuple[TelemetryPoint, ...] = ()

    @property
    def cores_busy(self) -> float | None:
        """How many cores the threads of the process kept busy on average; None if unknown."""
        return self.cpu_seconds / self.seconds if self.seconds else None


def without_gpu(telemetry: Telemetry, why: str) -> Telemetry:
    """The host's readings alone, for a launch that did not run on the GPU that was read."""
    return replace(
        telemetry,
        gauges=_of_the_host(telemetry.gauges),
        series=tuple(
            replace(point, values=_of_the_host(point.values)) for point in telemetry.series
        ),
        throttling={},
        throttle_readings=None,
        foreign_processes=(),
        energy_joules=None,
        energy_source=None,
        images_per_joule=None,
        note=why,
    )


def _of_the_host(quantities: Mapping[str, Quantity]) -> dict[str, Quantity]:
    return {name: each for name, each in quantities.items() if not name.startswith("gpu_")}


def others_cpu_share(launch_telemetry: Sequence[Telemetry]) -> float | None:
    """The share of the CPUs that foreign processes kept busy beside a launch's processes on a host.

    None if unknown. Ranks that are bound to CPUs of their own are counted as if they shared them,
    which underestimates the foreign share rather than overestimating it.
    """
    own = sum(each.cpu_seconds / each.seconds for each in launch_telemetry if each.seconds)
    shares = [
        (each.busy_cpus - own) / each.usable_cpus
        for each in launch_telemetry
        if each.busy_cpus is not None
    ]
    return max(0.0, *shares) if shares and len(shares) == len(launch_telemetry) else None
