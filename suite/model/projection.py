"""How long a recipe would take at the throughput of a run."""

from dataclasses import dataclass

from suite.model.cell import Cell
from suite.model.launch import Caution
from suite.model.training import Training


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What a projection takes for granted, as no throughput run measures it.

    `images` are those of the training split, `validation_images` those of every evaluation, of
    which an epoch has one. An evaluation takes as long per image as a training step, which is an
    upper bound: it is without the backward pass. A checkpoint takes `checkpoint_seconds`, and an
    epoch has one.
    """

    images: int
    validation_images: int
    checkpoint_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectedCell:
    """A recipe at the rate of one cell of a run.

    `images_per_second` is images / elapsed over all GPUs. The hours are those of the steps, of the
    evaluations and of the checkpoints. `joules` are those that the counters named by
    `energy_source` would count for the steps and the evaluations, None where they were not read.
    `published_hours` are those of the published system with these GPUs and this precision.
    """

    cell: Cell
    images_per_second: float
    cautions: tuple[Caution, ...]
    steps_per_epoch: int
    step_hours: float
    evaluation_hours: float
    checkpoint_hours: float
    joules: float | None
    energy_source: str | None
    published_hours: float | None

    @property
    def hours(self) -> float:
        """All of it."""
        return self.step_hours + self.evaluation_hours + self.checkpoint_hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """A recipe at the rates of a run, one projection for each of its cells that fit."""

    training: Training
    device: str
    assumptions: Assumptions
    cells: tuple[ProjectedCell, ...]
