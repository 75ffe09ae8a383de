"""Batches from real records: tf.data and DALI make the same images of the same files."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from builders import make_cell
from numpy.typing import NDArray

from suite.kernels.interface import InvalidLaunchError, KernelOptions, MissingComponentError
from suite.kernels.tensorflow.batches import Batches, open_batches
from suite.kernels.tensorflow.make_records import make_data_set
from suite.kernels.tensorflow.records import IMAGE, LABEL, check_shard, decode, parse
from suite.kernels.tensorflow.resnet50 import DEVIATION, MEAN
from suite.kernels.tensorflow.yardsticks import bare_decoding
from suite.model.cell import Data, Mode
from suite.model.distributed import Rank
from suite.model.errors import InputError
from suite.store.dali_index import write_index
from suite.store.tfrecords import read_frames

pytestmark = pytest.mark.slow

IMAGES = 24
SIZE = 56


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> KernelOptions:
    """A made data set and its index."""
    root = tmp_path_factory.mktemp("records")
    shards = make_data_set(root / "data", images=IMAGES, width=144, height=96, shards=3, seed=1)
    (root / "index").mkdir()
    for shard in shards:
        write_index(shard, root / "index")
    return KernelOptions(data_dir=str(root / "data"), data_idx_dir=str(root / "index"), seed=5)


def opened(data: Data, mode: Mode, options: KernelOptions, batch_size: int = 8) -> Batches:
    cell = make_cell(mode=mode, batch_size=batch_size, data=data, image_size=SIZE)
    return open_batches(cell, options)


def pixels(batches: Batches, count: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Images of 0..255 and labels of some batches, whoever takes out the mean."""
    drawn = [batches.next() for _ in range(count)]
    images = np.concatenate([images.numpy() for images, _ in drawn])
    labels = np.concatenate([labels.numpy() for _, labels in drawn])
    if batches.normalized:
        images = images * np.asarray(DEVIATION, np.float32) + np.asarray(MEAN, np.float32)
    return images, labels


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("data", [Data.TFRECORD, pytest.param(Data.DALI, marks=pytest.mark.dali)])
def test_batches_are_what_the_network_takes(data: Data, mode: Mode, options: KernelOptions) -> None:
    """Full float32 batches of 0..255 once normalisation is undone, labels in 0..999, no end."""
    batches = opened(data, mode, options)
    images, labels = pixels(batches, 5)

    assert images.shape == (40, SIZE, SIZE, 3)
    assert images.dtype == np.float32
    assert -0.01 <= images.min() < 60
    assert 180 < images.max() <= 255.01
    assert labels.dtype == np.int32
    assert 0 <= labels.min() < labels.max() <= 999
    assert batches.normalized is (data is Data.DALI)
    assert len(batches.wait_seconds) == 5


def test_the_decoder_alone_decodes_the_images_of_the_records(options: KernelOptions) -> None:
    """What pipelines are held against decodes whole images, in the published way, and all of them.

    The one byte that it keeps of each is the first.
    """
    cell = make_cell(batch_size=IMAGES)
    cell = replace(cell, data=Data.TFRECORD)
    kept = next(bare_decoding(cell, options)).numpy()
    shards = sorted(Path(options.data_dir or "").glob("validation-*"))
    records = tf.data.TFRecordDataset([str(shard) for shard in shards])

    assert list(kept) == [decode(parse(record)[0])[0, 0, 0].numpy() for record in records]
    assert len(set(kept)) > IMAGES / 2


@pytest.mark.dali
def test_both_pipelines_evaluate_the_same_pixels(options: KernelOptions) -> None:
    """Image by image, matched by label, evaluation differs by the JPEG decoders alone.

    Those are allowed 3 of 255 on average over an image's pixels and 1.5 in its mean: their integer
    and colour arithmetic differs, while a crop one pixel off would differ by 17. (Sides are chosen
    so that the crop's margins are whole pixels: half a pixel is rounded down by one, up by the
    other.)
    """
    images, labels = pixels(opened(Data.TFRECORD, Mode.INFERENCE, options, IMAGES), 1)
    others, other_labels = pixels(opened(Data.DALI, Mode.INFERENCE, options), 6)
    own = dict(zip(labels, images, strict=True))
    pairs = [(own[label], other) for label, other in zip(other_labels, others, strict=True)]

    assert len(own) == IMAGES
    assert len(set(other_labels)) > IMAGES / 2
    assert max(np.abs(mine - other).mean() for mine, other in pairs) < 3
    assert max(abs(mine.mean() - other.mean()) for mine, other in pairs) < 1.5


