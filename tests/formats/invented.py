"""An invented run of the published T4 matrix, with every state, near the published numbers.

No T4 ran: measured values are the published ones times a smooth factor with noise.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from builders import make_run, make_telemetry

from suite.analysis.assemble import assemble
from suite.model.cell import Cell, Protocol
from suite.model.facts import Facts
from suite.model.launch import Caution, CautionKind, Launch, StartedBy, Status
from suite.model.reference import key_of
from suite.model.report import Report
from suite.model.run import Run
from suite.model.telemetry import Gauge, TelemetryPoint
from suite.store.matrices import read_matrix
from suite.store.references import BANDS_PATH, read_bands, read_system

READINGS = 20
ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "reference" / "t4.csv"
MATRIX = ROOT / "matrices" / "t4_inference.yaml"
OUT_OF_MEMORY = "OOM when allocating tensor with shape[256,64,112,112] and type float"
THROTTLED = "the GPU was throttled: heat (hardware) in 92% of 79 readings; check its cooling"
UNSTEADY = "the steps became 38.1% slower at once, near step 71; look for throttling"


def invented_run(steps: int = 350, launches: int = 3) -> Run:
    """The run; two cells run out of memory, one is skipped, one is throttled and one unsteady."""
    matrix = read_matrix(MATRIX)
    table = read_system(REFERENCE).table
    protocol = Protocol(warmup_steps=50, measured_steps=steps, launches=launches)
    cells = [cell for cell in matrix.cells if table.find(cell) is not None]
    made = [
        _launch(cell, number, protocol, table.by_key[key_of(cell)].throughput_img_s)
        for number in range(launches)
        for cell in cells
    ]
    return make_run(
        *made,
        matrix="t4_inference",
        purpose="the inference tables published for the T4",
        device="Tesla T4",
        gpu="Tesla T4",
        reference=str(REFERENCE),
        protocol=protocol,
        started_at="2026-11-26T21:32:00+00:00",
        command=("run", "matrices/t4_inference.yaml"),
        environment={
            "suite": "0.1.0",
            "tensorflow": "2.21.0",
            "python": "3.11.7",
            "driver": "550.90.07",
            "cuda": "12.4",
            "os": "Debian GNU/Linux 12",
            "dirty": False,
            "variables": {"TF_CPP_MIN_LOG_LEVEL": "2"},
        },
    )


def invented_report(steps: int = 350, launches: int = 3) -> Report:
    """The run beside the published T4."""
    run = invented_run(steps, launches)
    return assemble([run], [read_system(REFERENCE)], read_bands(BANDS_PATH))


def _launch(cell: Cell, number: int, protocol: Protocol, published: float) -> Launch:
    usual = Launch(
        cell=cell,
        protocol=protocol,
        launch=number,
        status=Status.OK,
        device="Tesla T4",
        started_at="2026-11-26T21:33:00+00:00",
    )
    failed = _failed(cell)
    if failed is not None:
        return replace(usual, status=failed.status, reason=failed.reason, output_tail=failed.output)
    noise = random.Random(f"{cell.id} {number}")  # noqa: S311 - numbers of a test
    middle = cell.batch_size / published / _factor(cell) * noise.gauss(1, 0.004)
    count = protocol.warmup_steps + protocol.measured_steps
    taken = [_step(cell, middle, place / count, noise) for place in range(count)]
    taken[0] *= 6
    warmup, steps = taken[: protocol.warmup_steps], taken[protocol.warmup_steps :]
    return replace(
        usual,
        startup_seconds={"import": 0.1, "build": 2.3, "compile": 1.0},
        warmup_seconds=tuple(warmup),
        step_seconds=tuple(steps),
        wall_seconds=sum(taken) + 4,
        started_by=StartedBy.FORK,
        runner_cpu_seconds=0.001,
        cautions=_cautions(cell),
        conditions=Facts(
            device_type="GPU",
            compute_type="float32" if cell.precision.value == "fp32" else "float16",
            xla="jit_compile" if cell.xla else "off",
            layouts=("NCHW",),
            transposes=2,
            convolutions=53,
            fused_batch_normalizations=53,
            loss=288.57,
            parameters=25_559_081,
        ),
        telemetry=make_telemetry(
            readings=READINGS,
            seconds=sum(steps),
            steps=len(steps),
            gauges={
                "gpu_power_watts": Gauge(48.7, 41.0, 70.0),
                "gpu_sm_clock_mhz": Gauge(1113.0, 741.0, 1590.0),
                "gpu_temperature_celsius": Gauge(80.0, 61.0, 89.0),
                "gpu_memory_used_bytes": Gauge(4e9, 4e9, 4.5e9),
            },
            throttling={},
            throttle_readings=READINGS,
            series=tuple(_reading(cell, place, steps, noise) for place in range(READINGS)),
            energy_joules=48.7 * sum(steps),
            energy_source="NVML total energy counter of the GPU",
            images_per_joule=cell.batch_size * len(steps) / sum(steps) / 48.7,
        ),
    )


@dataclass(frozen=True)
class _Failure:
    """How a cell fails, and what its launches printed."""

    status: Status
    reason: str
    output: str = ""


def _reading(
    cell: Cell, place: int, steps: Sequence[float], noise: random.Random
) -> TelemetryPoint:
    """One of the readings, which are evenly spread over the steps."""
    hot = any(caution.kind is CautionKind.THROTTLED for caution in _cautions(cell))
    share = (place + 1) / READINGS
    clock = (820 if hot and share > 0.2 else 1113) + noise.gauss(0, 8)
    return TelemetryPoint(
        step=max(1, round(share * len(steps))),
        values={"gpu_sm_clock_mhz": clock, "gpu_power_watts": 20 + clock / 38},
    )


def _failed(cell: Cell) -> _Failure | None:
    if cell.precision.value == "fp32" and cell.batch_size == 128:
        return _Failure(Status.OUT_OF_MEMORY, OUT_OF_MEMORY, f"2026-11-26 W bfc\n{OUT_OF_MEMORY}")
    if cell.precision.value == "fp32" and cell.batch_size == 256:
        return _Failure(Status.SKIPPED, "inference-fp32-bs128-1gpu ran out of memory")
    if cell.xla and cell.batch_size == 256:
        return _Failure(Status.OUT_OF_MEMORY, OUT_OF_MEMORY)
    return None


def _cautions(cell: Cell) -> tuple[Caution, ...]:
    if cell.precision.value != "amp" or cell.xla:
        return ()
    if cell.batch_size == 64:
        return (
            Caution(CautionKind.THROTTLED, THROTTLED),
            Caution(CautionKind.UNSTEADY, UNSTEADY),
        )
    if cell.batch_size == 2:
        return (Caution(CautionKind.UNSTEADY, "51% of the steps take 14% longer than the others"),)
    return ()


def _factor(cell: Cell) -> float:
    """How much faster than published: more with AMP and with XLA."""
    gain = {"fp32": 1.02, "amp": 1.08}.get(cell.precision.value, 1.0) + 0.1 * cell.xla
    return gain + 0.01 * math.log2(cell.batch_size)


def _step(cell: Cell, middle: float, share: float, noise: random.Random) -> float:
    """The time of the step at this share of a launch."""
    seconds = middle * noise.gauss(1, 0.006)
    if noise.random() < 0.01:
        seconds *= 1.08
    doubts = {caution.kind for caution in _cautions(cell)}
    if CautionKind.THROTTLED in doubts and share > 0.3:
        return seconds * (1.38 + 0.02 * math.sin(share * 40))
    if CautionKind.UNSTEADY in doubts and noise.random() < 0.5:
        return seconds * 1.14
    return seconds
