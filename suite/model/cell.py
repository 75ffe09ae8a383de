"""What is measured (Cell) and how it is measured (Protocol)."""

from dataclasses import dataclass, replace
from enum import Enum

from suite.model.bounds import Bounds
from suite.model.quantities import Count, LimitSeconds, PositiveCount

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


class KernelName(str, Enum):
    """The workload: the real network, or a clock-driven stand-in that needs no TensorFlow."""

    RESNET50 = "resnet50"
    SIMULATED = "simulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One fully explicit combination of conditions; its identity in files and tables.

    `batch_size` is per GPU. `gpus` is the number of ranks: on a machine without a GPU a cell of
    one rank runs on the CPU, and the record names the device that ran. `image_size` is the side
    of a square image in pixels. Without `xla`, `xla_mode` has no effect and is JIT_COMPILE.
    """

    mode: Mode
    precision: Precision
    xla: bool
    batch_size: PositiveCount
    gpus: PositiveCount = 1
    data: Data = Data.SYNTHETIC
    kernel: KernelName = KernelName.RESNET50
    image_size: PositiveCount = PUBLISHED_IMAGE_SIZE
    graph: Graph = Graph.EVALUATION
    xla_mode: XlaMode = XlaMode.JIT_COMPILE
    layout: Layout = Layout.NHWC

    def __post_init__(self) -> None:
        if not self.xla:
            object.__setattr__(self, "xla_mode", XlaMode.JIT_COMPILE)

    @property
    def id(self) -> str:
        """A file-safe name, unique among cells: `inference-amp-xla-bs128-1gpu`.

        Conditions at their default are omitted.
        """
        parts = [self.mode.value, self.precision.value]
        if self.xla:
            parts.append("xla" if self.xla_mode is XlaMode.JIT_COMPILE else "xla_auto")
        parts += [f"bs{self.batch_size}", f"{self.gpus}gpu"]
        if self.data is not Data.SYNTHETIC:
            parts.append(self.data.value)
        if self.image_size != PUBLISHED_IMAGE_SIZE:
            parts.append(f"{self.image_size}px")
        if self.layout is not Layout.NHWC:
            parts.append(self.layout.value)
        if self.graph is not Graph.EVALUATION:
            parts.append(self.graph.value)
        if self.kernel is not KernelName.RESNET50:
            parts.append(self.kernel.value)
        return "-".join(parts)

    @property
    def contradiction(self) -> str | None:
        """Why no machine could ever run this cell, with the remedy; None if one could."""
        if self.mode is Mode.TRAINING and self.graph is not Graph.EVALUATION:
            return f"training has no {self.graph.value} graph; use graph: evaluation for training"
        if self.mode is Mode.INFERENCE and self.gpus > 1:
            return (
                f"inference runs on one GPU, not on {self.gpus}: each GPU is measured on its own;"
                " set gpus: 1 for inference"
            )
        if self.graph is Graph.FROZEN and self.layout is Layout.NCHW:
            return "TensorFlow folds a frozen graph in nhwc only; use that layout or another graph"
        return None

    @property
    def reads_records(self) -> bool:
        """Whether its images come from files."""
        return self.data in {Data.TFRECORD, Data.DALI}

    @property
    def global_batch_size(self) -> int:
        """Images in one step over all ranks."""
        return self.batch_size * self.gpus


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
