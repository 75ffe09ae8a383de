"""What the timing loop costs a step."""

import os
from pathlib import Path
from statistics import median
from time import perf_counter

from suite import kernels
from suite.kernels.interface import KernelOptions
from suite.model.cell import Cell, KernelName, Mode, Precision, Protocol
from suite.model.check import Check
from suite.run.channel import Progress, Sender
from suite.run.timing import time_steps

_TARGET_MICROSECONDS = 20.0


def timing_cost(steps: int) -> Check:
    """The whole loop around steps that do nothing, divided by their number."""
    protocol = Protocol(warmup_steps=0, measured_steps=steps)

    def cost(sender: Sender) -> float:
        began = perf_counter()
        time_steps(lambda: None, protocol, on_step=lambda *done: sender.progress(Progress(*done)))
        return (perf_counter() - began) / steps * 1e6

    with Path(os.devnull).open("wb") as null:
        values = tuple(cost(Sender(null.fileno())) for _ in range(20))
    return Check(
        name="timing, empty step",
        values=values,
        unit="us",
        target=_TARGET_MICROSECONDS,
        at_least=False,
        note=f"the loop and its progress reports, per step of {steps}",
    )


def sample_error(steps: int) -> Check:
    """What a recorded sample of the simulated kernel has beyond the step itself."""
    cell = Cell(
        mode=Mode.INFERENCE,
        precision=Precision.FP32,
        xla=False,
        batch_size=1,
        kernel=KernelName.SIMULATED,
    )
    kernel = kernels.framework(cell.kernel).build(cell, KernelOptions())
    slept: list[float] = []

    def step() -> None:
        began = perf_counter()
        kernel.step()
        slept.append(perf_counter() - began)

    timing = time_steps(step, Protocol(warmup_steps=0, measured_steps=steps))
    extra = zip(timing.step_seconds, slept, strict=True)
    return Check(
        name="timing, simulated kernel",
        values=tuple((sample - known) * 1e6 for sample, known in extra),
        unit="us",
        target=_TARGET_MICROSECONDS,
        at_least=False,
        note=f"a sample less the sleep in it, sleeps of {median(slept) * 1e3:.1f} ms",
    )
