"""suite.kernels.tensorflow.resnet50: the counts that a user is shown."""

import pytest

pytestmark = pytest.mark.slow


def test_the_table_adds_up_to_the_published_network() -> None:
    """54 layers with weights, 53 normalisations and 2 pools; 25.56 M parameters for 1001 classes.

    The multiply-adds of single layers are worked out by hand: 7 x 7 x 3 x 64 at 112 x 112 places,
    and for the first 3x3 that carries a stride, 3 x 3 x 128 x 128 at 28 x 28.
    """
    from suite.kernels.tensorflow.resnet50 import layer_table

    table = layer_table(224)
    rows = {layer.name: layer for layer in table}
    stem, strided = rows["stem_conv"], rows["stage2_block1_2_conv"]

    assert len(table) == 54 + 53 + 2
    assert sum(layer.trainable for layer in table) == 25_557_032 + 2049
    assert sum(layer.statistics for layer in table) == 53_120
    assert sum(layer.multiply_adds for layer in table) == pytest.approx(4.09e9, rel=2e-3)
    assert (stem.output, stem.trainable) == ((112, 112, 64), 9408)
    assert stem.multiply_adds == 9408 * 112 * 112
    assert (strided.output, strided.multiply_adds) == ((28, 28, 128), 9 * 128 * 128 * 28 * 28)
    assert rows["logits"].trainable == 2048 * 1001 + 1001
    assert (rows["pool"].output, rows["pool"].trainable) == ((2048,), 0)
