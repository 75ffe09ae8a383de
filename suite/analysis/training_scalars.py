"""The numbers of a training by name, step and time, part by part or event by event."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from suite.analysis.training_course import kept_parts, training_course
from suite.model.training import TrainedStep
from suite.model.training_record import Began, Evaluated, Event, Saved, TrainingHeader
from suite.model.training_scalars import PartScalars, ScalarPoint


def scalars_by_part(header: TrainingHeader, events: Sequence[Event]) -> tuple[PartScalars, ...]:
    """Every part of a training, without the steps that became void."""
    found = []
    earlier: list[Event] = []
    for kept in kept_parts(events):
        part = RunningPart(header, kept.began, earlier)
        points = tuple(point for event in kept.events if (point := part.following(event)))
        found.append(PartScalars(part.start, points))
        earlier += kept.events
    return tuple(found)


class RunningPart:
    """A part of a training as it goes on.

    Of the same events it makes the same points as `scalars_by_part`, to the last bit.
    """

    def __init__(self, header: TrainingHeader, began: Began, earlier: Sequence[Event]) -> None:
        """`earlier` are the events of the parts before, without those that are void."""
        self._header = header
        self._began = began
        self._now = _seconds(began.at, header)
        self.start = ScalarPoint(at=self._now, step=began.step + 1, values={})
        of_epoch = began.step - began.step % began.steps_per_epoch
        steps = (event for event in earlier if isinstance(event, TrainedStep))
        self._epoch = [step for step in steps if step.step > of_epoch]

    def following(self, event: Event) -> ScalarPoint | None:
        """What is known after the next event; None where it tells nothing to plot."""
        if isinstance(event, TrainedStep):
            self._now += event.seconds
            self._epoch.append(event)
        elif isinstance(event, Evaluated):
            self._now += event.evaluation.seconds
        elif isinstance(event, Saved):
            self._now += event.seconds
        values = dict(self._values(event))
        return ScalarPoint(at=self._now, step=event.step, values=values) if values else None

    def _values(self, event: Event) -> Iterator[tuple[str, float]]:
        """The numbers of an event; those of an epoch come with its last step."""
        if isinstance(event, TrainedStep):
            yield "step/loss", event.loss
            yield "step/cross_entropy", event.cross_entropy
            yield "step/learning_rate", event.learning_rate
            if event.loss_scale is not None:
                yield "step/loss_scale", event.loss_scale
            if event.seconds:
                images = self._header.training.cell.global_batch_size
                yield "step/images_per_second", images / event.seconds
            yield "step/wait_seconds", event.wait_seconds
            if event.step % self._began.steps_per_epoch == 0:
                yield from self._values_of_epoch()
        if isinstance(event, Evaluated):
            yield "epoch/top1", event.evaluation.top1_share
            yield "epoch/top5", event.evaluation.top5_share
            yield "epoch/validation_cross_entropy", event.evaluation.cross_entropy

    def _values_of_epoch(self) -> Iterator[tuple[str, float]]:
        epoch = training_course(self._header, [self._began, *self._epoch]).epochs[-1]
        self._epoch = []
        found = {
            "epoch/loss": epoch.loss,
            "epoch/cross_entropy": epoch.cross_entropy,
            "epoch/images_per_second": epoch.images_per_second,
            "epoch/wait_share": epoch.wait_share,
        }
        yield from ((name, value) for name, value in found.items() if value is not None)


def _seconds(at: str, header: TrainingHeader) -> float:
    """The time at which a part began; of a record without one, that of the training."""
    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:
        return header.began.timestamp()
