"""suite.machine.telemetry: what is read between steps, and that no fault of it costs a number."""

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pynvml
import pytest

from suite.analysis.cautions import contention, measured_cautions
from suite.machine import telemetry
from suite.machine.host_meter import CpuTimes, HostMeter, cpu_times, usable_cpu_count
from suite.machine.telemetry import Recorder
from suite.model.device import Gpu
from suite.model.launch import CautionKind
from suite.model.telemetry import Telemetry, others_cpu_share, without_gpu

T4 = Gpu(index=0, name="Tesla T4", uuid="GPU-aaaa1111")
OURS, THEIRS = os.getpid(), 1


class FakeGpu:
    """The calls that the recorder makes of pynvml, answered by a GPU that a test can change."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self.fault: int | None = None
        self.facts: dict[str, Any] = {
            "PowerUsage": 70_000,
            "MemoryInfo": SimpleNamespace(used=2**28, total=2**34),
            "UtilizationRates": SimpleNamespace(gpu=97),
            "ClockInfo": 1350,
            "Temperature": 61,
            "CurrentClocksEventReasons": 0x4,
            "CurrentClocksThrottleReasons": 0x4,
            "TotalEnergyConsumption": 1_000_000,
            "ComputeRunningProcesses": [],
            "ProcessUtilization": [],
        }
        patch.setattr(pynvml, "nvmlInit", lambda: None)
        patch.setattr(pynvml, "nvmlShutdown", lambda: None)
        patch.setattr(pynvml, "nvmlDeviceGetHandleByUUID", self._handle)
        for fact in self.facts:
            patch.setattr(pynvml, f"nvmlDeviceGet{fact}", self._answer(fact))

    def _handle(self, uuid: str) -> str:
        if self.fault is not None:
            raise pynvml.NVMLError(self.fault)
        return uuid

    def _answer(self, fact: str) -> Callable[..., Any]:
        def call(handle: str, *_: object) -> Any:
            assert handle == T4.uuid
            if self.fault is not None:
                raise pynvml.NVMLError(self.fault)
            if fact not in self.facts:
                raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
            return self.facts[fact]

        return call

    def forget(self, fact: str) -> None:
        """From now on a call that this library does not have."""

        def call(*_: object) -> None:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_FUNCTION_NOT_FOUND)

        self._patch.setattr(pynvml, f"nvmlDeviceGet{fact}", call)

    def run_process(self, *pids: int) -> None:
        self.facts["ComputeRunningProcesses"] = [
            SimpleNamespace(pid=pid, usedGpuMemory=2**31) for pid in pids
        ]


class Measurement:
    """A recorder on a clock that a test moves: one step takes as long as it says."""

    def __init__(self, gpu: Gpu | None, host: HostMeter | None = None) -> None:
        self.now = 0.0
        self.done = 0
        self.recorder = Recorder(gpu=gpu, host=host, clock=lambda: self.now)

    def steps(self, count: int, seconds: float, each: Callable[[], None] | None = None) -> None:
        for _ in range(count):
            self.now += seconds
            self.done += 1
            if each is not None:
                each()
            self.recorder.on_step("measuring", self.done, 1000)

    def finish(self, images_per_step: int = 8) -> Telemetry:
        found = self.recorder.finish(images_per_step)
        assert found is not None
        return found


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeGpu:
    """A T4 at its power cap, with nobody on it."""
    return FakeGpu(monkeypatch)


@pytest.mark.usefixtures("fake")
def test_readings_are_sparse() -> None:
    """After the first step, then once a second at most, and after the last."""
    measurement = Measurement(T4)
    measurement.recorder.on_step("warm-up", 1, 1)
    measurement.steps(35, 0.1)
    found = measurement.finish()

    assert found.readings == 5
    assert found.steps == 34
    assert found.seconds == pytest.approx(3.4)
    assert found.gauges["gpu_power_watts"].mean == 70
    assert found.gauges["gpu_sm_clock_mhz"].lowest == 1350
    assert found.gauges["gpu_memory_used_bytes"].highest == 2**28
    assert found.gauges["gpu_utilisation_percent"].mean == 97


def test_each_reading_is_kept_with_the_step_that_it_follows(fake: FakeGpu) -> None:
    """Counted without the warm-up, so that a clock can be drawn under the steps."""

    def slow_down() -> None:
        fake.facts["ClockInfo"] -= 10

    measurement = Measurement(T4)
    measurement.recorder.on_step("warm-up", 1, 1)
    measurement.steps(35, 0.125, slow_down)
    found = measurement.finish()

    assert [point.step for point in found.series] == [1, 9, 17, 25, 33, 35]
    clocks = [point.values["gpu_sm_clock_mhz"] for point in found.series]
    assert clocks == [1340, 1260, 1180, 1100, 1020, 1000]
    gauge = found.gauges["gpu_sm_clock_mhz"]
    assert (gauge.highest, gauge.lowest) == (clocks[0], clocks[-1])
    assert {point.values["gpu_power_watts"] for point in found.series} == {70}


def test_readings_of_a_cpu_say_how_many_cores_were_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Since the reading before, so the first says nothing of it; other quantities are as read."""
    spent = iter([5.0, 7.0, 7.5])
    monkeypatch.setattr(telemetry, "cpu_seconds", lambda: next(spent))
    measurement = Measurement(None)
    measurement.steps(17, 0.125)
    series = measurement.finish().series

    assert [point.step for point in series] == [1, 9, 17]
    assert [point.values.get("cores_busy") for point in series] == pytest.approx([None, 2.0, 0.5])
    assert all(point.values["resident_bytes"] > 0 for point in series)


