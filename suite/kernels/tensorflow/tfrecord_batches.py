"""Records read by tf.data with the published preprocessing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

from suite.kernels.interface import KernelOptions
from suite.kernels.tensorflow.record_batches import RecordBatches
from suite.kernels.tensorflow.records import JPEG_DCT, decode, parse
from suite.kernels.tensorflow.staging import HOST, supply
from suite.model.cell import PUBLISHED_IMAGE_SIZE, Cell, Mode
from suite.model.distributed import ONLY_RANK, Rank
from suite.model.facts import Facts
from suite.model.reading import Reading, settled_reading
from suite.model.recipe import Recipe
from suite.store.data_set import cell_shards

# The published reader reads this many records from each open file in turn.
INTERLEAVED_RECORDS = 8

# The published training crop, of which a recipe says the smallest area.
CROP_MAX_AREA = 1.0
CROP_ASPECT = (0.75, 1.33)
CROP_MIN_COVERED = 0.1
CROP_ATTEMPTS = 100

_Preprocess = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
_SeededPreprocess = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def open_tfrecord(cell: Cell, options: KernelOptions, rank: Rank = ONLY_RANK) -> RecordBatches:
    """A cell's records as batches: float32 images of 0..255, labels in 0..999.

    They are on the host, or in training already on the step's device.

    Raises:
        InputError: no shard of the split, a damaged one, or fewer records than a batch has.
    """
    shards = cell_shards(cell, options.data_dir, options.data_idx_dir)
    training = cell.mode is Mode.TRAINING
    reading = settled_reading(options.reading, cell)
    recipe = options.recipe
    preprocess = (
        training_image(cell.image_size, recipe) if training else evaluation_image(cell.image_size)
    )
    with tf.device(HOST):
        dataset = _dataset(shards, rank, cell.batch_size, preprocess, reading, options.seed)
        iterator = supply(dataset, cell.mode)
    return RecordBatches(
        iterator,
        shards,
        normalized=False,
        facts=Facts(
            input="tf.data",
            input_shards=len(shards),
            input_part=f"{rank.index + 1} of {rank.size}",
            input_interleaved_files=reading.open_files,
            input_interleaved_records=INTERLEAVED_RECORDS,
            input_shuffled_records=reading.shuffled_records or 0,
            input_parallel_decodes=reading.decode_threads,
            input_prefetch="autotune",
            input_decoder=f"{JPEG_DCT}, {'only the crop' if training else 'whole image'}",
            input_crop_min_area=recipe.crop_min_area if training else None,
            input_mirror=recipe.mirror if training else None,
        ),
    )


def _dataset(
    shards: tuple[Path, ...],
    rank: Rank,
    batch_size: int,
    preprocess: _Preprocess,
    reading: Reading,
    seed: int,
) -> tf.data.Dataset:
    """Published order: interleave, shuffle (training), repeat, decode, batch, prefetch.

    Of n ranks each reads every n-th shard or, with fewer shards than ranks, every n-th record.
    """
    dataset = tf.data.Dataset.from_tensor_slices([str(shard) for shard in shards])
    whole_shards = len(shards) >= rank.size
    if whole_shards:
        dataset = dataset.shard(rank.size, rank.index)
    dataset = dataset.interleave(
        tf.data.TFRecordDataset,
        cycle_length=reading.open_files,
        block_length=INTERLEAVED_RECORDS,
    )
    if not whole_shards:
        dataset = dataset.shard(rank.size, rank.index)
    if reading.shuffled_records:
        dataset = dataset.shuffle(reading.shuffled_records, seed=seed)
    dataset = dataset.repeat().map(preprocess, num_parallel_calls=reading.decode_threads)
    return dataset.batch(batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def evaluation_side(size: int) -> int:
    """Pixels of the shorter side that evaluation crops from: 256 for 224, others in proportion."""
    return round(size * 256 / PUBLISHED_IMAGE_SIZE)


def evaluation_image(size: int) -> _Preprocess:
    """Record -> the centre [size, size, 3] of the image, scaled to keep its proportions."""

    def preprocess(record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        encoded, label, _ = parse(record)
        return evaluation_crop(decode(encoded), size), label

    return preprocess


def evaluation_crop(image: tf.Tensor, size: int) -> tf.Tensor:
    """uint8 [height, width, 3] -> its centre, float32 [size, size, 3] of 0..255."""
    scaled = scaled_sides(tf.shape(image)[:2], evaluation_side(size))
    image = tf.image.resize(image, scaled, "bilinear")
    top, left = tf.unstack((scaled - size) // 2)
    return tf.image.crop_to_bounding_box(image, top, left, size, size)


def scaled_sides(sides: tf.Tensor, shorter: int) -> tf.Tensor:
    """Two sides scaled so that the shorter one is as given; fractions are truncated."""
    scale = shorter / tf.reduce_min(sides)
    # The published code truncates in float32, and thus the shorter side too if that rounds down.
    return tf.cast(tf.cast(sides, tf.float64) * scale + 1e-6, tf.int32)


def training_image(size: int, recipe: Recipe) -> _Preprocess:
    """Record -> a random part of the image, scaled to [size, size, 3] and perhaps mirrored.

    Where no part of the area that the recipe asks for has an allowed aspect, it is all of the
    image.
    """
    crop = _crop(recipe)

    def preprocess(record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        encoded, label, boxes = parse(record)
        begin, extent, _ = tf.image.sample_distorted_bounding_box(
            tf.io.extract_jpeg_shape(encoded), boxes, **crop
        )
        image = _cropped(encoded, begin, extent, size)
        return tf.image.random_flip_left_right(image) if recipe.mirror else image, label

    return preprocess


def seeded_training_image(size: int, recipe: Recipe, seed: int) -> _SeededPreprocess:
    """Record and the number of its draw -> as `training_image`, equal for equal seed and number."""
    crop = _crop(recipe)

    def preprocess(record: tf.Tensor, number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        encoded, label, boxes = parse(record)
        # Crop and mirroring each have a stream of random numbers.
        crop_seed, flip_seed = (tf.stack([seed, 2 * number + i]) for i in (0, 1))
        begin, extent, _ = tf.image.stateless_sample_distorted_bounding_box(
            tf.io.extract_jpeg_shape(encoded), boxes, crop_seed, **crop
        )
        image = _cropped(encoded, begin, extent, size)
        if recipe.mirror:
            image = tf.image.stateless_random_flip_left_right(image, flip_seed)
        return image, label

    return preprocess


def _crop(recipe: Recipe) -> dict[str, Any]:
    """The random crop, as arguments of tf.image.sample_distorted_bounding_box."""
    return {
        "min_object_covered": CROP_MIN_COVERED,
        "aspect_ratio_range": CROP_ASPECT,
        "area_range": (recipe.crop_min_area, CROP_MAX_AREA),
        "max_attempts": CROP_ATTEMPTS,
        "use_image_if_no_bounding_boxes": True,
    }


def _cropped(encoded: tf.Tensor, begin: tf.Tensor, extent: tf.Tensor, size: int) -> tf.Tensor:
    """A part of a JPEG, decoded and scaled to [size, size, 3]."""
    window = tf.concat([begin[:2], extent[:2]], axis=0)
    return tf.image.resize(decode(encoded, window), (size, size), "bilinear")
