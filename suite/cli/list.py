"""`bench.py list`: the runs under a folder, the newest first."""

import argparse

from suite.cli.terminal import text_width
from suite.formats.run_list import run_list
from suite.model.errors import ExitCode, InputError
from suite.model.text import bench, shown
from suite.store.runs import run_summary, stored_runs


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print them, and below them those that cannot be read."""
    found = stored_runs(arguments.folder)
    if not found.runs and not found.unreadable:
        way = f"make one with: {bench('run', 'quick')}"
        raise InputError(f"{arguments.folder}: holds no run; {way}")
    if found.runs:
        print(run_list([run_summary(run) for run in found.runs], text_width()))
    for problem in found.unreadable.values():
        print(f"cannot be read: {shown(str(problem))}")
    return ExitCode.CELL_FAILED if found.unreadable else ExitCode.GOOD
