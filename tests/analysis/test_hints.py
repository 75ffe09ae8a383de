"""suite.analysis.hints: a likely cause is named with its numbers, and none without evidence."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import pytest
from builders import CPU, make_cell, make_launch, make_protocol, make_run, make_telemetry

from suite.analysis.assemble import assemble
from suite.model.cell import Cell, Data, KernelName, Mode, Precision
from suite.model.device import Cpu, Gpu, Machine
from suite.model.facts import Facts
from suite.model.launch import Caution, CautionKind, Launch, RankRecord, Status
from suite.model.report import Hint, HintKind
from suite.model.telemetry import Gauge, Telemetry

T4 = Gpu(index=0, name="Tesla T4", memory_bytes=16 * 2**30, compute_capability=(7, 5))
ON_GPU, ON_CPU = Facts(device_type="GPU"), Facts(device_type="CPU")
PROTOCOL = make_protocol(measured_steps=22, launches=3)
FP32 = make_cell()
AMP, XLA = make_cell(precision=Precision.AMP), make_cell(xla=True)


def took(seconds: float, steps: int = 22) -> tuple[float, ...]:
    """Steps around a time, 1 % apart at most, in no order that repeats."""
    return tuple(seconds * (0.995 + 0.001 * (step * 7 % 11)) for step in range(steps))


def launch(cell: Cell, seconds: float, **facts: Any) -> Launch:
    """An ok launch on a T4 whose steps took about as long."""
    usual = make_launch(
        cell=cell,
        protocol=PROTOCOL,
        device=T4.name,
        step_seconds=took(seconds),
        conditions=ON_GPU,
    )
    return replace(usual, **facts)


def machine(*gpus: Gpu, cpu: Cpu = CPU) -> dict[str, object]:
    """A machine as run.json has it."""
    return asdict(Machine(gpus=gpus, cpu=cpu, nvml=""))


def found(*launches: Launch, **header: Any) -> dict[HintKind, Hint]:
    """The hints of a run of these launches, by kind."""
    run = make_run(*launches, **{"machine": machine(T4), **header})
    return {hint.kind: hint for hint in assemble([run]).runs[0].hints}


def hint(kind: HintKind, *launches: Launch, **header: Any) -> Hint:
    """The only hint of such a run, which must be of this kind."""
    hints = found(*launches, **header)
    assert set(hints) == {kind}
    return hints[kind]


def reading(**facts: Any) -> Telemetry:
    """Telemetry with enough readings of these gauges, each equal throughout or (mean, peak)."""
    gauges = {
        name: Gauge(*value) if isinstance(value, tuple) else Gauge(value, value, value)
        for name, value in facts.pop("gauges", {}).items()
    }
    return make_telemetry(**{"readings": 3, "gauges": gauges, **facts})


def batches(*sizes_and_seconds: tuple[int, float], **facts: Any) -> list[Launch]:
    """A launch of each batch size, whose steps took so long."""
    return [
        launch(replace(FP32, batch_size=size), seconds, **facts)
        for size, seconds in sizes_and_seconds
    ]


def test_a_plain_run_has_no_hint() -> None:
    """What grows with the batch, gains from AMP and XLA and is left alone needs no advice."""
    launches = [
        launch(cell, seconds, telemetry=reading(gauges={"gpu_sm_clock_mhz": 1500.0}))
        for cell, seconds in [
            (make_cell(batch_size=1), 0.010),
            (make_cell(batch_size=2), 0.018),
            (make_cell(batch_size=1, precision=Precision.AMP), 0.005),
            (make_cell(batch_size=1, precision=Precision.AMP, xla=True), 0.004),
        ]
    ]

    assert found(*launches) == {}


def test_flat_steps_are_named_with_both_times() -> None:
    """A batch twice as large in 1.02 times the time, and how busy the GPU was meanwhile."""
    telemetry = reading(gauges={"gpu_utilisation_percent": 41.0})
    flat = hint(
        HintKind.HOST_BOUND,
        *batches((1, 0.0045), (2, 0.0046), (4, 0.0047), (8, 0.0094), telemetry=telemetry),
    )

    assert flat.cells == ("inference-fp32-bs1-1gpu", "inference-fp32-bs2-1gpu")
    assert flat.evidence == (
        "inference-fp32-bs1-1gpu takes 4.5 ms a step, batch 2 takes 4.6 ms;"
        " inference-fp32-bs2-1gpu takes 4.6 ms a step, batch 4 takes 4.7 ms;"
        " the GPU computed 41% of the time"
    )
    assert flat.remedy == (
        "use a larger batch, which takes little longer; or give a step fewer operations by"
        " xla: true or graph: frozen"
    )


def test_nothing_is_advised_that_flat_steps_have_already() -> None:
    """A training step that XLA compiles has a larger batch to try, and no other graph."""
    cells = (make_cell(mode=Mode.TRAINING, xla=True, batch_size=size) for size in (1, 2))
    flat = hint(HintKind.HOST_BOUND, *(launch(cell, 0.0045) for cell in cells))

    assert flat.remedy == "use a larger batch, which takes little longer"


def test_the_published_t4_in_fp32_is_not_flat() -> None:
    """7.34 and 9.29 ms: a quarter more is the work of images, not a fixed cost alone."""
    assert found(*batches((1, 0.00734), (2, 0.00929))) == {}


def test_batches_less_than_twice_as_large_show_nothing() -> None:
    """From 8 to 12 images a step may grow little and still be bound by the images."""
    assert found(*batches((8, 0.010), (12, 0.0115))) == {}


def test_noise_of_launches_makes_nothing_flat() -> None:
    """The slowest launch of the larger batch and the fastest of the smaller one count."""
    large = [
        replace(each, launch=number)
        for number, each in enumerate(batches((2, 0.0046), (2, 0.0059)))
    ]

    assert found(*batches((1, 0.0045)), *large) == {}


def test_a_doubted_cell_is_no_evidence_of_flat_steps() -> None:
    """Something else may have slowed the smaller batch."""
    slowed, plain = batches((1, 0.0045), (2, 0.0046))
    slowed = replace(slowed, cautions=(CautionKind.STOLEN.caution("it was"),))

    assert found(slowed, plain) == {}


def test_other_conditions_are_no_larger_batch() -> None:
    """Cells are compared with those that differ in the batch alone."""
    other = launch(make_cell(batch_size=16, mode=Mode.TRAINING), 0.010)

    assert found(*batches((8, 0.010)), other) == {}


def test_the_share_of_waiting_is_the_evidence() -> None:
    """The launch that waited longest counts; records that tf.data decodes have DALI to try."""
    cell = make_cell(data=Data.TFRECORD)
    slow = hint(
        HintKind.INPUT_BOUND,
        launch(cell, 0.1, conditions=replace(ON_GPU, input_wait_share=0.30)),
        launch(cell, 0.1, conditions=replace(ON_GPU, input_wait_share=0.34), launch=1),
        launch(FP32, 0.1, conditions=replace(ON_GPU, input_wait_share=0.05)),
    )

    assert slow.cells == ("inference-fp32-bs8-1gpu-tfrecord",)
    assert slow.evidence == "inference-fp32-bs8-1gpu-tfrecord: 34% of its time"
    assert slow.remedy.startswith("decode with data: dali on a GPU, give it more CPU cores")


def test_dali_is_not_its_own_remedy() -> None:
    """Nor is anything said of waits that are common."""
    cell = make_cell(data=Data.DALI)
    waits = replace(ON_GPU, input_wait_share=0.2)

    assert "dali" not in hint(HintKind.INPUT_BOUND, launch(cell, 0.1, conditions=waits)).remedy
    assert found(launch(cell, 0.1, conditions=replace(ON_GPU, input_wait_share=0.1))) == {}


def copying(batch_size: int, seconds: float, busy: float, **facts: Any) -> Launch:
    """A launch on a GPU so busy, whose steps begin with copying their images."""
    return launch(
        make_cell(precision=Precision.AMP, batch_size=batch_size),
        seconds,
        telemetry=reading(gauges={"gpu_utilisation_percent": busy}),
        conditions=replace(ON_GPU, **{"input_staging": "inside the step", **facts}),
    )


def test_a_gpu_that_idles_while_images_are_copied_is_named() -> None:
    """As an H100 did at batch 256: half its time idle, about what a copy of 154 MB takes."""
    slow = hint(HintKind.COPY_BOUND, copying(256, 0.03998, 52.0), copying(32, 0.00778, 36.0))

    assert slow.cells == ("inference-amp-bs256-1gpu",)
    assert slow.evidence == (
        "inference-amp-bs256-1gpu: 154 MB a step of 39.98 ms, in which the GPU computed 52% of the"
        " time"
    )
    assert "synthetic_device" in slow.remedy


@pytest.mark.parametrize(
    "launch",
    [
        pytest.param(copying(256, 0.03998, 80.0), id="busy"),
        pytest.param(copying(32, 0.00778, 36.0), id="idle for another reason"),
        pytest.param(copying(256, 0.03998, 52.0, input_staging="ahead of the step"), id="ahead"),
    ],
)
def test_an_idle_gpu_alone_is_no_copy(launch: Launch) -> None:
    """The images have to be copied inside the step, and long enough to explain half of it."""
    assert HintKind.COPY_BOUND not in found(launch)


def clocked(cell: Cell, mean: float, **facts: Any) -> Launch:
    clock = (mean, mean - 50, mean + 50)
    return launch(cell, 0.1, telemetry=reading(gauges={"gpu_sm_clock_mhz": clock}, **facts))


def test_a_low_clock_is_measured_against_the_best_of_the_run() -> None:
    """With both clocks, and what held the lower one."""
    low = hint(
        HintKind.THROTTLED,
        clocked(FP32, 1500.0, throttling={}, throttle_readings=3),
        clocked(AMP, 930.0, throttling={"power cap": 2 / 3}, throttle_readings=3),
    )

    assert low.cells == (AMP.id,)
    assert low.evidence == (
        "inference-amp-bs8-1gpu: 930 MHz on average, 60% of the best of this run, 1550 MHz;"
        " power cap in 67% of 3 readings"
    )
    assert "--lock-clocks" in low.remedy
    assert "governor" not in low.remedy


def test_heat_needs_no_other_cell() -> None:
    """The GPU itself says that it slowed down, whatever its clock was."""
    hot = hint(
        HintKind.THROTTLED,
        clocked(FP32, 1500.0, throttling={"heat (driver)": 0.5}, throttle_readings=2),
    )

    assert hot.evidence == "inference-fp32-bs8-1gpu: heat (driver) in 50% of 2 readings"


@pytest.mark.parametrize(
    "facts",
    [
        {"throttling": {}, "throttle_readings": 3},
        {"throttling": None, "readings": 2},
    ],
)
def test_an_idle_clock_or_one_read_twice_is_no_evidence(facts: dict[str, Any]) -> None:
    """A GPU that waits for work lowers its clock, and nothing holds it."""
    assert found(clocked(FP32, 1500.0), clocked(AMP, 930.0, **facts)) == {}


def test_a_clock_within_a_tenth_of_the_best_is_none_either() -> None:
    """Launches vary by as much for other reasons."""
    held = {"throttling": {"power cap": 1.0}, "throttle_readings": 3}

    assert found(clocked(FP32, 1450.0), clocked(AMP, 1355.0, **held)) == {}


def test_a_clock_that_is_read_as_zero_is_none() -> None:
    """As some virtual machines report it."""
    clock = reading(gauges={"cpu_frequency_mhz": 0.0})

    assert found(launch(FP32, 0.1, telemetry=clock, conditions=ON_CPU)) == {}


def test_gpus_of_other_types_have_other_clocks() -> None:
    """Each is measured against its own best, in ranks as well."""
    other = replace(clocked(AMP, 930.0, throttling=None), device="Tesla V100")

    assert found(clocked(FP32, 1500.0), other) == {}


def test_a_cpu_is_measured_by_its_mean_clock() -> None:
    """One reading of one core may be of any moment; that of a GPU's host may be of an idle one."""
    clocks = {FP32: (3000.0, 2900.0, 4000.0), AMP: (2400.0, 2300.0, 4000.0)}
    launches = [
        launch(cell, 0.1, telemetry=reading(gauges={"cpu_frequency_mhz": clock}))
        for cell, clock in clocks.items()
    ]
    low = hint(HintKind.THROTTLED, *(replace(each, conditions=ON_CPU) for each in launches))

    assert low.evidence == (
        "inference-amp-bs8-1gpu: 2400 MHz on average, 80% of the best of this run, 3000 MHz"
    )
    assert "governor" in low.remedy
    assert "nvidia-smi" not in low.remedy
    assert found(*launches) == {}


