"""The foreign processes on the GPUs, as NVML sees them at this moment."""

from collections.abc import Sequence

from suite.machine.devices import detect_machine
from suite.model.device import Gpu, GpuProcess


def foreign_processes(gpus: Sequence[Gpu]) -> tuple[tuple[GpuProcess, ...] | None, ...]:
    """The processes on each of these GPUs; None where they cannot be read.

    Between launches every process on a GPU is a foreign one.
    """
    now = {gpu.uuid or gpu.index: gpu.processes for gpu in detect_machine().gpus}
    return tuple(now.get(gpu.uuid or gpu.index) for gpu in gpus)
