"""The published synthetic images."""

import numpy as np
import pytest
from builders import make_cell

from suite.kernels.interface import KernelOptions
from suite.kernels.tensorflow.batches import open_batches, synthetic_batch


def test_synthetic_images_have_the_published_distribution() -> None:
    """A normal of mean 127 and deviation 60, cut at two deviations; labels within 0..999."""
    images, labels = synthetic_batch(32, 64, seed=1)

    assert images.shape == (32, 64, 64, 3)
    assert images.dtype == np.float32
    assert images.min() >= 7
    assert images.max() <= 247
    # The deviation of a normal cut at two deviations is 0.8796 of the whole one's.
    np.testing.assert_allclose([images.mean(), images.std()], [127, 60 * 0.8796], atol=0.5)
    assert labels.dtype == np.int32
    assert labels.min() >= 0
    assert labels.max() <= 999


def test_synthetic_images_repeat_with_the_seed() -> None:
    """Two launches of one seed see the same batch."""
    first, again, other = (synthetic_batch(2, 8, seed)[0] for seed in (0, 0, 1))

    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.slow
def test_every_step_of_inference_has_a_tensor_of_its_own() -> None:
    """TensorFlow keeps a copy on the GPU of a tensor that it sees again; the memory is the same."""
    batches = open_batches(make_cell(batch_size=2, image_size=32), KernelOptions())
    first, second = batches.next(), batches.next()

    for one, other in zip(first, second, strict=True):
        assert one is not other
        assert one._id != other._id
        assert np.shares_memory(memoryview(one), memoryview(other))
