"""A launch's process as the runner holds it: the plain way to start one, and how it ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Protocol

import psutil

from suite.kernels.interface import Framework
from suite.model.launch import StartedBy, Status
from suite.run.order import ORDER_FLAG, LaunchOrder, encode_order

# The checkout or installation of this suite.
PROJECT = Path(__file__).resolve().parents[2]


class ChildLostError(Exception):
    """How a child ended can no longer be known: the server that forked it is gone."""


class Child(Protocol):
    """A launch's process, the leader of a process group of its own.

    `started_by` says how it was started, `fork_refused` why it was not forked although that was
    wanted. `returncode` is None until its end is known.
    """

    started_by: StartedBy
    fork_refused: str
    returncode: int | None

    def wait(self, timeout: float) -> int:
        """The exit code, negative for a signal.

        Raises:
            subprocess.TimeoutExpired: it still runs after this many seconds.
            ChildLostError: its end cannot be known.
        """

    def terminate(self) -> None:
        """Send it SIGTERM."""

    def end(self) -> None:
        """End it and whatever is left of its group, and reap it."""


# An order, its environment, the descriptor of its channel, and the file of its output -> a child.
Start = Callable[[LaunchOrder, Mapping[str, str], int, BinaryIO], Child]


class PlainProcess(subprocess.Popen[bytes]):
    """A launch that was started as a program: a fresh interpreter imports everything."""

    started_by = StartedBy.PROCESS
    fork_refused = ""
    returncode: int | None

    def terminate(self) -> None:
        """Send it SIGTERM, even from a signal handler that a second Ctrl-C interrupts.

        Popen's own method takes a lock, which would stay locked, so that `wait` would never return.
        """
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def end(self) -> None:
        """End it and whatever is left of its group, and reap it."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()


def start_process(
    order: LaunchOrder,
    environment: Mapping[str, str],
    channel: int,
    output: BinaryIO,
    *,
    python: str = sys.executable,
    tree: Path = PROJECT,
) -> PlainProcess:
    """Start a launch as a plain process of this Python, with the suite from this checkout."""
    return PlainProcess(
        [
            *(python, "-m", "suite.kernels"),
            *(ORDER_FLAG, encode_order(replace(order, channel=channel))),
        ],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=with_suite(environment, tree),
        # Python looks for modules in the current folder first.
        cwd=None if tree == PROJECT else tree,
        pass_fds=(channel,),
        start_new_session=True,
    )


def end_session(leader: int) -> None:
    """End every process of a session: a launcher's ranks and ssh are in groups of their own."""
    for pid in psutil.pids():
        with suppress(ProcessLookupError):
            if os.getsid(pid) == leader:
                os.kill(pid, signal.SIGKILL)


def with_suite(environment: Mapping[str, str], tree: Path = PROJECT) -> dict[str, str]:
    """The environment in which a child imports this suite, wherever its parent was started."""
    inherited = environment.get("PYTHONPATH")
    path = os.pathsep.join([str(tree), *([inherited] if inherited else [])])
    return {**environment, "PYTHONPATH": path}


@dataclass(frozen=True, slots=True)
class OomKills:
    """How many processes the system has killed for lack of memory, before and after a launch.

    None where the system does not count them.
    """

    before: int | None = None
    after: int | None = None

    @property
    def grew(self) -> bool | None:
        """Whether there was one in between; None if unknown."""
        if self.before is None or self.after is None:
            return None
        return self.after > self.before


def exit_reason(code: int, kills: OomKills) -> str:
    """How a process without a result ended, from its exit code, negative for a signal."""
    if code >= 0:
        return f"exited with code {code} without a result"
    if -code != signal.SIGKILL:
        return f"ended by {_signal_name(-code)}"
    killers = {
        None: "the system's out-of-memory killer, or a person",
        True: "the system's out-of-memory killer",
        False: "a person or another program",
    }
    return f"ended by SIGKILL ({killers[kills.grew]})"


def exit_status(code: int, output: str, kills: OomKills, framework: Framework) -> Status:
    """Whether that was for lack of memory; `output` is the last that the process printed."""
    if -code == signal.SIGKILL:
        return Status.OUT_OF_MEMORY if kills.grew else Status.CRASHED
    # An uncaught C++ exception or a failed check aborts. oneDNN reports that it got no memory, and
    # then uses it all the same; other threads may print something in between.
    evidence = {int(signal.SIGABRT): output, int(signal.SIGSEGV): last_lines(output, 3)}
    exhausted = framework.reports_out_of_memory(evidence.get(-code, ""))
    return Status.OUT_OF_MEMORY if exhausted else Status.CRASHED


def last_lines(text: str, count: int) -> str:
    """The last lines of a text."""
    return "\n".join(text.splitlines()[-count:])


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
