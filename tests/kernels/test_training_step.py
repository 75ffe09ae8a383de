"""A whole training step, held against an implementation of its own in JAX and float64."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from suite.model.recipe import Recipe
from suite.model.schedule import Schedule

pytestmark = [pytest.mark.slow, pytest.mark.jax]

SIZE = 64
BATCH = 8
RECIPE = Recipe(
    weight_init="fan_in",
    lr_init=0.256,
    lr_warmup_epochs=0,
    cosine_lr=True,
    momentum=0.875,
    weight_decay=1 / 32768,
    label_smoothing=0.1,
)
# After ten of forty steps: a quarter of the cosine, at 8 images.
RATE = 0.256 * BATCH / 256 * 0.5 * (1 + np.cos(np.pi / 4))


def error(found: Any, expected: Any) -> float:
    """How far apart, as a share of the size of what is expected, both over the whole array."""
    expected = np.asarray(expected, np.float64)
    difference: NDArray[np.float64] = np.asarray(found, np.float64) - expected
    return float(np.linalg.norm(difference) / np.linalg.norm(expected))


@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_a_step_is_that_of_another_implementation(kind: str) -> None:
    """Loss, gradients, weights, momenta and moving statistics agree, each array for itself.

    In float64 with Keras's own batch normalisation, all but its logits and images, they do to 1e-4.
    As it runs, in float32, a loss may be off by 1e-5 of it and a statistic by 1e-4; what came back
    through all layers by 10 %, as rounding decides on which side of 0 some activations are: the
    other implementation in float32 differs from itself by 2 %, and this one from it by 4 %.
    """
    import keras
    import tensorflow as tf
    from jax_resnet import one_step

    from suite.kernels.tensorflow.batches import synthetic_batch
    from suite.kernels.tensorflow.steps import training_parts

    keras.config.set_dtype_policy(kind)
    try:
        model = network(kind)
    finally:
        keras.config.set_dtype_policy("float32")
    generator = np.random.default_rng(2)
    spread(model.variables, generator)
    schedule = Schedule(steps_per_epoch=10, epochs=4)
    parts = training_parts(model, BATCH, RECIPE, schedule=schedule, both_losses=True)
    parts.variables["steps_done"].assign(10)
    momenta = {
        name.removeprefix("momentum/"): variable
        for name, variable in parts.variables.items()
        if name.startswith("momentum/")
    }
    for momentum in momenta.values():
        momentum.assign(generator.normal(0, 0.01, momentum.shape))
    images, labels = synthetic_batch(BATCH, SIZE, seed=3)
    before = values(model.trainable_variables)
    expected = one_step(
        before,
        {name: momentum.numpy() for name, momentum in momenta.items()},
        values(model.non_trainable_variables),
        images,
        labels,
        rate=RATE,
        momentum=0.875,
        weight_decay=1 / 32768,
        smoothing=0.1,
    )
    rate = float(parts.rate())
    losses, gradients = tf.function(parts.gradients, autograph=False)(images, labels)
    parts.update(losses, gradients)
    after = values(model.trainable_variables)
    statistics = values(model.non_trainable_variables)

    assert rate == pytest.approx(RATE, rel=1e-6)
    assert losses.numpy() == pytest.approx([expected.loss, expected.cross_entropy], rel=1e-5)
    assert len(gradients) == 161
    assert len(statistics) == 106
    tolerance = {"float64": 1e-4, "float32": 0.1}[kind]
    for name, gradient in zip(before, gradients, strict=True):
        moved = expected.parameters[name] - before[name]
        assert error(gradient, expected.gradients[name]) < tolerance, name
        assert error(after[name] - before[name], moved) < tolerance, name
        assert error(momenta[name].numpy(), expected.momenta[name]) < tolerance, name
    for name, array in statistics.items():
        # Keras follows the biased variance, which the published code does not.
        if kind == "float32" or name.endswith("mean"):
            assert error(array, expected.statistics[name]) < 1e-4, name


def network(kind: str) -> Any:
    """The network as launches build it, or with layers that float64 has."""
    from keras import layers

    from suite.kernels.tensorflow.layers import FusedBatchNormalization, MaxPooling
    from suite.kernels.tensorflow.resnet50 import resnet50

    if kind == "float64":
        return resnet50(SIZE, "fan_in", layers.BatchNormalization)
    return resnet50(SIZE, "fan_in", FusedBatchNormalization, MaxPooling)


def spread(variables: Any, generator: np.random.Generator) -> None:
    """Give variables values behind which no mistake can hide, as it can behind zeros and ones."""
    for variable in variables:
        kind = variable.path.split("/")[-1]
        if kind == "kernel":
            deviation = (2 / np.prod(variable.shape[:-1])) ** 0.5
            variable.assign(generator.normal(0, deviation, variable.shape))
        elif kind in {"gamma", "moving_variance"}:
            variable.assign(generator.uniform(0.5, 1.5, variable.shape))
        else:
            variable.assign(generator.normal(0, 0.1, variable.shape))


def values(variables: Any) -> dict[str, NDArray[np.float64]]:
    """The values of Keras's variables by name."""
    return {variable.path: variable.numpy() for variable in variables}
