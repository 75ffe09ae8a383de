"""A run with something of everything, beside the published DGX-1, for whole documents."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from builders import make_cell, make_launch, make_run, make_telemetry

from suite.analysis.assemble import assemble
from suite.analysis.pairs import paired
from suite.model.cell import Cell, Mode, Precision, Protocol
from suite.model.facts import Facts
from suite.model.launch import Caution, CautionKind, Launch, RankRecord, StartedBy, Status
from suite.model.report import Report
from suite.model.run import Run
from suite.model.telemetry import Gauge, TelemetryPoint
from suite.store.references import BANDS_PATH, read_bands, read_system

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "reference" / "dgx1.csv"
PROTOCOL = Protocol(warmup_steps=2, measured_steps=80, launches=2)
GPU = "Tesla V100-SXM2-16GB"
AMP = make_cell(precision=Precision.AMP, batch_size=64)
TRAINING = make_cell(mode=Mode.TRAINING, precision=Precision.AMP, xla=True, batch_size=256)


def steps(seconds: float, count: int = 80) -> tuple[float, ...]:
    """Steps around a time, spread by two percent, in an order in which neighbours are unlike."""
    return tuple(round(seconds * (0.99 + 0.002 * (step * 7 % 11)), 6) for step in range(count))


def launch(cell: Cell, number: int, *step_seconds: float, **facts: Any) -> Launch:
    """An ok launch on the GPU."""
    return make_launch(
        **{
            "cell": cell,
            "launch": number,
            "protocol": PROTOCOL,
            "device": GPU,
            "started_at": "2026-01-02T03:05:00+00:00",
            "startup_seconds": {"import": 0.1, "build": 1.5, "compile": 4.0},
            "warmup_seconds": (0.5, 0.03),
            "step_seconds": step_seconds,
            "wall_seconds": sum(step_seconds) + 6.5,
            "started_by": StartedBy.FORK,
            "runner_cpu_seconds": 0.001,
            **facts,
        }
    )


ON_GPU = make_telemetry(
    readings=4,
    reading_seconds=0.008,
    gauges={"gpu_power_watts": Gauge(250.0, 240.0, 260.0)},
    throttling={"power cap": 0.25},
    throttle_readings=4,
    series=(
        TelemetryPoint(step=20, values={"gpu_power_watts": 240.0, "gpu_sm_clock_mhz": 1530.0}),
        TelemetryPoint(step=80, values={"gpu_power_watts": 260.0, "gpu_sm_clock_mhz": 1290.0}),
    ),
    energy_joules=500.0,
    energy_source="NVML total energy counter of the GPU",
    images_per_joule=4.5,
    usable_cpus=8,
    stolen_share=0.01,
)
THROTTLED = Caution(CautionKind.THROTTLED, "the power cap held the clock; raise it with nvidia-smi")
RANKS = tuple(
    RankRecord(
        rank=rank,
        host="node1",
        step_seconds=steps(0.21 + 0.002 * rank),
        all_reduce_seconds=(0.01, 0.012, 0.011),
        telemetry=ON_GPU,
    )
    for rank in range(2)
)
SCALED = make_cell(mode=Mode.TRAINING, precision=Precision.AMP, xla=True, batch_size=256, gpus=2)
LAUNCHES = (
    launch(
        AMP,
        0,
        *steps(0.024),
        telemetry=ON_GPU,
        cautions=(THROTTLED,),
        conditions=Facts(compute_type="float16"),
    ),
    launch(TRAINING, 0, *steps(0.2)),
    launch(SCALED, 0, *steps(0.212), ranks=RANKS, started_by=StartedBy.MPIRUN),
    launch(
        make_cell(batch_size=256),
        0,
        status=Status.OUT_OF_MEMORY,
        reason="ResourceExhaustedError: failed to allocate",
        output_tail="OOM when allocating tensor with shape[256,64,112,112]",
    ),
    launch(make_cell(precision=Precision.TF32), 0, status=Status.SKIPPED, reason="needs Ampere"),
    launch(AMP, 1, *steps(0.025), fork_refused="no fork server: it ended"),
    launch(TRAINING, 1, *steps(0.202)),
    launch(SCALED, 1, *steps(0.213), ranks=RANKS, started_by=StartedBy.MPIRUN),
    launch(make_cell(), 1, *steps(0.01, 12), status=Status.INTERRUPTED, reason="by Ctrl-C"),
)


def recorded_run() -> Run:
    """The launches above on a DGX-1's V100, and one cell that was never run."""
    cells = (*dict.fromkeys(launch.cell.id for launch in LAUNCHES), "inference-fp32-bs2-1gpu")
    return make_run(
        *LAUNCHES,
        matrix="recorded",
        device=GPU,
        gpu=GPU,
        expected_device="dgx1",
        protocol=PROTOCOL,
        cells=cells,
    )


L4 = "NVIDIA L4"
ON_L4 = (
    launch(AMP, 0, *steps(0.0201), device=L4, conditions=Facts(compute_type="bfloat16")),
    launch(TRAINING, 0, *steps(0.25), device=L4, cautions=(THROTTLED,)),
    launch(make_cell(batch_size=256), 0, *steps(0.3), device=L4),
    launch(make_cell(), 0, device=L4, status=Status.CRASHED, reason="ended by SIGSEGV"),
    launch(make_cell(batch_size=16), 0, *steps(0.02), device=L4),
    launch(AMP, 1, *steps(0.0203), device=L4),
    launch(TRAINING, 1, status=Status.TIMED_OUT, reason="no step in 600 s", device=L4),
)


def other_run() -> Run:
    """A later run on another GPU: slower and faster, with other cells, facts and software."""
    return make_run(
        *ON_L4,
        matrix="recorded",
        device=L4,
        gpu=L4,
        expected_device="dgx1",
        protocol=replace(PROTOCOL, max_seconds=60.0),
        started_at="2026-02-03T04:05:06+00:00",
        machine={"gpus": [{"name": L4, "power_limit_watts": 72.0}]},
        environment={
            "python": "3.12.0",
            "dirty": True,
            "variables": {"TF_XLA_FLAGS": "--tf_xla_auto_jit=2"},
        },
    )


def paired_report(run: Run | None = None) -> Report:
    """The other run beside the recorded one, or beside the one given."""
    return paired(assemble([run or recorded_run(), other_run()]))


def recorded_report() -> Report:
    """The run beside the published DGX-1."""
    return assemble([recorded_run()], [read_system(REFERENCE)], read_bands(BANDS_PATH))


def two_runs_report() -> Report:
    """Both runs beside the published DGX-1, of which the second is on another GPU."""
    return assemble([recorded_run(), other_run()], [read_system(REFERENCE)], read_bands(BANDS_PATH))
