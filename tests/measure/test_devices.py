"""suite.measure.devices: what NVML says, and every way in which it can fail to say it."""

from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from suite.core.device import Machine, published_system
from suite.measure.devices import detect_machine

T4 = {
    "name": "Tesla T4",
    "uuid": "GPU-aaaa1111",
    "memory": 16 * 2**30,
    "capability": (7, 5),
    "milliwatts": 70_000,
}
H200 = {
    "name": b"NVIDIA H200",
    "uuid": b"GPU-bbbb2222",
    "memory": 141 * 10**9,
    "capability": (9, 0),
    "milliwatts": 700_000,
}


class FakeNvml:
    """The calls that the suite makes of pynvml, for GPUs described by dictionaries."""

    def __init__(self, gpus: list[dict[str, Any]]) -> None:
        self.gpus = gpus
        self.is_open = False

    def install(self, patch: pytest.MonkeyPatch) -> None:
        def handle(index: int) -> dict[str, Any]:
            fault = self.gpus[index].get("fault")
            if fault is not None:
                raise pynvml.NVMLError(fault)
            return self.gpus[index]

        def supported(gpu: dict[str, Any], fact: str) -> Any:
            if fact not in gpu:
                raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
            return gpu[fact]

        calls = {
            "nvmlInit": lambda: setattr(self, "is_open", True),
            "nvmlShutdown": lambda: setattr(self, "is_open", False),
            "nvmlDeviceGetCount": lambda: len(self.gpus),
            "nvmlDeviceGetHandleByIndex": handle,
            "nvmlSystemGetDriverVersion": lambda: b"550.54.15",
            "nvmlSystemGetCudaDriverVersion": lambda: 12040,
            "nvmlDeviceGetName": lambda gpu: gpu["name"],
            "nvmlDeviceGetUUID": lambda gpu: supported(gpu, "uuid"),
            "nvmlDeviceGetMemoryInfo": lambda gpu: SimpleNamespace(total=supported(gpu, "memory")),
            "nvmlDeviceGetCudaComputeCapability": lambda gpu: supported(gpu, "capability"),
            "nvmlDeviceGetEnforcedPowerLimit": lambda gpu: supported(gpu, "milliwatts"),
            "nvmlDeviceGetMigMode": lambda gpu: supported(gpu, "mig"),
            "nvmlDeviceGetComputeRunningProcesses": lambda gpu: gpu.get("processes", []),
        }
        for name, call in calls.items():
            patch.setattr(pynvml, name, call)


@pytest.fixture
def detected(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Detect a machine with the given GPUs and CUDA_VISIBLE_DEVICES."""

    def detect(*gpus: dict[str, Any], visible: str | None = None) -> Machine:
        fake = FakeNvml(list(gpus))
        fake.install(monkeypatch)
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        if visible is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        machine = detect_machine()
        assert not fake.is_open, "NVML was left open"
        return machine

    return detect


def test_a_gpu_is_described(detected: Any) -> None:
    """Name, memory, form factor, driver, capability and power limit come from NVML."""
    machine = detected({**T4, "mig": (0, 0)})
    (gpu,) = machine.gpus

    assert (gpu.name, gpu.uuid, gpu.form_factor) == ("Tesla T4", "GPU-aaaa1111", "PCIe")
    assert (gpu.memory_bytes, gpu.compute_capability) == (16 * 2**30, (7, 5))
    assert (gpu.power_limit_watts, gpu.mig) == (70.0, False)
    assert (machine.driver_version, machine.cuda_version) == ("550.54.15", "12.4")
    assert published_system(machine).key == "t4"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "form_factor"),
    [
        ("Tesla V100-SXM2-16GB", "SXM2"),
        ("NVIDIA A100-SXM4-40GB", "SXM4"),
        ("NVIDIA A100-PCIE-40GB", "PCIe"),
        ("NVIDIA H100 PCIe", "PCIe"),
        ("NVIDIA H200", None),
    ],
)
def test_the_form_factor_is_read_off_the_name(
    detected: Any, name: str, form_factor: str | None
) -> None:
    """Where the product name does not say it, it is unknown rather than guessed."""
    assert detected({"name": name}).gpus[0].form_factor == form_factor


def test_facts_that_a_driver_does_not_give_are_none(detected: Any) -> None:
    """A call that is not supported costs its fact and nothing else."""
    (gpu,) = detected({"name": "Old GPU"}).gpus

    assert gpu.name == "Old GPU"
    assert (gpu.uuid, gpu.memory_bytes, gpu.compute_capability) == (None, None, None)
    assert (gpu.power_limit_watts, gpu.mig) == (None, None)


def test_bytes_of_old_bindings_are_text(detected: Any) -> None:
    """Names and UUIDs are text whatever the bindings return."""
    assert detected(H200).gpus[0].name == "NVIDIA H200"
    assert detected(H200).gpus[0].uuid == "GPU-bbbb2222"


def test_a_gpu_that_fell_off_leaves_the_others(detected: Any) -> None:
    """A lost GPU is named, and the rest of the machine is still there."""
    machine = detected({"fault": pynvml.NVML_ERROR_GPU_IS_LOST}, T4)

    assert [gpu.index for gpu in machine.gpus] == [1]
    assert "GPU 0" in machine.nvml
    assert "lost" in machine.nvml.lower()


def test_others_on_a_gpu_are_named(detected: Any) -> None:
    """A foreign process shows with its memory; one that cannot be read keeps its number."""
    processes = [SimpleNamespace(pid=1, usedGpuMemory=2**30)]
    processes += [SimpleNamespace(pid=2**22 + 7, usedGpuMemory=None)]
    first, second = detected({**T4, "processes": processes}).gpus[0].processes

    assert (first.pid, first.memory_bytes) == (1, 2**30)
    assert first.name
    assert (second.name, second.memory_bytes) == (None, None)


@pytest.mark.parametrize(
    ("visible", "names"),
    [
        (None, ["Tesla T4", "NVIDIA H200"]),
        ("1", ["NVIDIA H200"]),
        ("1,0", ["NVIDIA H200", "Tesla T4"]),
        ("GPU-bbbb", ["NVIDIA H200"]),
        ("", []),
        ("-1", []),
        ("0,7,1", ["Tesla T4"]),
    ],
)
def test_visible_devices_are_those_of_cuda(
    detected: Any, visible: str | None, names: list[str]
) -> None:
    """The first GPU is the one TensorFlow would use; an entry that names none ends the list."""
    assert [gpu.name for gpu in detected(T4, H200, visible=visible).gpus] == names


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, "no NVIDIA driver"),
        (pynvml.NVML_ERROR_DRIVER_NOT_LOADED, "Driver Not Loaded"),
        (pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH, "RM has detected an NVML/RM version mismatch"),
        (pynvml.NVML_ERROR_NO_PERMISSION, "Insufficient Permissions"),
    ],
)
def test_a_machine_whose_nvml_fails_is_a_cpu_machine_with_a_reason(
    monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    """A missing library or a version mismatch is said in words and is never a traceback."""

    def fail() -> None:
        raise pynvml.NVMLError(code)

    monkeypatch.setattr(pynvml, "nvmlInit", fail)
    machine = detect_machine()

    assert machine.gpus == ()
    assert words in machine.nvml
    assert machine.cpu.cores >= 1
