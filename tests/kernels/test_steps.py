"""The work of one step."""

from functools import partial
from typing import Any

import numpy as np
import pytest

from suite.model.recipe import Recipe

pytestmark = pytest.mark.slow

SIZE = 64
BATCH = 4


def at_rate(rate: float, **changes: Any) -> Recipe:
    """A recipe that learns at one rate from the first step on."""
    return Recipe(lr_init=rate * 256 / BATCH, lr_warmup_epochs=0, **changes)


@pytest.fixture
def network() -> Any:
    """The network at a small image size, built as a launch builds it."""
    import keras

    from suite.kernels.tensorflow.layers import FusedBatchNormalization
    from suite.kernels.tensorflow.resnet50 import resnet50

    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(0)
    return resnet50(SIZE, normalization=FusedBatchNormalization)


def batch() -> Any:
    import tensorflow as tf

    from suite.kernels.tensorflow.batches import synthetic_batch

    images, labels = synthetic_batch(BATCH, SIZE, seed=0)
    return tf.constant(images), tf.constant(labels)


def test_fused_batch_normalization_is_batch_normalization() -> None:
    """One operation gives Keras's outputs, gradients and statistics, the variance unbiased."""
    import tensorflow as tf
    from keras import layers

    from suite.kernels.tensorflow.layers import FusedBatchNormalization

    x = tf.constant(np.random.default_rng(0).normal(1, 3, (2, 4, 4, 8)), tf.float32)
    results = []
    for kind in (layers.BatchNormalization, FusedBatchNormalization):
        layer = kind(momentum=0.9, epsilon=1e-5)
        layer.build(x.shape)
        with tf.GradientTape() as tape:
            tape.watch(x)
            trained = layer(x, training=True)
            target = tf.reduce_sum(trained**3)
        gradient = tape.gradient(target, x)
        mean, variance = (np.asarray(layer.moving_mean), np.asarray(layer.moving_variance))
        results.append((trained, gradient, layer(x, training=False), mean, variance))
    expected, got = results
    unbiased = 0.9 + (expected[4] - 0.9) * 32 / 31

    for ours, keras_own in zip(got[:2], expected[:2], strict=True):
        np.testing.assert_allclose(ours, keras_own, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(got[2], expected[2], rtol=0.05, atol=0.01)
    np.testing.assert_allclose(got[3], expected[3], rtol=1e-5)
    np.testing.assert_allclose(got[4], unbiased, rtol=1e-5)


def test_evaluation_counts_hits(network: Any) -> None:
    """Top-1 and top-5 counts are those of the sorted logits, summed over steps."""
    import tensorflow as tf

    from suite.kernels.tensorflow.steps import evaluation_step

    images, _ = batch()
    ranked = np.argsort(-np.asarray(network(images, training=False)), axis=1)
    labels = tf.constant([ranked[0, 0], ranked[1, 4], ranked[2, 5], ranked[3, 1000]], tf.int32)
    step = tf.function(evaluation_step(partial(network, training=False)), autograph=False)
    counts = {v.name.split(":")[0]: v for v in step.get_concrete_function(images, labels).variables}
    step(images, labels)
    step(images, labels)

    assert int(counts["top1"]) == 2
    assert int(counts["top5"]) == 4


@pytest.mark.parametrize("kind", ["evaluation", "training"])
def test_every_variable_of_a_step_may_be_on_a_gpu(network: Any, kind: str) -> None:
    """None is of int32, which TensorFlow keeps on the host: there XLA's programs cannot use it."""
    import tensorflow as tf

    from suite.kernels.tensorflow.steps import evaluation_step, single_step, training_parts
    from suite.kernels.tensorflow.training_recipe import DynamicScale

    if kind == "evaluation":
        step = evaluation_step(partial(network, training=False))
    else:
        recipe = Recipe(cosine_lr=True, mixup=0.2, label_smoothing=0.1)
        step = single_step(training_parts(network, BATCH, recipe, DynamicScale()))
    variables = tf.function(step, autograph=False).get_concrete_function(*batch()).variables

    assert len(variables) > len(network.variables)
    assert not [variable.name for variable in variables if variable.dtype == tf.int32]


def test_training_lowers_the_loss_of_a_repeated_batch(network: Any) -> None:
    """Steps move weights and batch statistics so that the same batch is predicted better."""
    import tensorflow as tf

    from suite.kernels.tensorflow.steps import single_step, training_parts

    before = [np.asarray(variable) for variable in network.variables]
    step = tf.function(single_step(training_parts(network, BATCH, at_rate(0.001))), autograph=False)
    losses = [float(step(*batch())) for _ in range(8)]
    after = [np.asarray(variable) for variable in network.variables]

    assert losses[-1] < 0.5 * losses[0]
    assert all((old != new).any() for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize("scale", ["none", "static", "dynamic"])
def test_update_is_momentum_with_decay(network: Any, scale: str) -> None:
    """Dense bias after 2 steps: w -= rate * (0.9 * first gradient + second), decay in each.

    The loss scale leaves the update as it is.
    """
    import tensorflow as tf

    from suite.kernels.tensorflow.steps import single_step, training_parts
    from suite.kernels.tensorflow.training_recipe import DynamicScale, StaticScale

    bias = network.get_layer("logits").bias
    bias.assign(np.linspace(-1, 1, 1001))
    images, labels = batch()

    def gradient() -> Any:
        with tf.GradientTape() as tape:
            logits = network(images, training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(losses)
        return np.asarray(tape.gradient(loss, bias.value)) + 1e-4 * np.asarray(bias)

    scales = {"none": None, "static": StaticScale(128), "dynamic": DynamicScale()}
    step = single_step(training_parts(network, BATCH, at_rate(0.01), scales[scale]))
    expected = np.asarray(bias, np.float64)
    velocity = np.zeros_like(expected)
    for _ in range(2):
        velocity = 0.9 * velocity + gradient()
        expected = expected - 0.01 * velocity
        step(images, labels)

    np.testing.assert_allclose(np.asarray(bias), expected, rtol=1e-4, atol=1e-6)


def test_batch_normalization_does_not_decay(network: Any) -> None:
    """The loss has the half squared norms of kernels and dense bias, and of nothing else."""
    from suite.kernels.tensorflow.steps import single_step, training_parts

    def loss() -> float:
        return float(single_step(training_parts(network, BATCH, Recipe()))(*batch()))

    for layer in network.layers:
        for name in ("gamma", "beta"):
            if hasattr(layer, name):
                getattr(layer, name).assign(np.zeros(getattr(layer, name).shape))
    network.get_layer("logits").bias.assign(np.full(1001, 2.0))
    kernels = [v for v in network.trainable_variables if v.name == "kernel"]
    squares = sum(float((np.asarray(v, np.float64) ** 2).sum()) for v in kernels) + 4 * 1001

    # With every gamma and beta zero all logits are equal, so the cross entropy is log 1001.
    np.testing.assert_allclose(loss(), np.log(1001) + 1e-4 * squares / 2, rtol=1e-5)


def test_overflowing_gradients_are_left_out_and_halve_the_scale() -> None:
    """Under the dynamic scale, a step that overflowed leaves no trace but a smaller scale."""
    import tensorflow as tf

    from suite.kernels.tensorflow.training_recipe import DynamicScale

    weight = tf.Variable(0.0)
    scale = DynamicScale()
    first = float(scale.value())

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def step(gradient: tf.Tensor) -> tf.Tensor:
        leave = lambda: tf.constant(0.0)  # noqa: E731
        return scale.apply([gradient], lambda: weight.assign_add(gradient) + 0.0, leave)[0]

    step(tf.constant(float("inf")))
    after_overflow = (float(weight), float(scale.value()))
    for _ in range(2000):
        step(tf.constant(1.0))

    assert after_overflow == (0.0, first / 2)
    assert (float(weight), float(scale.value())) == (2000.0, first)


def test_smoothed_targets_share_out_the_class() -> None:
    """The right class keeps 1 - e + e/1001, and each of the others gets e/1001."""
    import tensorflow as tf

    from suite.kernels.tensorflow.steps import _targets

    targets = np.asarray(_targets(tf.constant([3], tf.int32), 0.1))[0]

    np.testing.assert_allclose(targets[3], 0.9 + 0.1 / 1001, rtol=1e-6)
    np.testing.assert_allclose(np.delete(targets, 3), 0.1 / 1001, rtol=1e-6)


def test_mixup_mixes_each_image_with_the_reversed_batch() -> None:
    """Images and targets are mixed by one share per image, which changes from step to step."""
    import tensorflow as tf

    from suite.kernels.tensorflow.training_recipe import mixing

    images, _ = batch()
    targets = tf.one_hot([0, 1, 2, 3], 1001)
    mixed = mixing(Recipe(mixup=0.2))
    results = [mixed(images, targets, tf.constant(step, tf.int64)) for step in (0, 1)]

    for mixed_images, mixed_targets in results:
        share = np.diag(np.asarray(mixed_targets)[:, :4])[:, None, None, None]
        expected = share * images + (1 - share) * np.asarray(images)[::-1]
        np.testing.assert_allclose(mixed_images, expected, rtol=1e-5)
        np.testing.assert_allclose(np.asarray(mixed_targets).sum(axis=1), 1, rtol=1e-5)
    assert not np.allclose(results[0][1], results[1][1])


def test_published_learning_rate() -> None:
    """0.1 per 256 images, linear over 5 ImageNet epochs, cut tenfold at 30, 60, 80 and 90."""
    rates = rates_at(Recipe(), [0, 1, 5, 29, 30, 60, 90])

    np.testing.assert_allclose(rates, [0, 0.04, 0.2, 0.2, 0.02, 0.002, 2e-5], rtol=1e-5)


def test_cosine_learning_rate() -> None:
    """The cosine runs from step 0, whatever the warm-up hides of it, to nothing at epoch 90."""
    recipe = Recipe(lr_init=0.256, lr_warmup_epochs=8, cosine_lr=True)
    rates = rates_at(recipe, [0, 4, 8, 45, 90, 95])
    at_8 = 0.512 * 0.5 * (1 + np.cos(np.pi * 8 / 90))

    np.testing.assert_allclose(rates, [0, 0.256, at_8, 0.256, 0, 0], rtol=1e-5, atol=1e-7)


def rates_at(recipe: Recipe, epochs: list[int]) -> list[float]:
    """The rate at the start of each ImageNet epoch, for 512 images a step."""
    import tensorflow as tf

    from suite.kernels.tensorflow.training_recipe import learning_rate, published_schedule

    schedule = published_schedule(512)
    steps = [tf.constant(epoch * (1_281_167 // 512), tf.int64) for epoch in epochs]
    return [float(learning_rate(recipe, schedule, done, 512)) for done in steps]
