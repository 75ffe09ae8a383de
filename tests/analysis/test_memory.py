"""suite.analysis.memory: how much memory a launch will need."""

from dataclasses import replace
from pathlib import Path

import pytest
from builders import CPU_ONLY, WITH_T4, make_cell, make_launch, make_telemetry

from suite.analysis.memory import (
    PARAMETERS,
    MemoryEstimate,
    capacity_bytes,
    estimate_memory,
    formula_bytes,
    kept_activations,
    peaks,
)
from suite.model.cell import Cell, Graph, KernelName, Mode, Precision
from suite.model.launch import Launch, RankRecord, Status
from suite.model.telemetry import Gauge
from suite.store.references import read_reference

ROOT = Path(__file__).parents[2]
GIB = 2**30
INFERENCE, TRAINING = Mode.INFERENCE, Mode.TRAINING
FP32, TF32, AMP = Precision.FP32, Precision.TF32, Precision.AMP


def cell(mode: Mode, precision: Precision, batch_size: int, **conditions: object) -> Cell:
    return make_cell(mode=mode, precision=precision, batch_size=batch_size, **conditions)


def launch(of: Cell, status: Status = Status.OK, **gauges: float) -> Launch:
    readings = {name: Gauge(value, value / 2, value) for name, value in gauges.items()}
    return make_launch(cell=of, status=status, telemetry=make_telemetry(gauges=readings))


# Largest resident memory of `python -m suite.kernels ... --num_iter 3 --warmup_steps 1`, by
# getrusage, on two cores with TensorFlow 2.21.
MEASURED = [
    (cell(INFERENCE, FP32, 1), 0.71),
    (cell(INFERENCE, FP32, 16), 0.89),
    (cell(INFERENCE, FP32, 64), 1.56),
    (cell(INFERENCE, FP32, 128), 1.92),
    (cell(INFERENCE, FP32, 64, image_size=112), 0.90),
    (cell(INFERENCE, AMP, 16), 0.87),
    (cell(INFERENCE, AMP, 64), 1.28),
    (cell(INFERENCE, FP32, 16, xla=True), 1.13),
    (cell(INFERENCE, FP32, 16, graph=Graph.FROZEN), 3.44),
    (cell(TRAINING, FP32, 4), 1.35),
    (cell(TRAINING, FP32, 8), 1.68),
    (cell(TRAINING, FP32, 16), 2.71),
    (cell(TRAINING, FP32, 32), 4.71),
    (cell(TRAINING, AMP, 8), 1.40),
    (cell(TRAINING, AMP, 16), 1.78),
    (cell(TRAINING, FP32, 8, xla=True), 2.19),
]


@pytest.mark.parametrize(("of", "measured"), MEASURED, ids=lambda value: getattr(value, "id", None))
def test_the_formula_is_as_near_to_the_measured_as_it_says(of: Cell, measured: float) -> None:
    """On the machine that the constants come from: 0.88 to 1.34 times."""
    assert 0.88 <= formula_bytes(of, on_gpu=False) / GIB / measured <= 1.34


# What TensorFlow's allocator held at the end of launches on an H100.
ON_H100 = [
    (cell(INFERENCE, AMP, 1), 1.33),
    (cell(INFERENCE, AMP, 256), 5.07),
    (cell(INFERENCE, AMP, 1, xla=True), 1.27),
    (cell(INFERENCE, TF32, 1), 2.58),
    (cell(INFERENCE, TF32, 256), 5.57),
    (cell(INFERENCE, TF32, 256, xla=True), 9.08),
    (cell(TRAINING, AMP, 128), 9.08),
    (cell(TRAINING, AMP, 256), 17.08),
    (cell(TRAINING, AMP, 256, xla=True), 21.09),
    (cell(TRAINING, TF32, 128), 33.08),
    (cell(TRAINING, TF32, 256), 33.08),
    (cell(TRAINING, TF32, 256, xla=True), 49.09),
]


@pytest.mark.parametrize(("of", "held"), ON_H100, ids=lambda value: getattr(value, "id", None))
def test_the_formula_is_near_what_a_gpu_held(of: Cell, held: float) -> None:
    """0.43 to 1.10 times: the allocator doubles what it holds."""
    assert 0.43 <= formula_bytes(of, on_gpu=True) / GIB / held <= 1.105


@pytest.mark.parametrize("name", ["t4", "dgx1", "dgx2", "dgxa100"])
def test_every_published_cell_is_expected_to_fit_its_gpu(name: str) -> None:
    """They all ran, so the formula must not say otherwise; and four times as much would not fit."""
    rows = read_reference(ROOT / "reference" / f"{name}.csv").rows
    cells = {
        cell(row.mode, row.precision, row.batch_size, xla=row.xla): row.gpu_memory_gb
        for row in rows
    }
    needs = {of: formula_bytes(of, on_gpu=True) / (gb * GIB) for of, gb in cells.items()}

    assert max(needs.values()) < 1
    if any(of.mode is TRAINING for of in cells):
        assert max(needs.values()) > 0.25


def test_activations_are_those_of_the_network() -> None:
    """One bottleneck network's convolutions, ReLUs and pool at 224 pixels; a quarter at 112."""
    assert kept_activations(224) == 11_113_984 + 9_608_704 + 200_704
    assert kept_activations(112) == pytest.approx(kept_activations(224) / 4, rel=0.02)


