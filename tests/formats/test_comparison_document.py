"""A recorded run beside the published page: the whole document, as a user gets it."""

import subprocess
import sys
from pathlib import Path

import pytest
from builders import make_cell, make_launch, make_run, store_run

from suite.model.cell import Mode, Precision, Protocol
from suite.model.launch import Caution, CautionKind, Launch, Status

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parents[1] / "data"
PROTOCOL = Protocol(warmup_steps=2, measured_steps=4)


def launch(
    batch_size: int,
    seconds: tuple[float, ...],
    *,
    mode: Mode = Mode.INFERENCE,
    precision: Precision = Precision.AMP,
    xla: bool = False,
    gpus: int = 1,
    doubts: tuple[CautionKind, ...] = (),
) -> Launch:
    """One launch with these step times; without any, it ran out of memory."""
    ok = bool(seconds)
    return make_launch(
        cell=make_cell(mode=mode, precision=precision, xla=xla, batch_size=batch_size, gpus=gpus),
        protocol=PROTOCOL,
        status=Status.OK if ok else Status.OUT_OF_MEMORY,
        reason="" if ok else "ResourceExhaustedError: failed to allocate",
        device="Tesla V100-SXM2-16GB",
        step_seconds=seconds,
        cautions=tuple(Caution(kind, "why") for kind in doubts),
    )


LAUNCHES = [
    launch(1, (0.0041, 0.0042, 0.0043, 0.0046), precision=Precision.AMP),
    launch(4, (0.0060, 0.0062), xla=True),
    launch(64, (0.0238, 0.0239), doubts=(CautionKind.CONTENDED, CautionKind.UNSTEADY)),
    launch(64, (0.0226, 0.0228), xla=True),
    launch(256, (), precision=Precision.FP32),
    launch(3, (0.001, 0.001), precision=Precision.FP32),
    launch(128, (0.32, 0.32), mode=Mode.TRAINING, xla=True, precision=Precision.FP32),
    launch(256, (0.2, 0.2), mode=Mode.TRAINING, xla=True, doubts=(CautionKind.TRUNCATED,)),
    launch(
        128,
        (0.32, 0.34),
        mode=Mode.TRAINING,
        xla=True,
        precision=Precision.FP32,
        gpus=8,
        doubts=(CautionKind.CONTENDED,),
    ),
]


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A run of a DGX-1's V100 with known step times."""
    return record(tmp_path, LAUNCHES, "Tesla V100-SXM2-16GB")


def record(folder: Path, launches: list[Launch], gpu: str | None) -> Path:
    """A run directory with these launches."""
    run = make_run(
        *launches,
        matrix="recorded",
        expected_device="dgx1",
        device=gpu or "a CPU",
        gpu=gpu,
        protocol=PROTOCOL,
    )
    return store_run(folder / "20260102T030405Z-tesla-v100-recorded", run)


