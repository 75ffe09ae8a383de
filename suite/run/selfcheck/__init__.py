"""The suite measured: its steps, its record pipelines, and what it adds to a launch.

Every comparison has a fresh process of its own, so that precision, threads and memory of one do
not reach another.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from suite.model.cell import PUBLISHED_IMAGE_SIZE, Cell, Graph, Mode, Precision
from suite.model.check import Check, LeftOut
from suite.run.selfcheck.forked import forked_launches
from suite.run.selfcheck.memory import peak_memory
from suite.run.selfcheck.pipelines import pipeline_speeds
from suite.run.selfcheck.steps import step_speed
from suite.run.selfcheck.telemetry import telemetry_effect
from suite.run.selfcheck.timing import timing_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much a self-check does; the defaults are the ones that the targets are meant for."""

    turns: int = 15
    inference_batch: int = 16
    training_batch: int = 8
    memory_batch: int = 256
    memory_launches: int = 3
    timed_steps: int = 1000
    telemetry_turns: int = 121
    telemetry_steps: int = 5
    launches: int = 10
    launch_steps: int = 30
    image_size: int = PUBLISHED_IMAGE_SIZE
    pipeline_batch: int = 32
    pipeline_batches: int = 8
    picture: tuple[int, int] = (500, 375)


QUICK = Extent(
    turns=3,
    inference_batch=2,
    training_batch=2,
    memory_batch=8,
    memory_launches=1,
    timed_steps=100,
    telemetry_turns=3,
    telemetry_steps=5,
    launches=2,
    launch_steps=5,
    image_size=64,
    pipeline_batch=4,
    pipeline_batches=2,
    picture=(100, 75),
)


def run_checks(extent: Extent, *, on_gpu: bool) -> Iterator[Check | LeftOut]:
    """Measure and yield one check after the other; those that cannot be made here say why."""
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
    compiled = [replace(cell, xla=True) for cell in (inference, training)]
    for cell in (inference, amp, *frozen, training, *compiled):
        yield step_speed(cell, extent.turns, on_gpu=on_gpu)
    records = replace(inference, batch_size=extent.pipeline_batch)
    yield from pipeline_speeds(
        records, extent.turns, extent.pipeline_batches, extent.picture, on_gpu=on_gpu
    )
    yield timing_cost(extent.timed_steps)
    large = replace(inference, batch_size=extent.memory_batch)
    yield peak_memory(large, extent.memory_launches, on_gpu=on_gpu)
    one = replace(inference, batch_size=1)
    yield telemetry_effect(one, extent.telemetry_turns, extent.telemetry_steps, on_gpu=on_gpu)
    yield from forked_launches(one, extent.launches, extent.launch_steps, on_gpu=on_gpu)
