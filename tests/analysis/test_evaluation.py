"""Evaluations of a trained network: how many classes differ, and what that shows."""

from dataclasses import replace

import pytest
from builders import make_cell, make_launch, make_training, make_training_header

from suite.analysis.evaluation import (
    agreement,
    agrees,
    evaluated_variant,
    is_within,
    published_top1,
    tolerance,
    variant_name,
    variants_of,
)
from suite.analysis.training_course import accuracy_of
from suite.model.cell import Data
from suite.model.evaluation import Classified
from suite.model.facts import Facts
from suite.model.launch import Status
from suite.model.trained_network import TrainedNetwork
from suite.model.training import Evaluation

BASE = make_cell(data=Data.TFRECORD)
FLOAT32 = Facts(compute_type="float32")


def classified(*predicted: int) -> Classified:
    return Classified(predicted=predicted, top1=0, top5=0, cross_entropy=1.0, seconds=1.0)


def differing(count: int, images: int) -> tuple[Classified, Classified]:
    """Two evaluations in which so many images have another class."""
    return classified(*[0] * images), classified(*[1] * count, *[0] * (images - count))


def test_images_of_another_class_are_counted_one_by_one() -> None:
    """Whether either class is the right one does not matter; no class is another one than any."""
    found = agreement(classified(1, 2, 3, 4), classified(1, 3, 2, -1), FLOAT32)

    assert (found.different, found.images, found.share) == (3, 4, 0.75)


@pytest.mark.parametrize(
    ("count", "images", "is_kept"),
    [
        (0, 364, True),
        (1, 364, True),  # an image is 0.27 %, but the interval begins below 0.1 %
        (2, 364, False),
        (50, 50_000, True),  # 0.1 %
        (70, 50_000, False),
    ],
)
def test_an_image_of_a_small_split_proves_nothing(
    count: int, images: int, *, is_kept: bool
) -> None:
    """A variant is outside once chance does not explain the share at the tolerance."""
    assert agreement(*differing(count, images), FLOAT32).is_kept is is_kept


def test_arithmetic_that_rounds_more_may_differ_more() -> None:
    """In the order of their mantissas; TF32 computes float32 with the bits of float16."""
    kinds = ("float32", "float16", "bfloat16")
    found = [tolerance(Facts(compute_type=kind)) for kind in kinds]

    assert found == sorted(set(found))
    assert tolerance(replace(FLOAT32, tf32=True)) == found[1]


def test_variants_differ_from_the_base_in_one_thing_each() -> None:
    """None contradicts itself, and each has a name of its own."""
    base, *others = variants_of(BASE)

    assert base == BASE
    assert [variant_name(cell) for cell in (base, *others)] == [
        *("FP32", "TF32", "AMP", "XLA", "frozen graph", "NCHW"),
    ]
    for cell in others:
        assert cell.contradiction is None
        assert cell != base


def test_a_launch_without_a_result_has_no_accuracy() -> None:
    """Its reason is kept; one that says that it is good and left nothing crashed."""
    failed = make_launch(cell=BASE, status=Status.OUT_OF_MEMORY, reason="no room")
    silent = make_launch(cell=BASE, step_seconds=(1.0,))

    assert evaluated_variant(failed, None, None).reason == "no room"
    assert evaluated_variant(silent, None, None).status is Status.CRASHED


def test_one_variant_outside_is_enough() -> None:
    """Those that were not compared count for nothing."""
    base, other = differing(30, 100)
    launch = make_launch(cell=BASE, step_seconds=(1.0,), conditions=FLOAT32)
    good = evaluated_variant(launch, base, base)

    assert agrees([good, evaluated_variant(launch, base, None)])
    assert not agrees([good, evaluated_variant(launch, other, base)])


def test_the_published_top1_is_that_of_a_whole_training_at_its_image_size() -> None:
    """It stands beside nothing else, and is within the interval or not."""
    header = make_training_header(training=make_training(published_top1=0.76))
    network = TrainedNetwork(path="/a.ckpt", sha256="ab", header=header, is_last=True)
    cell = header.training.cell
    accuracy = accuracy_of(Evaluation(images=100, top1=75, top5=90, cross_entropy=1.0, seconds=1.0))

    assert published_top1(network, cell) == 0.76
    assert published_top1(replace(network, is_last=False), cell) is None
    assert published_top1(network, replace(cell, image_size=288)) is None
    assert published_top1(replace(network, header=None), cell) is None
    assert is_within(0.76, accuracy) is True
    assert is_within(0.9, accuracy) is False
    assert is_within(None, accuracy) is None
