"""A training reported again: what it came to, and its files from its records."""

import argparse
import sys
from pathlib import Path

from suite.cli.parser import REPORT_FORMATS
from suite.cli.terminal import text_width
from suite.cli.training_files import TRAINING_FORMATS, read_training, write_training
from suite.cli.training_scalars import MISSING_NOTE, write_scalars
from suite.formats.tables import paragraph
from suite.formats.tensorboard import is_installed
from suite.formats.training import training_text
from suite.model.errors import ExitCode, InputError
from suite.model.text import shown
from suite.store.text import make_folder


def report_training(arguments: argparse.Namespace, directory: Path) -> ExitCode:
    """Print a training as at its end, and write its files again, those of TensorBoard with them.

    Exit code 3 if the record of one of its processes is damaged.

    Raises:
        InputError: it cannot be read or written, or does not have what is asked for.
    """
    is_all = tuple(arguments.formats) == REPORT_FORMATS
    without = [] if is_all else [name for name in arguments.formats if name not in TRAINING_FORMATS]
    if without or arguments.xlsx:
        has = ", ".join(TRAINING_FORMATS)
        lacks = ", ".join([*without, *["xlsx"] * arguments.xlsx])
        raise InputError(f"{directory}: is a training, which has {has}, but no {lacks}")
    stored = read_training(directory)
    for each in stored.damaged:
        print(f"damaged: {shown(f'{directory / each.file}: {each.problem}')}", file=sys.stderr)
    print(training_text(stored.course, text_width()))
    folder = arguments.out or directory
    if arguments.out is not None:
        make_folder(folder)
    written = write_training(stored.course, folder, arguments.formats)
    if is_all and is_installed():
        written += write_scalars(stored.course.header, stored.events, folder)
    elif is_all:
        print(f"note: {MISSING_NOTE}")
    told = f"written to {shown(str(folder))}: {', '.join(written)}"
    print(f"\n{paragraph(told, text_width())}")
    return ExitCode.CELL_FAILED if stored.damaged else ExitCode.GOOD
