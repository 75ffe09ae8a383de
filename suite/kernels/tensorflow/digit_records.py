"""Real images that need no download: scikit-learn's handwritten digits, as records.

They are 1,797 images of 8x8 pixels in 17 shades of grey by 13 people, the test set of the UCI
repository's "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak, 1998).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from suite.kernels.interface import MissingComponentError
from suite.kernels.tensorflow.make_records import record, write_shards
from suite.kernels.tensorflow.records import FIRST_LABEL
from suite.model.cell import Mode
from suite.model.errors import InputError
from suite.store.tfrecords import SPLITS

INSTALL_DIGITS = "pip install -e '.[digits]'"

# A pixel becomes a block of a JPEG, whose mean alone is stored, so that it survives compression.
SCALE = 8
_SHADES = 16
_QUALITY = 95
# Of each digit one image in five is held out, drawn with this seed.
_HELD_OUT = 5
_SEED = 0
_WHOLE = (0.0, 0.0, 1.0, 1.0)


def make_digits(out: Path, *, shards: int) -> tuple[Path, ...]:
    """Write the digits, each split over `shards` files: the digit d has the label d + 1.

    Which images are held out for validation never changes. Equal arguments give equal bytes.

    Raises:
        MissingComponentError: scikit-learn is not installed.
        InputError: the directory exists or cannot be written, or a shard would be empty.
    """
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("sklearn"):
            raise
        raise MissingComponentError(
            f"scikit-learn, which brings the digits, is not installed; {INSTALL_DIGITS}"
        ) from None
    digits = load_digits()
    splits = split_digits(digits.target)
    fewest = min(len(numbers) for numbers in splits.values())
    if shards > fewest:
        raise InputError(
            f"--shards {shards} for {fewest} images would leave a file empty; lower it"
        )

    def written() -> Iterator[tuple[str, Iterator[bytes]]]:
        for mode, split in SPLITS.items():
            for shard in range(shards):
                numbers = splits[mode][shard::shards]
                name = f"{split}-{shard:05d}-of-{shards:05d}"
                yield name, (_record(digits.images[n], int(digits.target[n])) for n in numbers)

    return write_shards(out, written())


def split_digits(labels: NDArray[Any]) -> dict[Mode, NDArray[np.int64]]:
    """The numbers of the images of each split, in a random order that never changes.

    Of each digit a fifth is held out, so that both splits have all of them in like shares.
    """
    order = np.random.default_rng(_SEED).permutation(len(labels))
    held_out = np.zeros(len(labels), bool)
    for digit in np.unique(labels):
        held_out[order[labels[order] == digit][::_HELD_OUT]] = True
    return {Mode.TRAINING: order[~held_out[order]], Mode.INFERENCE: order[held_out[order]]}


def _record(image: NDArray[np.float64], digit: int) -> bytes:
    shades = np.round(image * 255 / _SHADES).astype(np.uint8)
    large = shades.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
    jpeg = tf.io.encode_jpeg(large[:, :, np.newaxis].repeat(3, axis=2), quality=_QUALITY).numpy()
    return record(jpeg, FIRST_LABEL + digit, f"digit {digit}", _WHOLE)
