"""Keeping float16 gradients in range: the loss is scaled up, the gradients back down."""

from collections.abc import Callable, Sequence
from typing import Protocol

import tensorflow as tf

# TensorFlow's automatic loss scaling, which the published code falls back on.
_INITIAL = 2.0**15
_STEPS_TO_GROW = 2000
_FACTOR = 2.0

Result = Callable[[], tf.Tensor]


class LossScale(Protocol):
    """A loss scale and how it changes after each step."""

    def value(self) -> tf.Tensor:
        """The scale of this step's loss, a float32 scalar."""

    def apply(
        self, gradients: Sequence[tf.Tensor], update: Result, leave: Result
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """The result of the update, if the gradients allow one, and further operations to run.

        `leave` gives the result of a step without an update.
        """


class StaticScale:
    """A constant scale; every step updates."""

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


class DynamicScale:
    """Halves, and skips the update, if gradients are not finite; doubles after 2000 good steps."""

    def __init__(self) -> None:
        self._scale = tf.Variable(_INITIAL, trainable=False, name="loss_scale")
        self._good = tf.Variable(0, dtype=tf.int64, trainable=False, name="good_steps")

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
            self._scale.assign(tf.maximum(self._scale * factor, 1.0)),
            self._good.assign(tf.where(grows, none, good)),
        ]
