"""An NVML for the processes that a command starts: a module to be written as `pynvml.py`."""

# An H200 and two T4; beside the module each process leaves what it sees of them.
NVML = """\
import os
from pathlib import Path
from types import SimpleNamespace

# What each process sees.
visible = os.environ.get("CUDA_VISIBLE_DEVICES", "everything")
Path(__file__).with_name(f"{os.getpid()}.seen").write_text(visible)


class NVMLError(Exception):
    pass


class NVMLError_LibraryNotFound(NVMLError):
    pass


class NVMLError_NotSupported(NVMLError):
    pass


class NVMLError_FunctionNotFound(NVMLError):
    pass


class NVMLError_GpuIsLost(NVMLError):
    pass


class NVMLError_NoPermission(NVMLError):
    pass


def missing(*_):
    raise NVMLError_NotSupported


T4 = ("Tesla T4", "GPU-t4", (7, 5))
GPUS = [("NVIDIA H200", "GPU-h200", (9, 0)), T4, ("Tesla T4", "GPU-t4b", (7, 5))]
nvmlInit = nvmlShutdown = lambda: None
nvmlDeviceGetCount = lambda: len(GPUS)
nvmlDeviceGetHandleByIndex = GPUS.__getitem__
nvmlSystemGetDriverVersion = lambda: "550.54.15"
nvmlSystemGetCudaDriverVersion = lambda: 12040
nvmlDeviceGetName = lambda gpu: gpu[0]
nvmlDeviceGetUUID = lambda gpu: gpu[1]
nvmlDeviceGetCudaComputeCapability = lambda gpu: gpu[2]
nvmlDeviceGetMemoryInfo = lambda gpu: SimpleNamespace(total=2**34, used=0)
nvmlDeviceGetComputeRunningProcesses = lambda gpu: []
nvmlDeviceGetEnforcedPowerLimit = nvmlDeviceGetMigMode = missing
nvmlDeviceGetGraphicsRunningProcesses = missing
"""

# With clocks that can be locked. Every call that changes one is a line of `clocks.log` beside the
# module, and a process that finds a file `refuse-BOARD` there gets the error that it holds.
LOCKABLE = (
    NVML
    + """
NVML_CLOCK_GRAPHICS = 0
nvmlDeviceGetHandleByUUID = lambda uuid: next(gpu for gpu in GPUS if gpu[1] == uuid)
nvmlDeviceGetIndex = GPUS.index
nvmlDeviceGetDefaultApplicationsClock = lambda gpu, _: 585 if gpu in GPUS[1:] else 1500
nvmlDeviceGetSupportedMemoryClocks = missing
here = Path(__file__).parent


def changed(line, gpu):
    fault = here / f"refuse-{gpu[1]}"
    if fault.exists():
        raise globals()[fault.read_text()]("the driver says no")
    with (here / "clocks.log").open("a") as log:
        log.write(f"{line} {gpu[1]}\\n")


def nvmlDeviceSetGpuLockedClocks(gpu, low, high):
    changed(f"lock {low} {high}", gpu)


def nvmlDeviceResetGpuLockedClocks(gpu):
    changed("restore", gpu)
"""
)
