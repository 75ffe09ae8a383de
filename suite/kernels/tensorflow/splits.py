"""The two splits that a training reads, through tf.data or DALI."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from suite.kernels.interface import KernelOptions
from suite.kernels.tensorflow import import_dali
from suite.kernels.tensorflow.dali_epochs import DaliValidation, dali_training
from suite.kernels.tensorflow.ordered_batches import (
    OrderedValidation,
    ordered_training,
    read_table,
)
from suite.kernels.tensorflow.record_batches import RecordBatches
from suite.kernels.tensorflow.records import check_first_record
from suite.model.cell import Cell, Data, Mode
from suite.model.distributed import Rank
from suite.model.errors import InputError
from suite.model.reading import Reading
from suite.model.text import bench, shown
from suite.model.training import Training
from suite.store.dali_index import check_index
from suite.store.tfrecords import SPLITS, list_shards


class Validation(Protocol):
    """A rank's part of the validation split: `images` of them, in batches of one shape."""

    images: int

    def batches(self) -> RecordBatches:
        """One pass over them; what follows them in the last batch is to be left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """What a rank trains on and what it is evaluated on.

    `batches_after` gives its endless batches from the step after so many.
    """

    steps_per_epoch: int
    batches_after: Callable[[int], RecordBatches]
    validation: Validation


def has_to_normalize(cell: Cell) -> bool:
    """Whether the network has to normalise the images of these splits: DALI has done so."""
    return cell.data is not Data.DALI


def open_splits(training: Training, options: KernelOptions, rank: Rank) -> Splits:
    """Find the records of both splits; reads none of their images yet, but one of every shard.

    Raises:
        InputError: a split is missing, damaged, too small for a batch, or of classes that the
            network does not have; or synthetic images are declared.
        MissingComponentError: it needs DALI, which is not installed.
    """
    if not training.cell.reads_records:
        raise InputError(
            f"{shown(training.name)} trains on records, not on {training.cell.data.value} images;"
            " set data to tfrecord or dali"
        )
    if not options.data_dir:
        raise InputError(f"{shown(training.name)} reads records; give --data_dir DIR")
    shards = _shards(options.data_dir, Mode.TRAINING)
    validation = open_validation(training.cell, training.reading, options, rank)
    if training.cell.data is Data.DALI:
        return _through_dali(training, options, rank, shards, validation)
    table = read_table(shards)
    steps = _steps_per_epoch(training, options.data_dir, len(table))
    return Splits(
        steps_per_epoch=steps,
        batches_after=lambda done: ordered_training(training, table, rank, steps, done),
        validation=validation,
    )


def open_validation(cell: Cell, reading: Reading, options: KernelOptions, rank: Rank) -> Validation:
    """Find the records of the validation split alone, as `open_splits` does.

    Raises:
        InputError, MissingComponentError: as `open_splits`.
    """
    if not options.data_dir:
        raise InputError(f"cell {cell.id} reads records; give --data_dir DIR")
    shards = _shards(options.data_dir, Mode.INFERENCE)
    if cell.data is not Data.DALI:
        return OrderedValidation(cell, reading, read_table(shards), rank)
    import_dali()
    directory = _index(cell, options)
    records = sum(check_index(shard, directory) for shard in shards)
    return DaliValidation(cell, reading, shards, directory, records, rank)


def _shards(data_dir: str, mode: Mode) -> tuple[Path, ...]:
    """The shards of a split, of each of which one record is sound."""
    shards = list_shards(Path(data_dir), SPLITS[mode])
    for shard in shards:
        check_first_record(shard)
    return shards


def _index(cell: Cell, options: KernelOptions) -> Path:
    if not options.data_idx_dir:
        raise InputError(
            f"cell {cell.id} reads records through an index; give --data_idx_dir DIR, made"
            f" with: {bench('data', 'index', options.data_dir or '')}"
        )
    return Path(options.data_idx_dir)


def _through_dali(
    training: Training,
    options: KernelOptions,
    rank: Rank,
    shards: tuple[Path, ...],
    validation: Validation,
) -> Splits:
    directory = _index(training.cell, options)
    records = sum(check_index(shard, directory) for shard in shards)
    steps = _steps_per_epoch(training, options.data_dir or "", records)
    return Splits(
        steps_per_epoch=steps,
        batches_after=lambda done: dali_training(training, shards, directory, rank, steps, done),
        validation=validation,
    )


def _steps_per_epoch(training: Training, data_dir: str, records: int) -> int:
    """Whole global batches in the training split.

    Raises:
        InputError: there is none.
    """
    batch = training.cell.global_batch_size
    if records < batch:
        raise InputError(
            f"{data_dir}: the {records} records in {SPLITS[Mode.TRAINING]}-* cannot fill a batch of"
            f" {batch}; lower the batch size or give more records"
        )
    return records // batch
