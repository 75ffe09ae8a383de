"""The page's own flags -> what a worker is told; suite.run.command is the way back."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from suite.kernels.interface import KernelOptions
from suite.model.bounds import Bounds
from suite.model.cell import (
    BATCH_SIZES,
    GPUS,
    IMAGE_SIZES,
    LAUNCHES,
    NUM_ITER,
    SECONDS,
    WARMUP_STEPS,
    Cell,
    Data,
    Graph,
    KernelName,
    Layout,
    Precision,
    Protocol,
    XlaMode,
)
from suite.model.distributed import Compression
from suite.model.errors import InputError
from suite.model.flag_values import SEEDS, decimal, whole
from suite.model.matrix import THREADS
from suite.run.order import LaunchOrder, started_ranks
from suite.run.published_flags import MODES, mode_of, own_names
from suite.run.reading_flags import add_reading, reading_of
from suite.run.recipe_flags import add_recipe, recipe_of
from suite.store.data_set import epoch_steps
from suite.store.flags import Parser, path_text

# Steps measured where --num_iter does not say how many, and where no records make an epoch of 1.
_DEFAULT_MEASURED_STEPS = 50

# The environment of a process that no launcher of ranks started.
_NO_LAUNCHER: Mapping[str, str] = MappingProxyType({})


def parse_order(
    arguments: Sequence[str], environment: Mapping[str, str] = _NO_LAUNCHER
) -> LaunchOrder:
    """Read the worker's flags; `environment` is where a launcher of ranks says who this is.

    Raises:
        InputError: an unknown flag, a bad value, a combination that cannot be measured, or an
            epoch of records that are not there, or another number of ranks than the flags say.
    """
    given = _parser().parse_args(own_names(arguments))
    _refuse_contradictions(given)
    gpus = started_ranks(given.gpus, environment)
    steps = _steps(given, gpus)
    cell = _cell(given, gpus)
    return LaunchOrder(
        cell=cell,
        protocol=Protocol(
            warmup_steps=given.warmup_steps,
            measured_steps=steps - given.warmup_steps,
            max_seconds=given.max_seconds,
        ),
        options=KernelOptions(
            data_dir=given.data_dir,
            data_idx_dir=given.data_idx_dir,
            seed=given.seed,
            recipe=recipe_of(given, cell.mode, cell.precision),
            reading=reading_of(given, cell),
            compression=Compression(given.compression),
            threads=given.threads,
        ),
        launch=given.launch,
        results_dir=given.results_dir,
        telemetry=not given.no_telemetry,
    )


def _refuse_contradictions(given: argparse.Namespace) -> None:
    if given.amp and given.tf32:
        raise InputError("--amp and --tf32 exclude each other; give one")
    if given.xla_mode and not given.xla:
        raise InputError("--xla_mode says how --xla compiles; add --xla or leave it out")
    if given.dali and not (given.data_dir and given.data_idx_dir):
        raise InputError("--dali reads records: give --data_dir and --data_idx_dir with it")
    if given.data_idx_dir and not given.dali:
        raise InputError("--data_idx_dir is read by --dali only; add --dali or leave it out")
    if given.synthetic_device and given.data_dir:
        raise InputError("--synthetic_device reads no records; give it or --data_dir, not both")
    if given.iter_unit == "epoch" and not given.data_dir:
        raise InputError("synthetic images have no epoch; give --iter_unit batch, or --data_dir")


def _steps(given: argparse.Namespace, gpus: int) -> int:
    """Steps in all, warm-up included. As published, --num_iter counts batches without records."""
    in_epochs = bool(given.data_dir) and given.iter_unit != "batch"
    iterations: int = given.num_iter or (
        1 if in_epochs else given.warmup_steps + _DEFAULT_MEASURED_STEPS
    )
    steps = iterations
    if in_epochs:
        steps *= epoch_steps(given.data_dir, given.mode, given.batch_size * gpus)
    if steps <= given.warmup_steps:
        are = f" (epochs, {steps} steps)" if in_epochs else ""
        raise InputError(
            f"--num_iter {iterations}{are} includes the warm-up, so it must exceed"
            f" --warmup_steps {given.warmup_steps}; raise it"
        )
    if steps not in NUM_ITER:
        raise InputError(
            f"--num_iter {iterations} (epochs, {steps} steps): more than {NUM_ITER.highest}"
            " steps; lower it"
        )
    return steps


def _cell(given: argparse.Namespace, gpus: int) -> Cell:
    precision = Precision.AMP if given.amp else Precision.TF32 if given.tf32 else Precision.FP32
    cell = Cell(
        mode=given.mode,
        precision=precision,
        xla=given.xla,
        batch_size=given.batch_size,
        gpus=gpus,
        data=_data(given),
        kernel=KernelName(given.kernel),
        image_size=given.synthetic_data_size,
        graph=Graph(given.graph),
        xla_mode=XlaMode(given.xla_mode or XlaMode.JIT_COMPILE),
        layout=Layout[given.data_format],
    )
    if cell.contradiction:
        raise InputError(cell.contradiction)
    return cell


def _data(given: argparse.Namespace) -> Data:
    if given.data_dir:
        return Data.DALI if given.dali else Data.TFRECORD
    return Data.SYNTHETIC_DEVICE if given.synthetic_device else Data.SYNTHETIC


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m suite.kernels",
        description="Run one cell by hand, with the flags of the published page. The record goes"
        " to <results_dir>/<cell id>.<launch>.json.",
        allow_abbrev=False,
    )
    _add_cell(parser.add_argument_group("the cell").add_argument)
    _add_surroundings(parser.add_argument_group("what it runs on").add_argument)
    _add_measurement(parser.add_argument_group("how it is measured").add_argument)
    add_reading(parser)
    add_recipe(parser)
    return parser


def _add_cell(add: Callable[..., object]) -> None:
    add(
        "--mode",
        type=mode_of,
        default="inference_benchmark",
        metavar="{" + ",".join(MODES) + "}",
        help="which half of the work to measure (%(default)s)",
    )
    add(
        "--batch_size",
        type=whole(BATCH_SIZES),
        default=8,
        help="images per step and GPU (%(default)s)",
    )
    add("--gpus", type=whole(GPUS), metavar="N", help="ranks (default: as many as were started)")
    add("--amp", action="store_true", help="mixed precision (float16 on a GPU, bfloat16 on a CPU)")
    add("--tf32", action="store_true", help="TensorFloat-32 (Ampere or newer); without it, FP32")
    add("--xla", action="store_true", help="compile the step with XLA")
    add(
        "--xla_mode",
        choices=[m.value for m in XlaMode],
        help="how XLA compiles: the whole step (jit_compile, the default) or the parts that"
        " TensorFlow chooses (auto_clustering, as published)",
    )
    add(
        "--data_format",
        choices=[layout.name for layout in Layout],
        default=Layout.NHWC.name,
        help="layout that the network computes in (%(default)s); the published tables used NCHW",
    )
    add(
        "--graph",
        choices=[g.value for g in Graph],
        default=Graph.EVALUATION.value,
        help="inference: the published evaluation step, the logits alone (forward), or evaluation"
        " with the variables folded into constants (frozen)",
    )
    add("--dali", action="store_true", help="read records with NVIDIA DALI")
    add(
        "--synthetic_device",
        action="store_true",
        help="put the synthetic images on the GPU once, not in every step",
    )
    add(
        "--synthetic_data_size",
        type=whole(IMAGE_SIZES),
        default=224,
        metavar="PIXELS",
        help="side of the images, of records as well (%(default)s)",
    )
    add("--kernel", choices=[k.value for k in KernelName], default="resnet50", help="the workload")


def _add_surroundings(add: Callable[..., object]) -> None:
    add(
        "--data_dir",
        type=path_text,
        metavar="DIR",
        help="TFRecord shards; without it, synthetic images",
    )
    add("--data_idx_dir", type=path_text, metavar="DIR", help="DALI index files of those shards")
    add("--seed", type=whole(SEEDS), default=0, help="seed of weights and images (%(default)s)")
    add(
        "--compression",
        choices=[c.value for c in Compression],
        default=Compression.NONE.value,
        help="type in which gradients cross between ranks (%(default)s)",
    )
    add("--threads", type=whole(THREADS), help="cap on CPU threads (default: every core)")


def _add_measurement(add: Callable[..., object]) -> None:
    add(
        "--warmup_steps",
        type=whole(WARMUP_STEPS),
        default=50,
        help="steps before measuring (%(default)s)",
    )
    add(
        "--num_iter",
        type=whole(NUM_ITER),
        help="epochs or steps, warm-up included (1 epoch of records, else the warm-up and"
        f" {_DEFAULT_MEASURED_STEPS} steps)",
    )
    add(
        "--iter_unit",
        choices=("epoch", "batch"),
        help="unit of --num_iter (epoch of records, else batch)",
    )
    add("--max_seconds", type=decimal(SECONDS), help="cap on warm-up and measuring together")
    add(
        "--launch",
        type=whole(Bounds(0, LAUNCHES.highest - 1)),
        default=0,
        help="number of this launch of the cell (%(default)s); if there is a record of it, the next"
        " free number is taken",
    )
    add("--no_telemetry", action="store_true", help="leave power, clocks and memory unread")
    add(
        "--results_dir",
        type=path_text,
        metavar="DIR",
        default=".",
        help="where the record goes (%(default)s)",
    )
