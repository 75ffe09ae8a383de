"""Runs as they are read for a report: the damaged records are named, and the others count."""

import sys
from collections.abc import Iterable
from pathlib import Path

from suite.model.errors import ExitCode
from suite.model.report import ReportedRun
from suite.model.run import Run
from suite.model.text import shown
from suite.store.runs import read_run


def read_whole_parts(directory: Path) -> Run:
    """A run without its damaged records, each of which is a line on stderr.

    Raises:
        InputError: not a run directory, or its run.json cannot be read.
    """
    run = read_run(directory)
    for each in run.damaged:
        print(f"damaged: {shown(f'{directory / each.file}: {each.problem}')}", file=sys.stderr)
    return run


def exit_code_of(runs: Iterable[ReportedRun]) -> ExitCode:
    """3 if a record of one of these runs is damaged: what it held is missing."""
    is_damaged = any(run.coverage.damaged for run in runs)
    return ExitCode.CELL_FAILED if is_damaged else ExitCode.GOOD
