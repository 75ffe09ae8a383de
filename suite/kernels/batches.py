"""Where a step's images come from: one batch at a time, with the wait inside the sample."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import tensorflow as tf

from suite.core.cell import Cell, Data
from suite.core.distributed import ONLY_RANK, Rank
from suite.kernels.dali_batches import open_dali
from suite.kernels.interface import KernelOptions
from suite.kernels.synthetic import synthetic_batch
from suite.kernels.tfrecord_batches import open_tfrecord

Batch = tuple[tf.Tensor, tf.Tensor]


class Batches(Protocol):
    """An endless supply of batches.

    `normalized` says whether the images come with mean and deviation taken out, so that the
    network must not do it again.
    """

    normalized: bool

    @property
    def wait_seconds(self) -> Sequence[float]:
        """How long each call of `next` took, in order; empty where nothing is waited for."""

    def next(self) -> Batch:
        """Images [batch, size, size, 3] float32 and labels [batch] int32 within 0..1000."""

    def conditions(self) -> Mapping[str, object]:
        """How the batches were made, as JSON-ready facts."""


class SyntheticBatches:
    """The published synthetic data: the same host batch every time."""

    normalized = False
    wait_seconds: Sequence[float] = ()

    def __init__(self, cell: Cell, options: KernelOptions, rank: Rank) -> None:
        seed = options.seed + rank.index
        images, labels = synthetic_batch(cell.batch_size, cell.image_size, seed)
        with tf.device("CPU:0"):
            self._batch = (tf.constant(images), tf.constant(labels))

    def next(self) -> Batch:
        """The batch; on a GPU the step itself copies it from the host, every time."""
        return self._batch

    def conditions(self) -> Mapping[str, object]:
        """Nothing is read or decoded."""
        return {"input": "synthetic"}


def open_batches(cell: Cell, options: KernelOptions, rank: Rank = ONLY_RANK) -> Batches:
    """The supply that a cell declares; each rank has its own part of the records, or own images.

    Raises:
        InputError: the records it reads are missing, damaged or too few.
        MissingComponentError: it needs DALI, which is not installed.
    """
    if cell.data is Data.TFRECORD:
        return open_tfrecord(cell, options, rank)
    if cell.data is Data.DALI:
        return open_dali(cell, options, rank)
    return SyntheticBatches(cell, options, rank)
