"""The images of a training and of its evaluations: shared out over ranks, and repeatable."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import make_cell

from suite.kernels.interface import KernelOptions
from suite.model.cell import Data, Mode
from suite.model.distributed import ONLY_RANK, Rank
from suite.model.recipe import Recipe
from suite.model.training import Training

pytestmark = pytest.mark.slow

IMAGES, SIZE = 18, 32
KINDS = [Data.TFRECORD, pytest.param(Data.DALI, marks=pytest.mark.dali)]


def records(root: Path, width: int, height: int) -> KernelOptions:
    """A data set with its index."""
    from suite.kernels.tensorflow.make_records import make_data_set
    from suite.store.dali_index import write_index

    shards = make_data_set(
        root / "data", images=IMAGES, width=width, height=height, shards=4, seed=1
    )
    (root / "index").mkdir()
    for shard in shards:
        write_index(shard, root / "index")
    return KernelOptions(data_dir=str(root / "data"), data_idx_dir=str(root / "index"))


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> KernelOptions:
    return records(tmp_path_factory.mktemp("batches"), width=64, height=56)


def training(
    data: Data,
    *,
    batch_size: int = 4,
    ranks: int = 1,
    seed: int = 0,
    recipe: Recipe | None = None,
) -> Training:
    cell = make_cell(
        mode=Mode.TRAINING, batch_size=batch_size, gpus=ranks, data=data, image_size=SIZE
    )
    return Training(
        name="a", purpose="a", cell=cell, epochs=3, recipe=recipe or Recipe(), seed=seed
    )


def splits(wanted: Training, options: KernelOptions, rank: Rank = ONLY_RANK) -> Any:
    from suite.kernels.tensorflow.splits import open_splits

    return open_splits(wanted, options, rank)


def drawn(batches: Any, count: int) -> tuple[Any, Any]:
    """Images and labels of so many batches."""
    pairs = [batches.next() for _ in range(count)]
    return (
        np.concatenate([images.numpy() for images, _ in pairs]),
        np.concatenate([labels.numpy() for _, labels in pairs]),
    )


def rank(index: int) -> Rank:
    return Rank(index, 2, index, 2)


def test_two_ranks_train_on_the_images_of_one(options: KernelOptions) -> None:
    """Half a batch each, the same records with the same crops, in each of two epochs."""
    whole = splits(training(Data.TFRECORD), options)
    images, labels = drawn(whole.batches_after(0), 8)
    halves = [
        drawn(
            splits(training(Data.TFRECORD, batch_size=2, ranks=2), options, rank(i)).batches_after(
                0
            ),
            8,
        )
        for i in (0, 1)
    ]

    assert whole.steps_per_epoch == 4
    for batch in range(8):
        parts = [slice(2 * batch, 2 * batch + 2)] * 2
        shared = [np.concatenate([half[k][p] for half, p in zip(halves, parts, strict=True)])
                  for k in (0, 1)]  # fmt: skip
        assert np.array_equal(shared[0], images[4 * batch : 4 * batch + 4])
        assert np.array_equal(shared[1], labels[4 * batch : 4 * batch + 4])
    assert len({image.tobytes() for image in images}) == 32  # no crop comes twice


@pytest.mark.parametrize("data", KINDS)
@pytest.mark.parametrize("done", [1, 4, 6])
def test_batches_go_on_after_a_step(data: Data, done: int, options: KernelOptions) -> None:
    """Within an epoch, between two and in the second: what follows is what would have followed."""
    opened = splits(training(data), options)
    images, labels = drawn(opened.batches_after(0), 9)
    later = drawn(opened.batches_after(done), 9 - done)

    assert np.array_equal(later[0], images[4 * done :])
    assert np.array_equal(later[1], labels[4 * done :])


@pytest.mark.parametrize("data", KINDS)
def test_an_epoch_repeats_no_record(data: Data, options: KernelOptions) -> None:
    """Each epoch has other records left out, in another order; another seed has again others.

    Records are told apart by their labels, of which no two here are equal.
    """
    everything = splits(training(data, batch_size=IMAGES), options)
    known = set(drawn(everything.batches_after(0), 1)[1].tolist())
    _, labels = drawn(splits(training(data), options).batches_after(0), 8)
    _, others = drawn(splits(training(data, seed=1), options).batches_after(0), 8)

    assert len(known) == IMAGES
    first, second = labels[:16].tolist(), labels[16:].tolist()
    assert len(set(first)) == len(set(second)) == 16
    assert first != second
    assert labels.tolist() != others.tolist()


@pytest.mark.parametrize("data", KINDS)
@pytest.mark.parametrize("ranks", [1, 2])
def test_an_evaluation_reads_every_image_once(
    data: Data, ranks: int, options: KernelOptions
) -> None:
    """Over all ranks, though they fill no whole number of batches; and again the next time."""
    ranked = [Rank(i, ranks, i, ranks) for i in range(ranks)]
    parts = [splits(training(data, ranks=ranks), options, r).validation for r in ranked]
    everything = splits(training(data, batch_size=IMAGES), options).validation

    def labels_of(validation: Any) -> list[int]:
        batch = 4 if validation is not everything else IMAGES
        _, labels = drawn(validation.batches(), -(-validation.images // batch))
        own: list[int] = labels[: validation.images].tolist()
        return own

    expected = sorted(labels_of(everything))
    assert len(set(expected)) == IMAGES
    assert sum(part.images for part in parts) == IMAGES
    for _ in range(2):
        assert sorted(label for part in parts for label in labels_of(part)) == expected


def test_crops_are_drawn_as_published(options: KernelOptions) -> None:
    """Over many draws, mean and deviation are those of the unseeded pipeline, within 8 of 255."""
    from suite.kernels.tensorflow.batches import open_batches

    wanted = training(Data.TFRECORD, batch_size=16)
    seeded, _ = drawn(splits(wanted, options).batches_after(0), 16)
    published, _ = drawn(open_batches(wanted.cell, replace(options, seed=5)), 16)

    for moment in (np.mean, np.std):
        assert moment(seeded, axis=(0, 1, 2)) == pytest.approx(
            moment(published, axis=(0, 1, 2)), abs=8
        )


@pytest.mark.parametrize("data", KINDS)
def test_a_training_crops_and_mirrors_as_its_recipe_says(data: Data, tmp_path: Path) -> None:
    """Uncropped and unmirrored, an image is the same in every epoch; mirrored, one of two.

    The options, which a training disregards, say otherwise.
    """
    options = records(tmp_path, width=56, height=56)
    seen = {}
    for mirror in (False, True):
        recipe = Recipe(crop_min_area=1, mirror=mirror)
        wanted = training(data, batch_size=IMAGES, recipe=recipe)
        other = replace(options, recipe=Recipe(mirror=not mirror))
        batches = splits(wanted, other).batches_after(0)
        images, labels = drawn(batches, 3)
        seen[mirror] = list(zip(images, labels.tolist(), strict=True))
        facts = batches.facts()
        assert (facts.input_crop_min_area, facts.input_mirror) == (1, mirror)
    plain = {label: image for image, label in seen[False]}
    sides = {
        (np.array_equal(image, plain[label]), np.array_equal(image, plain[label][:, ::-1]))
        for image, label in seen[True]
    }

    assert len(plain) == IMAGES
    assert all(np.array_equal(image, plain[label]) for image, label in seen[False])
    assert sides == {(True, False), (False, True)}


@pytest.mark.dali
def test_a_missing_index_is_said(options: KernelOptions, tmp_path: Path) -> None:
    """DALI needs one of both splits; the line says how it is made."""
    from suite.model.errors import InputError

    with pytest.raises(InputError, match=r"give --data_idx_dir DIR, made with: .*data index"):
        splits(training(Data.DALI), KernelOptions(data_dir=options.data_dir))
    with pytest.raises(InputError, match="validation-00000-of-00004 is missing"):
        splits(training(Data.DALI), replace(options, data_idx_dir=str(tmp_path)))
