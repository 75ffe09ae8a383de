"""Sparse readings of the machine between the measured steps of a launch.

Between steps rather than from a thread: a thread would run, and hold the interpreter lock, within
the intervals that are timed. A reading comes microseconds after the device was busy, well before
its clocks or the driver's averages of power and utilisation change.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import fmean

from suite.machine import gpu_meter, host_meter
from suite.machine.gpu_meter import GpuMeter
from suite.machine.host_meter import CpuTimes, HostMeter, cpu_seconds, cpu_times, usable_cpu_count
from suite.model.device import Gpu
from suite.model.launch import MEASURING
from suite.model.telemetry import Gauge, Telemetry, TelemetryPoint

INTERVAL_SECONDS = 1.0
# NVML updates its counters about ten times a second, too coarse for shorter measurements.
LEAST_ENERGY_SECONDS = 2.0
# A processor's energy counter wraps around: one of 262 kJ after a quarter of an hour at 300 W.
COUNTER_SECONDS = 60.0
# The system counts processor time in hundredths of a second.
LEAST_BUSY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading of the machine after `step` measured steps, at `at` seconds of the clock."""

    step: int
    at: float
    cpu_seconds: float
    gauges: dict[str, float] = field(default_factory=dict)
    throttling: tuple[str, ...] | None = None
    energy_joules: float | None = None
    cpu_times: CpuTimes | None = None


