"""Who else is on the GPUs, as NVML sees it at this moment."""

from suite.core.device import GpuProcess
from suite.measure.devices import detect_machine


def gpu_neighbours() -> tuple[tuple[GpuProcess, ...], ...]:
    """The processes on each GPU, in CUDA's order. Between launches all of them are strangers."""
    return tuple(gpu.processes for gpu in detect_machine().gpus)
