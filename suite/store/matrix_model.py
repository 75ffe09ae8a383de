"""The keys of a matrix file, with types and descriptions; source of its JSON Schema."""

import json
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    WithJsonSchema,
)

from suite.model.bounds import Bounds
from suite.model.cell import (
    BATCH_SIZES,
    GLOBAL_BATCH_SIZES,
    GPUS,
    IMAGE_SIZES,
    LAUNCHES,
    MEASURED_STEPS,
    PUBLISHED_IMAGE_SIZE,
    SECONDS,
    STARTUP_TIMEOUT_SECONDS,
    STEP_TIMEOUT_SECONDS,
    WARMUP_STEPS,
    Data,
    Graph,
    KernelName,
    Layout,
    Mode,
    Precision,
    XlaMode,
)
from suite.model.distributed import (
    CYCLE_MS,
    FUSION_MIB,
    MOST_HOSTS,
    BindTo,
    Compression,
    RankLauncher,
)
from suite.model.matrix import THREADS
from suite.model.reading import DECODE_THREADS, OPEN_FILES, SHUFFLED_RECORDS


def _within(bounds: Bounds) -> Any:
    return Field(ge=bounds.lowest, le=bounds.highest)


def _switched(value: object) -> object:
    """`on` and `off`, which are text in YAML 1.2, as booleans."""
    return {"on": True, "off": False}.get(value, value) if isinstance(value, str) else value


BatchSize = Annotated[StrictInt, _within(BATCH_SIZES)]
GlobalBatchSize = Annotated[StrictInt, _within(GLOBAL_BATCH_SIZES)]
Gpus = Annotated[StrictInt, _within(GPUS)]
ImageSize = Annotated[StrictInt, _within(IMAGE_SIZES)]
Seconds = Annotated[StrictFloat, _within(SECONDS)]
Xla = Annotated[
    StrictBool, BeforeValidator(_switched), WithJsonSchema({"enum": [True, False, "on", "off"]})
]
Text = Annotated[str, Field(min_length=1, max_length=1000)]


class Model(BaseModel):
    """The base of all parts: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class ProtocolModel(Model):
    """How each cell is measured."""

    warmup_steps: Annotated[StrictInt, _within(WARMUP_STEPS)]
    """Steps before measuring; stored but not summarised."""
    measured_steps: Annotated[StrictInt, _within(MEASURED_STEPS)]
    """Measured steps: the page's --num_iter less its --warmup_steps."""
    launches: Annotated[StrictInt, _within(LAUNCHES)] = 1
    """Processes per cell, one after the other."""
    max_seconds: Seconds | None = None
    """Cap on warm-up and measuring of one launch; a launch that reaches it is marked truncated."""
    startup_timeout_seconds: Seconds = STARTUP_TIMEOUT_SECONDS
    """Deadline of import, build and compile together; a launch that misses it is killed."""
    step_timeout_seconds: Seconds = STEP_TIMEOUT_SECONDS
    """Deadline of each step; a launch that misses it is killed."""


