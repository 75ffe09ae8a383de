"""A training as its record tells it: its epochs, and the accuracy that it reached."""

from collections.abc import Mapping
from dataclasses import dataclass

from suite.model.facts import Facts
from suite.model.launch import Caution
from suite.model.report import ProcessTelemetry
from suite.model.training import TrainedStep
from suite.model.training_record import Began, Ended, TrainingHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Shares of the validation images that are classified rightly, between 0 and 1.

    `top1_low` and `top1_high` enclose top-1 with 95 % confidence as a share of all images that the
    split could have been drawn from; how much another seed would change it is not in them.
    """

    images: int
    top1: float
    top5: float
    top1_low: float
    top1_high: float
    cross_entropy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """The steps of an epoch so far, from 1, and what followed them.

    `loss` and `cross_entropy` are means over the steps whose loss was finite, None without any.
    `learning_rate` and `loss_scale` are those of the last step. `images_per_second` is images /
    elapsed of the steps alone, `wait_share` the part of it in which they waited for images.
    """

    number: int
    steps: int
    loss: float | None
    cross_entropy: float | None
    learning_rate: float
    loss_scale: float | None
    skipped_steps: int
    seconds: float
    images_per_second: float | None
    wait_share: float | None
    accuracy: Accuracy | None
    evaluation_seconds: float
    saving_seconds: float

    @property
    def total_seconds(self) -> float:
        """Its steps, its evaluation and its checkpoints together."""
        return self.seconds + self.evaluation_seconds + self.saving_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class CoursePoint:
    """Neighbouring steps as one point of a curve: `epochs` done when they end, their mean loss.

    `lowest` and `highest` are the least and the largest loss among them, `learning_rate` is that of
    the last.
    """

    epochs: float
    loss: float
    lowest: float
    highest: float
    learning_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineOfPart:
    """What the machine did during a part of a training, the `part`-th from 0.

    `processes` are its ranks or its only process, as far as they left readings.
    `all_reduce_seconds` is the slowest rank's all-reduce of a step's gradients alone, None where
    there is none, and `all_reduce_share` the same as a share of a mean step.
    """

    part: int
    processes: tuple[ProcessTelemetry, ...]
    cautions: tuple[Caution, ...]
    all_reduce_seconds: float | None
    all_reduce_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingEnergy:
    """The energy of a training: the sum over `known_parts` of its `parts`, None if of none.

    A part counts from after its first step to its end, with evaluations, checkpoints and steps that
    were made again later. `sources` name the counters, `missing` says of each other part, from 0,
    why it is not known.
    """

    joules: float | None
    sources: tuple[str, ...]
    parts: int
    known_parts: int
    missing: Mapping[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingCourse:
    """A training so far, without the steps that a later part repeated (`lost_steps` of them).

    `parts` begin where a process began or went on. `ended` is how the last one ended, None if it
    runs or was killed. `seconds` are those of all epochs. `last` and `best` are the last and the
    most accurate epoch with an evaluation; of several, the first. `published_within` says whether
    the published top-1 is within the interval of the last epoch, None where there is nothing to
    compare. `points` are the steps as a curve of some hundred points. `images_per_second` is images
    / elapsed of all steps, `conditions` are the facts of the last process that said what really
    ran, and `published_hours` those of the same training on the published system, if it has any.
    `machine` has each part that left a record.
    """

    header: TrainingHeader
    steps_per_epoch: int | None
    steps: tuple[TrainedStep, ...]
    epochs: tuple[Epoch, ...]
    parts: tuple[Began, ...]
    lost_steps: int
    ended: Ended | None
    seconds: float
    last: Epoch | None
    best: Epoch | None
    published_within: bool | None
    points: tuple[CoursePoint, ...]
    images_per_second: float | None
    conditions: Facts
    published_hours: float | None
    machine: tuple[MachineOfPart, ...]
    energy: TrainingEnergy
    notes: tuple[str, ...] = ()

    @property
    def total_steps(self) -> int | None:
        """Steps of the whole training; None before it began."""
        return self.steps_per_epoch and self.steps_per_epoch * self.header.training.epochs

    @property
    def whole_epochs(self) -> int:
        """Epochs of which every step was made."""
        return sum(epoch.steps == self.steps_per_epoch for epoch in self.epochs)

    @property
    def is_finished(self) -> bool:
        """Whether every step was made."""
        return bool(self.steps) and len(self.steps) == self.total_steps
