"""The course of a training: no step counts twice, and an accuracy has its interval."""

import math
from dataclasses import replace

import pytest
from builders import make_evaluated, make_trained_step, make_training, make_training_header

from suite.analysis.training_course import seconds_left, training_course, wilson_interval
from suite.model.training_record import Began, Ended, Event, Outcome, Saved

HEADER = make_training_header()
BEGAN = Began(at="now", step=0, steps_per_epoch=2)


def saved(step: int) -> Saved:
    return Saved(step=step, file=f"{step}.ckpt", bytes=10, sha256="ab", seconds=0.25)


def test_an_epoch_is_the_mean_of_its_steps() -> None:
    """Loss and rate of hand-computed steps: 8 images each, in 0.5 and 1.5 seconds."""
    events: list[Event] = [
        BEGAN,
        make_trained_step(1, loss=3.0, learning_rate=0.1),
        make_trained_step(2, loss=2.0, learning_rate=0.2, seconds=1.5, wait_seconds=0.35),
        make_evaluated(2),
        saved(2),
    ]
    course = training_course(HEADER, events)
    (epoch,) = course.epochs

    assert (epoch.number, epoch.steps, epoch.loss, epoch.learning_rate) == (1, 2, 2.5, 0.2)
    assert epoch.images_per_second == pytest.approx(2 * 8 / 2.0)
    assert epoch.wait_share == pytest.approx(0.4 / 2.0)
    assert epoch.total_seconds == pytest.approx(2.0 + 2.0 + 0.25)
    assert epoch.accuracy is not None
    assert (epoch.accuracy.top1, epoch.accuracy.top5) == (0.6, 0.9)
    assert course.seconds == epoch.total_seconds
    assert course.total_steps == 4
    assert not course.is_finished


def test_what_a_later_part_repeats_is_left_out() -> None:
    """Steps, evaluations and checkpoints after the one that a part goes on from are void."""
    events: list[Event] = [
        BEGAN,
        make_trained_step(1, loss=9.0),
        saved(1),
        make_trained_step(2, loss=9.0),
        make_evaluated(2, top1=99),
        saved(2),
        replace(BEGAN, step=1, notes=("2.ckpt is damaged",)),
        make_trained_step(2, loss=1.0),
        make_evaluated(2),
        make_trained_step(3),
        make_trained_step(4),
        make_evaluated(4, top1=50),
        Ended(at="now", step=4, outcome=Outcome.FINISHED),
    ]
    course = training_course(HEADER, events, notes=("cut short",))

    assert [step.loss for step in course.steps] == [9.0, 1.0, 2.0, 2.0]
    assert course.lost_steps == 1
    assert course.is_finished
    assert course.notes == ("2.ckpt is damaged", "cut short")
    assert [epoch.accuracy and epoch.accuracy.top1 for epoch in course.epochs] == [0.6, 0.5]
    assert course.epochs[0].saving_seconds == 0.25
    assert (course.best, course.last) == course.epochs
    assert course.ended is not None


def test_of_equal_epochs_the_first_is_the_best() -> None:
    """More training that gained nothing is not better."""
    events: list[Event] = [BEGAN]
    for end in (2, 4):
        events += [make_trained_step(end - 1), make_trained_step(end), make_evaluated(end)]
    course = training_course(HEADER, events)

    assert course.best == course.epochs[0]


def test_a_loss_that_overflowed_under_a_loss_scale_is_not_averaged() -> None:
    """A skipped step counts as skipped and in time, and its loss says nothing."""
    skipped = make_trained_step(1, loss=math.nan, loss_scale=2.0, is_skipped=True)
    course = training_course(HEADER, [BEGAN, skipped, make_trained_step(2, loss_scale=1.0)])
    alone = training_course(HEADER, [BEGAN, skipped])

    assert (course.epochs[0].loss, course.epochs[0].skipped_steps) == (2.0, 1)
    assert course.epochs[0].loss_scale == 1.0
    assert alone.epochs[0].loss is None


def test_a_training_that_never_began_has_nothing() -> None:
    """Its record is read all the same."""
    course = training_course(HEADER, [])

    assert (course.epochs, course.total_steps, course.last, course.seconds) == ((), None, None, 0)


@pytest.mark.parametrize(
    ("top1", "published", "within"),
    [(60, 0.55, True), (60, 0.75, False), (60, 0.45, False), (60, None, None)],
)
def test_the_published_accuracy_is_beside_the_last_epoch(
    top1: int,
    published: float | None,
    within: bool | None,  # noqa: FBT001
) -> None:
    """60 of 100 lie within 50.2 and 69.1 %."""
    header = make_training_header(training=make_training(epochs=1, published_top1=published))
    events: list[Event] = [BEGAN, make_trained_step(1), make_trained_step(2)]
    events += [make_evaluated(2, top1=top1)]

    assert training_course(header, events).published_within is within
    longer = make_training_header(training=make_training(epochs=2, published_top1=published))
    assert training_course(longer, events).published_within is None


@pytest.mark.parametrize(
    ("found", "of", "low", "high"),
    [
        (60, 100, 0.5020, 0.6906),
        (38_505, 50_000, 0.7664, 0.7738),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
    ],
)
def test_the_interval_is_wilsons(found: int, of: int, low: float, high: float) -> None:
    """Against values that were computed by the formula elsewhere, the ends of the range too."""
    assert wilson_interval(found, of) == pytest.approx((low, high), abs=6e-5)


def test_the_interval_contains_the_truth_about_as_often_as_it_says() -> None:
    """Summed over every outcome of 203 images at several true shares: near 95 %."""
    for share in (0.5, 0.77, 0.95):
        covered = sum(
            math.comb(203, found) * share**found * (1 - share) ** (203 - found)
            for found in range(204)
            if wilson_interval(found, 203)[0] <= share <= wilson_interval(found, 203)[1]
        )
        assert 0.93 < covered < 0.975


def test_the_time_left_counts_steps_evaluations_and_checkpoints() -> None:
    """After one of two epochs: two steps of 0.5 s, an evaluation of 2 s and a checkpoint."""
    events: list[Event] = [BEGAN, make_trained_step(1), make_trained_step(2)]
    events += [make_evaluated(2), saved(2)]
    course = training_course(HEADER, events)

    assert seconds_left(HEADER, 2, course.steps, course.epochs) == pytest.approx(1.0 + 2.25)
    assert seconds_left(HEADER, 2, course.steps[:1], ()) == pytest.approx(1.5)
    assert seconds_left(HEADER, 2, (), ()) is None
