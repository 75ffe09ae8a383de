"""A trained network as files for others: of Keras's own layers, which any Keras 3 reads."""

from pathlib import Path

import keras
import tensorflow as tf

from suite.kernels.tensorflow.resnet50 import resnet50
from suite.kernels.tensorflow.switches import software_facts
from suite.kernels.tensorflow.trained import put_weights, read_weights
from suite.model.facts import Facts


def export_network(weights: Path, image_size: int, keras_file: Path, saved_model: Path) -> Facts:
    """Write the network of a file as a Keras file and as a SavedModel; the software that did so.

    Both take float32 images [batch, size, size, 3] of 0..255 and return float32 logits. The batch
    may have any size. They are computed in float32, as Keras has batch normalisation, so that they
    differ from those of the benchmark's network by rounding.

    Raises:
        InputError: the file is missing, damaged or of another network.
    """
    model = resnet50(image_size)
    put_weights(model, read_weights(weights))
    model.save(keras_file)
    _save(model, saved_model)
    return software_facts()


def _save(model: keras.Model, folder: Path) -> None:
    """A SavedModel whose signature `serving_default` has the names `images` and `logits`."""
    images = tf.TensorSpec([None, *model.input_shape[1:]], tf.float32, name="images")
    holder = tf.Module()
    holder.variables_held = [variable.value for variable in model.variables]
    serve = tf.function(
        lambda images: {"logits": model(images, training=False)},
        input_signature=[images],
        autograph=False,
    )
    tf.saved_model.save(holder, str(folder), signatures=serve)
