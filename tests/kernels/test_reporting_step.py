"""What a training step tells of itself, and the parts of the recipe that a training adds."""

from typing import Any

import numpy as np
import pytest

from suite.analysis import learning_rate as pure
from suite.model.recipe import Recipe
from suite.model.schedule import Schedule

pytestmark = pytest.mark.slow

BATCH, SIZE = 4, 8
SCHEDULE = Schedule(steps_per_epoch=10, epochs=5)
RECIPE = Recipe(lr_init=6.4, lr_warmup_epochs=2, cosine_lr=True, weight_decay=0.01)


def small_network() -> Any:
    """One convolution and the logits."""
    import keras
    from keras import layers

    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(0)
    images = layers.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(4, 3, activation="relu")(images / 255)
    return keras.Model(images, layers.Dense(1001)(layers.GlobalAveragePooling2D()(x)))


def batch(scale: float = 1.0) -> Any:
    import tensorflow as tf

    generator = np.random.default_rng(0)
    images = generator.uniform(0, 255, (BATCH, SIZE, SIZE, 3)).astype(np.float32)
    return tf.constant(images * scale), tf.constant([0, 1, 2, 999], tf.int32)


def test_a_step_tells_both_losses_and_its_rate() -> None:
    """The loss is the cross entropy plus the decay; the rate is the one that was applied."""
    import tensorflow as tf

    from suite.kernels.tensorflow.steps import reporting_step, training_parts

    model = small_network()
    parts = training_parts(model, BATCH, RECIPE, schedule=SCHEDULE, both_losses=True)
    step = tf.function(reporting_step(parts), autograph=False)
    images, labels = batch()
    for done in range(3):
        before = [variable.numpy() for variable in model.trainable_variables]
        logits = model(images, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        told = step(images, labels).numpy()
        decay = 0.01 * sum(float((array.astype(np.float64) ** 2).sum()) for array in before) / 2

        assert told[1] == pytest.approx(np.mean(losses), rel=1e-5)
        assert told[0] == pytest.approx(told[1] + decay, rel=1e-5)
        # 6.4 for 256 images, of which a batch has 4, over a warm-up of twenty steps.
        assert told[2] == pytest.approx(0.1 * done / 20, rel=1e-6)
        assert told[3:].tolist() == [1.0, 0.0]
        after = [variable.numpy() for variable in model.trainable_variables]
        moves = any((old != new).any() for old, new in zip(before, after, strict=True))
        assert moves is (done > 0)  # the rate of the first step is 0


def test_a_skipped_step_is_told() -> None:
    """Gradients that overflow move no weight, and the step says so, with the scale that it had."""
    import tensorflow as tf

    from suite.kernels.tensorflow.steps import reporting_step, training_parts
    from suite.kernels.tensorflow.training_recipe import DynamicScale

    model = small_network()
    parts = training_parts(
        model, BATCH, RECIPE, DynamicScale(), schedule=SCHEDULE, both_losses=True
    )
    parts.variables["steps_done"].assign(10)
    step = tf.function(reporting_step(parts), autograph=False)
    before = [variable.numpy() for variable in model.trainable_variables]
    parts.variables["loss_scale"].assign(3e38)
    skipped = step(*batch(1e4)).numpy()
    kept = [variable.numpy() for variable in model.trainable_variables]
    parts.variables["loss_scale"].assign(1024.0)
    updated = step(*batch()).numpy()

    assert np.isfinite(skipped[0])
    assert skipped[3:].tolist() == [pytest.approx(3e38), 1.0]
    assert all(np.array_equal(a, b) for a, b in zip(before, kept, strict=True))
    assert updated[3:].tolist() == [1024.0, 0.0]
    assert not all(
        np.array_equal(a, b.numpy()) for a, b in zip(kept, model.trainable_variables, strict=True)
    )


def test_a_step_after_which_the_scale_grows_is_no_skipped_one() -> None:
    """The two thousandth good step leaves no good one behind it either."""
    import tensorflow as tf

    from suite.kernels.tensorflow.steps import reporting_step, training_parts
    from suite.kernels.tensorflow.training_recipe import DynamicScale

    parts = training_parts(
        small_network(), BATCH, RECIPE, DynamicScale(), schedule=SCHEDULE, both_losses=True
    )
    parts.variables["good_steps"].assign(1999)
    told = tf.function(reporting_step(parts), autograph=False)(*batch()).numpy()

    assert told[4] == 0.0
    assert float(parts.variables["loss_scale"]) == 2 * told[3]
    assert int(parts.variables["good_steps"]) == 0


@pytest.mark.parametrize("cosine_lr", [True, False])
@pytest.mark.parametrize("warm_up", [0, 2])
def test_the_rate_in_the_graph_is_the_published_one(warm_up: int, *, cosine_lr: bool) -> None:
    """Step by step, beyond the last epoch too, to float32's last digits."""
    import tensorflow as tf

    from suite.kernels.tensorflow.training_recipe import learning_rate

    schedule = Schedule(steps_per_epoch=3, epochs=95)
    recipe = Recipe(lr_init=0.256, lr_warmup_epochs=warm_up, cosine_lr=cosine_lr)
    steps = range(3 * 97)
    found = [float(learning_rate(recipe, schedule, tf.constant(s, tf.int64), 512)) for s in steps]
    expected = [pure.learning_rate(recipe, schedule, s, 512) for s in steps]

    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


def test_each_rank_mixes_by_draws_of_its_own() -> None:
    """Streams differ from each other and from step to step; the same one draws the same again."""
    import tensorflow as tf

    from suite.kernels.tensorflow.training_recipe import mixing

    targets = tf.one_hot(range(BATCH), 1001)

    def shares(stream: int, step: int) -> bytes:
        mixed = mixing(Recipe(mixup=0.2), stream)
        result: bytes = mixed(batch()[0], targets, tf.constant(step, tf.int64))[1].numpy().tobytes()
        return result

    assert shares(0, 0) == shares(0, 0)
    assert len({shares(stream, step) for stream in range(3) for step in range(3)}) == 9


def test_shares_of_mixup_follow_their_distribution() -> None:
    """Beta(0.2, 0.2): half on average, of variance 1 / (4 x 1.4), and mostly near 0 or 1."""
    import tensorflow as tf

    from suite.kernels.tensorflow.training_recipe import mixing

    mixed = mixing(Recipe(mixup=0.2))
    ones = tf.ones((4096, 1, 1, 1)) * tf.reshape(tf.range(4096.0), (-1, 1, 1, 1))
    targets = tf.one_hot([0] * 2048 + [1] * 2048, 2)
    shares = np.asarray(mixed(ones, targets, tf.constant(5, tf.int64))[1])[:2048, 0]

    assert shares.mean() == pytest.approx(0.5, abs=0.03)
    assert shares.var() == pytest.approx(1 / 5.6, abs=0.015)
    assert ((shares < 0.1) | (shares > 0.9)).mean() > 0.6


def test_only_images_that_count_and_are_finite_are_hits() -> None:
    """Hits are those of the sorted logits; what fills a batch up or is not finite is none."""
    import tensorflow as tf

    from suite.kernels.tensorflow.evaluation import counting_step

    logits = np.random.default_rng(0).normal(size=(6, 1001)).astype(np.float32)
    ranked = np.argsort(-logits, axis=1)
    labels = [ranked[0, 0], ranked[1, 4], ranked[2, 5], ranked[3, 0], 0, ranked[5, 0]]
    broken = logits.copy()
    broken[3, 7] = np.nan

    def count(outputs: Any, number: int) -> list[float]:
        step = counting_step(lambda _: tf.constant(outputs))
        images = tf.zeros((6, 1, 1, 3))
        counted = step(images, tf.constant(labels, tf.int32), tf.constant(number, tf.int32))
        return [float(each) for each in counted.numpy()]

    exact = [np.log(np.exp(row - row[k]).sum()) for row, k in zip(logits, labels, strict=True)]
    assert count(logits, 4) == pytest.approx([2, 3, sum(exact[:4])], rel=1e-5)
    assert count(logits, 6)[:2] == [3, 4]
    assert count(broken, 6) == [2, 3, np.inf]
    assert count(broken, 3) == pytest.approx([1, 2, sum(exact[:3])], rel=1e-5)
