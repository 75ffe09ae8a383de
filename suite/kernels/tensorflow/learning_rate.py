"""The learning rate as published: proportional to the batch, warmed up, then lowered."""

import math

import tensorflow as tf

from suite.kernels.recipe import Recipe
from suite.model.reading import IMAGENET_TRAINING_IMAGES

# The published schedules: a tenth at each of these epochs, or a cosine from step 0 to the end.
CUT = 0.1
CUT_EPOCHS = (30, 60, 80, 90)
COSINE_EPOCHS = 90


def learning_rate(recipe: Recipe, steps_done: tf.Tensor, batch_size: int) -> tf.Tensor:
    """Steps done so far (int64 scalar) and the global batch size -> rate (float32 scalar).

    Linear from 0 during warm-up; then the schedule as if it had started at step 0.
    """
    base = recipe.lr_init * batch_size / 256
    epoch = tf.cast(steps_done, tf.float32) / (IMAGENET_TRAINING_IMAGES // batch_size)
    if recipe.cosine_lr:
        share = 0.5 * (1 + tf.cos(math.pi * tf.minimum(epoch / COSINE_EPOCHS, 1.0)))
    else:
        cuts = tf.reduce_sum(tf.cast(epoch >= tf.constant(CUT_EPOCHS, tf.float32), tf.float32))
        share = CUT**cuts
    if recipe.lr_warmup_epochs:
        warming = epoch / recipe.lr_warmup_epochs
        share = tf.where(warming < 1, warming, share)
    return base * share
