"""Who else is on the GPUs, as NVML sees it at this moment."""

from collections.abc import Sequence

from suite.machine.devices import detect_machine
from suite.model.device import Gpu, GpuProcess


def gpu_neighbours(gpus: Sequence[Gpu]) -> tuple[tuple[GpuProcess, ...] | None, ...]:
    """The processes on each of these GPUs; None where they cannot be read.

    Between launches all of them are foreign ones.
    """
    now = {gpu.uuid or gpu.index: gpu.processes for gpu in detect_machine().gpus}
    return tuple(now.get(gpu.uuid or gpu.index) for gpu in gpus)
