"""A launch's process as the runner holds it, and the plain way to start one."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Protocol

import psutil

from suite.model.launch import StartedBy
from suite.run.order import ORDER_FLAG, LaunchOrder, encode_order

_PROJECT = Path(__file__).resolve().parents[2]


class ChildLostError(Exception):
    """Nobody can say any more how a child ended: the server that forked it is gone."""


class Child(Protocol):
    """A launch's process, the leader of a process group of its own.

    `started_by` says how it came to be, `fork_refused` why it was not forked although that was
    wanted. `returncode` is None until its end is known.
    """

    started_by: StartedBy
    fork_refused: str
    returncode: int | None

    def wait(self, timeout: float) -> int:
        """The exit code, negative for a signal.

        Raises:
            subprocess.TimeoutExpired: it still runs after so many seconds.
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
        """Send it SIGTERM, also from a handler of signals that a second Ctrl-C interrupts.

        Popen's own takes a lock, which would then stay locked, and `wait` would never end.
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
    order: LaunchOrder, environment: Mapping[str, str], channel: int, output: BinaryIO
) -> PlainProcess:
    """Start a launch as a plain process."""
    return PlainProcess(
        [
            *(sys.executable, "-m", "suite.kernels"),
            *(ORDER_FLAG, encode_order(replace(order, channel=channel))),
        ],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=with_suite(environment),
        pass_fds=(channel,),
        start_new_session=True,
    )


def end_session(leader: int) -> None:
    """End every process of a session: a launcher's ranks and ssh are in groups of their own."""
    for pid in psutil.pids():
        with suppress(ProcessLookupError):
            if os.getsid(pid) == leader:
                os.kill(pid, signal.SIGKILL)


def with_suite(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which a child imports the same suite, wherever its parent was started."""
    inherited = environment.get("PYTHONPATH")
    path = os.pathsep.join([str(_PROJECT), *([inherited] if inherited else [])])
    return {**environment, "PYTHONPATH": path}
