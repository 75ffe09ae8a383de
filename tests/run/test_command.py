"""suite.run.flags: cells as the page's own flags, and back."""

import struct
from pathlib import Path

import pytest
from builders import make_cell, make_order

from suite.kernels.interface import KernelOptions
from suite.model.cell import Data, Graph, KernelName, Layout, Mode, Precision, Protocol
from suite.model.errors import InputError
from suite.run.flags import command_line, parse_order, to_arguments
from suite.run.order import LaunchOrder


def order(**changes: object) -> LaunchOrder:
    cell = make_cell(**{"precision": Precision.AMP, "xla": True, **changes})
    return make_order(cell=cell, protocol=Protocol(warmup_steps=20, measured_steps=80))


def test_the_command_is_the_one_the_page_gives() -> None:
    """What the plan prints is the published command line with this suite's module in front."""
    assert command_line(order(xla=False)) == (
        "python -m suite.kernels --mode=inference_benchmark --amp --batch_size 8"
        " --warmup_steps 20 --num_iter 100 --iter_unit batch --results_dir ."
    )


@pytest.mark.parametrize(
    "told",
    [
        order(),
        order(mode=Mode.TRAINING, precision=Precision.FP32, xla=False),
        order(data=Data.SYNTHETIC_DEVICE),
        order(layout=Layout.NCHW, graph=Graph.FORWARD),
        order(precision=Precision.TF32, image_size=64, kernel=KernelName.SIMULATED),
        make_order(
            cell=make_cell(precision=Precision.AMP, xla=True, batch_size=256, data=Data.DALI),
            protocol=Protocol(warmup_steps=0, measured_steps=1, max_seconds=2.5),
            options=KernelOptions(data_dir="/data", data_idx_dir="/idx", seed=7),
            launch=3,
            telemetry=False,
        ),
    ],
)
def test_flags_and_orders_are_each_others_inverse(told: LaunchOrder) -> None:
    """A worker measures exactly the cell that the runner meant."""
    assert parse_order(to_arguments(told)) == told


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--num_iter 20 --iter_unit batch --warmup_steps 20", "must exceed --warmup_steps 20"),
        ("--num_iter 50", "must exceed --warmup_steps 50"),
        ("--iter_unit epoch", "synthetic images have no epoch; give --iter_unit batch"),
        ("--iter_unit batch --num_iter 100 --dali", "give --data_dir and --data_idx_dir"),
        ("--iter_unit batch --num_iter 100 --amp --tf32", "exclude each other"),
        ("--iter_unit batch --num_iter 100 --data_idx_dir x", "read by --dali only"),
        ("--num_iter 100 --synthetic_device --data_dir x", "reads no records"),
        ("--iter_unit epoch --synthetic_device", "synthetic images have no epoch"),
        ("--iter_unit batch --num_iter 100 --data_format nchw", "NCHW"),
        ("--iter_unit batch --num_iter 100 --data_format NCHW --graph frozen", "in nhwc only"),
        ("--iter_unit batch --num_iter 0", "'0' is not a whole number from 1 to 10000000"),
        ("--iter_unit batch --num_iter 100 --warmup_step 1", "did you mean '--warmup_steps'"),
        (
            "--iter_unit batch --num_iter 100 --max_seconds nan",
            "'nan' is not a number from 0.001 to 2592000",
        ),
    ],
)
def test_a_bad_combination_is_one_line(flags: str, words: str) -> None:
    """Flags that could not be measured, or only by guessing, are refused."""
    with pytest.raises(InputError, match=words):
        parse_order(["--mode=inference_benchmark", "--batch_size=8", *flags.split()])


@pytest.mark.parametrize(
    ("flags", "steps"),
    [
        ("", (50, 50)),
        ("--mode=training_benchmark --batch_size=64", (50, 50)),
        ("--warmup_steps=3", (3, 50)),
        ("--num_iter=60", (50, 10)),
        ("--num_iter=60 --iter_unit=batch --warmup_steps=0", (0, 60)),
    ],
)
def test_flags_that_are_left_out_leave_something_to_measure(
    flags: str, steps: tuple[int, int]
) -> None:
    """Without any flag a small inference cell is measured; synthetic images count in batches.

    As in the published code, whose unit of --num_iter is ignored without records.
    """
    protocol = parse_order(flags.split()).protocol

    assert (protocol.warmup_steps, protocol.measured_steps) == steps


def test_an_epoch_of_two_ranks_has_half_the_steps(tmp_path: Path) -> None:
    """The default --num_iter is one pass over the records, which ranks share out among them."""
    records = struct.pack("<Q4x", 1) + bytes(5)
    (tmp_path / "train-0").write_bytes(records * 9)
    flags = ["--mode=training_benchmark", "--batch_size=2", "--warmup_steps=1"]
    flags += ["--data_dir", str(tmp_path)]
    launcher = {f"OMPI_COMM_WORLD_{name}": "0" for name in ("RANK", "LOCAL_RANK")}
    launcher |= {f"OMPI_COMM_WORLD_{name}": "2" for name in ("SIZE", "LOCAL_SIZE")}

    assert parse_order(flags).protocol.num_iter == 4
    assert parse_order(flags, launcher).protocol.num_iter == 2
    with pytest.raises(
        InputError, match=r"--num_iter 9999999 \(epochs, 39999996 steps\): more than"
    ):
        parse_order([*flags, "--num_iter=9999999"])


@pytest.mark.parametrize(
    "flag",
    [
        "--batch_size",
        "--gpus",
        "--num_iter",
        "--warmup_steps",
        "--synthetic_data_size",
        "--seed",
        "--threads",
        "--max_seconds",
        "--launch",
        "--lr_init",
        "--lr_warmup_epochs",
        "--static_loss_scale",
        "--crop_min_area",
        "--shuffled_records",
    ],
)
@pytest.mark.parametrize("number", ["9" * 20, "9" * 400, "9" * 5000, "\u0663", "1_0", "0x1"])
def test_a_number_has_plain_digits_and_bounds(flag: str, number: str) -> None:
    """Digits of other scripts, Python's own notation and numbers beyond reason are refused."""
    with pytest.raises(InputError, match=f"argument {flag}: .* number from .* to ") as caught:
        parse_order([*to_arguments(order()), flag, number])

    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("batch", ["0", "-1", "8.5", "many"])
def test_a_bad_batch_size_is_refused(batch: str) -> None:
    """A batch is a whole number of images above 0."""
    flags = ["--num_iter=100", "--iter_unit=batch", f"--batch_size={batch}"]

    with pytest.raises(InputError, match="batch_size"):
        parse_order(["--mode=inference_benchmark", *flags])


def test_a_cell_by_hand_has_the_ranks_that_were_started() -> None:
    """In a step of Slurm with several tasks, or under mpirun, the flags need not say how many."""
    step = {
        "SLURM_PROCID": "0",
        "SLURM_STEP_NUM_TASKS": "2",
        "SLURM_LOCALID": "0",
        "SLURM_STEP_TASKS_PER_NODE": "2",
        "SLURM_NODEID": "0",
    }

    assert parse_order(to_arguments(order(mode=Mode.TRAINING)), step).cell.gpus == 2
