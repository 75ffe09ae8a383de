"""Trainings beside each other, by the accuracy that they reached."""

from dataclasses import dataclass

from suite.model.comparability import Value
from suite.model.summary import Interval
from suite.model.training_summary import TrainingSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedTraining:
    """A training among others that differ from it in the seed alone.

    `best_top1` is the share of its most accurate evaluation, which followed `best_epoch`;
    `validation_images` are those of the last. Both are None before the first. `seconds` are those
    of its steps, evaluations and checkpoints. `counts` says whether it is in the numbers of its
    group: a training that is not finished or was never evaluated is not, nor is a second one of the
    same seed, as it is no independent trial.
    """

    summary: TrainingSummary
    best_top1: float | None
    best_epoch: int | None
    validation_images: int | None
    seconds: float
    counts: bool

    @property
    def seed(self) -> int:
        """What its first weights and the order of its records are drawn from."""
        return self.summary.header.training.seed


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingDifference:
    """A fact in which two groups differ; None where one does not have it."""

    name: str
    base: Value
    other: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Top1Difference:
    """How much more a group reached than the base, as a difference of shares.

    The 95 % interval is None where nothing tells how seeds differ.
    """

    value: float
    interval: Interval | None

    @property
    def is_shown(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingGroup:
    """Trainings that differ in the seed alone, and what those that count came to.

    `differences` are those from the base. `mean` is that of top-1 as a share and `deviation` its
    standard deviation over seeds (n - 1), None for fewer than one and two of them. `mean_seconds`
    are those of a training. `difference` is None for the base, and where either side has no mean.
    """

    trainings: tuple[GroupedTraining, ...]
    differences: tuple[SettingDifference, ...]
    mean: float | None
    deviation: float | None
    mean_seconds: float | None
    difference: Top1Difference | None

    @property
    def counted(self) -> tuple[GroupedTraining, ...]:
        """Those that its numbers are of."""
        return tuple(each for each in self.trainings if each.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingGroups:
    """Groups in the order in which their first trainings were given; the first is the base.

    `deviation` is the standard deviation of top-1 over seeds, pooled over all groups that have one,
    with `freedom` degrees of freedom; None and 0 without any.
    """

    groups: tuple[TrainingGroup, ...]
    deviation: float | None
    freedom: int
