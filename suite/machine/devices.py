"""The machine's GPUs through NVML, as far as CUDA shows them to this process."""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil

from suite.machine.cpu import detect_cpu
from suite.machine.cuda import enumerated_gpus, visible_gpus
from suite.model.device import Gpu, GpuProcess, Machine, printable
from suite.model.systems import bare_gpu_name

# In what is said of NVML where the user hides GPUs.
HIDDEN = "visible with CUDA_VISIBLE_DEVICES="
# Exists while NVIDIA's kernel driver is loaded.
_DRIVER = Path("/proc/driver/nvidia/version")


def detect_machine() -> Machine:
    """Detect GPUs and CPU; what NVML does not report is None, and no failure of it raises.

    CUDA_VISIBLE_DEVICES is honoured, so the first GPU is the one TensorFlow would use. NVML
    numbers GPUs by PCI bus. CUDA puts the fastest first by default, a different order only on a
    machine with GPUs of several types; CUDA_DEVICE_ORDER=PCI_BUS_ID makes the two agree there.
    """
    cpu = detect_cpu()
    # Also seen in a container that was given no GPU.
    driver = _DRIVER.exists()
    try:
        import pynvml
    except ImportError:
        why = "the Python package nvidia-ml-py is missing"
        return Machine(gpus=(), cpu=cpu, nvml=why, gpus_out_of_reach=driver)
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError_LibraryNotFound:
        why = "no NVIDIA driver"
        if driver:
            why = "its library is missing although a driver is loaded; a container needs --gpus all"
        return Machine(gpus=(), cpu=cpu, nvml=why, gpus_out_of_reach=driver)
    except pynvml.NVMLError as error:
        return Machine(gpus=(), cpu=cpu, nvml=str(error), gpus_out_of_reach=True)
    setting = os.environ.get("CUDA_VISIBLE_DEVICES")
    try:
        found, faults = _gpus(pynvml)
        visible = visible_gpus(found, setting)
        usable = enumerated_gpus(visible)
        phrases = [
            _counted(len({gpu.index for gpu in found}), "GPU") + " found",
            *_hidden(found, visible, usable, setting),
            *faults,
        ]
        return Machine(
            gpus=usable,
            cpu=cpu,
            nvml="; ".join(phrases),
            driver_version=_text(_asked(pynvml, pynvml.nvmlSystemGetDriverVersion)),
            cuda_version=_cuda_version(pynvml),
            gpus_out_of_reach=not usable and bool(found or faults),
        )
    except pynvml.NVMLError as error:
        return Machine(gpus=(), cpu=cpu, nvml=str(error), gpus_out_of_reach=True)
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def _hidden(
    found: list[Gpu], visible: list[Gpu], usable: tuple[Gpu, ...], setting: str | None
) -> list[str]:
    """Why GPUs that NVML shows cannot be used, one phrase each."""
    phrases = []
    if len(visible) < len(found):
        value = printable(setting or "") or '""'
        phrases.append(f"{len(visible)} {HIDDEN}{value}")
    if len(usable) < len(visible):
        mig = _counted(sum(bool(gpu.mig) for gpu in visible), "MIG device")
        phrases.append(f"of {mig} CUDA uses only the first, and no other GPU beside it")
    return phrases


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _gpus(pynvml: ModuleType) -> tuple[list[Gpu], list[str]]:
    """Every GPU that answers, and one phrase for each that does not.

    CUDA cannot use a GPU in MIG mode as a whole, only the MIG devices cut from it, so those take
    its place; each has its own name, memory and UUID.
    """
    gpus: list[Gpu] = []
    faults: list[str] = []
    for index in range(pynvml.nvmlDeviceGetCount()):
        try:
            board = pynvml.nvmlDeviceGetHandleByIndex(index)
            mig = _mig_mode(pynvml, board)
            parts = _mig_devices(pynvml, board) if mig else [board]
            if not parts:
                faults.append(f"GPU {index}: in MIG mode without a MIG device")
            gpus += [_gpu(pynvml, index, board, part, mig=mig) for part in parts]
        except pynvml.NVMLError as error:
            faults.append(f"GPU {index}: {error}")
    return gpus, faults


