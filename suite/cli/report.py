"""`bench.py report`: what runs or a training came to, rendered again from their records."""

import argparse
import webbrowser
from pathlib import Path

from suite.cli.newest_run import newest_run
from suite.cli.parser import REPORTS
from suite.cli.reporting import PAGE, assembled, write_report
from suite.cli.terminal import text_width
from suite.cli.training_files import PAGE as TRAINING_PAGE
from suite.cli.training_report import report_training
from suite.cli.whole_parts import exit_code_of
from suite.formats.results import report_text
from suite.formats.tables import paragraph
from suite.model.errors import ExitCode, InputError
from suite.model.text import shown
from suite.store.text import make_folder, write_bytes
from suite.store.training_runs import is_training


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print runs, or a training, as they were printed at their end, and write their report again.

    The report of one goes into its directory, that of several runs into `--out`.
    """
    directories = list(dict.fromkeys(arguments.runs)) or [newest_run(REPORTS)]
    if len(directories) > 1 and arguments.out is None:
        raise InputError("several runs make one report; say where to write it with --out DIR")
    if arguments.open and "html" not in arguments.formats:
        raise InputError("--open shows the page, which --format leaves out; add html to it")
    folder = arguments.out or directories[0]
    trainings = [each for each in directories if is_training(each)]
    if trainings and len(directories) > 1:
        raise InputError(f"{trainings[0]}: is a training, which is reported by itself")
    if trainings:
        code = report_training(arguments, directories[0])
        if arguments.open:
            _open(folder / TRAINING_PAGE)
        return code
    report = assembled(directories)
    print(report_text(report, text_width()))
    if arguments.out is not None:
        make_folder(folder)
    written = write_report(report, folder, arguments.formats)
    if arguments.xlsx:
        from suite.formats.workbook import report_xlsx

        write_bytes(folder / "report.xlsx", report_xlsx(report))
        written.append("report.xlsx")
    told = f"written to {shown(str(folder))}: {', '.join(written)}"
    print(f"\n{paragraph(told, text_width())}")
    if arguments.open:
        _open(folder / PAGE)
    return exit_code_of(report.runs)


def _open(page: Path) -> None:
    """Show a page; on a machine without a browser say where it is."""
    address = page.resolve().as_uri()
    try:
        is_open = webbrowser.open(address)
    except webbrowser.Error:
        is_open = False
    if not is_open:
        print(f"note: no browser can be started here; open {address}")