def compare(directory: Path, *flags: str) -> "subprocess.CompletedProcess[str]":
    reference = ROOT / "reference" / "dgx1.csv"
    command = ["compare", "--reference", str(reference), "--run", str(directory), *flags]
    return subprocess.run(
        [sys.executable, str(ROOT / "bench.py"), *command],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_comparison_is_the_recorded_document(recorded: Path) -> None:
    """Terminal text and Markdown hold every number, ratio, word, doubt and leftover cell."""
    done = compare(recorded)
    printed, _, written = done.stdout.partition("\nwritten to")

    assert done.returncode == 0, done.stderr
    assert printed == (DATA / "comparison.txt").read_text()
    assert (recorded / "comparison.md").read_text() == (DATA / "comparison.md").read_text()
    assert (recorded / "comparison.csv").read_text() == (DATA / "comparison.csv").read_text()
    assert written.strip().endswith("report.json, plots/weak_scaling_compared.svg")
    plot = (recorded / "plots" / "weak_scaling_compared.svg").read_text()
    assert "7.76\N{MULTIPLICATION SIGN}, 97.1%" in plot
    assert "7.69\N{MULTIPLICATION SIGN}, 96.1%" in plot


def test_ranks_on_a_cpu_are_set_beside_published_scaling(tmp_path: Path) -> None:
    """Without a cell in common, two ranks over one still compare with 8 GPUs over one."""
    one, two = (
        launch(8, (seconds, seconds), mode=Mode.TRAINING, precision=Precision.FP32, gpus=ranks)
        for ranks, seconds in [(1, 1.6), (2, 2.0)]
    )
    directory = record(tmp_path, [one, two], None)
    done = compare(directory)

    assert done.returncode == 0, done.stderr
    assert WEAK_SCALING in done.stdout
    assert compare(directory, "--fail-below", "1").returncode == 4


WEAK_SCALING = """\
Weak scaling, by mean of per-step rates; GPUs are ranks on a CPU
Training                          GPUs  Batch Size  img/s on 1    img/s     Weak    % of  Hours for
                                             / GPU         GPU           scaling  linear  90 epochs
---------------------  ---------  ----  ----------  ----------  -------  -------  ------  ---------
FP32                   measured      2           8        5.00     8.00    1.60x   80.0%    4003.65
FP32 + XLA             published     8         128      412.00  3170.00    7.69x   96.1%      10.00
mixed precision + XLA  published     8         256     1270.00  9510.00    7.48x   93.5%       3.50

"""


def test_scaling_of_one_side_alone_is_not_comparable(tmp_path: Path) -> None:
    """A second rank whose base is missing has nothing to be set beside the published factors."""
    two = launch(8, (2.0,), mode=Mode.TRAINING, precision=Precision.FP32, gpus=2)
    done = compare(record(tmp_path, [two], None))

    assert done.returncode == 4
    assert "no cell in common" in done.stderr


def test_the_terminal_text_fits_100_columns(recorded: Path) -> None:
    """Tables and paragraphs are readable without wrapping."""
    printed = compare(recorded).stdout.partition("\nwritten to")[0]

    assert max(map(len, printed.splitlines())) <= 100


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (
            ["--fail-below", "0.5", "--min-batch", "4"],
            3,
            "failed: inference-fp32-bs256-1gpu: out of",
        ),
        (["--fail-below", "1.0"], 1, "below 1x: inference-amp-bs1-1gpu: 0.982x"),
        (["--fail-below", "0.9", "--min-batch", "512"], 4, "lower --min-batch"),
    ],
)
def test_failing_is_asked_for_and_has_its_code(
    recorded: Path, flags: list[str], code: int, words: str
) -> None:
    """--fail-below is 1 for a slow cell, 3 for a failed one, 4 with nothing to look at."""
    done = compare(recorded, *flags)

    assert done.returncode == code
    assert words in done.stdout + done.stderr


def test_training_on_several_gpus_alone_is_compared_without_scaling(tmp_path: Path) -> None:
    """Where a run has 8 GPUs and no base, throughput has its ratio and weak scaling is missing."""
    eight = launch(256, (0.2, 0.2), mode=Mode.TRAINING, xla=True, gpus=8)
    done = compare(record(tmp_path, [eight], "Tesla V100-SXM2-16GB"))

    assert done.returncode == 0, done.stderr
    (line,) = [
        line for line in done.stdout.splitlines() if line.startswith("8 ") and "10240" in line
    ]
    assert line.split()[-5:] == ["-", "10240.00", "-", "-", "-"]


def test_no_letter_is_explained_that_stands_beside_no_number(tmp_path: Path) -> None:
    """A doubt about scaling that could not be calculated is not in the legend."""
    one = launch(64, (0.0238, 0.0239))
    two = launch(256, (0.2, 0.2), mode=Mode.TRAINING, gpus=2, doubts=(CautionKind.TRUNCATED,))
    done = compare(record(tmp_path, [one, two], "Tesla V100-SXM2-16GB"))

    assert done.returncode == 0, done.stderr
    assert CautionKind.TRUNCATED.legend not in " ".join(done.stdout.split())
