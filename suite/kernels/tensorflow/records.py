"""One record of ImageNet's TFRecord layout: its features, and the checks of a record."""

from pathlib import Path

import tensorflow as tf
from google.protobuf.message import DecodeError

from suite.model.errors import InputError
from suite.store.tfrecords import count_records

IMAGE = "image/encoded"
LABEL = "image/class/label"
TEXT = "image/class/text"
# Relative corners, one list each, in the order tf.image.sample_distorted_bounding_box takes them.
BOXES = tuple(f"image/object/bbox/{side}" for side in ("ymin", "xmin", "ymax", "xmax"))

# Labels count from 1 as in ImageNet's files; the network's class 0 of 1001 stays unused by both.
FIRST_LABEL = 1
LAST_LABEL = 1000
# The label with which a pipeline marks an image that is not a JPEG: decoders accept others too.
NOT_JPEG = -1
JPEG_START = b"\xff\xd8\xff"

# The published decoder: the fast integer transform, colour not interpolated ("fancy upscaling").
JPEG_DCT = "INTEGER_FAST"


def parse(serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """A record's JPEG bytes, its label (int32) and its boxes [1, n, 4] float32.

    The label is in 0..999; any other marks a record that cannot be used.
    """
    features = tf.io.parse_single_example(
        serialized,
        {
            IMAGE: tf.io.FixedLenFeature([], tf.string),
            LABEL: tf.io.FixedLenFeature([], tf.int64),
            **{box: tf.io.VarLenFeature(tf.float32) for box in BOXES},
        },
    )
    boxes = tf.stack([tf.sparse.to_dense(features[box]) for box in BOXES], axis=-1)
    encoded = features[IMAGE]
    # Clip first: the label has 64 bits, and the cast would drop half of them.
    label = tf.clip_by_value(features[LABEL] - FIRST_LABEL, NOT_JPEG, LAST_LABEL)
    is_jpeg = tf.strings.substr(encoded, 0, len(JPEG_START)) == JPEG_START
    label = tf.where(is_jpeg, tf.cast(label, tf.int32), NOT_JPEG)
    return encoded, label, boxes[tf.newaxis]


def decode(encoded: tf.Tensor, window: tf.Tensor | None = None) -> tf.Tensor:
    """uint8 [height, width, 3] of a JPEG, or of a window (top, left, height, width) of it."""
    options = {"channels": 3, "fancy_upscaling": False, "dct_method": JPEG_DCT}
    if window is None:
        return tf.io.decode_jpeg(encoded, **options)
    return tf.io.decode_and_crop_jpeg(encoded, window, **options)


def check_shard(shard: Path) -> int:
    """How many records a shard holds, having read, parsed and decoded each one.

    Raises:
        InputError: the first record that is cut short, fails its checksum, lacks a feature, has a
            label outside 1..1000 or an image that is not a JPEG.
    """
    count_records([shard])
    checked = 0
    try:
        for record in tf.data.TFRecordDataset(str(shard)):
            problem = _problem(record.numpy())
            if problem:
                raise InputError(f"{shard}: record {checked + 1}: {problem}")
            checked += 1
    except tf.errors.DataLossError:
        raise InputError(
            f"{shard}: record {checked + 1}: fails its checksum; copy or make the file again"
        ) from None
    return checked


def check_first_record(shard: Path) -> None:
    """Read, parse and decode the first record of a shard.

    Raises:
        InputError: as `check_shard`.
    """
    try:
        for record in tf.data.TFRecordDataset(str(shard)).take(1):
            problem = _problem(record.numpy())
            if problem:
                raise InputError(f"{shard}: record 1: {problem}")
    except tf.errors.DataLossError:
        count_records([shard])  # says of most damages what they are
        raise InputError(
            f"{shard}: record 1: fails its checksum; copy or make the file again"
        ) from None


def _problem(serialized: bytes) -> str:
    """What is wrong with a record's content, or nothing."""
    try:
        features = tf.train.Example.FromString(serialized).features.feature
    except DecodeError:
        return "is not a tf.train.Example; make the file again"
    image, label = features[IMAGE].bytes_list.value, features[LABEL].int64_list.value
    if len(image) != 1:
        return f"has {len(image)} values of {IMAGE}, not 1"
    if len(label) != 1:
        return f"has {len(label)} values of {LABEL}, not 1"
    if not FIRST_LABEL <= label[0] <= LAST_LABEL:
        return f"label {label[0]} is outside {FIRST_LABEL}..{LAST_LABEL}"
    if len({len(features[box].float_list.value) for box in BOXES}) > 1:
        return "its lists of box corners differ in length"
    return _image_problem(image[0])


def _image_problem(encoded: bytes) -> str:
    if not encoded.startswith(JPEG_START):
        return "the image is not a JPEG"
    try:
        tf.io.decode_jpeg(encoded, channels=3)
    except tf.errors.InvalidArgumentError:
        return "the JPEG does not decode"
    return ""
