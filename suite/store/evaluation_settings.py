"""What may be set of an evaluation, and the cell that it then is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import StrictInt

from suite.model.cell import (
    BATCH_SIZES,
    IMAGE_SIZES,
    PUBLISHED_IMAGE_SIZE,
    Cell,
    Data,
    Graph,
    Layout,
    Mode,
    Precision,
    XlaMode,
)
from suite.model.errors import InputError
from suite.model.reading import DECODE_THREADS, Reading
from suite.model.trained_network import TrainedNetwork
from suite.store.matrix_model import Xla
from suite.store.settings import read_setting
from suite.store.yaml_model import Model, within

# Of a network whose training is not known; the published evaluation had 128 images or more.
_BATCH_SIZE = 64


class EvaluationSettings(Model):
    """The settings of an evaluation by the names of the axes; None is that of the training."""

    batch_size: Annotated[StrictInt, within(BATCH_SIZES)] | None = None
    """Images per step."""
    image_size: Annotated[StrictInt, within(IMAGE_SIZES)] | None = None
    """Side of the square images, in pixels."""
    data: Data | None = None
    """What reads the records: tfrecord (tf.data) or dali."""
    xla: Xla | None = None
    """Whether XLA compiles the step."""
    xla_mode: XlaMode | None = None
    """How XLA is applied."""
    layout: Layout | None = None
    """Order of axes in which the network is built."""
    graph: Graph | None = None
    """evaluation, or frozen: with the variables folded into constants."""
    decode_threads: Annotated[StrictInt, within(DECODE_THREADS)] | None = None
    """Images decoded at once; null is the published number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationCell:
    """The cell by which a network is evaluated, how its records are read, and what was set."""

    cell: Cell
    reading: Reading
    settings: tuple[str, ...]


def evaluation_cell(
    network: TrainedNetwork, precision: str | None, settings: Sequence[str]
) -> EvaluationCell:
    """The cell of the training, in inference on one GPU, with these settings.

    `settings` are `NAME=VALUE`.

    Raises:
        InputError: one is unknown or out of its range, or they contradict each other.
    """
    given = dict(read_setting(text, EvaluationSettings) for text in settings)
    base = _trained_cell(network)
    if precision is not None:
        base = replace(base, precision=Precision(precision))
    axes = {name: value for name, value in given.items() if name != "decode_threads"}
    cell = replace(base, **{name: value for name, value in axes.items() if value is not None})  # type: ignore[arg-type]
    if cell.contradiction is not None:
        raise InputError(f"{network.path}: {cell.contradiction}")
    if cell.graph is Graph.FORWARD:
        raise InputError("--set graph=forward: judges no image; use evaluation or frozen")
    if not cell.reads_records:
        raise InputError(f"--set data={cell.data.value}: has no images to judge; use tfrecord")
    threads = given.get("decode_threads")
    return EvaluationCell(
        cell=cell,
        reading=Reading(decode_threads=threads if isinstance(threads, int) else None),
        settings=tuple(given),
    )


def _trained_cell(network: TrainedNetwork) -> Cell:
    if network.header is None:
        return Cell(
            mode=Mode.INFERENCE,
            precision=Precision.FP32,
            xla=False,
            batch_size=_BATCH_SIZE,
            data=Data.TFRECORD,
            image_size=network.image_size or PUBLISHED_IMAGE_SIZE,
        )
    return replace(network.header.training.cell, mode=Mode.INFERENCE, gpus=1)
