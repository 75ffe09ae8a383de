"""suite.analysis.nearest_batch: what is known, by the nearest batch size."""

import pytest
from builders import make_cell

from suite.analysis.nearest_batch import NearestBatch
from suite.model.cell import Cell, Mode


def cell(batch_size: int, mode: Mode = Mode.INFERENCE) -> Cell:
    return make_cell(mode=mode, batch_size=batch_size)


@pytest.mark.parametrize(
    ("asked", "size"), [(1, 4), (4, 4), (9, 4), (11, 16), (16, 16), (63, 64), (500, 64)]
)
def test_the_nearest_batch_size_answers(asked: int, size: int) -> None:
    """Whatever the order in which the known ones came."""
    known: NearestBatch[str] = NearestBatch()
    for batch in (64, 4, 16):
        known.learn(cell(batch), f"of {batch}")

    assert known.nearest(cell(asked)) == (size, f"of {size}")


def test_the_last_word_counts_and_other_conditions_do_not() -> None:
    """A cell learned twice has the later value; another mode knows nothing."""
    known: NearestBatch[str] = NearestBatch()
    known.learn(cell(4), "old")
    known.learn(cell(4), "new")

    assert known.nearest(cell(4)) == (4, "new")
    assert known.nearest(cell(4, Mode.TRAINING)) is None
    assert NearestBatch[str]().nearest(cell(4)) is None
