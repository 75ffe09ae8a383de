"""The shards that a cell reads, and their checks that need no decoding."""

from pathlib import Path

from suite.model.cell import Cell, Data, Mode
from suite.model.errors import InputError
from suite.model.text import bench
from suite.store.dali_index import check_index
from suite.store.tfrecords import SPLITS, count_records, list_shards, shard_bytes


def cell_shards(cell: Cell, data_dir: str | None, data_idx_dir: str | None) -> tuple[Path, ...]:
    """The shards of the split of a cell's mode, with enough records for a batch.

    For cells of DALI every shard is checked against its index. For others records are counted only
    until there are enough, so that a start does not wait for a large data set; of the remaining
    shards only the size is checked.

    Raises:
        InputError: a directory is not given, or what it holds cannot feed the cell.
    """
    if not data_dir:
        raise InputError(f"cell {cell.id} reads records; give --data_dir DIR")
    shards = list_shards(Path(data_dir), SPLITS[cell.mode])
    if cell.data is Data.DALI:
        if not data_idx_dir:
            make = bench("data", "index", data_dir)
            raise InputError(
                f"cell {cell.id} reads records through an index; give --data_idx_dir DIR, made"
                f" with: {make}"
            )
        records = sum(check_index(shard, Path(data_idx_dir)) for shard in shards)
    else:
        for shard in shards:
            shard_bytes(shard)
        records = count_records(shards, enough=cell.global_batch_size)
    _require_batch(records, data_dir, cell.mode, cell.global_batch_size)
    return shards


def epoch_steps(data_dir: str, mode: Mode, global_batch_size: int) -> int:
    """Whole batches in one pass over the records, as published; reads every shard's framing.

    Raises:
        InputError: the records are missing, damaged or fewer than a batch has.
    """
    records = count_records(list_shards(Path(data_dir), SPLITS[mode]))
    _require_batch(records, data_dir, mode, global_batch_size)
    return records // global_batch_size


def _require_batch(records: int, data_dir: str, mode: Mode, global_batch_size: int) -> None:
    if records < global_batch_size:
        raise InputError(
            f"{data_dir}: the {records} records in {SPLITS[mode]}-* cannot fill a batch of"
            f" {global_batch_size}; lower the batch size or give more records"
        )