@pytest.mark.usefixtures("fake")
def test_a_reading_that_failed_is_a_point_without_values() -> None:
    """What is drawn has a gap there, rather than a line through a value that nobody read."""

    class Forgetful(HostMeter):
        def gauges(self) -> dict[str, float]:
            if measurement.done > 1:
                raise OSError("gone")
            return {"resident_bytes": 1.0}

    measurement = Measurement(T4, Forgetful())
    measurement.steps(12, 0.125)
    first, *others = measurement.finish().series

    assert first.values["resident_bytes"] == 1
    assert [(point.step, set(point.values)) for point in others] == [
        (9, {"cores_busy"}),
        (12, {"cores_busy"}),
    ]


def test_energy_is_the_difference_of_the_counter(fake: FakeGpu) -> None:
    """Images per joule are those of the steps between the first and the last reading."""

    def heat() -> None:
        fake.facts["TotalEnergyConsumption"] += 7_000

    measurement = Measurement(T4)
    measurement.steps(41, 0.1, heat)
    found = measurement.finish(images_per_step=8)

    assert found.energy_joules == pytest.approx(280)
    assert found.images_per_joule == pytest.approx(40 * 8 / 280)
    assert found.energy_source == "NVML total energy counter of the GPU"


@pytest.mark.usefixtures("fake")
def test_a_short_launch_has_no_energy() -> None:
    """A counter that moves ten times a second cannot tell the energy of one second."""
    measurement = Measurement(T4)
    measurement.steps(11, 0.1)
    found = measurement.finish()

    assert (found.energy_joules, found.energy_source, found.images_per_joule) == (None, None, None)
    assert "too short for energy" in found.note


def test_what_a_gpu_does_not_tell_is_absent(fake: FakeGpu) -> None:
    """A missing counter is null with a note, never 0 joules; a missing gauge is left out."""
    del fake.facts["TotalEnergyConsumption"]
    del fake.facts["PowerUsage"]
    measurement = Measurement(T4)
    measurement.steps(30, 0.1)
    found = measurement.finish()

    assert "gpu_power_watts" not in found.gauges
    assert "gpu_temperature_celsius" in found.gauges
    assert found.energy_joules is None
    assert found.note == "no energy counter can be read"


