"""`bench.py predict`: the likeliest classes of images by a trained network."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from suite.cli.network_choice import chosen_network
from suite.cli.terminal import text_width
from suite.formats.predictions import predictions_text
from suite.kernels.tools import predict
from suite.model.errors import ExitCode, InputError
from suite.model.prediction import Prediction
from suite.model.text import shown
from suite.store.text import json_text


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the classes of each image; exit 2 if one cannot be read, after all others."""
    chosen = chosen_network(arguments.model, arguments.image_size)
    found = list(predict(Path(chosen.network.path), chosen.image_size, arguments.images))
    if arguments.json:
        print(json_text([asdict(each) for each in found], indent=1))
    elif text := predictions_text(found, text_width()):
        print(text)
    _reject_unreadable(found)
    return ExitCode.GOOD


def _reject_unreadable(predictions: Sequence[Prediction]) -> None:
    """Name the images without an answer.

    Raises:
        InputError: there is one.
    """
    problems = [f"{shown(each.image)}: {each.problem}" for each in predictions if each.problem]
    if problems:
        raise InputError("; ".join(problems))
