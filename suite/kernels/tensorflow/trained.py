"""The variables of a trained network: read from a file, and put into a network.

They do not depend on layout, precision or graph: every network of `resnet50` has the same ones by
name, in float32, with kernels of [height, width, channels in, channels out].
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from suite.kernels.tensorflow.resnet50 import resnet50
from suite.model.errors import InputError
from suite.model.text import shown
from suite.model.trained_network import KERAS
from suite.store.checkpoints import read_state
from suite.store.exports import file_sha256

# What the names of a network's variables begin with in the state of a training.
_IN_STATE = "network/"
# Any will do: no variable depends on it.
_IMAGE_SIZE = 224

Variables = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Weights:
    """The variables of a network by the paths that Keras has, and where they are from.

    `sha256` is that of a `TrainedNetwork`.
    """

    path: Path
    sha256: str
    variables: Variables


def read_weights(path: Path) -> Weights:
    """The variables in a checkpoint or in an exported Keras file.

    Raises:
        InputError: the file is missing, damaged or holds another network.
    """
    if path.suffix == KERAS:
        return Weights(path, file_sha256(path), _exported(path))
    state = read_state(path)
    variables = {
        name.removeprefix(_IN_STATE): array
        for name, array in state.arrays.items()
        if name.startswith(_IN_STATE)
    }
    return Weights(path, state.sha256, variables)


def _exported(path: Path) -> Variables:
    """Of a Keras file the weights alone are read: what else it describes is neither built nor run.

    That of this suite is of `resnet50` with Keras's own layers, of which the names follow.
    """
    with keras.device("cpu"):
        model = resnet50(_IMAGE_SIZE)
        unset = {variable.path: variable.numpy() for variable in model.variables}
        try:
            model.load_weights(path)
        # A damaged archive, HDF5 file or JSON each raises its own.
        except Exception as error:  # noqa: BLE001
            raise InputError(
                f"{path}: holds no ResNet50 v1.5 that can be read ({shown(_first_line(error))})"
            ) from None
    found = {variable.path: variable.numpy() for variable in model.variables}
    _check_read(path, unset, found)
    return found


def _check_read(path: Path, unset: Variables, found: Variables) -> None:
    """Keras passes over layers that a file lacks: their weights would stay random."""
    random = [name for name in unset if name.endswith("kernel")]
    kept = [name for name in random if np.array_equal(unset[name], found[name])]
    if kept:
        raise InputError(f"{path}: has no values for {shown(kept[0])}; export the network again")


def put_weights(model: keras.Model, weights: Weights) -> None:
    """Give a network these values.

    Raises:
        InputError: they are those of another network; nothing has changed.
    """
    path, variables = weights.path, weights.variables
    own = {variable.path: variable for variable in model.variables}
    for name in (*own, *variables):
        if name not in own or name not in variables:
            lacks = "lacks" if name not in variables else "has, besides those of ResNet50 v1.5,"
            raise InputError(f"{path}: {lacks} {shown(name)}: it holds another network")
        wanted, given = tuple(own[name].shape), variables[name].shape
        if wanted != given:
            raise InputError(
                f"{path}: {shown(name)} is {list(given)}, not {list(wanted)}: it holds another"
                " network"
            )
    for name, variable in own.items():
        variable.assign(variables[name])


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