@pytest.mark.parametrize(
    "fault",
    [
        pynvml.NVML_ERROR_GPU_IS_LOST,
        pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH,
        pynvml.NVML_ERROR_UNKNOWN,
    ],
)
def test_a_fault_before_or_while_measuring_ends_nothing(fake: FakeGpu, fault: int) -> None:
    """The launch goes on with the host's readings, and the note names a lost GPU."""
    healthy = Measurement(T4)
    healthy.steps(15, 0.125)
    fake.fault = fault
    healthy.steps(15, 0.125)
    began, found = Measurement(T4), healthy.finish()
    began.steps(30, 0.1)

    assert found.readings == 5
    assert found.energy_joules is None
    assert found.gauges["gpu_power_watts"].mean == 70
    assert "resident_bytes" in began.finish().gauges
    assert began.finish().note.startswith("no readings of the GPU: ")
    if fault == pynvml.NVML_ERROR_GPU_IS_LOST:
        assert "readings ended after step 17: GPU is lost" in found.note


@pytest.mark.parametrize(
    ("bits", "told", "kinds"),
    [
        (0x1, {}, []),
        (0x4, {"power cap": 1.0}, []),
        (0x44, {"power cap": 1.0, "heat (hardware)": 1.0}, [CautionKind.THROTTLED]),
        (0x80, {"power brake": 1.0}, [CautionKind.THROTTLED]),
    ],
)
def test_throttling_is_a_caution_and_a_power_cap_is_not(
    fake: FakeGpu, bits: int, told: dict[str, float], kinds: list[CautionKind]
) -> None:
    """Every reason is kept; only those that slow a GPU against its making are a doubt."""
    fake.facts["CurrentClocksEventReasons"] = bits
    measurement = Measurement(T4)
    measurement.steps(3, 0.1)
    found = measurement.finish()

    assert (found.throttling, found.throttle_readings) == (told, found.readings)
    assert [caution.kind for caution in measured_cautions((), found)] == kinds


@pytest.mark.parametrize("missing", ["CurrentClocksEventReasons", "CurrentClocksThrottleReasons"])
@pytest.mark.parametrize("by", ["library", "bindings"])
def test_either_name_of_the_throttle_reasons_will_do(
    fake: FakeGpu, monkeypatch: pytest.MonkeyPatch, missing: str, by: str
) -> None:
    """Drivers before 535 have the older name only, and a later one may drop it."""
    for name in ("CurrentClocksEventReasons", "CurrentClocksThrottleReasons"):
        fake.facts[name] = 0x40
    if by == "library":
        fake.forget(missing)
    else:
        monkeypatch.delattr(pynvml, f"nvmlDeviceGet{missing}")
    measurement = Measurement(T4)
    measurement.steps(3, 0.1)

    assert measurement.finish().throttling == {"heat (hardware)": 1.0}


def test_a_gpu_that_does_not_tell_why_is_not_unthrottled(fake: FakeGpu) -> None:
    """Unknown is not none: it is a value of its own with a note, and no caution."""
    fake.forget("CurrentClocksEventReasons")
    fake.forget("CurrentClocksThrottleReasons")
    measurement = Measurement(T4)
    measurement.steps(3, 0.1)
    found = measurement.finish()

    assert (found.throttling, found.throttle_readings) == (None, 0)
    assert "throttle reasons cannot be read" in found.note
    assert measured_cautions((), found) == ()


def test_shares_of_throttling_are_of_the_readings_that_told(fake: FakeGpu) -> None:
    """Readings without a result are neither throttled nor unthrottled, and are counted."""
    fake.facts["CurrentClocksEventReasons"] = 0x40
    measurement = Measurement(T4)
    measurement.steps(10, 0.125)
    del fake.facts["CurrentClocksEventReasons"], fake.facts["CurrentClocksThrottleReasons"]
    measurement.steps(15, 0.125)
    found = measurement.finish()
    (caution,) = measured_cautions((), found)

    assert (found.readings, found.throttle_readings) == (4, 2)
    assert found.throttling == {"heat (hardware)": 1.0}
    assert "throttle reasons were reported in 2 of 4 readings" in found.note
    assert "heat (hardware) in 100% of 2 readings" in caution.text


