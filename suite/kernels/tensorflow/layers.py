"""Layers as the published code has them, each a single TensorFlow operation.

Keras 3 expands batch normalisation into a dozen float32 operations whatever the policy. The fused
operation reads and writes the compute type, keeps its statistics in float32, and is supported by
cuDNN and oneDNN.
"""

import tensorflow as tf
from keras import layers


class FusedBatchNormalization(layers.BatchNormalization):  # type: ignore[misc] # untyped base
    """keras.layers.BatchNormalization of an image batch, in one operation.

    Its axis 1 means [batch, channels, height, width], any other [batch, height, width, channels].

    As in the published code, the moving variance follows the unbiased variance of the batch.
    """

    def call(self, inputs: tf.Tensor, *, training: bool = False) -> tf.Tensor:
        """Normalise each channel; in training also update the moving statistics."""
        result = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma.value,
            offset=self.beta.value,
            # In training the batch's own statistics are used, and these must be empty.
            mean=[] if training else self.moving_mean.value,
            variance=[] if training else self.moving_variance.value,
            epsilon=self.epsilon,
            is_training=training,
            data_format="NCHW" if self.axis == 1 else "NHWC",
        )
        if training:
            _move(self.moving_mean.value, result.batch_mean, self.momentum)
            _move(self.moving_variance.value, result.batch_variance, self.momentum)
        return result.y


def _move(moving: tf.Variable, value: tf.Tensor, momentum: float) -> None:
    moving.assign_sub((moving - value) * (1 - momentum))


# 2^-24, half a unit in the last place of a float32 of 1, and the smallest positive float16.
_LEAST = 2.0**-24


class FoldableBatchNormalization(layers.BatchNormalization):  # type: ignore[misc] # untyped base
    """Inference in NHWC only: one factor and one offset per channel, in the compute type.

    Once these are constants TensorFlow folds the factor into the preceding convolution and makes
    the offset its bias, which it does not do for the fused operation.

    If all offsets of a layer are zero, as in a new network, TensorFlow and XLA would drop their
    addition, which every trained network needs. They are then set to 2^-24, which is below float32
    resolution for activations of about 1. A layer with any non-zero offset is left as it is.
    """

    def call(self, inputs: tf.Tensor, *, training: bool = False) -> tf.Tensor:  # noqa: ARG002
        """Normalise [batch, height, width, channels] by the moving statistics."""
        factor = self.gamma.value * tf.math.rsqrt(self.moving_variance.value + self.epsilon)
        offset = self.beta.value - self.moving_mean.value * factor
        scaled = inputs * tf.cast(factor, inputs.dtype)
        return tf.nn.bias_add(scaled, _never_all_zero(tf.cast(offset, inputs.dtype)))


def _never_all_zero(offset: tf.Tensor) -> tf.Tensor:
    least = tf.constant(_LEAST, offset.dtype)
    return tf.where(tf.reduce_any(offset != 0), offset, least)


class MaxPooling(layers.MaxPooling2D):  # type: ignore[misc] # untyped base
    """keras.layers.MaxPooling2D in one operation; Keras's own transposes NCHW to NHWC and back."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Largest value of each window of an image batch."""
        return tf.nn.max_pool2d(
            inputs,
            self.pool_size,
            self.strides,
            self.padding.upper(),
            data_format="NCHW" if self.data_format == "channels_first" else "NHWC",
        )
