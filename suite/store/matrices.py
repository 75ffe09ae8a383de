"""matrices/*.yaml -> Matrix, read strictly so that a typo cannot change a measurement."""

import os
from dataclasses import replace
from pathlib import Path

from suite.model.cell import (
    MOST_STEP_TIMES,
    Cell,
    KernelName,
    Mode,
    Protocol,
)
from suite.model.device import is_device_name, known_devices
from suite.model.distributed import (
    Distributed,
    Host,
    add_host,
    parse_host,
)
from suite.model.errors import InputError
from suite.model.matrix import MOST_LAUNCHES, Matrix, MatrixError, expand
from suite.model.reading import Reading, applicable_reading
from suite.model.text import shown
from suite.model.trained_network import TrainedNetwork
from suite.store.located_yaml import LocatedYaml, read_yaml
from suite.store.matrix_model import (
    ConditionsModel,
    DistributedModel,
    MatrixModel,
    ReadingModel,
)
from suite.store.nearest import nearest
from suite.store.text import reachable
from suite.store.trained_networks import find_network
from suite.store.yaml_model import fitted

# In a checkout a link to its folder, and when installed a copy.
MATRIX_DIRECTORY = (Path(__file__).parents[1] / "data" / "matrices").resolve()


def matrix_names() -> list[str]:
    """The names of the suite's own matrices."""
    return sorted(path.stem for path in MATRIX_DIRECTORY.glob("*.yaml"))


def matrix_path(given: Path) -> Path:
    """The file of a matrix given by its path, or by the name of one of the suite's own (`quick`).

    Raises:
        InputError: a name that no matrix has.
    """
    if given.suffix or len(given.parts) > 1 or reachable(given.exists):
        return given
    names = matrix_names()
    if given.name not in names:
        hint = nearest(given.name, names)
        raise InputError(f"{given}: no such matrix and no such file; {hint}")
    return MATRIX_DIRECTORY / f"{given.name}.yaml"


def read_matrix(path: Path) -> Matrix:
    """Read, validate and expand a matrix file.

    Raises:
        InputError: anything wrong with the file, as `path:line: place: problem; remedy`.
    """
    source = read_yaml(path, "matrix", "matrices/quick.yaml")
    model = fitted(MatrixModel, source)
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
    if model.device != "any" and any(cell.gpu for cell in cells):
        raise source.error(("device",), "conflicts with gpu in the cells; keep one of the two")
    protocol = Protocol(**model.protocol.model_dump())
    _reject_too_much(source, protocol, cells)
    return Matrix(
        name=shown(path.stem),
        purpose=model.purpose,
        device=None if model.device == "any" else model.device,
        reference=_reference(source, model.reference),
        protocol=protocol,
        cells=cells,
        distributed=_distributed(source, model.distributed),
        threads_per_rank=model.threads_per_rank,
        reading=_reading(source, model.reading, cells),
        weights=_weights(source, model.weights, cells),
    )


def _reject_too_much(source: LocatedYaml, protocol: Protocol, cells: tuple[Cell, ...]) -> None:
    """Refuse more launches than can be planned, or more steps than the record of one can hold."""
    launches = len(cells) * protocol.launches
    if launches > MOST_LAUNCHES:
        problem = f"gives {launches} launches of {len(cells)} cells, and a matrix has at most"
        raise source.error(("protocol", "launches"), f"{problem} {MOST_LAUNCHES}; lower it")
    gpus = max(cell.gpus for cell in cells)
    times = protocol.step_times(gpus)
    if times > MOST_STEP_TIMES:
        problem = f"gives {times} step times, warm-up included, to a launch with gpus: {gpus}"
        place = ("protocol", "measured_steps")
        raise source.error(place, f"{problem}, and at most {MOST_STEP_TIMES} are kept; lower it")


def _given(
    source: LocatedYaml, section: str, index: int, item: ConditionsModel
) -> dict[str, object]:
    conditions: dict[str, object] = item.model_dump(exclude_none=True)
    if not conditions:
        raise source.error((section, index), "names no condition; name at least one")
    return conditions


def _distributed(source: LocatedYaml, model: DistributedModel) -> Distributed:
    hosts: dict[str, Host] = {}
    for index, text in enumerate(model.hosts or []):
        try:
            add_host(hosts, parse_host(text))
        except ValueError as error:
            raise source.error(("distributed", "hosts", index), str(error)) from None
    lists = {"hosts": tuple(hosts.values()), "environment": tuple(model.environment)}
    return Distributed(**{**model.model_dump(), **lists})


def _reading(source: LocatedYaml, model: ReadingModel, cells: tuple[Cell, ...]) -> Reading:
    reading = Reading(**model.model_dump())
    applied = {name for cell in cells for name in applicable_reading(reading, cell).given}
    for name in reading.given:
        if name not in applied:
            raise source.error(("reading", name), "has no effect on any cell; remove it")
    return reading


def _weights(
    source: LocatedYaml, given: str | None, cells: tuple[Cell, ...]
) -> TrainedNetwork | None:
    if given is None:
        return None
    for cell in cells:
        if cell.mode is Mode.TRAINING:
            problem = f"are for inference, and cell {cell.id} trains new ones; remove it"
            raise source.error(("weights",), problem)
        if cell.kernel is KernelName.SIMULATED:
            problem = "are those of the network, and the simulated kernel has none; remove it"
            raise source.error(("weights",), problem)
    path = _beside(source, given)
    try:
        network = find_network(path)
    except InputError as error:
        raise source.error(("weights",), str(error)) from None
    return replace(network, path=str(Path(network.path).resolve()))


def _reference(source: LocatedYaml, reference: str | None) -> str | None:
    if reference is None:
        return None
    resolved = _beside(source, reference)
    if not reachable(resolved.is_file):
        problem = f"no such file {reference!r}; give a path relative to the matrix file"
        raise source.error(("reference",), problem)
    return os.path.normpath(resolved)


def _beside(source: LocatedYaml, given: str) -> Path:
    """A path in a matrix file, which is relative to it."""
    return source.path.parent / os.path.expanduser(given)  # noqa: PTH111 - never raises
