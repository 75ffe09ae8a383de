"""Records read by NVIDIA DALI with the published preprocessing: on a GPU, or wholly on the CPU."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from suite.kernels.interface import KernelOptions
from suite.kernels.tensorflow import import_dali
from suite.kernels.tensorflow.record_batches import RecordBatches
from suite.kernels.tensorflow.records import FIRST_LABEL, IMAGE, JPEG_START, LABEL
from suite.kernels.tensorflow.resnet50 import DEVIATION, MEAN
from suite.kernels.tensorflow.staging import step_device
from suite.kernels.tensorflow.tfrecord_batches import (
    CROP_ASPECT,
    CROP_ATTEMPTS,
    CROP_MAX_AREA,
    evaluation_side,
)
from suite.model.cell import Cell, Mode
from suite.model.distributed import ONLY_RANK, Rank
from suite.model.facts import Facts
from suite.model.reading import Reading, settled_reading
from suite.model.recipe import Recipe
from suite.store.dali_index import index_path
from suite.store.data_set import cell_shards


def open_dali(cell: Cell, options: KernelOptions, rank: Rank = ONLY_RANK) -> RecordBatches:
    """A cell's records as normalised batches on the device that runs it.

    Raises:
        InputError: no shard of the split, an index that is missing or belongs to another shard, or
            fewer records than a batch has.
        MissingComponentError: DALI is not installed.
    """
    shards = cell_shards(cell, options.data_dir, options.data_idx_dir)
    directory = Path(options.data_idx_dir or "")
    reading = settled_reading(options.reading, cell)
    dataset = dali_dataset(
        cell,
        shards,
        directory,
        recipe=options.recipe,
        reading=reading,
        rank=rank,
        part=rank.index,
        seed=options.seed,
    )
    with tf.device(step_device()):
        iterator = iter(dataset)
    return RecordBatches(
        iterator,
        shards,
        normalized=True,
        index=directory,
        facts=dali_facts(cell.mode, shards, options.recipe, reading, rank),
    )


def dali_dataset(
    cell: Cell,
    shards: tuple[Path, ...],
    directory: Path,
    *,
    recipe: Recipe,
    reading: Reading,
    rank: Rank,
    part: int,
    seed: int,
) -> tf.data.Dataset:
    """Normalised images and labels of a part of the records, again and again, on the step's device.

    `directory` holds the index of each shard. There are as many parts as ranks; after its own a
    pass goes on with the next part. Equal seeds give equal batches. Of `recipe`, training takes
    how images are cropped and mirrored.

    Raises:
        MissingComponentError: DALI is not installed.
    """
    import_dali()
    from nvidia.dali.plugin.tf import DALIDataset

    # DALI counts the GPUs of the host, TensorFlow only the one visible to it.
    device_id = rank.local_index if tf.config.get_visible_devices("GPU") else None
    with tf.device(step_device()):
        return DALIDataset(
            pipeline=_pipeline(
                cell,
                [str(shard) for shard in shards],
                [str(index_path(shard, directory)) for shard in shards],
                recipe=recipe,
                reading=reading,
                part=part,
                parts=rank.size,
                seed=seed,
                device_id=device_id,
            ),
            batch_size=cell.batch_size,
            num_threads=reading.decode_threads,
            device_id=device_id,
            output_shapes=(
                (cell.batch_size, cell.image_size, cell.image_size, 3),
                (cell.batch_size,),
            ),
            output_dtypes=(tf.float32, tf.int32),
        )


def dali_facts(
    mode: Mode, shards: tuple[Path, ...], recipe: Recipe, reading: Reading, rank: Rank
) -> Facts:
    """How its batches are made."""
    import nvidia.dali

    training = mode is Mode.TRAINING
    return Facts(
        input=f"DALI {nvidia.dali.__version__}",
        input_device="GPU" if tf.config.get_visible_devices("GPU") else "CPU",
        input_shards=len(shards),
        input_part=f"{rank.index + 1} of {rank.size}",
        input_shuffled_records=reading.shuffled_records,
        input_threads=reading.decode_threads,
        input_crop_min_area=recipe.crop_min_area if training else None,
        input_mirror=recipe.mirror if training else None,
    )


def _pipeline(
    cell: Cell,
    shards: list[str],
    indices: list[str],
    *,
    recipe: Recipe,
    reading: Reading,
    part: int,
    parts: int,
    seed: int,
    device_id: int | None,
) -> Any:
    """Reader, decoder, resize, and crop with normalisation, as published."""
    from nvidia.dali import Pipeline, fn, tfrecord

    on_gpu = device_id is not None
    pipeline = Pipeline(
        batch_size=cell.batch_size,
        num_threads=reading.decode_threads,
        device_id=device_id,
        seed=seed,
    )
    with pipeline:
        record = fn.readers.tfrecord(
            path=shards,
            index_path=indices,
            features={
                IMAGE: tfrecord.FixedLenFeature((), tfrecord.string, ""),
                LABEL: tfrecord.FixedLenFeature([1], tfrecord.int64, -1),
            },
            random_shuffle=bool(reading.shuffled_records),
            initial_fill=reading.shuffled_records or 1,
            shard_id=part,
            num_shards=parts,
            name="records",
        )
        images = _images(record[IMAGE], cell, recipe, "mixed" if on_gpu else "cpu")
        labels = _labels(record[LABEL], record[IMAGE])
        pipeline.set_outputs(images, labels.gpu() if on_gpu else labels)
    return pipeline


def _images(encoded: Any, cell: Cell, recipe: Recipe, decoder: str) -> Any:
    """JPEGs -> normalised images of the cell's size, in the pipeline that is being defined.

    Where no part of the area that the recipe asks for has an allowed aspect, training takes the
    largest that has one, from the middle.
    """
    from nvidia.dali import fn, types

    training = cell.mode is Mode.TRAINING
    if training:
        images = fn.decoders.image_random_crop(
            encoded,
            device=decoder,
            random_area=[recipe.crop_min_area, CROP_MAX_AREA],
            random_aspect_ratio=list(CROP_ASPECT),
            num_attempts=CROP_ATTEMPTS,
        )
        sides = {"resize_x": cell.image_size, "resize_y": cell.image_size}
    else:
        images = fn.decoders.image(encoded, device=decoder)
        sides = {"resize_shorter": evaluation_side(cell.image_size)}
    # Plain bilinear, as tf.image.resize does it.
    images = fn.resize(images, interp_type=types.INTERP_LINEAR, antialias=False, **sides)
    return fn.crop_mirror_normalize(
        images,
        dtype=types.FLOAT,
        output_layout="HWC",
        crop=(cell.image_size, cell.image_size),
        mean=list(MEAN),
        std=list(DEVIATION),
        mirror=fn.random.coin_flip() if training and recipe.mirror else 0,
    )


def _labels(labels: Any, encoded: Any) -> Any:
    """Labels counted from 0; NOT_JPEG for other formats, which the decoder would accept."""
    from nvidia.dali import fn, types

    start = fn.slice(encoded, 0, len(JPEG_START), axes=[0])
    is_jpeg = fn.reductions.min(
        fn.cast(start == types.Constant(list(JPEG_START)), dtype=types.INT64)
    )
    return fn.cast(fn.squeeze(labels, axes=[0]) * is_jpeg - FIRST_LABEL, dtype=types.INT32)
