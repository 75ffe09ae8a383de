"""Runs with something of everything that plots show."""

import random
from pathlib import Path

from builders import make_cell, make_launch, make_run, make_telemetry

from suite.analysis.assemble import assemble
from suite.model.cell import Cell, Layout, Mode, Precision, Protocol
from suite.model.launch import Caution, CautionKind, Launch, Status
from suite.model.report import Report
from suite.store.references import BANDS_PATH, read_bands, read_system

REFERENCE = Path(__file__).parents[3] / "reference" / "t4.csv"
PROTOCOL = Protocol(warmup_steps=5, measured_steps=40, launches=3)
THROTTLED = Caution(CautionKind.THROTTLED, "heat slowed the GPU; check its cooling")
UNSTEADY = Caution(CautionKind.UNSTEADY, "the steps changed; look for heat")
# How much faster than published each condition is.
GAIN = {(Precision.FP32, False): 1.03, (Precision.AMP, False): 1.1, (Precision.AMP, True): 1.18}


def t4_launches() -> list[Launch]:
    """Three launches of each published inference cell of the T4, close to what was published.

    FP32 is out of memory at 128 and skipped at 256, AMP is unsteady at 2 and throttled at 64, and
    AMP with XLA is out of memory at 256.
    """
    chance = random.Random(4)  # noqa: S311 - the same numbers in every run
    launches = []
    for row in read_system(REFERENCE).table.rows:
        cell = make_cell(precision=row.precision, xla=row.xla, batch_size=row.batch_size)
        conditions = (row.precision, row.xla, row.batch_size)
        for number in range(PROTOCOL.launches):
            gain = GAIN[row.precision, row.xla] * chance.gauss(1, 0.01)
            facts: dict[str, object] = {}
            if conditions == (Precision.AMP, False, 64):
                gain *= 0.78
                facts = {"cautions": (THROTTLED,)}
            if conditions == (Precision.AMP, False, 2):
                gain *= 0.9
                facts = {"cautions": (UNSTEADY,)}
            usual = row.batch_size / row.throughput_img_s / gain
            launches.append(_launch(cell, number, usual, chance, **facts))
            if conditions in {(Precision.FP32, False, 128), (Precision.AMP, True, 256)}:
                launches[-1] = _ended(cell, number, Status.OUT_OF_MEMORY)
            if conditions == (Precision.FP32, False, 256):
                launches[-1] = _ended(cell, number, Status.SKIPPED)
    return launches


def _launch(
    cell: Cell, number: int, usual: float, chance: random.Random, **facts: object
) -> Launch:
    def steps(count: int, level: float) -> tuple[float, ...]:
        return tuple(
            round(
                level * chance.lognormvariate(0, 0.01) * (1.2 if chance.random() < 0.02 else 1), 6
            )
            for _ in range(count)
        )

    images = PROTOCOL.measured_steps * cell.batch_size
    return make_launch(
        **{
            "cell": cell,
            "launch": number,
            "protocol": PROTOCOL,
            "device": "Tesla T4",
            "warmup_seconds": steps(PROTOCOL.warmup_steps, usual * 1.05),
            "step_seconds": steps(PROTOCOL.measured_steps, usual),
            "telemetry": make_telemetry(
                energy_joules=images / (12.0 - cell.batch_size / 100),
                energy_source="NVML total energy counter of the GPU",
                images_per_joule=12.0 - cell.batch_size / 100,
            ),
            **facts,
        }
    )


def _ended(cell: Cell, number: int, status: Status) -> Launch:
    return make_launch(
        cell=cell, launch=number, protocol=PROTOCOL, status=status, reason="why", device="Tesla T4"
    )


def t4_report() -> Report:
    """The run on a T4 beside what was published for it."""
    run = make_run(*t4_launches(), matrix="t4_inference", protocol=PROTOCOL)
    return assemble([run], [read_system(REFERENCE)], read_bands(BANDS_PATH))


def _training(precision: Precision, gpus: int, batch_size: int, seconds: float) -> Launch:
    cell = make_cell(
        mode=Mode.TRAINING, precision=precision, xla=True, batch_size=batch_size, gpus=gpus
    )
    if not seconds:
        return _ended(cell, 0, Status.OUT_OF_MEMORY)
    return make_launch(cell=cell, step_seconds=(seconds,), device=V100)


V100 = "Tesla V100-SXM2-16GB"


def scaling_report() -> Report:
    """Training on up to eight GPUs of a DGX-1 beside what was published, some of it failed."""
    launches = [
        _training(Precision.FP32, 1, 128, 0.32),
        _training(Precision.FP32, 2, 128, 0.325),
        _training(Precision.FP32, 4, 128, 0),
        _training(Precision.FP32, 8, 128, 0.34),
        _training(Precision.AMP, 1, 256, 0.2),
        _training(Precision.AMP, 4, 256, 0.21),
        _training(Precision.AMP, 8, 256, 0.22),
        _training(Precision.AMP, 2, 128, 0.11),
    ]
    run = make_run(*launches, matrix="dgx1_training", device=V100, gpu=V100)
    return assemble([run], [read_system(REFERENCE.with_name("dgx1.csv"))])


