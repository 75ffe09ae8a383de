"""A training at a glance."""

from dataclasses import dataclass

from suite.model.training_record import Outcome, TrainingHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSummary:
    """A training by its header and the last of its events; what a list of trainings shows.

    `ended` is how its last part ended, None if a process trains at the moment (`is_running`), if it
    was killed, or if it never began. `epochs` are whole ones that are done, `top1` is the share of
    the last evaluation, None before the first.
    """

    directory: str
    header: TrainingHeader
    ended: Outcome | None
    is_running: bool
    epochs: int
    top1: float | None
