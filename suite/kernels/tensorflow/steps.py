"""The published work of one step, as TensorFlow functions of a batch.

Each takes images [batch, size, size, 3] float32 and labels [batch] int32 and returns a float32
scalar, the loss (`forward_step`: the logits), that exists only once all of the step is done.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import tensorflow as tf
from keras import Model, Variable, layers
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from suite.kernels.tensorflow.resnet50 import CLASSES
from suite.kernels.tensorflow.training_recipe import (
    LossScale,
    learning_rate,
    mixing,
    published_schedule,
)
from suite.model.recipe import Recipe
from suite.model.schedule import Schedule

Step = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
# Images -> logits [batch, 1001] float32.
Forward = Callable[[tf.Tensor], tf.Tensor]


def frozen(model: Model, images: tf.TensorSpec) -> Forward:
    """The network's inference on images of one shape, with the current values of its variables."""
    traced = tf.function(lambda batch: model(batch, training=False), autograph=False)
    folded = convert_variables_to_constants_v2(traced.get_concrete_function(images))

    def forward(batch: tf.Tensor) -> tf.Tensor:
        (logits,) = folded(batch)
        return logits

    return forward


def forward_step(forward: Forward) -> Step:
    """The logits and nothing else; labels are accepted, as by every step, but not used."""
    return lambda images, labels: forward(images)  # noqa: ARG005 - traced by this name


def evaluation_step(forward: Forward) -> Step:
    """Evaluation as published: softmax, predicted class, cross entropy, top-1 and top-5 counts.

    The counts are of 64 bits: TensorFlow keeps variables of int32 on the host, where no program
    that XLA compiles for a GPU can use them.
    """
    top1 = tf.Variable(0, dtype=tf.int64, trainable=False, name="top1")
    top5 = tf.Variable(0, dtype=tf.int64, trainable=False, name="top5")

    def step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        logits = forward(images)
        probabilities = tf.nn.softmax(logits)
        predicted = tf.argmax(probabilities, axis=1, output_type=tf.int32)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        updates = [
            top1.assign_add(_count(tf.equal(predicted, labels))),
            top5.assign_add(_count(in_top(5, probabilities, labels))),
        ]
        with tf.control_dependencies(updates):
            return tf.reduce_mean(losses)

    return step


def _count(matches: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(matches, tf.int64))


