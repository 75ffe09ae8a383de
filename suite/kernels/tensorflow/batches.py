"""The source of a step's images: one batch at a time, with the wait inside the sample."""

from collections.abc import Sequence
from itertools import repeat
from typing import Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from suite.kernels.interface import InvalidLaunchError, KernelOptions
from suite.kernels.tensorflow.dali_batches import open_dali
from suite.kernels.tensorflow.staging import HOST, supply
from suite.kernels.tensorflow.tfrecord_batches import open_tfrecord
from suite.model.cell import Cell, Data, Mode
from suite.model.distributed import ONLY_RANK, Rank
from suite.model.facts import Facts

Batch = tuple[tf.Tensor, tf.Tensor]

# Distribution of the published code: images from a normal of mean 127 and deviation 60, redrawn
# beyond two deviations; labels uniform over 0..999 (of the 1001 outputs).
_MEAN = 127.0
_DEVIATION = 60.0
_LABELS = 1000


class Batches(Protocol):
    """An endless supply of batches.

    `normalized` says whether the images are already normalised, so that the network must not do it
    again.
    """

    normalized: bool

    @property
    def wait_seconds(self) -> Sequence[float]:
        """How long each call of `next` took, in order; empty if nothing is waited for.

        Work on a batch during an earlier step does not count as waiting.
        """

    def next(self) -> Batch:
        """Images [batch, size, size, 3] float32 and labels [batch] int32 within 0..1000."""

    def facts(self) -> Facts:
        """How the batches were made."""


class SyntheticBatches:
    """The published synthetic data: the same host batch every time, and a new tensor of it.

    Of one that it has seen TensorFlow keeps its copy on a GPU, for functions that XLA compiles
    whole, so that no later step would copy.
    """

    normalized = False
    wait_seconds: Sequence[float] = ()

    def __init__(self, cell: Cell, options: KernelOptions, rank: Rank) -> None:
        seed = options.seed + rank.index
        images, labels = synthetic_batch(cell.batch_size, cell.image_size, seed)
        with tf.device(HOST):
            batch = (tf.constant(images), tf.constant(labels))
            if cell.mode is Mode.TRAINING:
                self._batches = supply(tf.data.Dataset.from_tensors(batch).repeat(), cell.mode)
            else:
                self._batches = map(_renewed, repeat(batch))

    def next(self) -> Batch:
        """The batch, from the host in evaluation; in training a copy made ahead on the device."""
        return next(self._batches)

    def facts(self) -> Facts:
        """Nothing is read or decoded."""
        return Facts(input="synthetic")


def _renewed(batch: Batch) -> Batch:
    """Other tensors of the same memory."""
    images, labels = batch
    with tf.device(HOST):
        return tf.identity(images), tf.identity(labels)


class DeviceBatches:
    """The same synthetic batch, put on the GPU before the first step."""

    normalized = False
    wait_seconds: Sequence[float] = ()

    def __init__(self, cell: Cell, options: KernelOptions, rank: Rank) -> None:
        seed = options.seed + rank.index
        images, labels = synthetic_batch(cell.batch_size, cell.image_size, seed)
        if not tf.config.get_visible_devices("GPU"):
            raise InvalidLaunchError("a batch can stay only on a GPU, and TensorFlow sees none")
        with tf.device("GPU:0"):
            # TensorFlow keeps int32, and so the labels (4 bytes an image), on the host anyway.
            self._batch = (tf.constant(images), tf.constant(labels))

    def next(self) -> Batch:
        """The batch; no image is copied."""
        return self._batch

    def facts(self) -> Facts:
        """Where the images are, according to TensorFlow.

        Raises:
            InvalidLaunchError: they are not on a GPU.
        """
        device = tf.DeviceSpec.from_string(self._batch[0].backing_device).device_type
        if device != "GPU":
            raise InvalidLaunchError(f"the batch was put on the GPU, but is on {device}")
        return Facts(input="synthetic, kept on the device", input_device=device)


def open_batches(cell: Cell, options: KernelOptions, rank: Rank = ONLY_RANK) -> Batches:
    """The batches that a cell declares; each rank has its own records or synthetic images.

    Raises:
        InputError: the records it reads are missing, damaged or too few.
        MissingComponentError: it needs DALI, which is not installed.
        InvalidLaunchError: its batch must stay on a GPU, and there is none.
    """
    if cell.data is Data.TFRECORD:
        return open_tfrecord(cell, options, rank)
    if cell.data is Data.DALI:
        return open_dali(cell, options, rank)
    if cell.data is Data.SYNTHETIC_DEVICE:
        return DeviceBatches(cell, options, rank)
    return SyntheticBatches(cell, options, rank)


def synthetic_batch(
    batch_size: int, image_size: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Images [batch, size, size, 3] float32 within 7..247 and labels [batch] int32."""
    generator = np.random.default_rng(seed)
    images = generator.standard_normal((batch_size, image_size, image_size, 3), dtype=np.float32)
    outside = np.abs(images) > 2
    while outside.any():
        images[outside] = generator.standard_normal(int(outside.sum()), dtype=np.float32)
        outside = np.abs(images) > 2
    labels = generator.integers(0, _LABELS, batch_size, dtype=np.int32)
    return images * np.float32(_DEVIATION) + np.float32(_MEAN), labels
