"""Max pooling in the network's own layout."""

import tensorflow as tf
from keras import layers


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
