"""`bench.py schema`: the JSON Schema of matrix files, for editors, or of report.json."""

import argparse

from suite.model.errors import ExitCode
from suite.store.matrix_model import json_schema


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the schema."""
    if arguments.of == "report":
        from suite.formats.report_json import report_schema

        print(report_schema(), end="")
    else:
        print(json_schema(), end="")
    return ExitCode.GOOD
