"""Records read by tf.data with the published preprocessing."""

from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from suite.core.cell import Cell, Mode
from suite.core.distributed import ONLY_RANK, Rank
from suite.files.data_set import cell_shards
from suite.kernels.interface import KernelOptions
from suite.kernels.record_batches import RecordBatches
from suite.kernels.records import JPEG_DCT, decode, parse

# The published reader: this many files open at once, this many records from each in turn, a
# shuffle over this many records (training only), and this many images decoded at once.
INTERLEAVED_FILES = 10
INTERLEAVED_RECORDS = 8
SHUFFLED_RECORDS = 4096
PARALLEL_DECODES = 10

# The published training crop, as arguments of tf.image.sample_distorted_bounding_box.
CROP_AREA = (0.05, 1.0)
CROP_ASPECT = (0.75, 1.33)
CROP_MIN_COVERED = 0.1
CROP_ATTEMPTS = 100

_Preprocess = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def open_tfrecord(cell: Cell, options: KernelOptions, rank: Rank = ONLY_RANK) -> RecordBatches:
    """A cell's records as batches on the host: float32 images of 0..255, labels in 0..999.

    Raises:
        InputError: no shard of the split, a damaged one, or fewer records than a batch has.
    """
    shards = cell_shards(cell, options.data_dir, options.data_idx_dir)
    training = cell.mode is Mode.TRAINING
    preprocess = (training_image if training else evaluation_image)(cell.image_size)
    with tf.device("CPU:0"):
        seed = options.seed if training else None
        dataset = _dataset(shards, rank, cell.batch_size, preprocess, seed)
        iterator = iter(dataset)
    return RecordBatches(
        iterator,
        shards,
        normalized=False,
        conditions={
            "input": "tf.data",
            "input_shards": len(shards),
            "input_part": f"{rank.index + 1} of {rank.size}",
            "input_interleaved_files": INTERLEAVED_FILES,
            "input_interleaved_records": INTERLEAVED_RECORDS,
            "input_shuffled_records": SHUFFLED_RECORDS if training else 0,
            "input_parallel_decodes": PARALLEL_DECODES,
            "input_prefetch": "autotune",
            "input_decoder": f"{JPEG_DCT}, {'only the crop' if training else 'whole image'}",
        },
    )


def _dataset(
    shards: tuple[Path, ...],
    rank: Rank,
    batch_size: int,
    preprocess: _Preprocess,
    shuffle_seed: int | None,
) -> tf.data.Dataset:
    """Published order: interleave, shuffle (training), repeat, decode, batch, prefetch.

    A rank reads every so-many-th shard, or where these are fewer than ranks, record.
    """
    dataset = tf.data.Dataset.from_tensor_slices([str(shard) for shard in shards])
    whole_shards = len(shards) >= rank.size
    if whole_shards:
        dataset = dataset.shard(rank.size, rank.index)
    dataset = dataset.interleave(
        tf.data.TFRecordDataset,
        cycle_length=INTERLEAVED_FILES,
        block_length=INTERLEAVED_RECORDS,
    )
    if not whole_shards:
        dataset = dataset.shard(rank.size, rank.index)
    if shuffle_seed is not None:
        dataset = dataset.shuffle(SHUFFLED_RECORDS, seed=shuffle_seed)
    dataset = dataset.repeat().map(preprocess, num_parallel_calls=PARALLEL_DECODES)
    return dataset.batch(batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def evaluation_side(size: int) -> int:
    """Pixels of the shorter side that evaluation crops from: 256 for 224, others in proportion."""
    return round(size * 256 / 224)


def evaluation_image(size: int) -> _Preprocess:
    """Record -> the centre [size, size, 3] of the image, scaled to keep its proportions."""

    def preprocess(record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        encoded, label, _ = parse(record)
        image = decode(encoded)
        shape = tf.shape(image)[:2]
        scale = evaluation_side(size) / tf.reduce_min(shape)
        scaled = tf.cast(tf.round(tf.cast(shape, tf.float64) * scale), tf.int32)
        image = tf.image.resize(image, scaled, "bilinear")
        top, left = tf.unstack((scaled - size) // 2)
        return tf.image.crop_to_bounding_box(image, top, left, size, size), label

    return preprocess


def training_image(size: int) -> _Preprocess:
    """Record -> a random part of the image, scaled to [size, size, 3] and perhaps mirrored."""

    def preprocess(record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        encoded, label, boxes = parse(record)
        begin, extent, _ = tf.image.sample_distorted_bounding_box(
            tf.io.extract_jpeg_shape(encoded),
            boxes,
            min_object_covered=CROP_MIN_COVERED,
            aspect_ratio_range=CROP_ASPECT,
            area_range=CROP_AREA,
            max_attempts=CROP_ATTEMPTS,
            use_image_if_no_bounding_boxes=True,
        )
        window = tf.concat([begin[:2], extent[:2]], axis=0)
        image = tf.image.resize(decode(encoded, window), (size, size), "bilinear")
        return tf.image.random_flip_left_right(image), label

    return preprocess
