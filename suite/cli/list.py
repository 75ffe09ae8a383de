"""`bench.py list`: the runs and the trainings under a folder, the newest first."""

import argparse

from suite.analysis.training_summary import training_summary
from suite.cli.terminal import text_width
from suite.formats.run_list import run_list, training_list
from suite.model.errors import ExitCode, InputError
from suite.model.text import bench, shown
from suite.store.runs import run_summary, stored_runs
from suite.store.training_runs import stored_trainings


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print them, and below them those that cannot be read."""
    found, trained = stored_runs(arguments.folder), stored_trainings(arguments.folder)
    unreadable = {**found.unreadable, **trained.unreadable}
    if not found.runs and not trained.trainings and not unreadable:
        way = f"make one with: {bench('run', 'quick')}"
        raise InputError(f"{arguments.folder}: holds no run; {way}")
    tables = []
    if found.runs:
        tables.append(run_list([run_summary(run) for run in found.runs], text_width()))
    if trained.trainings:
        summaries = [
            training_summary(
                str(each.directory), each.header, each.milestones, is_running=each.is_running
            )
            for each in trained.trainings
        ]
        tables.append(training_list(summaries, text_width()))
    if tables:
        print("\n\n".join(tables))
    for problem in unreadable.values():
        print(f"cannot be read: {shown(str(problem))}")
    return ExitCode.CELL_FAILED if unreadable else ExitCode.GOOD
