"""What `bench.py run` has to do: a whole new matrix, or what is missing from an earlier run."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from suite.analysis.resume import changes, finished
from suite.cli.newest_run import newest_run
from suite.model.errors import InputError, NotComparableError
from suite.model.launch import Launch
from suite.model.run import RunHeader
from suite.run.locks import hold_run
from suite.run.plan import PlannedLaunch
from suite.store.runs import (
    create_run,
    read_header,
    read_run,
    tidy_directory,
    write_header,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A run directory, the launches to run, and those that it already holds.

    `header` is the content of its run.json; `changes` are the differences from its earlier part.
    """

    directory: Path
    header: RunHeader
    planned: tuple[PlannedLaunch, ...]
    earlier: tuple[Launch, ...] = ()
    changes: tuple[str, ...] = ()
    resumed: bool = False


def check_flags(arguments: argparse.Namespace) -> None:
    """Refuse flags that have no effect without --resume.

    Raises:
        InputError: one was given.
    """
    for name in ("retry_failed", "allow_changes"):
        if getattr(arguments, name) and arguments.resume is None:
            flag = f"--{name.replace('_', '-')}"
            raise InputError(f"{flag} has no effect without --resume; give --resume with it")


@contextmanager
def new_work(
    folder: Path, name: str, header: RunHeader, planned: tuple[PlannedLaunch, ...]
) -> Iterator[Work]:
    """A whole matrix in a new directory, locked against other runs.

    Raises:
        InputError: the directory cannot be made or written.
    """
    directory = create_run(folder / name, header)
    with hold_run(directory):
        yield Work(directory=directory, header=header, planned=planned)


@contextmanager
def resumed_work(
    arguments: argparse.Namespace, header: RunHeader, planned: Sequence[PlannedLaunch]
) -> Iterator[Work]:
    """What is missing from the run to resume, whose directory is locked against other runs.

    `header` is the one that a new run would have now.

    Raises:
        InputError: there is no such run, another process is filling it, or a record is damaged:
            its launch may be good and only be unreadable here, so it is not replaced.
        NotComparableError: it began under other conditions, and --allow-changes is not given.
    """
    directory = arguments.resume
    if directory is True:
        directory = newest_run(arguments.out, header.matrix)
    read_header(directory)  # before a lock is made: the folder may not be a run
    with hold_run(directory):
        run = read_run(directory)
        if run.damaged:
            damaged = run.damaged[0]
            raise InputError(f"{directory / damaged.file}: {damaged.problem}")
        found = changes(run.header, header)
        if found and not arguments.allow_changes:
            raise NotComparableError(
                f"{directory}: began under other conditions: {'; '.join(found)}; start a new run,"
                " or mix them with --allow-changes"
            )
        launches = run.launches
        done = finished(launches, retry_failed=arguments.retry_failed)
        cells = dict.fromkeys([*run.header.cells, *header.cells])
        work = Work(
            directory=directory,
            header=replace(run.header, cells=tuple(cells)),
            planned=tuple(item for item in planned if (item.cell, item.launch) not in done),
            earlier=tuple(launch for launch in launches if (launch.cell, launch.launch) in done),
            changes=found,
            resumed=True,
        )
        tidy_directory(directory)
        if found:
            write_header(directory, work.header)
        yield work