def test_an_earlier_launch_beats_the_formula() -> None:
    """The highest reading of this very cell counts, the GPU's before the process's."""
    known, other = cell(INFERENCE, FP32, 8), cell(INFERENCE, FP32, 16)
    history = peaks(
        [
            launch(known, resident_bytes=1.0 * GIB),
            launch(known, resident_bytes=3.0 * GIB, gpu_memory_used_bytes=5.0 * GIB),
            launch(other, Status.CRASHED, resident_bytes=9.0 * GIB),
        ]
    )

    assert estimate_memory(known, history, on_gpu=True) == MemoryEstimate(5 * GIB, "an earlier run")
    formula = estimate_memory(other, history, on_gpu=True)
    assert formula is not None
    assert formula.source == "a formula"


@pytest.mark.parametrize(
    ("gauges", "peak"),
    [
        ([{"resident_bytes": 1.0 * GIB}, {"resident_bytes": 2.0 * GIB}], 3 * GIB),
        ([{"gpu_memory_used_bytes": 4.0 * GIB}, {"gpu_memory_used_bytes": 5.0 * GIB}], 5 * GIB),
    ],
    ids=["a CPU that they share", "a GPU each"],
)
def test_an_earlier_launch_of_ranks_counts_them_all(
    gauges: list[dict[str, float]], peak: float
) -> None:
    """Ranks on a CPU add up; of GPUs the fullest one counts."""
    of = cell(TRAINING, FP32, 8, gpus=2)
    ranks = tuple(
        RankRecord(rank=index, host="a", telemetry=launch(of, Status.OK, **readings).telemetry)
        for index, readings in enumerate(gauges)
    )

    assert peaks([replace(launch(of), ranks=ranks)])[of].peak_bytes == peak


def test_what_ran_out_of_memory_is_not_expected_to_fit() -> None:
    """However large the device; a later launch that went well takes that back."""
    of = cell(TRAINING, FP32, 64)
    failed = peaks([launch(of, resident_bytes=1.0), launch(of, Status.OUT_OF_MEMORY)])
    mended = peaks([launch(of, Status.OUT_OF_MEMORY), launch(of, resident_bytes=1.0)])

    assert not failed[of].fits(2**60)
    assert mended[of].fits(2**60)


def test_ranks_share_a_cpus_memory_and_a_simulated_kernel_has_none() -> None:
    """Two ranks need twice a CPU's memory, but no more of each GPU."""
    one, two = cell(INFERENCE, FP32, 8), cell(INFERENCE, FP32, 8, gpus=2)
    simulated = cell(INFERENCE, FP32, 8, kernel=KernelName.SIMULATED)

    assert formula_bytes(two, on_gpu=False) == 2 * formula_bytes(one, on_gpu=False)
    assert formula_bytes(two, on_gpu=True) == formula_bytes(one, on_gpu=True)
    assert estimate_memory(simulated, {}, on_gpu=False) is None
    assert MemoryEstimate(GIB, "").fits(None)


def test_memory_is_that_of_the_device_that_runs() -> None:
    """The first GPU's, as far as its driver tells, or the machine's; what just fills it fits."""
    t4 = replace(WITH_T4, gpus=(replace(WITH_T4.gpus[0], memory_bytes=16 * GIB),))

    assert capacity_bytes(CPU_ONLY) == CPU_ONLY.cpu.memory_bytes
    assert capacity_bytes(t4) == 16 * GIB
    assert capacity_bytes(WITH_T4) is None
    assert MemoryEstimate(16 * GIB, "").fits(capacity_bytes(t4))
    assert not MemoryEstimate(16 * GIB + 1, "").fits(capacity_bytes(t4))


def test_only_a_cpu_pays_for_freezing_and_any_device_for_xla() -> None:
    """Variables are folded on the host, whatever runs the graph."""
    plain, frozen = cell(INFERENCE, FP32, 8), cell(INFERENCE, FP32, 8, graph=Graph.FROZEN)
    compiled = replace(plain, xla=True)

    assert formula_bytes(frozen, on_gpu=True) == formula_bytes(plain, on_gpu=True)
    assert formula_bytes(frozen, on_gpu=False) > formula_bytes(plain, on_gpu=False)
    for on_gpu in (False, True):
        assert formula_bytes(compiled, on_gpu=on_gpu) > formula_bytes(plain, on_gpu=on_gpu)


def test_a_launch_that_recorded_no_memory_tells_nothing() -> None:
    """The formula stays."""
    assert peaks([make_launch(), launch(make_cell(batch_size=4))]) == {}


def test_training_keeps_three_copies_of_the_parameters_and_amp_half_a_one() -> None:
    """Weights, gradients and momentum in float32; AMP computes with weights of two bytes."""

    def fixed(mode: Mode, precision: Precision) -> float:
        one, two = (formula_bytes(cell(mode, precision, size), on_gpu=True) for size in (1, 2))
        return 2 * one - two

    weights = 4 * PARAMETERS
    assert fixed(TRAINING, FP32) - fixed(INFERENCE, FP32) == pytest.approx(2 * weights)
    assert fixed(INFERENCE, AMP) - fixed(INFERENCE, FP32) == pytest.approx(weights / 2)
