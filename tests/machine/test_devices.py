"""suite.machine.devices: what NVML says, and every way in which it can fail to say it."""

import ctypes
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest
from builders import make_cell

from suite.machine.cuda import cuda_uuid
from suite.machine.devices import detect_machine
from suite.machine.foreign_processes import foreign_processes
from suite.model.cell import Mode, Precision
from suite.model.device import Machine, published_system, too_many_ranks
from suite.model.distributed import Distributed
from suite.model.systems import gpu_type

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

# Seven MIG devices are possible on an A100; this one is cut into two, with a gap between them.
A100_IN_TWO = {
    "name": "NVIDIA A100-SXM4-40GB",
    "uuid": "GPU-cccc3333",
    "capability": (8, 0),
    "milliwatts": 400_000,
    "mig": (1, 1),
    "parts": [
        {"name": "NVIDIA A100-SXM4-40GB MIG 1g.5gb", "uuid": "MIG-dddd", "memory": 5 * 2**30},
        None,
        {"name": "NVIDIA A100-SXM4-40GB MIG 3g.20gb", "uuid": "MIG-eeee", "memory": 20 * 2**30},
    ],
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
                raise pynvml.NVMLError(gpu.get("error", pynvml.NVML_ERROR_NOT_SUPPORTED))
            return gpu[fact]

        def mig_device(gpu: dict[str, Any], number: int) -> dict[str, Any]:
            part: dict[str, Any] | None = gpu["parts"][number]
            if part is None:
                raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
            return part

        calls = {
            "nvmlInit": lambda: setattr(self, "is_open", True),
            "nvmlShutdown": lambda: setattr(self, "is_open", False),
            "nvmlDeviceGetCount": lambda: len(self.gpus),
            "nvmlDeviceGetHandleByIndex": handle,
            "nvmlSystemGetDriverVersion": lambda: b"550.54.15",
            "nvmlSystemGetCudaDriverVersion": lambda: 12040,
            # As the bindings do it: they decode what they get.
            "nvmlDeviceGetName": lambda gpu: (
                gpu["raw_name"].decode() if "raw_name" in gpu else gpu["name"]
            ),
            "nvmlDeviceGetUUID": lambda gpu: supported(gpu, "uuid"),
            "nvmlDeviceGetMemoryInfo": lambda gpu: SimpleNamespace(total=supported(gpu, "memory")),
            "nvmlDeviceGetCudaComputeCapability": lambda gpu: supported(gpu, "capability"),
            "nvmlDeviceGetEnforcedPowerLimit": lambda gpu: supported(gpu, "milliwatts"),
            "nvmlDeviceGetMigMode": lambda gpu: supported(gpu, "mig"),
            "nvmlDeviceGetMaxMigDeviceCount": lambda gpu: len(gpu["parts"]),
            "nvmlDeviceGetMigDeviceHandleByIndex": mig_device,
            "nvmlDeviceGetComputeRunningProcesses": lambda gpu: supported(gpu, "processes"),
            "nvmlDeviceGetGraphicsRunningProcesses": lambda gpu: supported(gpu, "drawing"),
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


def test_an_h100_is_described(detected: Any) -> None:
    """As the driver 580 answers for one: MIG as a list, and an architecture of no table."""
    machine = detected(
        {
            "name": "NVIDIA H100 80GB HBM3",
            "uuid": "GPU-ca38f8e9-038f-4018-5c4b-cb2694bf06ec",
            "memory": 85_520_809_984,
            "capability": (9, 0),
            "milliwatts": 700_000,
            "mig": [0, 0],
            "processes": [],
            "drawing": [],
        }
    )
    (gpu,) = machine.gpus

    assert (gpu_type(gpu.name), gpu.form_factor) == ("h100-80gb-hbm3", None)
    assert (gpu.mig, gpu.processes, gpu.power_limit_watts) == (False, (), 700.0)
    assert published_system(machine) is None


@pytest.mark.parametrize(
    ("name", "form_factor"),
    [
        ("Tesla V100-SXM2-16GB", "SXM2"),
        ("Tesla V100-SXM3-32GB", "SXM3"),
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
    assert (gpu.power_limit_watts, gpu.processes) == (None, None)


@pytest.mark.parametrize(
    ("error", "mig"),
    [
        (pynvml.NVML_ERROR_NOT_SUPPORTED, False),
        (pynvml.NVML_ERROR_FUNCTION_NOT_FOUND, False),
        (pynvml.NVML_ERROR_UNKNOWN, None),
    ],
)
def test_a_gpu_without_mig_is_told_from_one_that_does_not_say(
    detected: Any, error: int, mig: object
) -> None:
    """What does not exist is off; what failed is unknown."""
    assert detected({"name": "Tesla T4", "error": error}).gpus[0].mig is mig


def test_a_name_that_is_no_text_is_a_name_all_the_same(detected: Any) -> None:
    """Bytes that are no UTF-8, and control characters, end in no traceback and no odd line."""
    (gpu,) = detected({**T4, "raw_name": b"Tesla\xff T4"}).gpus

    assert gpu.name == "Tesla\ufffd T4"
    assert detected({**T4, "name": b"Tesla\xff T4"}).gpus[0].name == "Tesla\ufffd T4"
    assert detected({**T4, "name": "Tesla\nT4\x1b[0m"}).gpus[0].name == "Tesla\ufffdT4\ufffd[0m"


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


def test_a_gpu_that_falls_off_while_asked_is_not_half_described(detected: Any) -> None:
    """A GPU lost between two questions is left out, with the reason."""
    machine = detected({"name": "Tesla T4", "error": pynvml.NVML_ERROR_GPU_IS_LOST}, H200)

    assert [gpu.name for gpu in machine.gpus] == ["NVIDIA H200"]
    assert machine.nvml == "1 GPU found; GPU 0: GPU is lost"


def test_an_odd_fault_of_one_question_does_not_hide_the_gpu(detected: Any) -> None:
    """A GPU that CUDA can use is never left out, or its numbers would bear the CPU's name."""
    (gpu,) = detected({"name": "Tesla T4", "error": pynvml.NVML_ERROR_UNKNOWN}).gpus

    assert (gpu.name, gpu.uuid) == ("Tesla T4", None)


def test_a_fault_of_the_last_call_is_no_traceback(
    detected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found stays found when NVML cannot be closed."""
    detected(T4)

    def fail() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_UNKNOWN)

    monkeypatch.setattr(pynvml, "nvmlShutdown", fail)

    assert [gpu.name for gpu in detect_machine().gpus] == ["Tesla T4"]


def test_bindings_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without nvidia-ml-py the machine is described by its CPU, and the package is named."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    machine = detect_machine()

    assert machine.gpus == ()
    assert "nvidia-ml-py" in machine.nvml


def test_a_mig_device_stands_in_for_its_gpu(detected: Any) -> None:
    """It has a name and memory of its own, no power limit, and is no published system."""
    machine = detected(A100_IN_TWO, visible="MIG-eeee")
    (part,) = machine.gpus

    assert part.name == "NVIDIA A100-SXM4-40GB MIG 3g.20gb"
    assert (part.memory_bytes, part.power_limit_watts) == (20 * 2**30, None)
    assert (part.index, part.mig, part.compute_capability) == (0, True, (8, 0))
    assert published_system(machine) is None


def test_two_mig_devices_are_no_two_gpus(detected: Any) -> None:
    """A CUDA process gets one MIG device and no GPU beside it: ranks cannot have one each."""
    two = make_cell(mode=Mode.TRAINING, precision=Precision.AMP, gpus=2)
    parts = detected(A100_IN_TWO)
    beside = detected(T4, A100_IN_TWO)

    assert [gpu.uuid for gpu in parts.gpus] == ["MIG-dddd"]
    assert [gpu.uuid for gpu in beside.gpus] == ["MIG-dddd"]
    assert parts.nvml == (
        "1 GPU found; of 2 MIG devices CUDA uses only the first, and no other GPU beside it"
    )
    assert too_many_ranks(two, parts, Distributed(), cpu_ranks=True) == (
        f"needs 2 GPUs, and this machine has 1 (NVML: {parts.nvml})"
    )


def test_a_mig_device_is_chosen_by_its_uuid(detected: Any) -> None:
    """CUDA_VISIBLE_DEVICES may name a MIG device; the number of its GPU means the first."""
    chosen = detected(A100_IN_TWO, visible="MIG-eeee")

    assert [gpu.uuid for gpu in chosen.gpus] == ["MIG-eeee"]
    assert [gpu.uuid for gpu in detected(A100_IN_TWO, visible="0").gpus] == ["MIG-dddd"]


def test_mig_mode_without_a_device_is_said(detected: Any) -> None:
    """CUDA sees nothing of a GPU that is in MIG mode and not cut, and the reason is told."""
    machine = detected({**A100_IN_TWO, "parts": [None] * 7})

    assert machine.gpus == ()
    assert machine.gpus_out_of_reach
    assert "GPU 0: in MIG mode without a MIG device" in machine.nvml


def test_hidden_gpus_are_told_from_missing_ones(detected: Any) -> None:
    """What CUDA_VISIBLE_DEVICES hides is counted."""
    assert detected(T4, H200, visible="1").nvml == (
        "2 GPUs found; 1 visible with CUDA_VISIBLE_DEVICES=1"
    )
    assert detected(T4, H200).nvml == "2 GPUs found"
    assert detected(T4, visible="").nvml == ('1 GPU found; 0 visible with CUDA_VISIBLE_DEVICES=""')


@pytest.mark.parametrize(
    ("gpus", "visible", "out_of_reach"),
    [
        ([T4], None, False),
        ([T4], "", True),
        ([T4], "-1", True),
        ([T4], "GPU-none", True),
        ([T4, H200], "1", False),
        ([{"fault": pynvml.NVML_ERROR_GPU_IS_LOST}], None, True),
        ([], None, False),
        ([], "0", False),
    ],
)
def test_gpus_that_nobody_can_use_are_told_from_no_gpus(
    detected: Any, gpus: list[dict[str, Any]], visible: str | None, out_of_reach: object
) -> None:
    """Hidden by the variable, or at fault: a machine that seems to have a GPU says so."""
    assert detected(*gpus, visible=visible).gpus_out_of_reach is out_of_reach


def test_numbers_of_gpus_are_those_of_cuda(detected: Any) -> None:
    """A job's own GPU is its number 0, whatever others NVML counts that it may not open."""
    closed = {"fault": pynvml.NVML_ERROR_NO_PERMISSION}
    machine = detected(closed, T4, visible="0")

    assert [(gpu.name, gpu.index) for gpu in machine.gpus] == [("Tesla T4", 1)]


def test_processes_that_cannot_be_read_are_not_nobody(detected: Any) -> None:
    """None is unknown and an empty list is nobody; what draws is added where it is told."""
    someone = SimpleNamespace(pid=1, usedGpuMemory=2**30)

    assert detected(T4).gpus[0].processes is None
    assert detected({**T4, "drawing": [someone]}).gpus[0].processes is None
    assert detected({**T4, "processes": []}).gpus[0].processes == ()
    seen = detected({**T4, "processes": [someone]}).gpus[0].processes
    assert [process.pid for process in seen] == [1]


def test_foreign_processes_on_a_gpu_that_vanished_are_unknown(detected: Any) -> None:
    """NVML that fails later does not make a GPU look free."""
    gpus = detected({**T4, "processes": []}, {**H200, "processes": []}).gpus
    assert foreign_processes(gpus) == ((), ())
    detected({**H200, "processes": []}, {"fault": pynvml.NVML_ERROR_GPU_IS_LOST})

    assert foreign_processes(gpus) == (None, ())


class FakeCuda:
    """The calls that the suite makes of the CUDA driver, for GPUs known by their UUIDs."""

    def __init__(self, *uuids: bytes) -> None:
        self.uuids = uuids

    def cuInit(self, _flags: int) -> int:  # noqa: N802 - CUDA's name
        return 0

    def cuDeviceGet(self, device: Any, number: int) -> int:  # noqa: N802
        device._obj.value = number
        return 0 if number < len(self.uuids) else 101

    def cuDeviceGetUuid_v2(self, octets: Any, device: Any) -> int:  # noqa: N802
        octets._obj[:] = self.uuids[device.value]
        return 0


def test_cuda_says_which_gpu_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """The UUID is written as NVML writes it; a driver that is old or missing leaves it unknown."""
    assert cuda_uuid(0) is None or len(cuda_uuid(0) or "") == 36
    monkeypatch.setattr(ctypes, "CDLL", lambda _: FakeCuda(bytes(16), bytes(range(16))))

    assert cuda_uuid(1) == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert cuda_uuid(2) is None
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    assert cuda_uuid(0) is None


def test_others_on_a_gpu_are_named(detected: Any) -> None:
    """A foreign process shows once, with its memory; one that cannot be read keeps its number."""
    processes = [SimpleNamespace(pid=1, usedGpuMemory=2**30)]
    drawing = [SimpleNamespace(pid=2**22 + 7, usedGpuMemory=None), *processes]
    own = SimpleNamespace(pid=os.getpid(), usedGpuMemory=2**20)
    machine = detected({**T4, "processes": [*processes, own], "drawing": drawing})
    assert machine.gpus[0].processes is not None
    first, second = machine.gpus[0].processes

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
        ("0,0,1", ["Tesla T4"]),
    ],
)
def test_visible_devices_are_those_of_cuda(
    detected: Any, visible: str | None, names: list[str]
) -> None:
    """The first GPU is the one TensorFlow would use; an entry that names none ends the list."""
    assert [gpu.name for gpu in detected(T4, H200, visible=visible).gpus] == names


@pytest.mark.parametrize(
    ("code", "words", "out_of_reach"),
    [
        (pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, "no NVIDIA driver", False),
        (pynvml.NVML_ERROR_DRIVER_NOT_LOADED, "Driver Not Loaded", True),
        (
            pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH,
            "RM has detected an NVML/RM version mismatch",
            True,
        ),
        (pynvml.NVML_ERROR_NO_PERMISSION, "Insufficient Permissions", True),
    ],
)
def test_a_machine_whose_nvml_fails_is_a_cpu_machine_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str, out_of_reach: object
) -> None:
    """A missing library or a version mismatch is said in words and is never a traceback."""

    def fail() -> None:
        raise pynvml.NVMLError(code)

    monkeypatch.setattr(pynvml, "nvmlInit", fail)
    monkeypatch.setattr("suite.machine.devices._DRIVER", tmp_path / "none")
    machine = detect_machine()

    assert machine.gpus == ()
    assert words in machine.nvml
    assert machine.gpus_out_of_reach is out_of_reach
    assert machine.cpu.cores > 0


def test_a_driver_without_its_library_is_no_machine_without_a_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container that was started without GPUs on a machine that has them is told so."""

    def fail() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", fail)
    monkeypatch.setattr("suite.machine.devices._DRIVER", tmp_path)
    machine = detect_machine()

    assert machine.gpus_out_of_reach
    assert machine.nvml.endswith("a driver is loaded; a container needs --gpus all")
