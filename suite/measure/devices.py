"""The machine's GPUs through NVML, in the order in which CUDA numbers them for this process."""

import os
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

import psutil

from suite.core.device import Gpu, GpuProcess, Machine
from suite.measure.cpu import detect_cpu

Value = TypeVar("Value")


def detect_machine() -> Machine:
    """Detect GPUs and CPU; whatever NVML cannot say is None, and no fault of it raises.

    CUDA_VISIBLE_DEVICES is honoured, so the first GPU is the one TensorFlow would use.
    """
    cpu = detect_cpu()
    try:
        import pynvml
    except ImportError:
        return Machine(gpus=(), cpu=cpu, nvml="the Python package nvidia-ml-py is missing")
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return Machine(gpus=(), cpu=cpu, nvml=_words(error))
    try:
        found, lost = _gpus(pynvml)
        return Machine(
            gpus=_visible(found, os.environ.get("CUDA_VISIBLE_DEVICES")),
            cpu=cpu,
            nvml=lost or f"{len(found)} GPU{'s' if len(found) != 1 else ''} found",
            driver_version=_asked(pynvml, pynvml.nvmlSystemGetDriverVersion),
            cuda_version=_cuda_version(pynvml),
        )
    except pynvml.NVMLError as error:
        return Machine(gpus=(), cpu=cpu, nvml=_words(error))
    finally:
        pynvml.nvmlShutdown()


def _words(error: Exception) -> str:
    """NVML's own words; a missing library is the usual case of a machine without a GPU."""
    text = str(error)
    return "no NVIDIA driver" if "Library Not Found" in text else text


def _gpus(pynvml: ModuleType) -> tuple[list[Gpu], str]:
    """Every GPU that answers, and what was said of one that did not."""
    gpus, lost = [], ""
    for index in range(pynvml.nvmlDeviceGetCount()):
        try:
            gpus.append(_gpu(pynvml, index))
        except pynvml.NVMLError as error:
            lost = f"GPU {index}: {error}"
    return gpus, lost


def _gpu(pynvml: ModuleType, index: int) -> Gpu:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    name = _text(pynvml.nvmlDeviceGetName(handle))

    def asked(call: Callable[[Any], Value]) -> Value | None:
        return _asked(pynvml, lambda: call(handle))

    memory = asked(pynvml.nvmlDeviceGetMemoryInfo)
    capability = asked(pynvml.nvmlDeviceGetCudaComputeCapability)
    limit = asked(pynvml.nvmlDeviceGetEnforcedPowerLimit)
    mig = asked(pynvml.nvmlDeviceGetMigMode)
    uuid = asked(pynvml.nvmlDeviceGetUUID)
    return Gpu(
        index=index,
        name=name,
        uuid=_text(uuid) if uuid else None,
        memory_bytes=memory.total if memory else None,
        form_factor=_form_factor(name),
        compute_capability=tuple(capability) if capability else None,
        power_limit_watts=limit / 1000 if limit else None,
        mig=bool(mig[0]) if mig else None,
        processes=tuple(
            GpuProcess(pid=p.pid, name=_process_name(p.pid), memory_bytes=p.usedGpuMemory)
            for p in asked(pynvml.nvmlDeviceGetComputeRunningProcesses) or []
            if p.pid != os.getpid()
        ),
    )


def _asked(pynvml: ModuleType, call: Callable[[], Value]) -> Value | None:
    """One answer, or None where this GPU or driver does not give it. A lost GPU still raises."""
    try:
        value = call()
    except (
        pynvml.NVMLError_NotSupported,
        pynvml.NVMLError_NoPermission,
        pynvml.NVMLError_FunctionNotFound,
    ):
        return None
    return _text(value) if isinstance(value, bytes) else value  # type: ignore[return-value]


def _text(value: str | bytes) -> str:
    """Older drivers' bindings answer in bytes."""
    return value.decode() if isinstance(value, bytes) else value


def _cuda_version(pynvml: ModuleType) -> str | None:
    """The newest CUDA the driver supports: NVML counts 12040 for 12.4."""
    number = _asked(pynvml, pynvml.nvmlSystemGetCudaDriverVersion)
    return f"{number // 1000}.{number % 1000 // 10}" if number else None


def _form_factor(name: str) -> str | None:
    """SXM or PCIe where the product name says so; NVML has no field for it."""
    found = re.search(r"SXM\d?|PCIE?", name, re.IGNORECASE)
    if found is None:
        # The T4 is made as a PCIe card only, and its name does not say so.
        return "PCIe" if name.endswith(" T4") else None
    return found.group().upper() if found.group().upper().startswith("SXM") else "PCIe"


def _process_name(pid: int) -> str | None:
    try:
        return str(psutil.Process(pid).name())
    except psutil.Error:
        return None  # in another container, or gone


def _visible(gpus: list[Gpu], setting: str | None) -> tuple[Gpu, ...]:
    """The GPUs that CUDA_VISIBLE_DEVICES leaves, in its order.

    As CUDA reads it: entries are indices or (beginnings of) UUIDs, and the first that names no
    GPU hides itself and all after it.
    """
    if setting is None:
        return tuple(gpus)
    chosen: list[Gpu] = []
    for entry in (part.strip() for part in setting.split(",")):
        gpu = next((gpu for gpu in gpus if _is_named(gpu, entry)), None)
        if gpu is None:
            break
        chosen.append(gpu)
    return tuple(chosen)


def _is_named(gpu: Gpu, entry: str) -> bool:
    if entry.isdecimal():
        return gpu.index == int(entry)
    return bool(entry.startswith("GPU-") and gpu.uuid and gpu.uuid.startswith(entry))
