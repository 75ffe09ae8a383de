"""Trainings beside each other as text: what the numbers do not tell is said."""

from dataclasses import replace
from typing import Any

import pytest
from builders import make_course, make_evaluated, make_training, make_training_header

from suite.analysis.training_course import training_course
from suite.analysis.training_groups import grouped_training, training_groups
from suite.analysis.training_summary import training_summary
from suite.formats.training_groups import training_groups_text
from suite.model.recipe import Recipe
from suite.model.training_groups import GroupedTraining
from suite.model.training_record import Evaluated, Outcome

HIGHER = Recipe(lr_init=0.2)


def training(
    top1: int,
    outcome: Outcome | None = Outcome.FINISHED,
    images: int = 100,
    **facts: Any,
) -> GroupedTraining:
    """So many of these images are right at its end; `facts` are those of the training."""
    header = make_training_header(training=make_training(**facts))
    events = make_course(top1, outcome)
    last = make_evaluated(2, top1=top1, top5=images, images=images)
    events = [last if type(event) is type(last) and event.step == 2 else event for event in events]
    summary = training_summary("d", header, events, is_running=False)
    return grouped_training(summary, training_course(header, events))


def text(*trainings: GroupedTraining) -> str:
    """What is printed, with every gap as one space."""
    return " ".join(training_groups_text(training_groups(trainings)).split())


def test_a_group_alone_has_no_difference() -> None:
    """Nothing is said of intervals."""
    found = text(training(70), training(72, seed=1))

    assert "A 2 71.00% 1.41 0.00 - - " in found
    assert "interval" not in found


@pytest.mark.parametrize(("top1", "word"), [(90, "higher"), (50, "lower")])
def test_a_difference_beyond_chance_has_its_direction(top1: int, word: str) -> None:
    """By the interval, which leaves out 0."""
    found = text(
        training(70),
        training(71, seed=1),
        training(top1, recipe=HIGHER),
        training(top1 + 1, seed=1, recipe=HIGHER),
    )

    assert "Student's t with 2 degrees of freedom and a standard deviation of 0.71" in found
    assert f" {word} " in found.partition("Trainings of a group")[0]


def test_a_difference_within_chance_is_not_called_one() -> None:
    """One point apart, where seeds differ by one."""
    found = text(training(70), training(71, seed=1), training(71, recipe=HIGHER))
    table = found.partition("Trainings of a group")[0]

    assert "1 degree of freedom" in found
    assert "chance not excluded" in table
    assert "higher" not in table


@pytest.mark.parametrize(
    ("trainings", "said"),
    [
        ([training(70), training(72, recipe=HIGHER)], "three seeds of each group would give one"),
        (
            [training(70), training(70, seed=1), training(72, recipe=HIGHER)],
            "seeds of no group differ at all in top-1",
        ),
        ([training(70), training(72, epochs=3, outcome=None)], "Epochs differ (2, 3)"),
        ([training(70), training(72, images=200, recipe=HIGHER)], "Validation images differ (100"),
        (
            [training(70), training(72, seed=1, outcome=None)],
            "What is not finished, or was never evaluated",
        ),
        ([training(70), training(70)], "Of finished trainings of one seed the first counts"),
        (
            [training(70, outcome=Outcome.STOPPED), training(72, recipe=HIGHER)],
            "No training of A counts",
        ),
    ],
)
def test_what_the_numbers_do_not_tell_is_said(trainings: list[GroupedTraining], said: str) -> None:
    """And not where they do."""
    assert said in text(*trainings)
    assert said not in text(training(70), training(72, seed=1), training(80, recipe=HIGHER))


def test_one_that_was_never_evaluated_is_named() -> None:
    """It is finished, and has no top-1."""
    header = make_training_header(training=make_training(seed=1))
    events = [event for event in make_course(70) if not isinstance(event, Evaluated)]
    summary = training_summary("d", header, events, is_running=False)
    found = text(training(70), grouped_training(summary, training_course(header, events)))

    assert "A2 1 - - - - 0.00 never evaluated" in found
    assert "seed again" not in found
    assert "Of finished trainings of one seed" not in found


def test_shared_images_forbid_the_binomial_interval() -> None:
    """Unless their numbers differ."""
    said = "The trainings share their validation images"

    assert said in text(training(70), training(72, recipe=HIGHER))
    assert said not in text(training(70), training(72, images=200, recipe=HIGHER))


def test_many_groups_fit_the_terminal() -> None:
    """Beyond the letters they are numbered."""
    many = [training(70 + n % 9, recipe=replace(HIGHER, lr_init=0.1 + n / 100)) for n in range(30)]
    lines = training_groups_text(training_groups(many)).splitlines()

    assert any(line.startswith("group 27 ") for line in lines)
    assert max(map(len, lines)) <= 100
