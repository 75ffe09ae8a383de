"""What the machine did while a launch was measured."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gauge:
    """The readings of one quantity: their mean, lowest and highest."""

    mean: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """Readings between measured steps, from after the first to after the last.

    `readings` is their number and `reading_seconds` the time they took, which lies outside every
    timed step; `seconds` and `steps` are what lies between the first reading and the last, and
    `cpu_seconds` the processor time that all threads of the process used in between.
    `others_cpu_share` is the part of the CPUs that this process may use which other processes kept
    busy meanwhile; None on a GPU, with several ranks, and in less than a second.

    `gauges` maps a quantity, unit included, to its readings: `gpu_power_watts`,
    `gpu_sm_clock_mhz`, `gpu_memory_clock_mhz`, `gpu_temperature_celsius`,
    `gpu_memory_used_bytes`, `gpu_utilisation_percent`, `cpu_frequency_mhz`, `resident_bytes`. One
    that this machine does not tell is absent. `throttling` maps each reason for which the GPU ran
    below its full clock to the share of readings that had it, and `foreign_processes` says who
    else used the GPU.

    `energy_joules` is the difference of an energy counter, `energy_source` names the counter, and
    `images_per_joule` is the images of `steps` / energy; all three are None where no counter can
    be read. `note` says what could not be read, and why.
    """

    readings: int
    reading_seconds: float
    seconds: float
    steps: int
    cpu_seconds: float
    gauges: Mapping[str, Gauge]
    throttling: Mapping[str, float]
    foreign_processes: tuple[str, ...] = ()
    energy_joules: float | None = None
    energy_source: str | None = None
    images_per_joule: float | None = None
    note: str = ""
    others_cpu_share: float | None = None
