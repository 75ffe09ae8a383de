"""Starting launches: forked from a process that has imported the framework, else as programs."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from suite.model.cell import KernelName
from suite.model.launch import StartedBy
from suite.run.child import Child, ChildLostError, start_process, with_suite
from suite.run.fork_server import END, ENDED, MOST_BYTES, READY, RUNNING, WAIT
from suite.run.order import LaunchOrder, encode_order

# Fork servers at a time, one per environment; each keeps about 0.2 GB of memory of its own. The
# cells of a type of GPU need at most four (TF32 on or off, automatic clustering on or off).
MOST_SERVERS = 4

# If the import takes longer, each launch imports by itself, within its own deadline.
_READY_SECONDS = 120.0
# A fork takes milliseconds; ending processes that are inside a driver may take seconds.
_ANSWER_SECONDS = 30.0
_CLOSE_SECONDS = 5.0


class ForkRefusedError(Exception):
    """A launch cannot be forked; the message says why."""


class ForkServer:
    """The runner's end of a fork server; suite.run.fork_server is the other.

    Raises:
        ForkRefusedError: the server did not become ready, or found forking unsafe.
    """

    def __init__(self, kernel: KernelName, environment: Mapping[str, str], log: Path) -> None:
        self._connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._is_ready = False
        command = [sys.executable, "-m", "suite.cli.fork_server", str(theirs.fileno())]
        try:
            with theirs, log.open("ab") as output:
                self._process = subprocess.Popen(
                    [*command, kernel.value],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=with_suite(environment),
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
        except OSError as error:
            self._connection.close()
            raise ForkRefusedError(f"no fork server could be started ({error})") from None
        answer = self._answer(_READY_SECONDS)
        if answer != READY:
            self.close()
            raise ForkRefusedError(answer.decode())
        self._is_ready = True

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the server still runs."""
        return self._process.poll() is None

    def fork(self, order: LaunchOrder, channel: int, output: BinaryIO) -> "ForkedChild":
        """Start a launch.

        Raises:
            ForkRefusedError: the server is gone or does not answer.
        """
        message = encode_order(order).encode()
        return ForkedChild(self, int(self.ask(message, (channel, output.fileno()))))

    def ask(
        self, message: bytes, descriptors: Sequence[int] = (), waits_seconds: float = 0.0
    ) -> bytes:
        """The server's reply, which it may delay by this many seconds.

        Raises:
            ForkRefusedError: the server is gone or does not answer; it is ended.
        """
        with suppress(OSError):  # the missing reply shows it
            socket.send_fds(self._connection, [message], descriptors)
        return self._answer(waits_seconds + _ANSWER_SECONDS)

    def _answer(self, seconds: float) -> bytes:
        try:
            self._connection.settimeout(seconds)
            answer = self._connection.recv(MOST_BYTES)
        except TimeoutError:
            self._process.kill()  # a late reply would be taken for that to the next message
            self.close()
            raise ForkRefusedError(f"the fork server did not answer within {seconds:g} s") from None
        except OSError:
            answer = b""
        except BaseException:
            # A late reply would be taken for that to the next message.
            self.close()
            raise
        if not answer:
            self.close()
            raise ForkRefusedError("the fork server ended")
        return answer

    def close(self) -> None:
        """End the server, and with it a child that is still there."""
        self._connection.close()
        if not self._is_ready:
            # During its import it cannot notice that its parent has closed the connection.
            self._process.kill()
        try:
            self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class ForkedChild:
    """A launch from a fork server. Its id is not reused before `end`, or the server's end."""

    started_by = StartedBy.FORK
    fork_refused = ""

    def __init__(self, server: ForkServer, pid: int) -> None:
        self._server = server
        self.pid = pid
        self.returncode: int | None = None

    def wait(self, timeout: float) -> int:
        """The exit code, negative for a signal.

        Raises:
            subprocess.TimeoutExpired: it still runs after this many seconds.
            ChildLostError: the server is gone, and only it could know.
        """
        try:
            answer = self._server.ask(WAIT + str(timeout).encode(), waits_seconds=timeout)
        except ForkRefusedError as error:
            raise ChildLostError(str(error)) from None
        if answer == RUNNING:
            raise subprocess.TimeoutExpired("a forked launch", timeout)
        self.returncode = int(answer)
        return self.returncode

    def terminate(self) -> None:
        """Send it SIGTERM."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def end(self) -> None:
        """End it and whatever is left of its group; the server reaps it."""
        with suppress(ForkRefusedError):
            if self._server.ask(END) == ENDED:
                return
        # Without its server the child has run on, until now.
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


class Forking:
    """Starts launches by forking where that is safe, with one server per distinct environment.

    An environment variable can take effect at any time after a process has started, so a server
    forks only launches that have exactly its own environment. A launch that cannot be forked is
    started as a program, and its record has the reason. `log` receives what the servers
    print. Leaving the `with` ends the servers.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._servers: dict[object, ForkServer] = {}
        self._refused: dict[object, str] = {}

    def __enter__(self) -> "Forking":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in self._servers.values():
            server.close()

    def start(
        self, order: LaunchOrder, environment: Mapping[str, str], channel: int, output: BinaryIO
    ) -> Child:
        """Start a launch; a server is started first if its environment has none yet."""
        key = (order.cell.kernel, frozenset(environment.items()))
        if key not in self._refused:
            try:
                return self._server(key, order, environment).fork(order, channel, output)
            except ForkRefusedError as error:
                self._refused[key] = str(error)
        child = start_process(order, environment, channel, output)
        child.fork_refused = self._refused[key]
        return child

    def _server(
        self, key: object, order: LaunchOrder, environment: Mapping[str, str]
    ) -> ForkServer:
        if sys.platform != "linux":
            raise ForkRefusedError("whether forking is safe is known only on Linux")
        server = self._servers.get(key)
        if server is not None and server.is_alive:
            return server
        if server is None and len(self._servers) == MOST_SERVERS:
            raise ForkRefusedError(f"{MOST_SERVERS} fork servers have other environments")
        self._servers[key] = ForkServer(order.cell.kernel, environment, self._log)
        return self._servers[key]
