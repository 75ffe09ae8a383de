"""Crops, mirroring and normalisation, seen in images that encode their own places."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from builders import make_cell
from numpy.typing import NDArray

from suite.kernels.interface import KernelOptions
from suite.kernels.tensorflow.batches import Batches, open_batches
from suite.kernels.tensorflow.kernel import open_network
from suite.kernels.tensorflow.records import BOXES, IMAGE, LABEL, decode
from suite.kernels.tensorflow.resnet50 import DEVIATION, MEAN
from suite.kernels.tensorflow.tfrecord_batches import scaled_sides
from suite.model.cell import Cell, Data, Mode
from suite.model.distributed import ONLY_RANK
from suite.model.reading import Reading
from suite.model.recipe import Recipe
from suite.store.dali_index import write_index

pytestmark = pytest.mark.slow

SIDE = 256
SIZE = 56
IMAGES = 16
PIPELINES = [Data.TFRECORD, pytest.param(Data.DALI, marks=pytest.mark.dali)]


def ramps(height: int, width: int) -> tf.Tensor:
    """A JPEG whose red tells the column and whose green tells the row, as shares of 255."""
    columns = np.broadcast_to(np.linspace(0, 255, width), (height, width))
    rows = np.broadcast_to(np.linspace(0, 255, height)[:, None], (height, width))
    image = np.stack([columns, rows, np.full_like(rows, 128)], axis=-1)
    return tf.io.encode_jpeg(
        np.round(image).astype(np.uint8), quality=100, chroma_downsampling=False
    )


def record(encoded: tf.Tensor, label: int) -> bytes:
    """A record of an image with one small box in its middle."""

    def floats(value: float) -> tf.train.Feature:
        return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))

    features = {
        IMAGE: tf.train.Feature(bytes_list=tf.train.BytesList(value=[encoded.numpy()])),
        LABEL: tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
        **{box: floats(side) for box, side in zip(BOXES, (0.4, 0.4, 0.6, 0.6), strict=True)},
    }
    example = tf.train.Example(features=tf.train.Features(feature=features))
    serialized: bytes = example.SerializeToString()
    return serialized


def write_ramps(root: Path, height: int, width: int) -> None:
    """A shard of ramps for each mode, labels 1 to 16 in order, with their index."""
    for split in ("train", "validation"):
        shard = root / f"{split}-00000-of-00001"
        with tf.io.TFRecordWriter(str(shard)) as writer:
            for label in range(1, IMAGES + 1):
                writer.write(record(ramps(height, width), label))
        (root / "index").mkdir(exist_ok=True)
        write_index(shard, root / "index")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Square ramps."""
    root = tmp_path_factory.mktemp("ramps")
    write_ramps(root, SIDE, SIDE)
    return root


def cell(data: Data, mode: Mode) -> Cell:
    return make_cell(mode=mode, batch_size=IMAGES, data=data, image_size=SIZE)


def opened(
    data: Data,
    mode: Mode,
    root: Path,
    reading: Reading | None = None,
    recipe: Recipe | None = None,
) -> Batches:
    options = KernelOptions(
        data_dir=str(root),
        data_idx_dir=str(root / "index"),
        seed=3,
        recipe=recipe or Recipe(),
        reading=reading or Reading(),
    )
    return open_batches(cell(data, mode), options)


def seen_images(batches: Batches, count: int) -> NDArray[np.float32]:
    """The images of so many batches, of 0..255."""
    images: NDArray[np.float32] = np.concatenate([batches.next()[0].numpy() for _ in range(count)])
    if batches.normalized:
        images = images * np.asarray(DEVIATION, np.float32) + np.asarray(MEAN, np.float32)
    return images


