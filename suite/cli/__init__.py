"""The command line: verbs, exit codes, and the only place that prints and exits."""

import sys
from collections.abc import Sequence
from importlib import import_module

from suite.cli.parser import make_parser
from suite.core.errors import ExitCode, SuiteError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code. A user's mistake is one line on stderr.

    Each verb is the module of its name, imported only when it is asked for, so that no verb waits
    for what another needs.
    """
    try:
        words = sys.argv[1:] if arguments is None else arguments
        given = make_parser().parse_args(words)
        given.command = tuple(words)
        return int(import_module(f"suite.cli.{given.verb}").run(given))
    except SuiteError as error:
        print(f"error: {error}", file=sys.stderr)
        return int(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # The reader of a pipe (head, less) has gone, and nobody wants the rest.
        sys.stderr.close()
        return int(ExitCode.GOOD)
