"""`bench.py schema`: the JSON Schema of a kind of file, for editors and for other programs."""

import argparse

from suite.model.errors import ExitCode


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the schema."""
    print(_schema(arguments.of), end="")
    return ExitCode.GOOD


def _schema(of: str) -> str:
    """Each is imported only when it is asked for."""
    if of == "report":
        from suite.formats.report_json import report_schema

        return report_schema()
    if of == "gate":
        from suite.formats.gate import gate_schema

        return gate_schema()
    if of == "ab":
        from suite.formats.ab import ab_schema

        return ab_schema()
    if of == "rules":
        from suite.store.rules import rules_schema

        return rules_schema()
    if of == "baseline":
        from suite.store.baselines import baseline_schema

        return baseline_schema()
    from suite.store.matrix_model import json_schema

    return json_schema()
