"""Going on with a training: every difference that may change a weight is named."""

from dataclasses import replace
from typing import Any

import pytest
from builders import make_training, make_training_header

from suite.analysis.training_resume import training_changes
from suite.model.reading import Reading
from suite.model.recipe import Recipe
from suite.model.training_record import Split, TrainingHeader

BEFORE = make_training_header()
TRAINING = make_training()


def test_the_same_training_may_go_on() -> None:
    """On another day, by another command, from another folder with the same shards."""
    now = make_training_header(
        started_at="2027-01-02T03:04:05+00:00",
        command=("train", "--resume"),
        data={"data_dir": "/elsewhere", "data_idx_dir": None},
        environment={**BEFORE.environment, "commit": "abc", "driver": "1"},
        training=replace(TRAINING, purpose="other words", published_top1=0.5),
    )

    assert training_changes(BEFORE, now) == ()


@pytest.mark.parametrize(
    ("facts", "change"),
    [
        ({"training": replace(TRAINING, name="other")}, "recipe mine -> other"),
        ({"training": replace(TRAINING, epochs=3)}, "epochs 2 -> 3"),
        ({"training": replace(TRAINING, seed=1)}, "seed 0 -> 1"),
        ({"training": replace(TRAINING, recipe=Recipe(mixup=0.2))}, "mixup 0.0 -> 0.2"),
        (
            {"training": replace(TRAINING, recipe=Recipe(crop_min_area=0.5))},
            "crop_min_area 0.05 -> 0.5",
        ),
        ({"training": replace(TRAINING, recipe=Recipe(mirror=False))}, "mirror True -> False"),
        (
            {"training": replace(TRAINING, reading=Reading(shuffled_records=1))},
            "shuffled_records None -> 1",
        ),
        ({"training": replace(TRAINING, cell=replace(TRAINING.cell, gpus=2))}, "gpus 1 -> 2"),
        ({"device": "A100"}, "device Tesla T4 -> A100"),
        (
            {"splits": {**BEFORE.splits, "train": Split(shards=2, bytes=101)}},
            "train 2 shards of 100 bytes -> 2 shards of 101 bytes",
        ),
        (
            {"environment": {**BEFORE.environment, "tensorflow": "2.22.0"}},
            "tensorflow 2.21.0 -> 2.22.0",
        ),
        ({"environment": {**BEFORE.environment, "variables": {"A": "1"}}}, "A None -> 1"),
    ],
)
def test_a_difference_is_named(facts: dict[str, Any], change: str) -> None:
    """With what it was and what it is."""
    now: TrainingHeader = make_training_header(**facts)

    assert training_changes(BEFORE, now) == (change,)
