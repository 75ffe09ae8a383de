"""What is measured (Cell) and how it is measured (Protocol)."""

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Annotated

from annotated_types import Predicate

from suite.model.axis import Flag, Switch, Switches, axes_of, declared
from suite.model.bounds import Bounds
from suite.model.flag_values import checked
from suite.model.quantities import Count, LimitSeconds, PositiveCount
from suite.model.systems import gpu_type, is_gpu_type

# Generous on purpose: XLA compiles large training steps for minutes on a slow CPU, and a batch of
# 256 takes a CPU core about half a minute. The deadlines only have to end what hangs.
STARTUP_TIMEOUT_SECONDS = 900.0
STEP_TIMEOUT_SECONDS = 600.0
QUICK_SECONDS = 20.0

# The published batches end at 256. The pixels of 65,536 images alone are 37 GiB in float32.
BATCH_SIZES = Bounds(1, 65_536)
# Over all GPUs: hundreds of images each on thousands of them.
GLOBAL_BATCH_SIZES = Bounds(1, 1_048_576)
# Each is a process that reports to the runner over a connection of its own.
GPUS = Bounds(1, 10_000)
# The side of the images behind every published number.
PUBLISHED_IMAGE_SIZE = 224
# An image of 2048 has 84 times as many pixels as a published one.
IMAGE_SIZES = Bounds(1, 2048)
# Every step time of every rank is kept in the record of a launch: ten million take 200 MB.
MOST_STEP_TIMES = 10_000_000
WARMUP_STEPS = Bounds(0, MOST_STEP_TIMES)
MEASURED_STEPS = NUM_ITER = Bounds(1, MOST_STEP_TIMES)
LAUNCHES = Bounds(1, 1000)
# Caps, deadlines and --max-time: a millisecond to thirty days.
SECONDS = Bounds(0.001, 30 * 24 * 3600)


class Mode(str, Enum):
    """Which half of the work a kernel does; the page's `--mode`, less its `_benchmark`."""

    INFERENCE = "inference"
    TRAINING = "training"


class Precision(str, Enum):
    """Arithmetic of convolutions and matrix products.

    FP32 means TF32 is switched off; TF32 exists on Ampere GPUs and newer; AMP computes in
    float16 on GPUs and bfloat16 on CPUs with float32 variables.
    """

    FP32 = "fp32"
    TF32 = "tf32"
    AMP = "amp"


class Data(str, Enum):
    """Where images come from.

    SYNTHETIC is the published batch, which the host holds and every step copies to the GPU;
    SYNTHETIC_DEVICE is the same batch, put on the GPU once.
    """

    SYNTHETIC = "synthetic"
    SYNTHETIC_DEVICE = "synthetic_device"
    TFRECORD = "tfrecord"
    DALI = "dali"


class XlaMode(str, Enum):
    """How XLA is applied where a cell asks for it.

    JIT_COMPILE compiles the whole step into one program; AUTO_CLUSTERING, which made the published
    numbers, lets TensorFlow choose the parts it compiles.
    """

    JIT_COMPILE = "jit_compile"
    AUTO_CLUSTERING = "auto_clustering"


class Layout(str, Enum):
    """Order of the axes in which the network is built: channels last or channels first.

    With NHWC TensorFlow may transpose, as it does for its users: on GPUs its optimizer often runs
    NCHW. NCHW, in which the published numbers were made, runs as declared. Records say what ran.
    """

    NHWC = "nhwc"
    NCHW = "nchw"


class Graph(str, Enum):
    """What an inference step computes, and from what.

    EVALUATION is the published step: softmax, predicted class, loss, top-1 and top-5 counts.
    FORWARD ends at the logits. FROZEN is EVALUATION with the network's variables folded into
    constants.
    """

    EVALUATION = "evaluation"
    FORWARD = "forward"
    FROZEN = "frozen"


# Raised whenever what a step computes changes, so that its times are no longer those of the same
# work.
KERNEL_VERSION = 1


class KernelName(str, Enum):
    """The workload: the real network, or a clock-driven stand-in that needs no TensorFlow."""

    RESNET50 = "resnet50"
    SIMULATED = "simulated"


def _too_many_gpus(cell: "Cell") -> str | None:
    if cell.mode is Mode.INFERENCE and cell.gpus > 1:
        return (
            f"inference runs on one GPU, not on {cell.gpus}: each GPU is measured on its own;"
            " set gpus: 1 for inference"
        )
    return None