@pytest.mark.parametrize("ranks", [2, 5])
@pytest.mark.parametrize("data", [Data.TFRECORD, pytest.param(Data.DALI, marks=pytest.mark.dali)])
def test_ranks_share_the_records_out(data: Data, ranks: int, options: KernelOptions) -> None:
    """Whether or not there is a shard for every rank, no record of a pass goes to two of them.

    tf.data gives a rank its part again and again, so that all parts together are seen to be the
    whole. DALI gives it the part of another rank next, so that only the first pass is looked at.
    """
    cell = make_cell(batch_size=1, data=data, image_size=SIZE)
    whole = distinct_images(open_batches(cell, options), IMAGES)
    draws = IMAGES if data is Data.TFRECORD else IMAGES // ranks
    parts = [
        distinct_images(open_batches(cell, options, Rank(index, ranks, index, ranks)), draws)
        for index in range(ranks)
    ]

    assert len(whole) == IMAGES
    assert set.union(*parts) <= whole
    expected = IMAGES if data is Data.TFRECORD else draws * ranks
    assert sum(len(part) for part in parts) == len(set.union(*parts)) == expected


def distinct_images(batches: Batches, count: int) -> set[bytes]:
    """The images of so many batches, each once."""
    images, _ = pixels(batches, count)
    return {image.tobytes() for image in images}


@pytest.mark.dali
def test_training_draws_from_one_distribution(options: KernelOptions) -> None:
    """Over many random crops, mean and deviation per colour agree within 8 of 255."""
    first, _ = pixels(opened(Data.TFRECORD, Mode.TRAINING, options, IMAGES), 12)
    second, _ = pixels(opened(Data.DALI, Mode.TRAINING, options, IMAGES), 12)

    assert not np.array_equal(first[:IMAGES], first[IMAGES : 2 * IMAGES])
    for moment in (np.mean, np.std):
        assert moment(first, axis=(0, 1, 2)) == pytest.approx(moment(second, axis=(0, 1, 2)), abs=8)


def not_jpeg(example: tf.train.Example) -> None:
    example.features.feature[IMAGE].bytes_list.value[:] = [b"GIF89a"]


def png(example: tf.train.Example) -> None:
    image = example.features.feature[IMAGE].bytes_list.value
    image[:] = [tf.io.encode_png(tf.io.decode_jpeg(image[0])).numpy()]


def half_jpeg(example: tf.train.Example) -> None:
    image = example.features.feature[IMAGE].bytes_list.value
    image[:] = [image[0][:40]]


def label_0(example: tf.train.Example) -> None:
    example.features.feature[LABEL].int64_list.value[:] = [0]


def label_1001(example: tf.train.Example) -> None:
    example.features.feature[LABEL].int64_list.value[:] = [1001]


def label_of_33_bits(example: tf.train.Example) -> None:
    example.features.feature[LABEL].int64_list.value[:] = [2**32 + 1]


def no_label(example: tf.train.Example) -> None:
    del example.features.feature[LABEL]


def no_example(_: tf.train.Example) -> bytes:
    """Bytes that TensorFlow quotes in a message which Python then cannot decode."""
    return b"\xff is not the beginning of an example"


# It alters the example, or returns what is to stand in its place.
Change = Callable[[tf.train.Example], bytes | None]
DAMAGES = [
    (no_example, r"record 2: is not a tf\.train\.Example"),
    (not_jpeg, "record 2: the image is not a JPEG"),
    (png, "record 2: the image is not a JPEG"),
    (half_jpeg, "record 2: the JPEG does not decode"),
    (label_0, r"record 2: label 0 is outside 1\.\.1000"),
    (label_1001, r"record 2: label 1001 is outside 1\.\.1000"),
    (label_of_33_bits, r"record 2: label 4294967297 is outside 1\.\.1000"),
    (no_label, "record 2: has 0 values of image/class/label, not 1"),
]


