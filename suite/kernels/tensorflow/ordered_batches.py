"""Records read by tf.data in an order known beforehand: every record by its place in a file.

A training can thus go on in the middle of an epoch without reading what lies before, ranks share
each global batch out exactly, and an evaluation takes every image once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from suite.analysis.record_order import Order, epoch_order, part_of_batch
from suite.kernels.tensorflow.record_batches import RecordBatches
from suite.kernels.tensorflow.records import JPEG_DCT
from suite.kernels.tensorflow.staging import HOST, supply
from suite.kernels.tensorflow.tfrecord_batches import (
    INTERLEAVED_RECORDS,
    evaluation_image,
    seeded_training_image,
)
from suite.model.cell import Cell, Mode
from suite.model.distributed import Rank
from suite.model.facts import Facts
from suite.model.reading import Reading, settled_reading
from suite.model.training import Training
from suite.store.tfrecords import read_frames

Integers = NDArray[np.int64]
# Shards, offsets and sizes of records, and the number of each draw since the training began.
_Draws = tuple[Integers, Integers, Integers, Integers]


@dataclass(frozen=True, slots=True)
class RecordTable:
    """Where every record of a split lies: its shard, counted from 0, and its bytes there."""

    shards: tuple[Path, ...]
    shard: Integers
    offset: Integers
    size: Integers

    @property
    def shard_sizes(self) -> list[int]:
        """Records of each shard."""
        return [int(count) for count in np.bincount(self.shard, minlength=len(self.shards))]

    def __len__(self) -> int:
        return len(self.shard)


def read_table(shards: tuple[Path, ...]) -> RecordTable:
    """The records of a split; reads 12 bytes of each.

    Raises:
        InputError: a shard is unreadable, empty or cut short.
    """
    frames = [(i, f.offset, f.size) for i, path in enumerate(shards) for f in read_frames(path)]
    columns = np.array(frames, np.int64).reshape(-1, 3).T.copy()
    return RecordTable(shards, *columns)


def ordered_training(
    training: Training, table: RecordTable, rank: Rank, steps_per_epoch: int, steps_done: int
) -> RecordBatches:
    """This rank's batches from the step after `steps_done` on, epoch after epoch without end.

    Images are float32 of 0..255, on the step's device. Each draw has random numbers of its own, so
    that its crop does not depend on who draws it.
    """
    cell = training.cell
    reading = settled_reading(training.reading, cell)
    recipe = training.recipe
    preprocess = seeded_training_image(cell.image_size, recipe, training.seed)

    @lru_cache(maxsize=1)
    def order_of(epoch: int) -> Order:
        return epoch_order(
            table.shard_sizes,
            open_files=reading.open_files or 1,
            interleaved_records=INTERLEAVED_RECORDS,
            shuffled_records=reading.shuffled_records or 0,
            seed=training.seed,
            epoch=epoch,
        )

    def draws_of(step: int) -> _Draws:
        epoch, batch = divmod(int(step), steps_per_epoch)
        part = part_of_batch(order_of(epoch), batch, cell.batch_size, rank)
        numbers = epoch * len(table) + np.arange(part.start, part.stop)
        return _draws(table, order_of(epoch)[part], numbers)

    with tf.device(HOST):
        steps = tf.data.Dataset.counter(steps_done)
        dataset = _records(steps, draws_of, table, reading.decode_threads or 1)
        dataset = dataset.map(preprocess, num_parallel_calls=reading.decode_threads)
        dataset = dataset.batch(cell.batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)
        iterator = supply(dataset, Mode.TRAINING)
    return RecordBatches(
        iterator,
        table.shards,
        normalized=False,
        facts=Facts(
            input="tf.data",
            input_shards=len(table.shards),
            input_part=f"{rank.index + 1} of {rank.size}",
            input_interleaved_files=reading.open_files,
            input_interleaved_records=INTERLEAVED_RECORDS,
            input_shuffled_records=reading.shuffled_records or 0,
            input_parallel_decodes=reading.decode_threads,
            input_prefetch="autotune",
            input_decoder=f"{JPEG_DCT}, only the crop",
            input_crop_min_area=recipe.crop_min_area,
            input_mirror=recipe.mirror,
        ),
    )


class OrderedValidation:
    """This rank's images of the validation split, as batches of one shape."""

    def __init__(self, cell: Cell, reading: Reading, table: RecordTable, rank: Rank) -> None:
        numbers = np.arange(rank.index, len(table), rank.size)
        reading = settled_reading(reading, cell)
        preprocess = evaluation_image(cell.image_size)

        def draws_of(begin: int) -> _Draws:
            chosen = numbers[begin : begin + cell.batch_size]
            return _draws(table, chosen, chosen)

        with tf.device(HOST):
            begins = tf.data.Dataset.range(0, len(numbers), cell.batch_size)
            dataset = _records(begins, draws_of, table, reading.decode_threads or 1)
            dataset = dataset.map(
                lambda record, _number: preprocess(record),
                num_parallel_calls=reading.decode_threads,
            )
            dataset = dataset.batch(cell.batch_size).map(_padding(cell))
            self._dataset = dataset.prefetch(tf.data.AUTOTUNE)
        self._shards = table.shards
        self.images = len(numbers)

    def batches(self) -> RecordBatches:
        """One pass; the last batch is filled up with empty images of class 0."""
        with tf.device(HOST):
            iterator = iter(self._dataset)
        return RecordBatches(iterator, self._shards, normalized=False, facts=Facts())


def _draws(table: RecordTable, records: Integers, numbers: Integers) -> _Draws:
    return table.shard[records], table.offset[records], table.size[records], numbers


def _records(
    batches: tf.data.Dataset,
    draws_of: Callable[[int], _Draws],
    table: RecordTable,
    parallel: int,
) -> tf.data.Dataset:
    """The records that are drawn for each batch, with the number of their draw, in that order."""
    paths = tf.constant([str(shard) for shard in table.shards])

    def read(
        shard: tf.Tensor, offset: tf.Tensor, size: tf.Tensor, number: tf.Tensor
    ) -> tf.data.Dataset:
        """The record at a place, whose checksum TensorFlow verifies."""
        variant = tf.raw_ops.TFRecordDatasetV2(
            filenames=[tf.gather(paths, shard)],
            compression_type="",
            buffer_size=size,
            byte_offsets=[offset],
        )
        record = tf.data.experimental.from_variant(variant, tf.TensorSpec([], tf.string))
        return tf.data.Dataset.zip((record.take(1), tf.data.Dataset.from_tensors(number)))

    def drawn(batch: tf.Tensor) -> tuple[tf.Tensor, ...]:
        columns = tf.numpy_function(draws_of, [batch], [tf.int64] * 4)
        return tuple(tf.ensure_shape(column, [None]) for column in columns)

    return (
        batches.map(drawn)
        .unbatch()
        .interleave(
            read,
            cycle_length=parallel,
            block_length=1,
            num_parallel_calls=parallel,
            deterministic=True,
        )
    )


def _padding(cell: Cell) -> Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """Fill a batch up to the cell's size, so that every batch has one shape."""

    def padded(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        missing = cell.batch_size - tf.shape(labels)[0]
        images = tf.pad(images, [[0, missing], [0, 0], [0, 0], [0, 0]])
        labels = tf.pad(labels, [[0, missing]])
        size = cell.image_size
        images = tf.ensure_shape(images, (cell.batch_size, size, size, 3))
        return images, tf.ensure_shape(labels, (cell.batch_size,))

    return padded
