"""`bench.py history`: runs over time, and one cell in each of them."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from suite.analysis.trends import commonest_cell, history
from suite.cli.terminal import text_width
from suite.formats.history import history_csv, history_markdown, history_text
from suite.formats.plots.history import history_plots
from suite.model.errors import ExitCode, InputError, SuiteError
from suite.model.history import History
from suite.model.launch import Launch
from suite.model.text import bench, shown
from suite.store.nearest import nearest
from suite.store.runs import StoredRun, read_records, recorded_cells, run_summary, stored_runs
from suite.store.text import make_folder, write_bytes, write_text


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print runs and a trend, and write them where asked; exit 3 if something cannot be read."""
    found = stored_runs(arguments.folder)
    problems: list[SuiteError] = list(found.unreadable.values())
    if not found.runs and not problems:
        way = f"make one with: {bench('run', 'quick')}"
        raise InputError(f"{arguments.folder}: holds no run; {way}")
    cell_id = _cell(arguments.cell, arguments.folder, found.runs)
    if cell_id is None:
        print(f"{shown(str(arguments.folder))}: no run has a record yet")
    else:
        _show(_history(found.runs, cell_id, problems), arguments.out)
    for problem in problems:
        print(f"cannot be read: {shown(str(problem))}")
    return ExitCode.CELL_FAILED if problems or cell_id is None else ExitCode.GOOD


def _cell(asked: str | None, folder: Path, runs: Sequence[StoredRun]) -> str | None:
    """The cell asked for, else the one that most runs have; None if none has any.

    Raises:
        InputError: no run has the cell asked for.
    """
    recorded = [recorded_cells(run) for run in runs]
    known = dict.fromkeys(cell for cells in recorded for cell in cells)
    if asked is not None and asked not in known:
        raise InputError(f"{folder}: no run has the cell {shown(asked)}; {nearest(asked, known)}")
    return asked or commonest_cell(recorded)


def _history(runs: Sequence[StoredRun], cell_id: str, problems: list[SuiteError]) -> History:
    """The history of a cell; records that cannot be read are left out and added to problems."""
    launches: dict[str, Sequence[Launch]] = {}
    for stored in runs:
        records = read_records(stored.directory, cell_id)
        launches[str(stored.directory)] = records.launches
        problems += (
            InputError(f"{stored.directory / each.file}: {each.problem}")
            for each in records.damaged
        )
    return history([run_summary(stored) for stored in runs], cell_id, launches)


def _show(found: History, folder: Path | None) -> None:
    print(history_text(found, text_width()))
    if folder is None:
        return
    make_folder(folder)
    texts = {"history.md": history_markdown(found), "history.csv": history_csv(found)}
    plots = history_plots(found)
    for name, text in texts.items():
        write_text(folder / name, text)
    for name, content in plots.items():
        write_bytes(folder / name, content)
    print(f"\nwritten to {shown(str(folder))}: {', '.join([*texts, *plots])}")