def test_a_rank_is_evidence_for_its_cell() -> None:
    """The slowest rank sets the pace, so the lowest clock counts."""
    cell = make_cell(mode=Mode.TRAINING, gpus=2)
    ranks = tuple(
        RankRecord(
            rank=rank,
            host="node1",
            device=T4.name,
            step_seconds=took(0.1),
            telemetry=reading(gauges={"gpu_sm_clock_mhz": clock}, throttling=None),
        )
        for rank, clock in enumerate((1500.0, 1200.0))
    )
    low = hint(HintKind.THROTTLED, launch(cell, 0.1, ranks=ranks))

    assert low.evidence == (
        f"{cell.id}: 1200 MHz on average, 80% of the best of this run, 1500 MHz"
    )


SLOW = (launch(FP32, 0.1), launch(AMP, 0.4))


def slow_on_cpu(*features: str, cautions: Sequence[Caution] = ()) -> Hint:
    first, second = (
        replace(each, conditions=ON_CPU, device="a CPU", cautions=tuple(cautions)) for each in SLOW
    )
    cpu = replace(CPU, features=features)
    return hint(HintKind.AMP_SLOWER, first, second, machine=machine(cpu=cpu))


def test_a_cpu_without_bfloat16_lacks_instructions() -> None:
    """They are named, with both rates and their ratio."""
    emulated = slow_on_cpu("AVX2", "AVX-512F")

    assert emulated.cells == (AMP.id,)
    assert emulated.evidence == (
        "0.25x the images/s of FP32 in 1 of 1 cells, least in inference-amp-bs8-1gpu"
        " (20 against 80 img/s); the CPU has neither AVX-512 BF16 nor AMX BF16, so bfloat16 is"
        " emulated"
    )
    assert emulated.remedy == "use fp32 on this CPU"