def test_a_cpu_has_no_gpu_to_tell_of() -> None:
    """Without a GPU nothing is unknown of it."""
    measurement = Measurement(None)
    measurement.steps(3, 0.1)
    found = measurement.finish()

    assert (found.throttling, found.throttle_readings, found.foreign_processes) == ({}, None, ())
    assert "throttle" not in found.note


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, None, None),
        ((), None, None),
        (None, (THEIRS, OURS), None),
        ((THEIRS,), None, ("process 1 with 2.0 GiB",)),
    ],
)
def test_processes_that_cannot_be_read_are_unknown(
    fake: FakeGpu,
    before: tuple[int, ...] | None,
    after: tuple[int, ...] | None,
    told: tuple[str, ...] | None,
) -> None:
    """Nobody is claimed to be alone by a driver that does not say; whoever was seen is named."""

    def show(processes: tuple[int, ...] | None) -> None:
        if processes is None:
            fake.facts.pop("ComputeRunningProcesses", None)
        else:
            fake.run_process(*processes)

    show(before)
    measurement = Measurement(T4)
    show(after)
    measurement.steps(3, 0.1)
    found = measurement.finish()

    assert found.foreign_processes == told
    assert ("the processes on the GPU cannot be read" in found.note) is (told is None)


def test_memory_held_is_told_where_processes_are_not(fake: FakeGpu) -> None:
    """What is known of others does not get lost in what is not."""
    del fake.facts["ComputeRunningProcesses"]
    fake.facts["MemoryInfo"] = SimpleNamespace(used=2**32, total=2**34)
    measurement = Measurement(T4)
    measurement.steps(3, 0.1)

    assert measurement.finish().foreign_processes == (
        "an invisible process that held 4.0 GiB beforehand",
    )


@pytest.mark.usefixtures("fake")
def test_readings_of_a_gpu_that_did_not_run_are_left_out() -> None:
    """A launch on the CPU keeps the host's readings and none of the GPU beside it."""
    measurement = Measurement(T4)
    measurement.steps(3, 0.1)
    found = without_gpu(measurement.finish(), "the launch ran elsewhere")

    assert set(found.gauges) <= {"resident_bytes", "cpu_frequency_mhz"}
    assert (found.throttling, found.throttle_readings, found.energy_joules) == ({}, None, None)
    assert found.note == "the launch ran elsewhere"


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (1_000_000, "the energy counter did not move"),
        (5, "the energy counter went back"),
        (None, "the energy counter could not be read at the end"),
    ],
)
def test_why_there_is_no_energy_is_told(fake: FakeGpu, last: int | None, words: str) -> None:
    """A counter that stands, starts anew or falls silent is no energy, each in its own words."""
    measurement = Measurement(T4)
    measurement.steps(15, 0.1)
    if last is None:
        del fake.facts["TotalEnergyConsumption"]
    else:
        fake.facts["TotalEnergyConsumption"] = last
    measurement.steps(15, 0.1)
    found = measurement.finish()

    assert (found.energy_joules, found.note) == (None, words)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ((), (OURS,), ()),
        ((), (999_999,), ()),  # in a container, NVML numbers us as the host does
        ((), (), ()),
        ((THEIRS,), (THEIRS, OURS), ("process 1 with 2.0 GiB",)),
        ((THEIRS,), (OURS,), ("process 1 with 2.0 GiB",)),
        ((), (THEIRS, OURS), ("process 1 with 2.0 GiB",)),
    ],
)
def test_somebody_else_on_the_gpu_is_a_caution(
    fake: FakeGpu, before: tuple[int, ...], after: tuple[int, ...], told: tuple[str, ...]
) -> None:
    """Others are told from the launch itself, whichever came first."""
    fake.run_process(*before)
    measurement = Measurement(T4)
    fake.run_process(*after)
    measurement.steps(3, 0.1)
    found = measurement.finish()
    kinds = [caution.kind for caution in measured_cautions((), found)]

    assert found.foreign_processes == told
    assert kinds == ([CautionKind.FOREIGN_PROCESS] if told else [])


