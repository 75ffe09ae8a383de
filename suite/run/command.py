"""What a worker is told, and the command line that says so, in the page's own flags."""

from dataclasses import dataclass

from suite.kernels.interface import KernelOptions
from suite.model.cell import (
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
from suite.model.text import command
from suite.run.reading_flags import reading_arguments
from suite.run.recipe_flags import recipe_arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchOrder:
    """Everything a worker is told: the cell, how to measure it and where to answer.

    `results_dir` receives the record of a launch made by hand; `channel` is the file descriptor
    on which a worker started by the runner answers instead, and `report_to` the addresses
    (`host:port`, any of which may work) at which one of several ranks does. `telemetry` has the
    machine read between steps.
    """

    cell: Cell
    protocol: Protocol
    options: KernelOptions
    launch: int = 0
    results_dir: str = "."
    telemetry: bool = True
    channel: int | None = None
    report_to: tuple[str, ...] = ()


def to_arguments(order: LaunchOrder) -> list[str]:
    """The flags that make `python -m suite.kernels` execute this order, which parse_order reads."""
    cell, protocol, options = order.cell, order.protocol, order.options
    arguments = [f"--mode={cell.mode.value}_benchmark"]
    arguments += {
        Precision.FP32: [],
        Precision.TF32: ["--tf32"],
        Precision.AMP: ["--amp"],
    }[cell.precision]
    arguments += ["--xla"] if cell.xla else []
    if cell.xla_mode is not XlaMode.JIT_COMPILE:
        arguments += ["--xla_mode", cell.xla_mode.value]
    if cell.layout is not Layout.NHWC:
        arguments += ["--data_format", cell.layout.name]
    if cell.graph is not Graph.EVALUATION:
        arguments += ["--graph", cell.graph.value]
    arguments += ["--dali"] if cell.data is Data.DALI else []
    arguments += ["--synthetic_device"] if cell.data is Data.SYNTHETIC_DEVICE else []
    arguments += ["--batch_size", str(cell.batch_size)]
    arguments += ["--gpus", str(cell.gpus)] if cell.gpus > 1 else []
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
    arguments += recipe_arguments(options.recipe)
    arguments += reading_arguments(options.reading)
    if options.compression is not Compression.NONE:
        arguments += ["--compression", options.compression.value]
    arguments += ["--threads", str(options.threads)] if options.threads else []
    arguments += ["--launch", str(order.launch)] if order.launch else []
    arguments += [] if order.telemetry else ["--no_telemetry"]
    if order.channel is not None:
        return [*arguments, "--channel", str(order.channel)]
    if order.report_to:
        return [*arguments, "--report_to", ",".join(order.report_to)]
    return [*arguments, "--results_dir", order.results_dir]


def command_line(order: LaunchOrder) -> str:
    """The whole command, quoted for a shell, as the plan prints it."""
    return command(["python", "-m", "suite.kernels", *to_arguments(order)])
