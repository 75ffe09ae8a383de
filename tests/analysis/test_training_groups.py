"""Trainings beside each other: seeds form groups, and intervals rest on how seeds differ."""

from dataclasses import replace
from typing import Any

import pytest
from builders import make_course, make_training, make_training_header

from suite.analysis.training_course import training_course
from suite.analysis.training_groups import grouped_training, training_groups
from suite.analysis.training_summary import training_summary
from suite.model.cell import Data
from suite.model.recipe import Recipe
from suite.model.training_groups import GroupedTraining, SettingDifference
from suite.model.training_record import Outcome, Split, TrainingHeader

TRAINING = make_training()
MIXED_UP = replace(TRAINING, recipe=Recipe(mixup=0.2))


def training(
    top1: int,
    seed: int = 0,
    of: Any = TRAINING,
    outcome: Outcome | None = Outcome.FINISHED,
    **facts: Any,
) -> GroupedTraining:
    """So many of 100 images are right at its end."""
    header: TrainingHeader = make_training_header(training=replace(of, seed=seed), **facts)
    events = make_course(top1, outcome)
    summary = training_summary("d", header, events, is_running=False)
    return grouped_training(summary, training_course(header, events))


def test_seeds_form_a_group() -> None:
    """70, 72 and 74 of 100: mean 72 %, standard deviation 2 points; each takes 5 s."""
    (group,) = training_groups([training(70, 0), training(72, 1), training(74, 2)]).groups

    assert group.mean == pytest.approx(0.72)
    assert group.deviation == pytest.approx(0.02)
    assert group.mean_seconds == pytest.approx(2 * 0.5 + 2 * 2.0)
    assert group.difference is None
    assert group.differences == ()


def test_the_last_evaluation_counts() -> None:
    """The best one, of 60 % after the first epoch, is kept beside it."""
    (group,) = training_groups([training(50)]).groups
    (only,) = group.trainings

    assert group.mean == 0.5
    assert (only.best_top1, only.best_epoch, only.validation_images) == (0.6, 1, 100)


def test_an_interval_pools_how_seeds_differ() -> None:
    """Worked out by hand.

    70, 72, 74 have squares of 8 about their mean, 78 and 80 of 2: pooled 10 / (2 + 1), a standard
    deviation of 1.8257 with 3 degrees of freedom, whose t is 3.182446. The means are 72 and 79; the
    standard error is 1.8257 * sqrt(1/3 + 1/2) = 1.66667.
    """
    found = training_groups(
        [
            training(70, 0),
            training(78, 0, MIXED_UP),
            training(72, 1),
            training(80, 1, MIXED_UP),
            training(74, 2),
        ]
    )
    base, other = found.groups

    assert found.freedom == 3
    assert found.deviation == pytest.approx(0.0182574, abs=1e-7)
    assert base.difference is None
    assert other.differences == (SettingDifference(name="mixup", base=0.0, other=0.2),)
    assert other.difference is not None
    assert other.difference.value == pytest.approx(0.07)
    assert other.difference.interval == pytest.approx((0.0169592, 0.1230408), abs=1e-7)
    assert other.difference.is_shown


def test_a_single_seed_takes_the_spread_of_others() -> None:
    """70 and 72 have a deviation of sqrt(2): t of one degree, 12.706205, times sqrt(2 * 3/2)."""
    found = training_groups([training(70, 0), training(72, 1), training(80, 0, MIXED_UP)])
    difference = found.groups[1].difference

    assert found.groups[1].deviation is None
    assert difference is not None
    assert difference.interval == pytest.approx((0.09 - 0.2200779, 0.09 + 0.2200779), abs=1e-7)
    assert not difference.is_shown


@pytest.mark.parametrize("seeds", [[(70, 0)], [(70, 0), (70, 1)]])
def test_without_a_spread_no_difference_is_shown(seeds: list[tuple[int, int]]) -> None:
    """One seed each, or seeds that do not differ at all: the difference stands alone."""
    found = training_groups(
        [training(top1, seed) for top1, seed in seeds] + [training(90, 0, MIXED_UP)]
    )
    difference = found.groups[1].difference

    assert difference is not None
    assert difference.value == pytest.approx(0.2)
    assert difference.interval is None
    assert not difference.is_shown


