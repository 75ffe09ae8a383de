"""A network with its variables turned into constants, which TensorFlow folds beforehand."""

import tensorflow as tf
from keras import Model
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from suite.kernels.tensorflow.steps import Forward


def frozen(model: Model, images: tf.TensorSpec) -> Forward:
    """The network's inference on images of one shape, with the current values of its variables."""
    traced = tf.function(lambda batch: model(batch, training=False), autograph=False)
    folded = convert_variables_to_constants_v2(traced.get_concrete_function(images))

    def forward(batch: tf.Tensor) -> tf.Tensor:
        (logits,) = folded(batch)
        return logits

    return forward
