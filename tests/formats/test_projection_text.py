"""suite.formats.projection: the hours of a recipe, and what they rest on."""

from dataclasses import replace

from builders import make_cell, make_training

from suite.formats.projection import projection_text
from suite.model.cell import Data
from suite.model.projection import Assumptions, ProjectedCell, Projection

CELL = ProjectedCell(
    cell=make_cell(data=Data.TFRECORD),
    images_per_second=10.0,
    cautions=(),
    steps_per_epoch=2,
    step_hours=1.0,
    evaluation_hours=0.25,
    checkpoint_hours=0.05,
    joules=None,
    energy_source=None,
    published_hours=None,
)


def text_of(cell: ProjectedCell) -> str:
    assumed = Assumptions(images=16, validation_images=4, checkpoint_seconds=1.0)
    projection = Projection(
        training=make_training(), device="Tesla T4", assumptions=assumed, cells=(cell,)
    )
    return projection_text(projection)


def test_what_was_not_measured_is_not_explained() -> None:
    """No energy, no published hours, and images that were read."""
    text = text_of(CELL)

    assert "kWh by" not in text
    assert "published hours were estimated" not in text
    assert "Synthetic images" not in text
    (row,) = (line for line in text.splitlines() if line.startswith(CELL.cell.id))
    assert row.split()[1:] == ["10.00", "1.00", "0.25", "0.05", "1.30", "-", "-"]


def test_what_numbers_rest_on_is_said() -> None:
    """The counter of the energy, where the published hours come from, and synthetic images."""
    measured = replace(
        CELL,
        cell=make_cell(),
        joules=7.2e6,
        energy_source="the counter of a GPU",
        published_hours=2.0,
    )
    text = " ".join(text_of(measured).split())

    assert "kWh by the counter of a GPU, for steps and evaluations." in text
    assert "The published hours were estimated from throughput with XLA: steps alone." in text
    assert "Synthetic images: reading and decoding real ones may take longer." in text
    assert " 1.30 2.00 2 " in text
