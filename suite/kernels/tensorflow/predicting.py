"""A trained network's classes of images in files of their own."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import tensorflow as tf

from suite.kernels.tensorflow.records import FIRST_LABEL, JPEG_START, decode
from suite.kernels.tensorflow.resnet50 import resnet50
from suite.kernels.tensorflow.tfrecord_batches import evaluation_crop
from suite.kernels.tensorflow.trained import put_weights, read_weights
from suite.model.prediction import PredictedClass, Prediction

_PNG_START = b"\x89PNG\r\n\x1a\n"
# More than any camera writes; a device such as /dev/zero never ends.
_MOST_BYTES = 2**28
_CLASSES = 5


class _UnreadableError(Exception):
    """Why an image cannot be read."""


def predict(weights: Path, image_size: int, images: Sequence[Path]) -> Iterator[Prediction]:
    """The likeliest classes of each image, one after the other, in float32.

    Images are scaled and cropped as in an evaluation. One that cannot be read has a problem in
    place of classes.

    Raises:
        InputError: the file of the network is missing, damaged or of another network.
    """
    model = resnet50(image_size)
    put_weights(model, read_weights(weights))
    size = (1, image_size, image_size, 3)

    def likeliest_of(batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        probabilities = tf.nn.softmax(model(batch, training=False)[0])
        return tuple(tf.math.top_k(probabilities, k=_CLASSES))

    likeliest = tf.function(likeliest_of, autograph=False).get_concrete_function(
        tf.TensorSpec(size, tf.float32)
    )
    for path in images:
        try:
            image = _decoded(path)
        except _UnreadableError as error:
            yield Prediction(image=str(path), problem=str(error))
            continue
        probabilities, classes = likeliest(evaluation_crop(image, image_size)[tf.newaxis])
        found = zip(classes.numpy().tolist(), probabilities.numpy().tolist(), strict=True)
        yield Prediction(
            image=str(path),
            classes=tuple(
                PredictedClass(label=number + FIRST_LABEL, probability=probability)
                for number, probability in found
            ),
        )


def _decoded(path: Path) -> tf.Tensor:
    """uint8 [height, width, 3] of a JPEG or a PNG."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _UnreadableError(f"cannot be read ({error.strerror})") from None
    if len(content) > _MOST_BYTES:
        raise _UnreadableError(f"is larger than {_MOST_BYTES} bytes")
    try:
        if content.startswith(JPEG_START):
            return decode(tf.constant(content))
        if content.startswith(_PNG_START):
            return tf.io.decode_png(content, channels=3)
    except tf.errors.InvalidArgumentError:
        raise _UnreadableError("does not decode: it is damaged or cut short") from None
    raise _UnreadableError("is neither a JPEG nor a PNG")
