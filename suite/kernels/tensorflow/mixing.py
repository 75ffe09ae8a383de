"""Mixup (Zhang et al., arXiv:1710.09412) as published: each image with the batch in reverse."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from suite.kernels.recipe import Recipe

# Shares are drawn beforehand, as XLA cannot sample a Beta distribution.
_SHARES = 65536
_SEED = 0

# Images, targets [batch, classes] and steps done -> images and targets, mixed alike.
Mixed = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def mixing(recipe: Recipe) -> Mixed:
    """The recipe's mixing of a batch; the identity without mixup.

    The published code mixes images after normalising them. That is equivalent, since the shares of
    a mixture add up to 1.
    """
    if recipe.mixup == 0:
        return lambda images, targets, _steps_done: (images, targets)
    generator = np.random.default_rng(_SEED)
    shares = tf.constant(generator.beta(recipe.mixup, recipe.mixup, _SHARES), tf.float32)

    def mixed(
        images: tf.Tensor, targets: tf.Tensor, steps_done: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        seed = tf.stack([tf.constant(_SEED, tf.int64), steps_done])
        picks = tf.random.stateless_uniform(
            tf.shape(images)[:1], seed, maxval=_SHARES, dtype=tf.int32
        )
        share = tf.gather(shares, picks)[:, tf.newaxis]
        image_share = share[:, :, tf.newaxis, tf.newaxis]
        return (
            image_share * images + (1 - image_share) * images[::-1],
            share * targets + (1 - share) * targets[::-1],
        )

    return mixed
