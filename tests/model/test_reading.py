"""suite.model.reading: what of a pipeline may be changed, and what of that a cell has a use for."""

import pytest
from builders import make_cell

from suite.model.cell import Cell, Data, Mode
from suite.model.reading import Reading, applicable_reading, published_reading, settled_reading


def cell(data: Data, mode: Mode) -> Cell:
    return make_cell(mode=mode, batch_size=1, data=data)


@pytest.mark.parametrize(
    ("data", "mode", "published"),
    [
        (Data.TFRECORD, Mode.TRAINING, (4096, 10, 10)),
        (Data.TFRECORD, Mode.INFERENCE, (None, 10, 10)),
        (Data.DALI, Mode.TRAINING, (10_000, 4, None)),
        (Data.DALI, Mode.INFERENCE, (10_000, 4, None)),
        (Data.SYNTHETIC, Mode.TRAINING, (None, None, None)),
    ],
)
def test_settings_are_the_published_ones(
    data: Data, mode: Mode, published: tuple[int | None, ...]
) -> None:
    """Shuffle, decoders and open files are those of the published pipelines unless changed."""
    settled = settled_reading(Reading(), cell(data, mode))

    assert settled == published_reading(cell(data, mode))
    assert (settled.shuffled_records, settled.decode_threads, settled.open_files) == published


def test_a_change_reaches_the_cells_that_heed_it() -> None:
    """One matrix may hold both pipelines: each takes what it has a use for."""
    wanted = Reading(shuffled_records=0, open_files=3)
    dali, evaluation = cell(Data.DALI, Mode.INFERENCE), cell(Data.TFRECORD, Mode.INFERENCE)

    assert applicable_reading(wanted, dali) == Reading(shuffled_records=0)
    assert settled_reading(wanted, dali) == Reading(shuffled_records=0, decode_threads=4)
    assert settled_reading(wanted, evaluation) == Reading(decode_threads=10, open_files=3)
