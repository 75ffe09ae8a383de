"""How records are read: what decides how fast a pipeline makes images of them."""

from dataclasses import dataclass, fields

from suite.model.bounds import Bounds
from suite.model.cell import Cell, Data, Mode

# Training images of ImageNet ILSVRC-2012, the data set behind every published training number
# (Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", IJCV 2015).
IMAGENET_TRAINING_IMAGES = 1_281_167
# Enough to shuffle all of them at once.
SHUFFLED_RECORDS = Bounds(0, 1_300_000)
DECODE_THREADS = Bounds(1, 1024)
# The usual limit on open files; ImageNet has 1,024 shards.
OPEN_FILES = Bounds(1, 1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What may be changed of a pipeline; None is the published value.

    Each record is drawn from `shuffled_records` of them, 0 for the order of the files.
    `decode_threads` images are decoded at once. tf.data reads from `open_files` shards in turn.
    """

    shuffled_records: int | None = None
    decode_threads: int | None = None
    open_files: int | None = None

    @property
    def given(self) -> tuple[str, ...]:
        """The names of what is to be changed."""
        names = (field.name for field in fields(self))
        return tuple(name for name in names if getattr(self, name) is not None)


def published_reading(cell: Cell) -> Reading:
    """The published values of a cell's pipeline, None for what it has no use for.

    The published evaluation by tf.data does not shuffle; DALI shuffles in both modes.
    """
    if cell.data is Data.DALI:
        return Reading(shuffled_records=10_000, decode_threads=4)
    if cell.data is not Data.TFRECORD:
        return Reading()
    shuffled = 4096 if cell.mode is Mode.TRAINING else None
    return Reading(shuffled_records=shuffled, decode_threads=10, open_files=10)


def heeded_reading(wanted: Reading, cell: Cell) -> Reading:
    """What of the wanted changes the cell's pipeline has a use for."""
    known = published_reading(cell).given
    return Reading(**{name: getattr(wanted, name) for name in wanted.given if name in known})


def settled_reading(wanted: Reading, cell: Cell) -> Reading:
    """The published values with the wanted changes that the cell's pipeline has a use for."""
    published, heeded = published_reading(cell), heeded_reading(wanted, cell)
    values = {name: getattr(published, name) for name in published.given}
    return Reading(**{**values, **{name: getattr(heeded, name) for name in heeded.given}})