def test_what_somebody_else_does_on_the_gpu_is_told(fake: FakeGpu) -> None:
    """The most of the GPU that a foreign process used, where NVML tells; our own is no matter."""
    fake.run_process(THEIRS)
    measurement = Measurement(T4)
    fake.run_process(THEIRS, OURS)
    fake.facts["ProcessUtilization"] = [
        SimpleNamespace(pid=pid, smUtil=share)
        for pid, share in ((THEIRS, 12), (THEIRS, 37), (OURS, 99))
    ]
    measurement.steps(3, 0.1)

    assert measurement.finish().foreign_processes == (
        "process 1 with 2.0 GiB, up to 37% of the GPU",
    )


def test_memory_held_by_nobody_in_sight_is_a_caution(fake: FakeGpu) -> None:
    """A process in another container is not listed, but its memory is."""
    fake.facts["MemoryInfo"] = SimpleNamespace(used=2**32, total=2**34)
    measurement = Measurement(T4)
    measurement.steps(3, 0.1)

    assert measurement.finish().foreign_processes == (
        "an invisible process that held 4.0 GiB beforehand",
    )


@pytest.mark.usefixtures("fake")
def test_no_measured_step_is_no_telemetry() -> None:
    """A launch that ends in its warm-up has nothing to tell."""
    measurement = Measurement(T4)
    measurement.recorder.on_step("warm-up", 1, 1)

    assert measurement.recorder.finish(8) is None


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """Two packages with a RAPL counter each, a part of one, and the clock of every CPU."""
    for name, kind in (("0", "package-0"), ("1", "package-1"), ("0:0", "core")):
        zone = tmp_path / f"intel-rapl:{name}"
        zone.mkdir()
        (zone / "name").write_text(kind + "\n")
        (zone / "energy_uj").write_text("900000000\n")
        (zone / "max_energy_range_uj").write_text("1000000000\n")
    for number in range(64):
        folder = tmp_path / f"cpu{number}" / "cpufreq"
        folder.mkdir(parents=True)
        (folder / "scaling_cur_freq").write_text("2500000\n")
    return tmp_path


def test_a_processor_tells_energy_and_clock(host: Path) -> None:
    """Packages are added up, parts are not counted twice, and a counter may start anew."""
    measurement = Measurement(None, HostMeter(host, host))
    measurement.steps(15, 0.1)
    (host / "intel-rapl:0" / "energy_uj").write_text("50000000\n")  # 150 J, over the top
    (host / "intel-rapl:1" / "energy_uj").write_text("950000000\n")  # 50 J
    measurement.steps(16, 0.1)
    found = measurement.finish(images_per_step=10)

    assert found.energy_joules == pytest.approx(200)
    assert found.images_per_joule == pytest.approx(300 / 200)
    assert found.energy_source is not None
    assert found.energy_source.startswith("RAPL")
    assert found.gauges["cpu_frequency_mhz"].mean == 2500


def test_a_counter_that_only_root_may_read_is_null(host: Path) -> None:
    """One package of two is not the energy of the processor."""
    (host / "intel-rapl:1" / "energy_uj").unlink()
    measurement = Measurement(None, HostMeter(host, host))
    measurement.steps(31, 0.1)

    assert measurement.finish().energy_joules is None


def test_this_machine_tells_memory_and_processor_time() -> None:
    """The real host answers."""
    measurement = Measurement(None)
    measurement.steps(31, 0.1)
    found = measurement.finish()

    assert found.gauges["resident_bytes"].mean > 1e6
    assert found.cpu_seconds >= 0