def _mig_mode(pynvml: ModuleType, board: object) -> bool | None:
    """Whether a GPU is in MIG mode, False for one without that mode; None where unknown."""
    try:
        return bool(pynvml.nvmlDeviceGetMigMode(board)[0])
    except (pynvml.NVMLError_NotSupported, pynvml.NVMLError_FunctionNotFound):
        return False
    except pynvml.NVMLError_GpuIsLost:
        raise
    except pynvml.NVMLError:
        return None


def _mig_devices(pynvml: ModuleType, board: object) -> list[object]:
    """Handles of the MIG devices of a GPU; not every index below the maximum has one."""
    handles = (
        _asked(pynvml, pynvml.nvmlDeviceGetMigDeviceHandleByIndex, board, number)
        for number in range(pynvml.nvmlDeviceGetMaxMigDeviceCount(board))
    )
    return [handle for handle in handles if handle is not None]


def _gpu(pynvml: ModuleType, index: int, board: object, part: object, *, mig: bool | None) -> Gpu:
    """One device of CUDA: `part` is the board itself or a MIG device on it."""
    name = _name(pynvml, part)
    memory = _asked(pynvml, pynvml.nvmlDeviceGetMemoryInfo, part)
    capability = _asked(pynvml, pynvml.nvmlDeviceGetCudaComputeCapability, board)
    # A MIG device has no limit of its own: all of a board share one.
    milliwatts = None if mig else _asked(pynvml, pynvml.nvmlDeviceGetEnforcedPowerLimit, board)
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


def _processes(pynvml: ModuleType, part: object) -> tuple[GpuProcess, ...] | None:
    """The foreign compute and graphics processes on a GPU; None if the former cannot be read."""
    computing = _asked(pynvml, pynvml.nvmlDeviceGetComputeRunningProcesses, part)
    if computing is None:
        return None
    drawing = _asked(pynvml, pynvml.nvmlDeviceGetGraphicsRunningProcesses, part) or ()
    memory = {process.pid: process.usedGpuMemory for process in (*computing, *drawing)}
    return tuple(
        GpuProcess(pid=pid, name=_process_name(pid), memory_bytes=memory[pid])
        for pid in sorted(memory)
        if pid != os.getpid()
    )


def _asked(pynvml: ModuleType, call: Callable[..., Any], *arguments: object) -> Any:
    """One answer, or None if this GPU or driver has none. A lost GPU still raises."""
    try:
        return call(*arguments)
    except pynvml.NVMLError_GpuIsLost:
        raise
    except pynvml.NVMLError:
        return None


def _name(pynvml: ModuleType, part: object) -> str:
    """The product name, whatever its bytes are."""
    try:
        return _text(pynvml.nvmlDeviceGetName(part)) or ""
    except UnicodeDecodeError as error:  # the bindings' own
        return _text(error.object) or ""


def _text(value: str | bytes | None) -> str | None:
    """Older bindings answer in bytes."""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    return None if value is None else printable(value)


def _cuda_version(pynvml: ModuleType) -> str | None:
    """The newest CUDA the driver supports: NVML counts 12040 for 12.4."""
    number = _asked(pynvml, pynvml.nvmlSystemGetCudaDriverVersion)
    return f"{number // 1000}.{number % 1000 // 10}" if number else None


def _form_factor(name: str) -> str | None:
    """SXM or PCIe where the product name says so; NVML has no field for it."""
    found = re.search(r"SXM\d?|PCIE", name.upper())
    if found is None:
        # The T4 exists as a PCIe card only, and its name does not say so.
        return "PCIe" if bare_gpu_name(name) == "T4" else None
    return "PCIe" if found.group() == "PCIE" else found.group()


def _process_name(pid: int) -> str | None:
    try:
        return printable(psutil.Process(pid).name())
    except psutil.Error:
        return None  # in another container, or gone
