"""A training at a glance, from few of its events."""

from collections.abc import Sequence

from suite.analysis.training_course import kept_parts
from suite.model.training_record import Ended, Evaluated, Event, TrainingHeader
from suite.model.training_summary import TrainingSummary


def training_summary(
    directory: str, header: TrainingHeader, events: Sequence[Event], *, is_running: bool
) -> TrainingSummary:
    """How far a training came; of its steps the last one is enough."""
    parts = kept_parts(events)
    kept = [event for part in parts for event in part.events]
    evaluated = [event for event in kept if isinstance(event, Evaluated)]
    last = events[-1] if events else None
    step = max((event.step for event in kept), default=0)
    return TrainingSummary(
        directory=directory,
        header=header,
        ended=last.outcome if isinstance(last, Ended) and not is_running else None,
        is_running=is_running,
        epochs=step // parts[-1].began.steps_per_epoch if parts else 0,
        top1=evaluated[-1].evaluation.top1_share if evaluated else None,
    )
