"""The published work of one step, as TensorFlow functions of a batch.

Each takes images [batch, size, size, 3] float32 and labels [batch] int32 and returns a float32
scalar, the loss, that exists only once everything else in the step is done.
"""

from collections.abc import Callable

import tensorflow as tf
from keras import Model, layers

Step = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]

# Defaults of the published training benchmark: learning rate per 256 images, momentum (not
# Nesterov), weight decay, and the static loss scale its scripts give under AMP.
LEARNING_RATE_PER_256 = 0.1
MOMENTUM = 0.9
WEIGHT_DECAY = 1e-4
LOSS_SCALE = 128.0


def inference_step(model: Model) -> Step:
    """Evaluation as published: softmax, predicted class, cross entropy, top-1 and top-5 counts."""
    top1 = tf.Variable(0, dtype=tf.int32, trainable=False, name="top1")
    top5 = tf.Variable(0, dtype=tf.int32, trainable=False, name="top5")

    def step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        logits = model(images, training=False)
        probabilities = tf.nn.softmax(logits)
        predicted = tf.argmax(probabilities, axis=1, output_type=tf.int32)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        updates = [
            top1.assign_add(_count(tf.equal(predicted, labels))),
            top5.assign_add(_count(_in_top(5, probabilities, labels))),
        ]
        with tf.control_dependencies(updates):
            return tf.reduce_mean(losses)

    return step


def _count(matches: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(matches, tf.int32))


def _in_top(k: int, scores: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Whether fewer than k classes score above the label: XLA cannot compile tf.nn.in_top_k."""
    own = tf.gather(scores, labels, batch_dims=1)[:, tf.newaxis]
    return tf.reduce_sum(tf.cast(scores > own, tf.int32), axis=1) < k


def training_step(model: Model, batch_size: int, *, scale_loss: bool) -> Step:
    """Forward, backward and momentum update as published.

    Loss: softmax cross entropy plus weight decay x the sum of half squared norms of every
    trainable variable outside batch normalisation. `batch_size` is the global one.
    """
    variables = model.trainable_variables
    decayed = _decayed(model)
    momenta = [tf.Variable(tf.zeros_like(v), trainable=False, name="momentum") for v in variables]
    learning_rate = LEARNING_RATE_PER_256 * batch_size / 256
    scale = LOSS_SCALE if scale_loss else 1.0

    def step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(losses)
            loss += WEIGHT_DECAY * tf.add_n([tf.nn.l2_loss(v) for v in decayed])
            scaled = loss * scale
        gradients = tape.gradient(scaled, variables)
        updates = [
            tf.raw_ops.ResourceApplyMomentum(
                var=variable.value.handle,
                accum=momentum.handle,
                lr=learning_rate,
                grad=gradient / scale,
                momentum=MOMENTUM,
            )
            for variable, momentum, gradient in zip(variables, momenta, gradients, strict=True)
        ]
        with tf.control_dependencies(updates):
            return tf.identity(loss)

    return step


def _decayed(model: Model) -> list[tf.Variable]:
    """Trainable variables outside batch normalisation; the dense bias decays too, as published."""
    return [
        variable.value
        for layer in model.layers
        if not isinstance(layer, layers.BatchNormalization)
        for variable in layer.trainable_variables
    ]
