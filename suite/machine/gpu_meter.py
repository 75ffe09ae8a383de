"""NVML's readings of the GPU that a launch runs on, and the foreign processes there."""

import time
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

from suite.model.device import Gpu

ENERGY_SOURCE = "NVML total energy counter of the GPU"

_REASONS_CALLS = (
    "nvmlDeviceGetCurrentClocksEventReasons",
    "nvmlDeviceGetCurrentClocksThrottleReasons",
)
# Bits of their answer, as in nvml.h, without bit 1 (the GPU is idle).
_REASONS = {
    0x002: "set clocks",
    0x004: "power cap",
    0x008: "hardware slowdown",
    0x010: "sync boost",
    0x020: "heat (driver)",
    0x040: "heat (hardware)",
    0x080: "power brake",
    0x100: "display clocks",
}
# An idle driver holds up to about 3 % of a GPU's memory; more belongs to a process.
_IDLE_MEMORY_SHARE = 0.05


class GpuMeter:
    """Readings of one GPU, taken by the process with this id.

    Create it before the framework touches the GPU: any process on it by then is a foreign
    one. In a container NVML reports the host's process ids, so a launch cannot recognise
    itself by its id.

    Raises:
        pynvml.NVMLError: NVML or the GPU does not answer.
    """

    def __init__(self, gpu: Gpu, own_pid: int) -> None:
        import pynvml

        self._nvml: ModuleType = pynvml
        self._own_pid = own_pid
        pynvml.nvmlInit()
        self._handle = (
            pynvml.nvmlDeviceGetHandleByUUID(gpu.uuid)
            if gpu.uuid
            else pynvml.nvmlDeviceGetHandleByIndex(gpu.index)
        )
        self._began_microseconds = time.time_ns() // 1000
        self._before = self._compute_processes()
        memory = self._asked(pynvml.nvmlDeviceGetMemoryInfo)
        self._held_bytes = memory.used if memory else 0
        self._total_bytes = memory.total if memory else 0

    def gauges(self) -> dict[str, float]:
        """Power, clocks, temperature, memory and utilisation, as far as this GPU reports them."""
        nvml, asked = self._nvml, self._asked
        milliwatts = asked(nvml.nvmlDeviceGetPowerUsage)
        memory = asked(nvml.nvmlDeviceGetMemoryInfo)
        rates = asked(nvml.nvmlDeviceGetUtilizationRates)
        found = {
            "gpu_power_watts": None if milliwatts is None else milliwatts / 1000,
            "gpu_sm_clock_mhz": asked(nvml.nvmlDeviceGetClockInfo, nvml.NVML_CLOCK_SM),
            "gpu_memory_clock_mhz": asked(nvml.nvmlDeviceGetClockInfo, nvml.NVML_CLOCK_MEM),
            "gpu_temperature_celsius": asked(
                nvml.nvmlDeviceGetTemperature, nvml.NVML_TEMPERATURE_GPU
            ),
            "gpu_memory_used_bytes": memory.used if memory else None,
            "gpu_utilisation_percent": rates.gpu if rates else None,
        }
        return {name: float(value) for name, value in found.items() if value is not None}

    def throttling(self) -> tuple[str, ...] | None:
        """Why the GPU runs below its full clock at this moment; None if it does not report that.

        NVML renamed the call in driver 535; a library, or its bindings, may have one name only.
        """
        for name in _REASONS_CALLS:
            call = getattr(self._nvml, name, None)
            bits = None if call is None else self._asked(call)
            if bits is not None:
                return tuple(reason for bit, reason in _REASONS.items() if bits & bit)
        return None

    def energy_joules(self) -> float | None:
        """The GPU's energy counter; only Volta and newer have one, and no MIG device."""
        millijoules = self._asked(self._nvml.nvmlDeviceGetTotalEnergyConsumption)
        return None if millijoules is None else millijoules / 1000

    def foreign_processes(self) -> tuple[str, ...] | None:
        """The processes on the GPU before this launch, and those that joined while it ran.

        None if none was seen and the processes could not be read both times.
        """
        now = self._compute_processes()
        before, after = self._before or {}, now or {}
        came = sorted(set(after) - set(before)) if self._before is not None else []
        # The launch itself: by its id or, if ids are the host's, any one of the new processes.
        own = self._own_pid if self._own_pid in came else next(iter(came), None)
        others = {**before, **{pid: after[pid] for pid in came if pid != own}}
        busy = self._utilisation()
        phrases = [_phrase(pid, held, busy.get(pid)) for pid, held in sorted(others.items())]
        if not phrases and self._held_bytes > _IDLE_MEMORY_SHARE * self._total_bytes:
            phrases = [
                f"an invisible process that held {self._held_bytes / 2**30:.1f} GiB beforehand"
            ]
        if not phrases and (self._before is None or now is None):
            return None
        return tuple(phrases)

    def close(self) -> None:
        """Shut NVML down."""
        with suppress(self._nvml.NVMLError):
            self._nvml.nvmlShutdown()

    def _compute_processes(self) -> dict[int, int | None] | None:
        """Bytes by process id, None if they cannot be read.

        Processes that only draw, as a desktop does, do not count.
        """
        running = self._asked(self._nvml.nvmlDeviceGetComputeRunningProcesses)
        if running is None:
            return None
        return {process.pid: process.usedGpuMemory for process in running}

    def _utilisation(self) -> dict[int, int]:
        """The highest GPU utilisation of each process in one of NVML's periods, in percent."""
        call = self._nvml.nvmlDeviceGetProcessUtilization
        most: dict[int, int] = {}
        for sample in self._asked(call, self._began_microseconds) or ():
            most[sample.pid] = max(sample.smUtil, most.get(sample.pid, 0))
        return most

    def _asked(self, call: Callable[..., Any], *arguments: object) -> Any:
        """One answer, or None if this GPU has none. A lost GPU still raises."""
        try:
            return call(self._handle, *arguments)
        except self._nvml.NVMLError_GpuIsLost:
            raise
        except self._nvml.NVMLError:
            return None


def _phrase(pid: int, held_bytes: int | None, busy_percent: int | None) -> str:
    held = f" with {held_bytes / 2**30:.1f} GiB" if held_bytes else ""
    return f"process {pid}{held}" + (f", up to {busy_percent}% of the GPU" if busy_percent else "")
