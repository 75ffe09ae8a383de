"""The matrix of `run` and `plan` with their flags applied."""

import argparse
from dataclasses import replace

from suite.cli.selection import narrowed
from suite.model.cell import quick_protocol
from suite.model.matrix import Matrix
from suite.store.hostfile import read_hostfile
from suite.store.matrices import matrix_path, read_matrix


def chosen_matrix(arguments: argparse.Namespace) -> Matrix:
    """Read the matrix file, and apply --only, --set, --cell, --quick and --hostfile to it.

    Raises:
        InputError: the matrix, the selection or the file of hosts is wrong.
    """
    matrix = narrowed(
        read_matrix(matrix_path(arguments.matrix)),
        arguments.only,
        arguments.settings,
        arguments.cell_ids,
    )
    if arguments.quick:
        matrix = replace(matrix, protocol=quick_protocol(matrix.protocol))
    if arguments.hostfile is not None:
        hosts = read_hostfile(arguments.hostfile)
        matrix = replace(matrix, distributed=replace(matrix.distributed, hosts=hosts))
    return matrix
