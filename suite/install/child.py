"""Running programs with their output in a log, and finding the line that explains a failure."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from suite.model.errors import InputError

# How a compiler, a linker, CMake or pip reports a cause; what follows are its consequences.
_CAUSE = re.compile(r": (fatal )?error: |undefined reference|^CMake Error|DO NOT MATCH THE HASHES")
_LIKELY = re.compile(r"error|undefined|not found|no such|cannot|failed|denied", re.IGNORECASE)
# Lines that only decorate the end of a log.
_EMPTY = re.compile(r"[\s\-=*╰─>╭│|^~]*")


def run_logged(
    command: Sequence[str],
    log: Path,
    *,
    what: str,
    timeout_seconds: float,
    environment: Mapping[str, str],
    directory: Path | None = None,
) -> str:
    """Run a command with its output in a file; returns the output.

    Raises:
        InputError: it cannot be started, fails or takes too long. The message says
            `what` failed, with the line that explains it and the path of the log.
    """
    with log.open("a+", encoding="utf-8", errors="replace") as file:
        file.write(f"$ {' '.join(command)}\n")
        file.flush()
        start = file.tell()
        try:
            code = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=directory,
                timeout=timeout_seconds,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            raise InputError(
                f"{what} took more than {timeout_seconds:g} s and was stopped; see {log}"
            ) from None
        except OSError as error:
            raise InputError(f"{what} could not be started ({error})") from None
        file.seek(start)
        output = file.read()
    if code:
        raise InputError(f"{what} failed: {explaining_line(output)}; the whole output is in {log}")
    return output


def explaining_line(output: str) -> str:
    """The first line that names a cause, else the last that mentions an error, else the last."""
    lines = [line.strip() for line in output.splitlines() if not _EMPTY.fullmatch(line)]
    causes = [line for line in lines if _CAUSE.search(line)]
    likely = [line for line in lines if _LIKELY.search(line)]
    return next(iter(causes[:1] or likely[-1:] or lines[-1:]), "it printed nothing")
