"""`bench.py report`: what runs came to, rendered again from their records."""

import argparse
import webbrowser
from pathlib import Path

from suite.cli.newest_run import newest_run
from suite.cli.parser import REPORTS
from suite.cli.reporting import PAGE, assembled, write_report
from suite.cli.terminal import text_width
from suite.cli.whole_parts import exit_code_of
from suite.formats.results import report_text
from suite.formats.tables import paragraph
from suite.model.errors import ExitCode, InputError
from suite.model.text import shown
from suite.store.text import make_folder, write_bytes


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print runs as they were printed at their end, and write their report again.

    The report of one run goes into its directory, that of several into `--out`.
    """
    directories = list(dict.fromkeys(arguments.runs)) or [newest_run(REPORTS)]
    if len(directories) > 1 and arguments.out is None:
        raise InputError("several runs make one report; say where to write it with --out DIR")
    if arguments.open and "html" not in arguments.formats:
        raise InputError(f"--open shows {PAGE}, which --format leaves out; add html to it")
    folder = arguments.out or directories[0]
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
