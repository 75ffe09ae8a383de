"""A network whose variables have become constants, so that TensorFlow can work them out ahead."""

import tensorflow as tf
from keras import Model, layers, ops
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from suite.kernels.steps import Forward

# Small beside any activation, but not zero.
_MEAN = 1e-6


def frozen(model: Model, images: tf.TensorSpec) -> Forward:
    """The network's inference on images of one shape, with today's values of its variables.

    In a new network every batch mean is zero, and TensorFlow would drop the additions that this
    leaves without effect. No trained network could do without them, so the means are moved a bit.
    """
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.moving_mean.assign(ops.full(layer.moving_mean.shape, _MEAN))
    traced = tf.function(lambda batch: model(batch, training=False), autograph=False)
    folded = convert_variables_to_constants_v2(traced.get_concrete_function(images))

    def forward(batch: tf.Tensor) -> tf.Tensor:
        (logits,) = folded(batch)
        return logits

    return forward
