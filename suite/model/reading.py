"""How records are read: the settings that decide how fast a pipeline decodes them."""

from dataclasses import dataclass, fields

from suite.model.bounds import Bounds
from suite.model.cell import Cell, Data, Mode

# Images of ImageNet ILSVRC-2012, the data set behind every published training number
# (Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", IJCV 2015).
IMAGENET_TRAINING_IMAGES = 1_281_167
IMAGENET_VALIDATION_IMAGES = 50_000
# Enough to shuffle all of them at once.
SHUFFLED_RECORDS = Bounds(0, 1_300_000)
DECODE_THREADS = Bounds(1, 1024)
# The usual limit on open files; ImageNet has 1,024 shards.
OPEN_FILES = Bounds(1, 1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The settings of a pipeline; None is the published value.

    `shuffled_records` is the size of the shuffle buffer in records; 0 keeps file order.
    `decode_threads` images are decoded at once. tf.data interleaves `open_files` shards.
    """

    shuffled_records: int | None = None
    decode_threads: int | None = None
    open_files: int | None = None

    @property
    def given(self) -> tuple[str, ...]:
        """The names of the settings that are given."""
        names = (field.name for field in fields(self))
        return tuple(name for name in names if getattr(self, name) is not None)


def published_reading(cell: Cell) -> Reading:
    """The published values of a cell's pipeline, None for settings that it does not have.

    The published evaluation by tf.data does not shuffle; DALI shuffles in both modes.
    """
    if cell.data is Data.DALI:
        return Reading(shuffled_records=10_000, decode_threads=4)
    if cell.data is not Data.TFRECORD:
        return Reading()
    shuffled = 4096 if cell.mode is Mode.TRAINING else None
    return Reading(shuffled_records=shuffled, decode_threads=10, open_files=10)


def applicable_reading(wanted: Reading, cell: Cell) -> Reading:
    """The wanted settings that the cell's pipeline has."""
    known = published_reading(cell).given
    return Reading(**{name: getattr(wanted, name) for name in wanted.given if name in known})


def settled_reading(wanted: Reading, cell: Cell) -> Reading:
    """The published values, replaced by the wanted settings that the cell's pipeline has."""
    published, applied = published_reading(cell), applicable_reading(wanted, cell)
    values = {name: getattr(published, name) for name in published.given}
    return Reading(**{**values, **{name: getattr(applied, name) for name in applied.given}})
