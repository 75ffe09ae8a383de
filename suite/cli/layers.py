"""`bench.py layers`: the network layer by layer, with shapes and parameter counts."""

import argparse

from suite.cli.terminal import text_width
from suite.formats.layers import layers_text
from suite.kernels.tools import layer_table
from suite.model.errors import ExitCode


def run(arguments: argparse.Namespace) -> ExitCode:
    """Build the network, without a GPU, and print its table."""
    print(layers_text(layer_table(arguments.image_size), text_width()))
    return ExitCode.GOOD
