"""Where a step's images come from: one batch at a time, with the wait inside the sample."""

from typing import Protocol

import tensorflow as tf

from suite.core.cell import Cell
from suite.kernels.interface import KernelOptions
from suite.kernels.synthetic import synthetic_batch

Batch = tuple[tf.Tensor, tf.Tensor]


class Batches(Protocol):
    """An endless supply of batches.

    `normalized` says whether the images come with mean and deviation taken out, so that the
    network must not do it again.
    """

    normalized: bool

    def next(self) -> Batch:
        """Images [batch, size, size, 3] float32 and labels [batch] int32 within 0..1000."""


class SyntheticBatches:
    """The published synthetic data: the same host batch every time."""

    normalized = False

    def __init__(self, cell: Cell, options: KernelOptions) -> None:
        images, labels = synthetic_batch(cell.batch_size, cell.image_size, options.seed)
        with tf.device("CPU:0"):
            self._batch = (tf.constant(images), tf.constant(labels))

    def next(self) -> Batch:
        """The batch; on a GPU the step itself copies it from the host, every time."""
        return self._batch


def open_batches(cell: Cell, options: KernelOptions) -> Batches:
    """The supply that a cell declares."""
    return SyntheticBatches(cell, options)
