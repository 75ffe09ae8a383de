"""`bench.py export`: a trained network as files that other programs read."""

import argparse
import math
from pathlib import Path

from suite import __version__
from suite.cli.network_choice import ChosenNetwork, chosen_network
from suite.cli.terminal import text_width
from suite.formats.evaluation import export_text
from suite.kernels.tools import export_network
from suite.model.errors import ExitCode
from suite.model.export import Export
from suite.model.facts import Facts
from suite.store.exports import KERAS_FILE, SAVED_MODEL, file_checksums, write_note
from suite.store.new_folder import new_folder


def run(arguments: argparse.Namespace) -> ExitCode:
    """Write model.keras, saved_model/ and export.json into a new directory."""
    chosen = chosen_network(arguments.training, arguments.image_size)
    with new_folder(arguments.out) as folder:
        software = export_network(
            Path(chosen.network.path),
            chosen.image_size,
            folder / KERAS_FILE,
            folder / SAVED_MODEL,
        )
        note = _note(chosen, software, folder)
        write_note(folder, note)
    print(export_text(note, str(arguments.out), text_width()))
    return ExitCode.GOOD


def _note(chosen: ChosenNetwork, software: Facts, folder: Path) -> Export:
    network, recorded = chosen.network, chosen.network.recorded
    if recorded is not None and not math.isfinite(recorded.cross_entropy):
        recorded = None  # JSON has no word for it, and such a network has no classes
    return Export(
        training=network.training,
        source=str(Path(network.path).resolve()),
        source_sha256=network.sha256,
        step=network.step,
        recorded=recorded,
        image_size=chosen.image_size,
        suite=__version__,
        tensorflow=software.tensorflow,
        keras=software.keras,
        files=file_checksums(folder),
    )
