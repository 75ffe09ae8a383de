"""The yardstick of record pipelines: decode the same JPEGs and do nothing else."""

from collections.abc import Iterator

import tensorflow as tf

from suite.kernels.interface import KernelOptions
from suite.kernels.tensorflow.records import decode, parse
from suite.model.cell import Cell
from suite.model.reading import settled_reading
from suite.store.data_set import cell_shards


def bare_decoding(cell: Cell, options: KernelOptions) -> Iterator[tf.Tensor]:
    """An endless iterator of batches with one byte kept per image: uint8 [batch].

    Records are held in memory. Whole images are decoded, with the decoder and parallelism of the
    tf.data pipeline.

    Raises:
        InputError: no shard of the split, or fewer records than a batch has.
    """
    decodes = settled_reading(options.reading, cell).decode_threads
    shards = cell_shards(cell, options.data_dir, options.data_idx_dir)
    with tf.device("CPU:0"):
        records = tf.data.TFRecordDataset([str(shard) for shard in shards])
        dataset = records.map(lambda record: parse(record)[0]).cache().repeat()
        dataset = dataset.map(_one_byte, num_parallel_calls=decodes)
        dataset = dataset.batch(cell.batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)
        return iter(dataset)


def _one_byte(encoded: tf.Tensor) -> tf.Tensor:
    return decode(encoded)[0, 0, 0]
