"""A cell and its protocol <-> the command line that runs it by hand, in the page's own flags."""

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from suite.core.cell import Cell, Data, KernelName, Mode, Precision, Protocol
from suite.core.errors import InputError
from suite.kernels.interface import KernelOptions

_MODES = {f"{mode.value}_benchmark": mode for mode in Mode}


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchOrder:
    """Everything a worker is told: the cell, how to measure it and where to answer.

    `results_dir` receives the record of a launch made by hand; `channel` is the file descriptor
    on which a worker started by the runner answers instead. `telemetry` has the machine read
    between steps.
    """

    cell: Cell
    protocol: Protocol
    options: KernelOptions
    launch: int = 0
    results_dir: str = "."
    telemetry: bool = True
    channel: int | None = None


def to_arguments(order: LaunchOrder) -> list[str]:
    """The flags that make `python -m suite.kernels` execute this order; parse_order's inverse."""
    cell, protocol, options = order.cell, order.protocol, order.options
    arguments = [f"--mode={cell.mode.value}_benchmark"]
    arguments += {
        Precision.FP32: [],
        Precision.TF32: ["--tf32"],
        Precision.AMP: ["--amp"],
    }[cell.precision]
    arguments += ["--xla"] if cell.xla else []
    arguments += ["--dali"] if cell.data is Data.DALI else []
    arguments += ["--batch_size", str(cell.batch_size)]
    arguments += ["--warmup_steps", str(protocol.warmup_steps)]
    arguments += ["--num_iter", str(protocol.num_iter), "--iter_unit", "batch"]
    arguments += ["--data_dir", options.data_dir] if options.data_dir else []
    arguments += ["--data_idx_dir", options.data_idx_dir] if options.data_idx_dir else []
    if cell.image_size != 224:
        arguments += ["--synthetic_data_size", str(cell.image_size)]
    if cell.kernel is not KernelName.RESNET50:
        arguments += ["--kernel", cell.kernel.value]
    if protocol.max_seconds is not None:
        arguments += ["--max_seconds", f"{protocol.max_seconds:g}"]
    arguments += ["--seed", str(options.seed)] if options.seed else []
    arguments += ["--launch", str(order.launch)] if order.launch else []
    arguments += [] if order.telemetry else ["--no_telemetry"]
    if order.channel is not None:
        return [*arguments, "--channel", str(order.channel)]
    return [*arguments, "--results_dir", order.results_dir]


def command_line(order: LaunchOrder) -> str:
    """The whole command, quoted for a shell, as the plan prints it."""
    return shlex.join(["python", "-m", "suite.kernels", *to_arguments(order)])


def parse_order(arguments: Sequence[str]) -> LaunchOrder:
    """Read the worker's flags.

    Raises:
        InputError: an unknown flag, a bad value, or a combination that cannot be measured.
    """
    given = _parser().parse_args(arguments)
    if given.amp and given.tf32:
        raise InputError("--amp and --tf32 exclude each other; give one")
    if given.dali and not (given.data_dir and given.data_idx_dir):
        raise InputError("--dali reads records: give --data_dir and --data_idx_dir with it")
    if given.data_idx_dir and not given.dali:
        raise InputError("--data_idx_dir is read by --dali only; add --dali or leave it out")
    if given.iter_unit == "epoch" and not given.data_dir:
        raise InputError("synthetic images have no epoch; add --iter_unit batch")
    if given.iter_unit == "epoch":
        raise InputError("--iter_unit epoch is not measured yet; add --iter_unit batch")
    if given.num_iter <= given.warmup_steps:
        raise InputError(
            f"--num_iter {given.num_iter} includes the warm-up, so it must exceed"
            f" --warmup_steps {given.warmup_steps}; raise it"
        )
    precision = Precision.AMP if given.amp else Precision.TF32 if given.tf32 else Precision.FP32
    data = Data.DALI if given.dali else Data.TFRECORD if given.data_dir else Data.SYNTHETIC
    return LaunchOrder(
        cell=Cell(
            mode=_MODES[given.mode],
            precision=precision,
            xla=given.xla,
            batch_size=given.batch_size,
            data=data,
            kernel=KernelName(given.kernel),
            image_size=given.synthetic_data_size,
        ),
        protocol=Protocol(
            warmup_steps=given.warmup_steps,
            measured_steps=given.num_iter - given.warmup_steps,
            max_seconds=given.max_seconds,
        ),
        options=KernelOptions(
            data_dir=given.data_dir, data_idx_dir=given.data_idx_dir, seed=given.seed
        ),
        launch=given.launch,
        results_dir=given.results_dir,
        telemetry=not given.no_telemetry,
        channel=given.channel,
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(f"{self.prog}: {message}; see --help")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 0")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return seconds


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m suite.kernels",
        description="Run one cell by hand, with the flags of the published page. The record goes"
        " to <results_dir>/<cell id>.<launch>.json.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--mode", choices=_MODES, required=True, help="which half of the work to measure")
    add("--batch_size", type=_positive, required=True, help="images per step and GPU")
    add("--amp", action="store_true", help="mixed precision (float16 on a GPU, bfloat16 on a CPU)")
    add("--tf32", action="store_true", help="TensorFloat-32 (Ampere or newer); without it, FP32")
    add("--xla", action="store_true", help="compile the step with XLA")
    add("--dali", action="store_true", help="read records with NVIDIA DALI")
    add("--warmup_steps", type=_count, default=50, help="steps before measuring (%(default)s)")
    add("--num_iter", type=_positive, default=1, help="steps, warm-up included (%(default)s)")
    add("--iter_unit", choices=("epoch", "batch"), default="epoch", help="unit of --num_iter")
    add("--data_dir", metavar="DIR", help="TFRecord shards; without it, synthetic images")
    add("--data_idx_dir", metavar="DIR", help="DALI index files of those shards")
    add(
        "--synthetic_data_size",
        type=_positive,
        default=224,
        metavar="PIXELS",
        help="side of the synthetic images (%(default)s)",
    )
    add("--results_dir", metavar="DIR", default=".", help="where the record goes (%(default)s)")
    add("--kernel", choices=[k.value for k in KernelName], default="resnet50", help="the workload")
    add("--max_seconds", type=_seconds, help="cap on warm-up and measuring together")
    add("--seed", type=_count, default=0, help="seed of weights and images (%(default)s)")
    add("--launch", type=_count, default=0, help="number of this launch of the cell (%(default)s)")
    add("--no_telemetry", action="store_true", help="leave power, clocks and memory unread")
    add("--channel", type=_count, help=argparse.SUPPRESS)
    return parser
