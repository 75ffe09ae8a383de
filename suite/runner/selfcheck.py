"""The suite measured: its steps against a bare Keras loop, and what its timing costs.

Every comparison has a fresh process of its own, so that precision, threads and memory of one do
not reach another.
"""

import os
import resource
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TypeVar

from suite import kernels
from suite.core.cell import Cell, Graph, KernelName, Mode, Precision, Protocol
from suite.core.check import Check
from suite.kernels.environment import launch_environment
from suite.kernels.interface import KernelOptions
from suite.measure.side_by_side import Pair, time_in_turns
from suite.measure.timing import time_steps
from suite.runner.channel import Progress, Sender

Answer = TypeVar("Answer")

# What the suite promises on a two-core CPU: speed against the bare loop, seconds of timing per
# step, and memory against the bare loop.
_SPEED_TARGET = 1.0
_FROZEN_SPEED_TARGET = 1.1
_TIMING_TARGET_MICROSECONDS = 20.0
_MEMORY_TARGET = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much a self-check does; the defaults are the ones that the targets are meant for."""

    turns: int = 15
    inference_batch: int = 16
    training_batch: int = 8
    memory_batch: int = 256
    memory_launches: int = 3
    timed_steps: int = 1000
    image_size: int = 224


QUICK = Extent(
    turns=3,
    inference_batch=2,
    training_batch=2,
    memory_batch=8,
    memory_launches=1,
    timed_steps=100,
    image_size=64,
)


def run_checks(extent: Extent, *, on_gpu: bool) -> Iterator[Check]:
    """Measure and yield one check after the other."""
    inference = Cell(
        mode=Mode.INFERENCE,
        precision=Precision.FP32,
        xla=False,
        batch_size=extent.inference_batch,
        image_size=extent.image_size,
    )
    amp = replace(inference, precision=Precision.AMP)
    training = replace(inference, mode=Mode.TRAINING, batch_size=extent.training_batch)
    frozen = [replace(cell, graph=Graph.FROZEN) for cell in (inference, amp)]
    for cell in (inference, amp, *frozen, training):
        yield _speed(cell, extent.turns, on_gpu=on_gpu)
    yield _timing_cost(extent.timed_steps)
    yield _sleep_error(extent.timed_steps // 10)
    large = replace(inference, batch_size=extent.memory_batch)
    yield _memory(large, extent.memory_launches, on_gpu=on_gpu)


def _speed(cell: Cell, turns: int, *, on_gpu: bool) -> Check:
    environment = launch_environment(cell, on_gpu=on_gpu)
    pairs = _in_fresh_process(_time_against_keras, cell, turns, environment)
    ours, other = (
        cell.batch_size / median(seconds)
        for seconds in ([pair.ours for pair in pairs], [pair.other for pair in pairs])
    )
    return Check(
        name=cell.id,
        values=tuple(pair.speed_ratio for pair in pairs),
        unit="x",
        target=_FROZEN_SPEED_TARGET if cell.graph is Graph.FROZEN else _SPEED_TARGET,
        at_least=True,
        note=f"speed: {ours:.1f} img/s, bare Keras {other:.1f} img/s",
    )


def _timing_cost(steps: int) -> Check:
    """The whole loop around steps that do nothing, divided by their number."""
    protocol = Protocol(warmup_steps=0, measured_steps=steps)

    def cost(sender: Sender) -> float:
        began = perf_counter()
        time_steps(lambda: None, protocol, on_step=lambda *done: sender.progress(Progress(*done)))
        return (perf_counter() - began) / steps * 1e6

    with Path(os.devnull).open("wb") as nobody:
        values = tuple(cost(Sender(nobody.fileno())) for _ in range(20))
    return Check(
        name="timing, empty step",
        values=values,
        unit="us",
        target=_TIMING_TARGET_MICROSECONDS,
        at_least=False,
        note=f"the loop and its progress reports, per step of {steps}",
    )


def _sleep_error(steps: int) -> Check:
    """What a recorded sample of the simulated kernel has beyond the step itself."""
    cell = Cell(
        mode=Mode.INFERENCE,
        precision=Precision.FP32,
        xla=False,
        batch_size=1,
        kernel=KernelName.SIMULATED,
    )
    kernel = kernels.build(cell, KernelOptions())
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
        target=_TIMING_TARGET_MICROSECONDS,
        at_least=False,
        note=f"a sample less the sleep in it, sleeps of {median(slept) * 1e3:.1f} ms",
    )


def _memory(cell: Cell, launches: int, *, on_gpu: bool) -> Check:
    environment = launch_environment(cell, on_gpu=on_gpu)
    pairs = [
        (
            _in_fresh_process(_peak_of_ours, cell, environment),
            _in_fresh_process(_peak_of_keras, cell, environment),
        )
        for _ in range(launches)
    ]
    ours, other = (median(side) / 2**30 for side in zip(*pairs, strict=True))
    return Check(
        name=f"memory, {cell.id}",
        values=tuple(mine / theirs for mine, theirs in pairs),
        unit="x",
        target=_MEMORY_TARGET,
        at_least=False,
        note=f"peak of the process: {ours:.2f} GiB, bare Keras {other:.2f} GiB",
    )


def _in_fresh_process(work: Callable[..., Answer], *arguments: object) -> Answer:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, *arguments).result()


def _time_against_keras(cell: Cell, turns: int, environment: dict[str, str]) -> tuple[Pair, ...]:
    ours, other = _our_step(cell, environment), _bare_step(cell)
    return time_in_turns(ours, other, turns)


def _peak_of_ours(cell: Cell, environment: dict[str, str]) -> int:
    step = _our_step(cell, environment)
    step()
    return _peak_bytes()


def _peak_of_keras(cell: Cell, environment: dict[str, str]) -> int:
    os.environ.update(environment)
    step = _bare_step(cell)
    step()
    step()
    return _peak_bytes()


def _our_step(cell: Cell, environment: dict[str, str]) -> Callable[[], None]:
    """The step of a launch, compiled and proven to be what its cell declares."""
    os.environ.update(environment)
    kernels.import_framework(cell)
    kernel = kernels.build(cell, KernelOptions())
    kernel.compile()
    kernel.conditions()
    return kernel.step


def _bare_step(cell: Cell) -> Callable[[], None]:
    from suite.kernels.bare_keras import bare_keras_step

    return bare_keras_step(cell, KernelOptions())


def _peak_bytes() -> int:
    """Largest resident memory of this process so far; Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