@pytest.mark.parametrize(
    ("cores", "told"),
    [(0.45, []), (0.75, [CautionKind.CONTENDED])],
)
def test_other_processes_on_the_cpu_are_a_caution(
    monkeypatch: pytest.MonkeyPatch, cores: float, told: list[CautionKind]
) -> None:
    """Their processor time is that of all less the launch's own; a tenth of five CPUs is borne."""
    used = {"all": 100.0, "own": 3.0}
    monkeypatch.setattr(telemetry, "cpu_seconds", lambda: used["own"])
    monkeypatch.setattr(telemetry, "usable_cpu_count", lambda: 5)
    now = 0.0
    times = lambda: CpuTimes(used["all"], None)  # noqa: E731
    recorder = Recorder(gpu=None, watch_others=True, times=times, clock=lambda: now)
    for done in range(1, 22):
        recorder.on_step("measuring", done, 21)
        now += 0.1
        used["own"] += 0.4
        used["all"] += 0.4 + 0.1 * cores
    found = recorder.finish(8)

    assert found is not None
    assert others_cpu_share([found]) == pytest.approx(cores / 5)
    caution = contention([found])
    assert ([] if caution is None else [caution.kind]) == told
    if caution is not None:
        assert caution.text.startswith("foreign processes kept 15% of the CPU busy; end them")


@pytest.mark.usefixtures("fake")
def test_others_are_not_judged_where_they_cannot_be() -> None:
    """On a GPU, unasked, or in less than a second there is no share, and no caution."""
    on_gpu = Measurement(T4)
    unasked, short = Measurement(None), Measurement(None)
    short.recorder = Recorder(gpu=None, watch_others=True, clock=lambda: short.now)
    on_gpu.recorder = Recorder(gpu=T4, watch_others=True, clock=lambda: on_gpu.now)
    for measurement, count in ((on_gpu, 31), (unasked, 31), (short, 5)):
        measurement.steps(count, 0.1)

        found = measurement.finish()

        assert found.busy_cpus is None
        assert others_cpu_share([found]) is None
        assert contention([found]) is None


def stat_file(folder: Path, *stolen: int) -> None:
    """A /proc/stat in which every CPU was busy for 10 s; stolen is in hundredths of a second."""
    lines = [f"cpu{number} 400 100 300 9000 0 100 100 {s} 0 0" for number, s in enumerate(stolen)]
    total = f"cpu  400 100 300 9000 0 100 100 {sum(stolen)} 0 0"
    (folder / "stat").write_text("\n".join([total, *lines, ""]))


