"""suite.analysis.memory_ceiling: what ran out of memory speaks for larger batches only."""

from dataclasses import replace

import pytest
from builders import make_cell, make_launch

from suite.analysis.memory_ceiling import MemoryCeiling
from suite.model.cell import Cell, Mode, Precision
from suite.model.launch import Launch, Status

CELL = make_cell(mode=Mode.TRAINING, precision=Precision.AMP, xla=True, batch_size=64)


def ended(status: Status, batch_size: int = 64) -> Launch:
    return make_launch(cell=replace(CELL, batch_size=batch_size), status=status)


def test_the_smallest_batch_that_failed_is_named() -> None:
    """Equal and larger batches of the condition are skipped by the strongest proof there is."""
    ceiling = MemoryCeiling([ended(Status.OUT_OF_MEMORY, 128), ended(Status.OUT_OF_MEMORY, 64)])
    ceiling.learn(ended(Status.OUT_OF_MEMORY, 256))
    words = "training-amp-xla-bs64-1gpu ran out of memory; --no-prune runs it all the same"

    assert ceiling.skip_reason(CELL) == words
    assert ceiling.skip_reason(replace(CELL, batch_size=512)) == words
    assert ceiling.skip_reason(replace(CELL, batch_size=63)) is None


@pytest.mark.parametrize(
    "other",
    [
        replace(CELL, batch_size=128, mode=Mode.INFERENCE),
        replace(CELL, batch_size=128, precision=Precision.FP32),
        replace(CELL, batch_size=128, xla=False),
        replace(CELL, batch_size=128, image_size=64),
    ],
)
def test_other_conditions_are_tried(other: Cell) -> None:
    """Nothing is concluded for a cell that differs in more than its batch size."""
    assert MemoryCeiling([ended(Status.OUT_OF_MEMORY)]).skip_reason(other) is None


@pytest.mark.parametrize("status", [status for status in Status if status != "out_of_memory"])
def test_no_other_end_prunes(status: Status) -> None:
    """A crash, a deadline or a skip may have any cause."""
    assert MemoryCeiling([ended(status)]).skip_reason(CELL) is None