class Recorder:
    """Reads at most once a second, and once after the first and the last measured step.

    With `most_readings` it keeps no more than these: whenever there are more, it drops every second
    one and doubles the time between them. A training of days has readings all along, then, and a
    record of the same size as one of minutes.

    `gpu` is the one that the launch runs on, None for the CPU. `watch_others` also records the
    processor time of all processes, which is meaningful if this one keeps a CPU busy throughout.
    Create the recorder before the framework touches the device. A failed reading never raises: it
    ends the readings of the GPU, and the note says why.
    """

    def __init__(
        self,
        *,
        gpu: Gpu | None,
        host: HostMeter | None = None,
        watch_others: bool = False,
        most_readings: int | None = None,
        times: Callable[[], CpuTimes] = cpu_times,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._clock = clock
        self._host = host or HostMeter()
        self._uses_gpu = gpu is not None
        self._watch_others = watch_others and gpu is None
        self._times = times
        self._most_readings = most_readings
        self._interval = INTERVAL_SECONDS
        self._counted_at = clock()
        self._notes: list[str] = []
        self._gpu = self._opened(gpu) if gpu is not None else None
        self._gpu_answered = self._gpu is not None
        self._readings: list[_Reading] = []
        self._done = 0
        self._spent = 0.0

    def on_step(self, phase: str, done: int, _: int) -> None:
        """Called between steps; takes a reading if one is due."""
        if phase != MEASURING:
            return
        self._done = done
        now = self._clock()
        if not self._readings or now - self._readings[-1].at >= self._interval:
            self._read()
            self._thin_out()
        elif not self._uses_gpu and now - self._counted_at >= COUNTER_SECONDS:
            self._host.energy_joules()
            self._counted_at = now

    def finish(self, images_per_step: int) -> Telemetry | None:
        """Take a last reading and summarise; None if no step was measured.

        Where the last step was read a while ago, as an evaluation followed it, the energy since is
        counted, and the gauges stay those of then.
        """
        if self._done == 0:
            return None
        if self._readings[-1].step < self._done:
            self._read()
        elif self._clock() - self._readings[-1].at >= INTERVAL_SECONDS:
            self._read_end()
        readings, first, last = self._readings, self._readings[0], self._readings[-1]
        foreign = self._close_gpu()
        joules, why_not = self._joules()
        reported = [reading.throttling for reading in readings if reading.throttling is not None]
        return Telemetry(
            readings=len(readings),
            reading_seconds=self._spent,
            seconds=last.at - first.at,
            steps=last.step - first.step,
            cpu_seconds=last.cpu_seconds - first.cpu_seconds,
            usable_cpus=usable_cpu_count(),
            busy_cpus=_busy_cpus(first, last) if self._watch_others else None,
            stolen_share=_stolen_share(first, last),
            gauges=_gauges(readings),
            series=_series(readings),
            throttling=_shares(reported) if reported or not self._uses_gpu else None,
            throttle_readings=len(reported) if self._uses_gpu else None,
            foreign_processes=foreign,
            energy_joules=joules,
            energy_source=self._energy_source if joules else None,
            images_per_joule=(last.step - first.step) * images_per_step / joules
            if joules
            else None,
            note="; ".join(
                note for note in (*self._notes, self._throttle_note(len(reported)), why_not) if note
            ),
        )

    def _opened(self, gpu: Gpu) -> GpuMeter | None:
        try:
            return GpuMeter(gpu, os.getpid())
        except Exception as error:  # noqa: BLE001 - a number matters more than its telemetry
            self._notes.append(f"no readings of the GPU: {error}")
            return None

    def _close_gpu(self) -> tuple[str, ...] | None:
        """Stop reading the GPU; returns the foreign processes on it, None if unknown."""
        if self._gpu is None:
            return None if self._uses_gpu else ()
        try:
            foreign = self._gpu.foreign_processes()
            self._gpu.close()
        except Exception as error:  # noqa: BLE001 - a number matters more than its telemetry
            self._notes.append(f"the processes on the GPU cannot be read: {error}")
            return None
        if foreign is None:
            self._notes.append("the processes on the GPU cannot be read")
        return foreign

    def _read(self) -> None:
        began = self._clock()
        try:
            self._readings.append(self._reading(began))
        except Exception as error:  # noqa: BLE001 - a number matters more than its telemetry
            self._notes.append(f"readings ended after step {self._done}: {error}")
            self._gpu = None
            self._readings.append(_Reading(self._done, began, cpu_seconds()))
        self._spent += self._clock() - began

    def _read_end(self) -> None:
        """Read anew in place of the last reading, which keeps its gauges."""
        before = self._readings.pop()
        self._read()
        self._readings[-1] = replace(
            self._readings[-1], gauges=before.gauges, throttling=before.throttling
        )

    def _thin_out(self) -> None:
        if self._most_readings is not None and len(self._readings) > self._most_readings:
            self._readings = self._readings[::2]
            self._interval *= 2

    def _reading(self, at: float) -> _Reading:
        gauges = self._host.gauges()
        used = cpu_seconds()
        reading = _Reading(self._done, at, used, gauges)
        if not self._uses_gpu:
            reading = replace(reading, energy_joules=self._host.energy_joules())
        elif self._gpu is not None:
            reading = replace(
                reading,
                energy_joules=self._gpu.energy_joules(),
                gauges=gauges | self._gpu.gauges(),
                throttling=self._gpu.throttling(),
            )
        # Last, because it takes longest on a large machine.
        return replace(reading, cpu_times=self._cpu_times())

    def _cpu_times(self) -> CpuTimes | None:
        try:
            return self._times()
        except Exception as error:  # noqa: BLE001 - readings of the GPU go on without it
            note = f"the CPUs' times are unknown: {error}"
            if note not in self._notes:
                self._notes.append(note)
            return None

    @property
    def _energy_source(self) -> str:
        return gpu_meter.ENERGY_SOURCE if self._uses_gpu else host_meter.ENERGY_SOURCE

    def _throttle_note(self, reported: int) -> str:
        """What is unknown about throttling, given how many readings reported reasons."""
        if not self._gpu_answered or reported == len(self._readings):
            return ""
        if not reported:
            return "throttle reasons cannot be read"
        return f"throttle reasons were reported in {reported} of {len(self._readings)} readings"

    def _joules(self) -> tuple[float | None, str]:
        """Energy from the first to the last reading, or None and why."""
        first, last = self._readings[0], self._readings[-1]
        if first.energy_joules is None:
            return None, "no energy counter can be read"
        if last.energy_joules is None:
            return None, "the energy counter could not be read at the end"
        if last.at - first.at < LEAST_ENERGY_SECONDS:
            return None, f"measured for less than {LEAST_ENERGY_SECONDS:g} s, too short for energy"
        joules = last.energy_joules - first.energy_joules
        if joules <= 0:
            return None, "the energy counter " + ("went back" if joules else "did not move")
        return joules, ""


def _busy_cpus(first: _Reading, last: _Reading) -> float | None:
    """How many of the usable CPUs all processes kept busy, this one included."""
    seconds = last.at - first.at
    if first.cpu_times is None or last.cpu_times is None or seconds < LEAST_BUSY_SECONDS:
        return None
    return (last.cpu_times.busy - first.cpu_times.busy) / seconds


def _stolen_share(first: _Reading, last: _Reading) -> float | None:
    """The stolen share of the time that the CPUs wanted to run, or of one CPU's time if longer.

    That is about the share by which steps became longer, whether they keep all CPUs busy, a single
    one, or only wait for a GPU.
    """
    seconds, before, after = last.at - first.at, first.cpu_times, last.cpu_times
    if before is None or after is None or after.stolen is None or seconds < LEAST_BUSY_SECONDS:
        return None
    stolen = after.stolen - (before.stolen or 0.0)
    return max(0.0, stolen) / max(seconds, after.busy - before.busy + stolen)


def _gauges(readings: Sequence[_Reading]) -> dict[str, Gauge]:
    names = dict.fromkeys(name for reading in readings for name in reading.gauges)
    values = {
        name: [reading.gauges[name] for reading in readings if name in reading.gauges]
        for name in names
    }
    return {name: Gauge(fmean(found), min(found), max(found)) for name, found in values.items()}


def _series(readings: Sequence[_Reading]) -> tuple[TelemetryPoint, ...]:
    """Each reading, with the cores that this process kept busy since the one before."""
    points = [TelemetryPoint(step=readings[0].step, values=readings[0].gauges)]
    for before, reading in pairwise(readings):
        seconds = reading.at - before.at
        used = reading.cpu_seconds - before.cpu_seconds
        busy = {"cores_busy": used / seconds} if seconds > 0 else {}
        points.append(TelemetryPoint(step=reading.step, values=reading.gauges | busy))
    return tuple(points)


def _shares(reported: Sequence[Sequence[str]]) -> dict[str, float]:
    """The share of these readings that reported each reason."""
    reasons = [reason for reading in reported for reason in reading]
    return {reason: reasons.count(reason) / len(reported) for reason in dict.fromkeys(reasons)}