@pytest.mark.parametrize("features", [("AVX2", "AMX BF16"), ("AVX-512 BF16",), ()])
def test_no_instruction_is_missed_that_is_there_or_unknown(features: tuple[str, ...]) -> None:
    """A processor of another make may have bfloat16 under a name of its own."""
    slow = slow_on_cpu(*features)

    assert slow.evidence.endswith("(20 against 80 img/s)")
    assert slow.remedy == "use fp32 on this CPU, or try a larger batch"


def test_xla_that_computes_in_float32_is_named() -> None:
    """Then it is not the speed of bfloat16."""
    widened = slow_on_cpu("AMX BF16", cautions=[CautionKind.WIDENED.caution("it widened")])

    assert widened.evidence.endswith("; XLA computed bfloat16 in float32")
    assert widened.remedy == "use fp32 on this CPU, or amp without XLA"


def test_an_old_gpu_has_no_tensor_cores() -> None:
    """Its compute capability says so; the T4's does not."""
    old = replace(T4, compute_capability=(6, 1))

    assert hint(HintKind.AMP_SLOWER, *SLOW, machine=machine(old)).evidence.endswith(
        "; a GPU of compute capability 6.1 has no tensor cores, which came with 7.0"
    )
    for newer in (T4, replace(T4, compute_capability=(7, 0))):
        has_them = hint(HintKind.AMP_SLOWER, *SLOW, machine=machine(newer))
        assert "tensor cores" not in has_them.evidence


