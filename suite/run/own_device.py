"""The device of a launched process, and the readings of the machine that it takes there."""

import os
from dataclasses import dataclass

from suite.machine.devices import detect_machine
from suite.machine.telemetry import Recorder
from suite.model.cell import KernelName
from suite.model.device import Gpu, Machine, wrong_device
from suite.model.distributed import ONLY_RANK, Rank, rank_of
from suite.model.facts import Facts
from suite.model.telemetry import Telemetry, without_gpu
from suite.run.order import LaunchOrder


@dataclass(frozen=True, slots=True)
class OwnDevice:
    """Which rank this process is, and the GPU that it will use, None on a CPU."""

    rank: Rank
    machine: Machine
    gpu: Gpu | None

    def mistake(self, facts: Facts) -> str | None:
        """Why what ran did not run on this device, or None."""
        return wrong_device(facts, self.gpu, self.machine)

    def own_readings(self, telemetry: Telemetry | None, facts: Facts) -> Telemetry | None:
        """The readings without those of a GPU that is not what ran."""
        if self.gpu is None or telemetry is None or self.mistake(facts) is None:
            return telemetry
        return without_gpu(telemetry, f"the launch did not run on {self.gpu.name}, which was read")


def own_device(order: LaunchOrder) -> OwnDevice:
    """The device of this process by its order and its place among the ranks."""
    rank = rank_of(os.environ) if order.cell.gpus > 1 else ONLY_RANK
    machine = detect_machine()
    gpus = () if order.cell.kernel is KernelName.SIMULATED else machine.gpus
    gpu = gpus[rank.local_index] if rank.local_index < len(gpus) else None
    return OwnDevice(rank, machine, gpu)


def recorder_of(
    order: LaunchOrder, device: OwnDevice, most_readings: int | None = None
) -> Recorder | None:
    """What reads the machine between steps, if the order wants that; as `Recorder`."""
    if not order.telemetry:
        return None
    # Foreign processes do not disturb a launch that only sleeps.
    computes = order.cell.kernel is not KernelName.SIMULATED
    return Recorder(gpu=device.gpu, watch_others=computes, most_readings=most_readings)


def finish(recorder: Recorder | None, order: LaunchOrder, device: OwnDevice) -> Telemetry | None:
    """What was read, after the last step."""
    # The energy counter of a CPU is that of its whole host.
    images = order.cell.batch_size * (1 if device.gpu else device.rank.local_size)
    return recorder.finish(images) if recorder is not None else None
