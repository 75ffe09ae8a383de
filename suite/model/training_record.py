"""What a training directory holds: its header, and the events of the training in order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from suite.model.bounds import Bounds
from suite.model.quantities import Count, PositiveCount, Seconds
from suite.model.training import EPOCHS, Evaluation, TrainedStep, Training

# Of --eval-every, in epochs, and of --checkpoint-every, in steps.
EVAL_EVERY = EPOCHS
CHECKPOINT_EVERY = Bounds(1, 10_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A setting that the user gave in place of the recipe's; both as the recipe would write it."""

    name: str
    declared: str
    given: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenTraining:
    """A training as a recipe, a precision and the user's overrides make it.

    `system` is the published system that the recipe is of, None for one of which nothing was
    published.
    """

    training: Training
    system: str | None
    overrides: tuple[Override, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The shards of a split, as far as their names and sizes tell."""

    shards: PositiveCount
    bytes: PositiveCount


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingHeader:
    """What is known before the first step; what training.json holds.

    `device` is the label of the device that trains, `gpu` its product name (None on a CPU).
    `distributed` is how ranks are launched, empty for one rank. `data` maps `data_dir` and
    `data_idx_dir` to folders, or to None; `splits` has what they hold, so that a training can go on
    with the same records in another folder. `command` are the words after `bench.py`, or,
    of a training `by_hand`, those after `python -m suite.kernels`.
    """

    training: Training
    system: str | None
    overrides: tuple[Override, ...]
    device: str
    gpu: str | None
    started_at: str
    machine: Mapping[str, object]
    environment: Mapping[str, object]
    distributed: Mapping[str, object] = field(default_factory=dict)
    data: Mapping[str, str | None] = field(default_factory=dict)
    splits: Mapping[str, Split] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    by_hand: bool = False

    @property
    def began(self) -> datetime:
        """When the training began, with its time zone.

        Raises:
            ValueError: `started_at` is not such a time; never for a header read from a file.
        """
        moment = datetime.fromisoformat(self.started_at)
        if moment.tzinfo is None:
            raise ValueError(f"{self.started_at} has no time zone")
        return moment

    @property
    def contradiction(self) -> str | None:
        """What in the header cannot be true, field first; None if nothing."""
        try:
            self.began  # noqa: B018 - raises if it is not a time
        except ValueError:
            return "started_at: not a time with its time zone, such as 2026-01-02T03:04:05+00:00"
        return self.training.cell.contradiction


class Outcome(str, Enum):
    """How a part of a training ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    TIME_OVER = "time over"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """A part of a training begins, after `step` steps; those after it in earlier parts are void.

    `at` is the time in ISO form. `notes` say what of earlier parts was lost.
    """

    at: str
    step: Count
    steps_per_epoch: PositiveCount
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """The network after `step` steps, on the validation split."""

    step: PositiveCount
    evaluation: Evaluation


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The state after `step` steps, as a file of `checkpoints/`; writing it took `seconds`."""

    step: PositiveCount
    file: str
    bytes: PositiveCount
    sha256: str
    seconds: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A part of a training ends after `step` steps; `reason` is empty for a finished training."""

    at: str
    step: Count
    outcome: Outcome
    reason: str = ""


Event = Began | TrainedStep | Evaluated | Saved | Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingWork:
    """What a worker is told of a training.

    `directory` is the training directory. `step` is that of the checkpoint to go on from, None for
    the beginning; `notes` become those of `Began`. An evaluation follows every `eval_every` epochs
    and the last one, or none with None. A checkpoint follows every epoch, and every
    `checkpoint_every` steps where that is given. The training stops after `max_seconds`, if given.
    """

    training: Training
    directory: str
    step: PositiveCount | None = None
    notes: tuple[str, ...] = ()
    eval_every: PositiveCount | None = 1
    checkpoint_every: PositiveCount | None = None
    max_seconds: Seconds | None = None
