"""The published training recipe in TensorFlow: learning rate, mixup and loss scale."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import tensorflow as tf

from suite.kernels.training_checks import LEAST_SCALE
from suite.model.reading import IMAGENET_TRAINING_IMAGES
from suite.model.recipe import Recipe
from suite.model.schedule import CUT, CUT_EPOCHS, Schedule

# Epochs of the published training whose throughput a cell measures.
_PUBLISHED_EPOCHS = 90

# Shares are drawn beforehand, as XLA cannot sample a Beta distribution.
_SHARES = 65536
_SEED = 0

# Images, targets [batch, classes] and steps done -> images and targets, mixed alike.
Mixed = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]

# TensorFlow's automatic loss scaling, which the published code falls back on.
_INITIAL = 2.0**15
_STEPS_TO_GROW = 2000
_FACTOR = 2.0

Result = Callable[[], tf.Tensor]


def published_schedule(batch_size: int) -> Schedule:
    """That of ImageNet in global batches of this size, for cells that train to no accuracy."""
    steps = max(1, IMAGENET_TRAINING_IMAGES // batch_size)
    return Schedule(steps_per_epoch=steps, epochs=_PUBLISHED_EPOCHS)


def learning_rate(
    recipe: Recipe, schedule: Schedule, steps_done: tf.Tensor, batch_size: int
) -> tf.Tensor:
    """Steps done so far (int64 scalar) and the global batch size -> rate (float32 scalar).

    As `suite.analysis.learning_rate`, in the graph of a step.
    """
    base = recipe.lr_init * batch_size / 256
    epoch = tf.cast(steps_done, tf.float32) / schedule.steps_per_epoch
    if recipe.cosine_lr:
        share = 0.5 * (1 + tf.cos(math.pi * tf.minimum(epoch / schedule.epochs, 1.0)))
    else:
        cuts = tf.reduce_sum(tf.cast(epoch >= tf.constant(CUT_EPOCHS, tf.float32), tf.float32))
        share = CUT**cuts
    if recipe.lr_warmup_epochs:
        warming = epoch / recipe.lr_warmup_epochs
        share = tf.where(warming < 1, warming, share)
    return base * share


def mixing(recipe: Recipe, stream: int = 0) -> Mixed:
    """The recipe's mixing of a batch; the identity without mixup.

    The shares of a step depend on `stream` and on the steps done, and on nothing else.

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
        seed = tf.stack([tf.constant(stream, tf.int64), steps_done])
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


class LossScale(Protocol):
    """A loss scale and how it changes after each step.

    `variables` are those that decide its next values, by name.
    """

    @property
    def variables(self) -> Mapping[str, tf.Variable]:
        """Name -> variable; the names never change."""

    def value(self) -> tf.Tensor:
        """The scale of this step's loss, a float32 scalar."""

    def apply(
        self, gradients: Sequence[tf.Tensor], update: Result, leave: Result
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """The result of the update, if the gradients allow one, and further operations to run.

        `leave` gives the result of a step without an update.
        """

    def left_out(self, before: tf.Tensor) -> tf.Tensor:
        """After a step that began with this scale: whether it updated nothing (boolean)."""


class StaticScale:
    """A constant scale; every step updates."""

    variables: Mapping[str, tf.Variable] = {}

    def __init__(self, scale: float) -> None:
        self._scale = scale

    def value(self) -> tf.Tensor:
        """The scale."""
        return tf.constant(self._scale, tf.float32)

    def apply(
        self,
        gradients: Sequence[tf.Tensor],  # noqa: ARG002 - not looked at
        update: Result,
        leave: Result,  # noqa: ARG002 - never needed
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Always update."""
        return update(), []

    def left_out(self, before: tf.Tensor) -> tf.Tensor:  # noqa: ARG002 - not looked at
        """Never."""
        return tf.constant(False)


class DynamicScale:
    """Halves, and skips the update, if gradients are not finite; doubles after 2000 good steps."""

    def __init__(self) -> None:
        self._scale = tf.Variable(_INITIAL, trainable=False, name="loss_scale")
        self._good = tf.Variable(0, dtype=tf.int64, trainable=False, name="good_steps")

    @property
    def variables(self) -> Mapping[str, tf.Variable]:
        """The scale, and the good steps since it last changed."""
        return {"loss_scale": self._scale, "good_steps": self._good}

    def value(self) -> tf.Tensor:
        """The current scale."""
        return self._scale.read_value()

    def apply(
        self, gradients: Sequence[tf.Tensor], update: Result, leave: Result
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Update unless a gradient is not finite, and adapt the scale."""
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(g)) for g in gradients])
        result = tf.cond(finite, update, leave)
        none = tf.constant(0, tf.int64)
        good = tf.where(finite, self._good + 1, none)
        grows = good >= _STEPS_TO_GROW
        factor = tf.where(finite, tf.where(grows, _FACTOR, 1.0), 1 / _FACTOR)
        return result, [
            self._scale.assign(tf.maximum(self._scale * factor, LEAST_SCALE)),
            self._good.assign(tf.where(grows, none, good)),
        ]

    def left_out(self, before: tf.Tensor) -> tf.Tensor:
        """No good step is behind a step that was left out, nor behind one after which it grew."""
        return tf.logical_and(self._good.read_value() == 0, self._scale.read_value() <= before)