def test_a_larger_batch_that_pays_is_the_evidence_for_a_larger_batch() -> None:
    """Of those that pay, the smallest."""
    sizes = {
        8: (0.1, 0.125),
        16: (0.2, 0.198),
        32: (0.4, 0.25),
        64: (0.8, 0.4),
    }
    launches = [
        launch(replace(cell, batch_size=size), seconds)
        for size, both in sizes.items()
        for cell, seconds in zip((FP32, AMP), both, strict=True)
    ]
    small = hint(HintKind.AMP_SLOWER, *launches)

    assert small.cells == (AMP.id,)
    assert small.evidence == (
        "0.80x the images/s of FP32 in 1 of 4 cells, least in inference-amp-bs8-1gpu"
        " (64 against 80 img/s); inference-amp-bs32-1gpu is faster, 1.60x"
    )
    assert small.remedy.startswith("use a larger batch")


def test_cells_are_grouped() -> None:
    """One hint names all of them, with the span of their ratios."""
    training = replace(FP32, mode=Mode.TRAINING)
    both = hint(
        HintKind.AMP_SLOWER,
        *SLOW,
        launch(training, 0.1),
        launch(replace(training, precision=Precision.AMP), 0.2),
    )

    assert both.cells == (AMP.id, "training-amp-bs8-1gpu")
    assert both.evidence.startswith("0.25x to 0.50x the images/s of FP32 in 2 of 2 cells, ")


