"""Exit codes and the errors that carry them: one line for the user, never a traceback."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What every program of the suite returns to the shell; fixed, and never a count.

    REGRESSION is a verdict, so Python's own 1 for an uncaught exception must never occur: FAULT
    (EX_SOFTWARE of sysexits.h) stands for a fault of the suite itself.
    """

    GOOD = 0
    REGRESSION = 1
    BAD_INPUT = 2
    CELL_FAILED = 3
    NOT_COMPARABLE = 4
    INCONCLUSIVE = 5
    FAULT = 70
    INTERRUPTED = 130


class SuiteError(Exception):
    """A problem that the user can fix; the message says where it is, what it is and what to do."""

    exit_code = ExitCode.BAD_INPUT


class InputError(SuiteError):
    """Bad input: a file, a flag or a combination of them. Nothing has been written."""


class UnfinishedError(SuiteError):
    """A run cannot go on, so cells are missing; finished launches are in its directory."""

    exit_code = ExitCode.CELL_FAILED


class NotComparableError(SuiteError):
    """Two sides that cannot be compared, or two parts of a run measured under other conditions."""

    exit_code = ExitCode.NOT_COMPARABLE
