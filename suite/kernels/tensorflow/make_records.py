"""A small data set in ImageNet's layout, so that record pipelines can be run anywhere."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from suite.kernels.tensorflow.records import BOXES, FIRST_LABEL, IMAGE, LABEL, LAST_LABEL, TEXT
from suite.model.errors import InputError
from suite.store.new_folder import new_folder
from suite.store.tfrecords import SPLITS

# Octaves of detail from this size up, each as strong as the next: the power of photographs falls
# with the square of the frequency. A JPEG of this quality then has about half a byte a pixel.
_FINEST_PIXELS = 2
_JPEG_QUALITY = 92


def make_data_set(
    out: Path, *, images: int, width: int, height: int, shards: int, seed: int
) -> tuple[Path, ...]:
    """Write `images` training and as many validation images, each split over `shards` files.

    The directory gets its name only once it is complete. Equal arguments give equal bytes.

    Raises:
        InputError: the directory exists, or cannot be written.
    """

    def records() -> Iterator[tuple[str, Iterator[bytes]]]:
        for split_number, split in enumerate(SPLITS.values()):
            for shard in range(shards):
                numbers = range(shard, images, shards)
                generators = (np.random.default_rng([seed, split_number, n]) for n in numbers)
                name = f"{split}-{shard:05d}-of-{shards:05d}"
                yield name, (_made_record(generator, width, height) for generator in generators)

    return write_shards(out, records())


def write_shards(out: Path, shards: Iterable[tuple[str, Iterable[bytes]]]) -> tuple[Path, ...]:
    """Write shards, each a name and its records, into a directory, which appears once complete.

    Raises:
        InputError: the directory exists, or cannot be written.
    """
    with new_folder(out) as unfinished:
        try:
            for name, records in shards:
                with tf.io.TFRecordWriter(str(unfinished / name)) as writer:
                    for record in records:
                        writer.write(record)
        except tf.errors.OpError as error:
            raise InputError(f"{out}: cannot be written ({error}); give another") from None
    return tuple(sorted(out.iterdir()))


def record(jpeg: bytes, label: int, text: str, box: tuple[float, float, float, float]) -> bytes:
    """A serialised record: a JPEG, its label, what it shows, and a box (top, left, bottom, right).

    The box is in shares of the image.
    """
    features = {
        IMAGE: tf.train.Feature(bytes_list=tf.train.BytesList(value=[jpeg])),
        LABEL: tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
        TEXT: tf.train.Feature(bytes_list=tf.train.BytesList(value=[text.encode()])),
    }
    for name, corner in zip(BOXES, box, strict=True):
        features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=[corner]))
    example = tf.train.Example(features=tf.train.Features(feature=features))
    serialized: bytes = example.SerializeToString(deterministic=True)
    return serialized


def _made_record(generator: np.random.Generator, width: int, height: int) -> bytes:
    """A made picture with a label, and a box inside it."""
    label = int(generator.integers(FIRST_LABEL, LAST_LABEL + 1))
    low, high = generator.uniform(0.0, 0.4, 2), generator.uniform(0.6, 1.0, 2)
    jpeg = tf.io.encode_jpeg(_picture(generator, width, height), quality=_JPEG_QUALITY).numpy()
    return record(jpeg, label, f"made class {label}", (*low, *high))


def _picture(generator: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
    """A smooth random field [height, width, 3]: noise of equal strength at every scale.

    Colours vary less than brightness, as in photographs.
    """
    field = np.zeros((height, width, 3), np.float32)
    pixels = _FINEST_PIXELS
    while pixels < 2 * max(width, height):
        shape = (max(2, -(-height // pixels)), max(2, -(-width // pixels)))
        noise = generator.standard_normal((*shape, 1)) + 0.3 * generator.standard_normal(
            (*shape, 3)
        )
        field += tf.image.resize(noise, (height, width), "bicubic").numpy()
        pixels *= 2
    field *= 55.0 / field.std()
    colours: NDArray[np.uint8] = np.clip(field - field.mean() + 118.0, 0, 255).astype(np.uint8)
    return colours
