"""Exact judgements of a network on a split, in batches of one shape."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from suite.kernels.tensorflow.steps import Forward, in_top

# Images, labels and how many of them count -> float32 [3]: hits among the likeliest class and the
# five likeliest ones, and the sum of the cross entropies.
Counting = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]
# Images and labels -> int32 [batch, 2], the likeliest class and whether the label is among the five
# likeliest, and float32 [batch], the cross entropies.
Classifying = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]

# In place of a class, where an image has none.
NO_CLASS = -1


@dataclass(frozen=True, slots=True)
class _Judged:
    """Of each image [batch]: its likeliest class, whether its label is in the top 5, and its loss.

    An image whose logits are not finite, as early in a training in float16, has no class and is in
    no top 5, and its loss is infinite.
    """

    predicted: tf.Tensor
    in_top5: tf.Tensor
    loss: tf.Tensor


def _judged(logits: tf.Tensor, labels: tf.Tensor) -> _Judged:
    finite = tf.reduce_all(tf.math.is_finite(logits), axis=1)
    predicted = tf.argmax(logits, axis=1, output_type=tf.int32)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return _Judged(
        predicted=tf.where(finite, predicted, NO_CLASS),
        in_top5=in_top(5, logits, labels) & finite,
        loss=tf.where(finite, losses, math.inf),
    )


def counting_step(forward: Forward) -> Counting:
    """Inference on a batch, of which the first `count` images are looked at.

    A float32 is exact for the hits of a batch, which has less than 2^24 images.
    """

    def step(images: tf.Tensor, labels: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        judged = _judged(forward(images), labels)
        counts = tf.range(tf.shape(labels)[0]) < count
        return tf.stack(
            [
                _number(tf.equal(judged.predicted, labels) & counts),
                _number(judged.in_top5 & counts),
                tf.reduce_sum(tf.where(counts, judged.loss, 0.0)),
            ]
        )

    return step


def classifying_step(forward: Forward) -> Classifying:
    """Inference on a batch, with what it says of each image."""

    def step(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        judged = _judged(forward(images), labels)
        return tf.stack([judged.predicted, tf.cast(judged.in_top5, tf.int32)], axis=1), judged.loss

    return step


def _number(hits: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(hits, tf.float32))
