"""Handwritten digits as records: real images, whole after compression, always split alike."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from suite.kernels.interface import MissingComponentError
from suite.model.cell import Mode
from suite.model.errors import InputError

pytestmark = pytest.mark.slow

# Drawn once, of ten images of each digit in turn.
HELD_OUT = [82, 36, 20, 5, 93, 16, 52, 72, 44, 64, 15, 35, 28, 87, 3, 62, 51, 49, 91, 73]

# Images of each digit in scikit-learn's data set, which never changes.
COUNTS = (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    from suite.kernels.tensorflow.digit_records import make_digits

    return make_digits(tmp_path_factory.mktemp("digits") / "data", shards=2)


def images_of(shards: tuple[Path, ...], split: str) -> list[tuple[Any, int]]:
    """Grey values [64, 64] as decoded in training, and the class that the network is taught."""
    import tensorflow as tf

    from suite.kernels.tensorflow.records import decode, parse

    names = [str(shard) for shard in shards if shard.name.startswith(split)]
    parsed = [parse(record) for record in tf.data.TFRecordDataset(names)]
    return [(decode(jpeg).numpy(), int(label)) for jpeg, label, _ in parsed]


def test_every_digit_is_in_one_split_and_survives_compression(shards: tuple[Path, ...]) -> None:
    """From the JPEGs all 1,797 images come back in their 17 shades, each once, with its class."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    found = [image for split in ("train", "validation") for image in images_of(shards, split)]
    # The middle of each block of eight pixels, in shades of 0..16.
    back = [(np.round(image[4::8, 4::8, 0] / 255 * 16), label) for image, label in found]

    assert all(np.ptp(image.reshape(8, 8, 8, 8, 3), axis=(1, 3)).max() <= 2 for image, _ in found)
    assert sorted((image.tobytes(), label) for image, label in back) == sorted(
        (image.tobytes(), int(label))
        for image, label in zip(digits.images, digits.target, strict=True)
    )


def test_a_fifth_of_each_digit_is_held_out(shards: tuple[Path, ...]) -> None:
    """Both splits have every digit in like shares, mixed, so that no shard lacks one."""
    labels = {
        split: [label for _, label in images_of(shards, split)] for split in ("train", "validation")
    }
    held_out = np.bincount(labels["validation"])

    assert list(np.bincount(labels["train"]) + held_out) == list(COUNTS)
    assert list(held_out) == [-(-count // 5) for count in COUNTS]
    assert len(set(labels["train"][:100])) == 10


def test_the_split_never_changes() -> None:
    """An accuracy on it can be compared with one of another day."""
    from suite.kernels.tensorflow.digit_records import split_digits

    labels = np.repeat(np.arange(10), 10)
    splits = split_digits(labels)

    assert list(splits[Mode.INFERENCE]) == HELD_OUT
    assert sorted([*splits[Mode.TRAINING], *splits[Mode.INFERENCE]]) == list(range(100))


def test_equal_arguments_give_equal_bytes(shards: tuple[Path, ...], tmp_path: Path) -> None:
    """Made anew, every file is the same."""
    from suite.kernels.tensorflow.digit_records import make_digits

    again = make_digits(tmp_path / "again", shards=2)

    assert [s.name for s in again] == [s.name for s in shards]
    assert [s.read_bytes() for s in again] == [s.read_bytes() for s in shards]


def test_its_records_pass_the_check(shards: tuple[Path, ...]) -> None:
    """They are in ImageNet's layout, as `bench.py data check` wants it."""
    from suite.kernels.tensorflow.records import check_shard

    assert sum(check_shard(shard) for shard in shards) == sum(COUNTS)


def test_too_many_shards_are_refused(tmp_path: Path) -> None:
    """No file is written without a record."""
    from suite.kernels.tensorflow.digit_records import make_digits

    with pytest.raises(InputError, match="--shards 365 for 364 images would leave a file empty"):
        make_digits(tmp_path / "data", shards=365)

    assert not list(tmp_path.iterdir())


def test_missing_digits_are_said_with_their_install_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without scikit-learn nothing else is made in their place."""
    from suite.kernels.tensorflow.digit_records import make_digits

    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.delitem(sys.modules, "sklearn.datasets", raising=False)

    with pytest.raises(MissingComponentError, match=r"pip install -e '.\[digits\]'"):
        make_digits(tmp_path / "data", shards=1)
