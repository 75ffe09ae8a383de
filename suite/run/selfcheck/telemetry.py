"""The effect of reading the machine on the steps between which it is read."""

from statistics import median

from suite import kernels
from suite.machine.devices import detect_machine
from suite.machine.telemetry import Recorder
from suite.model.cell import Cell, Protocol
from suite.model.check import Check
from suite.run.selfcheck.fresh_process import in_fresh_process, our_step
from suite.run.timing import time_steps

_TARGET_PERCENT = 0.5

# Step times of a block of steps with readings, and of one without.
Blocks = tuple[tuple[float, ...], tuple[float, ...]]


def telemetry_effect(cell: Cell, turns: int, steps: int, *, on_gpu: bool) -> Check:
    """How much longer steps are with the recorder than without, one value a turn.

    A turn is a block of this many steps with it and one without, in alternating order. The recorder
    reads when it is due, as in a launch: once a second, counted over both kinds of block.
    """
    environment = kernels.framework(cell.kernel).environment(cell, on_gpu=on_gpu)
    blocks, readings = in_fresh_process(environment, _blocks, cell, turns, steps)
    with_it, without = (
        median([seconds for block in side for seconds in block])
        for side in zip(*blocks, strict=True)
    )
    return Check(
        name=f"telemetry, {cell.id}",
        values=tuple((median(on) / median(off) - 1) * 100 for on, off in blocks),
        unit="%",
        target=_TARGET_PERCENT,
        at_least=False,
        note=f"step with {with_it * 1e3:.2f} ms, without {without * 1e3:.2f} ms,"
        f" {readings} readings in {turns * steps} steps",
    )


def _blocks(cell: Cell, turns: int, steps: int) -> tuple[list[Blocks], int]:
    gpus = detect_machine().gpus
    recorder = Recorder(gpu=gpus[0] if gpus else None)
    step = our_step(cell)
    protocol = Protocol(warmup_steps=0, measured_steps=steps)

    def with_readings() -> tuple[float, ...]:
        return time_steps(step, protocol, recorder.on_step).step_seconds

    def without() -> tuple[float, ...]:
        return time_steps(step, protocol).step_seconds

    without()
    blocks = []
    for turn in range(turns):
        if turn % 2:
            off, on = without(), with_readings()
        else:
            on, off = with_readings(), without()
        blocks.append((on, off))
    telemetry = recorder.finish(cell.global_batch_size)
    return blocks, telemetry.readings if telemetry is not None else 0
