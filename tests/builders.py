"""Sound values of the suite's types: a test names only the fields that it is about."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from suite.analysis.baseline import baseline_of_run, with_sessions
from suite.analysis.summary import summarize
from suite.kernels.interface import KernelOptions
from suite.model.baseline import Baseline, BaselineChange, ChangeKind
from suite.model.cell import Cell, Data, Mode, Precision, Protocol
from suite.model.device import Cpu, Gpu, Machine
from suite.model.facts import Facts
from suite.model.launch import Caution, CautionKind, Launch, Status
from suite.model.recipe import Recipe
from suite.model.reference import ReferenceRow
from suite.model.run import CellResult, Run, RunHeader
from suite.model.telemetry import Gauge, Telemetry, TelemetryPoint
from suite.model.training import Evaluation, TrainedStep, Training
from suite.model.training_record import (
    Began,
    Ended,
    Evaluated,
    Event,
    Outcome,
    Split,
    TrainingHeader,
)
from suite.run.order import LaunchOrder
from suite.store.launches import write_launch
from suite.store.runs import create_run
from suite.store.training_runs import create_training, event_log

CPU = Cpu(model="AMD EPYC", cores=2, physical_cores=2, memory_bytes=2**34, features=())
CPU_ONLY = Machine(gpus=(), cpu=CPU, nvml="no NVIDIA driver")
WITH_T4 = Machine(
    gpus=(Gpu(index=0, name="Tesla T4", compute_capability=(7, 5)),), cpu=CPU, nvml=""
)


def make_cell(**conditions: Any) -> Cell:
    """Inference in FP32 without XLA, eight images a step on one GPU."""
    usual = Cell(mode=Mode.INFERENCE, precision=Precision.FP32, xla=False, batch_size=8)
    return replace(usual, **conditions)


def make_protocol(**limits: Any) -> Protocol:
    """One step of warm-up and two that are measured."""
    return replace(Protocol(warmup_steps=1, measured_steps=2), **limits)


def make_order(**facts: Any) -> LaunchOrder:
    """The order to measure a cell."""
    usual = LaunchOrder(cell=make_cell(), protocol=make_protocol(), options=KernelOptions())
    return replace(usual, **facts)


def make_launch(**facts: Any) -> Launch:
    """The first launch of a cell; it is ok, and has no steps but those given."""
    usual = Launch(cell=make_cell(), protocol=make_protocol(), launch=0, status=Status.OK)
    return replace(usual, **facts)


def make_telemetry(**facts: Any) -> Telemetry:
    """Two readings that told nothing."""
    usual = Telemetry(
        readings=2, reading_seconds=0.001, seconds=0.5, steps=1, cpu_seconds=0.25, gauges={},
        throttling={},
    )  # fmt: skip
    return replace(usual, **facts)


def make_whole_launch(**facts: Any) -> Launch:
    """A launch with something in every part of its record."""
    usual = make_launch(
        device="Tesla T4",
        started_at="2026-01-02T03:04:06+00:00",
        startup_seconds={"import": 1.5, "build": 0.5},
        warmup_seconds=(0.125,),
        step_seconds=(0.1, 0.30000000000000004),
        conditions=Facts(compute_type="float16", casts=3),
        telemetry=make_telemetry(
            gauges={"gpu_power_watts": Gauge(70.0, 69.5, 70.5)},
            throttling={"power cap": 1.0},
            foreign_processes=("process 7",),
            note="no energy counter can be read",
            series=(
                TelemetryPoint(step=1, values={"gpu_power_watts": 69.5}),
                TelemetryPoint(step=2, values={"gpu_power_watts": 70.5, "cores_busy": 0.5}),
            ),
        ),
        wall_seconds=3.0,
        cautions=(Caution(CautionKind.TRUNCATED, "cut"),),
    )
    return replace(usual, **facts)


def make_header(**facts: Any) -> RunHeader:
    """What is known before the first launch of the usual cell on a T4."""
    usual = RunHeader(
        matrix="mine",
        purpose="a test",
        reference=None,
        expected_device="t4",
        device="Tesla T4",
        gpu="Tesla T4",
        protocol=make_protocol(),
        started_at="2026-01-02T03:04:05+00:00",
        cells=(make_cell().id,),
        machine={"gpus": [{"name": "Tesla T4"}]},
        environment={"python": "3.12.0", "dirty": False, "variables": {}},
        data={"data_dir": "/records", "data_idx_dir": None},
    )
    return replace(usual, **facts)


def make_run(*launches: Launch, **facts: Any) -> Run:
    """A run of the cells of these launches; `facts` are those of its header."""
    cells = tuple(dict.fromkeys(launch.cell.id for launch in launches))
    return Run(header=make_header(**{"cells": cells, **facts}), launches=launches)


def store_run(directory: Path, run: Run) -> Path:
    """The run as a new run directory."""
    made = create_run(directory, run.header)
    for launch in run.launches:
        write_launch(made / "cells", launch)
    return made


def make_result(cell: Cell, *step_seconds: float, **facts: Any) -> CellResult:
    """A cell whose only launch took these steps, or crashed if there are none."""
    usual = CellResult(
        cell=cell,
        status=Status.OK if step_seconds else Status.CRASHED,
        reason="" if step_seconds else "why",
        summary=summarize(step_seconds, cell.global_batch_size),
        cautions=(),
        ok_launches=int(bool(step_seconds)),
        ended_launches=1,
        planned_launches=1,
    )
    return replace(usual, **facts)


def make_row(**facts: Any) -> ReferenceRow:
    """A published row of the usual cell: a throughput of 100 img/s, and no latencies."""
    usual = ReferenceRow(
        system="t4",
        gpu="T4",
        gpu_memory_gb=16,
        mode=Mode.INFERENCE,
        precision=Precision.FP32,
        xla=False,
        gpus=1,
        batch_size=8,
        throughput_img_s=100.0,
        latency_avg_ms=None,
        latency_p90_ms=None,
        latency_p95_ms=None,
        latency_p99_ms=None,
    )
    return replace(usual, **facts)


def make_training(**facts: Any) -> Training:
    """Two epochs of the usual cell in training, by the usual recipe."""
    usual = Training(
        name="mine",
        purpose="a test",
        cell=make_cell(mode=Mode.TRAINING, data=Data.TFRECORD),
        epochs=2,
        recipe=Recipe(),
    )
    return replace(usual, **facts)


def make_training_header(**facts: Any) -> TrainingHeader:
    """What is known before the first step of the usual training on a T4."""
    usual = TrainingHeader(
        training=make_training(),
        system=None,
        overrides=(),
        device="Tesla T4",
        gpu="Tesla T4",
        started_at="2026-01-02T03:04:05+00:00",
        machine={"gpus": [{"name": "Tesla T4"}]},
        environment={"python": "3.12.0", "tensorflow": "2.21.0", "variables": {}},
        data={"data_dir": "/records", "data_idx_dir": None},
        splits={"train": Split(shards=2, bytes=100), "validation": Split(shards=1, bytes=50)},
    )
    return replace(usual, **facts)


def make_trained_step(step: int, **facts: Any) -> TrainedStep:
    """A step of half a second at a loss of 2."""
    usual = TrainedStep(
        step=step, loss=2.0, cross_entropy=1.5, learning_rate=0.1, seconds=0.5, wait_seconds=0.05
    )
    return replace(usual, **facts)


def make_evaluated(step: int, **facts: Any) -> Evaluated:
    """60 of 100 images right, and 90 among the five likeliest."""
    usual = Evaluation(images=100, top1=60, top5=90, cross_entropy=1.0, seconds=2.0)
    return Evaluated(step=step, evaluation=replace(usual, **facts))


def make_course(top1: int, outcome: Outcome | None = Outcome.FINISHED) -> list[Event]:
    """Two epochs of a step each; of 100 images 60 are right after the first, then so many.

    Without an outcome the process was killed after that.
    """
    return [
        Began(at="now", step=0, steps_per_epoch=1),
        make_trained_step(1),
        make_evaluated(1),
        make_trained_step(2),
        make_evaluated(2, top1=top1, top5=100),
        *([Ended(at="now", step=2, outcome=outcome)] if outcome else []),
    ]


def store_training(directory: Path, header: TrainingHeader, events: Sequence[Event]) -> Path:
    """The training as a new training directory."""
    made = create_training(directory, header)
    with event_log(made) as append:
        for event in events:
            append(event)
    return made


def make_baseline(*runs: Run, **facts: Any) -> Baseline:
    """A baseline of these runs, or of one of the usual cell, that somebody saved."""
    first, *others = runs or [make_run(make_launch(step_seconds=(0.1, 0.1)))]
    change = BaselineChange(
        at="2026-01-03T03:04:05+00:00", who="Ada", what=ChangeKind.SAVED, why="a test"
    )
    return replace(with_sessions(baseline_of_run(first), others, change), **facts)