def damaged(change: Change, root: Path) -> KernelOptions:
    """A data set of 8 images whose second validation record has been changed, and its index."""
    make_data_set(root / "data", images=8, width=48, height=48, shards=1, seed=1)
    shard = root / "data" / "validation-00000-of-00001"
    records = [record.numpy() for record in tf.data.TFRecordDataset(str(shard))]
    example = tf.train.Example.FromString(records[1])
    records[1] = change(example) or example.SerializeToString()
    with tf.io.TFRecordWriter(str(shard)) as writer:
        for record in records:
            writer.write(record)
    write_index(shard, root)
    return KernelOptions(data_dir=str(root / "data"), data_idx_dir=str(root))


@pytest.mark.parametrize("data", [Data.TFRECORD, pytest.param(Data.DALI, marks=pytest.mark.dali)])
@pytest.mark.parametrize(("change", "words"), DAMAGES)
def test_a_bad_record_is_named_not_replaced(
    data: Data, change: Change, words: str, tmp_path: Path
) -> None:
    """A record that cannot be used makes the launch invalid, naming the file and the record."""
    batches = opened(data, Mode.INFERENCE, damaged(change, tmp_path))

    with pytest.raises(InvalidLaunchError, match=f"validation-00000-of-00001: {words}"):
        pixels(batches, 4)


@pytest.mark.dali
def test_an_index_of_other_records_is_named(tmp_path: Path) -> None:
    """An index that has its shard's length, but not its records, is told when DALI stumbles."""
    make_data_set(tmp_path / "data", images=8, width=48, height=48, shards=1, seed=1)
    shard = tmp_path / "data" / "validation-00000-of-00001"
    frames = list(read_frames(shard))
    end = frames[1].offset + frames[1].size
    ends = [frames[0].size - 8, end, *(frame.offset + frame.size for frame in frames[2:])]
    lines = [f"{begin} {end - begin}\n" for begin, end in zip([0, *ends], ends, strict=False)]
    (tmp_path / shard.name).write_text("".join(lines))
    options = KernelOptions(data_dir=str(shard.parent), data_idx_dir=str(tmp_path))
    batches = opened(Data.DALI, Mode.INFERENCE, options)

    with pytest.raises(InvalidLaunchError, match="00001:1: record 1 has .* not the index of this"):
        pixels(batches, 4)


def test_a_flipped_bit_is_named(tmp_path: Path) -> None:
    """Data that fails its checksum is told from data that was made wrong."""
    make_data_set(tmp_path / "data", images=8, width=48, height=48, shards=1, seed=1)
    shard = tmp_path / "data" / "train-00000-of-00001"
    second = list(read_frames(shard))[1]
    content = bytearray(shard.read_bytes())
    content[second.offset + 100] ^= 1
    shard.write_bytes(content)

    with pytest.raises(InputError, match="train-00000-of-00001: record 2: fails its checksum"):
        check_shard(shard)


def test_made_data_depend_on_the_seed_alone(tmp_path: Path) -> None:
    """The same arguments give the same bytes; another seed gives others."""
    made = [
        make_data_set(tmp_path / name, images=2, width=40, height=32, shards=1, seed=seed)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    first, again, other = ([path.read_bytes() for path in paths] for paths in made)

    assert first == again
    assert first != other


def test_a_failed_make_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted data set never stands under the name of a whole one."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tf.io.TFRecordWriter, "write", full)
    with pytest.raises(InputError, match="cannot be written .*No space left"):
        make_data_set(tmp_path / "data", images=2, width=40, height=32, shards=1, seed=1)

    assert list(tmp_path.iterdir()) == []


def test_missing_dali_is_said_with_its_install_line(
    options: KernelOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without DALI its cells are skipped, never fed by something else."""
    monkeypatch.setitem(sys.modules, "nvidia.dali.plugin.tf", None)

    with pytest.raises(MissingComponentError, match=r"--no-build-isolation -e '.\[dali"):
        opened(Data.DALI, Mode.INFERENCE, options)
