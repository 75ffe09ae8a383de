"""What every program of the suite runs inside: safe streams, one-line errors, exit codes."""

import os
import platform
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

from suite import __version__
from suite.model.errors import ExitCode, SuiteError
from suite.model.text import command, shown
from suite.streams import keep_streams

_PROJECT = Path(__file__).resolve().parents[1]
# Characters kept of the message of an unexpected error: enough to recognise it.
_LONGEST_MESSAGE = 200


def run_program(work: Callable[[], int]) -> int:
    """Do a program's work and return its exit code; whatever goes wrong is one line on stderr.

    An unexpected exception, also in a thread, is a fault of the suite: its traceback goes to a
    file that only this user can read. So exit code 1 always means a regression.
    """
    keep_streams()
    thread_faults: list[BaseException] = []

    def hear(end: threading.ExceptHookArgs) -> None:
        if end.exc_value is not None and not isinstance(end.exc_value, SystemExit):
            thread_faults.append(end.exc_value)
            _tell_fault(end.exc_value)

    threading.excepthook = hear
    code = _end_of(work)
    return int(ExitCode.FAULT) if code == ExitCode.GOOD and thread_faults else code


def _end_of(work: Callable[[], int]) -> int:
    try:
        return work()
    except SuiteError as error:
        _say(f"error: {shown(str(error))}")
        return int(error.exit_code)
    except KeyboardInterrupt:
        _say("interrupted")
        return int(ExitCode.INTERRUPTED)
    except SystemExit as end:  # argparse after --help, or a worker whose runner is gone
        code = end.code or ExitCode.GOOD
        if isinstance(code, int) and code != ExitCode.REGRESSION:
            return int(code)
        _tell_fault(end)
    except ImportError as error:
        package = (error.name or "suite").partition(".")[0]
        if package != "suite":
            _say(f"error: {_missing(package, error)}")
            return int(ExitCode.BAD_INPUT)
        _tell_fault(error)
    except BaseException as error:  # noqa: BLE001 - otherwise Python would exit with 1
        _tell_fault(error)
    return int(ExitCode.FAULT)


def _missing(package: str, error: ImportError) -> str:
    why = f"{package} cannot be imported ({shown(str(error))})"
    if not (_PROJECT / "pyproject.toml").is_file():
        return f"{why}; install resnet50-bench again, with what it needs"
    install = command([sys.executable, "-m", "pip", "install", "-e", str(_PROJECT)])
    return f"{why}; install it with: {install}"


def _tell_fault(error: BaseException) -> None:
    """Print one line, and write the traceback to a file, or to stderr if no file can be written."""
    try:
        trace = "".join(traceback.format_exception(error))
        message = f"{type(error).__name__}: {shown(str(error), _LONGEST_MESSAGE)}"
        try:
            where = f"traceback in {_store(trace)}"
        except OSError as lost:
            _say(trace.rstrip())
            where = f"traceback above, as no file can be written ({lost.strerror})"
        _say(f"error: a fault of the suite itself: {message}; {where}; please report it")
    except Exception:  # noqa: BLE001 - out of memory, say: the exit code still tells what it was
        _say("error: a fault of the suite itself; its details could not be reported")


def _store(trace: str) -> str:
    """Write a traceback to a file that only this user can read; returns its path.

    The environment is left out, as it may hold secrets.

    Raises:
        OSError: no temporary folder is writable.
    """
    descriptor, path = tempfile.mkstemp(prefix="resnet50-bench-fault-", suffix=".txt")
    facts = {
        "suite": __version__,
        "Python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        "command": command(sys.orig_argv),
    }
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.writelines(f"{name}: {fact}\n" for name, fact in facts.items())
        file.write(f"\n{trace}")
    return path


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
