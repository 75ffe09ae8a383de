"""The published synthetic data: one random batch, held by the host and fed to every step."""

import numpy as np
from numpy.typing import NDArray

# Distribution of the published code: images from a normal of mean 127 and deviation 60, redrawn
# beyond two deviations; labels uniform over 0..999 (of the 1001 outputs).
_MEAN = 127.0
_DEVIATION = 60.0
_LABELS = 1000


def synthetic_batch(
    batch_size: int, image_size: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Images [batch, size, size, 3] float32 within 7..247 and labels [batch] int32."""
    generator = np.random.default_rng(seed)
    images = generator.standard_normal((batch_size, image_size, image_size, 3), dtype=np.float32)
    outside = np.abs(images) > 2
    while outside.any():
        images[outside] = generator.standard_normal(int(outside.sum()), dtype=np.float32)
        outside = np.abs(images) > 2
    labels = generator.integers(0, _LABELS, batch_size, dtype=np.int32)
    return images * np.float32(_DEVIATION) + np.float32(_MEAN), labels
