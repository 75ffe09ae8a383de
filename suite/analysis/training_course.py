"""What a training came to: its steps and epochs without what was lost, and its accuracy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import NormalDist, fmean

from suite.analysis.intervals import CONFIDENCE
from suite.analysis.projection import published_hours
from suite.analysis.training_machine import machine_of_parts, training_energy
from suite.model.facts import Facts
from suite.model.launch import Launch, Status
from suite.model.reference import TimeToTrainRow
from suite.model.training import Evaluation, TrainedStep
from suite.model.training_course import Accuracy, CoursePoint, Epoch, TrainingCourse
from suite.model.training_record import (
    Began,
    ChosenTraining,
    Ended,
    Evaluated,
    Event,
    Saved,
    TrainingHeader,
)

# Points of a curve: a plot is as many units wide.
_MOST_POINTS = 300


def training_course(
    header: TrainingHeader,
    events: Sequence[Event],
    notes: Sequence[str] = (),
    launches: Sequence[Launch] = (),
    published: Sequence[TimeToTrainRow] = (),
) -> TrainingCourse:
    """The course of a training by its events.

    A part that goes on from a checkpoint repeats the steps after it, so those of the part before
    are left out. `notes` are those of the reader of the events, `launches` the records of the
    training's processes in order, and `published` the hours of the published systems.
    """
    steps: dict[int, TrainedStep] = {}
    evaluated: dict[int, Evaluated] = {}
    saved: dict[int, Saved] = {}
    parts: list[Began] = []
    ended: Ended | None = None
    lost = 0
    for event in events:
        if isinstance(event, Began):
            lost += sum(step > event.step for step in steps)
            steps = {step: kept for step, kept in steps.items() if step <= event.step}
            evaluated = {step: kept for step, kept in evaluated.items() if step <= event.step}
            saved = {step: kept for step, kept in saved.items() if step <= event.step}
            parts.append(event)
            ended = None
        elif isinstance(event, TrainedStep):
            steps[event.step] = event
        elif isinstance(event, Evaluated):
            evaluated[event.step] = event
        elif isinstance(event, Saved):
            saved[event.step] = event
        else:
            ended = event
    per_epoch = parts[-1].steps_per_epoch if parts else None
    epochs = _epochs(header, list(steps.values()), evaluated, saved, per_epoch) if per_epoch else ()
    return TrainingCourse(
        header=header,
        steps_per_epoch=per_epoch,
        steps=tuple(steps.values()),
        epochs=epochs,
        parts=tuple(parts),
        lost_steps=lost,
        ended=ended,
        seconds=sum(epoch.total_seconds for epoch in epochs),
        last=next((each for each in reversed(epochs) if each.accuracy), None),
        best=max(
            (each for each in epochs if each.accuracy),
            key=lambda each: (each.accuracy.top1 if each.accuracy else 0, -each.number),
            default=None,
        ),
        published_within=_published_within(header, epochs),
        points=_points(list(steps.values()), per_epoch) if per_epoch else (),
        images_per_second=_rate(header, list(steps.values())),
        conditions=next(
            (each.conditions for each in reversed(launches) if each.status is Status.OK), Facts()
        ),
        published_hours=published_hours(_chosen(header), published),
        machine=machine_of_parts(launches),
        energy=training_energy(len(parts), launches),
        notes=(*(note for part in parts for note in part.notes), *notes),
    )


@dataclass(frozen=True, slots=True)
class KeptPart:
    """A part of a training: how it began, and what of its events no later part made void."""

    began: Began
    events: tuple[Event, ...]


def kept_parts(events: Sequence[Event]) -> tuple[KeptPart, ...]:
    """The parts of a training in order; what follows the step from which a later one began is void.

    Events before the first beginning, of which a sound record has none, are left out.
    """
    parts: list[KeptPart] = []
    own: list[Event] = []
    end = math.inf
    for event in reversed(events):
        if isinstance(event, Began):
            parts.append(KeptPart(event, tuple(reversed(own))))
            own, end = [], min(end, event.step)
        elif event.step <= end:
            own.append(event)
    return tuple(reversed(parts))


def _epochs(
    header: TrainingHeader,
    steps: Sequence[TrainedStep],
    evaluated: dict[int, Evaluated],
    saved: dict[int, Saved],
    per_epoch: int,
) -> tuple[Epoch, ...]:
    """Every epoch of which there is a step, the last perhaps not whole."""
    images = header.training.cell.global_batch_size
    found = []
    for number, group in groupby(steps, lambda step: (step.step - 1) // per_epoch + 1):
        own = list(group)
        within = range((number - 1) * per_epoch + 1, number * per_epoch + 1)
        at_end = evaluated.get(number * per_epoch)
        seconds = sum(step.seconds for step in own)
        computed = [step for step in own if math.isfinite(step.loss)]
        found.append(
            Epoch(
                number=number,
                steps=len(own),
                loss=fmean(step.loss for step in computed) if computed else None,
                cross_entropy=fmean(step.cross_entropy for step in computed) if computed else None,
                learning_rate=own[-1].learning_rate,
                loss_scale=own[-1].loss_scale,
                skipped_steps=sum(step.is_skipped for step in own),
                seconds=seconds,
                images_per_second=len(own) * images / seconds if seconds else None,
                wait_share=sum(step.wait_seconds for step in own) / seconds if seconds else None,
                accuracy=accuracy_of(at_end.evaluation) if at_end else None,
                evaluation_seconds=at_end.evaluation.seconds if at_end else 0.0,
                saving_seconds=sum(saved[step].seconds for step in within if step in saved),
            )
        )
    return tuple(found)


def _rate(header: TrainingHeader, steps: Sequence[TrainedStep]) -> float | None:
    seconds = sum(step.seconds for step in steps)
    images = len(steps) * header.training.cell.global_batch_size
    return images / seconds if seconds else None


def _chosen(header: TrainingHeader) -> ChosenTraining:
    return ChosenTraining(
        training=header.training, system=header.system, overrides=header.overrides
    )


def _points(steps: Sequence[TrainedStep], per_epoch: int) -> tuple[CoursePoint, ...]:
    """At most `_MOST_POINTS` of them, each of as many steps but the last; none of lost losses."""
    size = math.ceil(len(steps) / _MOST_POINTS)
    found = []
    for first in range(0, len(steps), max(1, size)):
        group = steps[first : first + size]
        losses = [step.loss for step in group if math.isfinite(step.loss)]
        if losses:
            found.append(
                CoursePoint(
                    epochs=group[-1].step / per_epoch,
                    loss=fmean(losses),
                    lowest=min(losses),
                    highest=max(losses),
                    learning_rate=group[-1].learning_rate,
                )
            )
    return tuple(found)


def accuracy_of(evaluation: Evaluation) -> Accuracy:
    """The shares of an evaluation, with the interval of top-1."""
    low, high = wilson_interval(evaluation.top1, evaluation.images)
    return Accuracy(
        images=evaluation.images,
        top1=evaluation.top1_share,
        top5=evaluation.top5_share,
        top1_low=low,
        top1_high=high,
        cross_entropy=evaluation.cross_entropy,
    )


def _published_within(header: TrainingHeader, epochs: Sequence[Epoch]) -> bool | None:
    """Whether the published top-1 is within the interval of the last epoch of a whole training."""
    published = header.training.published_top1
    last = epochs[-1] if epochs else None
    is_over = last is not None and last.number == header.training.epochs
    if published is None or last is None or not is_over or last.accuracy is None:
        return None
    return last.accuracy.top1_low <= published <= last.accuracy.top1_high


def wilson_interval(found: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share of which `found` in `of` independent trials are a sample.

    Wilson's score interval (E. B. Wilson, "Probable inference, the law of succession, and
    statistical inference", JASA 22, 1927): it holds near 0 and 1 as well.
    """
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    share, weight = found / of, z * z / of
    middle = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(share * (1 - share) / of + weight / (4 * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def seconds_left(
    header: TrainingHeader, per_epoch: int, recent: Sequence[TrainedStep], past: Sequence[Epoch]
) -> float | None:
    """Seconds to the end of the last epoch, at the pace of recent steps; None without any.

    Each epoch to come is evaluated and saved for as long as those of the past on average.
    """
    if not recent:
        return None
    last = recent[-1].step
    steps = per_epoch * header.training.epochs - last
    extra = fmean(each.evaluation_seconds + each.saving_seconds for each in past) if past else 0.0
    epochs = header.training.epochs - (past[-1].number if past else (last - 1) // per_epoch)
    return steps * fmean(step.seconds for step in recent) + extra * epochs
