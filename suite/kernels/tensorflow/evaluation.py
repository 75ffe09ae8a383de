"""Exact counts of a network's hits on a split, in batches of one shape."""

from collections.abc import Callable

import tensorflow as tf
from keras import Model

from suite.kernels.tensorflow.steps import in_top

# Images, labels and how many of them count -> float32 [3]: hits among the likeliest class and the
# five likeliest ones, and the sum of the cross entropies.
Counting = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


def counting_step(model: Model) -> Counting:
    """Inference on a batch, of which the first `count` images are looked at.

    A float32 is exact for the counts of a batch, which has less than 2^24 images.
    """

    def step(images: tf.Tensor, labels: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        logits = model(images, training=False)
        counts = tf.cast(tf.range(tf.shape(labels)[0]) < count, tf.float32)
        predicted = tf.argmax(logits, axis=1, output_type=tf.int32)
        hits = (
            tf.cast(tf.equal(predicted, labels), tf.float32),
            tf.cast(in_top(5, logits, labels), tf.float32),
        )
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        # What does not count may be anything, so it must not be multiplied by 0.
        losses = tf.where(counts > 0, losses, 0.0)
        return tf.stack([*(tf.reduce_sum(each * counts) for each in hits), tf.reduce_sum(losses)])

    return step