@pytest.mark.parametrize(
    "launches",
    [
        # Less than launches vary by.
        (launch(FP32, 0.1), launch(AMP, 0.108)),
        # One of its launches was as fast.
        (launch(FP32, 0.1), launch(AMP, 0.14), launch(AMP, 0.099, launch=1)),
        # Its steps vary by more than that.
        (
            launch(FP32, 0.1, step_seconds=(0.05, 0.2, 0.11)),
            launch(AMP, 0.1, step_seconds=(0.07, 0.3, 0.12)),
        ),
        # Something else may have slowed it.
        (
            launch(FP32, 0.1),
            launch(AMP, 0.4, cautions=(CautionKind.STOLEN.caution("it was"),)),
        ),
        # There is nothing to compare it with.
        (launch(replace(FP32, batch_size=1), 0.1), launch(AMP, 0.4)),
        (launch(FP32, 0.1, status=Status.CRASHED), launch(AMP, 0.4)),
    ],
)
def test_weak_evidence_is_none(launches: tuple[Launch, ...]) -> None:
    """Whatever one sees in the table of the run."""
    assert HintKind.AMP_SLOWER not in found(*launches)


def test_simulated_cells_show_nothing() -> None:
    """Their numbers mean nothing."""
    simulated = [
        replace(each, cell=replace(each.cell, kernel=KernelName.SIMULATED)) for each in SLOW
    ]

    assert found(*simulated) == {}


def test_the_ratio_and_the_cost_of_compiling_are_the_evidence() -> None:
    """And that oneDNN, which computes without XLA, does not with it."""
    slow = hint(
        HintKind.XLA_SLOWER,
        launch(
            FP32,
            0.1,
            startup_seconds={"compile": 1.25},
            conditions=replace(ON_CPU, onednn_operations=56),
        ),
        launch(
            XLA,
            0.125,
            startup_seconds={"compile": 20.0},
            conditions=replace(ON_CPU, onednn_operations=0),
        ),
    )

    assert slow.cells == (XLA.id,)
    assert slow.evidence == (
        "0.80x the images/s of the same without XLA in 1 of 1 cells, least in"
        " inference-fp32-xla-bs8-1gpu (64 against 80 img/s); compiling took 20.0 s with it, 1.2 s"
        " without; without it oneDNN computes part of a step, with it nothing"
    )


def test_nothing_unknown_is_claimed() -> None:
    """Neither a compilation that was not timed nor operations that were not counted."""
    timed = {"startup_seconds": {"compile": 1.0}}
    counted = [replace(ON_CPU, onednn_operations=count) for count in (0, 5, 56)]
    for without, with_it in (
        ({}, {}),
        ({}, timed),
        (timed, {}),
        ({"conditions": counted[2]}, {"conditions": counted[1]}),
        ({"conditions": counted[0]}, {"conditions": counted[0]}),
        ({"conditions": counted[2]}, {"conditions": ON_CPU}),
    ):
        slow = hint(
            HintKind.XLA_SLOWER, launch(FP32, 0.1, **without), launch(XLA, 0.125, **with_it)
        )

        assert slow.evidence.endswith("(64 against 80 img/s)")