class AxesModel(Model):
    """The conditions that vary; every combination of their values is a cell."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["batch_size"]}, {"required": ["global_batch_size"]}]
        }
    )

    mode: Annotated[list[Mode], Field(min_length=1)]
    """Which half of the work a step does."""
    precision: Annotated[list[Precision], Field(min_length=1)]
    """Arithmetic: `fp32` with TF32 off, `tf32` on Ampere and newer, `amp` for mixed precision."""
    xla: Annotated[list[Xla], Field(min_length=1)]
    """Whether XLA compiles the step: true or false; on and off mean the same."""
    batch_size: Annotated[list[BatchSize], Field(min_length=1)] | None = None
    """Images per step and GPU."""
    global_batch_size: Annotated[list[GlobalBatchSize], Field(min_length=1)] | None = None
    """Images per step over all GPUs, instead of batch_size: for strong scaling."""
    gpus: Annotated[list[Gpus], Field(min_length=1)] = [1]
    """GPUs of a cell, each with a rank of its own; several for training only."""
    data: Annotated[list[Data], Field(min_length=1)] = [Data.SYNTHETIC]
    """Where images come from; `synthetic_device` avoids the copy to the GPU in each step."""
    image_size: Annotated[list[ImageSize], Field(min_length=1)] = [PUBLISHED_IMAGE_SIZE]
    """Side of the square images, in pixels."""
    layout: Annotated[list[Layout], Field(min_length=1)] = [Layout.NHWC]
    """Order of axes in which the network is built: `nhwc`, or `nchw` as published."""
    graph: Annotated[list[Graph], Field(min_length=1)] = [Graph.EVALUATION]
    """What an inference step computes; `evaluation` is the published step."""
    xla_mode: Annotated[list[XlaMode], Field(min_length=1)] = [XlaMode.JIT_COMPILE]
    """How XLA is applied in cells that use it; `auto_clustering` is the published way."""


class ConditionsModel(Model):
    """Conditions of an exclusion (matches every cell that has them all) or of an included cell."""

    mode: Mode | None = None
    precision: Precision | None = None
    xla: Xla | None = None
    batch_size: BatchSize | None = None
    gpus: Gpus | None = None
    data: Data | None = None
    image_size: ImageSize | None = None
    layout: Layout | None = None
    graph: Graph | None = None
    xla_mode: XlaMode | None = None


class DistributedModel(Model):
    """How cells of several GPUs are launched: one process, a rank, for each GPU."""

    launcher: RankLauncher | None = None
    """What starts the ranks; by default srun inside Slurm, else mpirun, else horovodrun."""
    hosts: Annotated[list[Text], Field(min_length=1, max_length=MOST_HOSTS)] | None = None
    """Machines and the ranks that each takes, this machine first: [node1:8, node2:8]."""
    bind_to: BindTo = BindTo.SOCKET
    """What the threads of a rank are bound to; the published runs bound to the socket."""
    interface: Text | None = None
    """Network interface between the hosts, such as eth0."""
    environment: list[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]] = []
    """Names of environment variables that are passed on to every rank."""
    compression: Compression = Compression.NONE
    """The type in which ranks exchange gradients; none keeps float32."""
    fusion_mib: Annotated[StrictFloat, _within(FUSION_MIB)] | None = None
    """Size of Horovod's fusion buffer in MiB; by default Horovod's own."""
    cycle_ms: Annotated[StrictFloat, _within(CYCLE_MS)] | None = None
    """Horovod's cycle time in ms; by default Horovod's own."""


class ReadingModel(Model):
    """How cells read records; by default as published."""

    shuffled_records: Annotated[StrictInt, _within(SHUFFLED_RECORDS)] | None = None
    """Shuffle buffer in records; 0 keeps file order."""
    decode_threads: Annotated[StrictInt, _within(DECODE_THREADS)] | None = None
    """Images decoded at once."""
    open_files: Annotated[StrictInt, _within(OPEN_FILES)] | None = None
    """Shards that tf.data reads from in turn."""


class MatrixModel(Model):
    """A matrix file."""

    purpose: Text
    """One line: what the matrix is for."""
    device: Text = "any"
    """Expected device: t4, dgx1, dgx2, dgxa100, cpu, a GPU's product name, or any."""
    reference: Text | None = None
    """Published table to compare with: the path of a CSV, relative to the matrix file."""
    kernel: KernelName = KernelName.RESNET50
    protocol: ProtocolModel
    axes: AxesModel
    distributed: DistributedModel = DistributedModel()
    threads_per_rank: Annotated[StrictInt, _within(THREADS)] | None = None
    """Cap on TensorFlow's CPU threads in every launch, those of one rank included."""
    reading: ReadingModel = ReadingModel()
    exclude: list[ConditionsModel] = []
    include: list[ConditionsModel] = []


def json_schema() -> str:
    """The JSON Schema of a matrix file, with which editors complete and check it."""
    schema = MatrixModel.model_json_schema()
    schema["title"] = "Benchmark matrix"
    return json.dumps(schema, indent=2) + "\n"