def seen_parts(batches: Batches, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Signed width (negative: mirrored) and height of the part of its ramp each image shows."""
    images = seen_images(batches, count)
    across, down = images[..., 0].mean(axis=1), images[..., 1].mean(axis=2)
    whole = 255 * (SIZE - 1) / SIZE
    return (across[:, -1] - across[:, 0]) / whole, (down[:, -1] - down[:, 0]) / whole


@pytest.mark.parametrize("data", PIPELINES)
def test_training_crops_and_mirrors_as_published(data: Data, root: Path) -> None:
    """Parts of 5 to 100 % of the area and of aspect 0.75 to 1.33; half of them mirrored."""
    batches = opened(data, Mode.TRAINING, root)
    widths, heights = seen_parts(batches, 20)
    areas, aspects = np.abs(widths) * heights, np.abs(widths) / heights
    mirrored = (widths < 0).mean()

    assert 0.03 < areas.min() < 0.15
    assert 0.85 < areas.max() <= 1.02
    assert 0.7 < aspects.min() < 0.8
    assert 1.2 < aspects.max() < 1.4
    assert 0.4 < mirrored < 0.6
    assert (batches.facts().input_crop_min_area, batches.facts().input_mirror) == (0.05, True)


@pytest.mark.parametrize("data", PIPELINES)
def test_a_recipe_sets_the_smallest_crop(data: Data, root: Path) -> None:
    """Parts of half the area to all of it, of the same aspects, and none is mirrored."""
    recipe = Recipe(crop_min_area=0.5, mirror=False)
    batches = opened(data, Mode.TRAINING, root, recipe=recipe)
    widths, heights = seen_parts(batches, 20)
    areas, aspects = widths * heights, widths / heights

    assert 0.48 < areas.min() < 0.55
    assert 0.85 < areas.max() <= 1.02
    assert 0.7 < aspects.min() < 0.85
    assert 1.15 < aspects.max() < 1.4
    assert widths.min() > 0
    assert (batches.facts().input_crop_min_area, batches.facts().input_mirror) == (0.5, False)


@pytest.mark.parametrize("data", PIPELINES)
def test_an_image_without_crop_and_mirroring_is_only_resized(data: Data, root: Path) -> None:
    """All of a square image, resized bilinearly; DALI within what its decoder differs by."""
    recipe = Recipe(crop_min_area=1, mirror=False)
    images = seen_images(opened(data, Mode.TRAINING, root, recipe=recipe), 2)
    resized = tf.image.resize(decode(ramps(SIDE, SIDE)), (SIZE, SIZE), "bilinear").numpy()

    atol = {Data.TFRECORD: 0, Data.DALI: 5}[data]
    np.testing.assert_allclose(images, np.broadcast_to(resized, images.shape), atol=atol)


@pytest.mark.parametrize("data", PIPELINES)
def test_mirroring_alone_shows_all_of_an_image_from_either_side(data: Data, root: Path) -> None:
    """About every second image is the mirror image of the others, to the last bit."""
    recipe = Recipe(crop_min_area=1)
    images = seen_images(opened(data, Mode.TRAINING, root, recipe=recipe), 10)
    plain = images[np.argmin(images[:, 0, 0, 0])]
    as_they_are = (images == plain).all(axis=(1, 2, 3))
    mirrored = (images == plain[:, ::-1]).all(axis=(1, 2, 3))

    assert (as_they_are ^ mirrored).all()
    assert 0.3 < mirrored.mean() < 0.7


@pytest.mark.parametrize("data", PIPELINES)
def test_an_image_of_another_aspect_is_shown_as_far_as_it_goes(data: Data, tmp_path: Path) -> None:
    """No part of 80 % of it has an allowed aspect: it is whole, or DALI's widest that is."""
    write_ramps(tmp_path, SIDE, 2 * SIDE)
    recipe = Recipe(crop_min_area=0.8, mirror=False)
    widths, heights = seen_parts(opened(data, Mode.TRAINING, tmp_path, recipe=recipe), 1)
    widest = {Data.TFRECORD: 1, Data.DALI: 1.33 / 2}[data]

    np.testing.assert_allclose(widths, widest, atol=0.01)
    np.testing.assert_allclose(heights, 1, atol=0.01)


@pytest.mark.parametrize("data", PIPELINES)
def test_evaluation_shows_the_middle_unmirrored(data: Data, root: Path) -> None:
    """7/8 of each side of a square image, as 224 of 256 pixels are."""
    batches = opened(data, Mode.INFERENCE, root)
    widths, heights = seen_parts(batches, 1)

    np.testing.assert_allclose(widths, 7 / 8, atol=0.01)
    np.testing.assert_allclose(heights, 7 / 8, atol=0.01)
    assert batches.facts().input_crop_min_area is batches.facts().input_mirror is None


def test_a_decoded_window_is_that_of_the_whole_image() -> None:
    """Decoding only the crop, which the published code does not, gives the very same pixels."""
    generator = np.random.default_rng(0)
    image = generator.integers(0, 256, (96, 128, 3), dtype=np.uint8)
    encoded = tf.io.encode_jpeg(image, chroma_downsampling=False)
    part = decode(encoded, tf.constant([13, 27, 40, 61]))

    np.testing.assert_array_equal(part, decode(encoded)[13:53, 27:88])


def test_sides_keep_their_proportions_as_published() -> None:
    """The longer side loses its fraction, where rounding might add a pixel, the shorter nothing."""
    examples = [(200, 310), (500, 375), (333, 500), (256, 256)]
    scaled = [tuple(scaled_sides(tf.constant(sides), 256).numpy()) for sides in examples]
    shorter = {int(scaled_sides(tf.constant((n, 2 * n)), 256)[0]) for n in range(20, 600)}

    assert scaled == [(256, 396), (341, 256), (256, 384), (256, 256)]
    assert shorter == {256}


@pytest.mark.parametrize(
    ("data", "mode"),
    [
        (Data.TFRECORD, Mode.TRAINING),
        pytest.param(Data.DALI, Mode.INFERENCE, marks=pytest.mark.dali),
    ],
)
def test_shuffling_and_parallelism_are_as_asked(data: Data, mode: Mode, root: Path) -> None:
    """Records come shuffled as published, in the order of the files where asked; both are told."""
    published = opened(data, mode, root)
    asked = opened(data, mode, root, Reading(shuffled_records=0, decode_threads=2))
    orders = [list(batches.next()[1].numpy()) for batches in (published, asked)]
    threads = {Data.TFRECORD: "input_parallel_decodes", Data.DALI: "input_threads"}[data]

    assert orders[0] != orders[1] == list(range(IMAGES))
    assert asked.facts().input_shuffled_records == 0
    assert asked.facts().known[threads] == 2
    assert published.facts().known[threads] == {Data.TFRECORD: 10, Data.DALI: 4}[data]


@pytest.mark.dali
def test_images_are_normalized_exactly_once(root: Path) -> None:
    """The network of either pipeline gives the same logits for what that pipeline hands it.

    tf.data hands it 0..255, and DALI the same with mean and deviation taken out.
    """
    images = np.random.default_rng(0).uniform(0, 255, (2, SIZE, SIZE, 3)).astype(np.float32)
    options = KernelOptions(data_dir=str(root), data_idx_dir=str(root / "index"))
    logits = {}
    for data in (Data.TFRECORD, Data.DALI):
        opened = open_network(cell(data, Mode.INFERENCE), options, ONLY_RANK)
        mean, deviation = (MEAN, DEVIATION) if opened.batches.normalized else (0, 1)
        given = (images - np.asarray(mean, np.float32)) / np.asarray(deviation, np.float32)
        logits[data] = opened.model(given, training=False).numpy()

    np.testing.assert_allclose(logits[Data.TFRECORD], logits[Data.DALI], rtol=1e-3, atol=1e-4)
    assert np.abs(logits[Data.DALI]).max() > 0.01
