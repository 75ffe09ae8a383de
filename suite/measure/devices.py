"""The machine's GPUs through NVML, and which of them CUDA shows to this process."""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

import psutil

from suite.core.device import Gpu, GpuProcess, Machine
from suite.core.systems import bare_gpu_name
from suite.measure.cpu import detect_cpu


def detect_machine() -> Machine:
    """Detect GPUs and CPU; whatever NVML cannot say is None, and no fault of it raises.

    CUDA_VISIBLE_DEVICES is honoured, so the first GPU is the one TensorFlow would use. NVML
    numbers GPUs by PCI bus. CUDA by itself puts the fastest first, which is another order only on
    a machine with GPUs of several kinds; CUDA_DEVICE_ORDER=PCI_BUS_ID makes the two agree there.
    """
    cpu = detect_cpu()
    try:
        import pynvml
    except ImportError:
        return Machine(gpus=(), cpu=cpu, nvml="the Python package nvidia-ml-py is missing")
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError_LibraryNotFound:
        return Machine(gpus=(), cpu=cpu, nvml="no NVIDIA driver")
    except pynvml.NVMLError as error:
        return Machine(gpus=(), cpu=cpu, nvml=str(error))
    setting = os.environ.get("CUDA_VISIBLE_DEVICES")
    try:
        found, faults = _gpus(pynvml)
        visible = _visible(found, setting)
        return Machine(
            gpus=visible,
            cpu=cpu,
            nvml=_phrase(found, visible, setting, faults),
            driver_version=_text(_asked(pynvml, pynvml.nvmlSystemGetDriverVersion)),
            cuda_version=_cuda_version(pynvml),
        )
    except pynvml.NVMLError as error:
        return Machine(gpus=(), cpu=cpu, nvml=str(error))
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def _phrase(
    found: list[Gpu], visible: tuple[Gpu, ...], setting: str | None, faults: list[str]
) -> str:
    count = len({gpu.index for gpu in found})
    parts = [f"{count} GPU{'s' if count != 1 else ''} found", *faults]
    if len(visible) < len(found):
        parts.insert(1, f"{len(visible)} visible with CUDA_VISIBLE_DEVICES={setting}")
    return "; ".join(parts)


def _gpus(pynvml: ModuleType) -> tuple[list[Gpu], list[str]]:
    """Every GPU that answers, and what there is to say of each that does not.

    CUDA cannot use a GPU in MIG mode as a whole, only the MIG devices cut from it, so those stand
    in its place: they have names, memory and UUIDs of their own.
    """
    gpus: list[Gpu] = []
    faults: list[str] = []
    for index in range(pynvml.nvmlDeviceGetCount()):
        try:
            board = pynvml.nvmlDeviceGetHandleByIndex(index)
            mode = _asked(pynvml, pynvml.nvmlDeviceGetMigMode, board)
            mig = bool(mode[0]) if mode else None
            parts = _mig_devices(pynvml, board) if mig else [board]
            if not parts:
                faults.append(f"GPU {index}: in MIG mode without a MIG device")
            gpus += [_gpu(pynvml, index, board, part, mig=mig) for part in parts]
        except pynvml.NVMLError as error:
            faults.append(f"GPU {index}: {error}")
    return gpus, faults


def _mig_devices(pynvml: ModuleType, board: object) -> list[object]:
    """Handles of the MIG devices of a GPU; not every number up to the most possible has one."""
    handles = (
        _asked(pynvml, pynvml.nvmlDeviceGetMigDeviceHandleByIndex, board, number)
        for number in range(pynvml.nvmlDeviceGetMaxMigDeviceCount(board))
    )
    return [handle for handle in handles if handle is not None]


def _gpu(pynvml: ModuleType, index: int, board: object, part: object, *, mig: bool | None) -> Gpu:
    """One device of CUDA: `part` is the board itself or a MIG device on it."""
    name = _text(pynvml.nvmlDeviceGetName(part)) or ""
    memory = _asked(pynvml, pynvml.nvmlDeviceGetMemoryInfo, part)
    capability = _asked(pynvml, pynvml.nvmlDeviceGetCudaComputeCapability, board)
    milliwatts = _asked(pynvml, pynvml.nvmlDeviceGetEnforcedPowerLimit, board)
    return Gpu(
        index=index,
        name=name,
        uuid=_text(_asked(pynvml, pynvml.nvmlDeviceGetUUID, part)),
        memory_bytes=memory.total if memory else None,
        form_factor=_form_factor(name),
        compute_capability=tuple(capability) if capability else None,
        power_limit_watts=milliwatts / 1000 if milliwatts else None,
        mig=mig,
        processes=_processes(pynvml, part),
    )


def _processes(pynvml: ModuleType, part: object) -> tuple[GpuProcess, ...]:
    """Who else computes or draws on a GPU, each process once."""
    running = [
        *(_asked(pynvml, pynvml.nvmlDeviceGetComputeRunningProcesses, part) or ()),
        *(_asked(pynvml, pynvml.nvmlDeviceGetGraphicsRunningProcesses, part) or ()),
    ]
    memory = {process.pid: process.usedGpuMemory for process in running}
    return tuple(
        GpuProcess(pid=pid, name=_process_name(pid), memory_bytes=memory[pid])
        for pid in sorted(memory)
        if pid != os.getpid()
    )


def _asked(pynvml: ModuleType, call: Callable[..., Any], *arguments: object) -> Any:
    """One answer, or None where this GPU or driver does not give it. A lost GPU still raises."""
    try:
        return call(*arguments)
    except pynvml.NVMLError_GpuIsLost:
        raise
    except pynvml.NVMLError:
        return None


def _text(value: str | bytes | None) -> str | None:
    """Older drivers' bindings answer in bytes."""
    return value.decode() if isinstance(value, bytes) else value


def _cuda_version(pynvml: ModuleType) -> str | None:
    """The newest CUDA the driver supports: NVML counts 12040 for 12.4."""
    number = _asked(pynvml, pynvml.nvmlSystemGetCudaDriverVersion)
    return f"{number // 1000}.{number % 1000 // 10}" if number else None


def _form_factor(name: str) -> str | None:
    """SXM or PCIe where the product name says so; NVML has no field for it."""
    found = re.search(r"SXM\d?|PCIE", name.upper())
    if found is None:
        # The T4 is made as a PCIe card only, and its name does not say so.
        return "PCIe" if bare_gpu_name(name) == "T4" else None
    return "PCIe" if found.group() == "PCIE" else found.group()


def _process_name(pid: int) -> str | None:
    try:
        return str(psutil.Process(pid).name())
    except psutil.Error:
        return None  # in another container, or gone


def _visible(gpus: list[Gpu], setting: str | None) -> tuple[Gpu, ...]:
    """The GPUs that CUDA_VISIBLE_DEVICES leaves, in its order.

    As CUDA reads it: entries are indices or (beginnings of) UUIDs, and the first that names no
    GPU hides itself and all after it. A GPU named twice is still one GPU and ends the list too.
    """
    if setting is None:
        return tuple(gpus)
    chosen: list[Gpu] = []
    for entry in (part.strip() for part in setting.split(",")):
        gpu = next((gpu for gpu in gpus if _is_named(gpu, entry)), None)
        if gpu is None or gpu in chosen:
            break
        chosen.append(gpu)
    return tuple(chosen)


def _is_named(gpu: Gpu, entry: str) -> bool:
    if entry.isdecimal():
        return gpu.index == int(entry)
    return bool(entry.startswith(("GPU-", "MIG-")) and gpu.uuid and gpu.uuid.startswith(entry))
