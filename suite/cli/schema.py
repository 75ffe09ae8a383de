"""`bench.py schema`: the JSON Schema of matrix files, for editors."""

import argparse

from suite.model.errors import ExitCode
from suite.store.matrix_model import json_schema


def run(arguments: argparse.Namespace) -> ExitCode:  # noqa: ARG001 - every verb takes them
    """Print the schema."""
    print(json_schema(), end="")
    return ExitCode.GOOD
