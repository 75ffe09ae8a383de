"""How a process ended that left no answer, and whether that was for lack of memory."""

import signal

from suite.kernels.interface import reports_out_of_memory
from suite.model.launch import Status

# The system's out-of-memory kills before a launch and after it; None where nobody counts them.
OomKills = tuple[int | None, int | None]
UNKNOWN_KILLS: OomKills = (None, None)


def silent_end(code: int, said: str, kills: OomKills) -> tuple[Status, str]:
    """Status and reason from an exit code, negative for a signal, and the last words before it."""
    if code >= 0:
        return Status.CRASHED, f"exited with code {code} without an answer"
    if -code == signal.SIGKILL:
        return _killed(*kills)
    # An uncaught error of C++, or a check that failed, aborts; oneDNN steps on what it did not get,
    # right after saying so (other threads may say something in between).
    telling = {int(signal.SIGABRT): said, int(signal.SIGSEGV): last_lines(said, 3)}
    evidence = telling.get(-code, "")
    status = Status.OUT_OF_MEMORY if reports_out_of_memory(evidence) else Status.CRASHED
    return status, f"ended by {_name(-code)}"


def last_lines(text: str, count: int) -> str:
    """So many lines from its end."""
    return "\n".join(text.splitlines()[-count:])


def _killed(before: int | None, after: int | None) -> tuple[Status, str]:
    """An end by SIGKILL, which the system sends where memory runs out."""
    if before is None or after is None:
        who, status = "the system's out-of-memory killer, or a person", Status.CRASHED
    elif after > before:
        who, status = "the system's out-of-memory killer", Status.OUT_OF_MEMORY
    else:
        who, status = "a person or another program", Status.CRASHED
    return status, f"ended by SIGKILL ({who})"


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
