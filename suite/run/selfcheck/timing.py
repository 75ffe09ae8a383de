"""What the timing loop costs a step."""

import os
from pathlib import Path
from time import perf_counter

from suite.model.cell import Protocol
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
