"""--data_dir and --data_idx_dir of `run` and `plan`, checked against the matrix first."""

import argparse

from suite.kernels.interface import KernelOptions
from suite.model.cell import Data
from suite.model.errors import InputError
from suite.model.matrix import Matrix
from suite.store.data_set import cell_shards


def data_options(arguments: argparse.Namespace, matrix: Matrix) -> KernelOptions:
    """The given directories, once they are known to feed every cell that reads records.

    Raises:
        InputError: a directory is missing, cannot feed some cell, or has no cell that reads it.
    """
    data_dir, data_idx_dir = arguments.data_dir, arguments.data_idx_dir
    reading = [cell for cell in matrix.cells if cell.reads_records]
    if data_dir and not reading:
        raise InputError(f"{arguments.matrix}: no cell reads records; leave out --data_dir")
    if data_idx_dir and not any(cell.data is Data.DALI for cell in reading):
        raise InputError(f"{arguments.matrix}: no cell reads with DALI; leave out --data_idx_dir")
    # The largest batch of each mode and pipeline stands for the smaller ones.
    largest = {
        (cell.mode, cell.data): cell
        for cell in sorted(reading, key=lambda cell: cell.global_batch_size)
    }
    for cell in largest.values():
        cell_shards(cell, data_dir, data_idx_dir)
    return KernelOptions(data_dir=data_dir, data_idx_dir=data_idx_dir)
