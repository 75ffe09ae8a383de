"""Hours of a recipe from the rate of a run, by hand-computed values."""

from dataclasses import replace
from typing import Any

import pytest
from builders import make_cell, make_launch, make_result, make_telemetry, make_training

from suite.analysis.projection import fits, joules_per_image, project
from suite.model.cell import Cell, Data, Mode, Precision
from suite.model.launch import Launch, RankRecord
from suite.model.projection import Assumptions
from suite.model.reference import TimeToTrainRow
from suite.model.training_record import ChosenTraining, Override

CELL = make_cell(mode=Mode.TRAINING, batch_size=10, gpus=2)
TRAINING = make_training(cell=replace(CELL, data=Data.TFRECORD), epochs=90)
CHOSEN = ChosenTraining(training=TRAINING, system="dgx1", overrides=())
ASSUMED = Assumptions(images=1_009, validation_images=500, checkpoint_seconds=4.0)
ROW = TimeToTrainRow(
    system="dgx1", gpus=2, precision=Precision.FP32, xla=True, batch_size=None, epochs=90, hours=7.5
)


def test_the_hours_are_those_of_steps_evaluations_and_checkpoints() -> None:
    """20 images in 0.5 s are 40 img/s; an epoch of 1,009 images has 50 steps, or 25 s."""
    result = make_result(CELL, 0.5, 0.5)
    found = project(CHOSEN, result, [], ASSUMED, [ROW])

    assert found is not None
    assert (found.images_per_second, found.steps_per_epoch) == (40.0, 50)
    assert found.step_hours == pytest.approx(90 * 25 / 3600)
    assert found.evaluation_hours == pytest.approx(90 * 12.5 / 3600)
    assert found.checkpoint_hours == pytest.approx(90 * 4 / 3600)
    assert found.hours == pytest.approx(90 * 41.5 / 3600)
    assert (found.joules, found.published_hours) == (None, 7.5)


def test_a_cell_without_a_good_launch_has_no_hours() -> None:
    """Nothing is projected from nothing."""
    assert project(CHOSEN, make_result(CELL), [], ASSUMED, [ROW]) is None


@pytest.mark.parametrize(
    ("cell", "is_same"),
    [
        (CELL, True),
        (replace(CELL, xla=True), True),
        (replace(CELL, data=Data.DALI), True),
        (replace(CELL, precision=Precision.AMP), False),
        (replace(CELL, batch_size=20), False),
        (replace(CELL, gpus=1), False),
        (replace(CELL, image_size=64), False),
        (replace(CELL, mode=Mode.INFERENCE, gpus=1), False),
    ],
)
def test_only_the_same_step_fits(cell: Cell, is_same: bool) -> None:  # noqa: FBT001
    """Precision, GPUs, batch and image size decide; how it was compiled and fed is named."""
    assert fits(cell, TRAINING) is is_same


@pytest.mark.parametrize(
    "changed",
    [
        {"system": "dgx2"},
        {"training": replace(TRAINING, epochs=250)},
        {"overrides": (Override(name="batch_size", declared="128", given="10"),)},
    ],
)
def test_published_hours_are_of_the_same_training(changed: dict[str, Any]) -> None:
    """Of another system, length or batch they would be no comparison."""
    chosen = replace(CHOSEN, **changed)
    found = project(chosen, make_result(CELL, 0.5), [], ASSUMED, [ROW])

    assert found is not None
    assert found.published_hours is None


def measured(*images_per_joule: float | None) -> Launch:
    ranks = tuple(
        RankRecord(
            rank=rank,
            host="a",
            telemetry=make_telemetry(images_per_joule=each, energy_source="NVML"),
        )
        for rank, each in enumerate(images_per_joule)
    )
    return make_launch(cell=CELL, step_seconds=(0.5,), ranks=ranks)


def test_joules_are_those_of_all_ranks() -> None:
    """At 2 and 4 images a joule, an image takes 0.375 J on average."""
    launches = [measured(2.0, 4.0)]
    found = project(CHOSEN, make_result(CELL, 0.5), launches, ASSUMED, [])

    assert joules_per_image(launches) == (0.375, "NVML")
    assert found is not None
    assert found.joules == pytest.approx(0.375 * 90 * (1000 + 500))


@pytest.mark.parametrize("launches", [[], [measured(2.0, None)], [measured(2.0), make_launch()]])
def test_energy_that_is_not_known_of_all_is_not_told(launches: list[Launch]) -> None:
    """A part of it would pass for the whole."""
    assert joules_per_image(launches) == (None, None)
