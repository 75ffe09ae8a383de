"""Hours and joules of a recipe, from the rate of a throughput run under the same conditions."""

from collections.abc import Iterable, Sequence
from statistics import fmean

from suite.model.cell import Cell, Mode
from suite.model.launch import Launch, Status
from suite.model.projection import Assumptions, ProjectedCell
from suite.model.reference import TimeToTrainRow
from suite.model.run import CellResult
from suite.model.training import Training
from suite.model.training_record import ChosenTraining

_HOUR = 3600.0
# What a cell of a run must have in common with the recipe's. Whether XLA compiled the step, the
# layout, and where images came from may differ: every cell that fits is projected, and named.
_SAME = ("precision", "gpus", "batch_size", "image_size", "kernel")

# Overrides under which a step is not that of the published tables, whose hours name no batch size.
_OF_A_STEP = {"batch_size", "image_size", "kernel"}


def fits(cell: Cell, training: Training) -> bool:
    """Whether a cell's step is the step of a training."""
    if cell.mode is not Mode.TRAINING:
        return False
    return all(getattr(cell, name) == getattr(training.cell, name) for name in _SAME)


def project(
    chosen: ChosenTraining,
    result: CellResult,
    launches: Iterable[Launch],
    assumptions: Assumptions,
    published: Sequence[TimeToTrainRow],
) -> ProjectedCell | None:
    """The training at the rate of a cell of a run; None where that has no good launch.

    The last images of an epoch, which fill no batch, are left out of it. Every epoch has an
    evaluation and a checkpoint.
    """
    training, cell, summary = chosen.training, result.cell, result.summary
    if summary is None:
        return None
    steps = assumptions.images // cell.global_batch_size
    rate = summary.images_per_second
    images = training.epochs * steps * cell.global_batch_size
    evaluated = training.epochs * assumptions.validation_images
    own = [launch for launch in launches if launch.cell == cell and launch.status is Status.OK]
    per_image, source = joules_per_image(own)
    return ProjectedCell(
        cell=cell,
        images_per_second=rate,
        cautions=result.cautions,
        steps_per_epoch=steps,
        step_hours=images / rate / _HOUR,
        evaluation_hours=evaluated / rate / _HOUR,
        checkpoint_hours=training.epochs * assumptions.checkpoint_seconds / _HOUR,
        joules=None if per_image is None else per_image * (images + evaluated),
        energy_source=source,
        published_hours=published_hours(chosen, published),
    )


def joules_per_image(launches: Sequence[Launch]) -> tuple[float | None, str | None]:
    """Mean joules of an image and the counter; None unless every rank of every launch has them.

    A rank counts its own GPU for its own images, or its whole host for the images of all ranks
    there, so that the mean over ranks is that of all.
    """
    told = [part.telemetry for launch in launches for part in (launch.ranks or (launch,))]
    rates = [each.images_per_joule for each in told if each and each.images_per_joule]
    if not told or len(rates) < len(told):
        return None, None
    return fmean(1 / rate for rate in rates), next(
        (each.energy_source for each in told if each), None
    )


def published_hours(chosen: ChosenTraining, published: Sequence[TimeToTrainRow]) -> float | None:
    """The published hours of the same GPUs; None where an override makes the step another one."""
    if any(override.name in _OF_A_STEP for override in chosen.overrides):
        return None
    training = chosen.training
    wanted = (chosen.system, training.epochs, training.cell.precision, training.cell.gpus)
    same = (
        row.hours
        for row in published
        if (row.system, row.epochs, row.precision, row.gpus) == wanted
    )
    return next(same, None)
