"""`bench.py report`: what runs came to, rendered again from their records."""

import argparse

from suite.cli.newest_run import newest_run
from suite.cli.parser import REPORTS
from suite.cli.reporting import assembled, write_report
from suite.cli.terminal import text_width
from suite.cli.whole_parts import exit_code_of
from suite.formats.results import report_text
from suite.model.errors import ExitCode, InputError
from suite.model.text import shown
from suite.store.text import make_folder


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print runs as they were printed at their end, and write their report again.

    The report of one run goes into its directory, that of several into `--out`.
    """
    directories = list(dict.fromkeys(arguments.runs)) or [newest_run(REPORTS)]
    if len(directories) > 1 and arguments.out is None:
        raise InputError("several runs make one report; say where to write it with --out DIR")
    folder = arguments.out or directories[0]
    report = assembled(directories)
    print(report_text(report, text_width()))
    if arguments.out is not None:
        make_folder(folder)
    print(f"\nwritten to {shown(str(folder))}: {', '.join(write_report(report, folder))}")
    return exit_code_of(report.runs)
