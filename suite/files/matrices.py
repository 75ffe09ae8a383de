"""matrices/*.yaml -> Matrix, so strictly that a typing slip cannot change a measurement."""

import json
import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, ValidationError

from suite.core.cell import (
    STARTUP_TIMEOUT_SECONDS,
    STEP_TIMEOUT_SECONDS,
    Cell,
    Data,
    Graph,
    KernelName,
    Layout,
    Mode,
    Precision,
    Protocol,
    XlaMode,
)
from suite.core.device import is_device_name, known_devices
from suite.core.distributed import (
    BindTo,
    Compression,
    Distributed,
    Host,
    RankLauncher,
    parse_host,
    reject_repeated,
)
from suite.core.matrix import Matrix, MatrixError, expand
from suite.core.reading import Reading, heeded_reading
from suite.files.located_yaml import LocatedYaml, Place, read_yaml
from suite.files.nearest import nearest

Positive = Annotated[StrictInt, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class ProtocolModel(_Model):
    """How each cell is measured."""

    warmup_steps: Annotated[StrictInt, Field(ge=0)]
    """Steps before measuring; stored, but not summarised."""
    measured_steps: Positive
    """Steps that are measured: the page's --num_iter less its --warmup_steps."""
    launches: Positive = 1
    """Processes per cell, one after the other."""
    max_seconds: Seconds | None = None
    """Cap on warm-up and measuring of one launch; a launch that reaches it is marked truncated."""
    startup_timeout_seconds: Seconds = STARTUP_TIMEOUT_SECONDS
    """A launch that takes longer to import, build and compile is ended."""
    step_timeout_seconds: Seconds = STEP_TIMEOUT_SECONDS
    """A launch with a step that takes longer than this is ended."""


class AxesModel(_Model):
    """The conditions that vary; every combination of their values is a cell."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["batch_size"]}, {"required": ["global_batch_size"]}]
        }
    )

    mode: Annotated[list[Mode], Field(min_length=1)]
    precision: Annotated[list[Precision], Field(min_length=1)]
    xla: Annotated[list[StrictBool], Field(min_length=1)]
    batch_size: Annotated[list[Positive], Field(min_length=1)] | None = None
    """Images per step and GPU."""
    global_batch_size: Annotated[list[Positive], Field(min_length=1)] | None = None
    """Images per step over all GPUs, instead of batch_size: for strong scaling."""
    gpus: Annotated[list[Positive], Field(min_length=1)] = [1]
    data: Annotated[list[Data], Field(min_length=1)] = [Data.SYNTHETIC]
    """Where images come from; `synthetic_device` spares each step the copy to the GPU."""
    image_size: Annotated[list[Positive], Field(min_length=1)] = [224]
    """Side of the square images, in pixels."""
    layout: Annotated[list[Layout], Field(min_length=1)] = [Layout.NHWC]
    """Order of axes that the network is built in: `nhwc`, or `nchw` as the tables were made."""
    graph: Annotated[list[Graph], Field(min_length=1)] = [Graph.EVALUATION]
    """What an inference step works out, and from what; `evaluation` is the published step."""
    xla_mode: Annotated[list[XlaMode], Field(min_length=1)] = [XlaMode.JIT_COMPILE]
    """How XLA is applied in cells that use it; `auto_clustering` is the published way."""


class ConditionsModel(_Model):
    """Conditions of an exclusion (matches every cell that has them all) or of an included cell."""

    mode: Mode | None = None
    precision: Precision | None = None
    xla: StrictBool | None = None
    batch_size: Positive | None = None
    gpus: Positive | None = None
    data: Data | None = None
    image_size: Positive | None = None
    layout: Layout | None = None
    graph: Graph | None = None
    xla_mode: XlaMode | None = None


class DistributedModel(_Model):
    """How cells of several GPUs are launched: one process, a rank, for each GPU."""

    launcher: RankLauncher | None = None
    """What starts the ranks; left out: srun in a Slurm allocation, else mpirun, else horovodrun."""
    hosts: Annotated[list[str], Field(min_length=1)] | None = None
    """Machines and the ranks that each takes, this one first: [node1:8, node2:8]."""
    bind_to: BindTo = BindTo.SOCKET
    """What the threads of a rank stay on; the published runs bound to the socket."""
    interface: str | None = None
    """Network interface between the hosts, such as eth0."""
    environment: list[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]] = []
    """Names of environment variables that every rank is given as they are here."""
    compression: Compression = Compression.NONE
    """The type in which gradients cross between ranks; none leaves them in float32."""
    fusion_mib: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """Horovod's buffer in which it joins small tensors, in MiB; left out: its own default."""
    cycle_ms: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Time between Horovod's looks at what is ready, in ms; left out: its own default."""


class ReadingModel(_Model):
    """How cells read records; as published where left out."""

    shuffled_records: Annotated[StrictInt, Field(ge=0)] | None = None
    """Each record is drawn from so many; 0 for the order of the files."""
    decode_threads: Positive | None = None
    """Images decoded at once."""
    open_files: Positive | None = None
    """Shards from which tf.data reads in turn."""


class MatrixModel(_Model):
    """A matrix file."""

    purpose: Annotated[str, Field(min_length=1)]
    """One line: what the matrix is for."""
    device: str = "any"
    """Expected device: t4, dgx1, dgx2, dgxa100, cpu, a GPU's product name, or any."""
    reference: str | None = None
    """Published table to compare with: the path of a CSV, relative to the matrix file."""
    kernel: KernelName = KernelName.RESNET50
    protocol: ProtocolModel
    axes: AxesModel
    distributed: DistributedModel = DistributedModel()
    threads_per_rank: Positive | None = None
    """Cap on the CPU threads of TensorFlow in every launch, also of those with one rank."""
    reading: ReadingModel = ReadingModel()
    exclude: list[ConditionsModel] = []
    include: list[ConditionsModel] = []


def read_matrix(path: Path) -> Matrix:
    """Read, validate and expand a matrix file.

    Raises:
        InputError: anything wrong with the file, as `path:line: place: problem; remedy`.
    """
    source = read_yaml(path)
    if not isinstance(source.data, dict):
        raise source.error((), "is not a mapping; see matrices/quick.yaml for an example")
    try:
        model = MatrixModel.model_validate(source.data)
    except ValidationError as error:
        raise source.error(*_first_problem(error)) from None
    if not is_device_name(model.device):
        hint = nearest(model.device, known_devices())
        problem = f"unknown device {model.device!r}; {hint} (or a product name, 'NVIDIA ...')"
        raise source.error(("device",), problem)
    try:
        cells = expand(
            model.kernel,
            {name: values for name, values in model.axes if values is not None},
            [_given(source, "exclude", i, item) for i, item in enumerate(model.exclude)],
            [_given(source, "include", i, item) for i, item in enumerate(model.include)],
        )
    except MatrixError as error:
        raise source.error(error.place, str(error)) from None
    return Matrix(
        name=path.stem,
        purpose=model.purpose,
        device=None if model.device == "any" else model.device,
        reference=_reference(source, model.reference),
        protocol=Protocol(**model.protocol.model_dump()),
        cells=cells,
        distributed=_distributed(source, model.distributed),
        threads_per_rank=model.threads_per_rank,
        reading=_reading(source, model.reading, cells),
    )


def json_schema() -> str:
    """The JSON Schema of a matrix file, with which editors complete and check it."""
    schema = MatrixModel.model_json_schema()
    schema["title"] = "Benchmark matrix"
    return json.dumps(schema, indent=2) + "\n"


def _given(
    source: LocatedYaml, section: str, index: int, item: ConditionsModel
) -> dict[str, object]:
    conditions = item.model_dump(exclude_none=True)
    if not conditions:
        raise source.error((section, index), "names no condition; name at least one")
    return conditions


def _distributed(source: LocatedYaml, model: DistributedModel) -> Distributed:
    hosts: list[Host] = []
    for index, text in enumerate(model.hosts or []):
        try:
            hosts.append(parse_host(text))
            reject_repeated(hosts)
        except ValueError as error:
            raise source.error(("distributed", "hosts", index), str(error)) from None
    lists = {"hosts": tuple(hosts), "environment": tuple(model.environment)}
    return Distributed(**{**model.model_dump(), **lists})


def _reading(source: LocatedYaml, model: ReadingModel, cells: tuple[Cell, ...]) -> Reading:
    reading = Reading(**model.model_dump())
    heeded = {name for cell in cells for name in heeded_reading(reading, cell).given}
    for name in reading.given:
        if name not in heeded:
            raise source.error(("reading", name), "no cell of this matrix heeds it; leave it out")
    return reading


def _reference(source: LocatedYaml, reference: str | None) -> str | None:
    if reference is None:
        return None
    resolved = source.path.parent / reference
    if not resolved.is_file():
        problem = f"no such file {reference!r}; give a path relative to the matrix file"
        raise source.error(("reference",), problem)
    return os.path.normpath(resolved)


_FIELDS_AT: dict[str, type[_Model]] = {
    "protocol": ProtocolModel,
    "axes": AxesModel,
    "distributed": DistributedModel,
    "reading": ReadingModel,
    "exclude": ConditionsModel,
    "include": ConditionsModel,
}


def _first_problem(error: ValidationError) -> tuple[Place, str]:
    """Place and words of the first problem pydantic found, and how many more there are."""
    details = error.errors(include_url=False)
    # A misspelt key is also a missing one; the misspelling is what the user can see.
    first = min(details, key=lambda detail: detail["type"] != "extra_forbidden")
    place: Place = first["loc"]
    if first["type"] == "extra_forbidden":
        model = _FIELDS_AT.get(str(place[0]), MatrixModel) if len(place) > 1 else MatrixModel
        problem = f"unknown key; {nearest(str(place[-1]), model.model_fields)}"
    elif first["type"] == "missing":
        problem = "missing; add it"
    else:
        said = first["msg"][0].lower() + first["msg"][1:]
        problem = f"{said}, not {json.dumps(first['input'], default=str)}"
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return place, problem + more
