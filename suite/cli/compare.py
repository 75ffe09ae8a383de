"""`bench.py compare`: a run set beside a published table."""

import argparse

from suite.cli.parser import REPORTS
from suite.core.comparison import compare
from suite.core.errors import ExitCode
from suite.core.run import cell_results
from suite.files.references import read_reference
from suite.files.runs import newest_run, read_run
from suite.files.text import write_text
from suite.render.comparison import comparison_markdown, comparison_text, remarks_on


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the comparison; write comparison.md and comparison.csv into the run directory."""
    reference = read_reference(arguments.reference)
    directory = arguments.directory or newest_run(REPORTS)
    measured = read_run(directory)
    frame = compare(cell_results(measured.launches), reference)
    title = f"{measured.header.matrix} on {measured.header.device} beside {reference.name}"
    remarks = remarks_on(measured.header, reference)
    print(comparison_text(frame, title, remarks))
    write_text(directory / "comparison.md", comparison_markdown(frame, title, remarks))
    write_text(directory / "comparison.csv", frame.to_csv(index=False))
    print(f"\nwritten: {directory / 'comparison.md'}, {directory / 'comparison.csv'}")
    return ExitCode.GOOD
