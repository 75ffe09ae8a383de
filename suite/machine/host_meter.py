"""The host's readings of this process and its processor: memory, clock and energy."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

ENERGY_SOURCE = "RAPL package counters (the whole processor, other processes included)"


class HostMeter:
    """Readings of the host; either path may be missing, as in containers and without Linux."""

    def __init__(
        self,
        powercap: Path = Path("/sys/class/powercap"),
        cpus: Path = Path("/sys/devices/system/cpu"),
    ) -> None:
        self._process = psutil.Process()
        self._clock = cpus / f"cpu{_first_cpu()}" / "cpufreq" / "scaling_cur_freq"
        # intel-rapl:0 is a package; intel-rapl:0:1 is part of it and would be counted twice.
        self._counters = [
            _EnergyCounter(zone)
            for zone in sorted(powercap.glob("intel-rapl:*"))
            if zone.name.count(":") == 1 and (_line(zone / "name") or "").startswith("package")
        ]

    def gauges(self) -> dict[str, float]:
        """Resident memory and, if the kernel reports it, the clock of one CPU of this process.

        One CPU only: asking every CPU of a large machine would disturb them all.
        """
        gauges = {"resident_bytes": float(self._process.memory_info().rss)}
        kilohertz = _number(self._clock)
        if kilohertz is not None:
            gauges["cpu_frequency_mhz"] = kilohertz / 1000
        return gauges

    def energy_joules(self) -> float | None:
        """Energy that all processor packages used since the first call; None if unreadable.

        On most systems only root may read it.
        """
        spent = [counter.joules() for counter in self._counters]
        known = [joules for joules in spent if joules is not None]
        return sum(known) if known and len(known) == len(spent) else None


def cpu_seconds() -> float:
    """Processor time of all threads of this process so far."""
    return time.process_time()


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """How the CPUs that this process may use have spent their time, in seconds summed over them.

    `busy` is the processor time of all processes together. `stolen` is the time in which they had
    work and the hypervisor ran other machines instead; None if the kernel has never counted any
    on any CPU: then it does not count it, or there is no hypervisor.
    """

    busy: float
    stolen: float | None


def cpu_times() -> CpuTimes:
    """Read the times of the CPUs that this process may use, not of the whole machine."""
    usable = usable_cpus()
    everywhere = psutil.cpu_times(percpu=True)
    ours = [times for number, times in enumerate(everywhere) if number in usable]
    is_counted = any(_stolen(times) for times in everywhere)
    return CpuTimes(
        busy=sum(
            times.user
            + times.nice
            + times.system
            + getattr(times, "irq", 0.0)
            + getattr(times, "softirq", 0.0)
            for times in ours
        ),
        stolen=sum(_stolen(times) for times in ours) if is_counted else None,
    )


def _stolen(times: object) -> float:
    """Only Linux reports it."""
    return getattr(times, "steal", 0.0)


class _EnergyCounter:
    """A RAPL counter of microjoules, which wraps around to 0 above its range."""

    def __init__(self, zone: Path) -> None:
        self._file = zone / "energy_uj"
        self._range = _number(zone / "max_energy_range_uj")
        self._last = _number(self._file)
        self._sum = 0.0

    def joules(self) -> float | None:
        now = _number(self._file)
        if now is None or self._last is None:
            return None
        spent = now - self._last
        if spent < 0:
            if self._range is None:
                return None
            spent += self._range
        self._last, self._sum = now, self._sum + spent
        return self._sum / 1e6


def usable_cpu_count() -> int:
    """How many CPUs `cpu_times` covers."""
    return len(usable_cpus())


def usable_cpus() -> set[int]:
    """The CPUs that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def _first_cpu() -> int:
    return min(usable_cpus())


def _line(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None


def _number(path: Path) -> float | None:
    try:
        return float(path.read_text())
    except (OSError, ValueError):
        return None