def in_top(k: int, scores: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Whether fewer than k classes score above the label: XLA cannot compile tf.nn.in_top_k."""
    own = tf.gather(scores, labels, batch_dims=1)[:, tf.newaxis]
    return tf.reduce_sum(tf.cast(scores > own, tf.int32), axis=1) < k


@dataclass(frozen=True, slots=True)
class TrainingParts:
    """The two halves of a training step, between which gradients may be averaged over ranks.

    `gradients` takes a batch and returns its loss, before the update, and one gradient per
    trainable variable, scaled if there is a loss scale. `update` takes these two and returns the
    loss once the variables are updated. `gradient_count` is the number of gradients.

    `rate` is the learning rate of the next update. `variables` are those, besides the network's
    own, that the next step depends on, by names that never change.
    """

    gradients: Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, list[tf.Tensor]]]
    update: Callable[[tf.Tensor, Sequence[tf.Tensor]], tf.Tensor]
    gradient_count: int
    rate: Callable[[], tf.Tensor]
    variables: Mapping[str, tf.Variable]
    loss_scale: LossScale | None


def single_step(parts: TrainingParts) -> Step:
    """The training step of a single process."""
    return lambda images, labels: parts.update(*parts.gradients(images, labels))


def reporting_step(parts: TrainingParts) -> Step:
    """The training step of parts with `both_losses`, and what it applied, in a float32 [5].

    Loss, its part without weight decay, learning rate, loss scale (1 without), and 1 if nothing was
    updated.
    """

    def step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        rate = parts.rate()
        scale = parts.loss_scale.value() if parts.loss_scale else tf.constant(1.0)
        losses = parts.update(*parts.gradients(images, labels))
        with tf.control_dependencies([losses]):
            left_out = parts.loss_scale.left_out(scale) if parts.loss_scale else tf.constant(0.0)
        return tf.concat([losses, tf.stack([rate, scale, tf.cast(left_out, tf.float32)])], axis=0)

    return step


def training_parts(
    model: Model,
    batch_size: int,
    recipe: Recipe,
    loss_scale: LossScale | None = None,
    *,
    schedule: Schedule | None = None,
    stream: int = 0,
    both_losses: bool = False,
) -> TrainingParts:
    """Forward, backward and momentum update as published; `batch_size` is the global one.

    Loss: softmax cross entropy plus weight decay x the sum of half squared norms of every
    trainable variable outside batch normalisation. With `both_losses` it is a pair, of that loss
    and of the cross entropy alone. `schedule` None is that of the published training; `stream`
    decides the draws of mixup.
    """
    variables = model.trainable_variables
    decayed = _decayed(model)
    schedule = schedule or published_schedule(batch_size)
    momenta = [tf.Variable(tf.zeros_like(v), trainable=False, name="momentum") for v in variables]
    steps_done = tf.Variable(0, dtype=tf.int64, trainable=False, name="steps_done")
    mixed = mixing(recipe, stream)

    def losses_of(images: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        logits = model(images, training=True)
        cross_entropy = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
        squares = tf.add_n([tf.nn.l2_loss(v) for v in decayed])
        decay = recipe.weight_decay * tf.cast(squares, cross_entropy.dtype)
        return cross_entropy + decay, cross_entropy

    def rate() -> tf.Tensor:
        return learning_rate(recipe, schedule, steps_done.read_value(), batch_size)

    def gradients_of(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        done = steps_done.read_value()
        images, targets = mixed(images, _targets(labels, recipe.label_smoothing), done)
        with tf.GradientTape() as tape:
            loss, cross_entropy = losses_of(images, targets)
            target = loss * loss_scale.value() if loss_scale else loss
        told = tf.stack([loss, cross_entropy]) if both_losses else loss
        return told, tape.gradient(target, variables)

    def update(loss: tf.Tensor, scaled: Sequence[tf.Tensor]) -> tf.Tensor:
        gradients = scaled
        if loss_scale:
            gradients = [gradient / loss_scale.value() for gradient in scaled]

        def move() -> tf.Tensor:
            updates = _momentum_updates(variables, momenta, gradients, rate(), recipe.momentum)
            with tf.control_dependencies(updates):
                return tf.identity(loss)

        if loss_scale:
            result, others = loss_scale.apply(gradients, move, lambda: tf.identity(loss))
        else:
            result, others = move(), []
        with tf.control_dependencies([*others, steps_done.assign_add(1)]):
            return tf.identity(result)

    own = {f"momentum/{v.path}": m for v, m in zip(variables, momenta, strict=True)}
    return TrainingParts(
        gradients=gradients_of,
        update=update,
        gradient_count=len(variables),
        rate=rate,
        variables={**own, "steps_done": steps_done, **(loss_scale.variables if loss_scale else {})},
        loss_scale=loss_scale,
    )


def _targets(labels: tf.Tensor, smoothing: float) -> tf.Tensor:
    """One-hot rows with a share spread evenly over all classes, the correct one included."""
    spread = smoothing / CLASSES
    return tf.one_hot(labels, CLASSES, on_value=1 - smoothing + spread, off_value=spread)


def _momentum_updates(
    variables: Sequence[Variable],
    momenta: Sequence[tf.Variable],
    gradients: Sequence[tf.Tensor],
    rate: tf.Tensor,
    momentum: float,
) -> list[tf.Operation]:
    """Accumulated = momentum x accumulated + gradient; variable -= rate x accumulated."""
    return [
        tf.raw_ops.ResourceApplyMomentum(
            var=variable.value.handle,
            accum=accumulated.handle,
            lr=tf.cast(rate, accumulated.dtype),
            grad=gradient,
            momentum=momentum,
        )
        for variable, accumulated, gradient in zip(variables, momenta, gradients, strict=True)
    ]


def _decayed(model: Model) -> list[tf.Variable]:
    """Trainable variables outside batch normalisation; the dense bias decays too, as published."""
    return [
        variable.value
        for layer in model.layers
        if not isinstance(layer, layers.BatchNormalization)
        for variable in layer.trainable_variables
    ]