def test_a_small_difference_is_none() -> None:
    """0.94x of one launch each may be chance."""
    assert found(launch(FP32, 0.1), launch(XLA, 0.1064)) == {}


def test_those_on_the_gpu_are_quoted() -> None:
    """Each once, also of a launch that failed for their sake."""
    caution = CautionKind.FOREIGN_PROCESS.caution("also on the GPU: python (process 7)")
    others = hint(
        HintKind.FOREIGN_PROCESS,
        launch(FP32, 0.1, cautions=(caution,)),
        launch(
            AMP,
            0.1,
            cautions=(caution,),
            step_seconds=(),
            status=Status.OUT_OF_MEMORY,
            reason="no memory",
        ),
    )

    assert others.cells == (FP32.id, AMP.id)
    assert others.evidence == "also on the GPU: python (process 7)"
    assert "--exclusive" in others.remedy


def test_those_on_the_cpu_have_a_share() -> None:
    """From the quietest to the busiest launch that they were beside."""

    def beside(busy_cpus: float, cell: Cell) -> Launch:
        telemetry = reading(seconds=10.0, cpu_seconds=20.0, usable_cpus=4, busy_cpus=busy_cpus)
        return launch(cell, 0.1, conditions=ON_CPU, telemetry=telemetry)

    quiet = beside(2.4, replace(FP32, mode=Mode.TRAINING))
    others = hint(HintKind.FOREIGN_PROCESS, quiet, beside(2.5, FP32), beside(4.0, AMP))

    assert others.cells == (FP32.id, AMP.id)
    assert others.evidence == "they kept 12% to 50% of the CPU busy"
    assert others.remedy == "end them, or measure when the machine is quiet"
    assert found(quiet) == {}


def test_the_span_of_their_rates_is_the_evidence() -> None:
    """Of all that went well, in images/s."""
    apart = hint(
        HintKind.LAUNCHES_DISAGREE,
        *(launch(FP32, s, launch=n) for n, s in enumerate((0.1, 0.1, 0.125, 0.1))),
        launch(FP32, 0.01, launch=4, status=Status.CRASHED, reason="it ended"),
    )

    assert apart.cells == (FP32.id,)
    assert apart.evidence == "inference-fp32-bs8-1gpu: 4 launches, 64 to 80 img/s"


def test_launches_that_vary_a_little_agree() -> None:
    """By a few percent, as healthy ones do."""
    assert found(*(launch(FP32, 0.1 + 0.002 * n, launch=n) for n in range(4))) == {}


def test_the_share_of_the_gpu_is_the_evidence() -> None:
    """At the highest reading."""
    launches = [
        launch(
            FP32,
            0.1,
            launch=number,
            telemetry=reading(gauges={"gpu_memory_used_bytes": (2.0**30, 2.0**30, peak * 2.0**30)}),
        )
        for number, peak in enumerate((14.5, 15, 14.9))
    ]
    full = hint(HintKind.MEMORY_NEARLY_FULL, *launches)

    assert full.evidence == "inference-fp32-bs8-1gpu: 15.0 of 16.0 GiB (94%)"


def test_the_share_of_the_machine_counts_without_a_gpu() -> None:
    """The memory of the process, of what its control groups leave."""
    telemetry = reading(gauges={"resident_bytes": 0.95 * CPU.memory_bytes})
    process = launch(FP32, 0.1, telemetry=telemetry, conditions=ON_CPU)

    assert hint(HintKind.MEMORY_NEARLY_FULL, process).evidence == (
        "inference-fp32-bs8-1gpu: 15.2 of 16.0 GiB (95%)"
    )
    assert found(replace(process, conditions=ON_GPU)) == {}


@pytest.mark.parametrize("gpu", [T4, replace(T4, memory_bytes=None), replace(T4, name="V100")])
def test_nine_tenths_or_an_unknown_size_are_no_evidence(gpu: Gpu) -> None:
    """Nor is the size of another GPU."""
    used = 14.4 if gpu is T4 else 15.9
    telemetry = reading(gauges={"gpu_memory_used_bytes": used * 2**30})

    assert found(launch(FP32, 0.1, telemetry=telemetry), machine=machine(gpu)) == {}


