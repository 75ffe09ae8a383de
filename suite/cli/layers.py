"""`bench.py layers`: the network layer by layer, with shapes and parameter counts."""

import argparse
import os

from suite.cli.terminal import text_width
from suite.formats.layers import layers_text
from suite.kernels.tensorflow.components import require_tensorflow
from suite.model.errors import ExitCode


def run(arguments: argparse.Namespace) -> ExitCode:
    """Build the network, without a GPU, and print its table."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # it prints a notice on stderr
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    require_tensorflow()
    from suite.kernels.tensorflow.layer_table import layer_table

    print(layers_text(layer_table(arguments.image_size), text_width()))
    return ExitCode.GOOD
