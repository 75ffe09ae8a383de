"""Exact counts of a network's hits on a split, in batches of one shape."""

import math
from collections.abc import Callable

import tensorflow as tf
from keras import Model

from suite.kernels.tensorflow.steps import in_top

# Images, labels and how many of them count -> float32 [3]: hits among the likeliest class and the
# five likeliest ones, and the sum of the cross entropies.
Counting = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


def counting_step(model: Model) -> Counting:
    """Inference on a batch, of which the first `count` images are looked at.

    An image whose logits are not finite, as early in a training in float16, is no hit, and its
    cross entropy is infinite. A float32 is exact for the hits of a batch, which has less than 2^24
    images.
    """

    def step(images: tf.Tensor, labels: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        logits = model(images, training=False)
        counts = tf.range(tf.shape(labels)[0]) < count
        finite = tf.reduce_all(tf.math.is_finite(logits), axis=1)
        predicted = tf.argmax(logits, axis=1, output_type=tf.int32)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        losses = tf.where(finite, losses, math.inf)
        return tf.stack(
            [
                _number(tf.equal(predicted, labels) & finite & counts),
                _number(in_top(5, logits, labels) & finite & counts),
                tf.reduce_sum(tf.where(counts, losses, 0.0)),
            ]
        )

    return step


def _number(hits: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(hits, tf.float32))