def test_stolen_time_is_that_of_theusable_cpus(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What the hypervisor took from CPUs that this process may not use is not its loss."""
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 2})
    stat_file(tmp_path, 150, 7000, 50)

    assert cpu_times().busy == pytest.approx(20)
    assert cpu_times().stolen == pytest.approx(2)


def test_stolen_time_that_the_kernel_never_counted_is_unknown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Zero on every CPU since the start is no proof that none was stolen; zero on some is."""
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    stat_file(tmp_path, 0, 0)
    never = cpu_times().stolen
    stat_file(tmp_path, 0, 1)

    assert never is None
    assert cpu_times().stolen == 0


@pytest.mark.parametrize(
    ("busy", "before", "stolen", "share"),
    [
        (14.0, 3.0, 6.0, 0.3),  # of two CPUs that wanted to run all the time
        (7.0, 3.0, 3.0, 0.3),  # of one that did
        (1.0, 3.0, 0.5, 0.05),  # of one that mostly waited, of its whole time
        (9.9, None, 0.1, 0.01),  # the first that the kernel ever counted
        (10.0, 3.0, 0.0, 0.0),
        (10.0, 3.0, None, None),
    ],
)
def test_the_share_of_stolen_time(
    busy: float, before: float | None, stolen: float | None, share: float | None
) -> None:
    """It is about the part by which ten seconds of steps became longer, on a GPU as on a CPU."""
    after = None if stolen is None else (before or 0.0) + stolen
    measurement = Measurement(None)
    moments = iter([CpuTimes(100.0, before), CpuTimes(100.0 + busy, after)])
    measurement.recorder = Recorder(
        gpu=None, times=lambda: next(moments), clock=lambda: measurement.now
    )
    measurement.steps(2, 0.0)
    measurement.now = 10.0
    found = measurement.finish()

    assert found.stolen_share == (None if share is None else pytest.approx(share))
    told = [caution.kind for caution in measured_cautions((), found)]
    assert told == ([CautionKind.STOLEN] if share and share > 0.02 else [])


@pytest.mark.usefixtures("fake")
def test_processor_times_that_cannot_be_read_cost_no_other_reading() -> None:
    """A sandbox may hide /proc/stat: the GPU is read all the same, a note says what is not."""

    def hidden() -> CpuTimes:
        raise PermissionError("/proc/stat is hidden")

    measurement = Measurement(T4)
    measurement.recorder = Recorder(gpu=T4, times=hidden, clock=lambda: measurement.now)
    measurement.steps(31, 0.1)
    found = measurement.finish()

    assert found.gauges["gpu_power_watts"].mean == 70
    assert found.stolen_share is None
    assert found.note.startswith("the CPUs' times are unknown: /proc/stat is hidden")


def test_a_launch_of_less_than_a_second_has_no_share_of_stolen_time() -> None:
    """Hundredths of a second are too coarse for it."""
    measurement = Measurement(None)
    moments = iter([CpuTimes(100.0, 0.0), CpuTimes(101.0, 0.5)])
    measurement.recorder = Recorder(
        gpu=None, times=lambda: next(moments), clock=lambda: measurement.now
    )
    measurement.steps(2, 0.45)

    assert measurement.finish().stolen_share is None


def test_the_real_counters_tell_who_was_busy() -> None:
    """A process that spins for over a second is seen by one that waits for it."""
    spin = "import time\nwhile time.process_time() < 1.2: pass"
    recorder = Recorder(gpu=None, watch_others=True)
    recorder.on_step("measuring", 1, 2)
    subprocess.run([sys.executable, "-c", spin], check=True)
    recorder.on_step("measuring", 2, 2)
    found = recorder.finish(8)

    assert found is not None
    share = others_cpu_share([found])
    assert share is not None
    # Of a second and more; a hypervisor may have taken some of it away.
    assert share * usable_cpu_count() * found.seconds > 0.3


@pytest.mark.usefixtures("fake")
def test_a_long_training_keeps_few_readings_of_all_of_it() -> None:
    """Whenever there are too many every second one goes, and the next come half as often."""
    measurement = Measurement(T4)
    measurement.recorder = Recorder(gpu=T4, clock=lambda: measurement.now, most_readings=10)
    measurement.steps(1000, 1.0)
    found = measurement.finish()
    steps = [point.step for point in found.series]

    assert 5 <= len(steps) <= 11
    assert (steps[0], steps[-1]) == (1, 1000)
    assert {later - step for step, later in pairwise(steps[:-1])} == {128}
    assert found.steps == 999


def test_what_follows_the_last_step_takes_energy(fake: FakeGpu) -> None:
    """An evaluation and a checkpoint: their joules count, and the gauges stay those of the step."""
    measurement = Measurement(T4)
    fake.facts["TotalEnergyConsumption"] = 0
    measurement.steps(4, 1.0)
    fake.facts["TotalEnergyConsumption"] = 900_000
    fake.facts["PowerUsage"] = 5_000
    measurement.now += 10
    found = measurement.finish()

    assert found.energy_joules == pytest.approx(900)
    assert found.seconds == pytest.approx(13)
    assert found.gauges["gpu_power_watts"].lowest == 70
    assert [point.step for point in found.series] == [1, 2, 3, 4]


def test_a_processors_counter_is_read_before_it_wraps_twice(host: Path) -> None:
    """However far apart the readings that are kept: 60 J a minute, of a counter of 100 J."""
    (host / "intel-rapl:1" / "energy_uj").unlink()
    (host / "intel-rapl:1" / "name").unlink()
    counter = host / "intel-rapl:0"
    (counter / "max_energy_range_uj").write_text("100000000")
    (counter / "energy_uj").write_text("0")
    meter = HostMeter(powercap=host, cpus=host)
    measurement = Measurement(None, meter)
    measurement.recorder = Recorder(
        gpu=None, host=meter, clock=lambda: measurement.now, most_readings=2
    )

    def spend() -> None:
        (counter / "energy_uj").write_text(str(measurement.done * 60_000_000 % 100_000_000))

    measurement.steps(20, 60.0, spend)
    found = measurement.finish()

    assert found.readings <= 4
    assert found.energy_joules == pytest.approx(19 * 60)
