"""The keys of a matrix file, with types and descriptions; source of its JSON Schema."""

import json
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    WithJsonSchema,
    create_model,
)

from suite.model.axis import Axis
from suite.model.cell import (
    AXES,
    GLOBAL_BATCH_SIZES,
    LAUNCHES,
    MEASURED_STEPS,
    SECONDS,
    STARTUP_TIMEOUT_SECONDS,
    STEP_TIMEOUT_SECONDS,
    WARMUP_STEPS,
    KernelName,
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
from suite.model.systems import SYSTEMS, gpu_type, is_product_name
from suite.store.nearest import nearest
from suite.store.yaml_model import Model, within


def _switched(value: object) -> object:
    """`on` and `off`, which are text in YAML 1.2, as booleans."""
    return {"on": True, "off": False}.get(value, value) if isinstance(value, str) else value


def _gpu_type(text: str) -> str:
    keys = [system.key for system in SYSTEMS]
    if text not in keys and not is_product_name(text):
        hint = f"{nearest(text, keys)} (or a product name, 'NVIDIA ...')"
        raise ValueError(f"unknown type of GPU {text!r}; {hint}")
    return gpu_type(text)


GlobalBatchSize = Annotated[StrictInt, within(GLOBAL_BATCH_SIZES)]
Seconds = Annotated[StrictFloat, within(SECONDS)]
Xla = Annotated[
    StrictBool, BeforeValidator(_switched), WithJsonSchema({"enum": [True, False, "on", "off"]})
]
Text = Annotated[str, Field(min_length=1, max_length=1000)]
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
GpuType = Annotated[Text, AfterValidator(_gpu_type)]


class ProtocolModel(Model):
    """How each cell is measured."""

    warmup_steps: Annotated[StrictInt, within(WARMUP_STEPS)]
    """Steps before measuring; stored but not summarised."""
    measured_steps: Annotated[StrictInt, within(MEASURED_STEPS)]
    """Measured steps: the page's --num_iter less its --warmup_steps."""
    launches: Annotated[StrictInt, within(LAUNCHES)] = 1
    """Processes per cell, one after the other."""
    max_seconds: Seconds | None = None
    """Cap on warm-up and measuring of one launch; a launch that reaches it is marked truncated."""
    startup_timeout_seconds: Seconds = STARTUP_TIMEOUT_SECONDS
    """Deadline of import, build and compile together; a launch that misses it is killed."""
    step_timeout_seconds: Seconds = STEP_TIMEOUT_SECONDS
    """Deadline of each step; a launch that misses it is killed."""


def _value_of(axis: Axis) -> Any:
    """The type of a value of an axis."""
    if axis.kind is bool:
        return Xla
    if axis.bounds:
        return Annotated[StrictInt, within(axis.bounds)]
    return GpuType if axis.kind == str | None else axis.kind


def _values_of(axis: Axis) -> Any:
    """The type of an axis, a list of its values, and its default."""
    values: Any = Annotated[list[_value_of(axis)], Field(min_length=1)]  # type: ignore[misc]
    if axis.default is None or axis.name == "batch_size":  # or the global one
        return values | None, Field(None, description=axis.about)
    default = ... if axis.default is ... else [axis.default]
    return values, Field(default, description=axis.about)


def _condition_of(axis: Axis) -> Any:
    """The type of a condition on an axis, and its default."""
    return _value_of(axis) | None, None


def _made(of_axis: Callable[[Axis], Any]) -> Any:
    """A model with a field for each axis that a matrix may vary."""
    axes = {name: of_axis(axis) for name, axis in AXES.items() if axis.varied}
    return create_model("Made", __base__=Model, **axes)


class AxesModel(_made(_values_of)):  # type: ignore[misc]
    """The conditions that vary; every combination of their values is a cell."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["batch_size"]}, {"required": ["global_batch_size"]}]
        }
    )

    global_batch_size: Annotated[list[GlobalBatchSize], Field(min_length=1)] | None = None
    """Images per step over all GPUs, instead of batch_size: for strong scaling."""


class ConditionsModel(_made(_condition_of)):  # type: ignore[misc]
    """Conditions of an exclusion (matches every cell that has them all) or of an included cell."""


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
    environment: list[VariableName] = Field(default=[])
    """Names of environment variables that are passed on to every rank."""
    compression: Compression = Compression.NONE
    """The type in which ranks exchange gradients; none keeps float32."""
    fusion_mib: Annotated[StrictFloat, within(FUSION_MIB)] | None = None
    """Size of Horovod's fusion buffer in MiB; by default Horovod's own."""
    cycle_ms: Annotated[StrictFloat, within(CYCLE_MS)] | None = None
    """Horovod's cycle time in ms; by default Horovod's own."""


class ReadingModel(Model):
    """How cells read records; by default as published."""

    shuffled_records: Annotated[StrictInt, within(SHUFFLED_RECORDS)] | None = None
    """Shuffle buffer in records; 0 keeps file order."""
    decode_threads: Annotated[StrictInt, within(DECODE_THREADS)] | None = None
    """Images decoded at once."""
    open_files: Annotated[StrictInt, within(OPEN_FILES)] | None = None
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
    threads_per_rank: Annotated[StrictInt, within(THREADS)] | None = None
    """Cap on TensorFlow's CPU threads in every launch, those of one rank included."""
    reading: ReadingModel = ReadingModel()
    weights: Text | None = None
    """A trained network for inference: a training directory, or a .ckpt or .keras file of one,
    relative to the matrix file; by default new weights."""
    exclude: list[ConditionsModel] = Field(default=[])
    include: list[ConditionsModel] = Field(default=[])


def json_schema() -> str:
    """The JSON Schema of a matrix file, with which editors complete and check it."""
    schema = MatrixModel.model_json_schema()
    schema["title"] = "Benchmark matrix"
    return json.dumps(schema, indent=2) + "\n"
