"""What `bench.py run` has to do: a whole matrix anew, or what is missing of an earlier run."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from suite.cli.newest_run import newest_run
from suite.core.errors import InputError, NotComparableError
from suite.core.launch import Launch
from suite.core.resume import changes, finished
from suite.core.run import RunHeader
from suite.files.runs import create_run, read_run, write_header
from suite.runner.session import PlannedLaunch


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A run directory, the launches to make in it, and those that it holds already.

    `header` is what its run.json is to hold; `changes` are the differences to an earlier part.
    """

    directory: Path
    header: RunHeader
    planned: tuple[PlannedLaunch, ...]
    earlier: tuple[Launch, ...] = ()
    changes: tuple[str, ...] = ()
    resumed: bool = False

    def store_header(self) -> None:
        """Make the directory, or note the cells that came with a change."""
        if not self.resumed:
            create_run(self.directory, self.header)
        elif self.changes:
            write_header(self.directory, self.header)


def check_flags(arguments: argparse.Namespace) -> None:
    """Refuse flags that say nothing without --resume.

    Raises:
        InputError: one was given.
    """
    for name in ("retry_failed", "allow_changes"):
        if getattr(arguments, name) and arguments.resume is None:
            flag = f"--{name.replace('_', '-')}"
            raise InputError(f"{flag} says how to continue a run; give --resume with it")


def resumed_work(
    arguments: argparse.Namespace, header: RunHeader, planned: Sequence[PlannedLaunch]
) -> Work:
    """What is missing in the run to resume; `header` is what a new run would have now.

    Raises:
        InputError: there is no such run.
        NotComparableError: it began under other conditions, and changes are not allowed.
    """
    directory = arguments.resume
    if directory is True:
        directory = newest_run(arguments.out, header.matrix)
    run = read_run(directory)
    found = changes(run.header, header)
    if found and not arguments.allow_changes:
        raise NotComparableError(
            f"{directory}: began under other conditions: {'; '.join(found)}; start a new run, or"
            " mix them with --allow-changes"
        )
    done = finished(run.launches, retry_failed=arguments.retry_failed)
    cells = dict.fromkeys([*run.header.cells, *header.cells])
    return Work(
        directory=directory,
        header=replace(run.header, cells=tuple(cells)),
        planned=tuple(item for item in planned if (item.cell, item.launch) not in done),
        earlier=tuple(launch for launch in run.launches if (launch.cell, launch.launch) in done),
        changes=found,
        resumed=True,
    )