QUICK = Caution(CautionKind.QUICK, "quick")
TRUNCATED = Caution(CautionKind.TRUNCATED, "cut")


def cpu_report() -> Report:
    """A first look on a CPU: two batch sizes of inference, one of training, and a failure."""
    chance = random.Random(7)  # noqa: S311 - the same numbers in every run
    launches = []
    for cell, usual in (
        (make_cell(batch_size=1), 0.065),
        (make_cell(), 0.34),
        (make_cell(batch_size=1, xla=True), 0.069),
        (make_cell(xla=True), 0.4),
        (make_cell(batch_size=1, precision=Precision.AMP), 0.22),
        (make_cell(precision=Precision.AMP), 1.3),
        (make_cell(mode=Mode.TRAINING, batch_size=4), 0.78),
        (make_cell(mode=Mode.TRAINING, batch_size=4, precision=Precision.AMP), 2.06),
    ):
        cautions = (QUICK, *([TRUNCATED] if usual > 1 else []))
        steps = tuple(usual * chance.lognormvariate(0, 0.06) for _ in range(12))
        launches.append(
            make_launch(
                cell=cell,
                protocol=Protocol(warmup_steps=2, measured_steps=12),
                warmup_seconds=(usual * 1.4, usual * 1.1),
                step_seconds=steps,
                cautions=cautions,
                device="a CPU",
            )
        )
    failed = make_cell(mode=Mode.TRAINING, batch_size=4, xla=True)
    launches.append(_ended(failed, 0, Status.TIMED_OUT))
    run = make_run(*launches, matrix="quick", device="a CPU", gpu=None)
    return assemble([run], [read_system(REFERENCE)])


def few_report() -> Report:
    """Two batch sizes on a T4, three launches each, one of which failed; beside the published."""
    chance = random.Random(9)  # noqa: S311 - the same numbers in every run
    rates = {Precision.FP32: 0.97, Precision.AMP: 1.4}
    launches = []
    for precision, gain in rates.items():
        for batch_size, published in ((8, 341.77), (64, 424.42)):
            cell = make_cell(precision=precision, batch_size=batch_size)
            usual = batch_size / published / gain
            launches += [_launch(cell, number, usual, chance) for number in range(3)]
    launches[5] = _ended(launches[5].cell, 2, Status.CRASHED)
    launches.append(_ended(make_cell(precision=Precision.AMP, xla=True), 0, Status.INTERRUPTED))
    run = make_run(*launches, matrix="few", protocol=PROTOCOL)
    return assemble([run], [read_system(REFERENCE)], read_bands(BANDS_PATH))


def axes_report() -> Report:
    """Curves of training and of inference that differ in more than precision and XLA.

    All images are small. AMP is ten times as fast as FP32 at some batch sizes, and one cell of it
    failed between two that did not.
    """
    launches = []
    for mode in Mode:
        for precision in (Precision.FP32, Precision.AMP):
            for layout in Layout:
                for batch_size in (1, 2, 3, 4, 6, 8, 12, 16):
                    cell = make_cell(
                        mode=mode,
                        precision=precision,
                        layout=layout,
                        batch_size=batch_size,
                        image_size=96,
                    )
                    seconds = 0.02 + 0.01 * batch_size
                    if precision is Precision.AMP:
                        seconds /= 10 if batch_size > 4 else 0.9
                    if layout is Layout.NCHW:
                        seconds *= 1.1
                    launches.append(_steady(cell, seconds))
                    if precision is Precision.AMP and batch_size == 6:
                        launches[-1] = _ended(cell, 0, Status.CRASHED)
    run = make_run(*launches, matrix="axes", device="NVIDIA H200", gpu="NVIDIA H200")
    return assemble([run])


def _steady(cell: Cell, seconds: float) -> Launch:
    steps = tuple(seconds * (1 + 0.001 * (step % 7)) for step in range(400))
    protocol = Protocol(warmup_steps=2, measured_steps=400)
    return make_launch(
        cell=cell, protocol=protocol, warmup_seconds=(seconds * 3, seconds), step_seconds=steps
    )


def crowded_report() -> Report:
    """A T4 on which every number is doubted for something else, and every other cell has none."""
    kinds = [kind for kind in CautionKind if kind is not CautionKind.QUICK]
    failures = [status for status in Status if status is not Status.OK]
    launches: list[Launch] = []
    for row in read_system(REFERENCE).table.rows:
        cell = make_cell(precision=row.precision, xla=row.xla, batch_size=row.batch_size)
        usual = row.batch_size / row.throughput_img_s / GAIN[row.precision, row.xla]
        steps = (usual, usual * 1.02, usual)
        place = len(launches)
        caution = Caution(kinds[place % len(kinds)], "why")
        launches.append(
            make_launch(
                cell=cell,
                protocol=Protocol(warmup_steps=0, measured_steps=3),
                step_seconds=steps,
                cautions=(caution,),
            )
        )
        if row.precision is Precision.AMP and not row.xla and place % 2:
            launches[-1] = _ended(cell, 0, failures[place % len(failures)])
    run = make_run(*launches, matrix="crowded")
    return assemble([run], [read_system(REFERENCE)])
