"""A projection for the terminal."""

from suite.formats.annotations import legend, words
from suite.formats.numbers import MISSING, rate
from suite.formats.tables import TEXT_WIDTH, Dialect, Table, paragraph, write_table
from suite.model.cell import Data
from suite.model.projection import Assumptions, ProjectedCell, Projection
from suite.model.text import shown

_HEADERS = (
    "cell",
    "img/s",
    "steps h",
    "evaluations h",
    "checkpoints h",
    "in all h",
    "kWh",
    "published h",
    "",
)
_JOULES_PER_KWH = 3.6e6


def projection_text(projection: Projection, width: int = TEXT_WIDTH) -> str:
    """A line for each cell, and what is assumed."""
    assumed, training = projection.assumptions, projection.training
    about = (
        f"Not measured but projected: {training.epochs} epochs of {assumed.images} images, in whole"
        " batches, at images / elapsed time of the run's measured steps."
    )
    lines = [about, _assumed(assumed)]
    if any(cell.cell.data in {Data.SYNTHETIC, Data.SYNTHETIC_DEVICE} for cell in projection.cells):
        lines += ["Synthetic images: reading and decoding real ones may take longer."]
    sources = {cell.energy_source for cell in projection.cells if cell.energy_source}
    lines += [f"kWh by {shown(source)}, for steps and evaluations." for source in sorted(sources)]
    if any(cell.published_hours is not None for cell in projection.cells):
        lines += ["The published hours were estimated from throughput with XLA: steps alone."]
    lines += legend(caution for cell in projection.cells for caution in cell.cautions)
    rows = [_row(cell) for cell in projection.cells]
    return "\n".join(
        [
            paragraph(shown(f"{training.name} on {projection.device}"), width),
            "",
            write_table(Table("", _HEADERS, rows), Dialect.TERMINAL, width),
            *(paragraph(line, width) for line in lines),
        ]
    )


def _assumed(assumed: Assumptions) -> str:
    return (
        f"Assumed: after each epoch an evaluation of {assumed.validation_images} images, each as"
        f" long as in training (an upper bound), and a checkpoint of {assumed.checkpoint_seconds:g}"
        " s; nothing else waits, and the rate holds for hours."
    )


def _row(projected: ProjectedCell) -> tuple[str, ...]:
    kwh = None if projected.joules is None else projected.joules / _JOULES_PER_KWH
    return (
        projected.cell.id,
        rate(projected.images_per_second),
        hours(projected.step_hours),
        hours(projected.evaluation_hours),
        hours(projected.checkpoint_hours),
        hours(projected.hours),
        hours(kwh),
        MISSING if projected.published_hours is None else f"{projected.published_hours:g}",
        words(projected.cautions),
    )


def hours(value: float | None) -> str:
    """Hours, or kWh, to three digits or to a hundredth, whichever is more."""
    if value is None:
        return MISSING
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"
