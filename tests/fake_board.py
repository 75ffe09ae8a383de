"""A board and a file system for `suite.machine.doctor`: in good order, until a test changes one."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from suite.model.device import Cpu, Gpu, Machine

T4 = Gpu(index=0, name="Tesla T4", uuid="GPU-aaaa1111", mig=False)
CPU = Cpu(model="a CPU", cores=4, physical_cores=2, memory_bytes=2**34, features=())
WITHOUT_GPU = Machine(gpus=(), cpu=CPU, nvml="no NVIDIA driver")
WITH_GPU = Machine(gpus=(T4,), cpu=CPU, nvml="1 GPU found")

_GOVERNOR = "sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor"

# Four CPUs, the first two of them beside the only GPU, on two NUMA nodes.
FILES = {
    "sys/bus/pci/devices/0000:17:00.0/vendor": "0x10de\n",
    "sys/bus/pci/devices/0000:17:00.0/class": "0x030200\n",
    "sys/bus/pci/devices/0000:17:00.0/numa_node": "0\n",
    "sys/bus/pci/devices/0000:18:00.0/vendor": "0x8086\n",
    "sys/bus/pci/devices/0000:18:00.0/class": "0x030000\n",
    "sys/devices/system/node/node0/cpulist": "0-1\n",
    "sys/devices/system/node/node1/cpulist": "2-3\n",
    "sys/devices/system/cpu/online": "0-3\n",
    **{_GOVERNOR.format(number): "performance\n" for number in range(4)},
    "sys/devices/system/cpu/cpufreq/boost": "0\n",
    "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
    "sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc hpet acpi_pm \n",
    "proc/self/cgroup": "0::/mine\n",
    "proc/self/mountinfo": "1 2 0:3 / /groups rw - cgroup2 cgroup2 rw\n",
    "proc/meminfo": "MemTotal: 16777216 kB\nSwapTotal: 4194304 kB\nSwapFree: 4194304 kB\n",
    "groups/mine/cpu.max": "max 100000\n",
    "dev/shm/empty": "",
}


def write(root: Path, files: dict[str, str]) -> None:
    """Write files below a root; those that are there are replaced."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def give_driver(root: Path, name: str, device: str = "0000:17:00.0") -> None:
    """Bind a device to a kernel driver, in place of the one it has."""
    driver = root / "sys/bus/pci/drivers" / name
    driver.mkdir(parents=True, exist_ok=True)
    link = root / "sys/bus/pci/devices" / device / "driver"
    link.unlink(missing_ok=True)
    link.symlink_to(driver)


class FakeBoard:
    """The calls that the checks make of pynvml. A fact taken out of `facts` is not supported."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.facts: dict[str, Any] = {
            "PersistenceMode": 1,
            "CurrentClocksEventReasons": 0x2,
            "MaxClockInfo": 1590,
            "DefaultApplicationsClock": 585,
            "EnforcedPowerLimit": 70_000,
            "PowerManagementDefaultLimit": 70_000,
            "EccMode": [1, 1],
            "DefaultEccMode": 1,
            "RemappedRows": (0, 0, 0, 0),
            "CurrPcieLinkWidth": 16,
            "MaxPcieLinkWidth": 16,
            "CurrPcieLinkGeneration": 3,
            "MaxPcieLinkGeneration": 3,
            "PerformanceState": 0,
            "PciInfo": SimpleNamespace(busId="00000000:17:00.0"),
            "MemoryInfo": SimpleNamespace(used=2**28, total=2**34),
            "ComputeRunningProcesses": [],
            "ProcessUtilization": [],
        }
        self.errors = {
            pynvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED: 0,
            pynvml.NVML_MEMORY_ERROR_TYPE_CORRECTED: 0,
        }
        self.opened = 0
        patch.setattr(pynvml, "nvmlInit", lambda: self._open(1))
        patch.setattr(pynvml, "nvmlShutdown", lambda: self._open(-1))
        patch.setattr(pynvml, "nvmlDeviceGetCount", lambda: 1)
        patch.setattr(pynvml, "nvmlDeviceGetHandleByUUID", lambda _: "board")
        patch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda _: "board")
        patch.setattr(
            pynvml,
            "nvmlDeviceGetTotalEccErrors",
            lambda _, kind, since: self.errors[kind] if since == pynvml.NVML_VOLATILE_ECC else 99,
        )
        for fact in ("CurrentClocksThrottleReasons", *self.facts):
            patch.setattr(pynvml, f"nvmlDeviceGet{fact}", self._answer(fact))

    def _open(self, change: int) -> None:
        self.opened += change

    def _answer(self, fact: str) -> Callable[..., Any]:
        def call(*_: object) -> Any:
            if fact not in self.facts:
                raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
            return self.facts[fact]

        return call


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> FakeBoard:
    """A T4 in good order, with locked clocks."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return FakeBoard(monkeypatch)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a machine in good order, with 8 GiB of shared memory."""
    write(tmp_path, FILES)
    give_driver(tmp_path, "nvidia")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=8 * 2**30))
    return tmp_path