@pytest.mark.parametrize("outcome", [None, Outcome.STOPPED, Outcome.FAILED])
def test_what_is_not_finished_is_in_no_number(outcome: Outcome | None) -> None:
    """It stays in its group."""
    (group,) = training_groups([training(70, 0), training(10, 1, outcome=outcome)]).groups

    assert [each.counts for each in group.trainings] == [True, False]
    assert group.mean == pytest.approx(0.7)
    assert group.deviation is None


def test_nothing_is_beside_a_base_that_is_not_finished() -> None:
    """The other group has its numbers all the same."""
    found = training_groups([training(70, outcome=None), training(80, 0, MIXED_UP)])

    assert [group.mean for group in found.groups] == [None, pytest.approx(0.8)]
    assert found.groups[1].difference is None


def test_a_seed_counts_once() -> None:
    """On a CPU the second is the same to the bits, and would make the spread too small."""
    group = training_groups([training(70, 0), training(70, 0), training(74, 1)]).groups[0]
    again = training_groups([training(9, 0, outcome=None), training(70, 0)]).groups[0]

    assert [each.counts for each in group.trainings] == [True, False, True]
    assert group.mean == pytest.approx(0.72)
    assert [each.counts for each in again.trainings] == [False, True]


@pytest.mark.parametrize(
    "facts",
    [
        {"of": replace(TRAINING, name="other", purpose="other", published_top1=0.5)},
        {"environment": {**make_training_header().environment, "commit": "abc"}},
        {
            "environment": {
                **make_training_header().environment,
                "variables": {"CUDA_VISIBLE_DEVICES": "1", "NVIDIA_VISIBLE_DEVICES": "1"},
            }
        },
        {"environment": {**make_training_header().environment, "horovod": "0.28.1", "dali": "2"}},
        {"data": {"data_dir": "/elsewhere", "data_idx_dir": None}},
    ],
)
def test_what_changes_no_weight_makes_no_group(facts: dict[str, Any]) -> None:
    """Names, folders, packages that are not used, and which of equal GPUs trained."""
    assert len(training_groups([training(70), training(72, 1, **facts)]).groups) == 1


@pytest.mark.parametrize(
    ("condition", "package"),
    [({"gpus": 2}, "horovod"), ({"gpus": 2}, "nccl"), ({"data": Data.DALI}, "dali")],
)
def test_a_package_that_is_used_makes_one(condition: dict[str, Any], package: str) -> None:
    """That of ranks, or of the pipeline."""
    of = replace(TRAINING, cell=replace(TRAINING.cell, **condition))
    environment = {**make_training_header().environment, package: "1"}
    trainings = [training(70, of=of), training(72, 1, of=of, environment=environment)]
    _, other = training_groups(trainings).groups

    assert [each.name for each in other.differences] == [package]


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"of": replace(TRAINING, epochs=3)}, "epochs"),
        ({"of": replace(TRAINING, cell=replace(TRAINING.cell, gpus=2))}, "gpus"),
        ({"of": replace(TRAINING, recipe=Recipe(crop_min_area=0.5))}, "crop_min_area"),
        ({"device": "A100"}, "device"),
        ({"splits": {"train": Split(shards=2, bytes=100)}}, "records.validation"),
        (
            {"environment": {**make_training_header().environment, "tensorflow": "2.22.0"}},
            "tensorflow",
        ),
        (
            {"environment": {**make_training_header().environment, "variables": {"TF_X": "1"}}},
            "variables.TF_X",
        ),
    ],
)
def test_what_may_change_a_weight_makes_one(facts: dict[str, Any], name: str) -> None:
    """Also with another seed, which is not named."""
    _, other = training_groups([training(70), training(72, 1, **facts)]).groups

    assert [each.name for each in other.differences] == [name]