def _impossible_graph(cell: "Cell") -> str | None:
    if cell.mode is Mode.TRAINING and cell.graph is not Graph.EVALUATION:
        return f"training has no {cell.graph.value} graph; use graph: evaluation for training"
    if cell.graph is Graph.FROZEN and cell.layout is Layout.NCHW:
        return "TensorFlow folds a frozen graph in nhwc only; use that layout or another graph"
    return None


def _named_type(text: str) -> str:
    found = gpu_type(text)
    if not found:
        raise ValueError(f"{text!r} names no type of GPU such as t4, dgx1 or h200")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One fully explicit combination of conditions; its identity in files and tables.

    Each field is an axis and declares all that is known of it. They are in the order of the id.

    `batch_size` is per GPU. `gpus` is the number of ranks: on a machine without a GPU a cell of
    one rank runs on the CPU, and the record names the device that ran. `image_size` is the side
    of a square image in pixels. Without `xla`, `xla_mode` has no effect and is JIT_COMPILE. `gpu`
    is the type of GPU that the cell needs (see `gpu_type`), None for whatever a machine has.
    """

    mode: Mode = field(
        metadata=declared(
            about="Which half of the work a step does.",
            flag=Flag(
                "mode",
                default=Mode.INFERENCE,
                help="which half of the work to measure (%(default)s)",
                write=lambda mode: f"{mode.value}_benchmark",
                always=True,
                joined=True,
            ),
            part="{}",
        )
    )
    precision: Precision = field(
        metadata=declared(
            about="Arithmetic: `fp32` with TF32 off, `tf32` on Ampere and newer, `amp` for mixed"
            " precision.",
            flag=Switches(
                Precision.FP32,
                (
                    Switch(
                        "amp",
                        Precision.AMP,
                        "mixed precision (float16 on a GPU, bfloat16 on a CPU)",
                    ),
                    Switch(
                        "tf32", Precision.TF32, "TensorFloat-32 (Ampere or newer); without it, FP32"
                    ),
                ),
            ),
            part="-{}",
            column=True,
        )
    )
    xla: bool = field(
        metadata=declared(
            about="Whether XLA compiles the step: true or false; on and off mean the same.",
            flag=Switches(False, (Switch("xla", True, "compile the step with XLA"),)),
            part="-xla",
            unsaid=False,
            column=True,
        )
    )
    xla_mode: XlaMode = field(
        default=XlaMode.JIT_COMPILE,
        metadata=declared(
            about="How XLA is applied in cells that use it; `auto_clustering` is the published"
            " way.",
            flag=Flag(
                "xla_mode",
                help="how XLA compiles: the whole step (jit_compile, the default) or the parts that"
                " TensorFlow chooses (auto_clustering, as published)",
            ),
            part="_auto",
            unsaid=XlaMode.JIT_COMPILE,
            column=True,
        ),
    )
    batch_size: PositiveCount = field(
        metadata=declared(
            about="Images per step and GPU.",
            flag=Flag(
                "batch_size",
                default=8,
                help="images per step and GPU (%(default)s)",
                always=True,
            ),
            part="-bs{}",
            bounds=BATCH_SIZES,
            column=True,
        )
    )
    gpus: PositiveCount = field(
        default=1,
        metadata=declared(
            about="GPUs of a cell, each with a rank of its own; several for training only.",
            flag=Flag("gpus", help="ranks (default: as many as were started)", metavar="N"),
            part="-{}gpu",
            bounds=GPUS,
            contradiction=_too_many_gpus,
        ),
    )
    data: Data = field(
        default=Data.SYNTHETIC,
        metadata=declared(
            about="Where images come from; `synthetic_device` avoids the copy to the GPU in each"
            " step.",
            # With --data_dir and without --dali, records are read by tf.data.
            flag=Switches(
                Data.SYNTHETIC,
                (
                    Switch("dali", Data.DALI, "read records with NVIDIA DALI"),
                    Switch(
                        "synthetic_device",
                        Data.SYNTHETIC_DEVICE,
                        "put the synthetic images on the GPU once, not in every step",
                    ),
                ),
            ),
            part="-{}",
            unsaid=Data.SYNTHETIC,
        ),
    )
    image_size: PositiveCount = field(
        default=PUBLISHED_IMAGE_SIZE,
        metadata=declared(
            about="Side of the square images, in pixels.",
            flag=Flag(
                "synthetic_data_size",
                help="side of the images, of records as well (%(default)s)",
                metavar="PIXELS",
            ),
            part="-{}px",
            unsaid=PUBLISHED_IMAGE_SIZE,
            bounds=IMAGE_SIZES,
        ),
    )
    layout: Layout = field(
        default=Layout.NHWC,
        metadata=declared(
            about="Order of axes in which the network is built: `nhwc`, or `nchw` as published.",
            flag=Flag(
                "data_format",
                help="layout that the network computes in (%(default)s); the published tables used"
                " NCHW",
                write=lambda layout: layout.name,
            ),
            part="-{}",
            unsaid=Layout.NHWC,
        ),
    )
    graph: Graph = field(
        default=Graph.EVALUATION,
        metadata=declared(
            about="What an inference step computes; `evaluation` is the published step.",
            flag=Flag(
                "graph",
                help="inference: the published evaluation step, the logits alone (forward), or"
                " evaluation with the variables folded into constants (frozen)",
            ),
            part="-{}",
            unsaid=Graph.EVALUATION,
            contradiction=_impossible_graph,
        ),
    )
    kernel: KernelName = field(
        default=KernelName.RESNET50,
        metadata=declared(
            about="The workload: the network, or a stand-in that sleeps.",
            flag=Flag("kernel", help="the workload"),
            part="-{}",
            unsaid=KernelName.RESNET50,
            varied=False,
        ),
    )
    gpu: Annotated[str, Predicate(is_gpu_type)] | None = field(
        default=None,
        metadata=declared(
            about="Type of GPU: t4, dgx1, dgx2, dgxa100 (the GPUs of the published systems), or a"
            " product name; by default whatever the machine has.",
            flag=Flag(
                "gpu",
                help="type of GPU that it needs: t4, dgx1, dgx2, dgxa100 or a product name"
                " (default: any device)",
                read=checked(_named_type),
                metavar="TYPE",
            ),
            part="-on-{}",
            unsaid=None,
        ),
    )

    def __post_init__(self) -> None:
        if not self.xla:
            object.__setattr__(self, "xla_mode", XlaMode.JIT_COMPILE)

    @property
    def id(self) -> str:
        """A file-safe name, unique among cells: `inference-amp-xla-bs128-1gpu`."""
        return "".join(axis.part_of(getattr(self, name)) for name, axis in AXES.items())

    @property
    def contradiction(self) -> str | None:
        """Why no machine could ever run this cell, with the remedy; None if one could."""
        found = (axis.contradiction(self) for axis in AXES.values())
        return next((reason for reason in found if reason), None)

    @property
    def reads_records(self) -> bool:
        """Whether its images come from files."""
        return self.data in {Data.TFRECORD, Data.DALI}

    @property
    def global_batch_size(self) -> int:
        """Images in one step over all ranks."""
        return self.batch_size * self.gpus


# Every axis by name.
AXES = axes_of(Cell)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How a cell is measured; not part of its identity.

    `max_seconds` caps warm-up and measuring together: a launch that reaches it keeps its number
    and is marked truncated, or is invalid with fewer than three samples.
    `startup_timeout_seconds` (import, build and compile together) and `step_timeout_seconds` (any
    one step) are deadlines: a launch that misses one is killed. `quick` marks a protocol shortened
    by `--quick`, so that its numbers are never taken for full ones.
    """

    warmup_steps: Count
    measured_steps: PositiveCount
    launches: PositiveCount = 1
    max_seconds: LimitSeconds | None = None
    startup_timeout_seconds: LimitSeconds = STARTUP_TIMEOUT_SECONDS
    step_timeout_seconds: LimitSeconds = STEP_TIMEOUT_SECONDS
    quick: bool = False

    @property
    def num_iter(self) -> int:
        """The page's `--num_iter`: warm-up and measured steps together."""
        return self.warmup_steps + self.measured_steps

    def step_times(self, gpus: int) -> int:
        """How many step times the record of a launch holds: its own and those of each rank."""
        return self.num_iter * (gpus + 1 if gpus > 1 else 1)


def quick_protocol(protocol: Protocol) -> Protocol:
    """The protocol cut down to a first look: few steps, one launch, 20 s a cell; marked quick."""
    return replace(
        protocol,
        warmup_steps=min(protocol.warmup_steps, 2),
        measured_steps=min(protocol.measured_steps, 10),
        launches=1,
        max_seconds=min(protocol.max_seconds or QUICK_SECONDS, QUICK_SECONDS),
        quick=True,
    )
