"""The matrix of `run`, `plan` and `ab` with their flags, and whether it is for this machine."""

import argparse
from dataclasses import replace

from suite.cli.selection import narrowed
from suite.model.cell import quick_protocol
from suite.model.device import Machine, device_note
from suite.model.errors import InputError
from suite.model.matrix import Matrix
from suite.model.text import shown
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


def check_device(arguments: argparse.Namespace, matrix: Matrix, machine: Machine) -> None:
    """Say it where the matrix is not for the device that measures it; --require-device refuses.

    Raises:
        InputError: it is refused.
    """
    note = device_note(matrix, machine)
    if note and arguments.require_device:
        raise InputError(f"{arguments.matrix}: {note}; drop --require-device to run anyway")
    if note:
        print(f"note: {shown(note)}: every number is that device's", flush=True)
