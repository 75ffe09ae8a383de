"""The command line: verbs and their exit codes, and the only layer that prints."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from suite.model.errors import ExitCode, InputError
from suite.program import run_program
from suite.streams import lost_output


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code. A user's mistake is one line on stderr.

    Each verb is the module of its name, imported only when it runs, so that no verb waits for the
    imports of another.
    """
    return run_program(lambda: run_verb(arguments))


def run_verb(arguments: Sequence[str] | None) -> int:
    """The same inside of a program of the suite.

    Raises:
        SuiteError: what the user has to mend, or what went wrong.
    """
    from suite.cli.parser import make_parser

    words = sys.argv[1:] if arguments is None else arguments
    if "_ARGCOMPLETE" in os.environ:  # a shell asks what the word at the cursor may become
        from suite.cli.completion import complete

        complete()
    given = make_parser().parse_args(words)
    given.command = tuple(words)
    code = int(import_module(f"suite.cli.{given.verb}").run(given))
    # What `run` prints is also in its directory.
    if code == ExitCode.GOOD and given.verb != "run" and (why := lost_output()) is not None:
        raise InputError(f"standard output: cannot be written ({why}); make room and try again")
    return code
