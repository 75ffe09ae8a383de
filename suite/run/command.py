"""What a worker is told, as the command that says so in the page's own flags."""

from suite.model.cell import (
    Data,
    Graph,
    KernelName,
    Layout,
    Precision,
    XlaMode,
)
from suite.model.distributed import Compression
from suite.model.text import command
from suite.run.order import LaunchOrder
from suite.run.reading_flags import reading_arguments
from suite.run.recipe_flags import recipe_arguments


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
    return [*arguments, "--results_dir", order.results_dir]


def command_line(order: LaunchOrder) -> str:
    """The whole command, quoted for a shell, as the plan prints it."""
    return command(["python", "-m", "suite.kernels", *to_arguments(order)])
