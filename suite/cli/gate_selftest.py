"""`bench.py gate selftest`: what recorded launches tell of the gate on this machine."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from suite.analysis.ab_verdicts import minimum_effect
from suite.analysis.comparability import forbidding, header_differences
from suite.analysis.recorded_launches import Recorded, recorded_launches
from suite.analysis.selftest import selftest
from suite.cli.newest_run import newest_run
from suite.cli.parser import REPORTS
from suite.cli.terminal import text_width
from suite.cli.whole_parts import read_whole_parts
from suite.formats.selftest import selftest_json, selftest_text
from suite.model.errors import ExitCode, InputError, NotComparableError
from suite.model.text import shown
from suite.store.text import reachable


def run(arguments: argparse.Namespace) -> ExitCode:
    """Tell it of runs under the same conditions, and of A/Bs of them."""
    directories = arguments.runs or [newest_run(REPORTS)]
    recorded = [_recorded(directory) for directory in directories]
    _check_alike(directories, recorded)
    launches = recorded_launches(recorded)
    if not launches:
        raise InputError(f"{directories[0]}: has no launch that is ok; run the matrix again")
    found = selftest(
        {cell.id: each for cell, each in launches.items()},
        {cell.id: minimum_effect(cell) for cell in launches},
    )
    print(selftest_json(found).rstrip() if arguments.json else selftest_text(found, text_width()))
    return ExitCode.GOOD


def _recorded(directory: Path) -> Recorded:
    """A run directory, or that of an A/B, which holds two."""
    if reachable((directory / "a" / "run.json").is_file):
        return Recorded(
            run=read_whole_parts(directory / "a"), other=read_whole_parts(directory / "b")
        )
    return Recorded(run=read_whole_parts(directory))


def _check_alike(directories: Sequence[Path], recorded: Sequence[Recorded]) -> None:
    """Check that nothing differs between the runs that could change times, and none is twice there.

    Raises:
        InputError: a directory is named twice.
        NotComparableError: other conditions, or another version of the suite.
    """
    if len({directory.resolve() for directory in directories}) < len(directories):
        raise InputError("a run is named twice; its launches would count twice")
    first = recorded[0].run.header
    for directory, each in zip(directories[1:], recorded[1:], strict=True):
        differences = header_differences(first, each.run.header)
        found = [*forbidding(differences), *(one for one in differences if one.name == "code")]
        if found:
            told = ", ".join(f"{one.name} {one.base} -> {one.other}" for one in found)
            raise NotComparableError(
                f"{directory}: measured under other conditions than {directories[0]}:"
                f" {shown(told)}; leave one of them out"
            )
