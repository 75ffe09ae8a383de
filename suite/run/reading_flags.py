"""How records are read, as flags, and back."""

import argparse
from dataclasses import fields

from suite.model.cell import Cell
from suite.model.errors import InputError
from suite.model.flag_values import whole
from suite.model.reading import (
    DECODE_THREADS,
    OPEN_FILES,
    SHUFFLED_RECORDS,
    Reading,
    applicable_reading,
)


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each of the settings."""
    group = parser.add_argument_group("reading of records, as published where left out")
    add = group.add_argument
    add(
        "--shuffled_records",
        type=whole(SHUFFLED_RECORDS),
        metavar="N",
        help="draw each from so many, 0 for the order of the files (training 4096, DALI 10000)",
    )
    add(
        "--decode_threads",
        type=whole(DECODE_THREADS),
        metavar="N",
        help="images decoded at once (10, DALI 4)",
    )
    add(
        "--open_files",
        type=whole(OPEN_FILES),
        metavar="N",
        help="shards read in turn (10; not DALI)",
    )


def reading_of(given: argparse.Namespace, cell: Cell) -> Reading:
    """The settings that parsed flags ask for.

    Raises:
        InputError: a flag that the cell would not heed.
    """
    wanted = Reading(**{field.name: getattr(given, field.name) for field in fields(Reading)})
    heeded = applicable_reading(wanted, cell).given
    for name in wanted.given:
        if name not in heeded:
            what = f"{cell.mode.value} on {cell.data.value} images"
            raise InputError(f"--{name} changes nothing of {what}; leave it out")
    return wanted


def reading_arguments(reading: Reading) -> list[str]:
    """The flags of what is to be changed; reading_of's inverse."""
    return [word for name in reading.given for word in (f"--{name}", str(getattr(reading, name)))]