LIMITED = replace(CPU, cores=1.5, allowed_cores=8)


def test_cores_quota_and_threads_are_the_evidence() -> None:
    """For a cell that computes on the CPU."""
    facts = replace(ON_CPU, intra_op_threads=8)
    quota = hint(
        HintKind.CPU_QUOTA,
        launch(FP32, 0.1, conditions=facts),
        machine=machine(cpu=LIMITED),
    )

    assert quota.cells == (FP32.id,)
    assert quota.evidence == "the time of 1.5 cores on 8 cores, shared by 8 computing threads"


def test_a_gpu_that_decodes_on_the_cpu_needs_it_too() -> None:
    """One that reads no records hardly does."""
    cpu = machine(T4, cpu=LIMITED)
    reads = launch(make_cell(data=Data.TFRECORD), 0.1)

    quota = hint(HintKind.CPU_QUOTA, reads, launch(FP32, 0.1), machine=cpu)

    assert quota.cells == (reads.cell.id,)
    assert quota.evidence == "the time of 1.5 cores on 8 cores"
    assert found(launch(FP32, 0.1), machine=cpu) == {}


@pytest.mark.parametrize("allowed", [2, None])
def test_without_a_quota_there_is_none(allowed: int | None) -> None:
    """Nor where it is unknown."""
    cpu = replace(CPU, cores=2, allowed_cores=allowed)

    assert found(launch(FP32, 0.1, conditions=ON_CPU), machine=machine(cpu=cpu)) == {}


def test_cells_without_onednn_are_told_how_to_switch_it_on() -> None:
    """Of two cells the one without; where each of them had it nothing is said."""
    off = replace(ON_CPU, onednn=False, onednn_remedy="set the switch")
    launches = launch(FP32, 0.1, conditions=ON_CPU), launch(XLA, 0.05, conditions=off)
    without = hint(HintKind.ONEDNN_OFF, *launches)

    assert without.cells == (XLA.id,)
    assert without.evidence == "oneDNN's kernels were off in 1 of 2 cells"
    assert without.remedy == "set the switch"
    assert found(launches[0]) == {}


@pytest.mark.parametrize("recorded", [{}, {"cpu": "fast"}, {"gpus": [{"name": "Tesla T4"}]}])
def test_a_machine_recorded_otherwise_costs_only_its_own_hints(recorded: dict[str, Any]) -> None:
    """Records of earlier versions, and of other programs, are read as far as they are known."""
    telemetry = reading(gauges={"gpu_memory_used_bytes": 16.0 * 2**30})
    launches = (
        launch(FP32, 0.1, telemetry=telemetry, conditions=ON_CPU),
        launch(AMP, 0.4, telemetry=telemetry, conditions=ON_CPU),
    )

    assert set(found(*launches, machine=recorded)) == {HintKind.AMP_SLOWER}


def test_hints_come_in_the_order_of_their_kinds() -> None:
    """And much evidence of one kind is counted."""
    slow = [
        launch(replace(cell, batch_size=size), seconds * size)
        for size in (8, 16, 32, 64, 128)
        for cell, seconds in ((FP32, 0.01), (AMP, 0.04), (XLA, 0.02))
    ]
    waits = [
        launch(
            make_cell(data=Data.DALI, batch_size=size),
            0.001 * size,
            conditions=replace(ON_GPU, input_wait_share=0.5),
        )
        for size in (8, 16, 32, 64, 128)
    ]
    hints = found(*slow, *waits)

    assert list(hints) == [HintKind.INPUT_BOUND, HintKind.AMP_SLOWER, HintKind.XLA_SLOWER]
    assert len(hints[HintKind.INPUT_BOUND].cells) == 5
    assert hints[HintKind.INPUT_BOUND].evidence.endswith("; and 2 more")
    three = hint(HintKind.INPUT_BOUND, *waits[:3]).evidence
    assert three.endswith("inference-fp32-bs32-1gpu-dali: 50% of its time")
