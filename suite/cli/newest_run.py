"""The run that `compare` and `run --resume` take if the user names none."""

from pathlib import Path

from suite.model.errors import InputError
from suite.model.text import bench
from suite.store.runs import stored_runs


def newest_run(reports: Path, matrix: str | None = None) -> Path:
    """The directory of the most recently started run under a folder, of this matrix only if given.

    Prints which it is, and before that any newer run that could not be read.

    Raises:
        InputError: there is none.
    """
    found = stored_runs(reports)
    runs = [run for run in found.runs if matrix in {None, run.header.matrix}]
    newest = runs[0].directory if runs else None
    for directory, problem in found.unreadable.items():
        if newest is None or directory.name > newest.name:
            print(f"note: skipped a run that cannot be read: {problem}")
    if newest is None and matrix is None:
        way = f"make one with: {bench('run', 'quick')}"
        raise InputError(f"{reports}: holds no run; {way}")
    if newest is None:
        raise InputError(f"{reports}: holds no run of {matrix}; start one without --resume")
    print(f"newest run{f' of {matrix}' if matrix else ''}: {newest}", flush=True)
    return newest
