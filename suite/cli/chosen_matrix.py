"""The matrix that `run` and `plan` were given, as its flags change it."""

import argparse
from dataclasses import replace

from suite.cli.selection import narrowed
from suite.model.cell import quick_protocol
from suite.model.matrix import Matrix
from suite.store.hostfile import read_hostfile
from suite.store.matrices import read_matrix


def chosen_matrix(arguments: argparse.Namespace) -> Matrix:
    """The matrix file with its cells narrowed, its protocol shortened, its hosts replaced.

    Raises:
        InputError: the matrix, the selection or the file of hosts is at fault.
    """
    matrix = narrowed(read_matrix(arguments.matrix), arguments.only, arguments.settings)
    if arguments.quick:
        matrix = replace(matrix, protocol=quick_protocol(matrix.protocol))
    if arguments.hostfile is not None:
        hosts = read_hostfile(arguments.hostfile)
        matrix = replace(matrix, distributed=replace(matrix.distributed, hosts=hosts))
    return matrix
